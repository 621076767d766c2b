"""PySpark variants: scripts and notebooks in this process, guarded, on real Spark."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest

from recon.errors import EngineError, ProgramError
from recon.model import Column, TableRef

pytestmark = pytest.mark.spark
FILE = "tables/t/variants/v.py"
GOLD = TableRef(schema="gold", name="t")


@pytest.fixture
def engine(spark):
    with spark.world() as engine:
        spark.attach(engine, "silver.t", {"id": pa.array([1, 2, 3], pa.int32()), "s": ["a", "b", None]})
        yield engine


@pytest.fixture
def run(spark, engine, pyspark_variant):
    return lambda text, target=None, params=None: spark.answer(engine, pyspark_variant(text), target, params)


def test_a_notebook_that_writes_its_target(run):
    answer = run(
        """# Databricks notebook source
from pyspark.sql import functions as F

s = spark.table("silver.t").alias("s")
result = s.where(F.col("s.id") > 1).select("s.id", F.upper("s.s").alias("S"))
# COMMAND ----------
result.write.format("delta").mode("overwrite").option("overwriteSchema", "true").saveAsTable("main.gold.t")
""",
        "main.gold.t",
    )
    assert (answer.columns, answer.rows) == (["id", "S"], [(2, "B"), (3, None)])


def test_a_dataframe_called_result(run):
    assert run("df = spark.table('silver.t')\nresult = df.groupBy().count()", "gold.t").rows == [(3,)]
    assert run("result = spark.sql('select max(id) as m from silver.t')").rows == [(3,)]


def test_cells_of_sql_between_python(run):
    text = """# Databricks notebook source
