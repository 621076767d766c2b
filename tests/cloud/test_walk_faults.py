"""What breaks on the way, at each step: the run is right, or fails under the right name; nothing stays behind.

The cases are the table of docs/reliability.md, which the last test writes.
"""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from recon import project as projects
from recon import settings
from recon.model import Mode
from recon.model_result import Verdict
from recon.pipeline import Walk, walk
from recon.ports import Ports
from recon.progress import Progress
from recon.steps import manifest
from recon.wiring import Wiring
from tests.conftest import settle, wait_for
from tests.rig.faults import Fault as Net
from tests.rig.fixtures_walk import CloudRig
from tests.rig.tds import Fault as Tds
from tests.rig.thrift_faults import Fault as Rpc
from tests.small_project import ORDERS, STRAYS, write_small_project

pytestmark = [pytest.mark.spark, pytest.mark.timeout(180)]

DOC = Path(__file__).parents[2] / "docs/reliability.md"
BEGIN, END = "<!-- written by tests/cloud/test_walk_faults.py -->", "<!-- end -->"
WHOLE = "whole"
QUICK = {
    "SYNAPSE_LOGIN_SECONDS": "5",
    "SYNAPSE_QUERY_SECONDS": "20",
    "ADLS_TIMEOUT_SECONDS": "2",
    "ADLS_ATTEMPTS": "3",
    "DATABRICKS_SOCKET_SECONDS": "20",
    "DATABRICKS_START_SECONDS": "20",
}


@dataclass
class Case:
    """One fault at one step. `ends` is the error's class and step, or WHOLE; `words` stand in the error."""

    step: str
    fault: str
    order: Callable[[CloudRig], object]
    ends: str = WHOLE
    words: str = ""
    env: dict[str, str] = field(default_factory=dict)
    cancel_at: str = ""  # what the run says when somebody cancels it
    cancel_met: bool = False  # somebody cancels it once the fault has begun
    disk: int = 0  # no file may become larger

    @property
    def name(self) -> str:
        return f"{self.step}: {self.fault}"


def tds(text: str, **how):
    return lambda rig: rig.tds.faults.append(Tds(text, **how))


def net(do: str, method: str, contains: str, **how):
    return lambda rig: rig.lake.faults.append(Net(do, method, contains, **how))


def rpc(call: str, **how):
    return lambda rig: rig.databricks.faults.order(Rpc(call, **how))


def nothing(rig) -> None:
    """The fault is in the environment."""


def expired(rig) -> None:
    rig.entra.seconds = -60


def truncated(rig) -> None:
    """What Databricks finds in the lake lacks its end."""

    def copy(method: str, path: str) -> None:
        rig.copy(method, path)
        if method != "PUT" or "comp=blocklist" not in path or "input_0" not in path:
            return
        for file in rig.mirror.rglob("input_0.parquet"):
            file.write_bytes(file.read_bytes()[:-200])

    rig.lake.after = copy


def fewer(rig) -> None:
    """What Databricks finds in the lake is a whole file with fewer rows."""

    def copy(method: str, path: str) -> None:
        rig.copy(method, path)
        if method != "PUT" or "comp=blocklist" not in path or "input_0" not in path:
            return
        for file in rig.mirror.rglob("input_0.parquet"):
            table = pq.read_table(file)
            pq.write_table(table.slice(0, table.num_rows - 1), file)

    rig.lake.after = copy


