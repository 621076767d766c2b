"""What "equal" means. The only file that decides it.

Every predicate here is TRUE or FALSE, never NULL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.collation import comparable
from recon.compare import dialect as d
from recon.compare import folding, reading, tolerance
from recon.compare import trees as t
from recon.compare.forms import FLOATS, INSTANTS, NUMBERS, TIMES, Form, canonical
from recon.compare.types import Family
from recon.errors import SpecError
from recon.model import TextPolicy, ToleranceKind

if TYPE_CHECKING:
    from recon.compare.forms import Common
    from recon.compare.types import Type
    from recon.model import Rule, Tolerance

_MICROSECONDS: Final = 1_000_000
_OF_NUMBERS: Final = (ToleranceKind.ABS, ToleranceKind.REL, ToleranceKind.PCT)


def check(name: str, rule: Rule, common: Common) -> None:
    """SpecError when the rule means nothing for values of this form."""
    texts = any(x.read or x.family is Family.TEXT for x in (common.baseline, common.candidate))
    if (rule.text or rule.collation) and not texts:
        raise SpecError(
            f"column {name}: a text rule ({rule}) on {common.baseline.spelled}, which is no text",
            hint=f"Remove it from [columns.{name}]; for numbers and times use `tolerance`.",
        )
    if rule.collation:
        _check_collation(name, rule.collation)
    if rule.tolerance:
        _check_tolerance(name, rule.tolerance, common)


def _check_collation(name: str, collation: str) -> None:
    try:
        comparable(collation)
    except SpecError as error:
        raise SpecError(f"column {name}: {error}", hint=error.hint) from error


def _check_tolerance(name: str, amount: Tolerance, common: Common) -> None:
    able = _tolerances(common)
    if amount.kind not in able:
        remedy = f"use {' or '.join(f'`{kind}`' for kind in able)}" if able else "remove the tolerance"
        remedy += "" if able else "; for text use `text = [...]`"
        raise SpecError(
            f"column {name}: the tolerance `{amount}` means nothing for {common.baseline.spelled}",
            hint=f"In [columns.{name}] {remedy}.",
        )
    if amount.fault:
        raise SpecError(
            f"column {name}: the tolerance `{amount.kind} {amount.amount}` cannot be used: {amount.fault}",
            hint=f"Correct it in [columns.{name}].",
        )


def _tolerances(common: Common) -> tuple[ToleranceKind, ...]:
    """What may be said about how far apart two values of this form may lie."""
    if common.form in INSTANTS | TIMES:
        return (ToleranceKind.SECS,)
    if common.form not in NUMBERS:
        return ()
    floating = common.baseline.floating or common.candidate.floating
    return _OF_NUMBERS + ((ToleranceKind.ULP,) if floating else ())


def normal(common: Common, rule: Rule, type_: Type, raw: exp.Expr) -> exp.Expr:
    """The value in which equal values are the same, tolerances aside. Keys pair on it too."""
    if type_.read or type_.family is Family.TEXT:
        raw = _looked_past(raw, rule, padded=common.baseline.padded or common.candidate.padded)
    return canonical(common, type_, raw)


def strict(common: Common, type_: Type, raw: exp.Expr) -> exp.Expr:
    """The value in which equal values are the same without any rule; CHAR keeps its padding here."""
    return canonical(common, type_, raw)


def forgives(common: Common, rule: Rule) -> bool:
    """Whether the rule, or CHAR padding, can make equal what is not."""
    padded = common.baseline.padded or common.candidate.padded
    return bool(rule.tolerance or rule.text or rule.collation or padded)


def _looked_past(raw: exp.Expr, rule: Rule, *, padded: bool) -> exp.Expr:
    value = t.own(raw)
    if TextPolicy.NFC in rule.text:
        value = d.composed(value)
    if rule.collation:
        value = folding.collated(value, comparable(rule.collation))
    if TextPolicy.CASE in rule.text:
        value = folding.one_case(value)
    if padded or TextPolicy.TRAILING_SPACES in rule.text:
        value = t.call("rtrim", value, t.text(" "))
    if TextPolicy.EMPTY_IS_NULL in rule.text:
        value = exp.Nullif(this=t.own(value), expression=t.text(""))
    return value


def equal(common: Common, rule: Rule, baseline: exp.Expr, candidate: exp.Expr) -> exp.Expr:
    """Whether two normal values are equal under the rule. Two NULLs are; a NULL and a value never."""
    exact = t.same(baseline, candidate)
    if not rule.tolerance:
        return exact
    near = t.definitely(_near(common, rule.tolerance, baseline, candidate))
    return t.case((exact, exp.true()), otherwise=near)


def _near(common: Common, amount: Tolerance, baseline: exp.Expr, candidate: exp.Expr) -> exp.Expr:
    if common.form in NUMBERS:
        if common.baseline.floating or common.candidate.floating:
            return _near_float(common, amount, as_double(common, baseline), as_double(common, candidate))
        return exact_near(common, amount, baseline, candidate)
    one, other = as_microsecond_type(common, baseline), as_microsecond_type(common, candidate)
    return tolerance.within_microseconds(amount.amount * _MICROSECONDS, one, other)


def _near_float(common: Common, amount: Tolerance, one: exp.Expr, other: exp.Expr) -> exp.Expr:
    if amount.kind is ToleranceKind.ULP:
        single = common.baseline.single and common.candidate.single
        return tolerance.within_ulps(int(amount.amount), one, other, single=single)
    return tolerance.within_float(amount, one, other)


def exact_near(common: Common, amount: Tolerance, baseline: exp.Expr, candidate: exp.Expr) -> exp.Expr:
    """Whether two exact numbers in their form are within the tolerance; an unreadable text never is."""
    if common.form in {Form.INTEGER, Form.DECIMAL}:
        size = (common.digits, common.scale)
        direct = (
            tolerance.within_decimal(amount.amount, baseline, candidate, *size)
            if amount.kind is ToleranceKind.ABS
            else tolerance.within_share_of_decimal(amount, baseline, candidate, *size)
        )
        if direct is not None:
            return direct
    numerals = [as_numeral(common, v) for v in (baseline, candidate)]
    readable = t.all_of(*(t.negate(t.call("starts_with", n, t.text(reading.UNREADABLE))) for n in numerals))
    return t.case((readable, tolerance.within_exact(amount, *numerals)), otherwise=exp.false())


def as_numeral(common: Common, value: exp.Expr) -> exp.Expr:
    """A number in an exact form as its shortest decimal text."""
    if common.form is Form.NUMERAL:
        return t.own(value)
    return reading.numeral_of_decimal(value, common.scale if common.form is Form.DECIMAL else 0)


def as_double(common: Common, value: exp.Expr) -> exp.Expr:
    """A number in its form as the nearest double; NULL for an unreadable text."""
    if common.form is Form.FLOAT:
        return t.own(value)
    printed = d.as_text(value) if common.form not in {Form.NUMERAL, Form.FLOAT_TEXT} else value
    if common.form in FLOATS:
        return d.try_type(printed, "DOUBLE")
    # a numeral starts with "f" where it is a float that no decimal of the other side's scale equals
    return d.try_type(t.call("ltrim", printed, t.text("f")), "DOUBLE")


def as_microsecond_type(common: Common, value: exp.Expr) -> exp.Expr:
    """An instant or a time of day in its form as TIMESTAMP or TIME; NULL for an unreadable text."""
    match common.form:
        case Form.DATE:
            return d.instant(value, date=True, nanos=False)
        case Form.INSTANT_TEXT:
            return d.try_type(value, "TIMESTAMP")
        case Form.TIME_TEXT:
            return d.try_type(value, "TIME")
        case _:
            return t.own(value)
