"""Sums, minima and maxima that are exact: trees that split numbers, and Python that puts them together.

A sum never rounds and never overflows. Integers and decimals of up to 24 digits are summed as they are, in 38
digits; longer ones in limbs of 18 digits. A double is an integer times a power of two: it is cut into limbs
of 50 bits, and the sums of the limbs are integers too. Everything leaves the engine as text. Pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Protocol

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import reading
from recon.compare import trees as t

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DIRECT: Final = 24  # digits; 10**14 rows of them fit 38
_LIMB: Final = 18
_READ: Final = 54  # digits before and after the point that a number in a text may have
_BITS: Final = 50
_HIGHEST: Final = 1_000  # powers of two up to it are doubles, and so are their inverses
_SHOWN: Final = Context(prec=17)

Answer = dict[str, str | None]
Value = Fraction | str  # a number; "nan", "inf" or "-inf"; or a date, time or text as the engine prints it


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """Sum, smallest and largest of a column's values; None where there are none or `unread` are no value."""

    total: Value | None
    least: Value | None
    most: Value | None
    unread: int = 0


class Asker(Protocol):
    """Which aggregates to ask for, by name, and what the answers say."""

    def asks(self) -> Mapping[str, exp.Expr]:
        """Aggregates over the rows of a side."""
        ...

    def ends(self, answer: Answer) -> Ends:
        """The answers of one group of rows."""
        ...


@dataclass(frozen=True, slots=True)
class Ordered:
    """Dates, times and texts. `value` is NULL where `normal`, a text, cannot be read; `show` prints one."""

    normal: exp.Expr
    value: exp.Expr
    show: Callable[[exp.Expr], exp.Expr]

    def asks(self) -> Mapping[str, exp.Expr]:
        unread = t.all_of(t.not_null(self.normal), t.is_null(self.value))
        ends = {"least": exp.Min(this=t.own(self.value)), "most": exp.Max(this=t.own(self.value))}
        return {"unread": t.count_if(unread), **{name: self.show(end) for name, end in ends.items()}}

    def ends(self, answer: Answer) -> Ends:
        unread = int(answer["unread"] or 0)
        least, most = (None if unread else answer[name] for name in ("least", "most"))
        return Ends(total=None, least=least, most=most, unread=unread)


class Unordered:
    """Nested values: there is nothing to ask."""

    def asks(self) -> Mapping[str, exp.Expr]:
        return {}

    def ends(self, answer: Answer) -> Ends:
        return Ends(total=None, least=None, most=None)


@dataclass(frozen=True, slots=True)
class Exact:
    """Integers and decimals with `digits` before and `scale` digits after the point."""

    value: exp.Expr
    digits: int
    scale: int

    def asks(self) -> Mapping[str, exp.Expr]:
        ends = {"least": exp.Min(this=t.own(self.value)), "most": exp.Max(this=t.own(self.value))}
        if self.digits + self.scale > _DIRECT:
            numeral = reading.numeral_of_decimal(self.value, self.scale)
            return ends | _limb_sums(numeral, _limbs_in(self.digits), _limbs_in(self.scale))
        wide = d.as_type(self.value, d.decimal(38 - self.scale, self.scale))
        return ends | {"total": exp.Sum(this=wide)}

    def ends(self, answer: Answer) -> Ends:
        ends = [_fraction(answer[name]) for name in ("least", "most")]
        total = _fraction(answer["total"]) if "total" in answer else _limbs_together(answer)
        return Ends(total=total, least=ends[0], most=ends[1])