dbutils.widgets.text("low", "1")
low = int(dbutils.widgets.get("low"))
# COMMAND ----------
# MAGIC %sql
# MAGIC create or replace temp view picked as select id from silver.t where id > :low;
# MAGIC select * from picked
# COMMAND ----------
# MAGIC %md
# MAGIC text
# COMMAND ----------
rows = _sqldf.count()
spark.sql("create or replace table gold.t as select id, {} as n from picked".format(rows + low))
"""
    assert run(text, "gold.t", {"low": 2}).rows == [(3, 3)]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("df.write.saveAsTable('gold.t')", [(1,), (2,), (3,)]),
        ("df.write.saveAsTable(name='gold.t', format='delta', mode='overwrite', partitionBy='id')", [(1,), (2,), (3,)]),
        ("df.write.mode('append').saveAsTable('gold.t'); df.limit(0).write.mode('append').saveAsTable('gold.t')", [(1,), (2,), (3,)]),
        ("df.write.saveAsTable('gold.t'); df.write.insertInto('gold.t', overwrite=True)", [(1,), (2,), (3,)]),
        ("df.write.saveAsTable('gold.t'); spark.table('gold.t').where('id > 1').write.mode('overwrite').insertInto('gold.t')", [(2,), (3,)]),
        ("df.write.saveAsTable('gold.t'); spark.table('gold.t').where('id > 1').write.mode('overwrite').saveAsTable('gold.t')", [(2,), (3,)]),
        ("df.write.partitionBy('id').saveAsTable('gold.t')", [(1,), (2,), (3,)]),
        ("df.writeTo('gold.t').using('delta').create()", [(1,), (2,), (3,)]),
        ("df.writeTo('gold.t').createOrReplace(); df.writeTo('gold.t').append()", [(1,), (1,), (2,), (2,), (3,), (3,)]),
        ("df.writeTo('gold.t').create(); df.where('id = 1').writeTo('gold.t').overwrite(F.col('id') > 1)", [(1,), (1,)]),
        ("spark.sql('create table gold.t as select id from silver.t'); spark.sql('delete from gold.t where id = :n', args={'n': 2})", [(1,), (3,)]),
        ("spark.sql('create table gold.t as select id from silver.t'); spark.sql('merge into gold.t t using (select 2 as id) s on t.id = s.id when matched then delete')", [(1,), (3,)]),
        ("spark.sql('select id from {d} where id < ?', args=[3], d=df).write.saveAsTable('gold.t')", [(1,), (2,)]),
        ("df.createOrReplaceTempView('v'); spark.sql('create table gold.t as select * from v')", [(1,), (2,), (3,)]),
    ],
)  # fmt: skip
def test_ways_to_write(run, call, expected):
    text = f"from pyspark.sql import functions as F\ndf = spark.table('silver.t').select('id')\n{call}"
    assert run(text, "gold.t").rows == expected


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("df.write.parquet('/tmp/recon_escape')", "write.parquet is refused"),
        ("df.write.format('delta').save('/tmp/recon_escape')", "write.save is refused"),
        ("df.write.csv('/tmp/recon_escape')", "write.csv is refused"),
        ("df.write.option('path', '/tmp/recon_escape').saveAsTable('gold.t')", "option path"),
        ("df.write.saveAsTable('gold.t', path='/tmp/recon_escape')", "option path"),
        ("df.write.mode('overwrite').option('replaceWhere', 'id = 1').saveAsTable('gold.t')", "replaceWhere"),
        ("df.write.saveAsTable('delta.`/tmp/recon_escape`')", "/tmp/recon_escape"),
        ("spark.sql('drop schema silver cascade')", "DROP SCHEMA"),
        ("spark.sql('select 1; select 2')", "one statement"),
        ("spark.catalog.createTable('gold.t', path='/tmp/recon_escape')", "createTable"),
        ("df.writeStream", "writeStream"),
        ("dbutils.fs.ls('/')", "dbutils.fs"),
        ("dbutils.secrets.get('a', 'b')", "dbutils.secrets"),
        ("dbutils.notebook.run('./x', 60)", "dbutils.notebook.run"),
        ("dbutils.widgets.get('nope')", "no parameter is called nope"),
        ("df.writeTo('gold.t').overwritePartitions()", "overwritePartitions"),
        ("df.write.partitionBy('id').insertInto('gold.t')", "partitionBy"),
        (
            "spark.conf.set('spark.sql.sources.partitionOverwriteMode', 'dynamic'); df.write.mode('overwrite').insertInto('silver.t')",
            "dynamic partition overwrite",
        ),
    ],
)
def test_what_would_escape_is_refused_with_its_line(run, call, says):
    with pytest.raises(ProgramError) as caught:
        run(f"df = spark.table('silver.t')\n\n{call}\n")
    assert says in str(caught.value)
    assert (caught.value.file, caught.value.line) == (FILE, 3)
    assert str(caught.value).count(FILE) == 1
    assert not Path("/tmp/recon_escape").exists()


@pytest.mark.parametrize(
    ("text", "line", "code", "says"),
    [
        ("x = 1\nraise ValueError('secret 42')", 2, "ValueError", "ValueError was raised"),
        ("def f():\n    return nope\n\nf()", 2, "NameError", "name 'nope' is not defined"),
        ("x = 1\n\nif True print(1)", 3, "SyntaxError", "SyntaxError"),
        ("import sys\nsys.exit(3)", 2, "", "ended itself with an error"),
        ("import no_such_module", 1, "ModuleNotFoundError", "no_such_module"),
        ("from delta.tables import DeltaTable", 1, "ModuleNotFoundError", "delta"),
        ("a = 1\nspark.table('silver.nope')", 2, "TABLE_OR_VIEW_NOT_FOUND", "nope"),
        ("df = spark.table('silver.t')\ndf.select('nope')", 2, "UNRESOLVED_COLUMN.WITH_SUGGESTION", "nope"),
        ("spark.sql('select 1/0').collect()", 1, "DIVIDE_BY_ZERO", "Division by zero"),
        (
            "spark.sql('''select\ncast('secret 42' as int)''').collect()",
            2,
            "CAST_INVALID_INPUT",
            "cannot be cast",
        ),
        (
            "from pyspark.sql.functions import udf\nf = udf(lambda x: 1 / 0)\nspark.table('silver.t').select(f('id')).collect()",
            2,
            "PYTHON_EXCEPTION",
            "",
        ),
    ],
)
def test_failures_point_at_the_authors_line(run, text, line, code, says):
    with pytest.raises(ProgramError) as caught:
        run(text)
    assert (caught.value.file, caught.value.line) == (FILE, line)
    assert caught.value.code == code or not code
    assert says in str(caught.value)
    assert "secret 42" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_error_while_the_result_is_computed(run):
    with pytest.raises(ProgramError, match=FILE) as caught:
        run("result = spark.sql('select 1 / 0 as a')")
    assert caught.value.code == "DIVIDE_BY_ZERO"


def test_the_author_may_catch_sparks_errors(run):
    text = """from pyspark.errors import AnalysisException
try:
    spark.sql("select * from gold.not_there")
except AnalysisException as error:
    result = spark.createDataFrame([(error.getCondition(),)], "c string")
"""
    assert run(text).rows == [("TABLE_OR_VIEW_NOT_FOUND",)]


def test_widgets_get_parameters_as_text(run):
    text = """dbutils.widgets.text("month", "2020-01-01", "Month")
