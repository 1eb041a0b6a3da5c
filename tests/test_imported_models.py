"""AI models that rows of a table name: found by what they are called, made, or refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.exchange.mapping import UnusableMapping, find_mapping
from app.resources.adoption import ADOPTION
from app.resources.ai_models import AI_MODELS
from app.resources.sources import SOURCES
from app.storage.database import Database
from tests.conftest import Templates
from tests.importing import load
from tests.ledger_rows import ai_model, listed, source, write
from tests.test_imports_beside import let_fork

BASES = "id,name,kind,based_on,aliases,released\n"
USERS = "id,model,metric,value,unit,qualifier,period\n"


@pytest.fixture
def database(sqlite_templates: Templates) -> Iterator[Database]:
    """A database with the countries and two sources, that the test writes to."""
    opened = Database(sqlite_templates.empty())
    write(opened, {SOURCES: [source("s"), source("t")]})
    yield opened
    opened.close()


def written(folder: Path, text: str) -> Path:
    path = folder / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path


def systems(*rows: dict[str, str]) -> str:
    """Return a table such as Epoch's with these cells."""
    mapping = find_mapping("epoch-models")
    rules = mapping.content.fields.values()
    read = [name for rule in rules for name in (*rule.columns, rule.countries) if name]
    header = list(dict.fromkeys(["System", *read]))
    lines = (",".join(f'"{row.get(name, "")}"' for name in header) for row in rows)
    return "\n".join([",".join(header), *lines])


def bases(database: Database) -> dict[str, list[str]]:
    rows = listed(database, AI_MODELS)
    return {row["id"]: row["based_on"] for row in rows if row["based_on"]}


def used(database: Database) -> dict[str, str]:
    return {row["id"]: row["model"] for row in listed(database, ADOPTION)}


def keys(database: Database) -> list[str]:
    return sorted(row["id"] for row in listed(database, AI_MODELS))


def test_an_ai_model_is_found_by_key_name_and_alias_or_made(
    database: Database, tmp_path: Path
) -> None:
    known = ai_model("openais-second", name="GPT-2", aliases=["Zweite"], source="t")
    write(database, {AI_MODELS: [known, ai_model("c", name="C", source="t")]})
    names = ("GPT 2", "gpt-2", "ZWEITE", "openais-second", "Openais second", "GPT2", "C#", "c#")
    rows = [f"u{n},{name},users,{n},users,exact,2023" for n, name in enumerate(names)]
    table = written(tmp_path, "\n".join([USERS, *rows]))
    report = load(database, table, "generic", source="s")
    assert (report.rejected, report.models_made) == (0, 2)
    assert list(used(database).values()) == [*["openais-second"] * 5, "gpt2", "c-2", "c-2"]
    assert report.told.merged == dict.fromkeys(("ZWEITE", "Openais second"), "openais-second")
    assert load(database, table, "generic", source="s").revision is None


def test_a_name_that_several_have_is_that_of_the_own_one_or_refused(
    database: Database, tmp_path: Path
) -> None:
    shared = [("one", "Yi", "t"), ("two", "Yi", "s"), ("three", "Qwen", "t"), ("four", "QWEN", "t")]
    own = [("five", "Llama", "s"), ("six", "Other", "s")]
    made = [ai_model(key, name=name, source=of) for key, name, of in (*shared, *own)]
    made[-1]["aliases"] = ["Alpaca"]
    made[-2]["aliases"] = ["alpaca"]
    write(database, {AI_MODELS: made})
    names = ("yi", "qwen", "three", "Alpaca")
    rows = [f"u{n},{name},users,{n},users,exact,2023" for n, name in enumerate(names)]
    report = load(database, written(tmp_path, "\n".join([USERS, *rows])), "generic", source="s")
    assert used(database) == {"u0": "two", "u2": "three"}
    told = [
        (one.column, one.found, one.expected.partition("(such as ")[2]) for one in report.rejects
    ]
    assert told == [("model", "qwen", "four, three)"), ("model", "Alpaca", "five, six)")]
    assert report.models_made == 0


def test_a_row_may_name_an_ai_model_that_comes_after_it(database: Database, tmp_path: Path) -> None:
    rows = (
        "kid,Kid,model,Old base;Other,,",
        "first,Old Base,model,,,",
        "x,X,model,OLD BASE;y,Old,",
    )
    table = written(tmp_path, "\n".join([BASES, *rows, "y,Y,model,old,,"]))
    report = load(database, table, "generic", source="s")
    assert bases(database) == {"kid": ["first", "other"], "x": ["first", "y"], "y": ["x"]}
    assert (report.facts, report.models_made) == (4, 1)
    assert load(database, table, "generic", source="s").revision is None


