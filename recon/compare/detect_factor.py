"""Signs of one offset or factor for many different values: scales, logarithms, sums that a join inflated."""

from __future__ import annotations

import math
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import trees as t
from recon.compare.causes import POSSIBLE
from recon.compare.numbers import between, less
from recon.compare.signs import Sign, Y, Z

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from recon.compare.numbers import Numbers
    from recon.ports import Comparer

_NO_FACTOR: Final = Decimal("0.0001")  # nearer to 1 than this: digits that were lost, no factor
_LOGARITHMS: Final = {
    "2.30258509": "ln 10", "0.434294482": "1 / ln 10", "0.693147181": "ln 2", "1.44269504": "1 / ln 2",
    "3.32192809": "log2 10", "0.301029996": "log10 2",
}  # fmt: skip


def constant_signs(engine: Comparer, n: Numbers) -> Iterator[Sign]:
    """One offset or one factor for many different values."""
    zero = exp.Nullif(this=n.y, expression=t.number(0))
    error = t.operator(exp.Div, t.number(f"{n.unit:f}"), t.magnitude(zero))
    columns = [
        t.named(d.as_text(n.apart), "apart"),
        t.named(t.operator(exp.Div, n.z, t.own(zero)), "ratio"),
        t.named(error, "error"),
    ]
    present = t.all_of(t.not_null(t.column(Y)), t.not_null(t.column(Z)))
    answer = engine.query(t.select(columns, t.inner(n.cells.query(every=False), "r"), where=present))
    aparts = [row["apart"] for row in answer]
    offsets = Counter(aparts) if n.exact is not None else Counter[str]()
    for offset, count in offsets.most_common(2):
        if count >= 3 and offset is not None:
            yield _shift(n, offset)
    ratios = [
        (float(r), float(e))
        for r, e in ((row["ratio"], row["error"]) for row in answer)
        if r is not None and e is not None and math.isfinite(r)
    ]
    whole = Counter(round(r) for r, _ in ratios if abs(r - round(r)) < 1e-9)
    if sum(count >= 3 for factor, count in whole.items() if factor >= 2) >= 2:
        yield from _multiples(n)
    for factor in dict.fromkeys(_factors(ratios)):
        if abs(factor - 1) >= _NO_FACTOR:
            yield _scaled(n, factor)
    if n.exact is None:
        for offset in _offsets(aparts):
            yield _shift_of_float(n, offset)


def _shift(n: Numbers, offset: str) -> Sign:
    said = "a constant" if n.cells.sensitive else offset
    return Sign(
        code="CONSTANT_SHIFT",
        holds=t.equals(n.apart, t.number(offset)),
        words=lambda e: {"value": said, "count": f"{e.cells:,}"},
        distinct=3,
        least=50,
    )


def _offsets(values: Sequence[str | None]) -> list[Decimal]:
    """The one difference, to nine digits, of doubles that may carry noise; none where they are equal."""
    found = Counter(f"{float(v):.9g}" for v in values if v is not None and float(v))
    return [Decimal(text) for text, count in found.most_common(1) if count >= 3 and Decimal(text).is_finite()]


def _shift_of_float(n: Numbers, offset: Decimal) -> Sign:
    error = t.magnitude(t.operator(exp.Sub, n.apart, t.number(f"{offset:f}")))
    most = t.operator(exp.Mul, t.magnitude(n.y), t.number("0.000000001"))
    near = t.operator(exp.LTE, error, t.operator(exp.Add, most, t.number(f"{abs(offset) / 10**8:f}")))
    moved = less(most, t.magnitude(n.apart))  # by less they differ in noise
    said = "a constant" if n.cells.sensitive else f"{offset:f}"
    return Sign(
        code="CONSTANT_SHIFT",
        holds=t.all_of(near, moved),
        words=lambda e: {"value": said, "count": f"{e.cells:,}"},
        distinct=3,
        least=50,
    )


def _factors(ratios: Sequence[tuple[float, float]]) -> Iterator[Decimal]:
    """The factor that most cells share: exactly, or up to the rounding of the values."""
    exact = Counter(f"{r:.9g}" for r, _ in ratios)
    for text, count in exact.most_common(2):
        if count >= 3 and 2 * count >= len(exact):
            yield Decimal(text)
    sharp = sorted(ratios, key=lambda pair: pair[1])[: max(3, len(ratios) // 4)]
    if len(sharp) >= 3 and exact.most_common(1)[0][1] * 2 < len(ratios):
        middle, error = sorted(sharp)[len(sharp) // 2]
        for digits in range(1, 7):
            simple = Decimal(f"{middle:.{digits}g}")
            if abs(float(simple) - middle) <= 2 * error * max(1.0, abs(middle)):
                yield simple
                return


def _scaled(n: Numbers, factor: Decimal) -> Sign:
    """Candidate = factor x baseline, up to the rounding of the candidate's scale."""
    error = t.magnitude(t.operator(exp.Sub, n.z, t.operator(exp.Mul, n.y, t.number(f"{factor:f}"))))
    noise = t.operator(exp.Mul, t.magnitude(n.z), t.number("0.00000001"))
    unit = n.unit if not n.floating and n.common.scale else Decimal(0)
    near = t.operator(exp.LTE, error, t.operator(exp.Add, noise, t.number(f"{unit:f}")))
    moved = t.magnitude(t.operator(exp.Sub, n.z, n.y))
    logarithm = _LOGARITHMS.get(f"{float(factor):.9g}", "")
    said = f"Databricks is {factor:f} ({logarithm}) times Synapse" if logarithm else _factor_words(factor)
    return Sign(
        code="POWER_LOG" if logarithm else "SCALE_FACTOR",
        holds=t.all_of(near, t.operator(exp.NEQ, n.y, t.number(0))),
        words=lambda _: {"value": said},
        distinct=3,
        least=50,
        proofs=(t.operator(exp.GT, moved, t.number(f"{3 * unit:f}")),),
        proof_least=50,
    )


def _factor_words(factor: Decimal) -> str:
    words = {"0.5": "half", "0.1": "a tenth", "0.01": "a hundredth", "0.001": "a thousandth"}
    plain = f"{factor:f}"
    named = words.get(plain, "")
    return f"{plain} ({named})" if named else plain


def _multiples(n: Numbers) -> Iterator[Sign]:
    """Sums that a join inflated: 2, 3 or more times the baseline, not always the same."""
    ratio = t.operator(exp.Div, n.z, exp.Nullif(this=n.y, expression=t.number(0)))
    times = t.call("trunc", t.operator(exp.Add, ratio, t.number("0.5")))
    error = t.magnitude(t.operator(exp.Sub, t.operator(exp.Mul, times, n.y), n.z))
    whole = t.all_of(less(error, t.number(f"{n.unit / 2:f}")), between(times, 2, 1000))
    large = t.operator(exp.GTE, t.magnitude(n.y), t.number(f"{100 * n.unit:f}"))
    if not n.floating and n.unit:
        yield Sign(
            code="JOIN_FANOUT",
            holds=t.all_of(whole, large),
            words=lambda _: {"what": "the value is 2 or more times that of Synapse, without a rest"},
            confidence=POSSIBLE,
            distinct=5,
            few=5,
            least=90,
        )
