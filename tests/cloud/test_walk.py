"""The whole walk through all real clients, over sockets, in a worker process: the same words as in local mode."""

from __future__ import annotations

import os

import pytest

from recon import api
from recon.model import RunState
from recon.model_result import Verdict
from tests.conftest import end_workers, settle, wait_for

pytestmark = [pytest.mark.spark, pytest.mark.timeout(600)]

TABLE = "fact_executive_summary"
SQL = ("faithful_sql", "null_income", "dropped_corporation_join", "scd_fanout", "wrong_rounding")
VARIANTS = ("faithful_pyspark", *SQL)
DRIVERS = ("microsoft", "freetds")


def over(run_id, seconds=240):
    return wait_for(lambda: (r := api.run(run_id)) and r.state.over and r, seconds, f"the end of {run_id}")


def facts(run_id):
    """What a run says about the data."""
    found = api.result(run_id)
    return (
        found.verdict,
        found.rows,
        found.match_percentage,
        {
            c.name: (c.compared, c.mismatches, tuple((k.cause, k.cells) for k in c.causes))
            for c in found.columns
        },
        found.segments,
    )


@pytest.fixture(scope="module")
def expected(tmp_path_factory, demo_folder):
    """What local mode says of each variant."""
    with pytest.MonkeyPatch.context() as patch:
        settle(patch, tmp_path_factory.mktemp("local"), demo_folder)
        patch.setenv("RECON_MODE", "local")
        asked = {name: api.start(TABLE, name).id for name in SQL}
        for run_id in asked.values():
            assert over(run_id).state is RunState.FINISHED
        said = {name: facts(run_id) for name, run_id in asked.items()}
        said["faithful_pyspark"] = said["faithful_sql"]  # local mode runs no PySpark
        end_workers()
    return said


@pytest.fixture
def home(tmp_path, monkeypatch, demo_folder):
    yield settle(monkeypatch, tmp_path, demo_folder)
    end_workers()


@pytest.mark.parametrize("driver", DRIVERS)
def test_the_same_verdicts_and_counts_as_in_local_mode(cloud, home, expected, monkeypatch, driver):
    for name, value in cloud.environment(driver).items():
        monkeypatch.setenv(name, value)
    every = driver == "microsoft" or os.environ.get("CI") == "true"  # the second driver takes as long again
    asked = {name: api.start(TABLE, name).id for name in (VARIANTS if every else VARIANTS[:3])}
    for name, run_id in asked.items():
        run = over(run_id)
        assert run.state is RunState.FINISHED, (name, run.error, run.hint)
        assert facts(run_id) == expected[name]
        found = api.result(run_id)
        assert not found.approximate
        assert found.engine.startswith("Databricks SQL")
        places = [a.place for a in found.manifest if a.table == "stg.STG_HOLDING_METRICS"]
        assert places == ["Synapse", "Parquet", "ADLS", "Databricks"]
    assert expected["faithful_sql"][0] == Verdict.MATCH
    assert {bool(login.token) for login in cloud.tds.logins} == {driver == "microsoft"}
    assert cloud.left == ([], set())
    assert not [p for p in cloud.mirror.rglob("*") if p.is_file()]
    assert list((home / "scratch").iterdir()) == []
