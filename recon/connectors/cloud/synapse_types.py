"""T-SQL's types on their way to Parquet: how a column is asked for, fetched and made, so that none changes.

| type | asked for as | in Parquet |
|---|---|---|
| bit, tinyint, smallint, int, bigint | itself | boolean, uint8, int16, int32, int64 |
| decimal, money, smallmoney | itself | decimal with the declared digits |
| float, real | itself | float64, float32 |
| [n]char, [n]varchar | itself, padding kept | string |
| binary, varbinary | itself | binary |
| uniqueidentifier, time | text | string, which Spark can read |
| date, smalldatetime, datetime, datetime2(0..6) | itself | date32, timestamp in microseconds |
| datetime2(7), datetimeoffset | with all digits | timestamp in microseconds; a seventh digit is noted |

A seventh digit cannot be kept, as no timestamp of Databricks has one:
https://docs.databricks.com/aws/en/sql/language-manual/data-types/timestamp-type
Everything else (sql_variant, xml, geography ...) is refused by name.
"""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from pyarrow import compute
from sqlglot import exp

from recon.connectors.cloud.odbc_arrow import Cell
from recon.errors import SourceError
from recon.sqlscript.tsql_types import MAX, Family, SqlType, parse_type

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyodbc

    from recon.model import Column

OFFSET_TYPE: Final = -155  # SQL_SS_TIMESTAMPOFFSET of both drivers
_OFFSET = struct.Struct("<hHHHHHIhh")
_EPOCH: Final = date(1970, 1, 1).toordinal()
_REFUSED: Final = frozenset(
    ("sql_variant", "xml", "json", "vector", "geography", "geometry", "hierarchyid")
    + ("image", "text", "ntext", "timestamp", "rowversion")
)
_MICROS: Final = pa.timestamp("us")
_PLAIN: Final = {
    "bit": pa.bool_(),
    "tinyint": pa.uint8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float64(),
    "real": pa.float32(),
    "date": pa.date32(),
}
functions: Any = compute  # pyarrow makes its functions when it is imported: type checkers see none
_LONG: Final = "a max type is read whole only row by row"


def parsed(declared: str) -> SqlType:
    """A declared type. ValueError with the reason for one that cannot be read exactly."""
    name = declared.partition("(")[0].strip().lower()
    if name in _REFUSED:
        raise ValueError(f"the type {declared} has no counterpart that keeps its values")
    return parse_type(declared)


@dataclass(slots=True)
class Seventh:
    """Counts values whose seventh digit of the second is cut, by column."""

    found: Counter[str] = field(default_factory=Counter[str])

    def notes(self, where: str) -> list[str]:
        """What a reviewer has to know, a line a column."""
        return [
            f"{where}.{name}: {count:,} values have a seventh digit of the second, which is cut:"
            " recon compares microseconds, and Databricks keeps no more"
            for name, count in sorted(self.found.items())
        ]


def cells(columns: Sequence[Column], where: str, seventh: Seventh) -> tuple[Cell, ...]:
    """How each column is fetched. SourceError names the first one that cannot be read exactly."""
    made: list[Cell] = []
    for each in columns:
        try:
            made.append(_cell(each.name, parsed(each.type), seventh))
        except ValueError as error:
            raise SourceError(
                f"{where}.{each.name} cannot be read: {error}",
                hint="Read a view that leaves the column out, or casts it to a type with a counterpart.",
            ) from error
    return tuple(made)


def selected(columns: Sequence[Column]) -> list[exp.Expr]:
    """What is selected for each column; named by position, `c0`, `c1` ..."""
    return [
        exp.alias_(_expression(parsed(each.type), exp.column(each.name, quoted=True)), f"c{at}", quoted=True)
        for at, each in enumerate(columns)
    ]


def watch_offsets(connection: pyodbc.Connection, columns: Sequence[Column], seventh: Seventh) -> None:
    """Read datetimeoffset, which pyodbc does not know, as microseconds since 1970 in UTC.

    https://github.com/mkleehammer/pyodbc/wiki/Using-an-Output-Converter-function
    """
    names = [c.name for c in columns if parsed(c.type).family is Family.OFFSET]

    def convert(raw: bytes | None) -> int | None:
        if raw is None:
            return None
        micros, tail = instant(raw)
        if tail:
            seventh.found[", ".join(names)] += 1
        return micros

    if names:
        connection.add_output_converter(OFFSET_TYPE, convert)


def instant(raw: bytes) -> tuple[int, int]:
    """SQL_SS_TIMESTAMPOFFSET_STRUCT as microseconds since 1970 in UTC, and the nanoseconds beyond them.

    https://learn.microsoft.com/sql/relational-databases/native-client-odbc-date-time/data-type-support-for-odbc-date-and-time-improvements
    """
    year, month, day, hour, minute, second, nanos, zone_hours, zone_minutes = _OFFSET.unpack(raw)
    days = date(year, month, day).toordinal() - _EPOCH
    seconds = ((days * 24 + hour - zone_hours) * 60 + minute - zone_minutes) * 60 + second
    return seconds * 1_000_000 + nanos // 1_000, nanos % 1_000


def _cell(name: str, kind: SqlType, seventh: Seventh) -> Cell:
    family = kind.family
    if family in {Family.TEXT, Family.BINARY}:
        type_ = pa.string() if family is Family.TEXT else pa.binary()
        return Cell(name, type_, slowly=_LONG if kind.length == MAX else "")
    if family in {Family.DECIMAL, Family.MONEY}:
        return Cell(name, pa.decimal128(kind.precision, kind.scale))
    if family in {Family.GUID, Family.TIME}:
        return Cell(name, pa.string())
    if family is Family.OFFSET:
        slowly = "datetimeoffset needs a converter"
        return Cell(name, pa.int64(), _zoned, pa.timestamp("us", "UTC"), slowly)
    if _seven(kind):
        return Cell(name, pa.string(), _counting(name, seventh), _MICROS)
    return Cell(name, _PLAIN.get(kind.name, _MICROS))


def _seven(kind: SqlType) -> bool:
    return kind.name == "datetime2" and kind.scale == 7


def _expression(kind: SqlType, column: exp.Expr) -> exp.Expr:
    """Style 121 writes a datetime2(7) with all its digits, and a time as well.

    https://learn.microsoft.com/sql/t-sql/functions/cast-and-convert-transact-sql
    """
    if kind.family is Family.TIME:
        return _converted("VARCHAR(16)", column, 121)
    if kind.family is Family.GUID:
        return _converted("VARCHAR(36)", column)
    return _converted("VARCHAR(27)", column, 121) if _seven(kind) else column


def _converted(to: str, column: exp.Expr, style: int | None = None) -> exp.Expr:
    how = [exp.Literal.number(style)] if style is not None else []
    return exp.Anonymous(this="CONVERT", expressions=[exp.DataType.build(to, dialect="tsql"), column, *how])


def _zoned(array: pa.Array) -> pa.Array:
    return array.cast(pa.timestamp("us", "UTC"))


def _counting(name: str, seventh: Seventh) -> Callable[[pa.Array], pa.Array]:
    """Text with seven digits to microseconds, the seventh counted where it is not 0."""

    def finish(array: pa.Array) -> pa.Array:
        last = functions.utf8_slice_codeunits(array, 26, 27)
        lost = functions.sum(functions.not_equal(last, "0")).as_py()
        if lost:
            seventh.found[name] += int(lost)
        return functions.utf8_slice_codeunits(array, 0, 26).cast(_MICROS)

    return finish
