"""T-SQL's date functions.

https://learn.microsoft.com/en-us/sql/t-sql/functions/date-and-time-data-types-and-functions-transact-sql
DATEDIFF counts the boundaries crossed, weeks begin on Sunday for it whatever DATEFIRST says.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.convert import convert
from recon.connectors.local.tsql.convert_text import moment, own_moment
from recon.connectors.local.tsql.duck import (
    binary,
    case,
    cast,
    constant,
    fn,
    is_null,
    minus,
    num,
    plus,
    text,
    times,
    whole,
)
from recon.connectors.local.tsql.expr import register, value
from recon.connectors.local.tsql.functions import Call, function, result
from recon.connectors.local.tsql.scope import Typed
from recon.connectors.local.tsql.zones import iana
from recon.sqlscript import tsql_types as types
from recon.sqlscript.tsql_types import Family, SqlType

if TYPE_CHECKING:
    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env

_UNITS = {
    "year": ("year", "yy", "yyyy"),
    "quarter": ("quarter", "qq", "q"),
    "month": ("month", "mm", "m"),
    "dayofyear": ("dayofyear", "dy", "y"),
    "day": ("day", "dd", "d"),
    "week": ("week", "wk", "ww"),
    "weekday": ("weekday", "dw", "w"),
    "hour": ("hour", "hh"),
    "minute": ("minute", "mi", "n"),
    "second": ("second", "ss", "s"),
    "millisecond": ("millisecond", "ms"),
    "microsecond": ("microsecond", "mcs"),
    "nanosecond": ("nanosecond", "ns"),
    "iso_week": ("iso_week", "isowk", "isoww"),
}
_UNIT = {short: unit for unit, shorts in _UNITS.items() for short in shorts}
_MICROS = {
    "hour": 3_600_000_000,
    "minute": 60_000_000,
    "second": 1_000_000,
    "millisecond": 1_000,
    "microsecond": 1,
}
_DAYS = {"day": 1, "dayofyear": 1, "weekday": 1, "week": 7}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DATED = {Family.DATE, Family.TIME, Family.STAMP, Family.OFFSET}


def _unit(call: Call) -> str:
    unit = _UNIT.get(call.word(0))
    if unit is None:
        call.env.refuse(call.node, f"{call.word(0)} is not a unit that {call.name} knows", "155")
    return unit


def _date(call: Call, at: int) -> Typed:
    """An argument as a date or time: text is read, a number counts days from 1900-01-01."""
    given = call.value(at)
    if given.type.family in _DATED:
        return given
    kind = types.DATETIME2 if given.type.family is Family.TEXT else types.DATETIME
    return convert(call.env, call.node, given, kind)


def _stamp(call: Call, at: int) -> Tree:
    given = _date(call, at)
    return own_moment(call.env, call.node, given.tree, given.type)


@function("GETDATE", "SYSDATETIME", "GETUTCDATE", "SYSUTCDATETIME")
def _now(call: Call) -> Typed:
    call.arity(0)
    return _current(call.env, call.node, types.DATETIME2 if call.name.startswith("SYS") else types.DATETIME)


@register(exp.CurrentTimestamp)
def _current_timestamp(env: Env, node: Tree) -> Typed:
    return _current(env, node, types.DATETIME)


def _current(env: Env, node: Tree, kind: SqlType) -> Typed:
    """The clock, which stands still during a call. Synapse's is UTC."""
    if not env.ctx.session.pinned:
        env.note(
            node, "the current time is that of this run; it differs from run to run and from side to side"
        )
    now = constant(env.ctx.session.now, types.DATETIME2)
    return convert(env, node, Typed(now, types.DATETIME2), kind)


@function("DATEADD")
def _dateadd(call: Call) -> Typed:
    """Keeps the type of the date; text becomes a datetime. The number loses its fraction."""
    call.arity(3)
    unit, count, given = _unit(call), call.integer(1).tree, _date(call, 2)
    kind = types.DATETIME if call.value(2).type.family not in _DATED else given.type
    if kind.family is Family.DATE and unit in _MICROS:
        return call.env.refuse(call.node, f"DATEADD by {unit} on a date", "9810")
    if kind.family is Family.OFFSET:
        return call.env.refuse(call.node, "DATEADD on datetimeoffset is not supported")
    stamp = moment(given.tree, given.type)
    wide = cast(count, "BIGINT")
    if unit in _MONTHS:
        moved = plus(stamp, fn("to_months", cast(times(wide, num(_MONTHS[unit])), "INT")))
    elif unit in _DAYS:
        moved = plus(stamp, fn("to_days", cast(times(wide, num(_DAYS[unit])), "INT")))
    elif unit in _MICROS:
        moved = plus(stamp, fn("to_microseconds", times(wide, num(_MICROS[unit]))))
    else:
        return call.env.refuse(call.node, f"DATEADD by {unit} is not supported")
    return convert(call.env, call.node, Typed(moved, types.DATETIME2), kind)


