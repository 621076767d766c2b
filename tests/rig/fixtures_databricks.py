"""Fixtures: one Spark for the test session, and Databricks servers on free ports before it."""

from __future__ import annotations

import sys

import pytest

from recon.connections import Adls, Cloud, Databricks, Synapse
from recon.connectors.spark.worlds import SparkWorlds
from recon.model import Session
from tests.rig.certificates import Certificates
from tests.rig.databricks_server import PATH, TOKEN, DatabricksServer
from tests.rig.databricks_spark import SparkWarehouse
from tests.rig.jobs_spark import SparkJobs
from tests.rig.workspace_rest import Workspace

CATALOG = "main"
ACCOUNT, CONTAINER = "acct1", "stage"


@pytest.fixture(scope="session")
def databricks_certificates(tmp_path_factory):
    """The rig's private authority."""
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def warehouse_spark(tmp_path_factory):
    """The process's one Spark; the test is skipped where there is none."""
    worlds = SparkWorlds(Session(), tmp_path_factory.mktemp("spark"), memory="1g")
    reason = worlds.available()
    if reason:
        pytest.skip(reason)
    return worlds.start()


@pytest.fixture
def lake_folder(tmp_path):
    """What lies in the container of the lake."""
    folder = tmp_path / "lake"
    folder.mkdir()
    return folder


@pytest.fixture
def databricks(warehouse_spark, databricks_certificates, tmp_path, lake_folder):
    """A Databricks workspace. When the test ends no schema of it is left, and no session."""
    warehouse = SparkWarehouse(warehouse_spark, tmp_path / "warehouse", CATALOG)
    warehouse.lake(CONTAINER, ACCOUNT, lake_folder)
    jobs = SparkJobs(warehouse)
    workspace = Workspace(jobs)
    server = DatabricksServer(warehouse, databricks_certificates, rest=workspace.answer)
    server.spark, server.workspace = warehouse, workspace
    yield server
    jobs.close()
    for run in jobs.started:
        sys.stdout.write(f"job {run.number}: {run.result} {run.message}\n")  # shown when the test failed
    server.stop()
    for name in warehouse.schemas:
        warehouse_spark.sql(f"DROP SCHEMA `{name}` CASCADE")


@pytest.fixture
def databricks_cloud(databricks, databricks_certificates, monkeypatch):
    """Connections to that workspace."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(databricks_certificates.ca_file))
    return Cloud(
        synapse=Synapse(conn_str="unused"),
        adls=Adls(account=ACCOUNT, container=CONTAINER, path=""),
        databricks=Databricks(
            hostname=databricks.host,
            http_path=PATH,
            token=TOKEN,
            catalog=CATALOG,
            job_poll_seconds=0.1,
            backoff_seconds=0.1,
            start_seconds=20,
        ),
        ca_file=str(databricks_certificates.ca_file),
    )
