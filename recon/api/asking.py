"""Ask for runs, follow them, stop them. The walk itself is a worker's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon import profiling, settings
from recon import project as projects
from recon.api.approval import approved
from recon.api.folder import project
from recon.api.workers import ensure_worker, the_store
from recon.errors import SpecError
from recon.model import Project, Run, RunState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from recon.model import RunEvent, Table, Variant


def start(
    table: str,
    variant: str,
    *,
    by: str = "",
    folder: Path | None = None,
    keys: Sequence[str] | None = None,
    read: str = "",
) -> Run:
    """Queue one run of the project in force, and make sure that a worker is alive.

    `keys` take the place of the table's own for this run only; the project folder stays as it is. `read` is
    the checksum of the `extracted_query` that `by` has read. SpecError when the project has no such table or
    variant, when a key has a rule that forbids it, or when that query is not the one in force.
    """
    there, found, chosen = _pick(project(folder), table, variant)
    found = found if keys is None else profiling.keyed(found, tuple(keys))
    return _start([(there, found, chosen)], by, read)[0]


def start_all(*, by: str = "", table: str = "", folder: Path | None = None) -> tuple[Run, ...]:
    """Queue a run of every variant of every table (or of `table`), in the project's order."""
    there = project(folder)
    tables = [t for t in there.tables if table in ("", t.name)]
    if not tables:
        _pick(there, table, "")
    return _start([(there, t, v) for t in tables for v in t.variants], by)


def cancel(run_id: str) -> None:
    """Ask a run to stop; the statement at work is interrupted. A run that is over stays as it is."""
    the_store().cancel(run_id)


def run(run_id: str) -> Run | None:
    """One run as it is now, or None."""
    found = the_store().run(run_id)
    if found and found.state is RunState.QUEUED:
        ensure_worker(settings.read())
    return found


def runs(*, table: str = "", variant: str = "", limit: int = 200) -> tuple[Run, ...]:
    """The runs of the project in force, newest first."""
    said = settings.read()
    found = the_store().runs(project=str(said.project), table=table, variant=variant, limit=limit)
    if any(r.state is RunState.QUEUED for r in found):
        ensure_worker(said)
    return found


def all_runs(*, limit: int = 200) -> tuple[Run, ...]:
    """The runs of every project in this store, newest first."""
    return the_store().runs(limit=limit)


def events(run_id: str, *, after: int = 0) -> tuple[RunEvent, ...]:
    """The run's story after event number `after`, in order."""
    return the_store().events(run_id, after)


def previous(run_id: str) -> Run | None:
    """The last finished run of the same table and variant before this one."""
    this = the_store().run(run_id)
    if this is None:
        return None
    earlier = the_store().runs(project=this.project, table=this.table, variant=this.variant)
    return next((r for r in earlier if r.state is RunState.FINISHED and _number(r) < _number(this)), None)


# --- within ------------------------------------------------------------------------------------


def _pick(there: Project, table: str, variant: str) -> tuple[Project, Table, Variant]:
    found = there.table(table)
    if found is None:
        raise SpecError(
            f"{there.folder}: there is no table {table!r}",
            hint=projects.nearest(table, [t.name for t in there.tables]),
        )
    chosen = found.variant(variant)
    if chosen is None:
        raise SpecError(
            f"{found.folder}: there is no variant {variant!r}",
            hint=projects.nearest(variant, [v.name for v in found.variants]),
        )
    return there, found, chosen


def _start(asked: Sequence[tuple[Project, Table, Variant]], by: str, read: str = "") -> tuple[Run, ...]:
    said, store = settings.read(), the_store()
    who = by or said.user
    store.room(len(asked), said.queue_limit)
    ids = [store.ask(there, approved(table, read, who), variant, who) for there, table, variant in asked]
    ensure_worker(said)
    return tuple(found for run_id in ids if (found := store.run(run_id)))


def _number(this: Run) -> int:
    return int(this.id.removeprefix("RUN-"))
