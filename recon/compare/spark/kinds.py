"""The types of a tree's values: DuckDB's, in whose words the trees are written, and how Spark holds each.

What Spark lacks is held exactly in another type: TIME as microseconds and nanosecond types as nanoseconds in
a BIGINT, HUGEINT in DECIMAL(38,0), unsigned integers in the next wider type, UUID and ENUM as text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sqlglot import exp
from sqlglot.errors import SqlglotError

from recon.errors import EngineError

_T: Final = exp.DType
INTEGERS: Final = {
    _T.TINYINT: ("TINYINT", 3), _T.SMALLINT: ("SMALLINT", 5), _T.INT: ("INT", 10), _T.BIGINT: ("BIGINT", 19),
    _T.UTINYINT: ("SMALLINT", 3), _T.USMALLINT: ("INT", 5), _T.UINT: ("BIGINT", 10),
    _T.UBIGINT: ("DECIMAL(20,0)", 20), _T.INT128: ("DECIMAL(38,0)", 38), _T.UINT128: ("DECIMAL(38,0)", 38),
}  # fmt: skip
_HELD: Final = {
    _T.BOOLEAN: "BOOLEAN", _T.FLOAT: "FLOAT", _T.DOUBLE: "DOUBLE", _T.DATE: "DATE",
    _T.TIMESTAMPNTZ: "TIMESTAMP_NTZ", _T.TIMESTAMP: "TIMESTAMP_NTZ", _T.TIMESTAMP_S: "TIMESTAMP_NTZ",
    _T.TIMESTAMP_MS: "TIMESTAMP_NTZ", _T.TIMESTAMPTZ: "TIMESTAMP", _T.TIMESTAMP_NS: "BIGINT",
    _T.TIME: "BIGINT", _T.TIME_NS: "BIGINT", _T.VARBINARY: "BINARY", _T.NULL: "STRING",
}  # fmt: skip
_TEXTS: Final = {_T.TEXT, _T.VARCHAR, _T.UUID, _T.ENUM, _T.JSON}
_PLAIN_STAMPS: Final = {_T.TIMESTAMPNTZ, _T.TIMESTAMP, _T.TIMESTAMP_S, _T.TIMESTAMP_MS}
NESTED: Final = {_T.STRUCT, _T.ARRAY, _T.LIST, _T.MAP}


@dataclass(frozen=True, slots=True)
class Kind:
    """A type. `digits` are all digits of a decimal or an integer, `parts` what a nested type holds."""

    type: exp.DType
    digits: int = 0
    scale: int = 0
    parts: tuple[tuple[str, Kind], ...] = field(default=())

    @property
    def integer(self) -> bool:
        return self.type in INTEGERS

    @property
    def decimal(self) -> bool:
        return self.type is _T.DECIMAL

    @property
    def exact(self) -> bool:
        """Whether it is an integer or a decimal."""
        return self.integer or self.decimal

    @property
    def floating(self) -> bool:
        return self.type in {_T.FLOAT, _T.DOUBLE}

    @property
    def number(self) -> bool:
        return self.exact or self.floating

    @property
    def text(self) -> bool:
        return self.type in _TEXTS or self.type is _T.NULL

    @property
    def stamp(self) -> bool:
        """Whether it is a TIMESTAMP in microseconds, without a zone."""
        return self.type in _PLAIN_STAMPS

    @property
    def nested(self) -> bool:
        return self.type in NESTED

    def __str__(self) -> str:
        """DuckDB's word."""
        if self.decimal:
            return f"DECIMAL({self.digits},{self.scale})"
        return {_T.INT128: "HUGEINT", _T.NULL: "NULL", _T.VARBINARY: "BLOB"}.get(
            self.type, str(self.type.value)
        )


def _plain(type_: exp.DType) -> Kind:
    return Kind(type_, INTEGERS[type_][1]) if type_ in INTEGERS else Kind(type_)


