"""Doubles in Spark: as text, digit for digit as DuckDB prints them, and without their fraction.

DuckDB prints the shortest digits that read as the same double, and of several the nearest. Spark prints
what its Java does, and Java before version 19 prints too many digits at times (1.9999999999999998E23), so
only the magnitude is taken from there. Beyond 10**38 and below 10**-14 numbers that need more than 15 digits
may end in another digit than DuckDB's, and numbers below 1e-307 may show more: they still read as themselves.
https://bugs.openjdk.org/browse/JDK-4511638
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import trees as t
from recon.compare.spark.build import (
    cast,
    integer,
    less,
    let,
    minus,
    plus,
    rest,
    string,
    times,
    try_cast,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOWEST, _HIGHEST = -14, 37  # powers of ten between which the digits of a double are found exactly
_FIXED: Final = 16  # from 10**16 up, and below 0.0001, numbers are printed with an exponent
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


_NAMES: Final = {True: "recon_text_of_float", False: "recon_text_of_double"}


def called(value: exp.Expr, *, single: bool) -> exp.Expr:
    """`printed`, as a function of the session: written out it would be most of a query."""
    return t.call(_NAMES[single], value)


def written_out(tree: exp.Expr) -> None:
    """Write out the calls near a lambda: Spark allows no function of a session inside a function that takes
    one, neither in the lambda nor in what it is given, nor around such a function.
    """
    kinds = {name: single for single, name in _NAMES.items()}
    while True:
        calls = [c for c in tree.find_all(exp.Anonymous) if c.name in kinds and _near_lambda(c)]
        if not calls:
            return
        calls[0].replace(printed(calls[0].expressions[0].copy(), single=kinds[calls[0].name]))


def _near_lambda(node: exp.Expr) -> bool:
    if node.find(exp.Lambda):
        return True
    above = node.parent
    while above is not None and not isinstance(above, exp.Query):
        if isinstance(above, exp.Lambda) or any(isinstance(x, exp.Lambda) for x in above.iter_expressions()):
            return True
        above = above.parent
    return False


def declared() -> dict[str, tuple[str, exp.Expr]]:
    """What a session must know: name, type of the argument `x`, and what the function gives."""
    return {
        name: ("FLOAT" if single else "DOUBLE", printed(t.column("x"), single=single))
        for single, name in _NAMES.items()
    }


def printed(value: exp.Expr, *, single: bool) -> exp.Expr:
    """A FLOAT (`single`) or a DOUBLE as DuckDB prints it."""

    def show(x: exp.Expr) -> exp.Expr:
        sign = t.case((less(x, t.number(0)), t.text("-")), otherwise=t.text(""))
        digits = let(t.magnitude(x), lambda size: _digits(size, single=single))
        infinite = t.equals(t.magnitude(x), cast(t.text("Infinity"), "FLOAT" if single else "DOUBLE"))
        return t.case(
            (t.is_null(x), exp.null()),
            (t.equals(x, cast(t.text("NaN"), "FLOAT" if single else "DOUBLE")), t.text("nan")),
            (infinite, t.joined(sign, t.text("inf"))),
            (t.equals(x, t.number(0)), string(x)),
            (_usual(x, single=single), string(x)),
            otherwise=t.joined(sign, digits),
        )

    return let(value, show)


def _usual(x: exp.Expr, *, single: bool) -> exp.Expr:
    """Whether Java prints it as DuckDB does: no exponent, and so few digits that there are no others."""
    size, most = t.magnitude(x), 6 if single else 15
    between = (t.operator(exp.GTE, size, _double("1e-3")), less(size, _double("1e7")))
    return t.all_of(*between, t.operator(exp.LTE, t.length(string(size)), t.number(most + 1)))


def _double(spelled: str) -> exp.Expr:
    return cast(t.text(spelled), "DOUBLE")


def _digits(size: exp.Expr, *, single: bool) -> exp.Expr:
    """The text of a positive, finite number."""
    return let(string(size), lambda said: _from_java(size, said, single=single))


def _from_java(size: exp.Expr, said: exp.Expr, *, single: bool) -> exp.Expr:
    """From Java's text `12.5` or `1.25E10`: its digits, and the power of ten of the first of them."""
    number = t.call("split_part", said, t.text("E"), t.number(1))
    power = t.first_known(try_cast(t.call("split_part", said, t.text("E"), t.number(2)), "INT"), t.number(0))
    before = t.call("split_part", number, t.text("."), t.number(1))
    both = t.joined(before, t.call("split_part", number, t.text("."), t.number(2)))
    digits = _ltrim0(both)
    first = minus(plus(power, minus(t.length(before), t.number(1))), minus(t.length(both), t.length(digits)))

    def found(pair: exp.Expr) -> exp.Expr:
        theirs, at = (exp.Dot(this=t.own(pair), expression=exp.to_identifier(n)) for n in ("d", "e"))
        few = t.operator(exp.LTE, t.length(_rtrim0(theirs)), t.number(6 if single else 15))
        return t.case((few, _laid_out(theirs, at)), otherwise=_shortest(size, theirs, at, single=single))

    parts = t.call("named_struct", t.text("d"), digits, t.text("e"), first)
    return let(parts, found)


