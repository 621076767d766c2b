"""DuckDB and Spark side by side: one of each for all tests here."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from recon.connectors.local.comparer import duckdb_comparer
from recon.connectors.spark.worlds import SparkWorlds
from recon.model import Session
from tests.compare.tables import Bench


@pytest.fixture(scope="session")
def benches(tmp_path_factory):
    """The same tables on both: (DuckDB, Spark)."""
    folder = tmp_path_factory.mktemp("spark_compare")
    worlds = SparkWorlds(Session(), folder / "home", memory="1g")
    reason = worlds.available()
    if reason:
        pytest.skip(reason)
    from recon.connectors.spark.comparer import spark_comparer

    with ExitStack() as stack:
        duck = stack.enter_context(duckdb_comparer(folder / "duck", memory_limit="1GB"))
        spark = stack.enter_context(spark_comparer(worlds, folder / "work"))
        yield Bench(duck, folder), Bench(spark, folder)
