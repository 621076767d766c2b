"""Runs for tests: in memory, and in a real store with results that no quick engine run would give."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from recon import api
from recon.model import Run, RunEvent, RunState, Step
from recon.model_result import Result
from recon.report import codec
from recon.settings import read
from recon.store import Outcome, Store
from tests.ui.sample import write_differences

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)


def a_run(**said) -> Run:
    """A finished run that matches, unless `said` otherwise."""
    facts = {
        "id": "RUN-0001",
        "project": "/p",
        "project_name": "Project",
        "table": "orders",
        "variant": "v1",
        "owner": "finance",
        "state": RunState.FINISHED,
        "by": "ada",
        "asked_at": NOON,
        "started_at": NOON,
        "finished_at": NOON + timedelta(seconds=42),
        "verdict": "MATCH",
        "rows_equal_percentage": 100.0,
        "baseline_rows": 1000,
    }
    return Run(**(facts | said))


def an_event(number: int, step: Step, seconds: float, message: str = "at work", **said) -> RunEvent:
    """One line of a story, `seconds` after noon."""
    return RunEvent(
        run_id="RUN-0001",
        number=number,
        at=NOON + timedelta(seconds=seconds),
        step=step,
        message=message,
        **said,
    )


def begin(*, table: str, variant: str, clock=None) -> str:
    """A run that a worker of ours has claimed and is walking; `clock` says when its heart last beat."""
    store = Store(read().store_url, **({"clock": clock} if clock else {}))
    try:
        project = api.project()
        there = project.table(table)
        run_id = store.ask(project, there, there.variant(variant), "ada")
        assert store.claim("a-test") == run_id
        store.beat("a-test", 1)
        now = datetime.now(UTC)
        store.tell(
            RunEvent(
                run_id=run_id, number=1, at=now, step=Step.EXTRACT, message="stg.ORDERS", done=3, total=9
            ),
            0.1,
        )
        return run_id
    finally:
        store.close()


class AtWork:
    """A run that stays at work until it is told to end, walked by a worker in this process."""

    def __init__(self, *, table: str, variant: str) -> None:
        self.id = begin(table=table, variant=variant)
        self._store = Store(read().store_url)
        self._done, self._stop = threading.Event(), threading.Event()
        self._pulse = threading.Thread(target=self._beat)

    def _beat(self) -> None:
        while not self._done.wait(0.2):
            if self._store.beat("a-test", 1):
                self._stop.set()

    def __enter__(self) -> AtWork:
        self._pulse.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._pulse.join()
        self._store.retire("a-test")
        self._store.close()

    def say(self, step: Step, number: int) -> None:
        """Tell one more line."""
        now = datetime.now(UTC)
        told = RunEvent(run_id=self.id, number=number, at=now, step=step, message=f"{step} goes on")
        self._store.tell(told, number / 10)

    def wait_for_cancel(self, seconds: float = 20) -> bool:
        """Whether somebody asked the run to stop in time."""
        return self._stop.wait(seconds)

    def end(self, result: Result, state: RunState = RunState.FINISHED) -> None:
        """Finish it."""
        final = replace(result, run_id=self.id)
        self._done.set()
        self._pulse.join()
        assert self._store.finish(self.id, "a-test", _outcome(final, state))


def _outcome(result: Result, state: RunState, **said) -> Outcome:
    return Outcome(
        state=state,
        document=codec.dumps(result),
        sha256=codec.sha256(result),
        verdict=result.verdict,
        match_percentage=result.match_percentage,
        rows_equal_percentage=result.rows_equal_percentage,
        baseline_rows=result.rows.baseline,
        differing_cells=sum(c.mismatches for c in result.columns),
        approximate=result.approximate,
        **said,
    )


def keep(result: Result, *, table: str, variant: str, state: RunState = RunState.FINISHED, **outcome) -> str:
    """Put a run that is over into the store of the settings in force; returns its id."""
    settings = read()
    store = Store(settings.store_url)
    try:
        project = api.project()
        there = project.table(table)
        run_id = store.ask(project, there, there.variant(variant), "ada")
        while store.claim("a-test") != run_id:
            pass
        store.beat("a-test", 1)
        for number, step in enumerate(Step, 1):
            story = RunEvent(
                run_id=run_id, number=number, at=datetime.now(UTC), step=step, message=f"{step} done"
            )
            store.tell(story, number / len(Step))
        final = replace(result, run_id=run_id, table=table, variant=variant)
        written = store.finish(run_id, "a-test", _outcome(final, state, **outcome))
        assert written
        if any(c.mismatches for c in final.columns):
            write_differences(settings.run_folder(run_id) / "differences.parquet")
        return run_id
    finally:
        store.retire("a-test")
        store.close()
