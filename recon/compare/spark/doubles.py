"""Doubles in Spark: as text, digit for digit as DuckDB prints them, and without their fraction.

DuckDB prints the shortest digits that read as the same double. Spark prints what its Java does, and Java
before version 19 prints too many digits at times (1.9999999999999998E23), so fewer digits are tried first.
The last of 16 or 17 digits may then still be another than DuckDB's: the text reads as the same double.
https://bugs.openjdk.org/browse/JDK-4511638
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from recon.compare import trees as t
from recon.compare.spark.build import (
    cast,
    integer,
    less,
    let,
    minus,
    plus,
    string,
    times,
    try_cast,
    whole,
)

_WHOLE: Final = 2**53


def named(word: str) -> exp.Expr:
    """NaN or Infinity."""
    return cast(t.text(word), "DOUBLE")


def is_nan(value: exp.Expr) -> exp.Expr:
    """NULL for NULL, unlike Spark's isnan."""
    return t.equals(cast(value, "DOUBLE"), named("NaN"))


def is_finite(value: exp.Expr) -> exp.Expr:
    """In Spark NaN is greater than any number."""
    return less(t.magnitude(cast(value, "DOUBLE")), named("Infinity"))


def truncated(value: exp.Expr) -> exp.Expr:
    """Without its fraction. From 2**53 up a double has none; NaN stays."""
    small = less(t.magnitude(value), t.number(_WHOLE))
    return t.case((small, cast(cast(value, "BIGINT"), "DOUBLE")), otherwise=value)


