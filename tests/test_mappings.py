"""Mappings: declarations that say what they read, and rows that they refuse."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from click.testing import CliRunner, Result

from app.cli import main
from app.exchange.import_report import TooManyRejects
from app.exchange.mapping import (
    UnusableMapping,
    find_mapping,
    parse_mapping,
    recognise,
    shipped_mappings,
)
from app.exchange.transforms import TRANSFORMS, slug
from app.kit.errors import NotAllowed
from app.resources.companies import COMPANIES
from app.resources.funding import FUNDING
from app.resources.resource import Resource
from app.resources.sources import SOURCES
from app.resources.statistics import STATISTICS
from app.storage.database import Database
from app.storage.ledger import StoredRow
from tests.conftest import Templates
from tests.importing import load
from tests.ledger_rows import company, listed, row_of, source, write
from tests.support import ROOT
from tests.test_workbooks import cells_of

GUIDE = (ROOT / "docs" / "mappings.md").read_text(encoding="utf-8")
(OWN,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
TEXT = " t='str'"
LABS = "Country,Year,Labs\nUS,2023,12\nChina,2023,5\nElsewhere,2023,1\nUS,2022,n/a\n"


@pytest.fixture
def database(templates: Templates) -> Iterator[Database]:
    """A database with the countries, that the test writes to."""
    opened = Database(templates.empty())
    yield opened
    opened.close()


def written(folder: Path, text: str, name: str = "labs-2024-05-01.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def own(folder: Path, text: str = OWN) -> str:
    return str(written(folder, text, "mine.toml"))


# The declarations


@pytest.mark.parametrize("name", sorted(shipped_mappings()))
def test_each_mapping_that_ships_is_described_and_has_a_source(name: str) -> None:
    mapping = find_mapping(name)
    assert mapping.content.about.endswith(".")
    assert mapping.content.source
    assert mapping.content.source.licence
    assert "locator" in mapping.content.fields
    assert f"`{name}`" in GUIDE


def test_epochs_table_is_called_what_it_is() -> None:
    """Of its 1,413 rows 608 state no criterion of notability."""
    mapping = find_mapping("epoch-models").content
    assert mapping.title == "Epoch AI: all ML systems, full view"
    assert mapping.source
    assert mapping.source.title == "All ML Systems, full view"


def test_the_guide_has_every_transform_in_the_words_of_the_code() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", GUIDE.partition("## Transforms")[2], re.MULTILINE)
    assert dict(rows) == {name: transform.takes for name, transform in TRANSFORMS.items()}


@pytest.mark.parametrize(
    ("changed", "by", "said"),
    [
        ('as = "country"', 'as = "countries"', "fields.country.as is not a transform"),
        ('resource = "statistics"', 'resource = "statistic"', "did you mean statistics?"),
        ('constant = "exact"', 'constant = "exact"\ncolumn = "Labs"', "is fed by one of"),
        ("[fields.unit]", "[fields.units]", "did you mean unit?"),
        ('[fields.unit]\nconstant = "labs"\n', "", "leaves out unit"),
        ('"Elsewhere" = ""', '"Elsewhere" = "Atlantis"', "is not a country"),
        ('title = "My Institute: AI labs by country"', "title = ", "is not TOML"),
    ],
)
def test_a_wrong_mapping_is_told_where_and_what(changed: str, by: str, said: str) -> None:
    assert changed in OWN
    with pytest.raises(UnusableMapping) as caught:
        parse_mapping("mine", OWN.replace(changed, by))
    assert said in str(caught.value)


def test_a_file_that_no_mapping_knows_asks_for_one() -> None:
    with pytest.raises(UnusableMapping, match="say which mapping to use, by --as: none that ships"):
        recognise(["a", "b"])
    with pytest.raises(UnusableMapping, match="did you mean epoch-models"):
        find_mapping("epoch-model")
    with pytest.raises(UnusableMapping, match="cannot be read"):
        find_mapping("nowhere.toml")


# One's own mapping


def test_the_mapping_of_the_guide_works(database: Database, tmp_path: Path) -> None:
    report = load(database, written(tmp_path, LABS), own(tmp_path))
    assert report.facts == 2
    assert report.told.skipped == {"without a figure": 1}
    assert [(r.line, r.column, r.found) for r in report.rejects] == [(4, "Country", "Elsewhere")]
    row = row_of(database, STATISTICS, "us-2023-labs-my-institute")
    assert row
    assert (row["value"], row["locator"]) == (12, "Row of US, 2023")
    stated = row_of(database, SOURCES, "my-institute-labs")
    assert stated
    assert (stated["published"], stated["licence"]) == ("2024-05-01", "CC BY 4.0")


def test_a_brace_that_is_doubled_in_a_template_stands_for_itself(
    database: Database, tmp_path: Path
) -> None:
    text = OWN.replace('"Row of {Country}, {Year}"', '"{{{Country}}} {{Year}}, 100 %s"')
    text = text.replace(
        'constant = "exact"', 'template = "{{exact}}"\nwords = {"{exact}" = "exact"}'
    )
    load(database, written(tmp_path, LABS), own(tmp_path, text))
    (row,) = (row for row in listed(database, STATISTICS) if row["country"] == "US")
    assert (row["locator"], row["qualifier"]) == ("{US} {Year}, 100 %s", "exact")


def test_a_newer_release_supersedes_and_the_same_one_changes_nothing(
    database: Database, tmp_path: Path
) -> None:
    mapping = own(tmp_path)
    load(database, written(tmp_path, "Country,Year,Labs\nUS,2023,12\nCN,2023,5\n"), mapping)
    same = load(database, written(tmp_path, "Year,Labs,Country\n2023,5,CN\n2023,12,US\n"), mapping)
    assert (same.revision, same.added, same.changed, same.removed) == (None, 0, 0, 0)
    newer = "Country,Year,Number of labs\nUS,2023,13\nGB,2023,2\n"  # renamed, and without CN
    kept = load(database, written(tmp_path, newer), mapping, missing="keep", dry_run=True)
    assert (kept.revision, kept.added, kept.changed, kept.removed) == (None, 1, 1, 0)
    report = load(database, written(tmp_path, newer), mapping)
    assert (report.added, report.changed, report.removed) == (1, 1, 1)
    assert [row["country"] for row in listed(database, STATISTICS, sort="country")] == ["GB", "US"]
    assert len(listed(database, STATISTICS, as_of=1)) == 2


def test_a_key_that_another_row_or_source_has_is_refused(
    database: Database, tmp_path: Path
) -> None:
    table = "Country,Year,Labs\nUS,2023,12\nUSA,2023,13\nCN,2023,5\n"
    report = load(database, written(tmp_path, table), own(tmp_path))
    assert [(r.line, r.expected) for r in report.rejects] == [
        (3, "a key of its own: line 2 has it")
    ]
    other = own(tmp_path, OWN.replace('id = "my-institute-labs"', 'id = "another"'))
    report = load(database, written(tmp_path, table), other)
    assert report.facts == 0
    assert {r.expected for r in report.rejects} == {"a key that no other source's fact has"}
    row = row_of(database, STATISTICS, "us-2023-labs-my-institute")
    assert row
    assert row["source"] == "my-institute-labs"


def test_of_two_rows_of_one_key_the_first_that_is_right_is_taken(
    database: Database, tmp_path: Path
) -> None:
    table = "Country,Year,Labs\nUS,2023,x\nUS,2023,12\nUSA,2023,13\nUS,2023,12\n"
    report = load(database, written(tmp_path, table), own(tmp_path))
    again = "a key of its own: line 3 has it"
    assert [(r.line, r.column) for r in report.rejects] == [(2, "Labs"), (4, "id"), (5, "id")]
    assert [r.expected for r in report.rejects[1:]] == [again, again]
    row = row_of(database, STATISTICS, "us-2023-labs-my-institute")
    assert row
    assert row["value"] == 12
    assert "**Two rows of one key.** The first is taken" in GUIDE


def test_nothing_is_loaded_where_too_much_is_refused(database: Database, tmp_path: Path) -> None:
    table = "Country,Year,Labs\nUS,2023,12\nAtlantis,2023,1\nCN,202,1\nCN,2023,-1\n"
    with pytest.raises(TooManyRejects) as caught:
        load(database, written(tmp_path, table), own(tmp_path), max_rejects=2)
    report = caught.value.report
    assert [(r.line, r.column, r.found) for r in report.rejects] == [
        (3, "Country", "Atlantis"),
        (4, "Year", "202"),
        (5, "Labs", "-1"),
    ]
    assert [row["id"] for row in listed(database, STATISTICS)] == []
    assert listed(database, SOURCES) == []


def _book(folder: Path, cells: list[list[str]]) -> Path:
    """Return a workbook of cells as they stand in its XML."""
    kinds = {cell: "" for row in cells[1:] for cell in row[1:]}  # all others are texts
    rows = ["".join(f"<c{kinds.get(cell, TEXT)}>{cell}</c>" for cell in row) for row in cells]
    return cells_of(folder, "".join(f"<row>{row}</row>" for row in rows))


def test_a_formula_without_result_is_refused_where_it_is_read(
    database: Database, tmp_path: Path
) -> None:
    cells = [
        ["<v>Country</v>", "<v>Year</v>", "<v>Labs</v>", "<v>Aside</v>"],
        ["<v>Germany</v>", "<v>2020</v>", "<v>1</v>", "<v>1</v>"],
        ["<v>France</v>", "<v>2020</v>", "<v>5</v>", "<f>A1</f>"],
    ]
    load(database, _book(tmp_path, cells), own(tmp_path))
    cells[1][2] = "<f>1+1</f><v></v>"
    report = load(database, _book(tmp_path, cells), own(tmp_path))
    assert [(one.line, one.column) for one in report.rejects] == [(2, "Labs")]
    assert "is a formula" in report.rejects[0].expected
    assert (report.facts, report.removed) == (1, 0)


def test_what_a_workbook_shows_is_loaded_and_its_errors_are_refused(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "labs-2024-05-01.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Country", "Year", "Labs"])
        sheet.write_row(1, 0, ["US", 2023])
        sheet.write_number(1, 2, 0.263, book.add_format({"num_format": "0.0%"}))
        for line, error in enumerate(("#N/A", "#DIV/0!"), 2):
            sheet.write_row(line, 0, ["CN", 2020 + line])
            sheet.write_formula(line, 2, "=A1", None, error)
    report = load(database, path, own(tmp_path, OWN.replace('as = "number"', 'as = "percent"')))
    assert [(r.line, r.column, r.found) for r in report.rejects] == [
        (3, "Labs", "#N/A"),
        (4, "Labs", "#DIV/0!"),
    ]
    assert [row["value"] for row in listed(database, STATISTICS)] == [26.3]
    report = load(database, path, own(tmp_path))
    assert next((r.line, r.found) for r in report.rejects) == (2, "26.3%")


# Organisations and generic tables


def test_organisations_are_found_by_name_and_alias_or_made(
    database: Database, tmp_path: Path
) -> None:
    known = [
        company("meta", name="Meta", aliases=["Facebook"], country="US", source="s"),
        company("twin-1", name="Twin", source="s"),
        company("twin-2", name="Twin", source="s"),
    ]
    write(database, {SOURCES: [source("s")], COMPANIES: known})
    table = (
        "id,kind,company,investors,period,amount_usd,qualifier\n"
        "a,round,FACEBOOK,New Firm,2023,5,exact\n"
        "b,round,meta,new firm;Société Générale,2023,6,exact\n"
        "c,round,Twin,Societe Generale,2023,7,exact\n"
    )
    report = load(database, written(tmp_path, table), "generic", source="s")
    (reject,) = report.rejects  # two have the name, and which is meant is not for us to say
    assert (reject.line, reject.column, reject.found) == (4, "company", "Twin")
    assert "(such as twin-1, twin-2)" in reject.expected
    found = {row["id"]: (row["company"], row["investors"]) for row in listed(database, FUNDING)}
    assert found == {
        "a": ("meta", ["new-firm"]),
        "b": ("meta", ["new-firm", "societe-generale"]),
    }
    assert report.told.companies_made == 2
    assert report.told.merged == {"FACEBOOK": "meta"}
    made = row_of(database, COMPANIES, "new-firm")
    assert made
    assert (made["name"], made["source"]) == ("New Firm", "s")


AI_MODELS_TABLE = """
title = "AI models of many"
about = "A table whose cells hold lists."
resource = "models"
[file]
columns = ["Name", "By", "Where"]
[source]
id = "many"
publisher = "Many"
title = "AI models of many"
[countries]
"Several" = ""
[fields.id]
column = "Name"
as = "key"
[fields.name]
column = "Name"
[fields.kind]
constant = "model"
[fields.developers]
column = "By"
as = "company"
separator = ","
quoted = true
countries = "Where"
in_turn = true
"""


def test_lists_in_cells_have_members_in_quotes_and_countries_in_turn(
    database: Database, tmp_path: Path
) -> None:
    cells = [
        ("one", '"Chips, Inc", Lab', "US,IL"),
        ("two", "Lab,Works,Group", "IL,China,Several"),
        ("three", "Alone,Two,Three", "US,JP"),  # which of them has none is not said
        ("six", "Both,Of", "US"),
        ("four", 'Lab,Said "so",5" Screens', "IL,FR,FR"),  # no quotes of CSV
        ("five", '"Chips, Inc","Un\nbroken ","Quoted ""name"""', "US,GB,JP"),
    ]
    path = tmp_path / "many.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("Name", "By", "Where"), *cells])
    report = load(database, path, own(tmp_path, AI_MODELS_TABLE))
    assert (report.facts, report.rejected) == (6, 0)
    found = {row["name"]: row["country"] for row in listed(database, COMPANIES)}
    assert found == {
        "Chips, Inc": "US",
        "Lab": "IL",
        "Works": "CN",
        "Group": None,
        "Alone": None,
        "Two": None,
        "Three": None,
        "Both": "US",
        "Of": "US",
        'Said "so"': "FR",
        '5" Screens': "FR",
        "Un broken": "GB",
        'Quoted "name"': "JP",
    }


