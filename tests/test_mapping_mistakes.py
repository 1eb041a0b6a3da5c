"""Mistakes in one's own mapping: each is told when it is read, by where it is and what may be."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.exchange.mapping import UnusableMapping, find_mapping, parse_mapping
from app.resources.companies import COMPANIES
from app.storage.database import Database
from tests.conftest import Templates
from tests.importing import load
from tests.ledger_rows import listed
from tests.test_mappings import OWN, own, written

WAVES = find_mapping("microsoft-diffusion").text
ROUNDS = find_mapping("crunchbase-rounds").text
VALUE = '[fields.value]\ncolumn = "Labs"\n'


@pytest.fixture
def database(sqlite_templates: Templates) -> Iterator[Database]:
    """A database with the countries, that the test writes to."""
    opened = Database(sqlite_templates.empty())
    yield opened
    opened.close()


def told(text: str, changed: str, by: str) -> str:
    """Return what is said of a mapping with a mistake."""
    assert changed in text
    with pytest.raises(UnusableMapping) as caught:
        parse_mapping("mine", text.replace(changed, by, 1))
    return str(caught.value)


@pytest.mark.parametrize(
    ("changed", "by", "said"),
    [
        (r"'(\d{4}-\d{2}-\d{2})'", "'(2024'", "source.published_in_name is not a regular exp"),
        (r"'(\d{4}-\d{2}-\d{2})'", "'a{99999999999}'", "source.published_in_name is not a reg"),
        (r"'(\d{4}-\d{2}-\d{2})'", "'2024'", "source.published_in_name has no group"),
        (VALUE, f'{VALUE}separator = ""\n', "fields.value.separator is empty"),
        (VALUE, f'{VALUE}separator = ";"\n', "fields.value.separator: value holds one, and is no"),
        (VALUE, f"{VALUE}quoted = true\n", "fields.value has quoted, and no separator without a q"),
        (
            VALUE,
            f'{VALUE}countries = "Labs"\n',
            "fields.value has countries, which are of",
        ),
        (
            '"exact"',
            '"exakt"',
            "fields.qualifier.constant is not one of the allowed words (allowed",
        ),
        ('"exact"', '"exakt"', "did you mean exact?"),
        ('is = ["", "n/a"]', 'pattern = "("', "skip.0.pattern is not a regular expression"),
        ('is = ["", "n/a"]', "", "skip.0 is told by one of is and pattern"),
        (
            '[fields.metric]\nconstant = "labs"',
            '[fields.metric]\nconstant = "a b"',
            "fields.metric.con",
        ),
        (
            'constant = "exact"',
            'column = "Labs"\nwords = { "a b" = "at_leest", "*" = "exact" }',
            'fields.qualifier.words."a b" is not one of the allowed words',
        ),
        (
            'as = "country"',
            'as = "country"\nwords = { Hellas = "Greec", "*" = "=" }',
            "fields.country.words.Hellas is not a country or group known here",
        ),
        (VALUE, f'{VALUE}decimal = ";"\n', "fields.value.decimal is not one of the allowed words"),
        (
            'column = "Year"\n',
            'column = "Year"\ndecimal = ","\n',
            "fields.period has decimal, which is of numbers",
        ),
        (VALUE, f"{VALUE}in_turn = true\n", "fields.value has in_turn, which needs countries"),
        (VALUE, "[fields.value]\ncolumn = []\n", "fields.value.column is empty"),
        (VALUE, f"{VALUE}times = 0\n", "fields.value.times is not from 1 to 1000000000000000000"),
        ("{=country}", "{=contry}", "fields.id.template: contry is not a field"),
        ("{=country}", "{=contry}", "did you mean country?"),
        ("{=country}", "{=source}", "fields.id.template: source is not a field"),
        ("{=country}", "{=id}", "fields.id.template: id is not made before it"),
        (
            "{=country}",
            "{=country",
            "fields.id.template has a { or } that belongs to no place such",
        ),
        (
            "{=country}",
            "=country}",
            "no place such as {Column}; {{ and }} stand for the signs them",
        ),
        ("{=country}", "{}", "fields.id.template has a { or } that belongs to no place"),
        ("{=country}", "{{{=country}}", "fields.id.template has a { or } that belongs to no place"),
        ("{=country}", "{=locator}-{=country}", "fields.id.template: locator is not made before"),
        ('"exact"', '"exact"\n[fields.colour]\nconstant = ""', "fields.colour is not a field of"),
        ('[fields.unit]\nconstant = "labs"\n', "", "mine: leaves out unit"),
        ('"Elsewhere" = ""', '"Else where" = "Nowhere"', 'countries."Else where" is not a country'),
        ('"Elsewhere" = ""', '"Elsewhere" = "Atlantis"', "mine: countries.Elsewhere is not a co"),
    ],
)
def test_a_mistake_is_told_when_the_mapping_is_read(changed: str, by: str, said: str) -> None:
    text = OWN.replace('template = "Row of {Country}', 'template = "Row of {=unit} {Country}')
    found = told(text, changed, by)
    assert said in found
    assert "function" not in found
    assert "mine:  " not in found


@pytest.mark.parametrize("name", ["mac_romann", "hex", "rot13", "idna", "nul\\u0000"])
def test_a_fallback_that_is_no_encoding_of_text_is_told(name: str) -> None:
    found = told(OWN, "[file]\n", f'[file]\nfallback_encodings = ["{name}"]\n')
    assert "file.fallback_encodings.0 is not an encoding of text (allowed: cp1252, " in found
    assert ("did you mean mac_roman?" in found) == (name == "mac_romann")


@pytest.mark.parametrize("name", ["mac_roman", "cp1252", "latin-1", "utf-8", "Shift_JIS"])
def test_a_fallback_may_be_any_encoding_of_text(name: str) -> None:
    text = OWN.replace("[file]\n", f'[file]\nfallback_encodings = ["{name}"]\n')
    assert parse_mapping("mine", text).content.file.fallback_encodings == [name]


@pytest.mark.parametrize("name", ["latin_1", "mac_roman", "cp437"])
def test_no_encoding_comes_after_one_that_reads_any_bytes(name: str) -> None:
    names = f'fallback_encodings = ["gb18030", "{name}"'
    found = told(OWN, "[file]\n", f'[file]\n{names}, "cp1252"]\n')
    assert f"file.fallback_encodings has encodings after {name}, which reads any bytes" in found
    last = parse_mapping("mine", OWN.replace("[file]\n", f"[file]\n{names}]\n", 1))
    assert last.content.file.fallback_encodings == ["gb18030", name]


@pytest.mark.parametrize(
    ("changed", "by", "said"),
    [
        ("'H1 (?P<year>", "'H1 (?P<year", "spread.0.header is not a regular expression"),
        ('"{year}-H1"', '"{yaer}-H1"', "spread.0 has in set.wave {yaer}, which is not a group of"),
        ('"{year}-H1"', '"{yaer}-H1"', "(allowed: year); did you mean year?"),
        ('"{year}-H1"', '"{0}-H1"', "which is not a group of header"),
        ('"{year}-H1"', '"{}-H1"', "which is not a group of header"),
        ('"{year}-H1"', '"{year-H1"', "spread.0 has in set.wave a { or }"),
        ('"{year}-H1"', '"{year:>9}-H1"', "spread.0 has in set.wave the place {year} with more"),
        ('wave = "{year}-H2", ', "", "spread.1.set gives no wave, as another [[spread]] does"),
    ],
)
def test_a_mistake_in_a_spread_is_told(changed: str, by: str, said: str) -> None:
    assert said in told(WAVES, changed, by)


def test_a_country_is_not_of_what_the_table_itself_tells() -> None:
    found = told(ROUNDS, 'as = "address"', 'as = "address"\ncountries = "HQ"')
    assert "fields.country.country_of: company is what was known before the table" in found
    assert "feed country from its column of countries" in found


@pytest.mark.parametrize("field", ["firm", "kind", "source"])
def test_the_country_is_of_a_company_that_is_read(field: str) -> None:
    found = told(ROUNDS, 'country_of = "company"', f'country_of = "{field}"')
    assert f"fields.country.country_of: {field} is not a field that the mapping feeds" in found
    assert "(allowed: company)" in found


def test_a_source_passes_on_another_one() -> None:
    restated = '[source.restates]\nid = "{}"\npublisher = "P"\ntitle = "T"\n\n[names]\n'
    found = told(OWN, "[names]", restated.format("my-institute-labs"))
    assert "source has in restates itself" in found
    content = parse_mapping("mine", OWN.replace("[names]", restated.format("x"), 1)).content
    assert content.source
    assert content.source.restates


FIRMS = """
title = "Firms"
about = "Firms, and what they do."
resource = "companies"
file = { columns = ["Firm", "Does"] }
source = { id = "firms", publisher = "P", title = "T", published = "2024" }

