"""Reading text as another kind, exactly.

Each function gives a tree whose value is canonical text: equal values give equal texts. A text that cannot
be read gives "?" and the text itself, which no readable value can give; NULL stays NULL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.compare.dialect import as_text, as_type, group, hexadecimal, matches, try_type
from recon.compare.trees import (
    all_of,
    any_of,
    call,
    case,
    equals,
    first_known,
    is_null,
    joined,
    length,
    not_null,
    number,
    operator,
    text,
    upper,
)

if TYPE_CHECKING:
    from collections.abc import Callable

UNREADABLE = "?"

_NUMBER = r"\s*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?\s*"
_HAS_DIGIT = r"\s*[+-]?\.?\d.*"
_SPECIAL = r"(?i)\s*[+-]?(nan|inf|infinity)\s*"
_DATE = r"\s*(\d{4})(?:-(\d{2})-|(\d{2}))(\d{2})"
_CLOCK = r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d+))?)?"
_ZONE = r"Z|[+-](?:0\d|1[0-7])(?::?[0-5]\d)?"  # below 18 hours; datetimeoffset itself ends at 14
_INSTANT = rf"{_DATE}(?:[T ]+{_CLOCK}\s*({_ZONE})?)?\s*"
_TIME = rf"\s*{_CLOCK}\s*"
_BYTES = r"\s*(?:0[xX])?((?:[0-9A-Fa-f]{2})*)\s*"
# https://docs.databricks.com/sql/language-manual/functions/cast.html (STRING to BOOLEAN)
_TRUE, _FALSE = r"(?i)\s*(t|true|y|yes)\s*", r"(?i)\s*(f|false|n|no)\s*"


def _or_unreadable(raw: exp.Expr, readable: exp.Expr, value: exp.Expr) -> exp.Expr:
    return case(
        (is_null(raw), exp.null()),
        (readable, value),
        otherwise=joined(text(UNREADABLE), raw),
    )


def readable_number(raw: exp.Expr) -> exp.Expr:
    """Whether the text is a decimal number, with or without exponent."""
    return all_of(matches(raw, _NUMBER), matches(raw, _HAS_DIGIT))


def numeral(raw: exp.Expr, *, boolean: bool = False) -> exp.Expr:
    """A number as its shortest exact decimal text: "-12.5", "0", "1000". Also "true" when `boolean`."""
    value = case(
        *([(matches(raw, _TRUE), text("1")), (matches(raw, _FALSE), text("0"))] if boolean else []),
        otherwise=_shortest(raw),
    )
    words = matches(raw, f"(?:{_TRUE})|(?:{_FALSE})")
    readable = any_of(readable_number(raw), words) if boolean else readable_number(raw)
    return _or_unreadable(raw, readable, value)


def _shortest(raw: exp.Expr) -> exp.Expr:
    sign, whole, fraction, exponent = (group(raw, _NUMBER, n) for n in (1, 2, 3, 4))
    digits = joined(whole, fraction)
    power = first_known(try_type(exponent, "INT"), number(0))
    point = operator(exp.Add, length(whole), power)
    beyond = _at_least_0(operator(exp.Sub, point, length(digits)))
    before = call("left", joined(digits, call("repeat", text("0"), beyond)), _at_least_0(point))
    after = joined(
        call("repeat", text("0"), _at_least_0(exp.Neg(this=exp.Paren(this=point.copy())))),
        call("substr", digits, operator(exp.Add, _at_least_0(point), number(1))),
    )
    plain = _assembled(sign, whole, fraction)
    return case((equals(exponent, text("")), plain), otherwise=_assembled(sign, before, after))


def _at_least_0(value: exp.Expr) -> exp.Expr:
    return call("greatest", value, number(0))


def _assembled(sign: exp.Expr, whole: exp.Expr, fraction: exp.Expr) -> exp.Expr:
    """Sign, digits before and after the point -> shortest text; zero has no sign."""
    nothing = text("")
    before, after = call("ltrim", whole, text("0")), call("rtrim", fraction, text("0"))
    minus = case((equals(sign, text("-")), text("-")), otherwise=nothing)
    shown = case((equals(before, nothing), text("0")), otherwise=before)
    return case(
        (equals(joined(before, after), nothing), text("0")),
        (equals(after, nothing), joined(minus, shown)),
        otherwise=joined(minus, shown, text("."), after),
    )


def numeral_of_decimal(value: exp.Expr, scale: int) -> exp.Expr:
    """An integer (scale 0) or a decimal as its shortest exact text."""
    printed = as_text(value)
    return call("rtrim", call("rtrim", printed, text("0")), text(".")) if scale else printed


def floating(raw: exp.Expr, *, single: bool) -> exp.Expr:
    """A text read as the nearest float (4 bytes when `single`), as a double; NULL if it cannot be read."""
    readable = any_of(readable_number(raw), matches(raw, _SPECIAL))
    nearest = try_type(raw, "REAL") if single else try_type(raw, "DOUBLE")
    return case((readable, as_type(nearest, "DOUBLE")), otherwise=exp.null())


def unreadable_or(raw: exp.Expr, value: exp.Expr, show: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """`show(value)`, or the unreadable text where the value is NULL and the text is not."""
    return _or_unreadable(raw, not_null(value), show(value))


def instant(raw: exp.Expr) -> exp.Expr:
    """An ISO date or timestamp (also yyyymmdd) as TIMESTAMP in UTC, cut to microseconds; else NULL."""
    month = joined(group(raw, _INSTANT, 2), group(raw, _INSTANT, 3))  # with or without hyphens
    day = joined(group(raw, _INSTANT, 1), text("-"), month, text("-"), group(raw, _INSTANT, 4))
    zone = group(raw, _INSTANT, 9)
    stamp = joined(
        day,
        text(" "),
        _clock(raw, _INSTANT, 5),
        case((any_of(equals(zone, text("")), equals(zone, text("Z"))), text("+00")), otherwise=zone),
    )
    whole = try_type(try_type(stamp, "TIMESTAMPTZ"), "TIMESTAMP")
    return case((matches(raw, _INSTANT), whole), otherwise=exp.null())


def time_of_day(raw: exp.Expr) -> exp.Expr:
    """hh:mm[:ss[.fraction]] as TIME, cut to microseconds; NULL if unreadable."""
    return case((matches(raw, _TIME), try_type(_clock(raw, _TIME, 1), "TIME")), otherwise=exp.null())


def _clock(raw: exp.Expr, pattern: str, first: int) -> exp.Expr:
    """Groups first..first+3 of the pattern as hh:mm:ss.ffffff; midnight where they caught nothing."""
    parts = [call("rpad", group(raw, pattern, first + n), number(2), text("0")) for n in range(3)]
    micros = call("rpad", group(raw, pattern, first + 3), number(6), text("0"))  # rpad also cuts
    return joined(parts[0], text(":"), parts[1], text(":"), parts[2], text("."), micros)


def octets(raw: exp.Expr) -> exp.Expr:
    """Hexadecimal digits, with or without 0x, as canonical text."""
    return _or_unreadable(raw, matches(raw, _BYTES), upper(group(raw, _BYTES, 1)))


def octets_of_binary(value: exp.Expr) -> exp.Expr:
    """Bytes as canonical text."""
    return hexadecimal(value)
