"""How the comparer's SQL spells what sqlglot does not translate. The only place that knows an engine.

Everything else in this package builds on these functions and on the standard trees of `trees`. The engine
is DuckDB; another one needs its spelling of these functions and nothing more.

Functions that the causes call by name, besides those below: abs, contains, day, left, length, lower, lpad,
minute, month, nullif, octet_length, replace, right, rtrim, starts_with, substr, trunc, year.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare.trees import (
    any_of,
    call,
    case,
    definitely,
    equals,
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
_SMALLINT_BITS: Final = 15  # without its sign
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
    """Unicode form NFC.

    DuckDB's function stops at NUL. So NUL goes in as two control characters, which never compose, and another
    pair keeps the first of them apart from one that was there.
    """
    nul, mark = call("chr", number(0)), text("\x01")
    hidden = call("replace", call("replace", value, mark, text("\x01\x02")), nul, text("\x01\x03"))
    shown = call("replace", call("nfc_normalize", hidden), text("\x01\x03"), nul)
    return call("replace", shown, text("\x01\x02"), mark)


def fixed(value: exp.Expr, scale: int) -> exp.Expr:
    """A finite double written out with `scale` decimals; every digit is the double's own."""
    return call("format", text(f"{{:.{scale}f}}"), value)


def bits(value: exp.Expr, *, single: bool) -> exp.Expr:
    """The bits of a float (of 4 bytes when `single`) as a signed integer of its size."""
    sized = try_type(value, "REAL") if single else as_type(value, "DOUBLE")
    return as_type(as_type(sized, "BIT"), "INT" if single else "BIGINT")


def translated(value: exp.Expr, old: str, new: str) -> exp.Expr:
    """The text with each character of `old` as the one at its place in `new`."""
    return call("translate", value, text(old), text(new))


def replaced(value: exp.Expr, pattern: str, by: str) -> exp.Expr:
    """The text with every match of the pattern replaced; a backslash and 1 stand for the first group."""
    return _replaced(value, pattern, by)


def float_text(value: exp.Expr) -> exp.Expr:
    """A double as the engine prints it, and with 17 digits where that does not read as the same number.

    DuckDB 2.0 prints three powers of two wrongly: 2**81 as 2**82, 2**91 as 2**92, 2**806 as no number.
    """
    printed = as_text(value)
    reads = definitely(equals(try_type(printed, "DOUBLE"), value))
    right = any_of(is_null(value), call("isnan", value), reads)
    return case((right, printed), otherwise=call("format", text("{:.16e}"), value))


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
        cut = call("make_timestamp", operator(exp.IntDiv, operator(exp.Sub, count, below), lot))
        return first_known(cut, as_type(value, "TIMESTAMP"))  # the count of an infinite one is NULL
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


def digest_number(value: exp.Expr) -> exp.Expr:
    """31 bits of the MD5 of a text, as a BIGINT from 0: the same on every engine.

    The engine's function gives the last 8 of the 16 bytes as a number, the first of them as its lowest.
    """
    lowest = operator(exp.Mod, call("md5_number_lower", value), number(2**31))
    return as_type(lowest, "BIGINT")


def wide(value: exp.Expr) -> exp.Expr:
    """An integer with room for 38 digits."""
    return as_type(value, "HUGEINT")


def decimal(digits: int, scale: int) -> str:
    """The type of a decimal with that many digits before and after the point."""
    return f"DECIMAL({max(1, digits + scale)},{scale})"


def distinct_roughly(value: exp.Expr) -> exp.Expr:
    """About how many distinct values; the same for the same set of values in any order."""
    return exp.ApproxDistinct(this=own(value))


def slots_taken(slot: exp.Expr, slots: int) -> exp.Expr:
    """How many distinct values a BIGINT has that is NULL or from 0 up to, not including, `slots`."""
    return call("bit_count", call("bitstring_agg", slot, number(0), number(slots - 1)))


def found(value: exp.Expr, pattern: str) -> exp.Expr:
    """Whether the pattern occurs in the text."""
    return call("regexp_matches", value, text(pattern))


def sorted_parts(value: exp.Expr, separator: str) -> exp.Expr:
    """The parts of a text between separators (no pattern), as a sorted list; only to compare with another."""
    return call("list_sort", call("string_split", value, text(separator)))


def hash64(values: Sequence[exp.Expr]) -> exp.Expr:
    """A 64-bit hash of values in that order, NULLs included. It may skip what is equal, no more."""
    return call("hash", *values)


def bucket(hashed: exp.Expr, power: int) -> exp.Expr:
    """One of 2 ** power numbers from 0, by a 64-bit hash. DuckDB groups a SMALLINT by an array's index."""
    small = power <= _SMALLINT_BITS
    return as_type(
        exp.BitwiseAnd(this=own(hashed), expression=number(2**power - 1)), "SMALLINT" if small else "INT"
    )


def hash_sum(hashed: exp.Expr) -> exp.Expr:
    """The sum of 64-bit hashes, each hashed once more: the same for the same rows in any order.

    A row's hash is made of its values' hashes by products and XOR. Without the second hash such sums would
    too often agree where two rows swapped a value.
    """
    return exp.Sum(this=wide(exp.BitwiseRightShift(this=call("hash", hashed), expression=number(1))))
