"""Dates and times in Spark: as DuckDB prints and reads them.

DuckDB keeps the greatest and the smallest number of microseconds (of days) for infinity. Spark takes them
for years that it cannot print, so they are told apart by number.
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from recon.compare import trees as t
from recon.compare.spark.build import cast, less, let, minus, plus, rest, string, times, try_cast, whole
from recon.compare.spark.patterns import full

_DAY: Final = 86_400_000_000  # microseconds
_ENDLESS: Final = 2**63 - 1  # and its negative: infinite timestamps
_ENDLESS_DAYS: Final = 2**31 - 1
_LAST_DAY: Final = (
    106_751_991  # the last whole day of a TIMESTAMP, in days since 1970; a timestamp ends in it
)
_FIRST, _LAST = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31
_TIME: Final = r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?"
_STAMP: Final = rf"(-?\d{{4}}-\d\d-\d\d) {_TIME}(?:([+-]\d\d)(?::?(\d\d))?)?"


def micros(value: exp.Expr, *, zoned: bool) -> exp.Expr:
    """Microseconds since 1970 of a TIMESTAMP_NTZ, or a TIMESTAMP when `zoned`; the session's zone is UTC."""
    return t.call("unix_micros", t.own(value) if zoned else cast(value, "TIMESTAMP"))


def of_micros(value: exp.Expr) -> exp.Expr:
    """The TIMESTAMP_NTZ of microseconds since 1970."""
    return cast(t.call("timestamp_micros", value), "TIMESTAMP_NTZ")


def known_micros(value: exp.Expr, *, zoned: bool) -> exp.Expr:
    """Microseconds since 1970; NULL for an infinite one."""

    def known(n: exp.Expr) -> exp.Expr:
        return t.case((less(t.magnitude(n), t.number(_ENDLESS)), n), otherwise=exp.null())

    return let(micros(value, zoned=zoned), known)


def known_nanos(value: exp.Expr) -> exp.Expr:
    """The nanoseconds that stand for a TIMESTAMP_NS; NULL for an infinite one."""

    def known(n: exp.Expr) -> exp.Expr:
        return t.case((less(t.magnitude(n), t.number(_ENDLESS)), n), otherwise=exp.null())

    return let(value, known)


def stamp_of_nanos(value: exp.Expr) -> exp.Expr:
    """The TIMESTAMP_NTZ of a TIMESTAMP_NS, cut to microseconds."""

    def stamp(n: exp.Expr) -> exp.Expr:
        micros_ = whole(minus(n, t.call("pmod", n, t.number(1000))), t.number(1000))
        return t.case(
            (t.equals(n, t.number(_ENDLESS)), infinite()),
            (t.equals(n, t.number(-_ENDLESS)), infinite(-1)),
            otherwise=of_micros(micros_),
        )

    return let(value, stamp)


def infinite(sign: int = 1) -> exp.Expr:
    """TIMESTAMP 'infinity'."""
    return of_micros(t.number(sign * _ENDLESS))


def stamp_of_date(value: exp.Expr) -> exp.Expr:
    """The midnight of a DATE; NULL where no timestamp is, infinity for an infinite one."""

    def midnight(days: exp.Expr) -> exp.Expr:
        return t.case(
            (t.equals(days, t.number(_ENDLESS_DAYS)), infinite()),
            (t.equals(days, t.number(-_ENDLESS_DAYS)), infinite(-1)),
            (
                t.operator(exp.LTE, t.magnitude(days), t.number(_LAST_DAY)),
                of_micros(times(cast(days, "BIGINT"), t.number(_DAY))),
            ),
            otherwise=exp.null(),
        )

    return let(t.call("unix_date", value), midnight)


