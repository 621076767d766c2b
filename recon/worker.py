"""A worker: claims queued runs, walks them one after another, and stays warm in between.

It runs as a process of its own beside the dashboard (`python -m recon work`), so that a rerun, a closed
tab or a crash of the page harms nothing. A thread says every two seconds that it lives; a worker that
was killed falls silent, and its run is marked as interrupted.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from recon.model import RunEvent, RunState, Step
from recon.pipeline import Walk, walk
from recon.progress import Progress
from recon.report import codec
from recon.selftest import record
from recon.steps import manifest
from recon.store import Outcome, Store
from recon.wiring import Wiring

if TYPE_CHECKING:
    from pathlib import Path

    from recon.model_result import Result
    from recon.settings import Settings

log = logging.getLogger("recon")

BEAT = 2.0  # seconds between two signs of life
POLL = 0.5  # seconds between two looks at the queue
# Faults after which the same request may succeed. A script that fails, fails again.
_PASSING = frozenset({"PlatformError", "SourceError", "LakeError", "EngineError", "SettingsError"})
# How much of the whole walk each step usually takes: begin and share of the progress bar.
_SHARE = {
    Step.EXTRACT: (0.00, 0.25),
    Step.TRANSFER: (0.25, 0.05),
    Step.WORLD: (0.30, 0.20),
    Step.EXECUTE: (0.50, 0.20),
    Step.VERIFY: (0.70, 0.25),
    Step.STORE: (0.95, 0.05),
}


def work(settings: Settings, worker: str) -> None:
    """Walk what is queued until nothing has come for `settings.idle_seconds`."""
    store, wiring = Store(settings.store_url), Wiring(settings)
    sweep(settings, store)
    pulse = _Pulse(store, worker)
    pulse.start()
    idle_since = time.monotonic()
    try:
        while time.monotonic() - idle_since < settings.idle_seconds:
            run = store.claim(worker)
            if run is None:
                time.sleep(POLL)
                continue
            _walk_one(run, settings, store, wiring, pulse, worker)
            idle_since = time.monotonic()
    finally:
        pulse.stop()
        wiring.close()
        store.retire(worker)
        store.close()


def sweep(settings: Settings, store: Store) -> None:
    """Remove the temporary files of runs that are over: those of a worker that was killed.

    What a broken run has whole stays for `keep_hours`, so that it can be continued.
    """
    for folder in settings.home.glob("scratch/RUN-*"):
        run = store.run(folder.name)
        if run and not run.state.over:
            continue
        broken = run is not None and run.state in {RunState.FAILED, RunState.INTERRUPTED}
        if broken and age_hours(folder) < settings.keep_hours:
            manifest.tidy(folder)
        else:
            log.info("%s: removing what it left", folder.name)
            shutil.rmtree(folder, ignore_errors=True)
    for folder in settings.home.glob("lake/RUN-*"):
        run = store.run(folder.name.rsplit("-", 1)[0])
        if run is None or run.state.over:
            shutil.rmtree(folder, ignore_errors=True)


def age_hours(folder: Path) -> float:
    """How long ago something was last put into a folder or taken out of it."""
    return (time.time() - folder.stat().st_mtime) / 3600


def _walk_one(run: str, settings: Settings, store: Store, wiring: Wiring, pulse: _Pulse, worker: str) -> None:
    project = store.project_of(run)
    if project is None:  # claimed a moment ago: only a hand in the database can take it away
        return
    scratch = settings.scratch(run)
    folder = settings.run_folder(run)
    earlier = store.continues(run)
    for each in (scratch, folder):
        shutil.rmtree(each, ignore_errors=True)
        each.mkdir(parents=True)
        each.chmod(0o700)  # rows lie there
    story = _Story(run, store)
    progress = Progress(emit=story)
    pulse.walks(progress)
    proof = record.latest(settings.home)
    try:
        walked = walk(
            Walk(
                run_id=run,
                project=project,
                scratch=scratch,
                differences=scratch / "differences.parquet",
                copies=folder / "extract",
                place=settings.place(run),
                continues=settings.scratch(earlier) if earlier else None,
                selftest=proof.said if proof else "",
                doubts=proof.doubts if proof else (),
            ),
            lambda: wiring.ports(project, scratch, progress),
            progress,
        )
        outcome = _outcome(walked)
        if walked.failure is None:
            (scratch / "differences.parquet").replace(folder / "differences.parquet")
    except Exception as error:  # noqa: BLE001 (the one place: a bug must not end the worker)
        where = "".join(
            traceback.format_tb(error.__traceback__)
        )  # not its message: that may hold a row value
        log.error("%s: this is a fault of recon: %s\n%s", run, type(error).__name__, where)  # noqa: TRY400
        outcome = Outcome(
            state=RunState.FAILED,
            error="recon itself failed; this says nothing about the conversion.",
            hint=f"Look for {run} in {settings.log_file.name} and report it with the traceback there.",
        )
        walked = None
    finally:
        pulse.walks(None)
    _leave(scratch, walked)
    if earlier:
        shutil.rmtree(settings.scratch(earlier), ignore_errors=True)
    if store.finish(run, worker, outcome):
        story.close(outcome)
    else:
        log.warning("%s: was no longer ours when it ended; its result is thrown away", run)


def _leave(scratch: Path, walked: Result | None) -> None:
    """Empty a run's scratch, but for what another run can go on from where the fault was not its own."""
    failure = walked.failure if walked else None
    if walked is None or (failure and failure.kind in _PASSING):
        manifest.tidy(scratch)
    else:
        shutil.rmtree(scratch, ignore_errors=True)


