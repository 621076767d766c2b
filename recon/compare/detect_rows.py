"""Find likely reasons for missing and extra rows: another key form, duplicates, one shared value, a bound."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import queries, reading
from recon.compare import trees as t
from recon.compare.answers import one_row
from recon.compare.causes import POSSIBLE
from recon.compare.detect_split import defaulted_key, split_keys
from recon.compare.detect_surrogate import surrogate_key
from recon.compare.forms import INSTANTS, Form
from recon.compare.queries import CLASSIFIED, MANY, Which
from recon.compare.signs import FEW, LEAST
from recon.model_result import UNEXPLAINED, WHOLE_ROW, Cause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recon.compare.alone import Alone
    from recon.compare.plan import Plan

_OTHER: Final[dict[Which, Which]] = {"b": "c", "c": "b"}
_EXTRA_FIRST: Final[tuple[Which, ...]] = ("c", "b")  # extra rows before missing ones
_SYSTEM: Final[dict[Which, str]] = {"b": "Synapse", "c": "Databricks"}
_CHANCE: Final = 1e-4  # that all these rows lie on one day by luck
_MANY: Final = 10  # different values that a measure has at least
_DATE_KEY: Final = r"(19|20|99)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"


def _alone(which: Which) -> exp.Expr:
    """Whether only that side has the row."""
    return t.negate(t.column(f"in_{_OTHER[which]}"))


def row_causes(alone: Alone) -> Iterator[Cause]:
    """Reasons for the missing and extra rows, the most likely first; then what is left without one."""
    rows = alone.rows
    if (rows.baseline == 0) != (rows.candidate == 0):
        yield _one_side(alone)
        return
    aligned: list[Cause] = []
    if rows.missing and rows.extra:
        aligned = [*_key_form(alone), *surrogate_key(alone)] or [*defaulted_key(alone)]
    if any(c.cells == rows.missing + rows.extra for c in aligned):
        yield from aligned
        return
    found = [*_duplicates(alone, "c"), *_duplicates(alone, "b")]
    for side in _EXTRA_FIRST:
        if alone.count(side) and not alone.repeated[side] and (split := [*split_keys(alone, side)]):
            found += split
        elif alone.count(side) > max(1, alone.repeated[side]):
            found += _telling(alone, side, alone.count(side) - alone.repeated[side])
    yield from (*aligned, *sorted(found, key=lambda c: -c.cells))
    if not (aligned and found):  # else the same row may count in both
        yield from _unexplained(alone, sum(c.cells for c in (*aligned, *found)))


def _unexplained(alone: Alone, explained: int) -> Iterator[Cause]:
    both = alone.rows.missing + alone.rows.extra
    if explained < both:
        yield alone.cause(UNEXPLAINED, both - explained, both)


def _one_side(alone: Alone) -> Cause:
    rows, plan = alone.rows, alone.plan
    both = max(rows.missing, rows.extra)
    if rows.baseline == rows.missing == 1 and plan.keys and not plan.whole:
        nulls = t.all_of(*(t.is_null(t.column(f"b{i}")) for i in plan.keys))
        if one_row(alone.engine, t.select([t.named(t.count_if(nulls), "n")], t.table(CLASSIFIED)))["n"]:
            return alone.cause("EMPTY_GROUPING", 1, 1)
    return alone.cause("EMPTY_SIDE", both, both, side="Synapse" if rows.baseline == 0 else "Databricks")


# --- Keys that do not line up -------------------------------------------------------------

_NUMBERS_FORM: Final = "as numbers (leading zeros, decimals)"
_LOOSE_FORM: Final = "without blanks, invisible characters and case"


def _loose(value: exp.Expr) -> exp.Expr:
    return t.lower(d.composed(d.visible(value)))


_FORMS: Final[tuple[tuple[str, str, Callable[[exp.Expr], exp.Expr]], ...]] = (
    ("TRAILING_SPACE", "", lambda v: t.call("rtrim", v, t.text(" "))),
    ("COLLATION_CASE", "", t.lower),
    ("EMPTY_STRING_NULL", "", lambda v: exp.Nullif(this=t.own(v), expression=t.text(""))),
    ("UNICODE_FORM", "", d.composed),
    ("KEY_FORMAT", _NUMBERS_FORM, reading.numeral),
    ("KEY_FORMAT", _LOOSE_FORM, _loose),
)


def _key_form(alone: Alone) -> Iterator[Cause]:
    """Whether missing rows' keys are extra rows' keys in another form."""
    plan, rows = alone.plan, alone.rows
    texts = [i for i in plan.keys if plan.common(i).form is Form.TEXT]
    scope = plan.compared[plan.keys[0]].name if len(plan.keys) == 1 else WHOLE_ROW
    both = rows.missing + rows.extra
    for code, said, form in _FORMS if texts and not plan.whole else ():
        found = one_row(alone.engine, _same_keys(plan, texts, form))["keys"]
        nearly_all = 100 * found >= 95 * rows.missing
        if nearly_all or (found >= FEW and 100 * found >= LEAST * rows.missing):
            cells = both if nearly_all and rows.missing == rows.extra else 2 * found
            words = {"count": f"{found:,}", "form": said, "also": ""}
            confidence = "likely" if found >= FEW else POSSIBLE
            yield replace(alone.cause(code, cells, both, **words), scope=scope, confidence=confidence)
            return


def _same_keys(plan: Plan, texts: list[int], form: Callable[[exp.Expr], exp.Expr]) -> exp.Select:
    """One row, `keys`: how many keys of missing rows are, in that form, keys of extra rows."""
    sides: list[exp.Select] = []
    for which in queries.SIDES:
        keys = [queries.in_form(plan, i, which, t.column(f"{which}{i}")) for i in plan.keys]
        changed = [form(k) if i in texts else k for i, k in zip(plan.keys, keys, strict=True)]
        named = [t.named(k, f"k{n}") for n, k in enumerate(changed)]
        sides.append(t.select(named, t.table(CLASSIFIED), where=_alone(which)))
    on = t.all_of(*(t.same(t.column(f"k{n}", "b"), t.column(f"k{n}", "c")) for n in range(len(plan.keys))))
    every = [t.column(f"k{n}") for n in range(len(plan.keys))]
    one, other = (t.select(every, t.inner(side, "s"), group=every) for side in sides)
    return t.select(
        [t.named(t.rows_counted(), "keys")], t.inner(one, "b"), joins=[t.join(t.inner(other, "c"), on)]
    )


# --- Rows that come more than once ----------------------------------------------------------


def _duplicates(alone: Alone, which: Which) -> Iterator[Cause]:
    """Keys that repeat on one side: by a value that all surplus rows share, as copies, or just so."""
    plan, surplus = alone.plan, alone.repeated[which]
    counts = alone.rows.duplicate_keys
    keys = counts.candidate if which == "c" else counts.baseline
    if not surplus or not keys:
        return
    where = t.all_of(_alone(which), t.column("repeated"))
    said = _fanned_out(alone, where, surplus) if which == "c" and surplus > 1 and not plan.whole else None
    if said is not None:
        what = f"every duplicate has {said}"
        yield alone.cause("JOIN_FANOUT", surplus, alone.count(which), what=what, where=f"all have {said}")
        return
    words = {"count": f"{keys:,}", "side": _SYSTEM[which]}
    code = "UNION_ALL" if which == "c" and surplus >= FEW and _copies(alone) >= surplus else "DUPLICATE_ROWS"
    yield alone.cause(code, surplus, alone.count(which), **words)


def _copies(alone: Alone) -> int:
    """How many rows of the candidate are equal to an earlier one in every compared column."""
    again = t.count_if(t.operator(exp.GT, t.column("m"), t.number(1)))
    return one_row(alone.engine, t.select([t.named(again, "n")], t.table(MANY["c"])))["n"]


def _fanned_out(alone: Alone, where: exp.Expr, surplus: int) -> str | None:
    """The value of a key that all surplus rows share, or a condition that tells them from all others."""
    plan = alone.plan
    shared = _shared_values(alone, "c", where, surplus)
    for i in plan.keys:
        if i in shared and _varies(alone, i):
            return f"{plan.compared[i].name} = {_said(plan, i, shared[i])}"
    rows = t.select([t.everything()], t.table(CLASSIFIED), where=where)
    found = alone.everything("b").find(_as_baseline(alone, rows), surplus)
    return found.said if found is not None and found.here == found.these else None


def _as_baseline(alone: Alone, rows: exp.Select) -> exp.Select:
    """Extra rows with their values where a condition on the baseline looks for them."""
    columns = [t.named(t.column(f"c{i}"), f"b{i}") for i in alone.columns()]
    return t.select([*columns, t.column("h")], t.inner(rows, "x"))


def _varies(alone: Alone, i: int) -> bool:
    """Whether the baseline has several values in the column: one that all rows share tells nothing."""
    values = exp.Count(this=exp.Distinct(expressions=[queries.normal(alone.plan, i, "b", "s")]))
    rows = queries.side(alone.plan, "b", alone.tables["b"], [i])
    return one_row(alone.engine, t.select([t.named(values, "n")], t.inner(rows, "s")))["n"] > 1


# --- Rows that have something in common -----------------------------------------------------


def _shared_values(alone: Alone, which: Which, where: exp.Expr, rows: int) -> dict[int, str | None]:
    """The columns, no sensitive ones, in which all these rows have one value, and the value (None: NULL)."""
    plan = alone.plan
    able = [i for i in alone.columns() if not plan.compared[i].rule.sensitive]
    measures: list[exp.Expr] = []
    for i in able:
        shown = d.as_text(queries.in_form(plan, i, which, t.column(f"{which}{i}")))
        measures.append(t.named(exp.Min(this=t.own(shown)), f"low{i}"))
        measures.append(t.named(exp.Max(this=t.own(shown)), f"high{i}"))
        measures.append(t.named(exp.Count(this=t.own(shown)), f"n{i}"))
    if not measures:
        return {}
    [found] = alone.engine.query(t.select(measures, t.table(CLASSIFIED), where=where))
    return {
        i: found[f"low{i}"]
        for i in able
        if found[f"n{i}"] == 0 or (found[f"n{i}"] == rows and found[f"low{i}"] == found[f"high{i}"])
    }


def _telling(alone: Alone, which: Which, count: int) -> Iterator[Cause]:
    """What all these rows have in common and no row of the other side has; else what most of them have."""
    where = t.all_of(_alone(which), t.negate(t.column("repeated")))
    said = _shared(alone, which, where, count) or _last_day(alone, which, where, count)
    if said is None:
        said = _condition(alone, which, where, count)
    if said is not None:
        yield said


def _shared(alone: Alone, which: Which, where: exp.Expr, count: int) -> Cause | None:
    """A value that all these rows have and no row of the other side."""
    plan, other = alone.plan, _OTHER[which]
    shared = _shared_values(alone, which, where, count)
    if not shared:
        return None
    counts: list[exp.Expr] = []
    for i, value in shared.items():
        cell = queries.normal(plan, i, other, "s")
        has = t.is_null(cell) if value is None else t.equals(d.as_text(cell), t.text(value))
        counts.append(t.named(t.count_if(has), f"n{i}"))
    rows = queries.side(plan, other, alone.tables[other], shared)
    found = one_row(alone.engine, t.select(counts, t.inner(rows, "s")))
    telling = [i for i in (*plan.keys, *plan.values) if i in shared and found[f"n{i}"] == 0]
    if not telling:
        return None
    i = telling[0]
    said = _shared_cause(alone, which, i, shared[i], count)
    return said if count >= FEW else replace(said, confidence=POSSIBLE)


def _shared_cause(alone: Alone, which: Which, i: int, value: str | None, count: int) -> Cause:
    plan, name = alone.plan, alone.plan.compared[i].name
    end = _end(alone, which, i, value)
    condition = f"{name} = {_said(plan, i, value)}"
    words = {
        "count": f"{count:,}",
        "column": name,
        "value": _said(plan, i, value),
        "condition": condition,
        "which": "missing" if which == "b" else "extra",
        "other": _SYSTEM[_OTHER[which]],
        "end": end,
    }
    if end:
        code = "BOUNDARY_INCLUSIVE"
    elif value is None:
        code = "NULL_JOIN_KEY" if which == "b" else "JOIN_TYPE"
    elif which == "b":
        code = "JOIN_TYPE"
    else:
        code = "DROPPED_JOIN" if i in plan.keys else "MISSING_FILTER"
    return alone.cause(code, count, alone.count(which), where=f"all {count:,} have {condition}", **words)


def _end(alone: Alone, which: Which, i: int, value: str | None) -> str:
    """The word first or last when the value is the least or greatest of a date or a measure, else nothing."""
    form = alone.plan.common(i).form
    dated = form in INSTANTS or (form is Form.INTEGER and re.fullmatch(_DATE_KEY, value or "") is not None)
    measure = form in {Form.DECIMAL, Form.FLOAT} and not alone.plan.compared[i].key
    if value is None or not (dated or measure):
        return ""
    return _at_an_end(alone, which, i, value, several=2 if dated else _MANY)


def _at_an_end(alone: Alone, which: Which, i: int, value: str, *, several: int) -> str:
    """Which end of the side's values it is, if they are so many different ones."""
    cell = queries.normal(alone.plan, i, which, "s")
    ends = [
        t.named(d.as_text(end(this=t.own(cell))), name) for name, end in (("low", exp.Min), ("high", exp.Max))
    ]
    ends.append(t.named(exp.Count(this=exp.Distinct(expressions=[t.own(cell)])), "different"))
    rows = queries.side(alone.plan, which, alone.tables[which], [i])
    [found] = alone.engine.query(t.select(ends, t.inner(rows, "s")))
    if found["different"] < several:
        return ""
    return "last" if found["high"] == value else "first" if found["low"] == value else ""


