"""The whole cloud on one machine: Entra ID, Synapse, ADLS and Databricks, each behind its real client.

What is committed to Azurite is copied into the folder that Spark knows as `abfss://`, and what is deleted goes
from there: Databricks reads the very bytes that were uploaded.
"""

from __future__ import annotations

import shutil
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from azure.storage.blob import BlobServiceClient

from tests.rig.azurite import ACCOUNT
from tests.rig.databricks_server import PATH, DatabricksServer
from tests.rig.databricks_spark import SparkWarehouse
from tests.rig.entra import DATABRICKS_AUDIENCE, SQL_AUDIENCE, Entra
from tests.rig.faults import FaultProxy
from tests.rig.fixtures_lake import CONTAINER
from tests.rig.fixtures_synapse import conn_str, need_odbc
from tests.rig.jobs_spark import SparkJobs
from tests.rig.tds import TdsServer
from tests.rig.workspace_rest import Workspace

ROOT = Path(__file__).parents[2]
CATALOG = "main"
KEPT = 12  # one staged row in so many


@dataclass
class CloudRig:
    """The servers. `lake` is the proxy before Azurite; `mirror` the folder that Spark reads."""

    entra: Entra
    tds: TdsServer
    lake: FaultProxy
    databricks: DatabricksServer
    warehouse: SparkWarehouse
    service: BlobServiceClient
    mirror: Path
    bundle: Path
    more: dict[str, str] = field(default_factory=dict)
    ordered: list[int] = field(default_factory=list)  # how often each fault was to happen

    def environment(self, driver: str) -> dict[str, str]:
        """What a user would set, with tokens of Entra ID; FreeTDS knows user and password only."""
        token = driver == "microsoft"
        return self.entra.environment | {
            "SYNAPSE_CONN_STR": conn_str(self.tds, driver, login=not token),
            "SYNAPSE_AUTH": "entra" if token else "sql",
            "ADLS_STORAGE_ACCOUNT": ACCOUNT,
            "ADLS_CONTAINER": CONTAINER,
            "ADLS_ENDPOINT": self.lake.url,
            "DATABRICKS_SERVER_HOSTNAME": self.databricks.host,
            "DATABRICKS_HTTP_PATH": PATH,
            "DATABRICKS_CATALOG": CATALOG,
            "RECON_MODE": "cloud",
            **self.more,
        }

    @property
    def left(self) -> tuple[list[str], set[str]]:
        """What lies in the container, and which schemas there are."""
        blobs = self.service.get_container_client(CONTAINER).list_blobs(include=["uncommittedblobs"])
        return [blob.name for blob in blobs], self.warehouse.schemas

    def heal(self) -> None:
        """No fault any more, and nothing seen yet."""
        self.tds.clear()
        self.lake.faults, self.lake.seen = [], []
        self.lake.after = self.copy
        self.databricks.faults.clear()
        self.entra.seconds, self.entra.refuse = 3600, 0
        self.more.clear()

    def copy(self, method: str, path: str) -> None:
        """Follow what was done to Azurite in the folder of Spark."""
        address = urllib.parse.urlsplit(path)
        key = urllib.parse.unquote(address.path).removeprefix(f"/{ACCOUNT}/{CONTAINER}/")
        there = self.mirror / key
        if method == "PUT" and "comp=blocklist" in address.query:
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(self.service.get_blob_client(CONTAINER, key).download_blob().readall())
        elif method == "DELETE":
            there.unlink(missing_ok=True)


def small_demo(folder: Path) -> Path:
    """The demo with one staged row in twelve: every defect of its conversions still shows."""
    shutil.copytree(ROOT / "demo", folder, ignore=shutil.ignore_patterns("*.py.bak", "__pycache__"))
    file = folder / "data/stg_holding_metrics.parquet"
    table = pq.read_table(file)
    picked = [n for n in range(table.num_rows) if n % KEPT == 5]
    pq.write_table(table.take(picked), file)
    return folder


def fill(tds: TdsServer, project: Path) -> None:
    """Put the demo's tables, rows and procedures into Synapse."""
    for name in ("fact_executive_summary", "fact_account_month"):
        tds.database.run((project / f"tables/{name}/ddl.sql").read_text())
        tds.database.run((project / f"tables/{name}/synapse.sql").read_text())
    for schema, table, file in (
        ("stg", "STG_HOLDING_METRICS", "stg_holding_metrics"),
        ("dbo", "DIM_DATE", "dim_date"),
        ("dbo", "DIM_INSTITUTION", "dim_institution"),
        ("dbo", "DIM_CORPORATION", "dim_corporation"),
        ("dbo", "DIM_PRODUCT", "dim_product"),
    ):
        rows = pq.read_table(project / f"data/{file}.parquet")
        tds.database.fill(schema, table, list(zip(*(c.to_pylist() for c in rows.columns), strict=True)))


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory):
    """The small demo."""
    return small_demo(tmp_path_factory.mktemp("demo") / "project")


@pytest.fixture(scope="session")
def cloud_rig(tmp_path_factory, certificates, entra, secure_azurite, warehouse_spark, demo_folder):
    """All servers, with the small demo in Synapse."""
    need_odbc()
    folder = tmp_path_factory.mktemp("cloud")
    mirror = folder / "mirror"
    mirror.mkdir()
    warehouse = SparkWarehouse(warehouse_spark, folder / "warehouse", CATALOG)
    warehouse.lake(CONTAINER, ACCOUNT, mirror)
    service = BlobServiceClient.from_connection_string(
        secure_azurite.connection_string, connection_verify=str(certificates.ca_file)
    )
    tds = TdsServer(
        certificates, accepts=lambda token: entra.fault(token, SQL_AUDIENCE, SQL_AUDIENCE.rstrip("/"))
    )
    jobs = SparkJobs(warehouse)
    databricks = DatabricksServer(
        warehouse,
        certificates,
        accepts=lambda token: not entra.fault(token, DATABRICKS_AUDIENCE),
        rest=Workspace(jobs).answer,
    )
    lake = FaultProxy(secure_azurite.url, certificates.cert_file, certificates.key_file, certificates.ca_file)
    with tds, lake:
        rig = CloudRig(entra, tds, lake, databricks, warehouse, service, mirror, certificates.bundle_file)
        lake.after = rig.copy
        fill(tds, demo_folder)
        yield rig
        jobs.close()
        databricks.stop()


@pytest.fixture
def cloud(cloud_rig):
    """The servers without faults; afterwards nothing of any run is left on them."""
    cloud_rig.heal()
    yield cloud_rig
    cloud_rig.heal()
