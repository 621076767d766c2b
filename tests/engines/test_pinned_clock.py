"""`[session] now` on real Spark: what SQL and PySpark variants are told the time is."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from recon.model import Script, Session, Table
from recon.sqlscript.lint import lint
from recon.steps.explain import loose_clocks

NOON = datetime(2024, 1, 31, 12, 0, 5)
PINNED = Session(now=NOON)
pytestmark = pytest.mark.spark


def moments(answer):
    return [v.replace(tzinfo=None) if isinstance(v, datetime) else v for v in answer.rows[0]]


def test_sql_is_told_the_pinned_time(spark):
    text = """CREATE TABLE gold.t AS SELECT current_timestamp() AS a, now() AS b, current_date AS c, curdate() AS d,
        date_add(current_date(), 1) AS e, date_format(current_timestamp, 'yyyyMMddHHmmss') AS f"""
    with spark.world(session=PINNED) as engine:
        found = moments(spark.answer(engine, text, "gold.t"))
    assert found == [NOON, NOON, date(2024, 1, 31), date(2024, 1, 31), date(2024, 2, 1), "20240131120005"]


def test_sql_within_pyspark_is_told_it_too(spark, pyspark_variant):
    text = """result = spark.sql("SELECT current_timestamp() AS a, current_date() AS b")"""
    with spark.world(session=PINNED) as engine:
        assert moments(spark.answer(engine, pyspark_variant(text))) == [NOON, date(2024, 1, 31)]


def test_functions_of_pyspark_are_not_and_the_run_says_so(spark, pyspark_variant):
    text = """from pyspark.sql import functions as F
result = spark.range(1).select(F.current_date().alias("b"), F.expr("1").alias("c"))
"""
    made = pyspark_variant(text)
    with spark.world(session=PINNED) as engine:
        (today, _) = moments(spark.answer(engine, made))
    assert today != NOON.date()
    table = Table(
        name="t", folder="t", original=Script("s.sql", "SELECT GETDATE() AS b, 1 AS c"), variants=(made,)
    )
    [note] = loose_clocks(lint(table, made, pinned=True))
    assert note.startswith("tables/t/variants/v.py:2:")
    assert "not held by [session] now" in note


def test_without_a_pin_the_clock_runs(spark):
    with spark.world() as engine:
        (said,) = moments(spark.answer(engine, "SELECT current_timestamp() AS a"))
    assert abs((datetime.now(UTC).replace(tzinfo=None) - said).total_seconds()) < 600