PLACES: tuple[tuple[str, str, dict[str, str | None]], ...] = (
    ("A,B", "US,", {"A": "US", "B": None}),
    ("A,B", ",US", {"A": None, "B": "US"}),
    ("A,,B", "US,CN,", {"A": "US", "B": None}),  # China stood beside nobody
    ("A,,B", "US,CN", {"A": None, "B": None}),
    ("A, ,B", "US, ,US", {"A": "US", "B": "US"}),
    ("A,B", '"Korea, Republic of",China', {"A": "KR", "B": "CN"}),
    ("A,B", "Several,Several", {"A": None, "B": None}),
    ('A, "B, Inc" ,C', "US,CN,FR", {"A": "US", "B, Inc": "CN", "C": "FR"}),
    ('A\u2028,"B, x"', "US,CN", {"A": "US", "B, x": "CN"}),
    ('"A ""x"" ",B', "US,CN", {'A "x"': "US", "B": "CN"}),
)


@pytest.mark.parametrize(
    ("developers", "countries", "found", "is_json"),
    [(*one, is_json) for one in PLACES for is_json in {False, '"' not in one[0] + one[1]}],
)
def test_a_country_is_of_who_stands_in_its_place(
    database: Database,
    tmp_path: Path,
    developers: str,
    countries: str,
    found: dict[str, str | None],
    *,
    is_json: bool,
) -> None:
    path = tmp_path / "many"
    if is_json:
        lists = {"By": developers.split(","), "Where": countries.split(",")}
        path.write_text(json.dumps({"Name": "one", **lists}) + "\n", encoding="utf-8")
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("Name", "By", "Where"), ("one", developers, countries)])
    report = load(database, path, own(tmp_path, AI_MODELS_TABLE))
    assert (report.facts, report.rejected) == (1, 0)
    assert {row["name"]: row["country"] for row in listed(database, COMPANIES)} == found