def _ltrim0(value: exp.Expr) -> exp.Expr:
    return t.call("ltrim", t.text("0"), value)


def _rtrim0(value: exp.Expr) -> exp.Expr:
    return t.call("rtrim", t.text("0"), value)


def _laid_out(digits: exp.Expr, power: exp.Expr) -> exp.Expr:
    """Digits (and zeros) whose first stands for 10**power, with a point or an exponent."""

    def show(d: exp.Expr) -> exp.Expr:
        whole_part = t.call(
            "rpad", t.call("left", d, plus(power, t.number(1))), plus(power, t.number(1)), t.text("0")
        )
        after = t.call("substr", d, plus(power, t.number(2)))
        fraction = t.case((t.equals(after, t.text("")), t.text("0")), otherwise=after)
        zeros = t.call("repeat", t.text("0"), minus(t.number(-1), power))
        more = t.case(
            (t.equals(t.length(d), t.number(1)), t.text("")),
            otherwise=t.joined(t.text("."), t.call("substr", d, t.number(2))),
        )
        size = string(t.magnitude(power))
        exponent = t.joined(
            t.case((less(power, t.number(0)), t.text("e-")), otherwise=t.text("e+")),
            t.case((less(t.length(size), t.number(2)), t.joined(t.text("0"), size)), otherwise=size),
        )
        return t.case(
            (
                t.all_of(t.operator(exp.GTE, power, t.number(0)), less(power, t.number(_FIXED))),
                t.joined(whole_part, t.text("."), fraction),
            ),
            (
                t.all_of(less(power, t.number(0)), t.operator(exp.GTE, power, t.number(-4))),
                t.joined(t.text("0."), zeros, d),
            ),
            otherwise=t.joined(t.call("left", d, t.number(1)), more, exponent),
        )

    return let(_rtrim0(digits), show)


def _shortest(size: exp.Expr, digits: exp.Expr, power: exp.Expr, *, single: bool) -> exp.Expr:
    """The fewest digits that read as the number, of which there are more than 15 (or 6).

    So many digits and fewer are found at once: no two texts of 15 digits read as one double.
    """
    most, lengths = (9, (6, 7, 8, 9)) if single else (17, (15, 16, 17))

    def choose(pair: exp.Expr) -> exp.Expr:
        q, more = (exp.Dot(this=t.own(pair), expression=exp.to_identifier(n)) for n in ("q", "r"))
        return t.call("coalesce", *(c for n in lengths for c in _candidates(size, q, more, power, most, n)))

    return let(_cut(size, digits, power, most), choose)


