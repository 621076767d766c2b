"""How the comparer's SQL spells what sqlglot does not translate. The only place that knows an engine.

Everything else in this package builds on these functions and on the standard trees of `trees`. The engine
is DuckDB; another one needs its spelling of these functions and nothing more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare.trees import (
    call,
    case,
    first_known,
    is_null,
    number,
    operator,
    own,
    text,
    upper,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

DIALECT: Final = "duckdb"
PLAIN_TEXTS: Final = {"varchar", "string", "text"}  # what the engine calls text that needs no cast

BLANKS: Final = r"[\s\x{0085}\x{00A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}]+"
INVISIBLE: Final = r"[\x{00AD}\x{200B}-\x{200F}\x{2060}\x{FEFF}]"
_TYPES: dict[str, exp.DataType] = {}


def _type(spelled: str) -> exp.DataType:
    if spelled not in _TYPES:
        _TYPES[spelled] = exp.DataType.build(spelled, dialect=DIALECT)
    return _TYPES[spelled].copy()


def as_type(value: exp.Expr, spelled: str) -> exp.Expr:
    """CAST(value AS spelled); the type in DuckDB's words."""
    return exp.Cast(this=own(value), to=_type(spelled))


def try_type(value: exp.Expr, spelled: str) -> exp.Expr:
    """The cast, or NULL where it cannot be done."""
    return exp.TryCast(this=own(value), to=_type(spelled))


def as_text(value: exp.Expr) -> exp.Expr:
    """The value as the engine prints it."""
    return as_type(value, "TEXT")


def matches(value: exp.Expr, pattern: str) -> exp.Expr:
    """Whether the whole text has the form."""
    return call("regexp_full_match", value, text(pattern))


def group(value: exp.Expr, pattern: str, which: int) -> exp.Expr:
    """What a group of the pattern caught; '' when it caught nothing."""
    return call("regexp_extract", value, text(pattern), number(which))


def _replaced(value: exp.Expr, pattern: str, by: str) -> exp.Expr:
    return call("regexp_replace", value, text(pattern), text(by), text("g"))


def visible(value: exp.Expr) -> exp.Expr:
    """The text without invisible characters, each run of blanks as one, none at the ends."""
    return call("trim", _replaced(_replaced(value, INVISIBLE, ""), BLANKS, " "))


def composed(value: exp.Expr) -> exp.Expr:
    """Unicode form NFC."""
    return call("nfc_normalize", value)


def fixed(value: exp.Expr, scale: int) -> exp.Expr:
    """A finite double written out with `scale` decimals; every digit is the double's own."""
    return call("format", text(f"{{:.{scale}f}}"), value)


def microseconds(value: exp.Expr) -> exp.Expr:
    """Microseconds since 1970 (or midnight) of a TIMESTAMP or TIME; NULL for an infinite one."""
    return call("epoch_us", value)


def instant(value: exp.Expr, *, date: bool, nanos: bool) -> exp.Expr:
    """A date or timestamp as TIMESTAMP in UTC: the session's zone is UTC. Nanoseconds are cut.

    A date later than any timestamp becomes infinity, which no finite timestamp equals.
    """
    if date:
        late = as_type(text("infinity"), "TIMESTAMP")
        return case((is_null(value), exp.null()), otherwise=first_known(try_type(value, "TIMESTAMP"), late))
    if nanos:
        lot, count = number(1000), call("epoch_ns", value)
        below = operator(exp.Mod, operator(exp.Add, operator(exp.Mod, count, lot), lot), lot)
        return call("make_timestamp", operator(exp.IntDiv, operator(exp.Sub, count, below), lot))
    return as_type(value, "TIMESTAMP")


def time_of_day(value: exp.Expr, *, nanos: bool) -> exp.Expr:
    """A time as TIME in microseconds; nanoseconds are cut."""
    return as_type(call("left", as_text(value), number(15)), "TIME") if nanos else own(value)


def hexadecimal(value: exp.Expr) -> exp.Expr:
    """Bytes as upper-case hexadecimal digits."""
    return upper(call("hex", value))


def json_of(names: Sequence[str], values: Sequence[exp.Expr]) -> exp.Expr:
    """A JSON object, name -> text or null, in that order, as text."""
    pairs = [p for name, value in zip(names, values, strict=True) for p in (text(name), value)]
    return as_text(call("json_object", *pairs))


def digest(value: exp.Expr) -> exp.Expr:
    """A hash of a text that is the same in every process and on every engine."""
    return exp.MD5(this=own(value))


def wide(value: exp.Expr) -> exp.Expr:
    """An integer with room for 38 digits."""
    return as_type(value, "HUGEINT")


def decimal(digits: int, scale: int) -> str:
    """The type of a decimal with that many digits before and after the point."""
    return f"DECIMAL({max(1, digits + scale)},{scale})"


def distinct_roughly(value: exp.Expr) -> exp.Expr:
    """About how many distinct values; the same for the same set of values in any order."""
    return exp.ApproxDistinct(this=own(value))
