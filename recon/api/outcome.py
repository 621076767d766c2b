"""What a run found: its result, texts, stored cells and report; and what earlier runs say about a key."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from recon import profiling, report, settings
from recon.api.asking import runs
from recon.api.folder import project
from recon.api.workers import the_store
from recon.errors import SettingsError, SpecError
from recon.model import RunState, Script
from recon.report import codec
from recon.report.facts import Difference, Facts
from recon.report.facts import facts as frozen_view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.model_result import Result
    from recon.profiling import KnownKeys
    from recon.report import Export


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


def _difference(row: dict[str, Any]) -> Difference:
    return Difference(**(row | {"key": json.loads(row["key"])}))
