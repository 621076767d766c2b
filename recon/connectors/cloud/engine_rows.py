"""A table's rows on their way from Databricks to Parquet: declared types, and what Parquet cannot carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq
from sqlglot import exp

from recon.model import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pyarrow as pa

    from recon.connectors.cloud.databricks_session import Warehouse
    from recon.connectors.cloud.engine_script import Query

# Types that Parquet or DuckDB cannot carry, as DESCRIBE spells them.
_FOREIGN = ("void", "interval", "variant", "object", "geometry", "geography", "time")
_NESTED = ("array", "map", "struct")


def declared(warehouse: Warehouse, table: exp.Table, about: str) -> tuple[Column, ...]:
    """The columns of a table in order, with Databricks' types: `DECIMAL(18,2)`.

    https://docs.databricks.com/sql/language-manual/sql-ref-syntax-aux-describe-table
    """
    return _columns(warehouse.rows(exp.Describe(this=table), about))


def declared_by(warehouse: Warehouse, query: Query) -> tuple[Column, ...]:
    """The columns of a query, which is not run. ProgramError, with its line, when it is wrong.

    https://docs.databricks.com/sql/language-manual/sql-ref-syntax-aux-describe-query
    """
    asked = f"DESCRIBE QUERY {query.text}"
    return _columns(warehouse.rows(asked, "", query.params, query.statement))


def _columns(rows: Iterable[Sequence[object]]) -> tuple[Column, ...]:
    found: list[Column] = []
    for name, kind, *_ in rows:
        if not name or str(name).startswith("#"):
            break  # partitions, clustering and the like come behind
        found.append(Column(str(name), _spelled(str(kind))))
    return tuple(found)


def portable(columns: Sequence[Column]) -> tuple[list[exp.Expr], tuple[str, ...]]:
    """What to select so that Parquet can carry it, and a note for each column that becomes text.

    Empty when every column can stay as it is.
    """
    foreign = [column for column in columns if _is_foreign(column.type)]
    if not foreign:
        return [], ()
    picked: list[exp.Expr] = []
    for column in columns:
        value: exp.Expr = exp.column(column.name, quoted=True)
        if column in foreign:
            nested = column.type.casefold().startswith((*_NESTED, "variant"))
            value = exp.Anonymous(this="to_json", expressions=[value]) if nested else _text(value)
        picked.append(exp.alias_(value, column.name, quoted=True))
    return picked, tuple(f"{c.name}: {c.type.casefold()} is compared as text" for c in foreign)


def written(pieces: Iterable[pa.Table], file: Path) -> Path:
    """All pieces as one Parquet file, row group by row group; a file without rows when there are none."""
    writer: pq.ParquetWriter | None = None
    try:
        for piece in pieces:
            if writer is None:
                writer = pq.ParquetWriter(file, piece.schema, compression="zstd")
            writer.write_table(piece.cast(writer.schema))
    finally:
        if writer is not None:
            writer.close()
    return file


def _text(value: exp.Expr) -> exp.Expr:
    return exp.Cast(this=value, to=exp.DataType.build("STRING", dialect="databricks"))


def _is_foreign(kind: str) -> bool:
    name = kind.casefold()
    plain = name.startswith(_FOREIGN) and not name.startswith("timestamp")
    return plain or (name.startswith(_NESTED) and any(f in name for f in ("void", "interval", "variant")))


def _spelled(kind: str) -> str:
    return kind if "<" in kind else kind.upper()
