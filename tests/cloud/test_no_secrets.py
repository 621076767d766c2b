"""A canary over a whole run, a failed one and one that could not log in: no secret and no row value anywhere.

The values of the column `note` are the canaries of the data: the column is declared sensitive, so that they may
not even show in what lists differences.
"""

from __future__ import annotations

import sqlite3

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recon import api
from recon.model import RunState
from recon.model_result import Verdict
from recon.report import FORMATS
from tests.cloud.test_walk import over
from tests.conftest import end_workers, settle
from tests.rig.entra import SECRET
from tests.rig.tds import PASSWORD
from tests.small_project import write_small_project

pytestmark = [pytest.mark.spark, pytest.mark.timeout(300)]
CANARY = "KANARIENVOGEL"
CAST = """
INSERT INTO gold.fact_orders
SELECT o.order_id, o.month_key, r.region_name, CAST(o.note AS decimal(18,2)), o.note
FROM silver.orders o JOIN gold.dim_region r ON r.region_id = o.region_id;
"""


@pytest.fixture
def project(tmp_path, cloud):
    """The small project with canaries for notes, some with a blank behind; in Synapse under names of its own."""
    folder = write_small_project(tmp_path / "project")
    file = folder / "data/orders.parquet"
    table = pq.read_table(file)
    notes = [f"{CANARY}{n}" + (" " if n % 15 == 4 else "") for n in range(table.num_rows)]
    table = table.set_column(4, "note", pa.array(notes))
    for each in [folder / "tables/orders" / name for name in ("table.toml", "ddl.sql", "synapse.sql")]:
        text = each.read_text().replace("ORDERS", "BIRDS").replace("stg.", "birds.")
        each.write_text(text.replace("dbo.DIM_REGION", "birds.DIM_REGION"))
    toml = folder / "tables/orders/table.toml"
    toml.write_text(toml.read_text() + "[columns.note]\nsensitive = true\n")
    (folder / "tables/orders/variants/cast.sql").write_text(CAST)
    cloud.tds.database.run((folder / "tables/orders/ddl.sql").read_text())
    cloud.tds.database.run((folder / "tables/orders/synapse.sql").read_text())
    rows = list(zip(*(c.to_pylist() for c in table.columns), strict=True))
    cloud.tds.database.fill("birds", "BIRDS", rows)
    cloud.tds.database.fill("birds", "DIM_REGION", [(1, "North"), (2, "South"), (3, "Østfold")])
    return folder


def everything(home, log) -> dict[str, bytes]:
    """All that a run leaves, by where it lies; what is compressed is read."""
    found = {str(f): f.read_bytes() for f in home.rglob("*") if f.is_file() and f.suffix != ".parquet"}
    found["log"] = log.read_bytes()
    for file in home.rglob("*.parquet"):
        found[str(file)] = str(pq.read_table(file).to_pylist()).encode()
    for run in api.runs():
        found[f"run {run.id}"] = repr(run).encode()
        found[f"events of {run.id}"] = repr(api.events(run.id)).encode()
        if api.result(run.id):
            for name in FORMATS:
                found[f"{name} of {run.id}"] = api.export(run.id, name).data
    with sqlite3.connect(home / "recon.db") as db:
        found["store"] = "\n".join(line for line in db.iterdump()).encode()
    return found


def test_no_secret_and_no_row_value_anywhere(cloud, project, tmp_path, monkeypatch):
    home = settle(monkeypatch, tmp_path, project)
    secrets = [PASSWORD, SECRET, CANARY]
    try:
        for name, value in cloud.environment("freetds").items():
            monkeypatch.setenv(name, value)
        whole = over(api.start("orders", "null_amount").id)
        failed = over(api.start("orders", "cast").id)
        end_workers()
        monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong-kanarienvogel")
        refused = over(api.start("orders", "faithful").id)
    finally:
        end_workers()
    assert (whole.state, failed.state, refused.state) == (
        RunState.FINISHED,
        RunState.FAILED,
        RunState.FAILED,
    ), (whole.error, failed.error, refused.error)
    assert whole.verdict != Verdict.MATCH
    notes = next(c for c in api.result(whole.id).columns if c.name == "note")
    assert (notes.sensitive, notes.mismatches > 0) == (True, True)
    assert api.result(failed.id).failure.kind == "ProgramError"
    assert api.result(refused.id).failure.kind == "LakeError"
    kept = home / "scratch" / refused.id  # its rows, so that it can be resumed: for its owner alone
    assert kept.stat().st_mode & 0o077 == 0
    cleaned = api.clean(everything=True)  # with the wrong secret still set
    assert [(f.run, f.failed) for f in cleaned] == [(refused.id, False), ("", True), ("", True)]
    assert not kept.exists()
    assert "wrong" not in repr(cleaned)
    for secret in (*secrets, "wrong-kanarienvogel"):
        held = [
            where
            for where, data in everything(home, tmp_path / "reconciliation.log").items()
            if secret.encode() in data
        ]
        assert held == [], f"{secret!r} stands in {held}"