READ = "FROM [stg].[ORDERS]"
DEAD = "127.0.0.1:9"
CASES = (
    Case("extract", "connection dropped before the first rows", tds(READ, drop_after=0)),
    Case("extract", "too many requests (10928)", tds(READ, number=10928)),
    Case("extract", "service error (40197)", tds(READ, number=40197)),
    Case("extract", "service busy (40501)", tds(READ, number=40501)),
    Case(
        "extract",
        "connection dropped in the middle of the rows",
        tds(READ, drop_after=3, times=9),
        "SourceError",
    ),
    Case("extract", "connection dropped during the procedure", tds("usp_Load", drop_after=0), "SourceError"),
    Case(
        "extract",
        "a statement that never ends",
        tds(READ, seconds=30, times=9),
        "SourceError",
        env={"SYNAPSE_QUERY_SECONDS": "1"},
    ),
    Case("extract", "token expired", expired, "SettingsError", "login"),
    Case("extract", "Entra ID answers 503", lambda rig: setattr(rig.entra, "refuse", 1)),
    Case("extract", "server gone", nothing, "SourceError", env={"SYNAPSE_CONN_STR": ""}),
    Case(
        "extract",
        "cancel while a statement runs",
        tds(READ, seconds=30),
        "Cancelled",
        cancel_met=True,
    ),
    Case("extract", "disk full", nothing, "PlatformError", "disk", disk=6_000),
    Case("transfer", "connection dropped", net("drop", "PUT", "comp=block&")),
    Case("transfer", "answer lost after the commit", net("lose", "PUT", "comp=blocklist")),
    Case("transfer", "429", net("status", "PUT", "comp=block&", status=429, times=2)),
    Case("transfer", "500", net("status", "PUT", "comp=block&", status=500, times=2)),
    Case("transfer", "503", net("status", "PUT", "comp=blocklist", status=503, times=2)),
    Case(
        "transfer",
        "503 without end",
        net("status", "PUT", "comp=block&", status=503, times=99),
        "LakeError",
        "503",
    ),
    Case("transfer", "stalled socket", net("stall", "PUT", "comp=block&")),
    Case("transfer", "a block changed on the way", net("corrupt", "PUT", "comp=block&")),
    Case(
        "transfer",
        "wrong checksum of what lies there",
        net("corrupt answer", "GET", "input_0"),
        "LakeError",
        "transport fault at ADLS",
    ),
    Case("transfer", "the answer cut short", net("cut answer", "GET", "input_0")),
    Case(
        "transfer",
        "token refused (401)",
        net("status", "PUT", "comp=block&", status=401, times=99),
        "LakeError",
        "401",
    ),
    Case(
        "transfer",
        "permission missing (403)",
        net("status", "PUT", "comp=block&", status=403, times=99),
        "LakeError",
        "403",
    ),
    Case(
        "transfer",
        "server gone",
        nothing,
        "LakeError",
        "cannot be reached",
        env={"ADLS_ENDPOINT": f"https://{DEAD}/x"},
    ),
    Case("transfer", "cancel during the upload", nothing, "Cancelled", cancel_at="Uploading"),
    Case("world", "503 when the session opens", rpc("OpenSession", status=503, times=1)),
    Case("world", "429 when the session opens", rpc("OpenSession", status=429, times=1)),
    Case("world", "connection dropped when the session opens", rpc("OpenSession", drop=True)),
    Case("world", "permission missing (403)", rpc("OpenSession", status=403, times=99), "SettingsError"),
    Case(
        "world",
        "server gone",
        nothing,
        "EngineError",
        env={"DATABRICKS_SERVER_HOSTNAME": DEAD, "DATABRICKS_START_SECONDS": "3"},
    ),
    Case("execute", "file in the lake truncated", truncated, "EngineError", "reading the staged files"),
    Case(
        "execute",
        "fewer rows in the lake than were sent",
        fewer,
        "EngineError",
        "transport fault at Databricks",
    ),
    Case(
        "execute",
        "connection dropped at a statement",
        rpc("ExecuteStatement", drop=True, after=9, times=2),
        "EngineError",
    ),
    Case(
        "execute", "500 at a statement", rpc("ExecuteStatement", status=500, after=9, times=2), "EngineError"
    ),
    Case(
        "execute",
        "stalled socket at a statement",
        rpc("ExecuteStatement", stall=3.0, after=9, times=2),
        "EngineError",
        env={"DATABRICKS_SOCKET_SECONDS": "2"},
    ),
    Case(
        "execute",
        "cancel while a statement runs",
        rpc("ExecuteStatement", stall=6.0, contains="TEMPORARY VIEW"),
        "Cancelled",
        cancel_met=True,
    ),
    Case("verify", "disk full", nothing, "EngineError", disk=1),
)
# Faults of the list that no test of this file plays, and why.
ELSEWHERE = (
    (
        "every step",
        "worker killed",
        "interrupted within 15 s; resumed from its last whole step",
        "tests/cloud/test_resume.py",
    ),
    (
        "transfer",
        "two writers of one object",
        "one whole object, never a mixture",
        "tests/cloud/test_lake.py",
    ),
    (
        "any",
        "a real throttle, failover or token policy of Azure or Databricks",
        "not injected: no account",
        "—",
    ),
    (
        "any",
        "loss of power while the store writes",
        "not injected: SQLite's and PostgreSQL's own promise",
        "—",
    ),
    ("transfer", "a hierarchical namespace (ADLS Gen2) refusing", "not injected: Azurite has none", "—"),
)

passed: set[str] = set()


@pytest.fixture(scope="module")
def orders(tmp_path_factory, cloud_rig):
    """The small project; its tables and procedure are in Synapse too."""
    folder = write_small_project(tmp_path_factory.mktemp("orders") / "project")
    cloud_rig.tds.database.run((folder / "tables/orders/ddl.sql").read_text())
    cloud_rig.tds.database.run((folder / "tables/orders/synapse.sql").read_text())
    rows = pq.read_table(folder / "data/orders.parquet")
    cloud_rig.tds.database.fill(
        "stg", "ORDERS", list(zip(*(c.to_pylist() for c in rows.columns), strict=True))
    )
    cloud_rig.tds.database.fill("dbo", "DIM_REGION", [(1, "North"), (2, "South"), (3, "Østfold")])
    return folder


