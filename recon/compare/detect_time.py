"""Signs in dates, timestamps and times of day: zones, lost times, ticks, swapped parts, other epochs."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import rules
from recon.compare import trees as t
from recon.compare.causes import POSSIBLE
from recon.compare.forms import INSTANTS, TIMES, Form
from recon.compare.signs import KIND, Sign, Y, Z
from recon.model_result import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from recon.compare.signs import Cells
    from recon.ports import Comparer

_SECOND: Final = 1_000_000  # microseconds
_MINUTE, _HOUR, _DAY = 60 * _SECOND, 3600 * _SECOND, 86_400 * _SECOND
_QUARTER_HOUR: Final = 15 * _MINUTE
_MOST_ZONE: Final = 14 * _HOUR
_OFFSETS: Final = 8  # different offsets that are looked at
# days from 1900-01-01 to 1970-01-01: https://learn.microsoft.com/sql/t-sql/data-types/datetime-transact-sql
_DAYS_1900: Final = (date(1970, 1, 1) - date(1900, 1, 1)).days
_SWAPPED: Final = {"value": "Day and month are exchanged (and dates after the 12th became NULL, if any)"}
_ZONES: Final[dict[tuple[float, ...], str]] = {
    (-5, -4): "America/New_York", (-6, -5): "America/Chicago", (-7, -6): "America/Denver",
    (-8, -7): "America/Los_Angeles", (0, 1): "Europe/London", (1, 2): "Europe/Berlin",
    (2, 3): "Europe/Helsinki", (10, 11): "Australia/Sydney", (12, 13): "Pacific/Auckland",
    (9.5, 10.5): "Australia/Adelaide", (-3.5, -2.5): "America/St_Johns", (-9, -8): "America/Anchorage",
    (-4, -3): "America/Halifax",
    (5.5,): "Asia/Kolkata", (5.75,): "Asia/Kathmandu",
}  # fmt: skip


def early_time_signs(cells: Cells) -> Iterator[Sign]:
    """Signs that see more in a NULL than that it is one."""
    if cells.common.form not in INSTANTS:
        return
    y, z = (rules.as_microsecond_type(cells.common, t.column(name)) for name in (Y, Z))
    first = d.as_type(t.text("1900-01-01"), "TIMESTAMP")
    yield Sign(
        code="EMPTY_STRING_NULL",
        holds=t.any_of(*(t.all_of(t.equals(a, first), t.is_null(b)) for a, b in ((y, z), (z, y)))),
        words=lambda e: {"also": " (1900-01-01 as a date)", "count": f"{e.cells:,}"},
        confidence=POSSIBLE,
    )


def time_signs(engine: Comparer, cells: Cells) -> Iterator[Sign]:
    """The signs for this column, in the order of preference."""
    if cells.common.form in TIMES:
        yield _ticks("1/300 second", "0.004", t.equals(t.column(KIND), t.text(Kind.ROUNDING)))
        return
    if cells.common.form not in INSTANTS:
        return
    times = _Times(cells)
    yield from _end_of_time(times)
    if cells.common.form is not Form.DATE:
        yield from _precision(times)
        yield from _time_lost(times)
    yield from _parts_swapped(times)
    yield from _epochs(times)
    facts = _facts(engine, times)
    yield from _load_times(facts)
    yield from _zones(times, _offsets(engine, times))


class _Times:
    """One column of instants: as TIMESTAMP and in microseconds since 1970."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self.y, self.z = (rules.as_microsecond_type(cells.common, t.column(name)) for name in (Y, Z))
        self.whens = [d.wide(d.microseconds(v)) for v in (self.y, self.z)]
        self.apart = t.operator(exp.Sub, self.whens[1], self.whens[0])
        self.days = [d.as_type(v, "DATE") for v in (self.y, self.z)]

    def within(self, amount: int) -> exp.Expr:
        """Whether both are at most so many microseconds apart."""
        return t.operator(exp.LTE, t.magnitude(self.apart), t.number(amount))


def _is(one: exp.Expr, *numbers: int) -> exp.Expr:
    return t.any_of(*(t.equals(one, t.number(n)) for n in numbers))


def _end_of_time(times: _Times) -> Iterator[Sign]:
    last = d.as_type(t.text("9999-12-31"), "DATE")
    same_day = t.all_of(*(t.equals(day, last) for day in times.days))
    years = [t.call("year", day) for day in times.days]
    lost = t.any_of(
        *(
            t.all_of(t.equals(a, t.number(9999)), _year_between(b, 1677, 2262))
            for a, b in (years, years[::-1])
        )
    )
    yield Sign(code="END_OF_TIME", holds=same_day, alone=True)
    yield Sign(code="END_OF_TIME", holds=lost)