TEXT: Final = Kind(_T.TEXT)
NULL: Final = Kind(_T.NULL)
BOOLEAN: Final = Kind(_T.BOOLEAN)
INT: Final = _plain(_T.INT)
BIGINT: Final = _plain(_T.BIGINT)
UBIGINT: Final = _plain(_T.UBIGINT)
HUGEINT: Final = _plain(_T.INT128)
DOUBLE: Final = Kind(_T.DOUBLE)
FLOAT: Final = Kind(_T.FLOAT)
DATE: Final = Kind(_T.DATE)
STAMP: Final = Kind(_T.TIMESTAMPNTZ)
STAMP_TZ: Final = Kind(_T.TIMESTAMPTZ)
STAMP_NS: Final = Kind(_T.TIMESTAMP_NS)
TIME: Final = Kind(_T.TIME)
TIME_NS: Final = Kind(_T.TIME_NS)
BLOB: Final = Kind(_T.VARBINARY)
UNKNOWN: Final = Kind(_T.UNKNOWN)


def kind_of(spelled: str) -> Kind:
    """The type that DuckDB spells so; UNKNOWN for one that has no exact place in Spark."""
    if spelled.strip().strip('"').upper() == "NULL":
        return NULL
    try:
        return of_type(exp.DataType.build(spelled, dialect="duckdb"))
    except SqlglotError:
        return UNKNOWN


def of_type(type_: exp.DataType) -> Kind:
    """The type of a tree's node."""
    what = type_.this
    if not isinstance(what, exp.DType):
        return UNKNOWN
    if what is _T.DECIMAL:
        sizes = [int(p.name) for p in type_.expressions] or [18, 3]
        digits, scale = sizes[0], sizes[1] if len(sizes) > 1 else 0
        return Kind(what, digits, scale) if digits <= 38 else UNKNOWN
    if what in NESTED:
        return _nested(what, type_)
    if what is _T.BIT:
        return Kind(what)
    return _plain(what) if what in INTEGERS or what in _HELD or what in _TEXTS else UNKNOWN


def _nested(what: exp.DType, type_: exp.DataType) -> Kind:
    parts: list[tuple[str, Kind]] = []
    for part in type_.expressions:
        name, inside = (part.name, part.args.get("kind")) if isinstance(part, exp.ColumnDef) else ("", part)
        parts.append((name, of_type(inside) if isinstance(inside, exp.DataType) else UNKNOWN))
    if not parts or any(kind == UNKNOWN for _, kind in parts):
        return UNKNOWN
    return Kind(what, parts=tuple(parts))


def held_as(kind: Kind) -> exp.DataType:
    """The Spark type that holds it. EngineError for one that has none."""
    if kind.decimal:
        return _spark(f"DECIMAL({kind.digits},{kind.scale})")
    if kind.type in _TEXTS:
        return _spark("STRING")
    if kind.integer:
        return _spark(INTEGERS[kind.type][0])
    if kind.type in _HELD:
        return _spark(_HELD[kind.type])
    raise refused(f"the type {kind}")


def _spark(spelled: str) -> exp.DataType:
    return exp.DataType.build(spelled, dialect="databricks")


def refused(what: str) -> EngineError:
    """The error for what Spark cannot do exactly as the trees mean it."""
    return EngineError(
        f"Spark has no exact counterpart of {what}", hint="Compare with --engine duckdb.", retryable=False
    )


def wider(one: Kind, other: Kind) -> Kind:
    """The type that holds the values of both branches of a CASE or a UNION."""
    if NULL in (one, other):
        return other if one == NULL else one
    if one == other:
        return one
    if one.text and other.text:
        return TEXT
    if one.exact and other.exact:
        return _wider_number(one, other)
    if one.number and other.number:
        return DOUBLE
    if {one, other} <= {DATE, STAMP} or (one.stamp and other.stamp):
        return STAMP
    raise refused(f"a value that is {one} or {other}")


def _wider_number(one: Kind, other: Kind) -> Kind:
    if one.integer and other.integer:
        return one if one.digits >= other.digits else other
    scale = max(one.scale, other.scale)
    digits = max(one.digits - one.scale, other.digits - other.scale) + scale
    if digits > 38:
        raise refused(f"a value that is {one} or {other}")
    return Kind(_T.DECIMAL, digits, scale)
