"""Runs in the store: ask, claim, tell, finish, read back."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, func, insert, make_url, select, update
from sqlalchemy.exc import SQLAlchemyError

from recon.errors import SettingsError
from recon.model import Project, Run, RunEvent, RunState, Step
from recon.model_result import Verdict
from recon.store import request
from recon.store.schema import VERSION, events, metadata, results, runs, version, workers

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sqlalchemy import Connection, Engine, RowMapping, Select

    from recon.model import Table, Variant

_CLAIM = 7236501  # the advisory lock that claims are made under, on PostgreSQL
STALE = timedelta(seconds=10)  # a worker beats every two seconds


def run_id(number: int) -> str:
    """The name by which people know a run: RUN-0001."""
    return f"RUN-{number:04d}"


def _number(run: str) -> int:
    """The number behind a run's name; -1, which no run has, when it is no such name."""
    digits = run.upper().removeprefix("RUN-")
    return int(digits) if digits.isdigit() and len(digits) < 10 else -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a run ended, as the worker tells it. `document` is empty when there is no result."""

    state: RunState
    document: str = ""
    sha256: str = ""
    verdict: Verdict = Verdict.INCONCLUSIVE
    match_percentage: float | None = None
    rows_equal_percentage: float | None = None
    baseline_rows: int = 0
    differing_cells: int = 0
    approximate: bool = False
    error: str = ""
    hint: str = ""


class Store:
    """One store, safe to share between threads. Every method is one transaction."""

    def __init__(self, url: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Connects and makes the tables that are not there. SettingsError when it cannot."""
        self._engine = _connect(url)
        self._now = clock

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    # --- asking --------------------------------------------------------------------------

    def room(self, more: int, limit: int) -> None:
        """SettingsError when `more` runs would make the queue longer than `limit`."""
        with self._engine.connect() as db:
            waiting = db.execute(
                select(func.count()).select_from(runs).where(runs.c.state == RunState.QUEUED)
            ).scalar_one()
        if waiting + more > limit:
            raise SettingsError(
                f"the queue is full: {waiting} runs wait, {more} more were asked for, {limit} may wait",
                hint="Wait until some are over, cancel some, or raise RECON_QUEUE_LIMIT.",
            )

    def ask(self, project: Project, table: Table, variant: Variant, by: str, continues: str = "") -> str:
        """Queue a run; return its id. `continues` is the run whose whole steps count for it."""
        row = {
            "request": request.dump(project, table, variant, continues),
            "project": str(project.folder),
            "project_name": project.name,
            "table": table.name,
            "variant": variant.name,
            "owner": table.owner,
            "by": by,
            "state": RunState.QUEUED,
            "asked_at": self._now(),
        }
        with self._begin() as db:
            return run_id(db.execute(insert(runs).values(row).returning(runs.c.number)).scalar_one())

    def cancel(self, run: str) -> None:
        """Ask a run to stop. A queued one is cancelled at once; one that is over stays as it is."""
        this = runs.c.number == _number(run)
        with self._begin() as db:
            db.execute(update(runs).where(this).values(cancel_asked=True))
            db.execute(
                update(runs)
                .where(this, runs.c.state == RunState.QUEUED)
                .values(
                    state=RunState.CANCELLED,
                    finished_at=self._now(),
                    verdict=Verdict.INCONCLUSIVE,
                    error="cancelled before it began",
                )
            )

    # --- the worker's side -------------------------------------------------------------------

    def claim(self, worker: str) -> str | None:
        """Take the oldest queued run that may begin; None when there is none. Two workers never take one run.

        A run waits while another of its table is at work: both would call a procedure that writes one table.
        """
        self._reap()
        while True:
            with self._begin() as db:
                if db.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
                    db.execute(select(func.pg_advisory_xact_lock(_CLAIM)))
                number = db.execute(_may_begin()).scalar()
                if number is None:
                    return None
                now = self._now()
                taken = db.execute(
                    update(runs)
                    .where(runs.c.number == number, runs.c.number.in_(_may_begin()))
                    .values(state=RunState.RUNNING, worker=worker, started_at=now, heartbeat_at=now)
                )
                if taken.rowcount == 1:
                    return run_id(number)

    def project_of(self, run: str) -> Project | None:
        """The request of a run, frozen when it was asked for."""
        with self._engine.connect() as db:
            text = db.execute(select(runs.c.request).where(runs.c.number == _number(run))).scalar()
        return request.load(text) if text else None

    def continues(self, run: str) -> str:
        """The run that this one takes up again; empty when it begins by itself."""
        with self._engine.connect() as db:
            text = db.execute(select(runs.c.request).where(runs.c.number == _number(run))).scalar()
        return request.continues(text) if text else ""

    def beat(self, worker: str, pid: int) -> bool:
        """Say that `worker` lives, and with it the run it walks. True when that run should stop."""
        now = self._now()
        mine = (runs.c.worker == worker) & (runs.c.state == RunState.RUNNING)
        with self._begin() as db:
            known = db.execute(
                update(workers).where(workers.c.id == worker).values(heartbeat_at=now, pid=pid)
            )
            if known.rowcount == 0:
                db.execute(insert(workers).values(id=worker, pid=pid, started_at=now, heartbeat_at=now))
            db.execute(update(runs).where(mine).values(heartbeat_at=now))
            return bool(db.execute(select(func.count()).where(mine, runs.c.cancel_asked)).scalar())

    def retire(self, worker: str) -> None:
        """Forget a worker that ended in good order."""
        with self._begin() as db:
            db.execute(workers.delete().where(workers.c.id == worker))

    def worker_alive(self) -> bool:
        """Whether any worker has been heard of lately."""
        alive = select(func.count()).where(workers.c.heartbeat_at >= self._now() - STALE)
        with self._engine.connect() as db:
            return bool(db.execute(alive).scalar())

    def tell(self, story: RunEvent, fraction: float) -> None:
        """Append one event and move the run's progress line."""
        number = _number(story.run_id)
        with self._begin() as db:
            db.execute(
                insert(events).values(
                    run=number,
                    number=story.number,
                    at=story.at,
                    step=story.step,
                    message=story.message,
                    done=story.done,
                    total=story.total,
                    level=story.level,
                )
            )
            db.execute(
                update(runs)
                .where(runs.c.number == number)
                .values(step=story.step, fraction=fraction, message=story.message)
            )

    def finish(self, run: str, worker: str, outcome: Outcome) -> bool:
        """Write how the run ended, result and state together.

        False, and nothing is written, when the run is no longer this worker's (it was taken for dead):
        a late result must not replace what people have already been told.
        """
        number = _number(run)
        mine = (runs.c.number == number) & (runs.c.worker == worker) & (runs.c.state == RunState.RUNNING)
        values: dict[str, Any] = {
            "state": outcome.state,
            "finished_at": self._now(),
            "fraction": 1.0,
            "error": outcome.error,
            "hint": outcome.hint,
            "verdict": outcome.verdict,
            "match_percentage": outcome.match_percentage,
            "rows_equal_percentage": outcome.rows_equal_percentage,
            "baseline_rows": outcome.baseline_rows,
            "differing_cells": outcome.differing_cells,
            "approximate": outcome.approximate,
            "result_sha256": outcome.sha256,
        }
        with self._begin() as db:
            if db.execute(update(runs).where(mine).values(values)).rowcount != 1:
                return False
            if outcome.document:
                db.execute(
                    insert(results).values(run=number, document=outcome.document, sha256=outcome.sha256)
                )
        return True

    # --- reading -------------------------------------------------------------------------------

    def run(self, run: str) -> Run | None:
        """One run, or None. A run whose worker fell silent comes back as interrupted."""
        found = self._read(select(runs).where(runs.c.number == _number(run)))
        return found[0] if found else None

    def runs(
        self, *, project: str = "", table: str = "", variant: str = "", limit: int = 200
    ) -> tuple[Run, ...]:
        """Runs, newest first."""
        query = select(runs).order_by(runs.c.number.desc()).limit(limit)
        for column, wanted in ((runs.c.project, project), (runs.c.table, table), (runs.c.variant, variant)):
            query = query.where(column == wanted) if wanted else query
        return self._read(query)

    def events(self, run: str, after: int = 0) -> tuple[RunEvent, ...]:
        """The run's story after event number `after`, in order."""
        query = select(events).where(events.c.run == _number(run), events.c.number > after)
        with self._engine.connect() as db:
            rows = db.execute(query.order_by(events.c.number)).mappings().all()
        return tuple(_event(row) for row in rows)

    def document(self, run: str) -> str | None:
        """The result's JSON, or None when the run has none."""
        with self._engine.connect() as db:
            return db.execute(select(results.c.document).where(results.c.run == _number(run))).scalar()

    # --- within --------------------------------------------------------------------------------

    @contextmanager
    def _begin(self) -> Generator[Connection]:
        with self._engine.begin() as db:
            yield db

    def _read(self, query: Any) -> tuple[Run, ...]:  # noqa: ANN401
        self._reap()
        with self._engine.connect() as db:
            rows = db.execute(query).mappings().all()
            waiting = db.execute(
                select(runs.c.number).where(runs.c.state == RunState.QUEUED).order_by(runs.c.number)
            ).scalars()
            places = {number: place for place, number in enumerate(waiting, start=1)}
        return tuple(_run(row, places) for row in rows)

    def _reap(self) -> None:
        """Mark the runs of workers that fell silent."""
        silent = (runs.c.state == RunState.RUNNING) & (runs.c.heartbeat_at < self._now() - STALE)
        with self._engine.connect() as db:
            if not db.execute(select(func.count()).where(silent)).scalar():
                return
        with self._begin() as db:
            db.execute(
                update(runs)
                .where(silent)
                .values(
                    state=RunState.INTERRUPTED,
                    finished_at=self._now(),
                    verdict=Verdict.INCONCLUSIVE,
                    error="The worker that walked this run stopped answering.",
                    hint="Start the run again, or let `recon resume` go on from its last whole step.",
                )
            )