def _outcome(result: Result) -> Outcome:
    state = RunState.FINISHED
    if result.failure:
        state = RunState.CANCELLED if result.failure.kind == "Cancelled" else RunState.FAILED
    return Outcome(
        state=state,
        document=codec.dumps(result),
        sha256=codec.sha256(result),
        verdict=result.verdict,
        match_percentage=result.match_percentage,
        rows_equal_percentage=result.rows_equal_percentage,
        baseline_rows=result.rows.baseline,
        differing_cells=sum(column.mismatches for column in result.columns),
        approximate=result.approximate,
        error=result.failure.error if result.failure else "",
        hint=result.failure.hint if result.failure else "",
    )


class _Story:
    """Turns what steps say into events: numbered, logged, and at most one a second of a kind."""

    def __init__(self, run: str, store: Store) -> None:
        self._run, self._store = run, store
        self._number = 0
        self._last: tuple[str, float] = ("", 0.0)

    def __call__(self, step: Step, message: str, done: int, total: int, level: str) -> None:
        now = time.monotonic()
        again = self._last[0] == message and now - self._last[1] < 1.0
        if again and level == "info":
            return
        self._last = (message, now)
        self._number += 1
        log.log(
            logging.WARNING if level == "warning" else logging.INFO, "%s %s: %s", self._run, step, message
        )
        begin, share = _SHARE[step]
        event = RunEvent(
            run_id=self._run,
            number=self._number,
            at=datetime.now(UTC),
            step=step,
            message=message,
            done=done,
            total=total,
            level=level,
        )
        self._store.tell(event, begin + share * (min(done / total, 1.0) if total else 0.0))

    def close(self, outcome: Outcome) -> None:
        log.info("%s: %s, %s", self._run, outcome.state, outcome.verdict)


class _Pulse(threading.Thread):
    """Says that the worker lives, and passes a cancel on to the run at work."""

    def __init__(self, store: Store, worker: str) -> None:
        super().__init__(name="pulse", daemon=True)
        self._store, self._worker = store, worker
        self._ended = threading.Event()
        self._progress: Progress | None = None
        store.beat(worker, os.getpid())

    def walks(self, progress: Progress | None) -> None:
        """Which run is at work."""
        self._progress = progress

    def stop(self) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        while not self._ended.wait(BEAT / 2):
            stop = self._store.beat(self._worker, os.getpid())
            progress = self._progress
            if stop and progress:
                progress.cancel()
