"""Extract: the inputs and the baseline, from Synapse to Parquet with a manifest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from recon.errors import SpecError
from recon.model import BaselineMode, Extract, Role, TableRef
from recon.model_result import EXTRACTED
from recon.steps.filters import blamed

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from recon.model import Column, Table
    from recon.ports import Rows, Source
    from recon.progress import Progress

ROW_GROUP = 100_000
QUERY_RESULT = TableRef("", "result")  # names a query's rows where the project names no target


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """What came out of Synapse: one extract per input in the project's order, and the baseline.

    `target` has the declared columns of the target, for a variant that inserts without creating.
    """

    inputs: tuple[Extract, ...]
    baseline: Extract
    target: tuple[Column, ...]


def extract(table: Table, source: Source, scratch: Path, progress: Progress) -> Extracted:
    """The inputs as they are *before* the procedure is called, then the baseline after it.

    Raises ProgramError when the procedure fails, SourceError when Synapse does.
    """
    with progress.interruptible(source.cancel):
        inputs = tuple(_input(table, n, source, scratch, progress) for n in range(len(table.inputs)))
        if table.baseline is BaselineMode.QUERY:
            progress.say(f"Running the query of {table.original.path}")
            with blamed(table, "filter.synapse"):
                rows = source.query(table.original, table.params, table.filter.synapse)
            baseline = _keep(
                rows, table.synapse or QUERY_RESULT, Role.BASELINE, scratch / "baseline", progress
            )
            return Extracted(inputs=inputs, baseline=baseline, target=baseline.columns)
        target = _target(table)
        if table.baseline is BaselineMode.CALL:
            progress.say(f"Running {table.procedure or table.original.path}")
            source.call(table.original, table.procedure, table.params)
        rows = _read(source, target, table, table.filter.synapse, "filter.synapse")
        baseline = _keep(rows, target, Role.BASELINE, scratch / "baseline", progress)
        return Extracted(inputs=inputs, baseline=baseline, target=source.columns(target))


def confirmed(table: Table) -> tuple[str, ...]:
    """A note of who has read the query that was run instead of the procedure; none where none was."""
    asked = table.approval
    if asked is None:
        return ()
    which = f"{EXTRACTED} {table.original.path} (SHA-256 {asked.sha256})"
    if asked.at is None:
        return (f"{which} was confirmed by nobody before the run: `recon lint --extracted` shows it.",)
    return (f"{which} was read and confirmed by {asked.by} on {asked.at:%Y-%m-%d %H:%M} UTC.",)


def _input(table: Table, number: int, source: Source, scratch: Path, progress: Progress) -> Extract:
    given = table.inputs[number]
    with blamed(table, f"inputs.filter of {given.synapse}"):
        rows = source.read(given.synapse, given.filter, split_by=given.split_by)
    return _keep(rows, given.synapse, Role.INPUT, scratch / f"input_{number}", progress)


def _read(source: Source, name: TableRef, table: Table, where: str, key: str) -> Rows:
    with blamed(table, key):
        return source.read(name, where)


def _target(table: Table) -> TableRef:
    if table.synapse is None:
        raise SpecError(
            f"{table.folder}/table.toml: baseline.mode = {table.baseline.value!r} needs the target's name",
            hint='Add synapse = "schema.table", or use mode = "query".',
        )
    return table.synapse


def _keep(rows: Rows, table: TableRef, role: Role, stem: Path, progress: Progress) -> Extract:
    """Stream `rows` into one Parquet file, row group by row group, and describe it."""
    file = stem.with_suffix(".parquet")
    count = 0
    with rows.batches as batches, pq.ParquetWriter(file, batches.schema, compression="zstd") as writer:
        for group in _groups(batches):
            writer.write_table(group)
            count += group.num_rows
            progress.say(f"Extracting {table}", done=count)
    return describe(file, table, role, rows.columns, count, progress)


def describe(
    file: Path, table: TableRef, role: Role, columns: tuple[Column, ...], rows: int, progress: Progress
) -> Extract:
    """The manifest of one Parquet file that has just been written."""
    manifest = Extract(
        table=table,
        role=role,
        file=file,
        key=file.name,
        columns=columns,
        rows=rows,
        bytes=file.stat().st_size,
        sha256=checksum(file),
    )
    progress.moved(rows, manifest.bytes)
    progress.say(f"{role.capitalize()} {table}: {rows:,} rows, {manifest.bytes:,} bytes", rows, rows)
    return manifest


def checksum(file: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _groups(batches: pa.RecordBatchReader) -> Generator[pa.Table]:
    """Tables of at least ROW_GROUP rows (the last may be smaller): drivers' batches are often tiny."""
    held: list[pa.RecordBatch] = []
    size = 0
    for batch in batches:
        held.append(batch)
        size += batch.num_rows
        if size >= ROW_GROUP:
            yield pa.Table.from_batches(held)
            held, size = [], 0
    if held:
        yield pa.Table.from_batches(held)
