"""A CSV copy of what came out of Synapse, for whoever wants to look at it. Nothing is read from it again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from recon.model import Extract, Table
    from recon.progress import Progress
    from recon.steps.extract import Extracted

_ODD: Final = re.compile(r"[^\w.-]")  # what a file's name should not have
_OPTIONS: Final = pacsv.WriteOptions(quoting_style="needed")


def csv_copy(table: Table, extracted: Extracted, folder: Path, progress: Progress) -> tuple[str, ...]:
    """Write each extract into `folder`; return a note of what was written, or could not be.

    One file for each input and one for the baseline, in UTF-8 with a header. Texts stand in quotes, NULL is
    nothing at all, so `""` and NULL stay apart; bytes are written as 0x1F. Columns with the name of one that
    the table's rules call sensitive are left out.
    """
    hidden = {name.casefold() for name, rule in table.rules.items() if rule.sensitive}
    notes: list[str] = []
    for extract in (*extracted.inputs, extracted.baseline):
        file = folder / f"{extract.file.stem}_{_ODD.sub('_', str(extract.table))}.csv"
        unfinished = file.with_suffix(".part")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            left_out = _write(extract, hidden, unfinished)
            unfinished.replace(file)
        except (OSError, pa.ArrowException) as error:
            if unfinished.is_file():
                unfinished.unlink()
            why = error.strerror if isinstance(error, OSError) else "CSV cannot hold a type of its columns"
            progress.warn(f"No CSV copy of {extract.table} was written: {why or 'the disk failed'}")
            continue
        without = f", without {', '.join(left_out)} (sensitive)" if left_out else ""
        notes.append(f"{file.name}: a CSV copy of {extract.role} {extract.table}{without}")
    return (f"In {folder}: {'; '.join(notes)}.",) if notes else ()


def _write(extract: Extract, hidden: Collection[str], file: Path) -> tuple[str, ...]:
    """Write one file, row group by row group; return the columns that were left out."""
    with pq.ParquetFile(extract.file) as source:
        names = source.schema_arrow.names
        left_out = tuple(name for name in names if name.casefold() in hidden)
        kept = [n for n, name in enumerate(names) if name not in left_out]
        schema = pa.schema([_shown(source.schema_arrow.field(n)) for n in kept])
        with pacsv.CSVWriter(file, schema, write_options=_OPTIONS) as writer:
            for group in range(source.num_row_groups):
                rows = source.read_row_group(group)
                columns = [_readable(rows.column(n)) for n in kept]
                writer.write_table(pa.table(columns, schema=schema))
    return left_out


def _shown(field: pa.Field) -> pa.Field:
    return field.with_type(pa.string()) if _is_binary(field.type) else field


def _is_binary(kind: pa.DataType) -> bool:
    return pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind)


def _readable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Bytes as 0x and capital digits, as Synapse writes a binary literal."""
    if not _is_binary(column.type):
        return column
    shown = [None if value is None else "0x" + value.hex().upper() for value in column.to_pylist()]
    return pa.chunked_array([pa.array(shown, pa.string())])
