"""Results in the form of a Databricks SQL warehouse: column descriptions, Arrow batches, parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

import lz4.frame
import pyarrow as pa
from databricks.sql.thrift_api.TCLIService import ttypes as t

_TYPES = {
    "boolean": t.TTypeId.BOOLEAN_TYPE,
    "tinyint": t.TTypeId.TINYINT_TYPE,
    "smallint": t.TTypeId.SMALLINT_TYPE,
    "int": t.TTypeId.INT_TYPE,
    "bigint": t.TTypeId.BIGINT_TYPE,
    "float": t.TTypeId.FLOAT_TYPE,
    "double": t.TTypeId.DOUBLE_TYPE,
    "string": t.TTypeId.STRING_TYPE,
    "timestamp": t.TTypeId.TIMESTAMP_TYPE,
    "timestamp_ntz": t.TTypeId.TIMESTAMP_TYPE,
    "binary": t.TTypeId.BINARY_TYPE,
    "array": t.TTypeId.ARRAY_TYPE,
    "map": t.TTypeId.MAP_TYPE,
    "struct": t.TTypeId.STRUCT_TYPE,
    "decimal": t.TTypeId.DECIMAL_TYPE,
    "void": t.TTypeId.NULL_TYPE,
    "date": t.TTypeId.DATE_TYPE,
    "varchar": t.TTypeId.VARCHAR_TYPE,
    "char": t.TTypeId.CHAR_TYPE,
}
_BATCH_ROWS = 65_536


class StatementError(Exception):
    """What a statement failed with: Spark's message, its SQLSTATE and its error class."""

    def __init__(self, message: str, sqlstate: str = "HY000", condition: str = "") -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        self.condition = condition


@dataclass
class Rows:
    """A result: Arrow rows and, for each column, its name and Spark's name of its type."""

    table: pa.Table = field(default_factory=lambda: pa.table({}))
    types: list[tuple[str, str]] = field(default_factory=list)

    def schema(self) -> t.TTableSchema:
        """The columns as Thrift describes them."""
        return t.TTableSchema(columns=[_column(i, *column) for i, column in enumerate(self.types)])

    def batches(self, start: int, count: int, *, compressed: bool) -> list[t.TSparkArrowBatch]:
        """Rows from `start` as the messages that a warehouse sends."""
        found = []
        for batch in self.table.slice(start, count).to_batches(max_chunksize=_BATCH_ROWS):
            raw = batch.serialize().to_pybytes()
            sent = lz4.frame.compress(raw) if compressed else raw
            found.append(t.TSparkArrowBatch(batch=sent, rowCount=batch.num_rows))
        return found


def nullable(table: pa.Table) -> pa.Table:
    """Spark marks literals NOT NULL in Arrow; a warehouse sends every field as nullable."""
    fields = [f.with_nullable(True).remove_metadata() for f in table.schema]
    return table.cast(pa.schema(fields))


def _column(position: int, name: str, kind: str) -> t.TColumnDesc:
    base = re.match(r"[a-z_]+", kind)
    qualifiers = None
    if kind.startswith("decimal"):
        precision, scale = (t.TTypeQualifierValue(i32Value=int(n)) for n in re.findall(r"\d+", kind)[:2])
        qualifiers = t.TTypeQualifiers({"precision": precision, "scale": scale})
    told = _TYPES.get(base[0] if base else "", t.TTypeId.STRING_TYPE)
    entry = t.TTypeEntry(primitiveEntry=t.TPrimitiveTypeEntry(type=told, typeQualifiers=qualifiers))
    return t.TColumnDesc(columnName=name, position=position + 1, typeDesc=t.TTypeDesc(types=[entry]))


_READ = {
    **dict.fromkeys(("INT", "INTEGER", "BIGINT", "SMALLINT", "TINYINT"), int),
    **dict.fromkeys(("DOUBLE", "FLOAT"), float),
    "BOOLEAN": lambda text: text.lower() == "true",
    "DATE": date.fromisoformat,
    "TIMESTAMP": datetime.fromisoformat,
    "TIMESTAMP_NTZ": datetime.fromisoformat,
}


def parameter(given: t.TSparkParameter) -> object:
    """A native parameter's value."""
    if given.value is None:
        return None
    kind = (given.type or "STRING").upper()
    if kind.startswith("DECIMAL"):
        return Decimal(given.value.stringValue)
    return _READ.get(kind, str)(given.value.stringValue)