[fields]
id = { column = "Firm", as = "key" }
name = { column = "Firm" }
roles = { column = "Does", separator = ";", words = { LLM = "adopter", VC = "investor", "" = "" } }
"""

NDJSON = '{"Firm": "One", "Does": null}\n{"Firm": "Two", "Does": []}\n'


def test_a_member_that_no_closed_list_has_is_told() -> None:
    at = "fields.roles.words.VC is not one of the allowed words"
    assert at in told(FIRMS, '"investor"', '"inwestor"')
    assert at in told(FIRMS, '"investor"', '"adopter; inwestor"')


def test_words_say_what_each_member_of_a_list_means(database: Database, tmp_path: Path) -> None:
    rows = ["Firm,Does", "One,LLM; VC", "Two,", "Three,VC;;VC", "Four,LLM;farms", "Five,All"]
    mapping = FIRMS.replace('"" = ""', '"" = "", All = "investor; adopter"')
    table = written(tmp_path, "\n".join(rows))
    report = load(database, table, own(tmp_path, mapping))
    found = {row["id"]: row["roles"] for row in listed(database, COMPANIES)}
    both = ["adopter", "investor"]
    assert found == {"one": both, "two": [], "three": ["investor"], "five": both[::-1]}
    assert [(one.line, one.column, one.found) for one in report.rejects] == [(5, "Does", "farms")]


@pytest.mark.parametrize("rows", ["Firm,Does\nOne,\nTwo,;\n", NDJSON])
@pytest.mark.parametrize(
    ("words", "roles"),
    [
        ('LLM = "adopter"', []),
        ('LLM = "adopter", "*" = "investor"', []),
        ('LLM = "adopter", "" = "investor"', ["investor"]),
    ],
)
def test_an_empty_list_has_no_member_that_words_could_lack(
    database: Database, tmp_path: Path, rows: str, words: str, roles: list[str]
) -> None:
    """Unless they say what nothing means."""
    start, _, end = FIRMS.partition('LLM = "adopter", VC = "investor", "" = ""')
    report = load(database, written(tmp_path, rows), own(tmp_path, start + words + end))
    found = {row["id"]: row["roles"] for row in listed(database, COMPANIES)}
    assert (found, report.rejects) == ({"one": roles, "two": roles}, [])
