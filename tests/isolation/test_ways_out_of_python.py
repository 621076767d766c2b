"""PySpark variants that would leave the run are stopped, on real Spark, and nothing outside has changed."""

from __future__ import annotations

import threading
import time

import pytest

from recon.errors import EngineError, ProgramError
from recon.model import TableRef

pytestmark = pytest.mark.spark

ESCAPES = [
    # --- Spark's own writers
    ("df.write.parquet('{out}/x')", "write.parquet"),
    ("df.write.format('delta').mode('overwrite').save('{out}')", "write.save"),
    ("df.write.format('jdbc').option('url', 'jdbc:x')", "format('jdbc')"),
    ("df.write.format('noop').save('{out}')", "write.save"),
    ("df.write.saveAsTable('delta.`{out}`')", "the path"),
    ("df.write.option('path', '{out}/x').saveAsTable('gold.t')", "option path"),
    ("df.write.insertInto('parquet.`{out}`')", "the path"),
    ("df.writeTo('parquet.`{out}`').append()", "the path"),
    ("df.writeStream", "writeStream"),
    ("df.mergeInto('gold.t', df.id == 1)", "mergeInto"),
    ("df.rdd.saveAsTextFile('{out}/x')", "saveAsTextFile"),
    ("sc.parallelize([1]).saveAsPickleFile('{out}/x')", "saveAsPickleFile"),
    ("spark.catalog.createTable('gold.t', path='{out}')", "createTable"),
    # --- SQL put together at run time
    ("spark.sql('drop ' + 'schema silver cascade')", "DROP SCHEMA"),
    ("spark.sql(f\"insert overwrite directory '{out}' using parquet select 1\")", "DIRECTORY"),
    ("spark.sql('create table gold.t (a int) location \"{out}\"')", "LOCATION"),
    ("spark.sql('create temporary view v using parquet options (path \"{out}\")')", "view over files"),
    ("sql('execute immediate \"drop table silver.t\"')", "EXECUTE"),
    ("spark.newSession().sql('drop database silver cascade')", "DROP DATABASE"),
    ("spark.sql('select transform(id) using \"touch {out}/x\" as (b) from silver.t').count()", "TRANSFORM"),
    # --- reading around the inputs
    ("spark.read.parquet('{out}').count()", "read.parquet"),
    ("spark.read.format('csv').load('{out}')", "read.load"),
    ("spark.read.jdbc('jdbc:x', 't')", "read.jdbc"),
    ("spark.sql('select * from parquet.`{out}`')", "the path"),
    # --- settings and Java
    ("spark.conf.set('spark.sql.catalog.evil', 'org.x.Evil')", "spark.sql.catalog.evil"),
    ("from pyspark.sql import SparkSession; SparkSession.builder.config('spark.hadoop.fs.s3a.endpoint', 'x')", "spark.hadoop"),
    ("spark._jvm.java.lang.System.exit(1)", "_jvm"),
    ("sc._jsc.hadoopConfiguration()", "_jsc"),
    # --- Python itself
    ("open('{out}/x', 'w')", "writes a file"),
    ("from pathlib import Path; Path('{out}/x').write_text('x')", "writes a file"),
    ("df.toPandas().to_csv('{out}/x.csv')", "writes a file"),
    ("df.toPandas().to_parquet('{out}/x.parquet')", "to_parquet"),
    ("import os; os.remove('{out}/kept.txt')", "changes files"),
    ("import os; os.rename('{out}/kept.txt', '{out}/x')", "changes files"),
    ("import shutil; shutil.rmtree('{out}')", "changes files"),
    ("import os; os.mkdir('{out}/x')", "changes files"),
    ("import subprocess; subprocess.run(['touch', '{out}/x'])", "starts a program"),
    ("import os; os.system('touch {out}/x')", "starts a program"),
    ("import socket; socket.create_connection(('127.0.0.1', 9))", "opens a connection"),
    ("import urllib.request as r; r.urlopen('http://127.0.0.1:9/')", "opens a connection"),
    # --- Databricks' utilities
    ("dbutils.fs.rm('{out}', True)", "dbutils.fs"),
    ("dbutils.fs.put('{out}/x', 'x')", "dbutils.fs"),
    ("dbutils.secrets.get('a', 'b')", "dbutils.secrets"),
    ("dbutils.notebook.run('/prod/load', 60)", "dbutils.notebook.run"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "says"), ESCAPES, ids=[c[:70] for c, _ in ESCAPES])
def test_a_way_out_is_stopped_at_its_line(run, call, says):
    with pytest.raises(ProgramError) as caught:
        run(f"df = spark.table('silver.t')\n\n{call}\ndf.write.saveAsTable('gold.t')\n")
    assert says in str(caught.value)
    assert (caught.value.file, caught.value.line) == ("tables/t/variants/v.py", 3)
    assert caught.value.hint


@pytest.mark.parametrize(
    "call",
    [
        "open('{out}/x', 'w')",
        "spark.sql('drop schema silver cascade')",
        "df.write.parquet('{out}/x')",
        "spark.conf.set('spark.sql.catalog.evil', 'x')",
    ],
)
def test_an_attempt_that_the_script_hushes_up_still_ends_the_run(run, call):
    text = f"df = spark.table('silver.t')\ntry:\n    {call}\nexcept Exception:\n    pass\ndf.write.saveAsTable('gold.t')\n"
    with pytest.raises(ProgramError) as caught:
        run(text)
    assert caught.value.line == 3


HARMLESS = """
import json, math, os, tempfile, datetime
from pathlib import Path
import pandas
from pyspark.sql import functions as F
rows = [json.loads('{"id": 1}'), {"id": len(os.listdir("."))}]
with tempfile.NamedTemporaryFile("w+", suffix=".txt") as file:
    file.write("inside")
    file.flush()
    inside = Path(file.name).read_text()
made = spark.createDataFrame(pandas.DataFrame({"id": [7, 8]}))
twice = F.udf(lambda x: x * 2, "long")
spark.conf.set("spark.sql.shuffle.partitions", "2")
spark.read.json(sc.parallelize(['{"id": 5}'])).count()
made.checkpoint().cache().count()
display(made)
made.write.format("noop").mode("overwrite").save()
made.select(twice("id").alias("id")).union(spark.table("silver.t")).write.mode("overwrite").saveAsTable("main.gold.t")
"""


def test_what_conversions_usually_do_is_let_through(run, world):
    found = run(HARMLESS)
    assert found == TableRef(schema="gold", name="t")


def test_another_catalogs_name_lands_in_the_run(run, world):
    run("spark.table('silver.t').write.saveAsTable('production.gold.t')")
    assert [c.name for c in world.columns(TableRef(schema="gold", name="t"))] == ["id"]


def test_the_fence_is_down_afterwards(run, outside, tmp_path):
    with pytest.raises(ProgramError):
        run("open('{out}/x', 'w')")
    (tmp_path / "mine.txt").write_text("written by the test itself", encoding="utf-8")


def test_an_endless_loop_in_python_can_be_cancelled(run, world):
    threading.Timer(1.0, world.cancel).start()
    began = time.monotonic()
    with pytest.raises(EngineError, match="cancelled"):
        run("n = 0\nwhile True:\n    n += 1\n")
    assert time.monotonic() - began < 20


def test_an_endless_loop_of_small_queries_can_be_cancelled(run, world):
    threading.Timer(1.5, world.cancel).start()
    with pytest.raises(EngineError, match="cancelled"):
        run("while True:\n    spark.range(10).count()\n")