def test_a_row_of_a_key_that_another_source_has_leaves_nothing(
    database: Database, tmp_path: Path
) -> None:
    rows = [("one", "Base", "US"), ("two", "Lab", "US")]
    first = tmp_path / "first.csv"
    restated = '[source.restates]\nid = "before"\npublisher = "B"\ntitle = "B"\n\n[countries]'
    mine = own(tmp_path, AI_MODELS_TABLE.replace("[countries]", restated, 1))

    def table(*rows: tuple[str, str, str]) -> Path:
        with first.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("Name", "By", "Where"), *rows])
        return first

    write(database, {SOURCES: [source("other")]})
    plain = str(written(tmp_path, AI_MODELS_TABLE, "plain.toml"))
    load(database, table(rows[0]), plain, source="other")
    refused = load(database, table(("one", "Base,Zed", "FR,CN")), mine)
    assert (refused.rejected, refused.revision, refused.facts) == (1, None, 0)
    assert not row_of(database, SOURCES, "many")
    assert not row_of(database, SOURCES, "before")
    load(database, table(rows[1]), mine)
    report = load(database, table(("one", "Lab,Zed", "FR,CN"), rows[1]), mine)
    (reject,) = report.rejects
    assert (reject.line, reject.column, reject.found) == (2, "id", "one")
    assert "no other source's fact has" in reject.expected
    assert report.revision is None
    found = {row["name"]: row["country"] for row in listed(database, COMPANIES)}
    assert found == {"Base": "US", "Lab": "US"}
    assert report.told.companies_made == 0


