"""Execute: the variant runs in its world over the staged inputs, and leaves the candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from recon.model import Role
from recon.sqlscript.databricks_target import needs_table
from recon.steps.extract import describe
from recon.steps.filters import blamed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from recon.model import Column, Table, Variant
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
) -> tuple[tuple[Column, ...], tuple[str, ...], int]:
    """Run `variant`; return the candidate's declared columns, its Parquet files and its rows.

    `urls` are the staged inputs in the project's order. A table that is both input and target becomes a
    writable copy; a target that the variant only writes into is made first, empty. Raises ProgramError
    when the code fails, EngineError when the engine does.
    """
    with progress.interruptible(engine.cancel):
        _furnish(table, variant, extracted, urls, engine)
        progress.say(f"Running {variant.script.path} on {engine.name}")
        candidate = engine.run(variant, table.params, table.databricks)
        folder = scratch / "candidate"
        folder.mkdir()
        with blamed(table, "filter.databricks"):
            files = engine.export(candidate, folder, table.filter.databricks)
        rows = sum(pq.read_metadata(file).num_rows for file in files)
        columns = engine.columns(candidate)
    for file in files:
        describe(file, candidate, Role.CANDIDATE, columns, pq.read_metadata(file).num_rows, progress)
    progress.say(f"Databricks gave {rows:,} rows")
    return columns, tuple(str(file) for file in files), rows


def _furnish(
    table: Table, variant: Variant, extracted: Extracted, urls: Sequence[str], engine: Engine
) -> None:
    """Put into the empty world what the variant expects to find."""
    target = table.databricks
    furnished = False
    for each, extract, url in zip(table.inputs, extracted.inputs, urls, strict=True):
        if target and each.databricks.key == target.key:
            engine.create(target, extract.columns, [url])
            furnished = True
        else:
            engine.attach(each.databricks, [url])
    if target and not furnished and needs_table(variant, target):
        engine.create(target, extracted.target)
