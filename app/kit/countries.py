"""Countries as people write them, understood exactly or not at all.

The names are those of ISO 3166-1 (through pycountry), those of the World Bank, a few that newsrooms
use, and the groups that this service knows. Nothing is matched by likeness: a guess would put one
country's money into another's account.
"""

from collections.abc import Iterator
from functools import cache

import pycountry

from app.kit.errors import NotAllowed
from app.kit.promptly import take_time
from app.kit.text import letters_wrong, words

GROUPS = {
    "WLD": "World",
    "EU": "European Union",
    "AFRICA": "Africa",
    "ASIA": "Asia",
    "EUROPE": "Europe",
    "NORTH-AMERICA": "North America",
    "OCEANIA": "Oceania",
    "SOUTH-AMERICA": "South America",
}
"""Groups of countries. Those beyond the first two are recorded when figures of them come in."""

_EU_MEMBERS = (
    *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
    *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
)

_AFRICA = (
    *("DZ", "AO", "BJ", "BW", "BF", "BI", "CV", "CM", "CF", "TD", "KM", "CG", "CD", "CI", "DJ"),
    *("EG", "GQ", "ER", "SZ", "ET", "GA", "GM", "GH", "GN", "GW", "KE", "LS", "LR", "LY", "MG"),
    *("MW", "ML", "MR", "MU", "YT", "MA", "MZ", "NA", "NE", "NG", "RE", "RW", "SH", "ST", "SN"),
    *("SC", "SL", "SO", "ZA", "SS", "SD", "TZ", "TG", "TN", "UG", "EH", "ZM", "ZW", "IO", "TF"),
)
_ASIA = (
    *("AF", "AM", "AZ", "BH", "BD", "BT", "BN", "KH", "CN", "CY", "GE", "HK", "IN", "ID", "IR"),
    *("IQ", "IL", "JP", "JO", "KZ", "KW", "KG", "LA", "LB", "MO", "MY", "MV", "MN", "MM", "NP"),
    *("KP", "OM", "PK", "PS", "PH", "QA", "SA", "SG", "KR", "LK", "SY", "TW", "TJ", "TH", "TL"),
    *("TR", "TM", "AE", "UZ", "VN", "YE"),
)
_EUROPE = (
    *_EU_MEMBERS,
    *("AX", "AL", "AD", "BY", "BA", "FO", "GI", "GG", "VA", "IS", "IM", "JE", "LI", "MD", "MC"),
    *("ME", "MK", "NO", "RU", "SM", "RS", "SJ", "CH", "UA", "GB"),
)
_NORTH_AMERICA = (
    *("AI", "AG", "AW", "BS", "BB", "BZ", "BM", "BQ", "VG", "CA", "KY", "CR", "CU", "CW", "DM"),
    *("DO", "SV", "GL", "GD", "GP", "GT", "HT", "HN", "JM", "MQ", "MX", "MS", "NI", "PA", "PR"),
    *("BL", "KN", "LC", "MF", "PM", "VC", "SX", "TT", "TC", "US", "VI"),
)
_SOUTH_AMERICA = (
    *("AR", "BO", "BR", "CL", "CO", "EC", "FK", "GF", "GY", "PY", "PE", "GS", "SR", "UY", "VE"),
    "BV",
)
_OCEANIA = (
    *("AS", "AU", "CK", "FJ", "PF", "GU", "KI", "MH", "FM", "NR", "NC", "NZ", "NU", "NF", "MP"),
    *("PW", "PG", "PN", "WS", "SB", "TK", "TO", "TV", "UM", "VU", "WF", "CX", "CC", "HM"),
)
_MEMBERS = {
    "EU": _EU_MEMBERS,
    "AFRICA": _AFRICA,
    "ASIA": _ASIA,
    "EUROPE": (*_EUROPE, "EU"),
    "NORTH-AMERICA": _NORTH_AMERICA,
    "OCEANIA": _OCEANIA,
    "SOUTH-AMERICA": _SOUTH_AMERICA,
}
"""The countries of each group, those of the continents as the M49 standard of the UN has them."""