def test_where_names_make_one_key_each_leads_to_its_own(database: Database, tmp_path: Path) -> None:
    rows = [{"System": name, "Base model": base} for name, base in (("A", "yi"), ("B", "YI"))]
    rows += [{"System": "Yi"}, {"System": "yi"}, {"System": "D", "Base model": "Yi,yi"}]
    table = written(tmp_path, systems(*rows))
    report = load(database, table, "epoch-models")
    assert bases(database) == {"a-epoch": ["yi-epoch-2"], "d-epoch": ["yi-epoch", "yi-epoch-2"]}
    (reject,) = report.rejects
    assert (reject.line, reject.column, reject.found) == (3, "Base model", "YI")
    assert "(such as yi-epoch, yi-epoch-2)" in reject.expected
    assert load(database, table, "epoch-models").revision is None


def test_a_table_of_systems_means_those_of_its_own_source(
    database: Database, tmp_path: Path
) -> None:
    write(database, {AI_MODELS: [ai_model("llama", name="Llama", source="t")]})
    table = written(tmp_path, systems({"System": "A", "Base model": "Llama"}, {"System": "LLaMA"}))
    load(database, table, "epoch-models")
    assert bases(database) == {"a-epoch": ["llama-epoch"]}


def test_an_ai_model_that_only_a_refused_row_names_is_not_made(
    database: Database, tmp_path: Path
) -> None:
    write(database, {AI_MODELS: [ai_model("theirs-epoch", name="Theirs", source="t")]})
    rows = [
        {"System": "A", "Base model": "Refused,Also", "Publication date": "2023-02-30"},
        {"System": "B", "Base model": "Sound"},
        {"System": "C", "Base model": "Also", "Parameters": "-1"},
        {"System": "Theirs", "Base model": "Another"},
        {"System": "D", "Base model": "Also", "Publication date": "2023"},
    ]
    report = load(database, written(tmp_path, systems(*rows)), "epoch-models")
    assert (report.rejected, report.models_made) == (3, 2)
    found = ["also-epoch", "b-epoch", "d-epoch", "sound-epoch", "theirs-epoch"]
    assert keys(database) == found
    users = f"{USERS}a,Refused,users,-1,users,exact,2023\nb,Sound,users,1,users,exact,2023\n"
    report = load(database, written(tmp_path, users), "generic", source="s")
    assert (report.rejected, report.models_made) == (1, 0)
    assert keys(database) == found


def test_what_a_row_was_made_from_stays_where_the_row_is_refused(
    database: Database, tmp_path: Path
) -> None:
    row = {"System": "Kid", "Base model": "Old Base"}
    load(database, written(tmp_path, systems(row)), "epoch-models")
    worse = systems({**row, "Publication date": "2023-02-30"}, {"System": "Other"})
    report = load(database, written(tmp_path, worse), "epoch-models")
    assert (report.rejected, report.removed, report.models_made) == (1, 0, 0)
    assert bases(database) == {"kid-epoch": ["old-base-epoch"]}


def test_a_second_process_finds_the_same(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"System": f"S{n}", "Base model": f"s{n + 1},T{n % 9}"} for n in range(400)]
    table = written(tmp_path, systems(*rows))
    first = load(database, table, "epoch-models")
    assert (first.models_made, first.rejected) == (10, 0)
    let_fork(monkeypatch)
    assert load(database, table, "epoch-models").revision is None


def test_new_ai_models_need_a_source(database: Database, tmp_path: Path) -> None:
    header, row = USERS.strip(), "a,New,users,1,users,exact,2023"
    table = written(tmp_path, f"{header},source\n{row},s\n")
    with pytest.raises(UnusableMapping, match="name AI models that are new; say who names them"):
        load(database, table, "generic")


def test_a_name_can_be_the_key_of_what_a_row_describes(database: Database, tmp_path: Path) -> None:
    mapping = find_mapping("epoch-models").text
    rule = '[fields.id]\ntemplate = "{System}-epoch"\nas = "key"\n'
    assert rule in mapping
    mine = tmp_path / "mine.toml"
    changed = mapping.replace(rule, '[fields.id]\ncolumn = "System"\nas = "ai_model"\n')
    mine.write_text(changed, encoding="utf-8")
    rows = {"System": "GPT 2"}, {"System": "Kid", "Base model": "GPT-2"}
    load(database, written(tmp_path, systems(*rows)), str(mine))
    assert bases(database) == {"kid": ["gpt-2"]}
