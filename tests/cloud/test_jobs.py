"""PySpark variants as jobs: through databricks-sdk over sockets, on real Spark, in the run's own schemas."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recon.connectors.cloud.engine import databricks_world
from recon.connectors.cloud.jobs_bundle import bundle
from recon.errors import EngineError, ProgramError
from recon.model import Column, Language, Script, Session, TableRef, Variant
from recon.progress import Progress
from tests.rig.databricks_server import wait_until
from tests.rig.fixtures_databricks import *  # noqa: F403 (fixtures)
from tests.rig.thrift_faults import Fault

pytestmark = pytest.mark.spark
FILE = "tables/t/variants/v.py"


def ref(name):
    *schema, table = name.split(".")
    return TableRef(schema=schema[-1] if schema else "", name=table)


def python(text):
    return Variant(name="v", language=Language.PYSPARK, script=Script(path=FILE, text=text))


@pytest.fixture
def world(databricks_cloud, lake_folder):
    pq.write_table(pa.table({"id": [1, 2, 3], "v": ["a", None, "c"]}), lake_folder / "o.parquet")
    with databricks_world(databricks_cloud, "r1", Session(), Progress()) as engine:
        engine.attach(ref("silver.orders"), [databricks_cloud.adls.url("o.parquet")])
        yield engine


def rows(engine, table, folder):
    found = pa.concat_tables(pq.read_table(f) for f in engine.export(table, folder))
    return sorted((tuple(r.values()) for r in found.to_pylist()), key=str)


WRITES = """
from pyspark.sql import functions as F
table = "gold" + ".t"
df = spark.table("silver.orders").where(F.col("id") >= int(dbutils.widgets.get("least")))
df.write.format("delta").mode("overwrite").saveAsTable(table)
spark.sql(f"MERGE INTO main.{table} USING (SELECT 3 AS id) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET v = 'merged'")
spark.sql("INSERT INTO gold.t SELECT id + 10, v FROM silver.orders WHERE id = :one", {"one": 1})
print("a line of output")
"""


def test_a_variant_that_writes_its_target(databricks, world, tmp_path):
    table = world.run(python(WRITES), {"@least": 2}, ref("gold.t"))
    assert table == ref("gold.t")
    assert rows(world, table, tmp_path / "out") == [(11, "a"), (2, None), (3, "merged")]
    assert databricks.workspace.files == {}
    (run,) = databricks.workspace.runs.values()
    assert run.result == "SUCCESS"
    assert "a line of output" in run.printed()
    (asked,) = databricks.workspace.submitted
    assert asked["environments"][0]["spec"]["environment_version"]


def test_a_variant_that_leaves_a_dataframe(world, tmp_path):
    text = "result = spark.sql('select id, cast(id as decimal(9,2)) as d from silver.orders where v is null')"
    table = world.run(python(text), {}, None)
    assert rows(world, table, tmp_path / "out") == [(2, Decimal("2.00"))]
    assert [c.type for c in world.columns(table)] == ["BIGINT", "DECIMAL(9,2)"]


NOTEBOOK = """# Databricks notebook source
# MAGIC %sql
# MAGIC CREATE TABLE gold.t AS SELECT id FROM silver.orders WHERE id > :least

# COMMAND ----------
dbutils.widgets.text("day", "2020-01-01")
spark.sql("use gold")
spark.createDataFrame([(int(dbutils.widgets.get("day")[:4]),)], "id bigint").write.insertInto("t")

# COMMAND ----------
dbutils.notebook.exit("done")

