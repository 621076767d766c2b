"""`recon init` as a newcomer meets it: a folder of scripts, two files of rows, and a second time over."""

from __future__ import annotations

import shutil
import tomllib
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from recon import api
from recon import project as projects
from recon.cli import app
from recon.errors import SpecError
from tests.small_project import write_small_project

TABLE = "tables/orders/table.toml"


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """The small project without any TOML file: scripts and rows only."""
    monkeypatch.setenv("RECON_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RECON_MODE", "local")
    folder = write_small_project(tmp_path / "project")
    for file in folder.rglob("*.toml"):
        file.unlink()
    return folder


@pytest.fixture
def two_files(tmp_path, monkeypatch):
    """Two tables that differ in names and types, in a folder `there` that is not yet a project."""
    monkeypatch.setenv("RECON_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RECON_MODE", "local")
    data = tmp_path / "there" / "data"
    data.mkdir(parents=True)
    n = 40
    one = {
        "order_id": pa.array([i // 2 for i in range(n)], pa.int32()),
        "line_no": pa.array([i % 2 for i in range(n)], pa.int32()),
        "amount": pa.array([Decimal(i) for i in range(n)], pa.decimal128(18, 2)),
        "region": pa.array(["N"] * n),
        "load_ts": pa.array([i * 1_000_000 for i in range(n)], pa.timestamp("us")),
    }
    other = {**one, "amount": pa.array([float(i) for i in range(n)]), "region_name": one["region"]}
    del other["region"]
    pq.write_table(pa.table(one), data / "fact_orders.parquet")
    pq.write_table(pa.table(other), data / "delivered.parquet")
    return tmp_path / "there"


def init(folder, *args):
    done = CliRunner().invoke(app, ["init", str(folder), *map(str, args)])
    return done.exit_code, done.output + (done.stderr if done.stderr_bytes else "")


def snapshot(folder: Path) -> dict[str, bytes]:
    return {f.relative_to(folder).as_posix(): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def toml(folder, file=TABLE):
    return tomllib.loads((folder / file).read_text("utf-8"))


# --- from scripts ---------------------------------------------------------------------------


def test_a_folder_of_scripts_becomes_a_project_that_runs(scripts):
    before = snapshot(scripts)
    code, said = init(scripts)
    assert code == 0, said
    after = snapshot(scripts)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"recon.toml", TABLE, "tables/totals/table.toml"}
    assert projects.check(scripts)[1] == ()
    document = toml(scripts)
    assert document["synapse"] == "dbo.FACT_ORDERS" and document["databricks"] == "gold.fact_orders"
    assert document["baseline"] == {"mode": "call", "procedure": "dbo.usp_Load_FACT_ORDERS"}
    assert [(i["databricks"], i["file"]) for i in document["inputs"]] == [
        ("silver.orders", "data/orders.parquet"),
        ("gold.dim_region", "data/regions.csv"),
    ]
    assert 'file = "data/regions.csv"    # a guess by its name' in (scripts / TABLE).read_text("utf-8")
    assert toml(scripts, "tables/totals/table.toml")["baseline"] == {"mode": "query"}


def test_keys_come_from_the_rows_that_both_scripts_give(scripts):
    init(scripts)
    text = (scripts / TABLE).read_text("utf-8")
    assert toml(scripts)["keys"] == ["order_id"]
    assert "588 rows that synapse.sql gives, and those of variants/faithful.sql" in text
    assert "unique on both sides · no NULLs · 100 % of Synapse's keys are in Databricks" in text
    assert "# min_amount = ...    # int, default 0" in text


def test_a_file_that_is_not_there_is_said_and_found_by_lint(scripts):
    (scripts / "data/regions.csv").unlink()
    code, said = init(scripts)
    text = (scripts / TABLE).read_text("utf-8")
    assert 'file = "data/dim_region.parquet"    # not there yet' in text
    assert "# Not proposed: there is no data/dim_region.parquet" in text
    assert code == 0 and "there is no file data/dim_region.parquet" in " ".join(said.split())


def test_without_running_no_key_is_proposed(scripts):
    init(scripts, "--no-run")
    text = (scripts / TABLE).read_text("utf-8")
    assert toml(scripts)["keys"] == []
    assert "# Not proposed: the scripts were not run" in text


def test_a_script_that_fails_leaves_a_project_and_the_reason(scripts):
    file = scripts / "tables/orders/synapse.sql"
    file.write_text(file.read_text("utf-8").replace("r.region_name,", "r.no_such_name,"), "utf-8")
    code, _ = init(scripts)
    text = (scripts / TABLE).read_text("utf-8")
    assert code == 0 and "# Not proposed:" in text and "no_such_name" in text
    assert toml(scripts)["keys"] == []


def test_scripts_that_lie_in_the_folder_itself_are_copied_into_a_table(scripts):
    inner = scripts / "tables/orders"
    for file in [f for f in inner.rglob("*") if f.is_file()]:
        goal = scripts / file.relative_to(inner)
        goal.parent.mkdir(exist_ok=True)
        file.rename(goal)
    shutil.rmtree(scripts / "tables")
    before = snapshot(scripts)
    assert init(scripts)[0] == 0
    after = snapshot(scripts)
    assert {name: after[name] for name in before} == before
    assert after["tables/fact_orders/synapse.sql"] == before["synapse.sql"]
    assert after["tables/fact_orders/variants/faithful.sql"] == before["variants/faithful.sql"]
    assert projects.check(scripts)[1] == ()


# --- again ----------------------------------------------------------------------------------


def test_a_second_time_changes_nothing(scripts):
    init(scripts)
    before = snapshot(scripts)
    code, said = init(scripts)
    assert code == 0 and snapshot(scripts) == before
    assert said.count("kept") == 3 and "made" not in said


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_a_person_wrote_stays_byte_for_byte(scripts, end, encoding):
    """Comments, odd spacing, another order, no line end at the end: what is new comes behind it."""
    mine = end.join([
        "# ours, do not touch   ",
        "version=1",
        "keys   = [ 'order_id' ]  # agreed with finance",
        "synapse = 'dbo.FACT_ORDERS'",
        "",
        "[[inputs]]",
        "synapse = '[stg].[orders]'",
        'databricks = "silver.orders"',
        'file = "data/orders.parquet"',
        "# the region is not needed: synapse = \"dbo.DIM_REGION\" is filtered",
    ])  # fmt: skip
    file = scripts / TABLE
    data = mine.encode(encoding)
    file.write_bytes(data)
    init(scripts, "--no-run")
    after = file.read_bytes()
    assert after.startswith(data)
    text = after.decode(encoding)
    added = text.removeprefix(mine)
    assert all(not line or line.startswith("#") for line in added.split(end))
    assert "\n" not in added.replace(end, "")
    assert "# min_amount = ..." in added and "keys" not in added
    assert tomllib.loads(text.replace("\r\n", "\n")) == tomllib.loads(mine.replace("\r\n", "\n"))
    again = file.read_bytes()
    init(scripts, "--no-run")
    assert file.read_bytes() == again


def test_a_key_is_proposed_once_it_can_be(scripts):
    """The parameter has no default: only when a person has given it a value do rows, and keys, come."""
    procedure = scripts / "tables/orders/synapse.sql"
    procedure.write_text(
        procedure.read_text("utf-8").replace("@min_amount int = 0", "@min_amount int"), "utf-8"
    )
    init(scripts)
    file = scripts / TABLE
    first = file.read_text("utf-8")
    assert "keys = []" in first and "no default: give a value" in first
    wanted = "# min_amount = ...    # int, has no default: give a value"
    assert wanted in first
    mine = first.replace(wanted, "min_amount = 0")
    file.write_text(mine, "utf-8")
    init(scripts)
    after = file.read_text("utf-8")
    assert after.startswith(mine) and '# keys = ["order_id"]' in after.removeprefix(mine)
    init(scripts)
    assert file.read_text("utf-8") == after


def test_a_broken_file_is_named_with_its_line_and_nothing_is_written(scripts):
    file = scripts / TABLE
    file.write_text("version = 1\nkeys = [\n", "utf-8")
    before = snapshot(scripts)
    code, said = init(scripts, "--no-run")
    assert code == 2 and "table.toml:" in said.replace("\n", "") and "nothing was changed" in said
    assert snapshot(scripts) == before


def test_dry_run_prints_and_writes_nothing(scripts):
    before = snapshot(scripts)
    code, said = init(scripts, "--dry-run", "--no-run")
    assert code == 0 and snapshot(scripts) == before
    assert "--- recon.toml would be made" in said and 'mode = "spark"' in said
    init(scripts, "--no-run")
    assert "--- recon.toml would stay as it is" in init(scripts, "--dry-run", "--no-run")[1]


# --- from two files -------------------------------------------------------------------------


def test_two_files_become_a_project_with_keys_and_commented_rules(two_files):
    code, said = init(
        two_files, "--baseline", "data/fact_orders.parquet", "--candidate", "data/delivered.parquet"
    )
    assert code == 0, said
    assert projects.check(two_files)[1] == ()
    text = (two_files / "tables/fact_orders/table.toml").read_text("utf-8")
    document = tomllib.loads(text)
    assert document["keys"] == ["order_id", "line_no"] and "columns" not in document
    lines = text.splitlines()
    at = lines.index("# [columns.amount]    # decimal(18,2) in Synapse, DOUBLE in Databricks")
    assert lines[at + 1] == '# tolerance = "rel 1e-9"'
    at = lines.index("# [columns.region]    # only in Synapse; is it region_name in Databricks?")
    assert lines[at + 1] == '# databricks = "region_name"'
    assert '# ignore = "set to the load time on both sides"' in lines
    uncommented = "\n".join(
        line.removeprefix("# ")
        for line in lines
        if line.startswith(("# [col", "# tol", '# databricks = "r', "# ign"))
    )
    file = two_files / "tables/fact_orders/table.toml"
    file.write_text(text + uncommented + "\n", "utf-8")
    assert projects.check(two_files)[1] == ()


def test_the_new_project_runs(two_files, monkeypatch):
    init(two_files, "--baseline", two_files / "data/fact_orders.parquet",
         "--candidate", two_files / "data/fact_orders.parquet", "--table", "orders")  # fmt: skip
    monkeypatch.setenv("RECON_PROJECT", str(two_files))
    there = api.project()
    assert [t.name for t in there.tables] == ["orders"]
    assert [v.name for v in there.tables[0].variants] == ["as_delivered"]
    known = api.known_keys("orders")
    assert known.proposals == () and "first run" in known.origin


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--baseline", "x.parquet"), "go together"),
        (("--table", "t"), "goes with"),
        (("--baseline", "x.parquet", "--candidate", "y.parquet"), "x.parquet is not a file"),
        ((), "nothing to make a project of"),
    ],
)
def test_what_cannot_be_is_refused_in_words(tmp_path, args, words):
    code, said = init(tmp_path, *args)
    flat = "".join(said.replace("│", " ").split())  # a long path may be cut at any place to fit the line
    assert code == 2 and "".join(words.split()) in flat
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_files_needs_another_command(tmp_path):
    with pytest.raises(SpecError) as caught:
        api.init(tmp_path, files=(tmp_path, tmp_path))
    assert "recon compare" in caught.value.hint
