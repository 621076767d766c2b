"""Look into data outside a run: which keys it has, and what its columns add up to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from recon import project as projects
from recon import scaffold
from recon.compare import Side
from recon.compare.keyfinder import propose_keys
from recon.errors import ReconError, SpecError
from recon.model import BaselineMode, Mode, TableRef
from recon.progress import Progress
from recon.scaffold import Evidence, pairs_of, project_of
from recon.scaffold.scripts import is_sql
from recon.steps.execute import execute
from recon.steps.extract import extract

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.model import Project, Run, Table, Variant
    from recon.model_result import KeyProposal, Result
    from recon.ports import Ports
    from recon.scaffold import Change, Sketch
    from recon.settings import Settings
    from recon.steps.extract import Extracted

SIDES = (TableRef("recon_sides", "baseline"), TableRef("recon_sides", "candidate"))


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKeys:
    """The keys that a table could have, best first, and in a sentence where that is known from.

    Without `proposals` the sentence says why there are none. `unread` names a file that would tell more.
    """

    proposals: tuple[KeyProposal, ...]
    origin: str
    unread: str = ""


def keys_of_files(
    baseline: Sequence[str], candidate: Sequence[str], *, limit: int = 5, widest: int = 4
) -> tuple[KeyProposal, ...]:
    """Keys of Parquet or CSV files, best first; without a candidate those of the baseline alone.

    SpecError for a limit or width below 1, EngineError for files that cannot be read.
    """
    from recon.wiring import comparer

    with comparer() as engine:
        sides: list[Side] = []
        for table, files in zip(SIDES, (baseline, candidate), strict=True):
            if files:
                engine.attach(table, files)
                sides.append(Side(table=table))
        return propose_keys(
            engine, sides[0], sides[1] if len(sides) > 1 else None, limit=limit, widest=widest
        )


def known_keys(project: Project, table: Table, last: tuple[Run, Result] | None, *, read: bool) -> KnownKeys:
    """What is known about a table's key before a run: from its last run, else from the baseline's file.

    `last` is the last run of the table that compared its rows. The file, which may be large, is only looked
    into with `read`. EngineError when it cannot be read.
    """
    if last is not None:
        return _from_run(*last)
    file = _baseline_file(project, table)
    if file and not read:
        return KnownKeys(proposals=(), origin=f"{file} holds the rows of the baseline.", unread=file)
    if file:
        found = keys_of_files([str(project.folder / file)], [])
        what = "identify every row of" if found else "No columns, up to four, identify every row of"
        return KnownKeys(proposals=found, origin=f"{'These ' if found else ''}{what} {file}.")
    return KnownKeys(
        proposals=(),
        origin="Nothing is known about its rows yet: the first run, with or without a key, proposes some.",
    )


def keyed(table: Table, keys: tuple[str, ...]) -> Table:
    """The table with other keys. SpecError when one of them has a rule that no key can have."""
    folded = {key.casefold() for key in keys}
    for name, rule in table.rules.items():
        if name.casefold() in folded and (rule.ignore or rule.tolerance):
            raise SpecError(
                f"{name} cannot be in the key: {rule}",
                hint=f"Take [columns.{name}] out of {table.folder}/table.toml, or choose another key.",
            )
    return replace(table, keys=keys)


def _from_run(run: Run, result: Result) -> KnownKeys:
    if result.key_proposals:
        return KnownKeys(proposals=result.key_proposals, origin=f"Found among the rows of {run.id}.")
    keys = [column.name for column in result.columns if column.role == "key"]
    repeats = result.rows.duplicate_keys
    if keys and not (repeats.baseline or repeats.candidate):
        return KnownKeys(
            proposals=(), origin=f"In {run.id} {', '.join(keys)} identified every row on both sides."
        )
    return KnownKeys(proposals=(), origin=f"{run.id} found no columns that identify every row.")


def _baseline_file(project: Project, table: Table) -> str:
    """The file that holds the baseline as it stands, if one does before any run."""
    if table.synapse is None or table.baseline is not BaselineMode.TABLE or project.mode is Mode.CLOUD:
        return ""
    return next((i.file for i in table.inputs if i.synapse.key == table.synapse.key and not i.filter), "")


# --- before there is a project ------------------------------------------------------------------


def draft(
    settings: Settings, folder: Path, *, files: tuple[Path, Path] | None, table: str, run: bool, dry: bool
) -> tuple[Change, ...]:
    """Draft a project in `folder`, from two files of rows or from what lies there; as `api.init` says."""
    sketches = (scaffold.from_files(folder, table, *files),) if files else scaffold.from_folder(folder)
    nothing = Evidence(trouble="the scripts were not run")
    known = {s.name: look(settings, folder, s) if run else nothing for s in sketches}
    found = scaffold.changes(folder, folder.absolute().name, sketches, known)
    if not dry:
        scaffold.write(folder, found)
    return found


def look(settings: Settings, folder: Path, sketch: Sketch) -> Evidence:
    """What the rows of a table say that is only sketched: its scripts run once, both on DuckDB, for nothing
    but its keys and columns. What fails is no error: the evidence says why there is none.
    """
    from recon.wiring import Wiring

    absent = [given.file for given in sketch.inputs if given.absent]
    if absent:
        return Evidence(trouble=f"there is no {absent[0]}")
    project, table = project_of(folder, sketch)
    written, _ = projects.check(folder.absolute())
    if written and (known := written.table(sketch.name)):  # it may know more: parameters, filters, rules
        project, table = replace(written, mode=Mode.LOCAL, tables=(known,)), known
    with TemporaryDirectory(prefix="recon-") as scratch:
        ports = Wiring(settings).ports(project, Path(scratch), Progress())
        try:
            return _evidence(ports, table, Path(scratch))
        except ReconError as error:
            return Evidence(trouble=" ".join(str(error).split()))


def _evidence(ports: Ports, table: Table, scratch: Path) -> Evidence:
    with ports.source() as source:
        extracted = extract(table, source, scratch, Progress())
    baseline = Side(table=SIDES[0], columns=extracted.baseline.columns)
    candidate, trouble = _candidate(ports, table, extracted, scratch)
    with ports.comparer() as engine:
        engine.attach(SIDES[0], [str(extracted.baseline.file)])
        if candidate is not None:
            engine.attach(SIDES[1], candidate[1])
        other = None if candidate is None else candidate[0]
        found = propose_keys(engine, baseline, other)
        stored = tuple(engine.columns(side.table) for side in (baseline, other) if side is not None)
    place = f"{table.folder}/"
    gave = f"{extracted.baseline.rows:,} rows that {table.original.path.removeprefix(place)} gives"
    return Evidence(
        origin=f"the {gave}" + (f", and those of {candidate[2].removeprefix(place)}" if candidate else ""),
        proposals=found,
        looked=True,
        columns=() if other is None else pairs_of(baseline, other, (stored[0], stored[1])),
        trouble=trouble,
    )


def _candidate(
    ports: Ports, table: Table, extracted: Extracted, scratch: Path
) -> tuple[tuple[Side, list[str], str] | None, str]:
    """The rows of the first conversion that runs: its side, files and name; and why not of another."""
    trouble = "there is no conversion in SQL yet"
    urls = [str(each.file) for each in extracted.inputs]
    for number, variant in enumerate(v for v in table.variants if is_sql(v)):
        place = scratch / f"variant_{number}"
        place.mkdir()
        try:
            return (*_ran(ports, table, variant, extracted, urls, place), variant.script.path), ""
        except ReconError as error:
            trouble = " ".join(str(error).split())
    return None, trouble


def _ran(
    ports: Ports, table: Table, variant: Variant, extracted: Extracted, urls: list[str], place: Path
) -> tuple[Side, list[str]]:
    with ports.world(place.name) as engine:
        found = execute(table, variant, extracted, urls, engine, place, Progress())
    return Side(table=SIDES[1], columns=found[0].columns), [str(each.file) for each in found]
