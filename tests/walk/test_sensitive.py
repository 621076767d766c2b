"""Nothing of a sensitive column's values is in anything that a run leaves behind."""

from __future__ import annotations

import io
import json
import os
import re
import sqlite3
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pypdf
import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from recon import api, report
from recon.cli import app
from recon.model import RunState
from tests.conftest import end_workers, settle, wait_for

ROOT = Path(__file__).parents[2]
PEOPLE = 60
# Values that appear nowhere else: names and mails as words, salaries and birthdays as digits.
CANARIES = re.compile(r"canary|kanarie|8\d\d[,.]?[34]1\d\.\d\d|8\d\d310\d\d|1903-?\d\d-?\d\d", re.IGNORECASE)

TABLE = """
version = 1
synapse = "dbo.FACT_PEOPLE"
databricks = "gold.fact_people"
keys = ["ssn", "team"]
[[inputs]]
synapse = "stg.PEOPLE"
databricks = "silver.people"
file = "data/people.parquet"
[columns.ssn]
sensitive = true
[columns.name]
sensitive = true
text = ["ignore trailing spaces"]
[columns.salary]
sensitive = true
[columns.born]
sensitive = true
[columns.mail]
sensitive = true
databricks = "e_mail"
"""
DDL = """
CREATE TABLE stg.PEOPLE (ssn varchar(30), name varchar(40), salary decimal(12,2), born date, mail varchar(60), team int);
GO
CREATE TABLE dbo.FACT_PEOPLE (ssn varchar(30), team int, name varchar(40), salary decimal(12,2), born date, mail varchar(60));
GO
"""
LOAD = """
INSERT INTO dbo.FACT_PEOPLE (ssn, team, name, salary, born, mail)
SELECT ssn, team, name, salary, born, mail FROM stg.PEOPLE
"""
VARIANTS = {
    "faithful": "SELECT ssn, team, name, salary, born, mail AS e_mail FROM silver.people",
    # every kind of difference, each by a rule that a finding could tell
    "changed": """SELECT ssn, team, CASE WHEN team = 1 THEN upper(name) ELSE concat(name, ' ') END AS name,
        salary + 100 AS salary, date_add(born, 1) AS born, CASE WHEN team = 2 THEN NULL ELSE mail END AS e_mail
        FROM silver.people""",
    "one_person": """SELECT ssn, team, CASE WHEN salary > 850000 THEN concat('kana', 'rie') ELSE name END AS name,
        CASE WHEN name LIKE '%7' THEN salary * 100 ELSE salary END AS salary,
        CASE WHEN mail LIKE '%13%' THEN date_add(DATE'1902-12-31', 100) ELSE born END AS born, mail AS e_mail
        FROM silver.people""",
    "lost": "SELECT ssn, team, name, salary, born, mail AS e_mail FROM silver.people WHERE name NOT LIKE '% 11'",
    "twice": """SELECT ssn, team, name, salary, born, mail AS e_mail FROM silver.people
        UNION ALL SELECT ssn, team, name, salary, born, mail FROM silver.people WHERE name LIKE '% 11'
        UNION ALL SELECT ssn, team, concat(name, 'x'), salary, born, mail FROM silver.people WHERE salary > 850000""",
    "other_keys": """SELECT concat(ssn, ' ') AS ssn, team, name, salary, born, mail AS e_mail FROM silver.people""",
    "texts": """SELECT ssn, team, name, concat('€', salary) AS salary, cast(born AS STRING) AS born, mail AS e_mail
        FROM silver.people""",
    "fails": "SELECT ssn, team, cast(name AS INT) AS name, salary, born, mail AS e_mail FROM silver.people",
}


