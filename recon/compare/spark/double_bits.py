"""The bits of a float in Spark, which has no function for them: found by exact arithmetic."""

from __future__ import annotations

from sqlglot import exp

from recon.compare import trees as t
from recon.compare.spark.build import cast, integer, less, let, minus, plus, string, times, whole
from recon.compare.spark.doubles import named


def bits(value: exp.Expr, *, single: bool) -> exp.Expr:
    """The bits of a FLOAT (`single`) or a DOUBLE as a signed INT or BIGINT, found by exact arithmetic."""
    kind = "INT" if single else "BIGINT"
    mantissa, bias, sign = (23, 127, 2**31) if single else (52, 1023, 2**63)
    endless = ((1 << (8 if single else 11)) - 1) << mantissa
    nan = endless | 1 << (mantissa - 1)

    def show(x: exp.Expr) -> exp.Expr:
        size = let(t.magnitude(x), lambda s: _size_bits(s, mantissa, bias))
        negative = t.any_of(less(x, t.number(0)), t.equals(string(x), t.text("-0.0")))
        known = t.case(
            (t.equals(t.magnitude(x), named("Infinity")), t.number(endless)),
            (t.equals(x, t.number(0)), t.number(0)),
            otherwise=size,
        )
        below = minus(integer(known), integer(t.number(sign)))
        return t.case(
            (t.is_null(x), exp.null()),
            (t.equals(x, named("NaN")), t.number(nan)),
            (negative, below),
            otherwise=integer(known),
        )

    return cast(let(cast(value, "DOUBLE"), show), kind)


def _size_bits(size: exp.Expr, mantissa: int, bias: int) -> exp.Expr:
    """Of a positive, finite number: its power of two, and what it has beyond it."""

    def at(power: exp.Expr) -> exp.Expr:
        least = t.call("greatest", power, t.number(1 - bias))
        scaled = _scaled(size, minus(t.number(mantissa), least))
        above = times(cast(minus(plus(least, t.number(bias)), t.number(1)), "BIGINT"), t.number(2**mantissa))
        return plus(above, cast(scaled, "BIGINT"))

    return let(_power_of_two(size), at)


def _power_of_two(size: exp.Expr) -> exp.Expr:
    """The greatest n with 2**n <= size. Spark's log2 may be off by a little, and so by one."""

    def exact(n: exp.Expr) -> exp.Expr:
        one = cast(t.number(1), "DOUBLE")
        return t.case(
            (
                t.operator(exp.GTE, _scaled(size, exp.Neg(this=t.grouped(n))), cast(t.number(2), "DOUBLE")),
                plus(n, t.number(1)),
            ),
            (less(_scaled(size, exp.Neg(this=t.grouped(n))), one), minus(n, t.number(1))),
            otherwise=n,
        )

    return let(cast(t.call("floor", t.call("log2", size)), "INT"), exact)


def _scaled(value: exp.Expr, power: exp.Expr) -> exp.Expr:
    """Value * 2**power in two steps, each of which is a double."""

    def twice(p: exp.Expr) -> exp.Expr:
        two, half = cast(t.number(2), "DOUBLE"), whole(p, t.number(2))
        return times(times(value, t.call("pow", two, half)), t.call("pow", two, minus(p, half)))

    return let(power, twice)