def _may_begin() -> Select[Any]:
    """The number of the oldest queued run of a table of which none is at work."""
    busy = runs.alias("busy")
    same = (busy.c.project == runs.c.project) & (busy.c.table == runs.c.table)
    at_work = select(busy.c.number).where(same, busy.c.state == RunState.RUNNING).exists()
    waiting = select(runs.c.number).where(runs.c.state == RunState.QUEUED, ~at_work)
    return waiting.order_by(runs.c.number).limit(1)


def _connect(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    safe = parsed.render_as_string(hide_password=True)
    try:
        engine = create_engine(url)
        if parsed.get_backend_name() == "sqlite":
            event.listen(engine, "connect", _wal)
        metadata.create_all(engine)
        found = _version(engine)
    except (SQLAlchemyError, ImportError) as error:
        raise SettingsError(
            f"the store {safe} cannot be opened ({type(error).__name__})",
            hint="Check RECON_STORE_URL, that its driver is installed, and that the folder can be written.",
        ) from error
    if found != VERSION:
        raise SettingsError(
            f"the store {safe} has version {found} of the tables, this recon knows version {VERSION}",
            hint="Use the recon that made it, or set RECON_HOME (or RECON_STORE_URL) to a new store.",
        )
    return engine


def _version(engine: Engine) -> int:
    """The version of the tables; a new store gets ours."""
    with engine.begin() as db:
        found = db.execute(select(version.c.version)).scalar()
        if found is None:
            db.execute(insert(version).values(version=VERSION))
        return VERSION if found is None else found


def _wal(connection: Any, _record: Any) -> None:  # noqa: ANN401
    """Readers must not wait for the worker's writes (sqlite.org/wal.html)."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA busy_timeout=10000")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _run(row: RowMapping, places: dict[int, int]) -> Run:
    plain = {"number", "request", "worker", "heartbeat_at", "state", "step"}
    values = {name: value for name, value in row.items() if name not in plain}
    return Run(
        id=run_id(row["number"]),
        state=RunState(row["state"]),
        step=Step(row["step"]) if row["step"] else None,
        queue_position=places.get(row["number"], 0),
        **values,
    )


def _event(row: RowMapping) -> RunEvent:
    values = {name: value for name, value in row.items() if name not in {"run", "step"}}
    return RunEvent(run_id=run_id(row["run"]), step=Step(row["step"]), **values)
