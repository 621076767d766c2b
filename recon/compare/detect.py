"""Find likely reasons for what differs, by looking at a whole column or at all missing and extra rows.

A reason is named only when it explains at least 95 of 100 differing cells of a column, or every missing
or extra row. What nothing explains stays without a reason.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import queries, rules
from recon.compare import trees as t
from recon.compare.causes import CATALOGUE
from recon.compare.forms import FLOATS, INSTANTS, NUMBERS, Form
from recon.compare.kinds import BASELINE_NULL, CANDIDATE_NULL
from recon.compare.queries import CLASSIFIED
from recon.model_result import Cause, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recon.compare.plan import Plan
    from recon.ports import Comparer

_Y, _Z, _KIND = "y", "z", "kind"
_QUARTER_HOUR: Final = 900_000_000  # microseconds
_MOST_HOURS: Final = 14
_FEW: Final = 3  # cells that may agree by chance


def cause(code: str, scope: str, cells: int = 0, **words: object) -> Cause:
    """A reason of the catalogue with its hint filled in."""
    entry = CATALOGUE[code]
    hint = entry.hint.format(**words) + (f" See {entry.link}" if entry.link else "")
    return Cause(cause=code, scope=scope, confidence=entry.confidence, hint=hint, cells=cells)


def column_causes(engine: Comparer, plan: Plan, touched: tuple[int, ...]) -> Iterator[Cause]:
    """At most one reason for each column that has differing cells."""
    for i in touched:
        answer = engine.query(_column_query(plan, i)).to_pylist()[0]
        found = _explanation(plan, i, answer)
        pair = plan.compared[i]
        if found is not None:
            yield found
        elif any(change.column == pair.name for change in plan.schema.type_changes):
            cells = _whole(answer["cells"])
            types = {"value": pair.baseline.spelled, "column": pair.candidate.spelled}
            yield cause("TYPE_CHANGED", pair.name, cells, **types)


def _column_query(plan: Plan, i: int) -> exp.Select:
    forms = [queries.in_form(plan, i, which, t.column(f"{which}{i}")) for which in queries.SIDES]
    columns = [t.named(form, name) for form, name in zip(forms, (_Y, _Z), strict=True)]
    columns.append(t.named(t.column(f"d{i}"), _KIND))
    cells = t.select(columns, t.table(CLASSIFIED), where=t.not_null(t.column(f"d{i}")))
    measures = [t.named(t.rows_counted(), "cells"), *_measures(plan, i)]
    return t.select(measures, t.inner(cells, "r"))


def _is_kind(kind: str) -> exp.Expr:
    return t.equals(t.column(_KIND), t.text(kind))


def _measures(plan: Plan, i: int) -> Iterator[exp.Expr]:
    """Counts of the cells that each reason explains, by its code, and what its hint needs."""
    form = plan.common(i).form
    conditions = {"NULL_C": _is_kind(CANDIDATE_NULL), "NULL_B": _is_kind(BASELINE_NULL)}
    conditions |= {kind.name: _is_kind(kind) for kind in (Kind.ROUNDING, Kind.TYPE, Kind.CASE)}
    if form is Form.TEXT:
        conditions |= _text_conditions()
        length = t.length(t.column(_Y))
        yield t.named(exp.Min(this=length), "shortest")
        yield t.named(exp.Max(this=length), "longest")
    elif form in NUMBERS:
        yield from _number_measures(plan, i, conditions)
    elif form in INSTANTS:
        yield from _instant_measures(plan, i, conditions)
    for name, condition in conditions.items():
        yield t.named(t.count_if(condition), name)


def _text_conditions() -> dict[str, exp.Expr]:
    y, z = t.column(_Y), t.column(_Z)
    trimmed = [t.call("rtrim", v, t.text(" ")) for v in (y, z)]
    return {
        "EMPTY": t.all_of(t.equals(y, t.text("")), t.is_null(z)),
        "PADDED": t.equals(trimmed[0], z),
        "TRAILING": t.equals(*trimmed),
        "NFC": t.equals(d.composed(y), d.composed(z)),
        "PREFIX": t.all_of(t.call("starts_with", z, y), t.operator(exp.GT, t.length(y), t.number(0))),
    }


def _number_measures(plan: Plan, i: int, conditions: dict[str, exp.Expr]) -> Iterator[exp.Expr]:
    common = plan.common(i)
    y, z = (rules.as_double(common, t.column(name)) for name in (_Y, _Z))
    apart = t.operator(exp.Sub, z, y)
    conditions |= {
        "TRUNC": t.equals(t.call("trunc", z), y),
        "MORE": t.equals(apart, t.number(1)),
        "LESS": t.equals(apart, t.number(-1)),
        "MINUS": t.equals(z, exp.Neg(this=t.grouped(y))),
    }
    ratio = t.operator(exp.Div, z, exp.Nullif(this=t.own(y), expression=t.number(0)))
    shift = _exact_difference(plan, i) or apart
    for name, value in (("ratio", ratio), ("shift", shift)):
        yield t.named(exp.Min(this=t.own(value)), f"{name}_low")
        yield t.named(exp.Max(this=t.own(value)), f"{name}_high")
        yield t.named(exp.Count(this=t.own(value)), f"{name}_cells")


def _exact_difference(plan: Plan, i: int) -> exp.Expr | None:
    common = plan.common(i)
    if common.form not in {Form.INTEGER, Form.DECIMAL} or common.digits + common.scale >= 38:
        return None
    spelled = d.decimal(common.digits, common.scale)
    return t.operator(exp.Sub, *(d.as_type(t.column(name), spelled) for name in (_Z, _Y)))


def _instant_measures(plan: Plan, i: int, conditions: dict[str, exp.Expr]) -> Iterator[exp.Expr]:
    common = plan.common(i)
    instants = [rules.as_microsecond_type(common, t.column(name)) for name in (_Y, _Z)]
    y, z = (d.wide(d.microseconds(v)) for v in instants)
    apart = t.operator(exp.Sub, z, y)
    zone = t.equals(t.operator(exp.Mod, apart, t.number(_QUARTER_HOUR)), t.number(0))
    near = t.operator(exp.LTE, t.magnitude(apart), t.number(_MOST_HOURS * 4 * _QUARTER_HOUR))
    midnight = d.as_type(d.as_type(instants[0], "DATE"), "TIMESTAMP")
    conditions |= {"ZONE": t.all_of(zone, near), "DAY": t.equals(instants[1], midnight)}
    hours = t.operator(exp.Div, d.as_type(apart, "DOUBLE"), t.number(4 * _QUARTER_HOUR))
    yield t.named(exp.Count(this=exp.Distinct(expressions=[t.own(apart)])), "shifts")
    yield t.named(exp.Min(this=t.own(hours)), "hours_low")
    yield t.named(exp.Max(this=t.own(hours)), "hours_high")


def _explanation(plan: Plan, i: int, answer: dict[str, object]) -> Cause | None:
    """The first reason that explains enough cells."""
    form, name, cells = plan.common(i), plan.compared[i].name, _whole(answer["cells"])

    def most(key: str) -> bool:
        return 100 * _whole(answer.get(key)) >= 95 * cells

    floating = form.baseline.floating or form.candidate.floating
    integers = form.baseline.scale == 0 and not form.baseline.floating
    empty = _whole(answer.get("EMPTY"))
    fixed = answer.get("shortest") == answer.get("longest")
    shift, ratio = _constant(answer, "shift", cells), _constant(answer, "ratio", cells)
    found: tuple[tuple[bool, str, dict[str, object]], ...] = (
        (most("NULL_C") and 2 * empty >= cells, "EMPTY_STRING_NULL", {"count": f"{empty:,} of {cells:,}"}),
        (most("NULL_C"), "NULL_NOT_HANDLED", {"side": "Databricks"}),
        (most("NULL_B"), "NULL_NOT_HANDLED", {"side": "Synapse"}),
        (most("PADDED") and fixed, "CHAR_PADDING", {}),
        (most("TRAILING"), "TRAILING_SPACE", {}),
        (most("CASE"), "COLLATION_CASE", {}),
        (most("NFC"), "UNICODE_FORM", {}),
        (most("PREFIX") and fixed, "STRING_TRUNCATION", {"count": answer.get("longest")}),
        (most("TRUNC") and integers, "INT_DIVISION", {}),
        (most("MINUS"), "SIGN_FLIP", {}),
        (form.form in FLOATS | {Form.NUMERAL} and floating and most("TYPE"), "FLOAT_PRECISION", {}),
        (form.form in NUMBERS and floating and most("ROUNDING"), "FLOAT_NOISE", {}),
        (form.form in NUMBERS and most("ROUNDING"), "DECIMAL_ROUNDING", {}),
        (integers and form.form is Form.INTEGER and (most("MORE") or most("LESS")), "DATEDIFF_BOUNDARY", {}),
        (shift is not None, "CONSTANT_SHIFT", {"value": _plain(shift), "count": f"{cells:,}"}),
        (ratio is not None, "SCALE_FACTOR", {"value": _plain(ratio)}),
        (form.form in INSTANTS and most("ROUNDING"), "DATETIME_PRECISION", {}),
        (most("ZONE") and _whole(answer.get("shifts")) <= 2, "TIMEZONE_SHIFT", {"value": _hours(answer)}),
        (most("DAY"), "TIME_DROPPED", {}),
    )
    return next((cause(code, name, cells, **words) for holds, code, words in found if holds), None)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _constant(answer: dict[str, object], name: str, cells: int) -> float | Decimal | None:
    """The one ratio or difference of all cells; None if there are several, or too few to tell."""
    low, high = answer.get(f"{name}_low"), answer.get(f"{name}_high")
    if cells < _FEW or _whole(answer.get(f"{name}_cells")) < cells:
        return None
    if isinstance(low, Decimal) and isinstance(high, Decimal):
        return low if low == high else None
    if isinstance(low, float) and isinstance(high, float) and abs(high - low) <= 1e-9 * abs(high):
        return low
    return None


def _plain(value: float | Decimal | None) -> str:
    if value is None:
        return ""
    return f"{value:f}" if isinstance(value, Decimal) else f"{value:.9g}"


def _hours(answer: dict[str, object]) -> str:
    low, high = answer.get("hours_low"), answer.get("hours_high")
    if not isinstance(low, float) or not isinstance(high, float):
        return ""
    return f"{low:+g}" if low == high else f"{low:+g} or {high:+g}"
