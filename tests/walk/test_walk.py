"""The whole walk through the public door, in worker processes, over the small project."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from recon import api
from recon.errors import SpecError
from recon.model import RunState
from recon.model_result import Verdict
from tests.conftest import wait_for
from tests.small_project import BLANKS, NULLS, ORDERS, STRAYS, write_small_project


def over(run_id):
    return wait_for(lambda: (r := api.run(run_id)) and r.state.over and r, what=f"the end of {run_id}")


def test_a_faithful_conversion_is_a_match(finished_project):
    run = finished_project["orders/faithful"]
    found = api.result(run.id)
    assert run.verdict == Verdict.MATCH
    assert (found.rows.baseline, found.rows.candidate, found.rows.equal) == (ORDERS - STRAYS,) * 3
    assert found.match_percentage == 100.0
    assert found.approximate
    assert [t.step for t in found.timings] == ["extract", "transfer", "world", "execute", "verify"]


def test_a_query_without_names_of_targets_is_a_match(finished_project):
    found = api.result(finished_project["totals/faithful"].id)
    assert (found.verdict, found.rows.equal) == (Verdict.MATCH, 12)


def test_the_guilty_columns_are_named_and_counted(finished_project):
    found = api.result(finished_project["orders/null_amount"].id)
    columns = {c.name: c for c in found.columns}
    assert found.verdict in {Verdict.PARTIAL, Verdict.NO_MATCH}
    assert (columns["amount"].mismatches, columns["amount"].candidate_null) == (NULLS, NULLS)
    assert (columns["note"].mismatches, [c.cause for c in columns["note"].causes]) == (BLANKS, ["whitespace"])
    assert any("amount" in reason for reason in found.reasons)
    assert any("note" in reason for reason in found.reasons)


def test_extra_rows_are_named_and_counted(finished_project):
    found = api.result(finished_project["orders/left_join"].id)
    assert (found.rows.extra, found.rows.missing, found.rows.differing) == (STRAYS, 0, 0)
    assert any(str(STRAYS) in reason and "Databricks" in reason for reason in found.reasons)


def test_a_conversion_that_fails_is_inconclusive_and_says_where(finished_project):
    run = finished_project["orders/broken"]
    assert (run.state, run.verdict) == (RunState.FAILED, Verdict.INCONCLUSIVE)
    found = api.result(run.id)
    assert found.failure.step == "execute"
    assert "no_such_column" in found.failure.error
    assert "variants/broken.sql:1" in found.failure.error
    assert found.match_percentage is None


def test_stored_differences_agree_with_the_counts(finished_project):
    run = finished_project["orders/null_amount"]
    page = api.differences(run.id, column="amount", limit=10)
    assert (page.stored, len(page.rows)) == (NULLS, 10)
    assert {(d.column, d.kind, d.candidate) for d in page.rows} == {("amount", "null_vs_value", None)}
    assert api.differences(run.id, column="note", kinds=("whitespace",)).stored == BLANKS
    one = api.differences(run.id, limit=1).rows[0]
    assert api.differences(run.id, key=json.dumps(one.key, separators=(",", ":"))).stored >= 1


def test_the_heatmap_adds_up_to_the_mismatches(finished_project):
    found = api.result(finished_project["orders/null_amount"].id)
    for column in found.columns:
        cells = [c.mismatches for c in found.segments.cells if c.column == column.name]
        assert sum(cells) == column.mismatches


def test_temporary_files_are_gone_and_differences_stay(finished_project, finished_folder):
    home = finished_folder / "home"
    assert list((home / "scratch").iterdir()) == []
    assert not [f for f in (home / "lake").rglob("*") if f.is_file()]
    assert (home / "runs" / finished_project["orders/left_join"].id / "differences.parquet").is_file()


def test_every_step_is_logged_with_the_run_and_without_values(finished_project, finished_folder):
    text = (finished_folder / "reconciliation.log").read_text(encoding="utf-8")
    run = finished_project["orders/null_amount"]
    for step in ("extract", "transfer", "execute", "verify"):
        assert f"{run.id} {step}" in text
    assert "note 19" not in text  # a value of the data


def test_editing_a_script_afterwards_changes_neither_the_run_nor_its_texts(home):
    run = api.start("totals", "faithful")
    file = Path(api.project().folder) / "tables/totals/variants/faithful.sql"
    file.write_text("SELECT 1 AS month_key", encoding="utf-8")
    assert over(run.id).verdict == Verdict.MATCH
    assert "count(*)" in api.scripts(run.id).variant.text


def test_a_name_that_is_not_there_gets_the_nearest(home):
    with pytest.raises(SpecError) as raised:
        api.start("order", "faithful")
    assert "orders" in raised.value.hint
    with pytest.raises(SpecError) as raised:
        api.start("orders", "faithfull")
    assert "faithful" in raised.value.hint


def slow_down(project: Path) -> None:
    """Make the procedure of `orders` take minutes unless somebody stops it."""
    file = project / "tables/orders/synapse.sql"
    loop = "DECLARE @n bigint = 0\n WHILE @n < 100000000 SET @n = @n + 1\n SET NOCOUNT ON"
    file.write_text(file.read_text("utf-8").replace("SET NOCOUNT ON", loop), encoding="utf-8")


def test_a_running_run_can_be_cancelled(home):
    slow_down(api.project().folder)
    run = api.start("orders", "faithful")
    wait_for(lambda: api.run(run.id).state is RunState.RUNNING)
    api.cancel(run.id)
    done = over(run.id)
    assert (done.state, done.verdict) == (RunState.CANCELLED, Verdict.INCONCLUSIVE)
    assert not list((home / "scratch").iterdir())


def test_a_killed_worker_leaves_its_run_interrupted_within_15_seconds(home):
    slow_down(api.project().folder)
    run = api.start("orders", "faithful")
    wait_for(lambda: api.run(run.id).state is RunState.RUNNING)
    (worker,) = [w for w in api.worker_processes() if w.poll() is None]
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait(timeout=10)
    killed = time.monotonic()
    done = over(run.id)
    assert time.monotonic() - killed < 15
    assert (done.state, done.verdict) == (RunState.INTERRUPTED, Verdict.INCONCLUSIVE)
    assert api.result(run.id) is None
    write_small_project(api.project().folder)  # quick again
    finished = api.start("orders", "left_join")  # its file, as if the kill had come just before the end
    assert over(finished.id).state is RunState.FINISHED
    stored = home / "runs" / finished.id / "differences.parquet"
    assert api.differences(finished.id).stored > 0
    (home / "runs" / run.id).mkdir(exist_ok=True)
    (home / "runs" / run.id / stored.name).write_bytes(stored.read_bytes())
    assert api.differences(run.id).stored == 0
    again = api.start("totals", "faithful")  # a new worker comes, and sweeps up
    assert over(again.id).verdict == Verdict.MATCH
    assert not list((home / "scratch").iterdir())


def test_runs_of_one_table_at_once_are_kept_apart(home):
    asked = [
        api.start("orders", "faithful"),
        api.start("orders", "null_amount"),
        api.start("orders", "faithful"),
    ]
    verdicts = [over(r.id).verdict for r in asked]
    assert verdicts[0] == verdicts[2] == Verdict.MATCH
    assert verdicts[1] != Verdict.MATCH
