"""SQL variants in a world on Databricks, over sockets through the unmodified connector, on real Spark."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recon.connectors.cloud.engine import databricks_world
from recon.connectors.cloud.engine_janitor import drop_leftover, leftovers
from recon.errors import EngineError, ProgramError, SpecError
from recon.model import Column, Language, Script, Session, TableRef, Variant
from recon.progress import Progress
from tests.rig.fixtures_databricks import *  # noqa: F403 (fixtures)

pytestmark = pytest.mark.spark
FILE = "tables/t/variants/v.sql"


def ref(name):
    *schema, table = name.split(".")
    return TableRef(schema=schema[-1] if schema else "", name=table)


def sql(text):
    return Variant(name="v", language=Language.SQL, script=Script(path=FILE, text=text))


@pytest.fixture
def stage(lake_folder, databricks_cloud):
    """`stage(table, name)`: a Parquet file in the lake; its abfss address."""

    def put(rows, name="orders.parquet"):
        pq.write_table(rows if isinstance(rows, pa.Table) else pa.table(rows), lake_folder / name)
        return databricks_cloud.adls.url(name)

    return put


@pytest.fixture
def world(databricks_cloud):
    with databricks_world(databricks_cloud, "r1", Session(), Progress()) as engine:
        yield engine


def rows(engine, table, folder, where=""):
    found = pa.concat_tables(pq.read_table(f) for f in engine.export(table, folder, where))
    return sorted((tuple(r.values()) for r in found.to_pylist()), key=str)


ORDERS = {"id": [1, 2, 3], "amount": [Decimal("1.50"), None, Decimal("3.25")]}
SCRIPT = """-- a conversion
CREATE OR REPLACE TABLE main.gold.t USING DELTA AS
SELECT o.id, o.amount, silver.orders.amount * 2 AS twice FROM silver.orders JOIN silver.orders o USING (id);
MERGE INTO gold.t USING (SELECT 2 AS id) s ON gold.t.id = s.id WHEN MATCHED THEN UPDATE SET amount = 9;
DELETE FROM gold.t WHERE id = :gone;
INSERT INTO gold.t VALUES (7, 7.00, NULL);
"""


def test_a_script_runs_in_schemas_of_its_own_and_leaves_none(databricks, databricks_cloud, stage, tmp_path):
    progress = Progress()
    with databricks_world(databricks_cloud, "r1", Session(), progress) as engine:
        engine.attach(ref("silver.orders"), [stage(ORDERS)])
        table = engine.run(sql(SCRIPT), {"@Gone": 1}, ref("gold.t"))
        assert table == ref("gold.t")
        assert rows(engine, table, tmp_path / "out") == [
            (2, Decimal("9.00"), None),
            (3, Decimal("3.25"), Decimal("6.50")),
            (7, Decimal("7.00"), None),
        ]
        assert engine.columns(table) == (
            Column("id", "BIGINT"),
            Column("amount", "DECIMAL(3,2)"),
            Column("twice", "DECIMAL(5,2)"),
        )
        assert databricks.spark.schemas == {"recon_r1", "recon_r1__silver", "recon_r1__gold"}
        assert engine.name.startswith("Databricks SQL (Spark ")
        assert any("ANSI_MODE = True, TIMEZONE = UTC" in note for note in engine.notes)
    assert databricks.spark.schemas == set()
    assert databricks.warehouse.open_sessions == 0


def test_a_script_that_is_a_query_gives_its_rows(world, stage, tmp_path):
    world.attach(ref("silver.orders"), [stage(ORDERS)])
    table = world.run(
        sql("SELECT 1 AS never;\nSELECT id, amount FROM silver.orders WHERE id > :least"), {"least": 1}, None
    )
    assert rows(world, table, tmp_path / "out") == [(2, None), (3, Decimal("3.25"))]
    assert [c.name for c in world.columns(table)] == ["id", "amount"]


def test_an_empty_result_is_a_file_with_its_columns(world, stage, tmp_path):
    world.attach(ref("silver.orders"), [stage(ORDERS)])
    table = world.run(sql("create table gold.t as select * from silver.orders where false"), {}, None)
    (file,) = world.export(table, tmp_path / "out")
    assert pq.read_metadata(file).num_rows == 0
    assert pq.read_schema(file).names == ["id", "amount"]


def test_a_filter_keeps_its_rows_and_what_is_wrong_with_it_is_its_own_fault(world, stage, tmp_path):
    world.attach(ref("silver.orders"), [stage(ORDERS)])
    table = world.run(sql("create table gold.t as select * from silver.orders"), {}, None)
    assert rows(world, table, tmp_path / "out", "id between 2 and 3 -- so") == [
        (2, None),
        (3, Decimal("3.25")),
    ]
    with pytest.raises(ProgramError, match="UNRESOLVED_COLUMN") as caught:
        world.export(table, tmp_path / "out2", "nope = 1")
    assert caught.value.file == "filter"


def test_types_come_back_as_they_were(world, stage, tmp_path):
    moment, instant = datetime(2024, 2, 29, 1, 2, 3, 456789), datetime(2024, 2, 29, tzinfo=UTC)
    given = pa.table(
        {
            "dec": pa.array([Decimal("12345678901234567890123456789012345678"), None], pa.decimal128(38, 0)),
            "small": pa.array([Decimal("-0.0001"), None], pa.decimal128(19, 4)),
            "ntz": pa.array([moment, None], pa.timestamp("us")),
            "ts": pa.array([instant, None], pa.timestamp("us", tz="UTC")),
            "day": pa.array([date(1, 1, 1), date(9999, 12, 31)], pa.date32()),
            "bin": pa.array([b"\x00\xff", None], pa.binary()),
            "txt": pa.array(["ä 😀 'x' ", ""], pa.string()),
            "big": pa.array([2**63 - 1, None], pa.int64()),
            "flt": pa.array([0.1, float("nan")], pa.float64()),
            "yes": pa.array([True, None], pa.bool_()),
        }
    )
    world.attach(ref("silver.orders"), [stage(given)])
    table = world.run(sql("create table gold.t as select * from silver.orders"), {}, None)
    (file,) = world.export(table, tmp_path / "out")
    found = pq.read_table(file)
    assert found.schema.field("ts").type == pa.timestamp("us", tz="UTC")
    for name in given.column_names:
        assert sorted(map(str, found[name].to_pylist())) == sorted(map(str, given[name].to_pylist())), name
    assert [c.type for c in world.columns(table)] == [
        "DECIMAL(38,0)", "DECIMAL(19,4)", "TIMESTAMP_NTZ", "TIMESTAMP", "DATE",
        "BINARY", "STRING", "BIGINT", "DOUBLE", "BOOLEAN",
    ]  # fmt: skip


def test_what_parquet_cannot_carry_is_text_and_says_so(world, tmp_path):
    text = "create table gold.t as select 1 as a, array(1, 2) as b, named_struct('x', 1.5) as c"
    table = world.run(sql(text), {}, None)
    assert rows(world, table, tmp_path / "out") == [(1, [1, 2], {"x": Decimal("1.5")})]
    table = world.run(sql("select null as n, interval '2' day as i"), {}, None)
    assert rows(world, table, tmp_path / "two") == [(None, "INTERVAL '2' DAY")]
    assert any(note.startswith("n: void is compared as text") for note in world.notes)


def test_a_created_table_has_the_declared_types_translated(world, stage, tmp_path):
    columns = [Column("Id", "int"), Column("Amount", "money"), Column("When it was", "datetime")]
    world.create(ref("gold.empty"), columns)
    assert [c.type for c in world.columns(ref("gold.empty"))] == ["INT", "DECIMAL(19,4)", "TIMESTAMP"]
    world.create(ref("gold.t"), columns[:2], [stage(ORDERS)])
    world.run(sql("update gold.t set amount = amount + 1 where id = 1"), {}, ref("gold.t"))
    assert rows(world, ref("gold.t"), tmp_path / "out") == [
        (1, Decimal("2.5000")),
        (2, None),
        (3, Decimal("3.2500")),
    ]


def test_writing_into_an_input_leaves_the_staged_files_alone(world, stage, lake_folder, tmp_path):
    world.attach(ref("silver.orders"), [stage(ORDERS)])
    before = (lake_folder / "orders.parquet").read_bytes()
    table = world.run(sql("insert into silver.orders values (9, 9.99)"), {}, ref("silver.orders"))
    assert len(rows(world, table, tmp_path / "out")) == 4
    assert [p.name for p in lake_folder.iterdir()] == ["orders.parquet"]
    assert (lake_folder / "orders.parquet").read_bytes() == before


def test_several_files_are_one_table(world, stage, tmp_path):
    world.attach(ref("silver.orders"), [stage({"id": [1]}, "a.parquet"), stage({"id": [2]}, "b.parquet")])
    table = world.run(sql("select * from silver.orders"), {}, None)
    assert rows(world, table, tmp_path / "out") == [(1,), (2,)]


FAILURES = [
    ("select 1;\n\nselect a,\n  nope\nfrom (select 1 as a)", 4, "UNRESOLVED_COLUMN.WITH_SUGGESTION", "`nope`"),
    ("create table gold.t as select\n cast('geheim' as int) as a", 2, "CAST_INVALID_INPUT", "'…'"),
    ("insert into gold.t\nselect * from silver.unknown", 2, "TABLE_OR_VIEW_NOT_FOUND", "silver.`unknown`"),
    ("select 1 / 0 as a", 1, "DIVIDE_BY_ZERO", "zero"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "code", "says"), FAILURES, ids=[f[2] for f in FAILURES])
def test_a_failing_statement_is_named_with_line_and_class(world, tmp_path, text, line, code, says):
    world.create(ref("gold.t"), [Column("a", "int")])
    if code.startswith("CAST"):
        text = text.replace("create table gold.t", "create table gold.u")
    with pytest.raises(ProgramError) as caught:
        world.export(world.run(sql(text), {}, None), tmp_path / "out")
    assert (caught.value.file, caught.value.line, caught.value.code) == (FILE, line, code)
    assert says in str(caught.value)
    assert caught.value.hint
    assert "geheim" not in str(caught.value)
    assert "recon_r1" not in str(caught.value)


WAYS_OUT = [
    ("insert into delta.`/mnt/prod/t` select 1", "/mnt/prod/t"),
    ("drop schema prod cascade", "DROP SCHEMA"),
    ("execute immediate 'drop table prod.t'", "EXECUTE"),
    ("select * from identifier('prod.t')", "IDENTIFIER"),
    ("create or replace global temp view v as select 1", "global temporary"),
    ("select prod.f(1)", "prod.f"),
    ("begin insert into gold.t select * from gold.u, prod.t; end", "commas"),
    ("begin alter table gold.t rename to prod.t; end", "RENAME"),
    ("use catalog main; use catalog prod", "prod"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "says"), WAYS_OUT, ids=[w[0] for w in WAYS_OUT])
def test_a_way_out_is_refused_before_anything_is_sent(databricks, world, text, says):
    before = len(databricks.warehouse.sent)
    with pytest.raises(ProgramError, match=f"{FILE}:2: .*{says}") as caught:
        world.run(sql(f"create table gold.t as select 1 as a;\n{text}"), {}, ref("gold.t"))
    assert caught.value.hint
    assert databricks.warehouse.sent[before:] == []


PRODUCTION = [
    "drop table if exists main.prod.t",
    "drop table prod.t",
    "truncate table prod.t",
    "insert overwrite prod.t select 0",
    "delete from `prod`.`t`",
    "create or replace table prod.t as select 0 as a",
    "alter table prod.t add columns (b int)",
    "use prod; insert into t select 0",
    "with c as (select 0) insert into main.prod.t select * from c",
    "begin insert into prod.t select 0; end",
]


@pytest.mark.parametrize("text", PRODUCTION)
def test_a_table_that_is_not_of_the_world_is_never_touched(databricks, world, warehouse_spark, text):
    warehouse_spark.sql("CREATE SCHEMA prod")
    warehouse_spark.sql("CREATE TABLE prod.t USING PARQUET AS SELECT 41 AS a")
    with contextlib.suppress(ProgramError):  # there is no such table in the world
        world.run(sql(text), {}, None)
    assert [tuple(r) for r in warehouse_spark.table("prod.t").collect()] == [(41,)]
    assert warehouse_spark.table("prod.t").columns == ["a"]


def test_two_worlds_at_once_are_kept_apart(databricks_cloud, stage, tmp_path):
    url = stage(ORDERS)
    with (
        databricks_world(databricks_cloud, "r1", Session(), Progress()) as one,
        databricks_world(databricks_cloud, "r2", Session(), Progress()) as two,
    ):
        for engine, value in ((one, 1), (two, 2)):
            engine.attach(ref("silver.orders"), [url])
            engine.run(sql(f"create table gold.t as select {value} as a"), {}, None)
        assert rows(one, ref("gold.t"), tmp_path / "one") == [(1,)]
        assert rows(two, ref("gold.t"), tmp_path / "two") == [(2,)]


def test_a_world_must_be_fresh(databricks, databricks_cloud, world):
    with (
        pytest.raises(EngineError, match="exists already"),
        databricks_world(databricks_cloud, "r1", Session(), Progress()),
    ):
        pass


def test_what_a_crash_left_is_listed_and_dropped(databricks, databricks_cloud, warehouse_spark):
    with databricks_world(databricks_cloud, "gone", Session(), Progress()) as engine:
        engine.create(ref("gold.t"), [Column("a", "int")])
        warehouse_spark.sql("CREATE SCHEMA recon_somebody_elses COMMENT 'mine'")
        found = leftovers(databricks_cloud)
        assert [(f.schema, f.world) for f in found] == [
            ("recon_gone", "recon_gone"),
            ("recon_gone__gold", "recon_gone"),
        ]
        assert abs((datetime.now(UTC) - found[0].made).total_seconds()) < 600
        drop_leftover(databricks_cloud, "recon_gone__gold")
        assert "recon_gone__gold" not in databricks.spark.schemas
        with pytest.raises(SpecError, match="not made by recon"):
            drop_leftover(databricks_cloud, "recon_somebody_elses")
    assert leftovers(databricks_cloud) == ()
    assert databricks.spark.schemas == {"recon_somebody_elses"}


@pytest.mark.parametrize("text", ["create table gold.t as select :a as a", "select :a as a, 'x' as `b c`"])
def test_a_result_is_kept_when_asked(databricks, databricks_cloud, warehouse_spark, tmp_path, text):
    warehouse_spark.sql("CREATE SCHEMA kept")
    with databricks_world(databricks_cloud, "r1", Session(), Progress(), keep="main.kept") as engine:
        table = engine.run(sql(text), {"a": 5}, None)
        assert rows(engine, table, tmp_path / "out")[0][0] == 5
        [note] = [note for note in engine.notes if "kept" in note]
    [name] = [t.name for t in warehouse_spark.catalog.listTables("kept")]
    assert name == f"{table.name}__recon_r1"
    assert f"`main`.`kept`.`{name}`" in note
    assert [r["a"] for r in warehouse_spark.table(f"kept.{name}").collect()] == [5]


def test_a_result_that_cannot_be_kept_takes_nothing_away(databricks_cloud, tmp_path):
    with databricks_world(databricks_cloud, "r1", Session(), Progress(), keep="main.nowhere") as engine:
        table = engine.run(sql("create table gold.t as select 1 as a"), {}, None)
        assert rows(engine, table, tmp_path / "out") == [(1,)]
        assert [note for note in engine.notes if "failed" in note and "nowhere" in note]
