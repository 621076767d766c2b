"""THE DOOR: start, cancel, runs, events, results, export. Pages and the command line call nothing else.

Every function reads the settings from the environment, works on the store, and raises only the errors
of `recon.errors`. Nothing here walks a run: that is a worker's work, in a process of its own.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from recon import profiling, report, settings
from recon import project as projects
from recon.api.approval import ExtractedQuery as ExtractedQuery
from recon.api.approval import approved
from recon.api.approval import extracted_query as extracted_query
from recon.api.doctor import Check as Check
from recon.api.doctor import doctor as doctor
from recon.api.doctor import in_force as in_force
from recon.api.upkeep import Leftover as Leftover
from recon.api.upkeep import clean as clean
from recon.api.upkeep import resume as resume
from recon.api.workers import ensure_worker, the_store
from recon.api.workers import worker_processes as worker_processes
from recon.compare import Side, Spec, compare
from recon.compare.totals import control_totals
from recon.errors import SettingsError, SpecError
from recon.model import Mode, Project, Run, RunState, Script, TableRef
from recon.report import codec
from recon.report.facts import Difference, Facts
from recon.report.facts import facts as frozen_view
from recon.sqlscript.lint import lint as lint_texts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from recon.model import RunEvent, Table, Variant
    from recon.model_result import Comparison, KeyProposal, LintHit, Result
    from recon.profiling import KnownKeys
    from recon.project import Mistake
    from recon.report import Export
    from recon.scaffold import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripts:
    """The texts of a run, as they were when it was asked for."""

    original: Script
    ddl: Script | None
    variant: Script
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some stored differing cells: `rows` of `stored` that match the question."""

    rows: tuple[Difference, ...]
    stored: int


# --- the project -----------------------------------------------------------------------------


def project(folder: Path | None = None) -> Project:
    """The project in force. SpecError with every mistake when it is broken."""
    said = settings.read()
    found = projects.load((folder or said.project).absolute())
    return replace(found, mode=said.mode) if said.mode else found


def project_folder() -> str:
    """The folder of the project in force."""
    return str(settings.read().project)


def lint(folder: Path | None = None) -> tuple[Mistake, ...]:
    """Every mistake of the project folder, in the order of files and lines."""
    return projects.check((folder or settings.read().project).absolute())[1]


def lint_scripts(folder: Path | None = None) -> tuple[tuple[str, str, tuple[LintHit, ...]], ...]:
    """What the texts of every run hold that is not the same on both systems: (table, variant, hits)."""
    there = project(folder)
    duckdb, pinned = there.mode is Mode.LOCAL, there.session.now is not None
    return tuple(
        (t.name, v.name, lint_texts(t, v, duckdb=duckdb, pinned=pinned).hits)
        for t in there.tables
        for v in t.variants
    )


# --- runs --------------------------------------------------------------------------------------


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


# --- what a run found ----------------------------------------------------------------------------


def result(run_id: str) -> Result | None:
    """What the run says, or None while it is not over (or when its worker died)."""
    document = the_store().document(run_id)
    return codec.loads(document) if document else None


def scripts(run_id: str) -> Scripts | None:
    """The texts that the run executes, frozen when it was asked for."""
    asked = the_store().project_of(run_id)
    if asked is None:
        return None
    table = asked.tables[0]
    return Scripts(original=table.original, ddl=table.ddl, variant=table.variants[0].script, keys=table.keys)


def differences(
    run_id: str,
    *,
    column: str = "",
    segment: str = "",
    kinds: Sequence[str] = (),
    key: str = "",
    offset: int = 0,
    limit: int = 25,
) -> Page:
    """Stored differing cells in their fixed order; `key` is a key's JSON text. Empty text means any."""
    file = settings.read().run_folder(run_id) / "differences.parquet"
    if the_store().document(run_id) is None or not file.is_file():  # a killed worker may leave the file alone
        return Page(rows=(), stored=0)
    import pyarrow.compute as pc  # both load pandas
    import pyarrow.dataset as ds

    wanted: Any = pc.scalar(True)
    for name, value in (("column", column), ("segment", segment), ("key", key)):
        wanted = wanted & (pc.field(name) == value) if value else wanted
    wanted = wanted & pc.field("kind").isin(list(kinds)) if kinds else wanted
    table = ds.dataset(file).to_table(filter=wanted)
    rows = table.slice(offset, limit).to_pylist()
    return Page(rows=tuple(_difference(row) for row in rows), stored=table.num_rows)


