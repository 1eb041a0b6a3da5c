"""Countries as people write them, understood exactly or not at all.

The names are those of ISO 3166-1 (through pycountry), a few that newsrooms use, and the groups
that this service knows. Nothing is matched by likeness: a guess would put one country's money
into another's account.
"""

from functools import cache

import pycountry

from app.kit.errors import NotAllowed
from app.kit.text import nearest, words

GROUPS = {"WLD": "World", "EU": "European Union"}

_EU_MEMBERS = (
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
    *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
)

_ALIASES = {
    "US": ("U.S.", "U.S.A.", "America", "United States of America"),
    "GB": ("U.K.", "UK", "Britain", "Great Britain"),
    "CN": ("P.R.C.", "PRC", "Mainland China", "China (mainland)"),
    "KR": ("South Korea", "Republic of Korea"),
    "KP": ("North Korea",),
    "TW": ("Taiwan",),
    "RU": ("Russia",),
    "IR": ("Iran",),
    "VN": ("Vietnam",),
    "TR": ("Turkey",),
    "CZ": ("Czech Republic",),
    "AE": ("U.A.E.", "UAE"),
    "CI": ("Ivory Coast",),
    "CV": ("Cape Verde",),
    "SZ": ("Swaziland",),
    "MK": ("Macedonia",),
    "MM": ("Burma",),
    "TL": ("East Timor",),
    "VA": ("Vatican",),
    "PS": ("Palestine",),
    "CD": ("DRC", "Democratic Republic of the Congo"),
    "CG": ("Republic of the Congo",),
    "WLD": ("World", "Global", "Worldwide"),
    "EU": ("European Union", "EUU", "EU27"),
}


def country_code(text: str) -> str:
    """Return the code of a country or group: `US` for `us`, `USA` and `United States`.

    Raises NotAllowed for anything else, with the nearest name that is known.
    """
    known = _known_names()
    code = known.get(_plain(text))
    if code is None:
        near = nearest(_plain(text), known) if len(text) > _CODE_LENGTH else None
        raise NotAllowed(
            "is not a country or group known here; use a code of ISO 3166-1 (US, CN, GB), "
            "its English name, or a group; /countries lists them",
            allowed=sorted(GROUPS),
            nearest=known[near] if near else None,
        )
    return code


def contains(group: str, code: str) -> bool:
    """Return whether a group holds a country or another group. The EU is that of today."""
    return (group == "WLD" and code != "WLD") or (group == "EU" and code in _EU_MEMBERS)


def members_of(group: str) -> tuple[str, ...] | None:
    """Return the countries of a group; None for the world, which has all that are no group."""
    return _EU_MEMBERS if group == "EU" else None


_CODE_LENGTH = 3


def _plain(text: str) -> str:
    return "".join(words(text))


@cache
def _known_names() -> dict[str, str]:
    known: dict[str, str] = {}
    for country in pycountry.countries:
        names = (
            country.alpha_2,
            country.alpha_3,
            country.name,
            getattr(country, "common_name", country.name),
            getattr(country, "official_name", country.name),
        )
        known.update(dict.fromkeys(map(_plain, names), country.alpha_2))
    for code, aliases in _ALIASES.items():
        known.update(dict.fromkeys(map(_plain, (code, *aliases)), code))
    return known