def write_project(folder):
    def put(name, text):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.lstrip(), encoding="utf-8")

    put("recon.toml", 'version = 1\nname = "People"\nmode = "local"\n')
    bad = LOAD.replace("team, name,", "CAST(mail AS int), name,", 1).replace(
        "SELECT ssn, team", "SELECT ssn, CAST(mail AS int)"
    )
    keyless = TABLE.replace('keys = ["ssn", "team"]', "keys = []")
    for table, toml, load in (("people", TABLE, LOAD), ("keyless", keyless, LOAD), ("failing", TABLE, bad)):
        put(f"tables/{table}/table.toml", toml)
        put(f"tables/{table}/ddl.sql", DDL)
        put(f"tables/{table}/synapse.sql", load)
        for name in VARIANTS if table == "people" else ("changed",):
            put(f"tables/{table}/variants/{name}.sql", VARIANTS[name])
    rows = range(PEOPLE)
    data = {
        "ssn": pa.array([f"canary-{n:04d}" for n in rows]),
        "name": pa.array([f"Canary {n}" for n in rows]),
        "salary": pa.array([Decimal(f"8{n:02d}310.{n:02d}") for n in rows], pa.decimal128(12, 2)),
        "born": pa.array([f"1903-0{n % 9 + 1}-{n % 28 + 1:02d}" for n in rows]).cast(pa.date32()),
        "mail": pa.array([f"person{n}@canary.example" for n in rows]),
        "team": pa.array([n % 3 for n in rows], pa.int32()),
    }
    (folder / "data").mkdir()
    pq.write_table(pa.table(data), folder / "data/people.parquet")
    return folder


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """A folder in which every run of the project is over: `{table/variant: run}`."""
    folder = tmp_path_factory.mktemp("people")
    with pytest.MonkeyPatch.context() as patch:
        settle(patch, folder, write_project(folder / "project"))
        asked = api.start_all(by="ada")
        wait_for(lambda: all(api.run(r.id).state.over for r in asked), 120, "the end of all runs")
        end_workers()
        yield folder, {f"{r.table}/{r.variant}": api.run(r.id) for r in asked}


def clean(text, where):
    found = CANARIES.search(text)
    assert found is None, f"{where}: ...{text[max(0, found.start() - 80) : found.end() + 40]!r}"


def stored(folder):
    """What the runs have left in the store, in their folders and in the logs, as (where, text)."""
    with sqlite3.connect(folder / "home/recon.db") as db:
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in db.execute(f'SELECT * FROM "{table}"'):
                yield f"store {table}", repr(row)
    files = [f for f in (folder / "home").rglob("*") if f.is_file() and "recon.db" not in f.name]
    for file in (*files, folder / "reconciliation.log"):
        if file.suffix == ".parquet":
            yield file.name, str(pq.read_table(file).to_pylist())
        else:
            yield file.name, file.read_text("utf-8", errors="replace")


def exported(run):
    """Every export of a run, as (where, text)."""
    for form in report.FORMATS:
        data = api.export(run.id, form).data
        if form == "pdf":
            pages = pypdf.PdfReader(io.BytesIO(data)).pages
            yield form, "\n".join(page.extract_text() for page in pages)
        else:
            yield form, data.decode("utf-8")


def printed(run):
    """What the command line says of a run."""
    done = CliRunner().invoke(app, ["show", run.id])
    assert run.id in done.output
    return done.output


def shown(run, **query):
    """Everything that the page of a run sends to the browser."""
    page = AppTest.from_string("from recon.ui import shell\nshell.frame()", default_timeout=30).run()
    page.query_params["run"] = run.id
    for key, value in query.items():
        page.query_params[key] = value
    page.switch_page(str(ROOT / "pages/run.py")).run()
    assert not page.exception, [e.message for e in page.exception]
    texts = []
    for element in (*page.main, *page.sidebar):
        texts.append(str(element.proto))
        if element.type in ("arrow_data_frame", "arrow_table"):
            texts.append(element.value.to_csv())
    return "\n".join(texts)


def test_without_the_rule_they_sing_in_every_one_of_these_places(tmp_path, monkeypatch):
    """So that silence elsewhere means something."""
    folder = write_project(tmp_path / "project")
    file = folder / "tables/people/table.toml"
    file.write_text(file.read_text("utf-8").replace("sensitive = true\n", ""), encoding="utf-8")
    settle(monkeypatch, tmp_path, folder)
    run = api.start("people", "changed", by="ada")
    wait_for(lambda: api.run(run.id).state.over, 60, "the end of the run")
    end_workers()
    places = dict(stored(tmp_path)) | dict(exported(run))
    places |= {"page": shown(run), "rows": shown(run, col="name")}
    silent = {where for where, text in places.items() if not CANARIES.search(text)}
    formats = {*report.FORMATS} - {"junit"}  # which holds no values at all
    assert not {"store results", "differences.parquet", "page", "rows", *formats} & silent
    assert not (tmp_path / "home/mask.key").exists()


