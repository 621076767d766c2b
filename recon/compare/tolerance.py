"""Exact arithmetic for tolerances, on numbers of up to 54 digits before and after the point.

|b - c| is never rounded and never overflows: a number is cut into limbs of 18 digits, limbs are subtracted
one by one in 38-digit integers, and the sign of the weighted sum is found from the top (Horner's rule). A
partial sum is clamped as soon as the limbs below it can no longer change its sign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import trees as t
from recon.model import ToleranceKind

if TYPE_CHECKING:
    from decimal import Decimal

    from recon.model import Tolerance

LIMB: Final = 18  # digits
_LIMBS: Final = 3  # before the point, and as many after it
_HALF: Final = LIMB * _LIMBS
_CLAMP: Final = 10**19  # at least twice the largest |term| / 10**18, see `_not_above_zero`


def fraction(tolerance: Tolerance) -> tuple[int, int]:
    """The amount as (numerator, power of ten below it); a percentage as its share."""
    exponent = tolerance.amount.as_tuple().exponent
    power = max(0, -exponent) if isinstance(exponent, int) else 0
    numerator = int(tolerance.amount.scaleb(power))
    return numerator, power + (2 if tolerance.kind is ToleranceKind.PCT else 0)


def within_decimal(
    amount: Decimal, one: exp.Expr, other: exp.Expr, digits: int, scale: int
) -> exp.Expr | None:
    """|one - other| <= amount on decimals of that size; None if the difference might not fit 38 digits."""
    exponent = amount.as_tuple().exponent
    scale = max(scale, -exponent if isinstance(exponent, int) else 0)
    digits = max(digits, amount.adjusted() + 1)
    if digits + scale + 1 > 38:
        return None
    spelled = d.decimal(digits, scale)
    difference = t.operator(exp.Sub, d.as_type(one, spelled), d.as_type(other, spelled))
    return t.operator(exp.LTE, t.magnitude(difference), d.as_type(t.number(f"{amount:f}"), spelled))


def within_share_of_decimal(
    tolerance: Tolerance, one: exp.Expr, other: exp.Expr, digits: int, scale: int
) -> exp.Expr | None:
    """Whether two decimals of that size are within rel or pct; None if a product might not fit 38 digits."""
    numerator, power = fraction(tolerance)
    room = max(len(str(numerator)), power + 1)
    digits = max(digits, 20 - scale)  # up to 18, DuckDB keeps a product in 64 bits
    if digits + scale + 1 + room > 38 or digits + 2 * scale + 2 > 38:
        return None
    whole = [_unscaled(value, digits, scale) for value in (one, other)]
    apart = t.magnitude(t.operator(exp.Sub, *whole))
    larger = t.call("greatest", *(t.magnitude(value) for value in whole))
    return t.operator(
        exp.LTE,
        t.operator(exp.Mul, d.wide(t.number(10**power)), apart),
        t.operator(exp.Mul, d.wide(t.number(numerator)), larger),
    )


def _unscaled(value: exp.Expr, digits: int, scale: int) -> exp.Expr:
    """The value times 10**scale, a whole number."""
    if not scale:
        return d.wide(value)
    shift = d.as_type(t.number(10**scale), d.decimal(scale + 1, 0))
    return d.wide(t.operator(exp.Mul, d.as_type(value, d.decimal(digits, scale)), shift))


def within_exact(tolerance: Tolerance, one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """Whether two numbers, as shortest decimal texts, are within abs, rel or pct. NULL where one is NULL.

    0 and another number are never within a share: one below 1 cannot reach from the one to the other.
    """
    near = _within_amount(tolerance.amount, one, other)
    if tolerance.kind is not ToleranceKind.ABS:
        share = fraction(tolerance)
        near = t.any_of(_within_share(share, one, other, of=one), _within_share(share, one, other, of=other))
    sizes = [t.length(_part(value, which)) for value in (one, other) for which in (0, 1)]
    fits = t.all_of(*(t.operator(exp.LTE, size, t.number(_HALF)) for size in sizes))
    return t.case((fits, near), otherwise=exp.false())


def _within_amount(amount: Decimal, one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """|one - other| <= amount."""
    scaled = str(int(amount.scaleb(_HALF))).rjust(2 * _HALF, "0")
    limits = [d.wide(t.number(int(scaled[n : n + LIMB]))) for n in range(0, len(scaled), LIMB)]
    differences = [t.operator(exp.Sub, b, c) for b, c in zip(_limbs(one), _limbs(other), strict=True)]
    return _within(differences, limits)


def _within_share(share: tuple[int, int], one: exp.Expr, other: exp.Expr, *, of: exp.Expr) -> exp.Expr:
    """|one - other| * 10**power <= numerator * |of|."""
    numerator, power = d.wide(t.number(share[0])), d.wide(t.number(10 ** share[1]))
    limits = [t.operator(exp.Mul, numerator, t.magnitude(limb)) for limb in _limbs(of)]
    pairs = zip(_limbs(one), _limbs(other), strict=True)
    return _within([t.operator(exp.Mul, power, t.operator(exp.Sub, b, c)) for b, c in pairs], limits)


def _within(differences: list[exp.Expr], limits: list[exp.Expr]) -> exp.Expr:
    """Whether the number with these limbs lies between minus the limit and the limit."""
    pairs = list(zip(differences, limits, strict=True))
    above = _not_above_zero([t.operator(exp.Sub, e, limit) for e, limit in pairs])
    below = _not_above_zero([t.operator(exp.Sub, exp.Neg(this=t.grouped(e)), limit) for e, limit in pairs])
    return t.all_of(above, below)


def _not_above_zero(terms: list[exp.Expr]) -> exp.Expr:
    """Whether sum(terms[i] * 10**(18 * (n - i))) <= 0.

    Every |term| is below 4 * 10**36: two limbs below 10**18 times 10**18, and a numerator below 10**18
    times a limb. What lies below a partial sum is then less than 4 * 10**18 + 1 times the weight of its
    last limb, so a sum clamped to 10**19 keeps its sign, and 10**19 * 10**18 + 4 * 10**36 fits 38 digits.
    """
    lowest, highest, weight = (d.wide(t.number(n)) for n in (-_CLAMP, _CLAMP, 10**LIMB))
    total = terms[0]
    for term in terms[1:]:
        clamped = t.call("least", t.call("greatest", total, lowest), highest)
        total = t.operator(exp.Add, t.operator(exp.Mul, clamped, weight), term)
    return t.operator(exp.LTE, total, t.number(0))


def _limbs(numeral: exp.Expr) -> list[exp.Expr]:
    """The limbs of a number, the highest first, each with the number's sign."""
    digits = t.joined(
        t.call("lpad", _part(numeral, 0), t.number(_HALF), t.text("0")),
        t.call("rpad", _part(numeral, 1), t.number(_HALF), t.text("0")),
    )
    sign = t.case((t.call("starts_with", numeral, t.text("-")), t.number(-1)), otherwise=t.number(1))
    starts = (t.number(LIMB * n + 1) for n in range(2 * _LIMBS))
    limbs = [d.wide(t.call("substr", digits, start, t.number(LIMB))) for start in starts]
    return [t.operator(exp.Mul, limb, sign) for limb in limbs]