def test_a_source_passes_on_another_one_but_in_no_circle(
    database: Database, tmp_path: Path
) -> None:
    restated = '[source.restates]\nid = "before"\npublisher = "B"\ntitle = "B"\n\n[names]'
    mine = own(tmp_path, OWN.replace("[names]", restated, 1))
    labs = written(tmp_path, LABS)

    def loaded(*sources: StoredRow) -> tuple[Any, Any]:
        if sources:
            write(database, {SOURCES: sources})
        report = load(database, labs, mine)
        now = row_of(database, SOURCES, "my-institute-labs")
        return report.restated_made, now and now["restates"]

    given = source("my-institute-labs", restates="third")
    assert loaded(source("third"), given) == (None, "third")  # what was entered by hand stays
    assert not row_of(database, SOURCES, "before")
    circle = source("before", restates="third"), source("third", restates="my-institute-labs")
    assert loaded(*circle, source("my-institute-labs")) == (None, None)
    assert loaded(source("third")) == (None, "before")
    assert loaded() == (None, "before")


def test_a_name_that_others_share_is_made_once_and_found_again(
    database: Database, tmp_path: Path
) -> None:
    twins = [company(f"twin-{number}", name="Twin", source="s") for number in (1, 2)]
    write(database, {SOURCES: [source("s"), source("t")], COMPANIES: twins})
    table = "id,kind,company,period\na,round,Twin,2023\nb,round,TWIN,2022\n"
    first = load(database, written(tmp_path, table), "generic", source="t")
    assert (first.told.companies_made, first.added) == (1, 3)
    assert {row["company"] for row in listed(database, FUNDING)} == {"twin"}
    assert load(database, written(tmp_path, table), "generic", source="t").revision is None


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("Café", "CAFE", True),
        ("Baidu, Inc.", "baidu inc", True),
        ("A.B.C.", "A B C", True),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}B", "ab", True),
        ("Disney", "Disney+", False),
        ("C#", "C++", False),
        ("ガイア", "カイア", False),
        ("ข้าวเอไอ", "ข่าวเอไอ", False),
        ("Й-Soft", "И-Soft", False),
        ("Й-Soft", "й soft", True),
    ],
)
def test_names_are_one_but_for_case_accents_and_signs(
    database: Database, tmp_path: Path, *, one: str, other: str, are_one: bool
) -> None:
    write(database, {SOURCES: [source("s")]})
    table = f'id,kind,company,period\na,round,"{one}",2023\nb,round,"{other}",2022\n'
    report = load(database, written(tmp_path, table), "generic", source="s")
    assert report.told.companies_made == (1 if are_one else 2)