dbutils.widgets.dropdown("mode", "full", ["full", "delta"])
seen = [dbutils.widgets.get("month"), dbutils.widgets.get("mode"), dbutils.widgets.get("flag"), *sorted(dbutils.widgets.getAll())]
result = spark.createDataFrame([(v,) for v in seen], "v string")
"""
    import datetime

    rows = run(text, params={"@Month": datetime.date(2024, 1, 31), "flag": True}).rows
    assert sorted(r[0] for r in rows) == sorted(["2024-01-31", "full", "true", "Month", "mode", "flag"])


def test_exit_ends_a_notebook_early(run):
    text = """# Databricks notebook source
result = spark.range(1)
dbutils.notebook.exit("done")
# COMMAND ----------
raise ValueError
"""
    assert run(text).rows == [(0,)]
    assert run("import sys\nresult = spark.range(2)\nsys.exit()").rows == [(0,), (1,)]


def test_getorcreate_and_stop_leave_the_world_alone(run, engine):
    text = """from pyspark.sql import SparkSession
spark = SparkSession.builder.appName("mine").getOrCreate()
active = SparkSession.getActiveSession()
active.sql("create temporary view v as select 5 as a")
result = spark.sql("select a from v").localCheckpoint()
spark.stop()
"""
    assert run(text).rows == [(5,)]
    assert run("result = spark.range(1)").rows == [(0,)]
    assert any("stop" in note for note in engine.notes)


def test_nothing_of_the_process_changes(run, capfd, tmp_path):
    before = (Path.cwd(), list(sys.path), list(sys.argv), os.environ.get("TZ"), time.tzname)
    text = f"""import os, sys
os.chdir({str(tmp_path)!r})
sys.path.insert(0, "/nowhere")
sys.argv.append("x")
print("to the log")
result = spark.range(1)
"""
    run(text)
    assert (Path.cwd(), list(sys.path), list(sys.argv), os.environ.get("TZ"), time.tzname) == before
    assert "to the log" not in capfd.readouterr().out
    logs = list(tmp_path.glob("worlds/*.log"))
    assert [log.read_text() for log in logs] == ["to the log\n"]


def test_methods_of_pyspark_are_its_own_afterwards(run, spark_worlds, tmp_path):
    from pyspark.sql import DataFrameWriter

    with pytest.raises(ProgramError):
        run("raise RuntimeError")
    assert "pyspark" in DataFrameWriter.parquet.__module__
    spark_worlds.start().range(1).write.parquet(str(tmp_path / "free"))
    assert list((tmp_path / "free").glob("*.parquet"))


def test_naive_datetimes_are_utc_as_on_a_cluster(run, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        text = """import datetime
from pyspark.sql.functions import udf
noon = datetime.datetime(2024, 1, 1, 12)
same = udf(lambda t: t.hour, "int")
df = spark.createDataFrame([(noon,)], "t timestamp")
result = df.selectExpr("cast(t as string) as t").crossJoin(df.select(same("t").alias("h")))
"""
        assert run(text).rows == [("2024-01-01 12:00:00", 12)]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_no_single_relation(run):
    with pytest.raises(ProgramError, match=r"gold\.t was not written: it wrote gold.u"):
        run("spark.range(1).write.saveAsTable('gold.u')", "gold.t")
    with pytest.raises(ProgramError, match="leaves no rows"):
        run("x = 1")


@pytest.mark.parametrize("magic", ["%run ./other", "%pip install x", "%sh ls", "%scala val x = 1"])
def test_cells_that_cannot_be_run_are_refused(run, magic):
    with pytest.raises(ProgramError) as caught:
        run(f"# Databricks notebook source\nx = 1\n# COMMAND ----------\n\n# MAGIC {magic}\n")
    assert (caught.value.line, magic.split()[0] in str(caught.value)) == (5, True)


def test_append_to_a_target_made_beforehand(run, engine):
    engine.create(GOLD, [Column("id", "int"), Column("s", "varchar(10)")])
    text = "spark.table('silver.t').select('s', 'id').write.mode('append').saveAsTable('gold.t')"
    answer = run(text, "gold.t")
    assert (answer.columns, answer.rows) == (["id", "s"], [(1, "a"), (2, "b"), (3, None)])


def test_a_cancelled_world_runs_nothing_more(run, engine):
    engine.cancel()
    with pytest.raises(EngineError, match="cancelled"):
        run("result = spark.sql('select 1 as a')")


def test_duckdb_refuses_pyspark_with_the_remedy(duck, pyspark_variant):
    with duck.world() as world, pytest.raises(ProgramError, match="PySpark needs Spark") as caught:
        world.run(pyspark_variant("result = 1"), {}, None)
    assert 'mode = "spark"' in caught.value.hint
