"""Execute: the variant runs in its world over the staged inputs, and leaves the candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from recon.errors import EngineError
from recon.model import Extract, Role
from recon.sqlscript.databricks_target import needs_table
from recon.steps.extract import describe
from recon.steps.filters import blamed
from recon.steps.manifest import arrival

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from recon.model import Table, TableRef, Variant
    from recon.ports import Engine
    from recon.progress import Progress
    from recon.steps.extract import Extracted


def execute(
    table: Table,
    variant: Variant,
    extracted: Extracted,
    urls: Sequence[str],
    engine: Engine,
    scratch: Path,
    progress: Progress,
) -> tuple[Extract, ...]:
    """Run `variant`; return the candidate's Parquet files, at least one, each with the declared columns.

    `urls` are the staged inputs in the project's order. A table that is both input and target becomes a
    writable copy; a target that the variant only writes into is made first, empty. Raises ProgramError
    when the code fails, EngineError when the engine does, or does not find the rows that were extracted.
    """
    with progress.interruptible(engine.cancel):
        _furnish(table, variant, extracted, urls, engine, progress)
        progress.say(f"Running {variant.script.path} on {engine.name}")
        candidate = engine.run(variant, table.params, table.databricks)
        folder = scratch / "candidate"
        folder.mkdir()
        with blamed(table, "filter.databricks"):
            files = engine.export(candidate, folder, table.filter.databricks)
        columns = engine.columns(candidate)
    found = tuple(
        describe(file, candidate, Role.CANDIDATE, columns, pq.read_metadata(file).num_rows, progress)
        for file in files
    )
    for each in found:
        progress.arrived(arrival(each, "Parquet", size=each.bytes, sha256=each.sha256))
    progress.say(f"Databricks gave {sum(each.rows for each in found):,} rows")
    return found


def _furnish(
    table: Table,
    variant: Variant,
    extracted: Extracted,
    urls: Sequence[str],
    engine: Engine,
    progress: Progress,
) -> None:
    """Put into the empty world what the variant expects to find, and count it there."""
    target = table.databricks
    furnished = False
    for each, extract, url in zip(table.inputs, extracted.inputs, urls, strict=True):
        if target and each.databricks.key == target.key:
            engine.create(target, extract.columns, [url])
            furnished = True
        else:
            engine.attach(each.databricks, [url])
        _counted(each.databricks, extract, engine, progress)
    if target and not furnished and needs_table(variant, target):
        engine.create(target, extracted.target)


def _counted(table: TableRef, extract: Extract, engine: Engine, progress: Progress) -> None:
    rows = engine.count(table)
    progress.arrived(arrival(extract, "Databricks", rows=rows))
    if rows != extract.rows:
        raise EngineError(
            f"transport fault at Databricks: {table} has {rows:,} rows there, but {extract.rows:,} were sent",
            hint="Run again. If it happens again, check what the storage account and the warehouse cache.",
            retryable=True,
        )