def date_of_stamp(value: exp.Expr, *, zoned: bool) -> exp.Expr:
    """The day of a timestamp in UTC."""

    def day(n: exp.Expr) -> exp.Expr:
        lot = t.number(_DAY)
        days = cast(whole(minus(n, t.call("pmod", n, lot)), lot), "INT")
        return t.case(
            (t.equals(n, t.number(_ENDLESS)), t.call("date_from_unix_date", t.number(_ENDLESS_DAYS))),
            (t.equals(n, t.number(-_ENDLESS)), t.call("date_from_unix_date", t.number(-_ENDLESS_DAYS))),
            otherwise=t.call("date_from_unix_date", days),
        )

    return let(micros(value, zoned=zoned), day)


def part_of_date(name: str, value: exp.Expr) -> exp.Expr:
    """Its year, month or day; NULL for an infinite one."""

    def part(days: exp.Expr) -> exp.Expr:
        finite = less(t.magnitude(days), t.number(_ENDLESS_DAYS))
        return t.case((finite, t.call(name, t.call("date_from_unix_date", days))), otherwise=exp.null())

    return let(t.call("unix_date", value), part)


def part_of_stamp(name: str, value: exp.Expr, *, zoned: bool) -> exp.Expr:
    """A part of a timestamp in UTC; NULL for an infinite one."""

    def part(n: exp.Expr) -> exp.Expr:
        finite = less(t.magnitude(n), t.number(_ENDLESS))
        return t.case((finite, t.call(name, of_micros(n))), otherwise=exp.null())

    return let(micros(value, zoned=zoned), part)


def printed_date(value: exp.Expr) -> exp.Expr:
    """A DATE as DuckDB prints it: 2024-01-31, 12024-01-31, 0044-03-15 (BC), infinity."""

    def show(days: exp.Expr) -> exp.Expr:
        return t.case(
            (t.equals(days, t.number(_ENDLESS_DAYS)), t.text("infinity")),
            (t.equals(days, t.number(-_ENDLESS_DAYS)), t.text("-infinity")),
            otherwise=_day(days),
        )

    return let(t.call("unix_date", value), show)


def _day(days: exp.Expr) -> exp.Expr:
    date = t.call("date_from_unix_date", days)
    usual = t.all_of(t.operator(exp.GTE, days, t.number(_FIRST)), t.operator(exp.LTE, days, t.number(_LAST)))
    year = t.call("year", date)
    before = less(year, t.number(1))
    shown = string(t.case((before, minus(t.number(1), year)), otherwise=year))
    parts = [_padded(string(t.call(name, date)), 2) for name in ("month", "day")]
    era = t.case((before, t.text(" (BC)")), otherwise=t.text(""))
    odd = t.joined(_padded(shown, 4), t.text("-"), parts[0], t.text("-"), parts[1], era)
    return t.case((usual, string(date)), otherwise=odd)


def _padded(digits: exp.Expr, length: int) -> exp.Expr:
    """With zeros in front; longer ones stay as they are."""
    return t.call("lpad", digits, t.call("greatest", t.length(digits), t.number(length)), t.text("0"))


def printed_stamp(value: exp.Expr, *, zoned: bool) -> exp.Expr:
    """A TIMESTAMP as DuckDB prints it; `+00` after one with a zone."""
    zone = t.text("+00" if zoned else "")

    def show(x: exp.Expr) -> exp.Expr:
        said = string(x)
        usual = t.all_of(t.operator(exp.GTE, x, _moment("0001-01-01")), less(x, _moment("+10000-01-01")))
        count, year = micros(x, zoned=zoned), t.call("year", x)
        era = _padded(string(minus(t.number(1), year)), 4)
        without = t.call("regexp_replace", said, t.text("^-?[0-9]+(-..-..)"), t.text("$1 (BC)"))
        return t.case(
            (t.is_null(x), exp.null()),
            (usual, t.joined(said, zone)),
            (t.equals(count, t.number(_ENDLESS)), t.text("infinity")),
            (t.equals(count, t.number(-_ENDLESS)), t.text("-infinity")),
            (less(year, t.number(1)), t.joined(era, without, zone)),
            otherwise=t.joined(t.call("ltrim", t.text("+"), said), zone),
        )

    return let(value if zoned else cast(value, "TIMESTAMP_NTZ"), show)


