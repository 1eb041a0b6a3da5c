"""Indicators that are asked for: by a parameter, or by the address."""

from app.analysis.indicator import Indicator
from app.analysis.indicators import indicators
from app.analysis.view import View
from app.http.problems import not_found
from app.kit.errors import NotAllowed, choose
from app.resources.reading import Unanswerable


def known_indicator(view: View, id_: str, parameter: str = "indicator") -> Indicator:
    """Return an indicator by its key. Raises Unanswerable, with the nearest one."""
    known = indicators(view)
    try:
        return known[choose(id_, tuple(known), what="an indicator")]
    except NotAllowed as error:
        raise Unanswerable(parameter, error) from None


def addressed_indicator(view: View, id_: str) -> Indicator:
    """Return the indicator that an address names. Raises the 404 problem, with the nearest one."""
    try:
        return known_indicator(view, id_.lower())
    except Unanswerable as error:
        detail = "there is no indicator of this key; /indicators lists them"
        raise not_found(detail, nearest=error.fault.nearest) from None