def run_of(orders: Path, scratch: Path) -> Walk:
    project = projects.load(orders)
    table = project.table("orders")
    one = replace(
        project, mode=settings.read().mode, tables=(replace(table, variants=(table.variant("faithful"),)),)
    )
    scratch.mkdir()
    return Walk(
        run_id="RUN-0001", project=one, scratch=scratch, differences=scratch / "differences.parquet",
        place=settings.read().place("RUN-0001"),
    )  # fmt: skip


def walked(case: Case, run: Walk, rig: CloudRig):
    """The result, walked in this process; a cancel comes when the run says `cancel_at` or the fault begins."""
    progress = Progress()
    if case.cancel_met:

        def watch() -> None:
            wait_for(lambda: all(met(rig)), 60)
            progress.cancel()

        threading.Thread(target=watch, daemon=True).start()

    def emit(step, message, done, total, level) -> None:
        if case.cancel_at and case.cancel_at in message:
            progress.cancel()
        if case.disk and str(step) == case.step:
            resource.setrlimit(resource.RLIMIT_FSIZE, (case.disk, hard))

    progress.emit = emit
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        return walk(run, lambda: ports_of(case, run, progress), progress)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def ports_of(case: Case, run: Walk, progress: Progress) -> Ports:
    """The cloud's ports; those that a case does not concern are local ones, which are quicker."""
    wiring = Wiring(settings.read())
    cloud = wiring.ports(run.project, run.scratch, progress)
    local = wiring.ports(replace(run.project, mode=Mode.LOCAL), run.scratch, progress)
    if case.step == "extract":
        return replace(cloud, lake=local.lake, world=local.world)
    return replace(cloud, source=local.source)


def met(rig: CloudRig) -> list[bool]:
    """Of each fault that was ordered, whether it happened."""
    left = [f.times for f in (*rig.tds.faults, *rig.lake.faults, *rig.databricks.faults._plan)]
    return [now < before for now, before in zip(left, rig.ordered, strict=True)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault(case, cloud, orders, tmp_path, monkeypatch):
    settle(monkeypatch, tmp_path, orders)
    told = cloud.environment("microsoft") | QUICK | case.env
    if not told["SYNAPSE_CONN_STR"]:
        good = cloud.environment("microsoft")["SYNAPSE_CONN_STR"]
        told["SYNAPSE_CONN_STR"] = good.replace(f",{cloud.tds.port};", ",9;")
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    case.order(cloud)
    cloud.ordered = [f.times for f in (*cloud.tds.faults, *cloud.lake.faults, *cloud.databricks.faults._plan)]
    run = run_of(orders, tmp_path / "scratch")
    found = walked(case, run, cloud)
    assert all(met(cloud)), "the fault did not happen"
    if case.ends == WHOLE:
        assert found.failure is None, found.failure
        assert (found.verdict, found.rows.equal) == (Verdict.MATCH, ORDERS - STRAYS)
    else:
        assert found.failure, found.verdict
        assert (found.failure.kind, found.failure.step) == (case.ends, case.step), found.failure
        assert found.verdict == Verdict.INCONCLUSIVE
        assert found.failure.hint or case.ends == "Cancelled"
        assert case.words in found.failure.error
    cloud.heal()
    assert cloud.left == ([], set()), "nothing stays behind"
    manifest.tidy(run.scratch)
    assert not list(run.scratch.rglob("*.duckdb"))
    passed.add(case.name)


def table() -> str:
    """The table of the handbook."""
    rows = [(c.step, c.fault, outcome(c), "tests/cloud/test_walk_faults.py") for c in CASES]
    lines = ["| Step | Fault | Outcome | Seen in |", "|---|---|---|---|"]
    return "\n".join(lines + [f"| {' | '.join(each)} |" for each in (*rows, *ELSEWHERE)])


def outcome(case: Case) -> str:
    if case.ends == WHOLE:
        return "tried again; the run is whole: MATCH, all counts right"
    if case.ends == "Cancelled":
        return "cancelled"
    return f"INCONCLUSIVE, {case.ends} at {case.step} with a remedy" + (
        f": “{case.words}”" if case.words else ""
    )


def test_the_table_of_the_handbook():
    """Written when every case has passed; in CI it must be what is in the repository."""
    if passed != {case.name for case in CASES}:
        pytest.skip("only some of the cases have run")
    text = DOC.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    whole = f"{head}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"
    if os.environ.get("CI") != "true":
        DOC.write_text(whole, encoding="utf-8")
    assert DOC.read_text(encoding="utf-8") == whole