@function("DATEDIFF", "DATEDIFF_BIG")
def _datediff(call: Call) -> Typed:
    call.arity(3)
    unit, begin, end = _unit(call), _stamp(call, 1), _stamp(call, 2)
    kind = types.BIGINT if call.name.endswith("BIG") else types.INT
    return result(_boundaries(call, unit, begin, end), kind)


def _boundaries(call: Call, unit: str, begin: Tree, end: Tree) -> Tree:
    if unit in _MONTHS:
        return minus(_month_count(end, unit), _month_count(begin, unit))
    if unit in {"day", "dayofyear", "weekday"}:
        return minus(cast(end, "DATE"), cast(begin, "DATE"))
    if unit == "week":
        return minus(_sunday_weeks(end), _sunday_weeks(begin))
    if unit in _MICROS:
        return minus(_steps(end, _MICROS[unit]), _steps(begin, _MICROS[unit]))
    return call.env.refuse(call.node, f"DATEDIFF in {unit} is not supported")


def _month_count(stamp: Tree, unit: str) -> Tree:
    """Months, quarters or years since year 0."""
    if unit == "year":
        return fn("year", stamp)
    if unit == "quarter":
        return plus(times(fn("year", stamp), num(4)), fn("quarter", stamp))
    return plus(times(fn("year", stamp), num(12)), fn("month", stamp))


def _sunday_weeks(stamp: Tree) -> Tree:
    """Weeks that begin on Sunday, counted from year 1."""
    days = minus(cast(stamp, "DATE"), cast(text("0001-01-01"), "DATE"))  # that was a Monday
    return whole(plus(days, num(1)), num(7))


def _steps(stamp: Tree, micros: int) -> Tree:
    """Whole units since year 1."""
    return whole(minus(fn("epoch_us", stamp), num(-62_135_596_800_000_000)), num(micros))


@function("DATEPART")
def _datepart(call: Call) -> Typed:
    call.arity(2)
    return result(_part(call, _unit(call), _stamp(call, 1)), types.INT)


def _part(call: Call, unit: str, stamp: Tree) -> Tree:
    if unit in {"year", "quarter", "month", "day", "dayofyear", "hour", "minute", "second"}:
        return fn(unit, stamp)
    second = binary(exp.Mod, fn("microsecond", stamp), num(1_000_000))
    made = {
        "weekday": lambda: _weekday(call, stamp),
        "week": lambda: _week(call, stamp),
        "iso_week": lambda: fn("weekofyear", stamp),
        "millisecond": lambda: whole(second, num(1_000)),
        "microsecond": lambda: second,
        "nanosecond": lambda: times(second, num(1_000)),
    }
    return made[unit]()


def _weekday(call: Call, stamp: Tree) -> Tree:
    """1 for the day that DATEFIRST names (7, Sunday, unless set)."""
    shift = 7 - call.env.ctx.session.datefirst
    days = plus(fn("dayofweek", stamp), num(shift))
    return plus(binary(exp.Mod, days, num(7)), num(1))


def _week(call: Call, stamp: Tree) -> Tree:
    """The first of January begins week 1; every DATEFIRST day begins another."""
    first = fn(
        "date_trunc",
        text(
            "year",
        ),
        stamp,
    )
    lead = minus(_weekday(call, first), num(1))
    return plus(whole(minus(plus(fn("dayofyear", stamp), lead), num(1)), num(7)), num(1))


@function("YEAR", "MONTH", "DAY")
def _calendar(call: Call) -> Typed:
    call.arity(1)
    return result(fn(call.name.lower(), _stamp(call, 0)), types.INT)


@function("DATENAME")
def _datename(call: Call) -> Typed:
    call.arity(2)
    unit, stamp = _unit(call), _stamp(call, 1)
    kind = types.varchar(30, national=True)
    if unit == "month":
        return Typed(fn("monthname", stamp), kind)
    if unit == "weekday":
        return Typed(fn("dayname", stamp), kind)
    return result(_part(call, unit, stamp), kind)