def test_rows_and_what_they_name_go_on_under_keys_that_replaced_theirs(
    database: Database, tmp_path: Path
) -> None:
    write(database, {SOURCES: [source("s")]})
    table = written(
        tmp_path,
        "id,kind,company,investors,period\nr1,round,Beta,Gamma;Delta,2023\nr2,round,Beta,,2022\n",
    )
    load(database, table, "generic", source="s")
    for resource, old, new in (
        (FUNDING, "r1", "first"),
        (COMPANIES, "beta", "beta-inc"),
        (COMPANIES, "gamma", "gamma-inc"),
        (SOURCES, "s", "told"),
    ):
        with database.write(author="tests", message="a test") as writing:
            writing.rename(resource.ledger, old, new)
    assert load(database, table, "generic", source="s").revision is None
    assert load(database, table, "generic", source="s", missing="remove").revision is None
    renamed = dict(row_of(database, COMPANIES, "beta-inc") or {})
    write(database, {COMPANIES: [{**renamed, "name": "Other", "search": " other"}]})
    report = load(database, table, "generic", source="told")
    assert (report.told.companies_made, report.added, report.changed) == (1, 1, 2)
    assert {row["company"] for row in listed(database, FUNDING)} == {"beta-2"}
    by_key = table.read_text().replace("Beta", "beta")
    assert load(database, written(tmp_path, by_key), "generic", source="s").changed == 2
    assert {row["company"] for row in listed(database, FUNDING)} == {"beta-inc"}