# COMMAND ----------
raise ValueError("never")
"""


def test_a_notebook_runs_as_it_is(world, tmp_path):
    table = world.run(python(NOTEBOOK), {"least": 2, "day": date(2024, 1, 31)}, ref("gold.t"))
    assert rows(world, table, tmp_path / "out") == [(2024,), (3,)]


FAILURES = {
    "spark": ("x = 1\n\ndf = spark.table('silver.orders').select('nope')\n", 3, "UNRESOLVED_COLUMN"),
    "value": ("spark.sql(\"select cast('geheim' as int)\").collect()\n", 1, "CAST_INVALID_INPUT"),
    "python": ("def f():\n    raise ValueError('geheim')\nf()\n", 2, "ValueError"),
    "nothing": ("x = 1\n", 0, "it leaves no rows"),
    "target": ("spark.range(1).write.saveAsTable('gold.other')\n", 0, "gold.other"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_the_authors_with_file_line_and_class(databricks, world, name):
    text, line, says = FAILURES[name]
    with pytest.raises(ProgramError) as caught:
        world.run(python(text), {}, ref("gold.t") if name == "target" else None)
    assert (caught.value.file, caught.value.line) == (FILE, line)
    assert says in f"{caught.value.code} {caught.value}"
    assert caught.value.hint
    assert "geheim" not in str(caught.value)
    assert "recon_r1" not in str(caught.value)
    assert databricks.workspace.files == {}


STATIC = {
    "java": ("spark._jvm.java.lang.System.exit(1)", "_jvm"),
    "dbutils": ("from pyspark.dbutils import DBUtils", "pyspark.dbutils"),
    "sdk": ("import databricks.sdk", "databricks.sdk"),
    "syntax": ("x = (", "SyntaxError"),
}


@pytest.mark.parametrize("name", STATIC)
def test_what_can_be_seen_beforehand_is_refused_before_anything_is_sent(databricks, world, name):
    text, says = STATIC[name]
    with pytest.raises(ProgramError, match=f"{FILE}:2: .*{says}"):
        world.run(python(f"x = 1\n{text}\n"), {}, None)
    assert databricks.workspace.submitted == []


WAYS_OUT = {
    "path": "df.write.parquet('{out}/x')",
    "save": "df.write.format('delta').save('{out}/x')",
    "option": "df.write.option('path', '{out}/x').saveAsTable('gold.t')",
    "sql path": "spark.sql('insert into delta.`{out}/x` select 1')",
    "drop schema": "spark.sql('drop ' + 'schema prod cascade')",
    "caught": "try:\n    spark.sql('drop schema prod cascade')\nexcept Exception:\n    pass",
    "file": "open('{out}/x', 'w')",
    "fs": "dbutils.fs.rm('{out}', True)",
    "session": "spark.newSession().sql('drop table prod.t')",
    "read": "spark.read.parquet('{out}/x')",
    "catalog": "spark.catalog.setCurrentDatabase('prod')",
    "conf": "spark.conf.set('spark.sql.catalog.x', 'y')",
    "global": "df.createOrReplaceGlobalTempView('x')",
}


@pytest.mark.parametrize("name", WAYS_OUT)
def test_a_way_out_is_stopped_at_its_line(world, warehouse_spark, tmp_path, name):
    out = tmp_path / "production"
    out.mkdir()
    text = (
        "df = spark.range(1)\n"
        + WAYS_OUT[name].replace("{out}", str(out))
        + "\ndf.write.saveAsTable('gold.t')\n"
    )
    with pytest.raises(ProgramError) as caught:
        world.run(python(text), {}, ref("gold.t"))
    assert (caught.value.file, caught.value.line) == (FILE, 3 if name == "caught" else 2)
    assert caught.value.hint
    assert list(out.iterdir()) == []


def test_names_made_at_run_time_stay_inside(databricks, world, warehouse_spark):
    warehouse_spark.sql("CREATE SCHEMA prod")
    warehouse_spark.sql("CREATE TABLE prod.t USING PARQUET AS SELECT 41 AS a")
    text = """
for statement in ("DROP TABLE IF EXISTS main.prod.t", "CREATE OR REPLACE TABLE prod.t AS SELECT 0 AS a"):
    spark.sql(statement)
