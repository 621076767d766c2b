"""What a type says about a value: from the spelling of an engine, of T-SQL or of Databricks to one `Type`.

T-SQL: https://learn.microsoft.com/sql/t-sql/data-types/data-types-transact-sql
Databricks: https://docs.databricks.com/sql/language-manual/sql-ref-datatypes.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final


class Family(StrEnum):
    """Values of one family can be compared with each other."""

    NUMBER = "number"
    INSTANT = "date or timestamp"
    TIME = "time of day"
    TEXT = "text"
    BINARY = "binary"
    NESTED = "nested"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """A column's type as far as comparing depends on it.

    `neutral` names the type the same in every system, so that two neutral names differ exactly when the
    type changed. `digits` are the decimal digits before the point, `scale` those after it.
    """

    spelled: str
    family: Family
    neutral: str
    digits: int = 0
    scale: int = 0
    boolean: bool = False
    floating: bool = False
    single: bool = False  # a 4-byte float
    date: bool = False
    nanos: bool = False
    minutes: bool = False  # smalldatetime: stored to the minute
    padded: bool = False  # CHAR(n), NCHAR(n)
    guid: bool = False
    length: int = 0  # of a text, when declared
    void: bool = False  # the type of a column that holds nothing but NULL
    read: bool = False  # physically text, to be read as this type
    stored: str = ""  # the engine's own spelling, in lower case; empty for a type that is only declared


_INTEGERS: Final = {
    "tinyint": 3, "utinyint": 3, "byte": 3, "smallint": 5, "usmallint": 5, "short": 5, "int": 10,
    "integer": 10, "uinteger": 10, "bigint": 19, "long": 19, "ubigint": 20, "hugeint": 39, "uhugeint": 39,
}  # fmt: skip
_SAME_INTEGER: Final = {"integer": "int", "byte": "tinyint", "short": "smallint", "long": "bigint"}
_TEXTS: Final = {
    "varchar", "nvarchar", "char", "nchar", "bpchar", "character", "text", "ntext", "string", "sysname",
    "enum", "json", "xml",
}  # fmt: skip
_BINARIES: Final = {"blob", "binary", "varbinary", "image", "rowversion", "bytea"}
_INSTANTS: Final = {
    "datetime", "datetime2", "smalldatetime", "datetimeoffset", "timestamp", "timestamptz", "timestamp_ntz",
    "timestamp_ltz", "timestamp_s", "timestamp_ms", "timestamp_us", "timestamp_ns",
}  # fmt: skip
_SPELLING: Final = re.compile(r"\s*([a-z_0-9]+)\s*(?:\(\s*(\d+|max)\s*(?:,\s*(\d+)\s*)?\))?([^\[\](){}<>]*)")
_NESTED: Final = re.compile(r".*\[\d*\]|(struct|array|map|row|list|union)\s*[(<].*", re.DOTALL)
_GUID: Final = {"uniqueidentifier", "uuid"}


def engine_type(spelled: str) -> Type:
    """The type that DuckDB or Spark spells so."""
    return replace(_parse(spelled, tsql=False), stored=spelled.strip().lower())


def declared_type(spelled: str, *, tsql: bool) -> Type:
    """The type that a CREATE TABLE spells so: T-SQL's or Databricks'."""
    return _parse(spelled, tsql=tsql)


def resolve(engine: Type, declared: Type | None) -> Type:
    """What a column holds: the engine's type, refined by the declared one.

    A physical text declared as a number, date, time or binary is read as that. What is declared is also
    what reports print, and what decides whether the type changed: a value of a type unknown here
    (SQL_VARIANT, GEOGRAPHY) compares as it was extracted, and the report says which type it was.
    """
    if declared is None:
        return engine
    if engine.void or declared.family is Family.UNKNOWN:
        return replace(engine, spelled=declared.spelled, neutral=declared.neutral)
    if engine.family is Family.TEXT and declared.family is Family.TEXT:
        return replace(declared, guid=declared.guid or engine.guid, stored=engine.stored)
    if engine.family is Family.TEXT and declared.family is not Family.NESTED:
        return replace(declared, read=True, stored=engine.stored)
    return replace(engine, spelled=declared.spelled, neutral=declared.neutral, minutes=declared.minutes)


def changed(baseline: Type, candidate: Type) -> bool:
    """Whether the conversion changed the type, beyond how each system spells it."""
    if baseline.neutral == candidate.neutral == "text":
        return bool(baseline.length and candidate.length and baseline.length != candidate.length)
    return baseline.neutral != candidate.neutral


def _parse(spelled: str, *, tsql: bool) -> Type:
    low = spelled.strip().strip('"').lower().removeprefix("national ")
    if _NESTED.fullmatch(low):
        return Type(spelled=spelled, family=Family.NESTED, neutral=re.sub(r"\s+", "", low))
    found = _SPELLING.match(low)
    if not found:
        return Type(spelled=spelled, family=Family.UNKNOWN, neutral=low)
    name, first, second, rest = found.groups()
    size = int(first) if first and first != "max" else 0
    return (
        _number(spelled, name, size if first else None, int(second or 0), tsql=tsql)
        or _text(spelled, name, rest, size)
        or _moment(spelled, name, rest, tsql=tsql)
        or Type(spelled=spelled, family=Family.UNKNOWN, neutral=low)
    )


def _number(spelled: str, name: str, size: int | None, scale: int, *, tsql: bool) -> Type | None:
    number = Type(spelled=spelled, family=Family.NUMBER, neutral=_SAME_INTEGER.get(name, name))
    if name in {"boolean", "bool"} or (name == "bit" and tsql):
        return replace(number, neutral="boolean", digits=1, boolean=True)
    if name in _INTEGERS:
        return replace(number, digits=_INTEGERS[name])
    if name in {"decimal", "numeric", "dec"}:
        # DECIMAL alone is (18,0) in T-SQL and (10,0) in Databricks
        precision = size if size is not None else 18 if tsql else 10
        if not 0 < precision <= 38:  # neither system has it: nothing here could hold it exactly
            return replace(number, family=Family.UNKNOWN)
        return replace(number, neutral=f"decimal({precision},{scale})", digits=precision - scale, scale=scale)
    if name in {"money", "smallmoney"}:
        return replace(number, digits=15 if name == "money" else 6, scale=4)
    if name in {"float", "real", "double"}:
        # T-SQL's FLOAT is 8 bytes unless FLOAT(1..24); Databricks' and DuckDB's is 4:
        # https://learn.microsoft.com/sql/t-sql/data-types/float-and-real-transact-sql
        # https://docs.databricks.com/sql/language-manual/data-types/float-type.html
        wide = name == "double" or (tsql and name == "float" and not 0 < (size or 53) <= 24)
        return replace(number, neutral="double" if wide else "float", floating=True, single=not wide)
    return None


def _text(spelled: str, name: str, rest: str, size: int) -> Type | None:
    if name in _GUID:
        return Type(spelled=spelled, family=Family.TEXT, neutral="text", guid=True)
    if name in {"null", "void"}:
        return Type(spelled=spelled.strip('"'), family=Family.TEXT, neutral="void", void=True)
    if name not in _TEXTS:
        return None
    varying = "varying" in rest
    padded = name in {"char", "nchar", "bpchar", "character"} and not varying
    return Type(spelled=spelled, family=Family.TEXT, neutral="text", padded=padded, length=size)


def _moment(spelled: str, name: str, rest: str, *, tsql: bool) -> Type | None:
    if name in _BINARIES or (tsql and name == "timestamp"):  # T-SQL's TIMESTAMP is a row version
        return Type(spelled=spelled, family=Family.BINARY, neutral="binary")
    if name == "date":
        return Type(spelled=spelled, family=Family.INSTANT, neutral="date", date=True)
    if name in _INSTANTS:
        return Type(
            spelled=spelled,
            family=Family.INSTANT,
            neutral="timestamp",
            nanos=name == "timestamp_ns",
            minutes=name == "smalldatetime",
        )
    if name in {"time", "time_ns"} and "with time zone" not in rest:
        return Type(spelled=spelled, family=Family.TIME, neutral="time", nanos=name == "time_ns")
    return None
