"""Upkeep: take up a broken run again, and remove what runs that are over have left behind."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from recon import connections, settings
from recon.api.workers import ensure_worker, the_store
from recon.errors import ReconError, SettingsError, SpecError
from recon.model import RunState
from recon.steps import manifest
from recon.wiring import Janitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from recon.model import Run
    from recon.settings import Settings
    from recon.store import Store

_PLACE: Final = re.compile(r"(RUN-\d+)-([0-9a-f]{8})")
_SCHEMA: Final = re.compile(r"(run_\d+)_([0-9a-f]{8})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """Something that a run has left: what it is, where, of which run, since when, and how large.

    `hours` is None where that cannot be told; `kept` says why it stays, and is empty where it goes. With
    `failed` it is no leftover but a system that could not be asked, for the reason in `kept`.
    """

    kind: str  # temporary files | files of the local lake | objects in ADLS | schema on Databricks
    name: str
    run: str
    hours: float | None = None
    size: str = ""
    kept: str = ""
    failed: bool = False


def resume(run_id: str, *, by: str = "") -> Run:
    """Queue a run of the same request that goes on from the last whole step of `run_id`.

    Where nothing of it is kept any more, the new run does everything itself and says so. SettingsError for an
    unknown run, SpecError for one that is not over or has a result that speaks about the data.
    """
    said, store = settings.read(), the_store()
    old, project = store.run(run_id), store.project_of(run_id)
    if old is None or project is None:
        raise SettingsError(
            f"there is no run {run_id} in the store", hint="`recon list` shows the runs that are there."
        )
    if not old.state.over:
        raise SpecError(f"{old.id} is {old.state}", hint="Wait for its end, or cancel it first.")
    if old.state is RunState.FINISHED:
        raise SpecError(f"{old.id} is whole: it has a result", hint="Start a new run instead.")
    store.room(1, said.queue_limit)
    table = project.tables[0]
    asked = store.ask(project, table, table.variants[0], by or said.user, continues=old.id)
    ensure_worker(said)
    found = store.run(asked)
    if found is None:
        raise SettingsError(f"{asked} is gone from the store", hint="Somebody else empties it. Ask again.")
    return found


def clean(*, dry: bool = False, everything: bool = False) -> tuple[Leftover, ...]:
    """Remove what runs that are over have left: on this machine and, where the cloud is set up, there too.

    What a broken run has whole stays as long as it can be resumed, unless `everything` is to go. What another
    recon (another RECON_HOME or store) has left in the same container or catalog is listed and stays. Returns
    all that was found; with `dry` nothing is removed. A system that fails is named among it.
    """
    said, store = settings.read(), the_store()
    found: list[Leftover] = []
    places = [("this machine", _local(said, store, everything))]
    if not connections.missing():
        places += [("ADLS", _objects(said, store)), ("Databricks", _schemas(said, store))]
    for name, leftovers in places:
        try:
            for leftover, remove in leftovers:
                if not leftover.kept and not dry:
                    remove()
                found.append(leftover)
        except ReconError as error:
            why = f"{error}. {error.hint}".rstrip()
            found.append(Leftover(kind="could not be asked", name=name, run="", kept=why, failed=True))
    return tuple(found)


def _local(said: Settings, store: Store, everything: bool) -> Iterator[tuple[Leftover, Callable[[], object]]]:
    for folder in sorted(said.home.glob("scratch/RUN-*")):
        run = store.run(folder.name)
        kept = _at_work(run)
        hours = _hours(folder)
        if not kept and not everything and run and run.state is not RunState.CANCELLED:
            left = said.keep_hours - hours
            kept = f"`recon resume {run.id}` can go on from it" if manifest.kept(folder) and left > 0 else ""
        yield _folder("temporary files", folder, folder.name, hours, kept), _remover(folder)
    for folder in sorted(said.home.glob("lake/RUN-*")):
        run_id = folder.name.rsplit("-", 1)[0]
        kept = _at_work(store.run(run_id))
        found = _folder("files of the local lake", folder, run_id, _hours(folder), kept)
        yield found, _remover(folder)


def _objects(said: Settings, store: Store) -> Iterator[tuple[Leftover, Callable[[], object]]]:
    janitor = Janitor(connections.read())
    places: dict[str, int] = {}
    for key in janitor.lake.keys(""):
        place = key.split("/", 1)[0]
        places[place] = places.get(place, 0) + 1
    for place, objects in sorted(places.items()):
        if match := _PLACE.fullmatch(place):
            blank = Leftover(kind="objects in ADLS", name=place, run=match[1], size=f"{objects:,} objects")
            found = _judged(blank, store, ours=match[2] == said.mark)
            yield found, lambda place=place: janitor.lake.drop(place)


def _schemas(said: Settings, store: Store) -> Iterator[tuple[Leftover, Callable[[], object]]]:
    janitor = Janitor(connections.read())
    for schema, made in janitor.schemas():
        match = _SCHEMA.search(schema)
        run_id = match[1].upper().replace("_", "-") if match else ""
        hours = (datetime.now(UTC) - made).total_seconds() / 3600 if made else None
        blank = Leftover(kind="schema on Databricks", name=schema, run=run_id, hours=hours)
        found = _judged(blank, store, ours=bool(match) and match[2] == said.mark)
        yield found, lambda schema=schema: janitor.drop_schema(schema)


def _judged(found: Leftover, store: Store, *, ours: bool) -> Leftover:
    if not ours:
        return replace(found, kept="it is another recon's: clean from the RECON_HOME and store that made it")
    run = store.run(found.run)
    hours = found.hours
    if hours is None and run and run.finished_at:
        hours = (datetime.now(UTC) - run.finished_at).total_seconds() / 3600
    return replace(found, hours=hours, kept=_at_work(run))


def _at_work(run: Run | None) -> str:
    return f"{run.id} is {run.state}" if run and not run.state.over else ""


def _folder(kind: str, folder: Path, run: str, hours: float, kept: str) -> Leftover:
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return Leftover(kind=kind, name=str(folder), run=run, hours=hours, size=f"{size:,} bytes", kept=kept)


def _hours(folder: Path) -> float:
    return (datetime.now(UTC).timestamp() - folder.stat().st_mtime) / 3600


def _remover(folder: Path) -> Callable[[], object]:
    return lambda: shutil.rmtree(folder, ignore_errors=True)
