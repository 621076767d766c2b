"""Anything to a date, a time or a datetime.

datetime keeps 1/300 of a second, smalldatetime whole minutes, datetime2 here microseconds.
https://learn.microsoft.com/en-us/sql/t-sql/data-types/datetime-transact-sql
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.convert_read import read
from recon.connectors.local.tsql.convert_text import moment, own_moment
from recon.connectors.local.tsql.duck import (
    binary,
    case,
    cast,
    fn,
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

    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env

_EPOCH_1900 = -2_208_988_800_000_000  # microseconds from 1970
_EPOCH_0001 = -62_135_596_800_000_000
_DAY = 86_400_000_000


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
        stamp = read(env, node, tree, to, style, failing)
    elif source.family in {Family.DATE, Family.TIME, Family.STAMP, Family.OFFSET}:
        if {source.family, to.family} == {Family.DATE, Family.TIME}:
            return env.refuse(node, f"{source} cannot be converted to {to}", "529")
        if source.family is to.family and _holds(to, source):
            return tree
        shown = to.family is not Family.OFFSET
        stamp = own_moment(env, node, tree, source) if shown else moment(tree, source)
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