def _cut(size: exp.Expr, digits: exp.Expr, power: exp.Expr, most: int) -> exp.Expr:
    """The first `most` digits as the integer q, and r: -1, 0 or 1 as what follows is below, at or above a
    half; -2 when nothing does. Exact where 38 digits have room for the fraction, else Java's digits.
    """
    java = t.call(
        "named_struct",
        t.text("q"),
        cast(t.call("rpad", t.call("left", digits, t.number(most)), t.number(most), t.text("0")), "BIGINT"),
        t.text("r"),
        t.number(-2),
    )
    within = t.all_of(
        t.operator(exp.GTE, power, t.number(_LOWEST)), t.operator(exp.LTE, power, t.number(_HIGHEST))
    )
    double = cast(size, "DOUBLE")
    scale = minus(t.number(53), cast(t.call("floor", t.call("log2", double)), "INT"))

    def exact(s: exp.Expr) -> exp.Expr:
        mantissa = cast(times(double, t.call("pow", cast(t.number(2), "DOUBLE"), s)), "BIGINT")
        tens = minus(t.number(most - 1), power)
        twos = minus(tens, s)
        above = times(times(integer(mantissa), _power(5, tens)), _power(2, twos))
        below = times(_power(5, exp.Neg(this=t.grouped(tens))), _power(2, exp.Neg(this=t.grouped(twos))))
        fraction = t.call("named_struct", t.text("n"), above, t.text("d"), below)
        return let(fraction, _quotient)

    return t.case((within, let(scale, exact)), otherwise=java)


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


def _quotient(fraction: exp.Expr) -> exp.Expr:
    n, d = (exp.Dot(this=t.own(fraction), expression=exp.to_identifier(name)) for name in ("n", "d"))
    left = rest(n, d)
    missing = minus(d, left)
    half = t.case(
        (t.equals(left, t.number(0)), t.number(-2)),
        (less(left, missing), t.number(-1)),
        (t.equals(left, missing), t.number(0)),
        otherwise=t.number(1),
    )
    return t.call("named_struct", t.text("q"), whole(n, d), t.text("r"), half)


def _candidates(
    size: exp.Expr, q: exp.Expr, more: exp.Expr, power: exp.Expr, most: int, length: int
) -> Sequence[exp.Expr]:
    """Both neighbours of so many digits as text, the nearer first; NULL for what reads as another number."""
    odd = t.equals(rest(q, t.number(2)), t.number(1))
    if length == most:
        up = t.any_of(t.equals(more, t.number(1)), t.all_of(t.equals(more, t.number(0)), odd))
        return [_text_of(t.case((up, plus(q, t.number(1))), otherwise=q), power, length)]
    unit = t.number(10 ** (most - length))
    low = whole(q, unit)
    twice = times(rest(q, unit), t.number(2))
    beyond = t.operator(exp.GT, more, t.number(-2))
    even = t.equals(rest(low, t.number(2)), t.number(0))
    up = t.any_of(
        t.operator(exp.GT, twice, unit),
        t.all_of(t.equals(twice, unit), t.any_of(beyond, t.negate(even))),
    )
    high = plus(low, t.number(1))
    near, far = t.case((up, high), otherwise=low), t.case((up, low), otherwise=high)
    single = most == 9
    return [_if_read(size, c, power, length, single=single) for c in (near, far)]


def _if_read(size: exp.Expr, digits: exp.Expr, power: exp.Expr, length: int, *, single: bool) -> exp.Expr:
    def check(c: exp.Expr) -> exp.Expr:
        said = t.joined(string(c), t.text("E"), string(minus(power, t.number(length - 1))))
        reads = t.equals(try_cast(said, "FLOAT" if single else "DOUBLE"), size)
        return t.case((reads, _text_of(c, power, length)), otherwise=exp.null())

    return let(digits, check)


def _text_of(digits: exp.Expr, power: exp.Expr, length: int) -> exp.Expr:
    """Rounding up may have given one digit more: then the power is one more too."""

    def show(d: exp.Expr) -> exp.Expr:
        return let(plus(power, minus(t.length(d), t.number(length))), lambda p: _laid_out(d, p))

    return let(string(digits), show)


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
