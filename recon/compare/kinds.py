"""The kind of a difference, decided for each differing cell, and what to tell a reviewer about it.

A cell is of the first kind that fits, from "one side is NULL" to "value": the soft kinds (whitespace,
case, rounding) are said only where they explain the difference completely.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from recon.compare import dialect as d
from recon.compare import reading, rules
from recon.compare import trees as t
from recon.compare.forms import FLOATS, INSTANTS, NUMBERS, READ, TIMES, Form
from recon.compare.tolerance import within_float, within_microseconds
from recon.model import Tolerance, ToleranceKind
from recon.model_result import Kind

if TYPE_CHECKING:
    from sqlglot import exp

    from recon.compare.forms import Common

BASELINE_NULL: Final = "baseline_null"  # both become null_vs_value; kept apart to count the sides
CANDIDATE_NULL: Final = "candidate_null"

NOISE: Final = Tolerance(ToleranceKind.REL, Decimal("1e-9"))
SINGLE: Final = Tolerance(ToleranceKind.REL, Decimal("1e-7"))  # what 4 bytes may lose
# DATETIME holds 1/300 s, printed as .000 .003 .007; SMALLDATETIME holds minutes, rounded:
# https://learn.microsoft.com/sql/t-sql/data-types/datetime-transact-sql
# https://learn.microsoft.com/sql/t-sql/data-types/smalldatetime-transact-sql
TICK_MICROSECONDS: Final = Decimal(3_334)
HALF_MINUTE_MICROSECONDS: Final = Decimal(30_000_000)


def kind_of(common: Common, baseline: exp.Expr, candidate: exp.Expr) -> exp.Expr:
    """The kind, as text, of two normal values that are not equal."""
    branches = [
        (t.is_null(baseline), t.text(BASELINE_NULL)),
        (t.is_null(candidate), t.text(CANDIDATE_NULL)),
        *_unreadable(common, baseline, candidate),
    ]
    if common.form in NUMBERS:
        branches += _number(common, baseline, candidate)
    elif common.form in INSTANTS | TIMES:
        branches += _moment(common, baseline, candidate)
    elif common.form in {Form.TEXT, Form.GUID}:
        branches += _text(baseline, candidate)
    return t.case(*branches, otherwise=t.text(Kind.VALUE))


def _unreadable(common: Common, one: exp.Expr, other: exp.Expr) -> list[tuple[exp.Expr, exp.Expr]]:
    if common.form not in READ or not (common.baseline.read or common.candidate.read):
        return []
    marked = [t.call("starts_with", v, t.text(reading.UNREADABLE)) for v in (one, other)]
    return [(t.any_of(*marked), t.text(Kind.UNREADABLE))]


def _number(common: Common, one: exp.Expr, other: exp.Expr) -> list[tuple[exp.Expr, exp.Expr]]:
    types = (common.baseline, common.candidate)
    typed = [x for x in types if not x.read and not x.floating] or list(types)
    scale = min(x.scale for x in typed)  # a last digit that one side could not hold
    unit = Tolerance(ToleranceKind.ABS, Decimal(1).scaleb(-scale))
    if not (common.baseline.floating or common.candidate.floating):
        return [(rules.exact_near(common, unit, one, other), t.text(Kind.ROUNDING))] if scale else []
    doubles = [rules.as_double(common, v) for v in (one, other)]
    noise = (within_float(NOISE, *doubles), t.text(Kind.ROUNDING))
    through = [d.as_type(d.try_type(v, "REAL"), "DOUBLE") for v in doubles]
    single = t.all_of(
        t.any_of(t.same(through[0], doubles[1]), t.same(doubles[0], through[1])),
        within_float(SINGLE, *doubles),
    )
    alike = (t.any_of(single, t.same(*doubles)), t.text(Kind.TYPE))
    first = [alike, noise] if common.form not in FLOATS or any(x.single for x in types) else [noise, alike]
    last = (within_float(unit, *doubles), t.text(Kind.ROUNDING))
    return [*first, last] if scale and not all(x.floating for x in types) else first


def _moment(common: Common, one: exp.Expr, other: exp.Expr) -> list[tuple[exp.Expr, exp.Expr]]:
    if common.form is Form.DATE:
        return []
    types = (common.baseline, common.candidate)
    instants = [rules.as_microsecond_type(common, v) for v in (one, other)]
    most = HALF_MINUTE_MICROSECONDS if any(x.minutes for x in types) else TICK_MICROSECONDS
    close = (within_microseconds(most, *instants), t.text(Kind.ROUNDING))
    if common.form in TIMES or not any(x.date for x in types):
        return [close]
    days = [d.as_type(v, "DATE") for v in instants]
    return [(t.same(*days), t.text(Kind.TYPE)), close]


def _text(one: exp.Expr, other: exp.Expr) -> list[tuple[exp.Expr, exp.Expr]]:
    trimmed = [d.visible(v) for v in (one, other)]
    folded = [t.lower(v) for v in (one, other)]
    both = [t.lower(v) for v in trimmed]
    return [
        (t.same(*trimmed), t.text(Kind.WHITESPACE)),
        (t.same(*folded), t.text(Kind.CASE)),
        (t.same(*both), t.text(Kind.WHITESPACE)),
        (_same_reading(one, other), t.text(Kind.TYPE)),
    ]


def _same_reading(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """Whether both texts say the same number (of up to 20 and 18 digits), truth value or instant."""
    numbers = [d.try_type(v, "DECIMAL(38,18)") for v in (one, other)]
    plain = [reading.readable_number(v) for v in (one, other)]
    truths = [d.try_type(v, "BOOLEAN") for v in (one, other)]
    instants = [reading.instant(v) for v in (one, other)]
    return t.any_of(
        t.definitely(t.all_of(*plain, t.equals(*numbers))),
        t.definitely(t.equals(*truths)),
        t.definitely(t.equals(*instants)),
    )


def hint(kind: str, cells: int, baseline_null: int, common: Common | None) -> str:
    """One sentence for a reviewer about the cells of this kind in one column."""
    if kind == Kind.NULL_VS_VALUE:
        return _null_hint(cells, baseline_null)
    if kind == Kind.ROUNDING and common is not None and common.form in INSTANTS | TIMES:
        return (
            "The times differ by less than DATETIME can hold (1/300 second): compare with a `secs` tolerance."
        )
    return _HINTS[Kind(kind)]


def _null_hint(cells: int, baseline_null: int) -> str:
    if not baseline_null:
        return (
            "Databricks has NULL where Synapse has a value: look for a join or a CASE that lost its default."
        )
    if baseline_null == cells:
        return (
            "Synapse has NULL where Databricks has a value: look for a COALESCE or a default that was added."
        )
    return f"{baseline_null:,} cells are NULL only in Synapse, {cells - baseline_null:,} only in Databricks."


_HINTS: Final = {
    Kind.VALUE: "The values differ, and no rounding, blank or spelling explains it.",
    Kind.NULL_VS_VALUE: "NULL on one side, a value on the other.",
    Kind.TYPE: "The same value written or stored as another type: text form, time part or 4-byte float.",
    Kind.UNREADABLE: "One side is text that cannot be read as the other side's type.",
    Kind.MISSING: "The row is only in Synapse.",
    Kind.EXTRA: "The row is only in Databricks.",
    Kind.ROUNDING: "The numbers differ only in the last digit that both sides hold: rounding or float noise.",
    Kind.WHITESPACE: "The texts are equal apart from blanks or invisible characters.",
    Kind.CASE: "The texts are equal apart from upper and lower case.",
}