def _part(numeral: exp.Expr, which: int) -> exp.Expr:
    """The digits before (0) or after (1) the point."""
    unsigned = t.call("ltrim", numeral, t.text("-"))
    return t.call("split_part", unsigned, t.text("."), t.number(which + 1))


def within_float(tolerance: Tolerance, one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """Whether two doubles are within abs, rel or pct, in double arithmetic; infinities and NaN never are."""
    near = [t.call("isfinite", one), t.call("isfinite", other)]
    bound = d.as_type(t.text(f"{tolerance.amount:f}"), "DOUBLE")
    if tolerance.kind is not ToleranceKind.ABS:
        numerator, power = fraction(tolerance)
        share = d.as_type(t.text(f"{numerator}e-{power}"), "DOUBLE")
        bound = t.operator(exp.Mul, share, t.call("greatest", t.magnitude(one), t.magnitude(other)))
        # the product of a share and a number next to 0 may round up to the number
        near += [t.operator(exp.NEQ, value, t.number(0)) for value in (one, other)]
    return t.all_of(*near, t.operator(exp.LTE, t.magnitude(t.operator(exp.Sub, one, other)), bound))


def within_ulps(most: int, one: exp.Expr, other: exp.Expr, *, single: bool) -> exp.Expr:
    """Whether at most `most` steps lead from one float to the other, from each to the next one that exists.

    Steps of 4-byte floats when `single`, of 8-byte floats otherwise. 0 is one step, whatever its sign;
    infinities and NaN are never within any number of steps.
    """
    places = [_place(value, single=single) for value in (one, other)]
    steps = t.magnitude(t.operator(exp.Sub, *places))
    finite = [t.call("isfinite", value) for value in (one, other)]
    return t.all_of(*finite, t.operator(exp.LTE, steps, d.wide(t.number(most))))


def _place(value: exp.Expr, *, single: bool) -> exp.Expr:
    """A float's place among all floats, 0 at 0. Below the sign, IEEE 754 orders the bits by magnitude."""
    bits = d.wide(d.bits(value, single=single))
    lowest = d.wide(t.number(-(2**31) if single else -(2**63)))  # the sign alone
    negative = t.operator(exp.LT, bits, t.number(0))
    return t.case((negative, t.operator(exp.Sub, lowest, bits)), otherwise=bits)


def within_microseconds(amount: Decimal, one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """Whether two TIMESTAMPs or TIMEs are at most that many microseconds apart; an infinite one never is."""
    apart = t.operator(exp.Sub, d.wide(d.microseconds(one)), d.wide(d.microseconds(other)))
    return t.operator(exp.LTE, t.magnitude(apart), t.number(int(amount)))
