"""A table read by way of the lake: Synapse writes it there itself, the files are fetched and handed on.

Only the statement travels over ODBC, and the pool writes with all its nodes. The files leave the lake as soon
as they are here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from recon.connectors.cloud.synapse_cetas import Staging, cetas
from recon.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from recon.connectors.cloud.odbc_arrow import Cell
    from recon.connectors.cloud.synapse_session import SynapseSession
    from recon.model import Column, TableRef
    from recon.ports import Lake

_ROWS: Final = 50_000


@dataclass(slots=True)
class Detour:
    """Where Synapse writes: `place` in the lake, which the data source sees below `path`.

    `folder` is where fetched files lie until they are read.
    """

    lake: Lake
    staging: Staging
    path: str
    place: str
    folder: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def read(
        self,
        session: SynapseSession,
        table: TableRef,
        columns: Sequence[Column],
        cells: Sequence[Cell],
        where: str = "",
    ) -> pa.RecordBatchReader:
        """The table's rows in the types of `cells`. All files are here when this returns.

        Raises what `cetas` raises, LakeError when a file cannot be fetched, and SourceError when a file holds
        other columns than were asked for, or a value that the declared type has not.
        """
        prefix = f"{self.place}/synapse_{next(self._numbers)}"
        try:
            names = cetas(session, table, columns, self.staging, f"{self.path}{prefix}", self._names, where)
            files = [self._fetched(f"{prefix}/{name}") for name in names]
        finally:
            self.lake.drop(prefix)
        schema = pa.schema([(cell.name, cell.type) for cell in cells])
        return pa.RecordBatchReader.from_batches(schema, _batches(files, schema, table))

    def _names(self, location: str) -> tuple[str, ...]:
        """The files of a folder of the data source, without the folder."""
        prefix = location.removeprefix(self.path)
        return tuple(key.removeprefix(f"{prefix}/") for key in self.lake.keys(prefix))

    def _fetched(self, key: str) -> Path:
        return self.lake.get(key, self.folder / key.replace("/", "_"))


def _batches(files: Sequence[Path], schema: pa.Schema, table: TableRef) -> Generator[pa.RecordBatch]:
    """Synapse may write timestamps as INT96, which is read as microseconds, or year 9999 would overflow."""
    for file in files:
        try:
            with pq.ParquetFile(file, coerce_int96_timestamp_unit="us") as held:
                names = held.schema_arrow.names
                if names != schema.names:
                    raise SourceError(f"{table}: Synapse wrote the columns {', '.join(names)} to the lake")
                for batch in held.iter_batches(batch_size=_ROWS):
                    yield pa.RecordBatch.from_arrays(_cast(batch, schema), schema=schema)
        except pa.ArrowInvalid as error:  # its text holds values
            raise SourceError(
                f"{table}: what Synapse wrote to the lake cannot be read as the declared types",
                hint="Use SYNAPSE_EXTRACT=odbc for this table.",
            ) from error
        finally:
            file.unlink(missing_ok=True)


def _cast(batch: pa.RecordBatch, schema: pa.Schema) -> list[Any]:
    return [column.cast(field_.type) for column, field_ in zip(batch.columns, schema, strict=True)]