def facts(run_id: str) -> Facts:
    """The frozen view of a run that its page, PDF and CSV all print. SettingsError for an unknown run."""
    this, found, texts = the_store().run(run_id), result(run_id), scripts(run_id)
    if this is None or texts is None:
        raise SettingsError(
            f"there is no run {run_id} in the store", hint="`recon list` shows the runs that are there."
        )
    if found is None:
        raise SettingsError(
            f"{run_id} has no result: it is {this.state}", hint="Wait for it, or run it again."
        )
    stored = differences(run_id, limit=sys.maxsize)
    return frozen_view(
        found,
        this,
        original=texts.original,
        variant=texts.variant,
        keys=texts.keys,
        differences=stored.rows,
    )


def export(run_id: str, format: str) -> Export:
    """The run as a file. SettingsError for an unknown run or format."""
    return report.export(facts(run_id), format)


def known_keys(table: str, *, read: bool = True) -> KnownKeys:
    """What is known about the key of a table of the project in force before a run: nothing is run for it.

    Without `read` no file is looked into, only the last run. SpecError when there is no such table;
    EngineError when the baseline's file cannot be read.
    """
    there = project()
    found = there.table(table)
    if found is None:
        raise SpecError(f"{there.folder}: there is no table {table!r}", hint="Choose another.")
    over = (r for r in runs(table=table) if r.state is RunState.FINISHED)
    compared = ((r, said) for r in over if (said := result(r.id)) and said.rows.baseline)
    return profiling.known_keys(there, found, next(compared, None), read=read)


# --- without a project ---------------------------------------------------------------------------


def compare_files(
    baseline: Path,
    candidate: Path,
    spec: Spec,
    *,
    totals: bool = False,
    by: str = "",
    engine: str = "duckdb",
) -> Comparison:
    """Compare two Parquet or CSV files, or folders of Parquet files; with `engine` "spark" on local Spark.

    With `totals` also the control totals of all rows and, `by` a column, of the rows with each of its values.
    """
    from recon.wiring import comparer

    sides = (TableRef("recon_sides", "baseline"), TableRef("recon_sides", "candidate"))
    with comparer(engine) as bench:
        for table, path in zip(sides, (baseline, candidate), strict=True):
            bench.attach(table, _files(path))
        both = Side(table=sides[0]), Side(table=sides[1])
        found = compare(bench, spec, *both)
        if not totals:
            return found
        added = control_totals(bench, spec, *both)
        added += control_totals(bench, spec, *both, segment=by) if by else ()
        return replace(found, control_totals=added)


def propose_keys(
    baseline: Path, candidate: Path | None = None, *, limit: int = 5, widest: int = 4
) -> tuple[KeyProposal, ...]:
    """The keys that two Parquet or CSV files (or folders of them) could have, best first; or one alone.

    SpecError when a file is not there, EngineError when it cannot be read.
    """
    files = [_files(path) if path else [] for path in (baseline, candidate)]
    return profiling.keys_of_files(files[0], files[1], limit=limit, widest=widest)


def init(
    folder: Path,
    *,
    files: tuple[Path, Path] | None = None,
    table: str = "",
    run: bool = True,
    dry: bool = False,
) -> tuple[Change, ...]:
    """Draft a project in `folder`: from two files of rows, or from the scripts and files that lie there.

    What exists is kept byte for byte; what is new comes behind it as comments. With `run` the scripts run
    once on DuckDB, so that keys can be proposed; `dry` writes nothing. Returns every file of the draft.
    SpecError when there is nothing to begin with, or a file is in the way.
    """
    return profiling.draft(settings.read(), folder, files=files, table=table, run=run, dry=dry)


def rules_of(file: Path) -> Spec:
    """The keys and rules of a `table.toml`, for a comparison without a project."""
    found = projects.rules(file)
    masked = any(rule.sensitive for rule in found.rules.values())
    key = settings.read().mask_key() if masked else ""
    return Spec(keys=found.keys, rules=found.rules, segment=found.segment, mask_key=key)


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


def _difference(row: dict[str, Any]) -> Difference:
    return Difference(**(row | {"key": json.loads(row["key"])}))


def _files(path: Path) -> list[str]:
    if path.is_dir():
        found = sorted(str(p) for p in path.glob("*.parquet")) or sorted(str(p) for p in path.glob("*.csv"))
        if not found:
            raise SpecError(f"{path}: no Parquet or CSV file in this folder", hint="Name the files' folder.")
        return found
    if not path.is_file():
        raise SpecError(f"{path}: no such file or folder", hint="Check the path.")
    return [str(path)]


def _number(this: Run) -> int:
    return int(this.id.removeprefix("RUN-"))