@dataclass(frozen=True, slots=True)
class Read:
    """Texts read as exact numbers: numerals of `recon.compare.reading`, NULL aside."""

    numeral: exp.Expr

    def asks(self) -> Mapping[str, exp.Expr]:
        unsigned = t.call("ltrim", self.numeral, t.text("-"))
        parts = [t.call("split_part", unsigned, t.text("."), t.number(n)) for n in (1, 2)]
        short = [t.operator(exp.LTE, t.length(part), t.number(_READ)) for part in parts]
        readable = t.negate(t.call("starts_with", self.numeral, t.text(reading.UNREADABLE)))
        usable = t.all_of(readable, *short)
        negative = t.call("starts_with", self.numeral, t.text("-"))
        key = t.joined(
            t.call("lpad", parts[0], t.number(_READ), t.text("0")),
            t.call("rpad", parts[1], t.number(_READ), t.text("0")),
        )
        below = t.case((t.all_of(usable, negative), key), otherwise=exp.null())
        above = t.case((t.all_of(usable, t.negate(negative)), key), otherwise=exp.null())
        plain = t.case((usable, self.numeral), otherwise=exp.null())
        return {
            "unread": t.count_if(t.negate(usable)),
            "below_most": exp.Max(this=below),
            "below_least": exp.Min(this=t.own(below)),
            "above_most": exp.Max(this=above),
            "above_least": exp.Min(this=t.own(above)),
            **_limb_sums(plain, _READ // _LIMB, _READ // _LIMB),
        }

    def ends(self, answer: Answer) -> Ends:
        unread = int(answer["unread"] or 0)
        if unread:
            return Ends(total=None, least=None, most=None, unread=unread)
        below = [_keyed(answer[name], -1) for name in ("below_most", "below_least")]  # of a negative's digits
        above = [_keyed(answer[name], 1) for name in ("above_least", "above_most")]
        return Ends(
            total=_limbs_together(answer),
            least=above[0] if below[0] is None else below[0],
            most=below[1] if above[1] is None else above[1],
        )


@dataclass(frozen=True, slots=True)
class Binary:
    """Doubles. `unread` is TRUE for a text that is none; the powers of two of `span` hold all finite ones."""

    value: exp.Expr
    unread: exp.Expr
    span: tuple[int, int]

    def asks(self) -> Mapping[str, exp.Expr]:
        finite = t.definitely(t.call("isfinite", self.value))
        plain = t.case((finite, self.value), otherwise=exp.null())
        infinite = d.as_type(t.text("infinity"), "DOUBLE")
        return {
            "unread": t.count_if(self.unread),
            "nan": t.count_if(t.definitely(t.call("isnan", self.value))),
            "above": t.count_if(t.definitely(t.equals(self.value, infinite))),
            "below": t.count_if(t.definitely(t.equals(self.value, exp.Neg(this=infinite.copy())))),
            "least": exp.Min(this=plain),
            "most": exp.Max(this=t.own(plain)),
            **{f"p{low}": exp.Sum(this=d.wide(_bits(plain, low, self.span[1]))) for low in self._lows()},
        }

    def _lows(self) -> range:
        return range(self.span[0], max(self.span[1], self.span[0] + 1), _BITS)

    def ends(self, answer: Answer) -> Ends:
        nan, above, below, unread = (int(answer[n] or 0) for n in ("nan", "above", "below", "unread"))
        if unread:
            return Ends(total=None, least=None, most=None, unread=unread)
        parts = [(low, answer[f"p{low}"]) for low in self._lows()]
        known = [int(part) * Fraction(2) ** low for low, part in parts if part is not None]
        total = sum(known, Fraction()) if known else None
        least, most = (
            None if answer[n] is None else Fraction(float(answer[n] or 0)) for n in ("least", "most")
        )
        word = "nan" if nan or (above and below) else "inf" if above else "-inf" if below else None
        return Ends(
            total=word or total,
            least=_first(("-inf", below), least, ("inf", above), ("nan", nan)),
            most=_first(("nan", nan), ("inf", above), most, ("-inf", below)),
        )


def _first(*ends: Fraction | tuple[str, int] | None) -> Value | None:
    """The first that there is: a number, or a word that occurs."""
    there = (e if isinstance(e, Fraction) else e[0] for e in ends if e is not None)
    occurs = (isinstance(e, Fraction) or e[1] > 0 for e in ends if e is not None)
    return next((e for e, is_there in zip(there, occurs, strict=True) if is_there), None)


def span_asks(value: exp.Expr) -> Mapping[str, exp.Expr]:
    """The greatest and the smallest magnitude among finite doubles that are not 0."""
    size = t.magnitude(value)
    counts = t.all_of(t.call("isfinite", value), t.operator(exp.GT, size, t.number(0)))
    some = t.case((t.definitely(counts), size), otherwise=exp.null())
    return {"smallest": exp.Min(this=some), "greatest": exp.Max(this=t.own(some))}


def span(smallest: float, greatest: float) -> tuple[int, int]:
    """All doubles between are multiples of 2**first below 2**second; (0, 1) when there are none."""
    if not greatest:
        return 0, 1
    return max(math.frexp(smallest)[1] - 53, -1074), math.frexp(greatest)[1]


def _bits(value: exp.Expr, low: int, end: int) -> exp.Expr:
    """The integer made of the double's bits from 2**low up, below 2**(low + 50). No step of it rounds.

    value / 2**low, cut to an integer, less the same of the higher bits: both are doubles, and so is their
    difference, which has at most 50 bits. A value that is so large that the quotient could overflow has no
    bits there, because a double has 53.
    """
    upper = t.operator(exp.Mul, _cut(value, low + _BITS), d.as_type(t.number(2**_BITS), "DOUBLE"))
    bits = t.operator(exp.Sub, _cut(value, low), upper)
    beyond = low + _BITS + 54
    if end <= beyond:
        return bits
    large = t.operator(exp.GTE, t.magnitude(value), _power(beyond))
    return t.case((large, t.number(0)), otherwise=bits)


def _cut(value: exp.Expr, low: int) -> exp.Expr:
    """Value / 2**low without its fraction."""
    scaled = value
    while low:
        step = max(-_HIGHEST, min(_HIGHEST, low))
        scaled = t.operator(exp.Mul, scaled, _power(-step))
        low -= step
    return t.call("trunc", scaled)


def _power(exponent: int) -> exp.Expr:
    return d.as_type(t.text(repr(2.0**exponent)), "DOUBLE")


def _limbs_in(digits: int) -> int:
    return -(-digits // _LIMB)


def _limb_sums(numeral: exp.Expr, before: int, after: int) -> dict[str, exp.Expr]:
    """For each limb the sum over the rows, with the number's sign: `h0`, `h1` ... upwards from the point,
    `f0`, `f1` ... downwards.
    """
    unsigned = t.call("ltrim", numeral, t.text("-"))
    parts = [t.call("split_part", unsigned, t.text("."), t.number(n)) for n in (1, 2)]
    whole = t.call("lpad", parts[0], t.number(before * _LIMB), t.text("0"))
    fraction = t.call("rpad", parts[1], t.number(after * _LIMB), t.text("0"))
    sign = t.case((t.call("starts_with", numeral, t.text("-")), t.number(-1)), otherwise=t.number(1))

    def limb(text: exp.Expr, n: int) -> exp.Expr:
        digits = t.call("substr", text, t.number(_LIMB * n + 1), t.number(_LIMB))
        return exp.Sum(this=t.operator(exp.Mul, d.wide(digits), sign))

    names = {f"h{before - 1 - n}": limb(whole, n) for n in range(before)}
    return names | {f"f{n}": limb(fraction, n) for n in range(after)}


def _limbs_together(answer: Answer) -> Fraction | None:
    total, known = Fraction(), False
    for name, limbs in answer.items():
        if limbs is not None and name[0] in "hf" and name[1:].isdigit():
            at = int(name[1:])
            total += int(limbs) * Fraction(10) ** (_LIMB * (at if name[0] == "h" else -1 - at))
            known = True
    return total if known else None


def _keyed(key: str | None, sign: int) -> Fraction | None:
    return None if key is None else Fraction(sign * int(key), 10**_READ)


def _fraction(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


def as_decimal(value: Value | None, scale: int) -> str | None:
    """A number with that many decimals, or with as many more as it has: exact."""
    if not isinstance(value, Fraction):
        return value
    while (value * 10**scale).denominator != 1:
        scale += 1
    return f"{Decimal(int(value * 10**scale)).scaleb(-scale, Context(prec=10_000)):f}"


def as_double(value: Value | None) -> str | None:
    """The nearest double, as short as it can be; beyond doubles 17 digits."""
    if not isinstance(value, Fraction):
        return value
    try:
        return repr(float(value))
    except OverflowError:
        return str(_SHOWN.divide(Decimal(value.numerator), Decimal(value.denominator)))