def _year_between(year: exp.Expr, low: int, high: int) -> exp.Expr:
    """Far from every real date: where nanoseconds end up when they overflow."""
    return t.all_of(
        t.operator(exp.GTE, year, t.number(low)),
        t.operator(exp.LTE, year, t.number(high)),
        t.any_of(t.operator(exp.LT, year, t.number(1850)), t.operator(exp.GT, year, t.number(2250))),
    )


def _ticks(precision: str, tolerance: str, holds: exp.Expr) -> Sign:
    said = {"value": precision, "count": tolerance}
    return Sign(code="DATETIME_PRECISION", holds=holds, words=lambda _: said, alone=True)


def _precision(times: _Times) -> Iterator[Sign]:
    minutes = any(x.minutes for x in (times.cells.common.baseline, times.cells.common.candidate))
    if not minutes:
        yield _ticks("1/300 second", "0.004", times.within(3_334))
    whole_minute = t.any_of(*(_no_rest(v, _MINUTE) for v in times.whens))
    whole_second = t.any_of(*(_no_rest(v, _SECOND) for v in times.whens))
    if minutes:
        yield _ticks("a minute", "30", times.within(_MINUTE // 2))
    yield Sign(
        code="DATETIME_PRECISION",
        holds=t.all_of(whole_second, times.within(_SECOND - 1)),
        words=lambda _: {"value": "a second", "count": "1"},
        distinct=3,
    )
    yield Sign(
        code="DATETIME_PRECISION",
        holds=t.all_of(whole_minute, times.within(_MINUTE // 2)),
        words=lambda _: {"value": "a minute", "count": "30"},
        distinct=3,
        few=5,
    )


def _no_rest(when: exp.Expr, amount: int) -> exp.Expr:
    return t.equals(t.operator(exp.Mod, when, t.number(amount)), t.number(0))


def _time_lost(times: _Times) -> Iterator[Sign]:
    same_day = t.equals(*times.days)
    for side, at in (("Databricks", 1), ("Synapse", 0)):
        holds = t.all_of(
            same_day, _no_rest(times.whens[at], _DAY), t.negate(_no_rest(times.whens[1 - at], _DAY))
        )
        yield Sign(code="DATE_ADD_DROPS_TIME", holds=holds, words=lambda _, s=side: {"side": s})


def day_and_month(swapped: exp.Expr, lost: exp.Expr) -> Sign:
    """Day and month are exchanged; where that gives no date, the value is `lost`."""
    return Sign(
        code="DATE_FORMAT_PARSE",
        holds=t.any_of(swapped, lost),
        words=lambda _: _SWAPPED,
        proofs=(swapped,),
        proof_least=20,
        distinct=2,
    )


def _parts_swapped(times: _Times) -> Iterator[Sign]:
    """Day and month exchanged; or the month read as minutes."""
    (y_day, z_day), (y_month, z_month), (y_year, z_year) = (
        [t.call(part, day) for day in times.days] for part in ("day", "month", "year")
    )
    same_year = t.equals(y_year, z_year)
    same_time = _no_rest(times.apart, _DAY)
    swapped = t.all_of(same_year, same_time, t.equals(y_day, z_month), t.equals(y_month, z_day))
    lost = t.all_of(t.is_null(times.z), t.operator(exp.GT, y_day, t.number(12)))
    yield day_and_month(swapped, lost)
    if times.cells.common.form is Form.DATE:
        january = t.all_of(same_year, t.equals(y_day, z_day), t.equals(z_month, t.number(1)))
        yield Sign(
            code="DATE_FORMAT_PARSE",
            holds=january,
            words=lambda _: {"value": "Every month became January, as if it had been read as minutes"},
            distinct=3,
            few=5,
        )
        return
    minutes = t.equals(t.call("minute", times.z), y_month)
    holds = t.all_of(same_year, t.equals(y_day, z_day), t.equals(z_month, t.number(1)), minutes)
    words = {"value": "The month was read as minutes"}
    yield Sign(code="DATE_FORMAT_PARSE", holds=holds, words=lambda _: words, distinct=2)


def _epochs(times: _Times) -> Iterator[Sign]:
    """Days since 1900 read as seconds since 1970, or as days since 1970 or 1899-12-30."""
    since_1900 = t.operator(exp.Add, times.whens[0], t.number(_DAYS_1900 * _DAY))
    as_seconds = t.equals(since_1900, t.operator(exp.Mul, times.whens[1], t.number(86_400)))
    shifted = _is(
        times.apart, *(sign * days * _DAY for sign in (1, -1) for days in (_DAYS_1900, _DAYS_1900 + 2))
    )
    yield Sign(code="DATE_OFFSET", holds=t.any_of(as_seconds, shifted), few=2)


def _facts(engine: Comparer, times: _Times) -> Mapping[str, int]:
    """How both sides are spread: microseconds from first to last, and how many lie on a whole minute."""
    columns: list[exp.Expr] = []
    for name, when in zip((Y, Z), times.whens, strict=True):
        span = t.operator(exp.Sub, exp.Max(this=t.own(when)), exp.Min(this=t.own(when)))
        columns += [t.named(d.as_text(span), f"span_{name}")]
        columns += [t.named(t.count_if(_no_rest(when, _SECOND * 60)), f"round_{name}")]
    columns.append(t.named(t.rows_counted(), "n"))
    [row] = engine.query(t.select(columns, t.inner(times.cells.query(every=False), "r")))
    return {str(name): int(value if value is not None else -1) for name, value in row.items()}


def _load_times(facts: Mapping[str, int]) -> Iterator[Sign]:
    """All within an hour on each side, with seconds: the time at which each side was loaded."""
    near = all(0 <= facts[f"span_{name}"] <= _HOUR for name in (Y, Z))
    odd = all(2 * facts[f"round_{name}"] < facts["n"] for name in (Y, Z))
    if near and odd and facts["n"] >= 3:
        present = t.all_of(t.not_null(t.column(Y)), t.not_null(t.column(Z)))
        words = {"value": "One moment for all rows, another on each side"}
        yield Sign(code="VOLATILE_FUNCTION", holds=present, words=lambda _: words, rows=90, least=90)


def _offsets(engine: Comparer, times: _Times) -> Counter[int]:
    """The most frequent differences in microseconds."""
    cells = t.select([t.named(d.as_text(times.apart), "v")], t.inner(times.cells.query(every=False), "r"))
    v = t.column("v")
    counted = t.select(
        [v, t.named(t.rows_counted(), "n")], t.inner(cells, "a"), where=t.not_null(v), group=[v]
    )
    query = t.sorted_by(counted, [t.ordered(t.column("n"), descending=True), t.ordered(v)], _OFFSETS)
    return Counter({int(row["v"]): int(row["n"]) for row in engine.query(query)})


def _zones(times: _Times, offsets: Counter[int]) -> Iterator[Sign]:
    zones = [o for o, _ in offsets.most_common() if o and o % _QUARTER_HOUR == 0 and abs(o) <= _MOST_ZONE]
    if times.cells.common.form is not Form.DATE and zones:
        pair = sorted(zones[:2]) if len(zones) > 1 and _summer(zones[0], zones[1]) else [zones[0]]
        yield _zone(times, pair)
        if len(zones) > 1 and len(pair) == 1:
            yield _zone(times, [zones[1]])
    for offset, count in offsets.most_common(2):
        if count >= 3 and offset:
            said = {"value": _span(offset)}
            yield Sign(
                code="CONSTANT_SHIFT",
                holds=_is(times.apart, offset),
                words=lambda e, w=said: {**w, "count": f"{e.cells:,}"},
                distinct=3,
                least=50,
            )


def _summer(one: int, other: int) -> bool:
    """Whether two offsets are those of one zone in winter and summer."""
    return abs(one - other) in {_HOUR, _HOUR // 2}


def _zone(times: _Times, offsets: list[int]) -> Sign:
    hours = tuple(o / _HOUR for o in offsets)
    said = {"value": " or ".join(f"{h:+g}" for h in hours), "also": _named(hours)}
    return Sign(
        code="TIMEZONE_SHIFT",
        holds=_is(times.apart, *offsets),
        words=lambda _: said,
        distinct=2,
        least=40,
    )


def _named(hours: tuple[float, ...]) -> str:
    """The zone that has these offsets, if one is well known."""
    for sign in (1, -1):
        name = _ZONES.get(tuple(sorted(sign * h for h in hours)))
        if name:
            return f", as {name} has them"
    return ""


def _span(microseconds: int) -> str:
    """In the largest unit that leaves no rest: "-1 day", "90 minutes", "0.25 seconds"."""
    for amount, unit in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if microseconds % amount == 0:
            number = microseconds // amount
            return f"{number:,} {unit}{'' if abs(number) == 1 else 's'}"
    return f"{microseconds / _SECOND:g} seconds"