def divided(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """One / other as IEEE 754 says; Spark raises an error on 0."""
    sign = t.case((t.equals(string(other), t.text("-0.0")), t.number(-1)), otherwise=t.number(1))
    infinite = times(times(one, named("Infinity")), sign)
    usual = t.operator(exp.Div, one, exp.Nullif(this=t.own(other), expression=t.number(0)))
    return t.case((t.equals(other, t.number(0)), infinite), otherwise=usual)


def printed(value: exp.Expr, *, single: bool) -> exp.Expr:
    """A FLOAT (`single`) or a DOUBLE as DuckDB prints it."""

    def show(x: exp.Expr) -> exp.Expr:
        size = t.magnitude(x)
        sign = t.case((less(x, t.number(0)), t.text("-")), otherwise=t.text(""))
        fixed_ = (t.operator(exp.GTE, size, _double("1e-4")), less(size, _double("1e16")))
        infinite = t.equals(size, cast(t.text("Infinity"), "FLOAT" if single else "DOUBLE"))
        return t.case(
            (t.is_null(x), exp.null()),
            (t.equals(x, cast(t.text("NaN"), "FLOAT" if single else "DOUBLE")), t.text("nan")),
            (infinite, t.joined(sign, t.text("inf"))),
            (t.equals(x, t.number(0)), string(x)),
            (t.all_of(*fixed_), t.joined(sign, _with_point(_shortest(size, single=single)))),
            otherwise=t.joined(sign, _with_exponent(_shortest(size, single=single))),
        )

    return let(value, show)


def _double(spelled: str) -> exp.Expr:
    return cast(t.text(spelled), "DOUBLE")


def _shortest(size: exp.Expr, *, single: bool) -> exp.Expr:
    """The digits of a positive, finite number with an exponent, or as Java prints it."""
    lengths = (1, 6, 7, 8, 9) if single else (1, 15, 16, 17)  # one digit: the smallest there are
    tried = [t.call("format_string", t.text(f"%.{n - 1}e"), cast(size, "DOUBLE")) for n in lengths]
    kind = "FLOAT" if single else "DOUBLE"
    read = [(t.equals(try_cast(said, kind), size), said.copy()) for said in tried]
    return t.case(*read, otherwise=string(size))


def _with_point(digits: exp.Expr) -> exp.Expr:
    """Of a number from 0.0001 to below 10**16: at most 17 digits, so 21 decimals are enough."""
    long = string(cast(digits, "DECIMAL(38,21)"))
    return t.call("regexp_replace", long, t.text("([.][0-9]+?)0+$"), t.text("$1"))


def _with_exponent(digits: exp.Expr) -> exp.Expr:
    """1.50E+16 as 1.5e+16, 1.0E-5 as 1e-05."""
    steps = (("[.]?0*e[+]?", "e"), ("e([0-9])", "e+$1"), ("([+-])([0-9])$", "$10$2"))
    shown = t.call("lower", digits)
    for pattern, by in steps:
        shown = t.call("regexp_replace", shown, t.text(pattern), t.text(by))
    return shown


def _power(base: int, exponent: exp.Expr) -> exp.Expr:
    """Base ** exponent in 38 digits, 1 for a negative exponent. Each half is a double, exactly (Math.pow)."""

    def halves(n: exp.Expr) -> exp.Expr:
        half = whole(n, t.number(2))
        both = [
            integer(cast(t.call("pow", cast(t.number(base), "DOUBLE"), part), "BIGINT"))
            for part in (half, minus(n, half))
        ]
        return times(*both)

    return let(t.call("greatest", exponent, t.number(0)), halves)


def fixed(value: exp.Expr, scale: int) -> exp.Expr:
    """A double that has at most `scale` decimals with so many of them: exact below 10**38.

    From there on its shortest digits, then zeros: no decimal of 38 digits equals it, and it reads as itself.
    """

    def show(x: exp.Expr) -> exp.Expr:
        sign = t.case((less(x, t.number(0)), t.text("-")), otherwise=t.text(""))
        return t.joined(sign, let(t.magnitude(x), lambda size: _fixed(size, scale)))

    return let(value, show)


def _fixed(size: exp.Expr, scale: int) -> exp.Expr:
    point = t.text("." + "0" * scale if scale else "")
    small = let(truncated(size), lambda w: _with_fraction(size, w, scale))
    large = t.joined(string(_whole_number(size)), point)
    return t.case(
        (less(size, t.number(_WHOLE)), small),
        (less(size, cast(t.text("1e38"), "DOUBLE")), large),
        otherwise=t.joined(_zeros_after(string(size)), point),
    )


def _with_fraction(size: exp.Expr, whole_part: exp.Expr, scale: int) -> exp.Expr:
    before = string(cast(whole_part, "BIGINT"))
    if not scale:
        return before
    parts = cast(times(minus(size, whole_part), cast(t.number(2**scale), "DOUBLE")), "BIGINT")
    digits = times(integer(parts), integer(t.number(5**scale)))
    return t.joined(before, t.text("."), t.call("lpad", string(digits), t.number(scale), t.text("0")))


def _whole_number(size: exp.Expr) -> exp.Expr:
    """A double from 2**53 to below 10**38 in 38 digits: its bits as an integer times a power of two."""
    scale = minus(cast(t.call("floor", t.call("log2", size)), "INT"), t.number(53))

    def exact(s: exp.Expr) -> exp.Expr:
        down = exp.Neg(this=t.grouped(s))
        bits = cast(times(size, t.call("pow", cast(t.number(2), "DOUBLE"), down)), "BIGINT")
        return times(integer(whole(integer(bits), _power(2, down))), _power(2, s))

    return let(scale, exact)


def _zeros_after(said: exp.Expr) -> exp.Expr:
    """1.25E40, as Java prints it, as 125 and 38 zeros."""

    def show(text: exp.Expr) -> exp.Expr:
        number = t.call("split_part", text, t.text("E"), t.number(1))
        power = cast(t.call("split_part", text, t.text("E"), t.number(2)), "INT")
        digits = t.call("replace", number, t.text("."), t.text(""))
        return t.call("rpad", digits, plus(power, t.number(1)), t.text("0"))

    return let(said, show)
