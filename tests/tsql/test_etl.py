"""Ten procedures in the styles of telecom, insurance and retail: the T-SQL side against rows that Python reckons,
then a right and a wrong conversion of each on real Spark, through the whole walk."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pytest

from recon import api
from recon import project as projects
from recon.connectors.local.source import local_source
from recon.connectors.spark.worlds import SparkWorlds
from recon.model import Session, TableRef
from recon.model_result import Verdict
from tests.conftest import end_workers, settle, wait_for
from tests.tsql.etl_truth import CASES

SCRIPTS = Path(__file__).parent / "etl"


def parts(name: str) -> dict[str, str]:
    """The four texts of a case, each on the lines that it has in its file's part."""
    text = (SCRIPTS / f"{name}.sql").read_text(encoding="utf-8")
    pieces = re.split(r"^-- (ddl|synapse|right|wrong)\n", text, flags=re.MULTILINE)[1:]
    return dict(zip(pieces[::2], pieces[1::2], strict=True))


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def toml(value: object) -> str:
    return (
        value.isoformat()
        if isinstance(value, date)
        else f'"{value}"'
        if isinstance(value, str)
        else str(value)
    )


def write(folder: Path, *names: str) -> Path:
    """A project with these tables."""
    for name in names:
        write_table(folder, name)
    return folder


def write_table(folder: Path, name: str) -> None:
    case, text = CASES[name], parts(name)
    here = folder / "tables" / name
    (here / "variants").mkdir(parents=True)
    (folder / "data").mkdir(exist_ok=True)
    (folder / "recon.toml").write_text('version = 1\nname = "etl"\nmode = "spark"\n', encoding="utf-8")
    lines = ["version = 1", f'synapse = "dbo.{case.target}"', f'databricks = "gold.{snake(case.target)}"']
    lines += [f"keys = {case.keys.split(',')}".replace("'", '"')]
    lines += ["[baseline]", 'mode = "call"', f'procedure = "dbo.{case.procedure}"', "[params]"]
    lines += [f"{key} = {toml(value)}" for key, value in case.params.items()]
    for table, (columns, rows) in case.inputs.items():
        schema, _, bare = table.partition(".")
        lake = "silver" if schema == "stg" else "gold"
        file = folder / "data" / f"{bare}.csv"
        written = [columns, *(",".join(field(v) for v in row) for row in rows)]
        file.write_text("\n".join(written) + "\n", encoding="utf-8")
        lines += [
            "[[inputs]]",
            f'synapse = "{table}"',
            f'databricks = "{lake}.{snake(bare)}"',
            f'file = "data/{bare}.csv"',
        ]
    (here / "table.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (here / "ddl.sql").write_text(text["ddl"], encoding="utf-8")
    (here / "synapse.sql").write_text(text["synapse"], encoding="utf-8")
    for variant in ("right", "wrong"):
        (here / "variants" / f"{variant}.sql").write_text(text[variant], encoding="utf-8")


def field(value: object) -> str:
    """A value in a CSV: nothing for NULL, text in quotes."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None else value.isoformat(" ") if isinstance(value, datetime) else str(value)


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_procedure_leaves_the_rows_that_python_reckons(name, tmp_path):
    case = CASES[name]
    project = projects.load(write(tmp_path / "project", name))
    table = project.tables[0]
    with local_source(project, table, tmp_path / "scratch") as source:
        source.call(table.original, table.procedure, table.params)
        for target, truth in ({case.target: case.truth} | case.also).items():
            with source.read(TableRef("dbo", target)).batches as batches:
                found = [tuple(r.values()) for r in batches.read_all().to_pylist()]
            assert found, "a procedure that leaves nothing proves nothing"
            wanted = Counter(truth())
            assert (Counter(found) - wanted, wanted - Counter(found)) == (Counter(), Counter()), target


def test_every_case_has_its_script():
    assert {p.stem for p in SCRIPTS.glob("*.sql")} == set(CASES)


# --- the conversions, on real Spark -------------------------------------------------------------


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """{(table, variant): result}, all run by one warm worker."""
    folder = tmp_path_factory.mktemp("etl")
    if reason := SparkWorlds(Session(), folder).available():
        pytest.skip(f"Spark cannot be used here: {reason}")
    with pytest.MonkeyPatch.context() as patch:
        settle(patch, folder, write(folder / "project", *sorted(CASES)))
        asked = api.start_all()
        wait_for(lambda: all(api.run(r.id).state.over for r in asked), 500, "the end of all runs")
        done = {(r.table, r.variant): api.result(r.id) for r in asked}
        end_workers()
    return done


@pytest.mark.spark
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", sorted(CASES))
def test_the_right_conversion_matches(results, name):
    found = results[name, "right"]
    assert found.failure is None, found.failure
    assert found.verdict is Verdict.MATCH, found.reasons
    assert found.rows.equal == found.rows.baseline == len(CASES[name].truth())
    assert not found.approximate


@pytest.mark.spark
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", sorted(CASES))
def test_the_wrong_conversion_differs_where_it_is_wrong(results, name):
    found = results[name, "wrong"]
    assert found.failure is None, found.failure
    assert found.verdict in {Verdict.PARTIAL, Verdict.NO_MATCH}, found.reasons
    differing = {c.name for c in found.columns if c.mismatches}
    differing |= {"rows"} if found.rows.missing or found.rows.extra else set()
    assert differing == CASES[name].wrong