@pytest.mark.parametrize(
    ("resource", "old"), [(COMPANIES, "other"), (SOURCES, "s"), (FUNDING, "r1")]
)
def test_rows_are_refused_where_keys_were_replaced_too(
    database: Database, tmp_path: Path, resource: Resource, old: str
) -> None:
    write(database, {SOURCES: [source("s")], COMPANIES: [company("other", source="s")]})
    header = "id,kind,company,investors,period,amount_usd,qualifier\n"
    rows = "r1,round,Beta,Gamma,2023,5,exact\nr2,round,Beta,,2022,5,exact\n"
    load(database, written(tmp_path, header + rows), "generic", source="s")
    with database.write(author="tests", message="a test") as writing:
        writing.rename(resource.ledger, old, "renamed")
    wrong = written(tmp_path, header + rows.replace(",5,", ",x,", 1))
    report = load(database, wrong, "generic", source="s", missing="remove")
    assert (report.rejected, report.facts, report.revision) == (1, 1, None)


def test_figures_of_another_table_are_not_missing_from_this_one(
    database: Database, tmp_path: Path
) -> None:
    table = "Entity,Code,Year,Population,GDP\nGermany,DEU,2020,80,1\nFrance,FRA,2020,60,2\n"
    of_gdp = {"column": "GDP", "metric": "gdp", "unit": "USD"}
    answers = {"column": "Population", "metric": "population", "unit": "people"}
    load(database, written(tmp_path, table), "owid", answers=answers, missing="remove")
    load(database, written(tmp_path, table), "owid", answers=of_gdp, missing="remove")
    fewer = written(tmp_path, table.replace("France,FRA,2020,60,2\n", ""))
    report = load(database, fewer, "owid", answers={**of_gdp, "unit": "EUR"}, missing="remove")
    assert (report.changed, report.removed) == (1, 1)
    assert [row["id"] for row in listed(database, STATISTICS)] == [
        "de-2020-gdp-owid",
        "de-2020-population-owid",
        "fr-2020-population-owid",
    ]


def test_what_is_missing_is_removed_only_where_one_source_states_the_rows(
    database: Database, tmp_path: Path
) -> None:
    write(database, {SOURCES: [source("s")]})
    sources = written(tmp_path, "id,kind,publisher,title\nt,article,P,T\n")
    with pytest.raises(UnusableMapping, match="sources have none, so keep them"):
        load(database, sources, "generic", missing="remove")
    facts = written(tmp_path, "id,kind,country,period,source\na,total,US,2023,s\n")
    with pytest.raises(UnusableMapping, match="whose rows are removed"):
        load(database, facts, "generic", missing="remove")


def test_a_row_that_is_refused_is_not_one_that_is_missing(
    database: Database, tmp_path: Path
) -> None:
    write(database, {SOURCES: [source("s")], COMPANIES: [company("c", source="s")]})
    header = "id,kind,company,period,amount_usd,qualifier\n"
    first = "a,round,c,2023,5,exact\nb,round,c,2023,6,exact\nc,round,c,2023,7,exact\n"
    load(database, written(tmp_path, header + first), "generic", source="s")
    second = 'a,round,c,2023,"1,000",exact\nb,round,c,2023,-6,exact\n'
    report = load(
        database, written(tmp_path, header + second), "generic", source="s", missing="remove"
    )
    assert (report.rejected, report.removed, report.kept_missing) == (2, 1, False)
    assert [row["id"] for row in listed(database, FUNDING)] == ["a", "b"]
    unread = "a,round,c,2023,5,exact\nB!,round,c,2023,6,exact\n,round,c,2023,6,exact\nd\n"
    for table in (unread, ""):
        report = load(
            database, written(tmp_path, header + table), "generic", source="s", missing="remove"
        )
        assert (report.removed, report.kept_missing) == (0, True)
    assert [row["id"] for row in listed(database, FUNDING)] == ["a", "b"]


def test_what_only_a_refused_row_names_is_not_made(database: Database, tmp_path: Path) -> None:
    write(database, {SOURCES: [source("s")]})
    table = (
        "id,kind,company,investors,period,amount_usd,qualifier\n"
        "a,round,Refused,Also;Later,2023,-5,exact\n"
        "b,round,Sound,,2023,5,exact\n"
        "c,round,Refused,,2024-02-30,5,exact\n"
        "d,round,Sound,Later,2023,5,exact\n"
    )
    report = load(database, written(tmp_path, table), "generic", source="s")
    assert (report.rejected, report.told.companies_made, report.added) == (2, 2, 4)
    assert [row["id"] for row in listed(database, COMPANIES)] == ["later", "sound"]


