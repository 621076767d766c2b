"""A number drawn for each key, by which examples are picked: the smallest numbers first.

It depends on the key alone, so the same rows are picked on every engine, whatever the order of rows and
columns. Keys of whole numbers and dates are drawn by arithmetic, which costs a tenth of a digest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import trees as t
from recon.compare.forms import INSTANTS, READ, Form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.compare.forms import Common
    from recon.compare.plan import Plan

NUMBERS: Final = 2**31  # they lie from 0 to below this: the product of two fits a BIGINT
_BITS: Final = NUMBERS - 1
_FIRST, _STEP = 1_103_515_245, 48_271


def draw(plan: Plan, here: exp.Expr, baseline: Sequence[exp.Expr], candidate: Sequence[exp.Expr]) -> exp.Expr:
    """The number of a row, by its key in its form (the baseline's where `here`), in `plan.keys`' order."""
    values = {
        i: t.case((here, one), otherwise=other)
        for i, one, other in zip(plan.keys, baseline, candidate, strict=True)
    }
    numbers = plan.by_name(plan.keys)
    if all(_is_whole(plan.common(i)) for i in numbers):
        return _by_arithmetic([_whole(plan.common(i), values[i]) for i in numbers])
    texts = [d.as_text(values[i]) for i in numbers]
    return d.digest_number(d.json_of([plan.compared[i].name for i in numbers], texts))


def below(total: int, most: int, number: exp.Expr | None = None) -> exp.Expr:
    """Whether a row, of `total` whose number is `number` or in the column `h`, is among about `most`."""
    return t.operator(
        exp.LT, t.column("h") if number is None else number, t.number(NUMBERS * most // max(total, 1))
    )


def _is_whole(common: Common) -> bool:
    if common.form in INSTANTS - READ:
        return True
    return common.form is Form.INTEGER or (
        common.form is Form.DECIMAL and common.scale == 0 and common.digits <= 18
    )


def _whole(common: Common, value: exp.Expr) -> exp.Expr:
    if common.form is Form.INTEGER:
        return value
    if common.form is Form.DECIMAL:
        return d.as_type(value, "BIGINT")
    return d.microseconds(d.instant(value, date=True, nanos=False) if common.form is Form.DATE else value)


def _by_arithmetic(values: Sequence[exp.Expr]) -> exp.Expr:
    """Products and shifts of 31 bits each: divisions would cost ten times as much."""
    terms: list[exp.Expr] = []
    factor = _FIRST
    for value in values:
        factor = factor * _STEP % _BITS
        folded = _bits(t.operator(exp.Add, _bits(value), _bits(_shifted(value, 31))))
        number = t.first_known(folded, t.number(factor // 2))
        terms.append(_bits(_shifted(t.operator(exp.Mul, number, t.number(factor | 1)), 13)))
    if not terms:
        return d.as_type(t.number(0), "BIGINT")
    total = terms[0]
    for term in terms[1:]:
        total = t.operator(exp.Add, total, term)
    mixed = _bits(total)
    return _bits(_shifted(t.operator(exp.Mul, mixed, t.operator(exp.Add, mixed, t.number(_FIRST))), 15))


def _shifted(value: exp.Expr, places: int) -> exp.Expr:
    return t.operator(exp.BitwiseRightShift, value, t.number(places))


def _bits(value: exp.Expr) -> exp.Expr:
    """The lowest 31 bits, as a number that is not negative."""
    return t.operator(exp.BitwiseAnd, value, t.number(_BITS))