_ALIASES = {
    "US": ("U.S.", "U.S.A.", "America", "United States of America"),
    "GB": ("U.K.", "UK", "Britain", "Great Britain"),
    "CN": ("P.R.C.", "PRC", "Mainland China", "China (mainland)"),
    "KR": ("South Korea", "Republic of Korea"),
    "KP": ("North Korea",),
    "TW": ("Taiwan",),
    "RU": ("Russia",),
    "IE": ("Republic of Ireland",),
    "IR": ("Iran",),
    "VN": ("Vietnam",),
    "TR": ("Turkey",),
    "BN": ("Brunei",),
    "BS": ("The Bahamas",),
    "GM": ("The Gambia",),
    "NL": ("The Netherlands",),
    "MO": ("Macau",),
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
    **{code: (GROUPS[code],) for code in list(GROUPS)[2:]},
}

_OF_THE_WORLD_BANK = {
    "BS": ("Bahamas, The",),
    "CD": ("Congo, Dem. Rep.",),
    "CG": ("Congo, Rep.",),
    "EG": ("Egypt, Arab Rep.",),
    "FM": ("Micronesia, Fed. Sts.",),
    "GM": ("Gambia, The",),
    "HK": ("Hong Kong SAR, China",),
    "IR": ("Iran, Islamic Rep.",),
    "KG": ("Kyrgyz Republic",),
    "KN": ("St. Kitts and Nevis",),
    "KP": ("Korea, Dem. Rep.", "Korea, Dem. People's Rep.", "Korea, Dem. People’s Rep."),  # noqa: RUF001  (both are met)
    "KR": ("Korea, Rep.",),
    "LA": ("Lao PDR",),
    "LC": ("St. Lucia",),
    "MF": ("St. Martin (French part)",),
    "MO": ("Macao SAR, China",),
    "PR": ("Puerto Rico (US)",),
    "PS": ("West Bank and Gaza",),
    "SK": ("Slovak Republic",),
    "SO": ("Somalia, Fed. Rep.",),
    "TR": ("Turkiye",),
    "TW": ("Taiwan, China",),
    "VC": ("St. Vincent and the Grenadines",),
    "VE": ("Venezuela, RB",),
    "VI": ("Virgin Islands (U.S.)",),
    "VN": ("Viet Nam",),
    "YE": ("Yemen, Rep.",),
}
"""Names in the tables of the World Bank that ISO has otherwise."""


def country_code(text: str) -> str:
    """Return the code of a country or group: `US` for `us`, `USA` and `United States`.

    Raises NotAllowed for anything else, with the country whose name it misspells, if it is one.
    """
    code = _known_names().get(_plain(text))
    if code is None:
        raise NotAllowed(
            "is not a country or group known here; use a code of ISO 3166-1 (US, CN, GB), "
            "its English name, or a group; /countries lists them",
            allowed=sorted(GROUPS),
            nearest=_misspelled(text),
        )
    return code


def contains(group: str, code: str) -> bool:
    """Return whether a group holds a country or another group. The EU is that of today."""
    if group == "WLD":
        return code != "WLD"
    return code in _MEMBERS.get(group, ())


def members_of(group: str) -> tuple[str, ...]:
    """Return the countries of a group, none for the world: it has all of them."""
    return tuple(code for code in _MEMBERS.get(group, ()) if code not in GROUPS)


_CODE_LENGTH = 3


def _plain(text: str) -> str:
    return "".join(words(text))


@cache
def _known_names() -> dict[str, str]:
    return {_plain(name): code for name, code in _names()}


@cache
def _spelled() -> dict[tuple[str, ...], str]:
    return {tuple(words(name)): code for name, code in _names() if len(_plain(name)) > _CODE_LENGTH}


def _names() -> Iterator[tuple[str, str]]:
    for country in pycountry.countries:
        yield country.alpha_2, country.alpha_2
        yield country.alpha_3, country.alpha_2
        yield country.name, country.alpha_2
        yield getattr(country, "common_name", country.name), country.alpha_2
        yield getattr(country, "official_name", country.name), country.alpha_2
    for aliases in (_OF_THE_WORLD_BANK, _ALIASES):
        for code, others in aliases.items():
            yield from ((name, code) for name in (code, *others))


def _misspelled(text: str) -> str | None:
    """Return the one country whose name has the same words but for a few letters, else None.

    A name that merely has another one in it is none: the rest of the world is not the world.
    """
    take_time()
    given = words(text)
    found: dict[int, set[str]] = {}
    for name, code in _spelled().items():
        wrong = letters_wrong(given, name)
        if wrong is not None:
            found.setdefault(wrong, set()).add(code)
    nearest = found[min(found)] if found else set()
    return next(iter(nearest)) if len(nearest) == 1 else None
