"""Anything to a date, a time or a datetime.

Text: https://learn.microsoft.com/en-us/sql/t-sql/data-types/datetime-transact-sql (supported formats; the
language is us_english, so 1/2/2024 is the second of January). datetime keeps 1/300 of a second,
smalldatetime whole minutes, datetime2 here microseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql_convert_text import moment
from recon.connectors.local.tsql_duck import (
    binary,
    case,
    cast,
    equal,
    fn,
    is_null,
    matches,
    minus,
    num,
    plus,
    text,
    times,
    whole,
)
from recon.sqlscript.tsql_types import Family, SqlType

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.connectors.local.tsql_duck import Tree
    from recon.connectors.local.tsql_scope import Env

_EPOCH_1900 = -2_208_988_800_000_000  # microseconds from 1970
_EPOCH_0001 = -62_135_596_800_000_000
_DAY = 86_400_000_000
_HALF = r"([aA][mM]|[pP][mM])"
_CLOCK = rf"[0-9]{{1,2}}:[0-9]{{2}}(:[0-9]{{2}}([.:][0-9]{{1,7}})?)?\s*{_HALF}?|[0-9]{{1,2}}\s*{_HALF}"
_YEAR_FIRST = r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{8}|[0-9]{6}"
_MONTH_FIRST = r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.]([0-9]{4}|[0-9]{2})"
_NAMED = r"[A-Za-z]{3,9} +[0-9]{1,2},? +[0-9]{4}|[0-9]{1,2} +[A-Za-z]{3,9},? +[0-9]{4}"
_YEAR_FORMATS = ("%Y-%m-%d", "%Y%m%d", "%y%m%d")
_MONTH_FORMATS = ("%m-%d-%Y", "%m-%d-%y")
_DAY_FORMATS = ("%d-%m-%Y", "%d-%m-%y")
_NAMED_FORMATS = ("%b %d %Y", "%B %d %Y", "%d %b %Y", "%d %B %Y")
_CLOCKS = (
    "",
    " %H:%M",
    " %H:%M:%S",
    " %H:%M:%S.%f",
    " %I:%M %p",
    " %I:%M:%S %p",
    " %I:%M:%S.%f %p",
    " %I %p",
)
_DAY_FIRST = {3, 4, 5, 103, 104, 105}
_ISO_STYLES = {20, 21, 23, 120, 121, 126, 127, 12, 112, 111, 102, 11, 2}
_US_STYLES = {None, 0, 1, 10, 100, 101, 109, 110, 9, 6, 7, 13, 106, 107, 113, 8, 108, 14, 114, 24}


def since_1900(tree: Tree) -> Tree:
    """Microseconds since 1900-01-01 of a TIMESTAMP."""
    return minus(fn("epoch_us", tree), num(_EPOCH_1900))


def converted(
    env: Env,
    node: Tree,
    tree: Tree,
    source: SqlType,
    to: SqlType,
    style: int | None,
    failing: Callable[[int, str], Tree],
) -> Tree:
    """A value of `source` as `to`, which is a date, time, datetime or datetimeoffset."""
    if source.family is Family.TEXT:
        stamp = _read(env, node, tree, to, style, failing)
    elif source.family in {Family.DATE, Family.TIME, Family.STAMP, Family.OFFSET}:
        if {source.family, to.family} == {Family.DATE, Family.TIME}:
            return env.refuse(node, f"{source} cannot be converted to {to}", "529")
        if source.family is to.family and _holds(to, source):
            return tree
        stamp = moment(tree, source)
    elif to.name in {"datetime", "smalldatetime"}:
        stamp = _from_number(tree, source)
    else:
        return env.refuse(node, f"{source} cannot be converted to {to}", "529")
    made = _stored(env, node, stamp, source, to)
    if to.name != "datetime" or source.name in {"datetime", "smalldatetime"}:
        return made
    early = binary(exp.LT, stamp, cast(text("1753-01-01"), "TIMESTAMP"))
    return case(
        (early, failing(242, f"The conversion of {source} to datetime is out of range.")), default=made
    )


def _holds(to: SqlType, source: SqlType) -> bool:
    """Whether every value of `source` is one of `to`."""
    if to.name == source.name:
        return to.scale >= source.scale
    return to.name == "datetime2" and to.scale >= 3


def _stored(env: Env, node: Tree, stamp: Tree, source: SqlType, to: SqlType) -> Tree:
    """A TIMESTAMP as the type keeps it."""
    if to.family is Family.DATE:
        return cast(stamp, "DATE")
    if to.family is Family.TIME:
        return cast(_to_digits(stamp, to.scale), "TIME")
    if to.family is Family.OFFSET:
        env.note(node, "datetimeoffset keeps the instant but not the offset that it was written with")
        return fn("timezone", text("UTC"), stamp)
    if source.family is Family.DATE:
        return stamp
    if to.name == "smalldatetime":
        return _to_minute(stamp)
    return _to_300th(stamp) if to.name == "datetime" else _to_digits(stamp, to.scale)


def _to_300th(stamp: Tree) -> Tree:
    """Round to 1/300 of a second, shown as .000, .003, .007. Counted from year 1, so never negative."""
    micros = minus(fn("epoch_us", stamp), num(_EPOCH_0001))
    ticks = whole(plus(times(micros, num(3)), num(5_000)), num(10_000))
    millis = whole(plus(times(ticks, num(10)), num(1)), num(3))
    return fn("make_timestamp", plus(times(millis, num(1_000)), num(_EPOCH_0001)))


def _to_minute(stamp: Tree) -> Tree:
    """29.998 seconds and less round down, 29.999 and more up.

    https://learn.microsoft.com/en-us/sql/t-sql/data-types/smalldatetime-transact-sql
    """
    micros = minus(fn("epoch_us", stamp), num(_EPOCH_0001))
    minutes = whole(plus(micros, num(30_001_000)), num(60_000_000))
    return fn("make_timestamp", plus(times(minutes, num(60_000_000)), num(_EPOCH_0001)))


def _to_digits(stamp: Tree, digits: int) -> Tree:
    if digits >= 6:
        return stamp
    step = 10 ** (6 - digits)
    micros = minus(fn("epoch_us", stamp), num(_EPOCH_0001))
    steps = whole(plus(micros, num(step // 2)), num(step))
    return fn("make_timestamp", plus(times(steps, num(step)), num(_EPOCH_0001)))


def _from_number(tree: Tree, source: SqlType) -> Tree:
    """Days since 1900-01-01, with a fraction."""
    if source.family in {Family.INTEGER, Family.BIT}:
        micros = times(cast(cast(tree, "INT"), "BIGINT"), num(_DAY))
    else:
        micros = cast(fn("round", times(cast(tree, "DOUBLE"), num(_DAY))), "BIGINT")
    return fn("make_timestamp", plus(micros, num(_EPOCH_1900)))


def _read(
    env: Env, node: Tree, tree: Tree, to: SqlType, style: int | None, failing: Callable[[int, str], Tree]
) -> Tree:
    """Text as a TIMESTAMP: dates in the known forms, a time after it, or a time alone on 1900-01-01."""
    if style in _DAY_FIRST:
        day_formats: tuple[str, ...] = _DAY_FORMATS
    elif style in _US_STYLES or style in _ISO_STYLES:
        day_formats = _MONTH_FORMATS
    else:
        return env.refuse(node, f"style {style} for reading a date is not supported")
    bare = fn("trim", tree)
    shape = rf"(({_YEAR_FIRST})([T ]\s*({_CLOCK}))?|({_MONTH_FIRST}|{_NAMED})(\s+({_CLOCK}))?|{_CLOCK}|)Z?"
    formats = _formats((*_YEAR_FORMATS, *day_formats, *_NAMED_FORMATS))
    stamp = fn("try_strptime", _normal(bare), formats)
    only_clock = matches(bare, _CLOCK)
    dated = case((only_clock, fn("concat", text("1900-01-01 "), bare)), default=bare)
    stamp = fn("try_strptime", _normal(dated), formats)
    message = f"Conversion failed when converting date and/or time from character string to {to}."
    return case(
        (is_null(tree), cast(exp.Null(), "TIMESTAMP")),
        (equal(bare, text("")), cast(text("1900-01-01"), "TIMESTAMP")),
        (binary(exp.And, matches(bare, shape), exp.Not(this=exp.Paren(this=is_null(stamp)))), stamp),
        default=failing(241, message),
    )


def _normal(tree: Tree) -> Tree:
    """One spelling for separators: `-` in dates, one blank before the time and before AM, no comma, no Z."""
    steps = (
        (r"^([0-9]{1,4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,4})", r"\1-\2-\3"),
        (r"Z$", ""),
        (r"([0-9])T *([0-9])", r"\1 \2"),
        (r",", " "),
        (r"(:[0-9]{2}):([0-9]+)", r"\1:\2"),
        (r"(:[0-9]{2}:[0-9]{2})[.:]([0-9]{1,6})[0-9]?", r"\1.\2"),
        (r"\s*([aApP][mM])$", r" \1"),
        (r"\s+", " "),
    )
    for pattern, replacement in steps:
        tree = fn("regexp_replace", tree, text(pattern), text(replacement), text("g"))
    return tree


def _formats(days: tuple[str, ...]) -> Tree:
    return exp.Array(expressions=[text(day + clock) for day in days for clock in _CLOCKS])
