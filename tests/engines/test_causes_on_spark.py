"""Spark gives the same findings as DuckDB: every seeded defect, and rows that share something."""

from __future__ import annotations

import pytest

from recon.connectors.local.comparer import duckdb_comparer
from recon.connectors.spark.comparer import spark_comparer
from tests.compare.seeded import SEEDED
from tests.compare.tables import Bench, table
from tests.compare.test_causes_rows import orders, without

pytestmark = pytest.mark.spark
# One of each way in which signs read values: numbers, texts, texts as dates, parts of texts, times.
CODES = (
    "SCALE_FACTOR",
    "UNICODE_FORM",
    "CONVERT_STYLE",
    "STRING_AGG_ORDER",
    "DATE_FORMAT_PARSE",
    "TIMEZONE_SHIFT",
)
ROWS = 40


def seeded():
    """Some defects as the columns of one table for each side."""
    key = ("int", list(range(ROWS)))
    return [
        table(
            k=key,
            **{code: (SEEDED[code][2 * side], SEEDED[code][2 * side + 1][:ROWS]) for code in CODES},
        )
        for side in (0, 1)
    ]


def test_both_engines_find_the_same(spark_worlds, tmp_path):
    with (
        duckdb_comparer(tmp_path / "duck") as duck,
        spark_comparer(spark_worlds, tmp_path / "spark") as spark,
    ):
        benches = [Bench(engine, tmp_path) for engine in (duck, spark)]
        data = orders(60)
        lost = without(data, lambda r: r["region"] == "FR")
        for ours, theirs, keys in [(*seeded(), ["k"]), (data, lost, ["id"])]:
            expected, found = (bench.compare(ours, theirs, keys=keys).causes for bench in benches)
            assert found == expected
            assert len(expected) == (len(CODES) if keys == ["k"] else 1)
