"""T-SQL's data types: how they are spelled, which wins over which, and what arithmetic makes of them.

https://learn.microsoft.com/en-us/sql/t-sql/data-types/precision-scale-and-length-transact-sql
https://learn.microsoft.com/en-us/sql/t-sql/data-types/data-type-precedence-transact-sql
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum

MAX = -1  # the length of varchar(max)
_LONGEST = {"varchar": 8000, "char": 8000, "nvarchar": 4000, "nchar": 4000, "varbinary": 8000, "binary": 8000}


class Family(StrEnum):
    """Types that convert and compare alike."""

    TEXT = "text"
    INTEGER = "integer"  # bit is one of its own
    BIT = "bit"
    DECIMAL = "decimal"
    MONEY = "money"
    FLOAT = "float"
    DATE = "date"
    TIME = "time"
    STAMP = "stamp"  # datetime, datetime2, smalldatetime
    OFFSET = "offset"
    BINARY = "binary"
    GUID = "guid"
    NULL = "null"  # the constant NULL, until something gives it a type


_FAMILIES = {
    **dict.fromkeys(("char", "varchar", "nchar", "nvarchar"), Family.TEXT),
    **dict.fromkeys(("tinyint", "smallint", "int", "bigint"), Family.INTEGER),
    **dict.fromkeys(("money", "smallmoney"), Family.MONEY),
    **dict.fromkeys(("float", "real"), Family.FLOAT),
    **dict.fromkeys(("datetime", "datetime2", "smalldatetime"), Family.STAMP),
    **dict.fromkeys(("binary", "varbinary"), Family.BINARY),
    "bit": Family.BIT,
    "decimal": Family.DECIMAL,
    "date": Family.DATE,
    "time": Family.TIME,
    "datetimeoffset": Family.OFFSET,
    "uniqueidentifier": Family.GUID,
    "null": Family.NULL,
}
# Lowest first. An operator converts the operand of the lower type to the higher one.
_PRECEDENCE = (
    "null binary varbinary char varchar nchar nvarchar uniqueidentifier bit tinyint smallint int bigint"
    " smallmoney money decimal real float time date smalldatetime datetime datetime2 datetimeoffset"
)
RANK = {name: i for i, name in enumerate(_PRECEDENCE.split())}
_DIGITS = {"bit": 1, "tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}
_ALIASES = {
    "integer": "int",
    "numeric": "decimal",
    "dec": "decimal",
    "character": "char",
    "double precision": "float",
    "character varying": "varchar",
    "national character varying": "nvarchar",
    "national character": "nchar",
    "text": "varchar(max)",
    "ntext": "nvarchar(max)",
    "sysname": "nvarchar(128)",
    "guid": "uniqueidentifier",
}
_SPELLING = re.compile(r"\s*([a-z0-9_ ]+?)\s*(?:\(\s*(\w+)\s*(?:,\s*(\d+)\s*)?\))?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SqlType:
    """A T-SQL type. `length` for text and binary (MAX for max), `precision` and `scale` for the rest.

    `collation` is empty for the database's own; `zone` is the one that a datetimeoffset was moved to.
    `str()` spells it as T-SQL does.
    """

    name: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    collation: str = ""
    zone: str = ""

    @property
    def family(self) -> Family:
        """How it converts and compares."""
        return _FAMILIES[self.name]

    @property
    def fixed(self) -> bool:
        """Whether values are padded to the length."""
        return self.name in {"char", "nchar", "binary"}

    @property
    def national(self) -> bool:
        """Whether it is Unicode text."""
        return self.name in {"nchar", "nvarchar"}

    def __str__(self) -> str:
        if self.family in {Family.TEXT, Family.BINARY}:
            return f"{self.name}({'max' if self.length == MAX else self.length})"
        if self.family is Family.DECIMAL:
            return f"decimal({self.precision},{self.scale})"
        if self.name in {"datetime2", "time", "datetimeoffset"}:
            return f"{self.name}({self.scale})"
        return "int" if self.family is Family.NULL else self.name


INT = SqlType("int")
BIGINT = SqlType("bigint")
BIT = SqlType("bit")
FLOAT = SqlType("float")
MONEY = SqlType("money", precision=19, scale=4)
DATE = SqlType("date")
DATETIME = SqlType("datetime", scale=3)
DATETIME2 = SqlType("datetime2", scale=7)
NULL = SqlType("null")
GUID = SqlType("uniqueidentifier")


def decimal(precision: int, scale: int) -> SqlType:
    """The type `decimal(precision, scale)`."""
    return SqlType("decimal", precision=precision, scale=scale)


def varchar(length: int, national: bool = False, collation: str = "") -> SqlType:
    """[n]varchar(length); longer than the longest becomes the longest."""
    name = "nvarchar" if national else "varchar"
    fits = length if length == MAX else max(1, min(length, _LONGEST[name]))
    return SqlType(name, length=fits, collation=collation)


def parse_type(text: str, *, default_length: int = 1) -> SqlType:
    """The type that `text` spells. `default_length` is that of `varchar` alone: 1 in a declaration, 30 in a
    CAST. ValueError, with words for the author of the script, for a type that is unknown or not supported.
    """
    match = _SPELLING.fullmatch(text.replace("[", "").replace("]", "").removeprefix("sys."))
    if match is None:
        raise ValueError(f"{text} is not a type that recon knows")
    name = " ".join(match[1].lower().split())
    name = _ALIASES.get(name, name)
    if "(" in name:
        return parse_type(name)
    if name not in _FAMILIES or name == "null":
        raise ValueError(f"the type {text} is not supported")
    return _with_size(name, match[2], match[3], default_length)


def _with_size(name: str, first: str | None, second: str | None, default_length: int) -> SqlType:
    family = _FAMILIES[name]
    if family in {Family.TEXT, Family.BINARY}:
        if (first or "").lower() == "max":
            return SqlType(name, length=MAX)
        return SqlType(name, length=_within(name, first or str(default_length), 1, _LONGEST[name]))
    if family is Family.DECIMAL:
        precision = _within(name, first or "18", 1, 38)
        return decimal(precision, _within(name, second or "0", 0, precision))
    if name == "float":
        return SqlType("real") if _within(name, first or "53", 1, 53) <= 24 else FLOAT
    if name in {"datetime2", "time", "datetimeoffset"}:
        return SqlType(name, scale=_within(name, first or "7", 0, 7))
    if first is not None:
        raise ValueError(f"the type {name} takes no size")
    if name == "datetime":
        return DATETIME
    if family is Family.MONEY:
        return SqlType(name, precision=19 if name == "money" else 10, scale=4)
    return SqlType(name)


def _within(name: str, written: str, least: int, most: int) -> int:
    if not written.isdigit() or not least <= int(written) <= most:
        raise ValueError(f"the type {name} cannot have the size {written}")
    return int(written)


def as_decimal(kind: SqlType) -> SqlType:
    """The decimal that holds every value of a number type."""
    if kind.family is Family.DECIMAL:
        return kind
    if kind.family is Family.MONEY:
        return decimal(kind.precision, kind.scale)
    return decimal(_DIGITS.get(kind.name, 38), 0)


def added(a: SqlType, b: SqlType) -> SqlType:
    """The decimal type of a + b and a - b."""
    whole = max(a.precision - a.scale, b.precision - b.scale)
    scale = max(a.scale, b.scale)
    return decimal(min(whole + scale + 1, 38), min(scale, 38 - whole))


def multiplied(a: SqlType, b: SqlType) -> SqlType:
    """The decimal type of a * b."""
    return _capped(a.precision + b.precision + 1, a.scale + b.scale)


def divided(a: SqlType, b: SqlType) -> SqlType:
    """The decimal type of a / b."""
    scale = max(6, a.scale + b.precision + 1)
    return _capped(a.precision - a.scale + b.scale + scale, scale)


def remainder(a: SqlType, b: SqlType) -> SqlType:
    """The decimal type of a % b."""
    scale = max(a.scale, b.scale)
    return decimal(min(a.precision - a.scale, b.precision - b.scale) + scale, scale)


def _capped(precision: int, scale: int) -> SqlType:
    """Where 38 digits do not suffice, the scale gives way, but not below 6 for a long whole part."""
    if precision <= 38:
        return decimal(precision, scale)
    whole = precision - scale
    return decimal(38, min(scale, 38 - whole) if whole < 32 else min(scale, 6))


def united(a: SqlType, b: SqlType) -> SqlType:
    """The type that CASE, COALESCE, UNION and VALUES give to two branches.

    ValueError when T-SQL cannot bring them together.
    """
    if RANK[a.name] > RANK[b.name]:
        a, b = b, a
    if a.family is Family.NULL:
        return b
    if a.family is Family.TEXT and b.family is Family.TEXT:
        return _united_text(a, b)
    if Family.BINARY in {a.family, b.family} and a.family is b.family:
        longest = MAX if MAX in {a.length, b.length} else max(a.length, b.length)
        return replace(b, length=longest)
    if b.family is Family.DECIMAL:
        return _united_decimal(as_decimal(a), b) if a.family is not Family.TEXT else b
    if a.name == b.name:
        return replace(b, scale=max(a.scale, b.scale))
    _check_pair(a, b)
    return b


def _united_text(a: SqlType, b: SqlType) -> SqlType:
    national = a.national or b.national
    fixed = a.fixed and b.fixed
    longest = MAX if MAX in {a.length, b.length} else max(a.length, b.length)
    name = ("nchar" if national else "char") if fixed else ("nvarchar" if national else "varchar")
    return SqlType(name, length=longest, collation=a.collation or b.collation)


def _united_decimal(a: SqlType, b: SqlType) -> SqlType:
    scale = max(a.scale, b.scale)
    whole = max(a.precision - a.scale, b.precision - b.scale)
    return decimal(min(whole + scale, 38), min(scale, max(38 - whole, 0)))


_DATES = {Family.DATE, Family.TIME, Family.STAMP, Family.OFFSET}


def _check_pair(low: SqlType, high: SqlType) -> None:
    """Error 206, operand type clash: a number never becomes a date but a datetime, and so on."""
    numeric = {Family.INTEGER, Family.BIT, Family.DECIMAL, Family.MONEY, Family.FLOAT}
    clash = (
        (low.family in numeric and high.family in _DATES and high.name not in {"datetime", "smalldatetime"})
        or (low.family is Family.GUID and high.family is not Family.GUID)
        or (low.family is Family.TIME and high.family is Family.DATE)
    )
    if clash:
        raise ValueError(f"{low} and {high} cannot be brought together")