def test_a_model_that_others_are_based_on_stays_though_no_row_describes_it(
    database: Database, tmp_path: Path
) -> None:
    mapping = find_mapping("epoch-models")
    read = [
        name for rule in mapping.content.fields.values() for name in (*rule.columns, rule.countries)
    ]
    header = list(dict.fromkeys(["System", *filter(None, read)]))
    cells = {"System": "Kid", "Organization": "Lab", "Base model": "Old Base"}
    row = ",".join(cells.get(name, "") for name in header)
    table = written(tmp_path, f"{','.join(header)}\n{row}\n")
    report = load(database, table, "epoch-models")
    assert (report.models_made, report.added) == (1, 4)
    assert load(database, table, "epoch-models").revision is None


def test_an_organisation_that_is_described_needs_a_name(database: Database, tmp_path: Path) -> None:
    shipped = find_mapping("crunchbase-companies").text
    mine = tmp_path / "mine.toml"
    mine.write_text(re.sub(r"\[\[skip\]\][^[]*\[\"\"\][^[]*", "", shipped), encoding="utf-8")
    table = tmp_path / "companies.csv"
    lines = ["permalink,name,homepage_url,country_code", "/o/a,A,,USA", "/o/b,,,USA"]
    table.write_text("\n".join(lines), encoding="utf-8")
    report = load(database, table, str(mine))
    assert (report.facts, report.rejected) == (1, 1)
    assert [(reject.line, reject.column) for reject in report.rejects] == [(3, "name")]


def test_an_address_that_grows_in_small_letters_is_refused(
    database: Database, tmp_path: Path
) -> None:
    header = "company_permalink,funding_round_permalink,funding_round_type,funding_round_code,"
    long = "/o/" + 1_500 * "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}"
    rows = [f"{long},/r/1,seed,,05-01-2015,1", "/o/a,/r/2,seed,,05-01-2015,1"]
    table = tmp_path / "rounds.csv"
    table.write_text("\n".join([f"{header}funded_at,raised_amount_usd", *rows]), encoding="utf-8")
    report = load(database, table)
    assert (report.facts, report.rejected) == (1, 1)
    assert "2,000 characters" in report.rejects[0].expected


def test_an_ai_model_that_cannot_be_named_so_is_refused_with_its_row(
    database: Database, tmp_path: Path
) -> None:
    columns = ("System", "Base model", "Publication date", "Organization", "Model accessibility")
    others = ("Country (from Organization)", "Parameters", "Training compute (FLOP)", "Domain")
    header = ",".join((*columns, *others))
    bases = ("Llama", "Lla\x0ema", 120 * "L")
    rows = [f"{name},{base},2023-01-01,,,,,," for name, base in zip("ABC", bases, strict=True)]
    table = written(tmp_path, "\n".join([header, *rows]), "systems.csv")
    report = load(database, table, "epoch-models")
    assert (report.facts, report.rejected, report.models_made) == (1, 2, 1)
    assert [(reject.line, reject.column) for reject in report.rejects] == [
        (3, "Base model"),
        (4, "Base model"),
    ]
    assert "control characters" in report.rejects[0].expected
    assert "more than 100 characters" in report.rejects[1].expected


def test_a_generic_table_says_what_is_missing(database: Database, tmp_path: Path) -> None:
    columns = "id,metric,country,value,unit,period,qualifier"
    table = written(tmp_path, f"{columns}\na,m,US,1,u,2023,exact\n")
    with pytest.raises(UnusableMapping, match="those of adoption, statistics: say which resource"):
        load(database, table, "generic")
    with pytest.raises(UnusableMapping, match="say whose figures they are"):
        load(database, table, "generic", resource="statistics")
    with pytest.raises(UnusableMapping, match="there is no source nobody"):
        load(database, table, "generic", resource="statistics", source="nobody")
    with pytest.raises(UnusableMapping, match="say which resource"):
        load(database, written(tmp_path, "id,colour\na,red\n"), "generic")


# Transforms