spark.range(3).write.mode("overwrite").saveAsTable("main.prod" + ".t")
spark.range(3).write.insertInto("prod.t")
spark.range(3).writeTo("prod.u").create()
assert spark.catalog.tableExists("prod.u")
"""
    world.run(python(text), {}, ref("prod.t"))
    assert [tuple(r) for r in warehouse_spark.table("prod.t").collect()] == [(41,)]
    assert not warehouse_spark.catalog.tableExists("prod.u")
    assert {"recon_r1__prod", "prod"} <= databricks.spark.schemas


def test_schemas_that_a_job_made_are_dropped_too(databricks, databricks_cloud):
    with databricks_world(databricks_cloud, "r2", Session(), Progress()) as engine:
        engine.run(python("spark.range(1).write.saveAsTable('platinum.t')"), {}, ref("platinum.t"))
        assert "recon_r2__platinum" in databricks.spark.schemas
    assert databricks.spark.schemas == set()


def test_cancel_ends_the_job_and_removes_its_file(databricks, world):
    text = "import time\nfor i in range(600):\n    time.sleep(0.1)\n"
    failed = []

    def work():
        try:
            world.run(python(text), {}, None)
        except EngineError as error:
            failed.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    runs = databricks.workspace.runs
    assert wait_until(lambda: any(r.life == "RUNNING" for r in runs.values()))
    world.cancel()
    thread.join(30)
    assert failed == ["the world was cancelled"]
    assert wait_until(lambda: all(r.life == "TERMINATED" for r in runs.values()))
    assert [r.result for r in runs.values()] == ["CANCELED"]
    assert databricks.workspace.files == {}


def test_a_busy_workspace_is_asked_again(databricks, world, tmp_path):
    databricks.faults.order(Fault("/api/2.2/jobs/runs/get", status=429, retry_after=0))
    table = world.run(python("result = spark.range(2)"), {}, None)
    assert rows(world, table, tmp_path / "out") == [(0,), (1,)]


def test_a_cluster_is_used_when_one_is_named(databricks, databricks_cloud):
    own = replace(databricks_cloud.databricks, cluster="0101-abc")
    with databricks_world(replace(databricks_cloud, databricks=own), "r3", Session(), Progress()) as engine:
        engine.run(python("result = spark.range(2)"), {}, None)
    (asked,) = databricks.workspace.submitted
    assert asked["tasks"][0]["existing_cluster_id"] == "0101-abc"
    assert "environments" not in asked


def test_the_file_needs_nothing_but_pyspark(tmp_path):
    """In a Python without any package it comes as far as asking for PySpark."""
    order = {
        "file": FILE,
        "text": "",
        "language": "pyspark",
        "params": {},
        "catalog": "",
        "base": "b",
        "now": "",
    }
    file = tmp_path / "job.py"
    file.write_bytes(bundle("b", order))
    ended = subprocess.run(
        [sys.executable, "-I", "-S", str(file)], capture_output=True, text=True, timeout=60
    )
    assert "No module named 'pyspark'" in ended.stderr
    assert len(file.read_bytes()) < 5 * 1024 * 1024


def test_inputs_are_copies_that_python_may_write_into(world, lake_folder, tmp_path):
    before = (lake_folder / "o.parquet").read_bytes()
    table = world.run(
        python("spark.range(1).selectExpr('id', 'null as v').write.insertInto('silver.orders')"),
        {},
        ref("silver.orders"),
    )
    assert len(rows(world, table, tmp_path / "out")) == 4
    assert world.columns(table) == (Column("id", "BIGINT"), Column("v", "STRING"))
    assert (lake_folder / "o.parquet").read_bytes() == before


def test_what_a_variant_prints_is_kept_where_it_is_asked_for(databricks_cloud, tmp_path):
    log = tmp_path / "job.log"
    with databricks_world(databricks_cloud, "r4", Session(), Progress(), log=log) as engine:
        engine.run(python("print('seen')\nresult = spark.range(1)"), {}, None)
    assert log.read_text(encoding="utf-8") == "seen\n"


def test_an_odd_name_of_a_column_is_kept(world, tmp_path):
    table = world.run(python("result = spark.range(1).toDF('Größe in (m), ä')"), {}, None)
    assert [c.name for c in world.columns(table)] == ["Größe in (m), ä"]
    assert rows(world, table, tmp_path / "out") == [(0,)]
