"""The doctor tries everything, says one line each, and never a secret."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from recon import api
from recon.api.checks import FAILED, NOT_CHECKED, NOT_SET, OK
from recon.cli import app

CLOUD = {
    "SYNAPSE_CONN_STR": "DRIVER=/nowhere/canary.so;SERVER=127.0.0.1,9;UID=u;PWD=canary-password",
    "ADLS_STORAGE_ACCOUNT": "acct",
    "ADLS_CONTAINER": "stage",
    "ADLS_ENDPOINT": "http://127.0.0.1:9/acct",
    "ADLS_SAS_TOKEN": "sig=canary-signature",
    "ADLS_ATTEMPTS": "1",
    "DATABRICKS_SERVER_HOSTNAME": "127.0.0.1:9",
    "DATABRICKS_HTTP_PATH": "/sql/1.0/warehouses/x",
    "DATABRICKS_TOKEN": "canary-token",
}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in CLOUD:
        monkeypatch.delenv(name, raising=False)


def states() -> dict[str, str]:
    return {check.name: check.state for check in api.doctor()}


def test_a_local_project_in_good_order(home):
    found = states()
    assert [found[name] for name in ("Settings", "Store", "Disk", "Project")] == [OK] * 4
    assert found["Cloud"] == NOT_SET
    assert CliRunner().invoke(app, ["doctor"]).exit_code == 0
    assert not list(home.glob("doctor-*"))


def test_what_is_wrong_has_a_remedy_and_exit_code_2(home, monkeypatch):
    (api.project().folder / "recon.toml").write_text("version = 1\nnam = 'x'\n")
    (bad,) = [c for c in api.doctor() if c.name == "Project"]
    assert bad.state == FAILED
    assert bad.said
    ran = CliRunner().invoke(app, ["doctor"])
    assert (ran.exit_code, "failed" in ran.output) == (2, True)
    monkeypatch.setenv("RECON_QUEUE_LIMIT", "x")
    assert states() == {"Settings": FAILED}


def test_a_home_that_cannot_be_written(home, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RECON_STORE_URL", f"sqlite:///{tmp_path}/store.db")
    monkeypatch.setenv("RECON_HOME", str(tmp_path / "file" / "home"))
    found = {c.name: c for c in api.doctor()}
    assert found["Disk"].state == FAILED
    assert found["Disk"].remedy


def test_a_cloud_project_without_settings_is_a_fault(home, monkeypatch):
    monkeypatch.setenv("RECON_MODE", "cloud")
    (cloud,) = [c for c in api.doctor() if c.name == "Cloud"]
    assert cloud.state == FAILED
    assert all(name in cloud.said for name in ("SYNAPSE_CONN_STR", "DATABRICKS_HTTP_PATH"))


# --- the cloud --------------------------------------------------------------------------------------


def test_servers_that_are_not_there_and_no_secret(home, monkeypatch):
    for name, value in CLOUD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABRICKS_START_SECONDS", "1")
    found = api.doctor()
    states = {c.name: c.state for c in found}
    assert states["ADLS: write"] == states["Synapse: login"] == FAILED
    assert states["Databricks: login and CREATE SCHEMA"] == FAILED
    assert all(c.remedy for c in found if c.state == FAILED)
    assert "canary" not in repr(found)


@pytest.mark.spark
def test_everything_in_good_order(cloud, demo_folder, tmp_path, monkeypatch):
    from tests.conftest import settle

    settle(monkeypatch, tmp_path, demo_folder)
    for name, value in cloud.environment("microsoft").items():
        monkeypatch.setenv(name, value)
    found = {c.name: c for c in api.doctor()}
    assert [c for c in found.values() if c.state == FAILED] == []
    for name in (
        "Synapse: login",
        "Synapse: SELECT on dbo.DIM_DATE",
        "ADLS: write",
        "ADLS: read",
        "ADLS: delete",
    ):
        assert found[name].state == OK
    assert found["Databricks: login and CREATE SCHEMA"].state == found["Databricks: reads ADLS"].state == OK
    assert found["Synapse: EXECUTE on dbo.usp_Load_FACT_EXECUTIVE_SUMMARY"].state == NOT_CHECKED
    assert cloud.left == ([], set())


@pytest.mark.spark
def test_databricks_that_reads_another_account(cloud, demo_folder, tmp_path, monkeypatch):
    from tests.conftest import settle

    settle(monkeypatch, tmp_path, demo_folder)
    for name, value in cloud.environment("microsoft").items():
        monkeypatch.setenv(name, value)
    cloud.lake.after = lambda method, path: (
        None
    )  # what is written does not reach the lake that Databricks reads
    found = {c.name: c for c in api.doctor()}
    assert found["ADLS: read"].state == OK
    assert found["Databricks: reads ADLS"].state == FAILED
    assert found["Databricks: login and CREATE SCHEMA"].state == OK
    assert cloud.left == ([], set())