def _last_day(alone: Alone, which: Which, where: exp.Expr, count: int) -> Cause | None:
    """Rows at several times of the one day that is the first or last: a bound at midnight."""
    plan = alone.plan
    able = [
        i
        for i in alone.columns()
        if plan.common(i).form is Form.INSTANT and not plan.compared[i].rule.sensitive
    ]
    for i in able:
        mine = d.as_type(queries.in_form(plan, i, which, t.column(f"{which}{i}")), "DATE")
        every = d.as_type(queries.normal(plan, i, which, "s"), "DATE")
        side = t.inner(queries.side(plan, which, alone.tables[which], [i]), "s")
        inside = alone.engine.query(t.select(_ends(mine), t.table(CLASSIFIED), where=where))[0]
        if inside["low"] is None or inside["low"] != inside["high"] or inside["n"] != count:
            continue
        day = inside["low"]
        on_it = t.named(t.count_if(t.equals(every, d.as_type(t.text(day), "DATE"))), "there")
        whole = alone.engine.query(t.select([*_ends(every), on_it], side))[0]
        usual = count * math.log(max(whole["there"], 1) / max(whole["n"], 1))
        if day in {whole["low"], whole["high"]} and usual < math.log(_CHANCE):
            end = "last" if day == whole["high"] else "first"
            words = {"count": f"{count:,}", "column": plan.compared[i].name, "value": day, "end": end}
            where_said = f"all {count:,} have {plan.compared[i].name} on {day}"
            return alone.cause("BOUNDARY_INCLUSIVE", count, alone.count(which), where=where_said, **words)
    return None