def _moment(day: str) -> exp.Expr:
    return cast(t.text(day), "TIMESTAMP_NTZ")


def printed_nanos(value: exp.Expr) -> exp.Expr:
    """A TIMESTAMP_NS, held as nanoseconds since 1970."""
    return let(value, lambda n: _printed_stamp(n, 9, t.text("")))


def _printed_stamp(n: exp.Expr, decimals: int, zone: exp.Expr) -> exp.Expr:
    lot = _DAY * 10 ** (decimals - 6)

    def show(within: exp.Expr) -> exp.Expr:
        days = cast(whole(minus(n, within), t.number(lot)), "INT")
        return t.joined(let(days, _day), t.text(" "), _clock(within, decimals), zone)

    return t.case(
        (t.is_null(n), exp.null()),
        (t.equals(n, t.number(_ENDLESS)), t.text("infinity")),
        (t.equals(n, t.number(-_ENDLESS)), t.text("-infinity")),
        otherwise=let(t.call("pmod", n, t.number(lot)), show),
    )


def printed_time(value: exp.Expr, decimals: int) -> exp.Expr:
    """A time of day, held as a number of microseconds (6 decimals) or nanoseconds (9)."""
    return let(value, lambda n: _clock(n, decimals))


def _clock(n: exp.Expr, decimals: int) -> exp.Expr:
    """hh:mm:ss, and a fraction without its last zeros."""
    second = 10**decimals
    hours = string(whole(n, t.number(3600 * second)))
    minutes, seconds = (
        string(whole(rest(n, t.number(more * second)), t.number(less_ * second)))
        for more, less_ in ((3600, 60), (60, 1))
    )
    fraction = t.call("rtrim", t.text("0"), _padded(string(rest(n, t.number(second))), decimals))
    shown = t.joined(_padded(hours, 2), t.text(":"), _padded(minutes, 2), t.text(":"), _padded(seconds, 2))
    return t.case(
        (t.equals(rest(n, t.number(second)), t.number(0)), shown),
        otherwise=t.joined(shown, t.text("."), fraction),
    )


def read_time(value: exp.Expr) -> exp.Expr:
    """The microseconds of hh:mm:ss[.ffffff]; NULL of any other text."""

    def read(said: exp.Expr) -> exp.Expr:
        return t.case((_has(said, _TIME), _read_clock(said, _TIME, 1)), otherwise=exp.null())

    return let(value, read)


def read_stamp(value: exp.Expr, *, zoned: bool) -> exp.Expr:
    """The timestamp of yyyy-mm-dd hh:mm:ss[.ffffff][+hh[:mm]], in UTC; NULL of any other text."""

    def read(said: exp.Expr) -> exp.Expr:
        stamp = try_cast(said, "TIMESTAMP")
        shown = stamp if zoned else cast(stamp, "TIMESTAMP_NTZ")
        return t.case((_has(said, _STAMP), shown), otherwise=exp.null())

    return let(value, read)


def _has(said: exp.Expr, pattern: str) -> exp.Expr:
    return exp.RegexpLike(this=t.own(said), expression=t.text(full(pattern)))


def _part(said: exp.Expr, pattern: str, which: int) -> exp.Expr:
    return t.call("regexp_extract", said, t.text(full(pattern)), t.number(which))


def _number(digits: exp.Expr) -> exp.Expr:
    """0 for no digits."""
    return t.first_known(try_cast(digits, "INT"), t.number(0))


def _read_clock(said: exp.Expr, pattern: str, first: int) -> exp.Expr:
    hours, minutes, seconds = (_number(_part(said, pattern, first + n)) for n in range(3))
    fraction = _number(t.call("rpad", _part(said, pattern, first + 3), t.number(6), t.text("0")))
    total = plus(times(plus(times(hours, t.number(60)), minutes), t.number(60)), seconds)
    return plus(times(cast(total, "BIGINT"), t.number(1_000_000)), fraction)
