"""Signs in numbers: integer division, last digits, 4-byte floats, factors, offsets, keys drawn anew."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import trees as t
from recon.compare.causes import POSSIBLE
from recon.compare.detect_digits import decimals_lost, last_digit
from recon.compare.detect_factor import constant_signs
from recon.compare.forms import FLOATS, NUMBERS, Form
from recon.compare.numbers import Numbers, between, less
from recon.compare.signs import KIND, Sign, Y, Z
from recon.model_result import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from recon.compare.signs import Cells
    from recon.ports import Comparer

_INT: Final = 2**31
_MONEY: Final = {"money", "smallmoney"}


def _is(kind: str) -> exp.Expr:
    return t.equals(t.column(KIND), t.text(kind))


def number_signs(engine: Comparer, cells: Cells) -> Iterator[Sign]:
    """The signs for this column, in the order of preference."""
    n = Numbers(cells)
    if n.common.form not in NUMBERS:
        return
    if n.boolean:
        opposite = t.operator(exp.NEQ, n.y, n.z)
        yield Sign(code="FLAG_INVERTED", holds=opposite, distinct=2, rows=90)
        return
    if n.whole:
        flags = t.all_of(*(between(v, 0, 1) for v in (n.y, n.z)), t.operator(exp.NEQ, n.y, n.z))
        yield Sign(code="FLAG_INVERTED", holds=flags, distinct=2, rows=90)
    facts = _facts(engine, n) if n.whole else {}
    if n.whole and n.exact is not None:
        yield from _overflows(n)
    yield from _cut(n)
    yield from _last_digits(n)
    yield from decimals_lost(engine, n)
    yield from _opposite(n)
    if n.whole:
        yield from _dateparts(n, facts)
    yield from constant_signs(engine, n)
    if n.whole and n.exact is not None:
        yield from _keys(n, facts)
    elif n.floating:
        yield from _random(n)


def early_number_signs(cells: Cells) -> Iterator[Sign]:
    """Signs that see more in a NULL than that it is one: what no 4-byte integer holds became NULL."""
    n = Numbers(cells)
    if n.common.form in NUMBERS and n.whole:
        beyond = t.operator(exp.GTE, t.magnitude(n.y), t.number(_INT))
        yield Sign(code="OVERFLOW_ANSI", holds=t.all_of(t.is_null(t.column(Z)), beyond))


def _facts(engine: Comparer, n: Numbers) -> Mapping[str, int]:
    """How whole numbers are spread: `uy`, `uz` distinct ones, and how many lie outside certain bounds."""
    columns = [
        t.named(exp.Count(this=exp.Distinct(expressions=[t.column(name)])), f"u{name}") for name in (Y, Z)
    ]
    for name, low, high in (("week_day", 0, 7), ("week", 1, 54)):
        outside = t.any_of(*(t.negate(between(v, low, high)) for v in (n.y, n.z)))
        columns.append(t.named(t.count_if(outside), name))
    for name, v in ((Y, n.y), (Z, n.z)):
        span = t.operator(exp.Sub, exp.Max(this=t.own(v)), exp.Min(this=t.own(v)))
        columns.append(t.named(span, f"span_{name}"))
    if n.exact is not None:
        within = t.operator(exp.Mod, d.wide(t.column(Z)), t.number(2**33))
        columns.append(t.named(d.as_text(exp.Max(this=within)), "within_partition"))
    [row] = engine.query(t.select(columns, t.inner(n.cells.query(every=False), "r")))
    return {str(name): int(value or 0) for name, value in row.items()}


def _overflows(n: Numbers) -> Iterator[Sign]:
    apart = t.operator(exp.Sub, d.wide(t.column(Z)), d.wide(t.column(Y)))
    wrapped = t.equals(t.operator(exp.Mod, apart, t.number(2**32)), t.number(0))
    beyond = t.operator(exp.GTE, t.magnitude(n.y), t.number(_INT))
    stuck = t.any_of(t.equals(n.z, t.number(_INT - 1)), t.equals(n.z, t.number(-_INT)))
    yield Sign(code="OVERFLOW_ANSI", holds=t.any_of(wrapped, t.all_of(stuck, beyond)))
    small = t.all_of(between(n.y, 128, 255), t.equals(apart, t.number(-256)))
    yield Sign(code="TINYINT", holds=small)


def _cut(n: Numbers) -> Iterator[Sign]:
    """A fraction that one side lost."""
    zero = t.number(0)
    if n.candidate.floating or n.candidate.scale:
        truncated = t.all_of(t.equals(t.call("trunc", n.z), n.y), t.operator(exp.NEQ, n.z, n.y))
        sign = Sign(code="INT_DIVISION", holds=truncated, words=lambda _: {"also": ""})
        typed = n.baseline.scale == 0 and not n.baseline.floating
        yield sign if typed else replace(sign, confidence=POSSIBLE, distinct=3, least=90)
        yield _cut_then_scaled(n)
    kept = n.candidate.scale
    if not n.candidate.floating and (n.baseline.floating or kept < n.baseline.scale):
        unit = t.number(f"{Decimal(1).scaleb(-kept):f}")
        near = t.all_of(less(t.magnitude(n.apart), unit), t.operator(exp.NEQ, n.apart, zero))
        yield Sign(code="DECIMALS_LOST", holds=near, words=lambda _: {"count": str(kept)})
    if n.baseline.neutral in _MONEY or (
        n.baseline.scale == 4 and (n.candidate.scale > 4 or n.candidate.floating)
    ):
        money = less(t.magnitude(t.operator(exp.Sub, n.z, n.y)), t.number("0.0001000001"))
        yield Sign(code="MONEY_PRECISION", holds=money)


def _cut_then_scaled(n: Numbers) -> Sign:
    """`1 / 2 * 100`: a quotient that was cut before it was multiplied."""
    hundred = t.number(100)
    quotient = t.operator(exp.Div, n.z, hundred)
    scaled = t.all_of(
        t.equals(t.operator(exp.Mul, t.call("trunc", quotient), hundred), n.y), t.operator(exp.NEQ, n.z, n.y)
    )
    fractions = t.operator(exp.NEQ, t.call("trunc", n.z), n.z)
    return Sign(
        code="INT_DIVISION",
        holds=scaled,
        words=lambda _: {"also": ", cut to hundreds: the quotient is multiplied by 100 afterwards"},
        confidence=POSSIBLE,
        least=90,
        few=5,
        distinct=2,
        proofs=(fractions,),
    )


def _last_digits(n: Numbers) -> Iterator[Sign]:
    rounding = _is(Kind.ROUNDING)
    if n.floating:
        single = t.all_of(_is(Kind.TYPE), t.operator(exp.NEQ, n.y, n.z))
        typed = n.baseline.single != n.candidate.single  # then one cell is proof
        yield Sign(code="FLOAT_PRECISION", holds=t.any_of(single, _through_single(n)), alone=typed)
        noise = t.operator(
            exp.LTE,
            t.magnitude(t.operator(exp.Sub, n.z, n.y)),
            t.operator(exp.Mul, t.magnitude(n.y), t.number("0.000000001")),
        )
        yield Sign(code="FLOAT_NOISE", holds=t.all_of(rounding, noise))
        if n.baseline.single or n.candidate.single:
            yield Sign(code="FLOAT_NOISE", holds=_within_single(n))
    elif n.common.form is Form.DECIMAL and n.common.scale:
        unit = t.number(f"{n.unit:f}")
        far = t.operator(exp.GT, t.magnitude(n.apart), unit)
        # beyond 2^24 a 4-byte float holds no whole number exactly
        yield Sign(
            code="FLOAT_PRECISION", holds=_through_single(n), distinct=3, proofs=(far,), proof_least=10
        )
        if n.exact is not None and n.baseline.scale == n.candidate.scale:
            yield _half_even(n, unit)
    if n.common.form not in FLOATS or not n.floating:
        yield Sign(code="DECIMAL_ROUNDING", holds=t.any_of(rounding, last_digit(n)))


def _through_single(n: Numbers) -> exp.Expr:
    """Whether the candidate is the baseline after a way through 4 bytes, rounded to its scale."""
    single = d.as_type(d.try_type(n.y, "REAL"), "DOUBLE")
    if n.floating:
        return t.all_of(t.equals(single, n.z), t.operator(exp.NEQ, n.y, n.z))
    error = t.magnitude(t.operator(exp.Sub, single, n.z))
    half = t.number(f"{n.unit * Decimal('0.5000001'):f}")
    return t.all_of(t.operator(exp.LTE, error, half), t.operator(exp.GTE, t.magnitude(n.y), t.number(1000)))


def _within_single(n: Numbers) -> exp.Expr:
    """Apart by no more than two of the last bits that 4 bytes hold."""
    error = t.magnitude(t.operator(exp.Sub, n.z, n.y))
    most = t.operator(exp.Mul, t.magnitude(n.y), t.number("0.00000024"))
    return t.all_of(t.operator(exp.LTE, error, most), t.operator(exp.NEQ, n.y, n.z))


def _half_even(n: Numbers, unit: exp.Expr) -> Sign:
    """Synapse one unit further from zero, and Databricks even in the last digit: halves."""
    further = t.equals(t.operator(exp.Sub, t.magnitude(t.column(Y)), t.magnitude(t.column(Z))), unit)
    two = t.number(f"{2 * n.unit:f}")
    even = t.equals(t.operator(exp.Mod, t.column(Z), two), t.number(0))
    return Sign(code="ROUNDING", holds=t.all_of(further, even), few=8, distinct=5, least=95)


def _opposite(n: Numbers) -> Iterator[Sign]:
    yield Sign(
        code="SIGN_FLIP",
        holds=t.all_of(
            t.equals(t.operator(exp.Add, n.z, n.y), t.number(0)), t.operator(exp.NEQ, n.y, t.number(0))
        ),
        few=2,
    )
    error = t.magnitude(t.operator(exp.Sub, t.operator(exp.Mul, n.y, n.z), t.number(1)))
    yield Sign(
        code="POWER_LOG",
        holds=less(error, t.number("0.000001")),
        words=lambda _: {"value": "Databricks is 1 / Synapse"},
        distinct=3,
    )


def _dateparts(n: Numbers, facts: Mapping[str, int]) -> Iterator[Sign]:
    """Weekdays and weeks that count from another start."""
    if facts["week_day"] == 0 and facts["uy"] >= 4:
        seven = t.number(7)
        for m in range(1, 7):
            turned = t.operator(exp.Mod, t.operator(exp.Add, n.apart, seven), seven)
            both = tuple(t.equals(n.apart, t.number(step)) for step in (m, m - 7))
            holds = t.equals(turned, t.number(m))
            yield Sign(code="DATEPART_BASE", holds=holds, distinct=4, least=95, few=5, proofs=both)
    if facts["week"] == 0 and facts["uy"] >= 4:
        turns = [
            t.all_of(t.equals(a, t.number(1)), t.operator(exp.GTE, b, t.number(51)))
            for a, b in ((n.y, n.z), (n.z, n.y))
        ]
        for step in (1, -1):
            holds = t.any_of(t.equals(n.apart, t.number(step)), *turns)
            turned = t.any_of(*turns)
            yield Sign(code="DATEPART_BASE", holds=holds, proofs=(turned,), distinct=4, least=95, few=5)
    for step in (-1, 1):
        said = "a constant" if n.cells.sensitive else str(step)
        yield Sign(
            code="DATEDIFF_BOUNDARY",
            holds=t.equals(n.apart, t.number(step)),
            words=lambda e, w=said: {"value": w, "count": f"{e.cells:,}"},
            least=90,
        )


def _keys(n: Numbers, facts: Mapping[str, int]) -> Iterator[Sign]:
    """All different on both sides, and close together or far up: numbers that were drawn."""
    looked = min(n.cells.count, 20_000)
    unique = 100 * min(facts["uy"], facts["uz"]) >= 99 * looked and looked >= 10
    dense = any(0 < facts[f"span_{name}"] <= 4 * n.cells.count for name in (Y, Z))
    # monotonically_increasing_id puts the partition above the lower 33 bits:
    # https://docs.databricks.com/sql/language-manual/functions/monotonically_increasing_id.html
    far = facts["span_z"] >= 2**33 and facts["within_partition"] <= 4 * n.cells.count
    if unique and (dense or far):
        present = t.all_of(t.not_null(t.column(Y)), t.not_null(t.column(Z)))
        yield Sign(code="SURROGATE_KEY", holds=present, rows=90, distinct=10, least=90, few=10)


def _random(n: Numbers) -> Iterator[Sign]:
    """Fractions between 0 and 1 that differ in nearly every row: RAND on both sides."""
    inside = [t.all_of(t.operator(exp.GTE, v, t.number(0)), less(v, t.number(1))) for v in (n.y, n.z)]
    yield Sign(
        code="VOLATILE_FUNCTION",
        holds=t.all_of(*inside),
        words=lambda _: {"value": "Numbers between 0 and 1, different in nearly every row"},
        confidence=POSSIBLE,
        rows=95,
        distinct=20,
        few=20,
        least=90,
    )