@function("EOMONTH")
def _eomonth(call: Call) -> Typed:
    call.arity(1, 2)
    stamp = _stamp(call, 0)
    if len(call.args) == 2:
        stamp = plus(stamp, fn("to_months", fn("coalesce", call.integer(1).tree, num(0))))
    return result(fn("last_day", stamp), types.DATE)


@function("DATEFROMPARTS")
def _datefromparts(call: Call) -> Typed:
    call.arity(3)
    return Typed(fn("make_date", *(call.integer(i).tree for i in range(3))), types.DATE)


@function("DATETIMEFROMPARTS", "DATETIME2FROMPARTS", "SMALLDATETIMEFROMPARTS")
def _datetimefromparts(call: Call) -> Typed:
    expected = {"DATETIMEFROMPARTS": 7, "DATETIME2FROMPARTS": 8, "SMALLDATETIMEFROMPARTS": 5}[call.name]
    call.arity(expected)
    parts = [call.integer(i).tree for i in range(min(expected, 7))]
    seconds: Tree = num(0)
    kind = SqlType("smalldatetime")
    if expected > 5:
        digits = 3
        kind = types.DATETIME
        if expected == 8:
            found = call.whole_constant(7)
            if found is None:
                return call.env.refuse(call.node, "DATETIME2FROMPARTS needs a constant precision")
            digits, kind = found, SqlType("datetime2", scale=found)
        fraction = binary(exp.Div, cast(parts[6], "DOUBLE"), num(10**digits))
        seconds = plus(cast(parts[5], "DOUBLE"), fraction)
    made = fn("make_timestamp", *(cast(p, "BIGINT") for p in parts[:5]), cast(seconds, "DOUBLE"))
    return convert(call.env, call.node, Typed(made, types.DATETIME2), kind)


@function("DATETRUNC")
def _datetrunc(call: Call) -> Typed:
    call.arity(2)
    unit, given = _unit(call), _date(call, 1)
    if unit in {"week", "weekday", "iso_week", "nanosecond"}:
        return call.env.refuse(call.node, f"DATETRUNC to {unit} is not supported")
    unit = "day" if unit == "dayofyear" else unit
    return result(fn("date_trunc", text(unit), given.tree), given.type)


@function("ISDATE")
def _isdate(call: Call) -> Typed:
    call.arity(1)
    given = convert(call.env, call.node, call.text(0), types.DATETIME, safe=True)
    return Typed(case((is_null(given.tree), num(0)), default=num(1)), types.INT)


@register(exp.AtTimeZone)
def _at_time_zone(env: Env, node: Tree) -> Typed:
    """A datetime is taken to be local to the zone; a datetimeoffset is moved to it."""
    given, zone = value(env, node.this), iana(env, node, value(env, node.args["zone"]))
    if given.type.family is Family.STAMP:
        kind = SqlType("datetimeoffset", scale=given.type.scale, zone=zone)
        return Typed(fn("timezone", text(zone), given.tree), kind)
    if given.type.family is Family.OFFSET:
        return Typed(given.tree, replace(given.type, zone=zone))
    return env.refuse(node, f"AT TIME ZONE of {given.type} is not supported")


@function("TODATETIMEOFFSET", "SWITCHOFFSET")
def _with_offset(call: Call) -> Typed:
    """A datetime with an offset put to it, or an instant moved to another offset."""
    call.arity(2)
    given, zone = call.value(0), _offset_zone(call)
    if call.name == "TODATETIMEOFFSET" and given.type.family is Family.STAMP:
        kind = SqlType("datetimeoffset", scale=given.type.scale, zone=zone)
        return Typed(fn("timezone", text(zone), given.tree), kind)
    if call.name == "SWITCHOFFSET" and given.type.family is Family.OFFSET:
        return Typed(given.tree, replace(given.type, zone=zone))
    return call.env.refuse(call.node, f"{call.name} of {given.type} is not supported here")


def _offset_zone(call: Call) -> str:
    """IANA's name of an offset such as '+02:00' or 120 minutes; its signs are the other way round."""
    given = call.value(1)
    if given.tree.find(exp.Column, exp.Select) is None:
        found = call.env.ctx.session.evaluate(given.tree)
        parts = re.fullmatch(r"([+-])(\d\d):00", found) if isinstance(found, str) else None
        hours = int(parts[1] + parts[2]) if parts else None
        if isinstance(found, int) and not isinstance(found, bool) and found % 60 == 0:
            hours = found // 60
        if hours is not None and -12 <= hours <= 14:
            return f"Etc/GMT{-hours:+d}" if hours else "UTC"
    return call.env.refuse(call.node, f"{call.name} is supported here for offsets of whole hours only")