def _ends(value: exp.Expr) -> list[exp.Expr]:
    return [
        t.named(d.as_text(exp.Min(this=t.own(value))), "low"),
        t.named(d.as_text(exp.Max(this=t.own(value))), "high"),
        t.named(exp.Count(this=t.own(value)), "n"),
    ]


def _condition(alone: Alone, which: Which, where: exp.Expr, count: int) -> Cause | None:
    """A condition on one column that tells these rows from the others of their side."""
    rows = t.select([t.everything()], t.table(CLASSIFIED), where=where)
    found = alone.everything(which).find(rows, count)
    if found is None:
        return None
    words = {
        "count": f"{count:,}",
        "which": "missing" if which == "b" else "extra",
        "condition": found.said,
        "other": _SYSTEM[_OTHER[which]],
    }
    said = alone.cause(
        "JOIN_TYPE" if which == "b" else "MISSING_FILTER",
        found.here,
        alone.count(which),
        where=found.sentence,
        **words,
    )
    if found.apart and found.there == found.here:
        return said
    hint = f"Look at how such rows are joined or filtered: {found.sentence}."
    return replace(said, confidence=POSSIBLE, hint=hint)


def _said(plan: Plan, i: int, value: str | None) -> str:
    pair = plan.compared[i]
    if value is None:
        return "NULL"
    flags = {"0": "false", "1": "true"} if pair.baseline.boolean and pair.candidate.boolean else {}
    return flags.get(value, value)
