"""A broken run goes on from its last whole step, with rows that are provably those it had."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recon import api, settings
from recon.errors import EngineError, SettingsError, SpecError
from recon.model import RunState
from recon.model_result import Verdict
from recon.pipeline import Walk, walk
from recon.progress import Progress
from recon.steps import manifest
from recon.wiring import Wiring
from tests.conftest import wait_for
from tests.small_project import ORDERS, STRAYS

SLOW = """
CREATE TEMPORARY VIEW slow AS
SELECT count(*) AS n
FROM silver.orders a CROSS JOIN silver.orders b CROSS JOIN silver.orders c CROSS JOIN gold.dim_region d
WHERE a.order_id + b.order_id + c.order_id + d.region_id > 1700;
INSERT INTO gold.fact_orders
SELECT o.order_id, o.month_key, r.region_name,
       CASE WHEN o.amount IS NULL OR o.amount < 0 THEN 0 ELSE o.amount END, o.note
FROM silver.orders o JOIN gold.dim_region r ON r.region_id = o.region_id JOIN slow ON slow.n > 0;
"""


def over(run_id):
    return wait_for(lambda: (r := api.run(run_id)) and r.state.over and r, 90, f"the end of {run_id}")


def messages(run_id) -> list[str]:
    return [e.message for e in api.events(run_id)]


def broken_at_the_lake(home: Path):
    """A run that fails when it writes into the lake; the lake is whole again afterwards."""
    home.mkdir(exist_ok=True)
    (home / "lake").write_text("no folder")
    run = over(api.start("orders", "faithful").id)
    (home / "lake").unlink()
    return run


def other_rows(project: Path) -> None:
    """Synapse has other rows now: a run that reads it again must see them."""
    file = project / "data/orders.parquet"
    table = pq.read_table(file)
    pq.write_table(pa.concat_tables([table.slice(0, 100)]), file)


def test_it_goes_on_after_the_lake_failed(home):
    run = broken_at_the_lake(home)
    found = api.result(run.id)
    assert (run.state, run.verdict) == (RunState.FAILED, Verdict.INCONCLUSIVE)
    assert (found.failure.kind, found.failure.step) == ("LakeError", "transfer")
    assert not list((home / "scratch" / run.id).rglob("*.duckdb"))
    other_rows(api.project().folder)

    again = over(api.resume(run.id).id)
    assert again.verdict == Verdict.MATCH
    assert api.result(again.id).rows.baseline == ORDERS - STRAYS
    assert any(m.startswith(f"Continues {run.id}") for m in messages(again.id))
    assert not any("usp_Load" in m for m in messages(again.id))  # the procedure is not called twice
    assert any(note.startswith(f"Continues {run.id}") for note in api.result(again.id).notes)
    assert list((home / "scratch").iterdir()) == []
    assert api.run(run.id).state is RunState.FAILED  # what was said about it stays said


def test_it_goes_on_after_its_worker_was_killed(home):
    (api.project().folder / "tables/orders/variants/faithful.sql").write_text(SLOW)
    run = api.start("orders", "faithful")
    wait_for(lambda: any(m.startswith("Running tables/orders/variants") for m in messages(run.id)))
    (worker,) = [w for w in api.worker_processes() if w.poll() is None]
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait(timeout=10)
    assert over(run.id).state is RunState.INTERRUPTED
    other_rows(api.project().folder)
    again = over(api.resume(run.id).id)
    assert (again.verdict, again.baseline_rows) == (Verdict.MATCH, ORDERS - STRAYS)
    assert any(m.startswith(f"Continues {run.id}") for m in messages(again.id))
    assert list((home / "scratch").iterdir()) == []
    assert not [f for f in (home / "lake").rglob("*") if f.is_file()]


def test_what_was_changed_since_is_not_trusted(home):
    run = broken_at_the_lake(home)
    file = home / "scratch" / run.id / "input_0.parquet"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    again = over(api.resume(run.id).id)
    assert again.verdict == Verdict.MATCH
    warned = [e.message for e in api.events(again.id) if e.level == "warning"]
    assert any("input_0.parquet is not what was written" in m for m in warned)
    assert any("usp_Load" in m for m in messages(again.id))


def test_where_nothing_is_kept_everything_is_done_anew(home):
    run = broken_at_the_lake(home)
    shutil.rmtree(home / "scratch" / run.id)
    again = over(api.resume(run.id).id)
    assert again.verdict == Verdict.MATCH
    assert any("nothing of it is kept" in m for m in messages(again.id))


def test_a_script_that_failed_keeps_nothing(home):
    run = over(api.start("orders", "broken").id)
    assert api.result(run.id).failure.kind == "ProgramError"
    assert list((home / "scratch").iterdir()) == []


def test_what_cannot_be_resumed_says_why(home):
    with pytest.raises(SettingsError, match="no run RUN-0009"):
        api.resume("RUN-0009")
    done = over(api.start("totals", "faithful").id)
    with pytest.raises(SpecError, match="it has a result"):
        api.resume(done.id)


def test_it_goes_on_at_the_comparison(home, tmp_path):
    """The candidate is there: neither Synapse nor the variant runs again."""
    project = api.project()
    table = project.table("orders")
    one = replace(project, tables=(replace(table, variants=(table.variant("faithful"),)),))
    said = settings.read()

    def ports_of(scratch, progress, **changed):
        return replace(Wiring(said).ports(one, scratch, progress), **changed)

    def broken():
        raise EngineError("no space left on the device", retryable=True)

    first, second = tmp_path / "RUN-1", tmp_path / "RUN-2"
    for folder in (first, second):
        folder.mkdir()
    progress = Progress()
    run = Walk(run_id="RUN-1", project=one, scratch=first, differences=first / "d.parquet")
    failed = walk(run, lambda: ports_of(first, progress, comparer=broken), progress)
    assert failed.failure.step == "verify"
    assert failed.engine.startswith("DuckDB")
    manifest.tidy(first)
    assert {p.relative_to(first).as_posix() for p in first.rglob("*") if p.is_file()} == {
        "checkpoint.json",
        "input_0.parquet",
        "input_1.parquet",
        "baseline.parquet",
        "candidate/part-00000.parquet",
    }

    def never(*_):
        raise AssertionError("this step was whole")

    progress = Progress()
    run = replace(run, run_id="RUN-2", scratch=second, differences=second / "d.parquet", continues=first)
    found = walk(run, lambda: ports_of(second, progress, source=never, world=never), progress)
    assert (found.verdict, found.rows.equal) == (Verdict.MATCH, ORDERS - STRAYS)
    assert found.engine.startswith("DuckDB")
    assert found.approximate
    assert [t.step for t in found.timings] == ["extract", "verify"]


def test_the_manifest_tells_every_place(home):
    found = api.result(over(api.start("orders", "faithful").id).id)
    ways = {}
    for each in found.manifest:
        ways.setdefault((each.role, each.table), []).append((each.place, each.rows))
    assert ways["input", "stg.ORDERS"] == [
        (place, ORDERS) for place in ("Synapse", "Parquet", "the lake", "Databricks")
    ]
    assert ways["baseline", "dbo.FACT_ORDERS"] == [("Synapse", ORDERS - STRAYS), ("Parquet", ORDERS - STRAYS)]
    assert ways["candidate", "gold.fact_orders"] == [("Parquet", ORDERS - STRAYS)]
    shas = {e.sha256 for e in found.manifest if e.table == "stg.ORDERS" and e.sha256}
    assert len(shas) == 1  # what was written is what lay in the lake