@pytest.mark.parametrize(
    ("transform", "text", "value"),
    [
        ("whole", "600000000.00", 600_000_000),
        ("whole", "9.0e25", NotAllowed),
        ("whole", "1.5", NotAllowed),
        ("whole", "1,000", NotAllowed),
        ("whole", "-1", NotAllowed),
        ("whole", "1_000", NotAllowed),
        ("number", "9.0e25", 9.0e25),
        ("number", "1e-400", NotAllowed),
        ("number", "0e-400", 0.0),
        ("percent", "1e-400%", NotAllowed),
        ("number", "nan", NotAllowed),
        ("number", "Infinity", NotAllowed),
        ("percent", "59.40%", 59.4),
        ("percent", "59.4 %", 59.4),
        ("day_first", "05-01-2015", "2015-01-05"),
        ("day_first", "31/12/2014", "2014-12-31"),
        ("day_first", "31-02-2014", NotAllowed),
        ("day_first", "01-01-1201", NotAllowed),
        ("day_first", "2015-01-05", NotAllowed),
        ("month_first", "01/05/2015", "2015-01-05"),
        ("period", "1201", NotAllowed),
        ("country", "Türkiye", "TR"),
        ("country", "Korea", NotAllowed),
        ("term", "Image generation", "image-generation"),
        ("web_address", "www.sas.com", "http://www.sas.com"),
        ("web_address", "see below", NotAllowed),
        ("address", "organization/x", NotAllowed),
        ("text", "two\n lines", "two lines"),
        ("text", "bell\x07", NotAllowed),
        ("key", "文心", NotAllowed),
        ("text", "#N/A", NotAllowed),
        ("text", "#1", "#1"),
        ("company", "#REF!", NotAllowed),
        ("term", "#DIV/0!", NotAllowed),
        ("key", "#NAME?", NotAllowed),
    ],
)
def test_a_transform_takes_what_it_says_and_nothing_else(
    transform: str, text: str, value: object
) -> None:
    read = TRANSFORMS[transform].read
    if value is NotAllowed:
        with pytest.raises(NotAllowed):
            read(text)
    else:
        assert read(text) == value


def test_signs_that_tell_names_apart_tell_keys_apart() -> None:
    names = ("PanGu-\u03b1", "PanGu-\u03a3", "PointNet", "PointNet++", "DeepLabV3", "DeepLabV3+")
    assert len({slug(name) for name in names}) == len(names)


# The command


def airace(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="airace")


def test_the_command_says_what_came_of_a_table(scratch: Path) -> None:
    table, mapping = written(scratch, LABS), own(scratch)
    tried = airace("load", str(table), "--as", mapping, "--dry-run")
    assert tried.exit_code == 3
    assert "Only tried: as it stands there would be 3 rows added" in tried.stdout
    result = airace("load", str(table), "--as", mapping, "--reject-file", "rejects.csv")
    assert result.exit_code == 3
    assert "CSV, UTF-8; 4 rows, by mine." in result.stdout
    assert "Loaded as revision 1: 3 rows added" in result.stdout
    assert "Left out: 1 row without a figure." in result.stdout
    assert "Refused: 1 row." in result.stderr
    with (scratch / "rejects.csv").open(encoding="utf-8", newline="") as file:
        header, reject = csv.reader(file)
    assert header == ["line", "column", "found", "expected"]
    assert reject[:3] == ["4", "Country", "Elsewhere"]
    again = airace("load", str(table), "--as", mapping)
    assert "Everything else in it is there already; nothing was changed." in again.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.csv", "--as", "owid"], "nowhere.csv: no such file"),
        (["labs-2024-05-01.csv"], "say which mapping to use, by --as"),
        (["labs-2024-05-01.csv", "--as", "owid"], "the file has no column Entity, Code"),
        (["labs-2024-05-01.csv", "--as", "ovid"], "did you mean owid?"),
        (["labs-2024-05-01.csv", "--as", "mine.toml", "--set", "a"], "--set takes NAME=TEXT"),
        (["labs-2024-05-01.csv", "--as", "mine.toml", "--set", "a=b"], "and not for a"),
        (["labs-2024-05-01.csv", "--as", "mine.toml", "--max-rejects", "0"], "nothing was loaded"),
        (["page.csv", "--as", "owid"], "is a web page and not a table"),
    ],
)
def test_the_command_says_why_nothing_was_loaded(
    scratch: Path, arguments: list[str], said: str
) -> None:
    written(scratch, LABS)
    written(scratch, "<html></html>", "page.csv")
    own(scratch)
    result = airace("load", *arguments)
    assert result.exit_code == 1
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_the_command_lists_and_shows_mappings(scratch: Path) -> None:
    result = airace("mappings")
    names = [line.split()[0] for line in result.stdout.splitlines()]
    assert names == [*shipped_mappings(), "generic"]
    shown = airace("mappings", "show", "owid")
    assert shown.stdout.rstrip() == find_mapping("owid").text.rstrip()
    assert airace("mappings", "show", "ovid").exit_code == 1
    assert not list(scratch.iterdir())
