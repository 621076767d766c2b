"""The demo's conversions in a world on Databricks give what they give on local Spark: verdict, rows, columns."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from recon.connectors.cloud.engine import databricks_world
from recon.connectors.local.comparer import duckdb_comparer
from recon.connectors.local.lake import FolderLake
from recon.connectors.local.source import local_source
from recon.model_result import Verdict
from recon.pipeline import Walk, walk
from recon.ports import Ports
from recon.progress import Progress
from recon.project import load
from tests.demo import truth
from tests.rig.fixtures_databricks import *  # noqa: F403 (fixtures)

pytestmark = pytest.mark.spark


class MappedLake(FolderLake):
    """A folder whose files Databricks sees under `abfss://`."""

    def __init__(self, root, adls):
        super().__init__(root)
        self._adls = adls

    def put(self, file, key):
        super().put(file, key)
        return self._adls.url(key)


@pytest.fixture
def walked(databricks_cloud, lake_folder, tmp_path):
    """`walked(folder, table, variant)`: the result of one run whose Databricks side is the rig."""

    def run(folder, name, variant):
        whole = load(Path(folder))
        table = whole.table(name)
        table = replace(table, variants=(table.variant(variant),))
        project = replace(whole, tables=(table,))
        progress = Progress()
        place = tmp_path / f"{name}_{variant}"
        for part in ("source", "compare"):
            (place / part).mkdir(parents=True)

        @contextmanager
        def world(run_name):
            with databricks_world(databricks_cloud, run_name, project.session, progress) as engine:
                yield engine

        ports = Ports(
            source=lambda: local_source(project, table, place / "source"),
            lake=MappedLake(lake_folder, databricks_cloud.adls),
            world=world,
            comparer=lambda: duckdb_comparer(place / "compare"),
        )
        once = Walk(run_id="walk1", project=project, scratch=place, differences=place / "differences.parquet")
        return walk(once, lambda: ports, progress)

    return run


@pytest.mark.parametrize(
    ("variant", "verdict"),
    [("faithful_pyspark", Verdict.MATCH), ("faithful_sql", Verdict.MATCH), ("null_income", Verdict.PARTIAL)],
)
def test_the_executive_summary(databricks, walked, variant, verdict):
    result = walked(truth.DEMO, "fact_executive_summary", variant)
    assert (result.verdict, result.failure, result.approximate) == (verdict, None, False)
    assert result.engine.startswith("duckdb") or "Databricks" in result.engine
    assert result.rows.baseline == result.rows.candidate == len(truth.loaded())
    nulls = sum(row["income_amount"] is None for row in truth.loaded()) if variant == "null_income" else 0
    assert {c.name: c.mismatches for c in result.columns if c.mismatches} == (
        {"income_amount": nulls} if nulls else {}
    )
    assert databricks.spark.schemas == set()