def test_the_canaries_sing_where_they_may(people):
    """The pattern finds them in the data, and the runs are what they are meant to be."""
    folder, runs = people
    for row in pq.read_table(folder / "project/data/people.parquet").to_pylist():
        for name in ("ssn", "name", "salary", "born", "mail"):
            assert CANARIES.search(str(row[name])), row[name]
    states = {name: run.state for name, run in runs.items()}
    failed = {name for name, state in states.items() if state is not RunState.FINISHED}
    assert failed == {"people/fails", "failing/changed"}
    assert runs["people/faithful"].verdict == "MATCH"
    assert all(
        runs[f"people/{v}"].verdict not in ("MATCH", "INCONCLUSIVE")
        for v in VARIANTS
        if v not in ("faithful", "fails")
    )


def test_the_store_the_differences_and_the_logs(people):
    folder, _ = people
    places = list(stored(folder))
    for where, text in places:
        clean(text, where)
    assert [where for where, _ in places].count("differences.parquet") == len(VARIANTS)
    assert {"store results", "store events", "mask.key", "worker.log", "reconciliation.log"} <= {
        w for w, _ in places
    }


def test_every_export(people):
    for name, run in people[1].items():
        for form, text in exported(run):
            clean(text, f"{name} as {form}")


TABS = ("Rows", "Columns", "Totals", "Schema", "SQL & log")


@pytest.mark.parametrize(
    ("variant", "query"),
    [
        *(("changed", {"tab": tab}) for tab in TABS),
        *((variant, {}) for variant in ("changed", "one_person", "twice", "lost", "fails")),
        *((variant, {"col": "name"}) for variant in ("changed", "one_person")),
        ("lost", {"col": "(whole row)"}),
        ("twice", {"tab": "Rows"}),
    ],
)
def test_the_page(people, variant, query):
    clean(shown(people[1][f"people/{variant}"], **query), f"{variant} {query}")


@pytest.mark.parametrize("variant", ["changed", "twice", "fails"])
def test_the_command_line(people, variant):
    clean(printed(people[1][f"people/{variant}"]), f"show {variant}")


def test_the_same_value_has_the_same_mark_and_another_one_another(people):
    _, runs = people
    marks = {}
    for variant in ("changed", "twice", "one_person"):
        for row in api.differences(runs[f"people/{variant}"].id, limit=10_000).rows:
            marks.setdefault(row.key["ssn"], set()).add(variant)
    assert len(marks) == PEOPLE  # keys of one length, told apart
    assert any(
        variants == {"changed", "twice", "one_person"} for variants in marks.values()
    )  # and known again
    one = api.differences(runs["people/changed"].id, column="name").rows
    assert all(re.fullmatch(r"•••• \(\d+ characters, [0-9a-f]{10}\)", d.baseline) for d in one)
    assert {d.baseline == d.candidate for d in one} == {False}
    key = json.dumps(one[0].key, separators=(",", ":"), ensure_ascii=False)
    told = api.differences(runs["people/changed"].id, key=key).rows
    assert {tuple(d.key.items()) for d in told} == {tuple(one[0].key.items())}


def test_the_secret_is_the_owners_alone(people):
    file = people[0] / "home/mask.key"
    assert len(file.read_text()) == 64
    assert os.name != "posix" or file.stat().st_mode & 0o077 == 0


def test_two_files(people, tmp_path):
    data = people[0] / "project/data/people.parquet"
    rows = pq.read_table(data)
    other = tmp_path / "other.parquet"
    names = pa.array([f"{name}." for name in rows.column("name").to_pylist()])
    pq.write_table(rows.set_column(rows.schema.get_field_index("name"), "name", names), other)
    rules = people[0] / "project/tables/people/table.toml"
    spec = api.rules_of(rules)
    sensitive = {name: replace(rule, databricks="") for name, rule in spec.rules.items()}
    found = api.compare_files(data, other, replace(spec, rules=sensitive))
    assert found.rows.differing == PEOPLE
    clean(repr(found), "comparison of two files")
    assert len({sample.baseline for sample in found.samples}) == PEOPLE
