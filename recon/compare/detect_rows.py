"""Find likely reasons for missing and extra rows: another key form, duplicates, one shared value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import queries, reading
from recon.compare import trees as t
from recon.compare.detect import cause
from recon.compare.forms import Form
from recon.compare.pairing import one_row
from recon.compare.queries import CLASSIFIED, Which
from recon.model_result import WHOLE_ROW, Cause, RowCounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recon.compare.plan import Plan
    from recon.model import TableRef
    from recon.ports import Comparer

_OTHER: dict[Which, Which] = {"b": "c", "c": "b"}


def _alone(which: Which) -> exp.Expr:
    """Whether only that side has the row."""
    return t.negate(t.column(f"in_{_OTHER[which]}"))


def row_causes(
    engine: Comparer, plan: Plan, rows: RowCounts, repeated: dict[str, int], tables: dict[Which, TableRef]
) -> Iterator[Cause]:
    """Reasons for the missing and extra rows, the most likely first."""
    if (rows.baseline == 0) != (rows.candidate == 0):
        side = "Synapse" if rows.baseline == 0 else "Databricks"
        yield cause("EMPTY_SIDE", WHOLE_ROW, max(rows.missing, rows.extra), side=side)
        return
    if rows.missing and rows.extra:
        yield from _key_form(engine, plan, rows)
    yield from _duplicates(engine, plan, rows, repeated, tables)
    if rows.extra > max(1, repeated["extra"]):
        yield from _shared(engine, plan, "c", rows.extra - repeated["extra"], tables)
    if rows.missing > max(1, repeated["missing"]):
        yield from _shared(engine, plan, "b", rows.missing - repeated["missing"], tables)


def _key_form(engine: Comparer, plan: Plan, rows: RowCounts) -> Iterator[Cause]:
    """Whether nearly every missing row's key is an extra row's key in another form."""
    texts = [i for i in plan.keys if plan.common(i).form is Form.TEXT]
    forms: tuple[tuple[str, Callable[[exp.Expr], exp.Expr]], ...] = (
        ("TRAILING_SPACE", lambda v: t.call("rtrim", v, t.text(" "))),
        ("COLLATION_CASE", t.lower),
        ("KEY_FORMAT", reading.numeral),
    )
    scope = plan.compared[plan.keys[0]].name if len(plan.keys) == 1 else WHOLE_ROW
    for code, form in forms if texts and not plan.whole else ():
        found = one_row(engine, _same_keys(plan, texts, form))["keys"]
        if 100 * found >= 95 * rows.missing:
            yield cause(code, scope, rows.missing + rows.extra, count=f"{found:,}")
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


def _duplicates(
    engine: Comparer, plan: Plan, rows: RowCounts, repeated: dict[str, int], tables: dict[Which, TableRef]
) -> Iterator[Cause]:
    """Keys that repeat on one side: by a value that all surplus rows share, or just so."""
    for word, which, side in (("extra", "c", "Databricks"), ("missing", "b", "Synapse")):
        keys = rows.duplicate_keys.candidate if which == "c" else rows.duplicate_keys.baseline
        if not repeated[word] or not keys:
            continue
        mine: Which = "c" if which == "c" else "b"
        where = t.all_of(_alone(mine), t.column("repeated"))
        shared = _shared_values(engine, plan, mine, where, repeated[word]) if repeated[word] > 1 else {}
        named = [i for i in plan.keys if i in shared and not plan.whole]
        telling = [i for i in named if _varies(engine, plan, i, tables["b"])]
        if which == "c" and telling:
            words = {"column": plan.compared[telling[0]].name, "value": _said(shared[telling[0]])}
            yield cause("JOIN_FANOUT", WHOLE_ROW, repeated[word], **words)
        else:
            yield cause("DUPLICATE_ROWS", WHOLE_ROW, repeated[word], count=f"{keys:,}", side=side)


def _varies(engine: Comparer, plan: Plan, i: int, baseline: TableRef) -> bool:
    """Whether the baseline has several values in the column: one that all rows share tells nothing."""
    values = exp.Count(this=exp.Distinct(expressions=[queries.normal(plan, i, "b", "s")]))
    rows = queries.side(plan, "b", baseline, [i])
    return one_row(engine, t.select([t.named(values, "n")], t.inner(rows, "s")))["n"] > 1


def _shared_values(
    engine: Comparer, plan: Plan, which: Which, where: exp.Expr, rows: int
) -> dict[int, str | None]:
    """The columns, no sensitive ones, in which all these rows have one value, and the value (None: NULL)."""
    able = [i for i, p in enumerate(plan.compared) if not p.rule.sensitive]
    measures: list[exp.Expr] = []
    for i in able:
        shown = d.as_text(queries.in_form(plan, i, which, t.column(f"{which}{i}")))
        measures.append(t.named(exp.Min(this=t.own(shown)), f"low{i}"))
        measures.append(t.named(exp.Max(this=t.own(shown)), f"high{i}"))
        measures.append(t.named(exp.Count(this=t.own(shown)), f"n{i}"))
    [found] = engine.query(t.select(measures, t.table(CLASSIFIED), where=where)).to_pylist()
    return {
        i: found[f"low{i}"]
        for i in able
        if found[f"n{i}"] == 0 or (found[f"n{i}"] == rows and found[f"low{i}"] == found[f"high{i}"])
    }


def _shared(
    engine: Comparer, plan: Plan, which: Which, count: int, tables: dict[Which, TableRef]
) -> Iterator[Cause]:
    """A value that all these rows have and no row of the other side."""
    where = t.all_of(_alone(which), t.negate(t.column("repeated")))
    shared = _shared_values(engine, plan, which, where, count)
    if not shared:
        return
    other = _OTHER[which]
    counts: list[exp.Expr] = []
    for i, value in shared.items():
        cell = queries.normal(plan, i, other, "s")
        has = t.is_null(cell) if value is None else t.equals(d.as_text(cell), t.text(value))
        counts.append(t.named(t.count_if(has), f"n{i}"))
    rows = queries.side(plan, other, tables[other], shared)
    found = one_row(engine, t.select(counts, t.inner(rows, "s")))
    telling = [i for i in (*plan.keys, *plan.values) if i in shared and found[f"n{i}"] == 0]
    if telling:
        i = telling[0]
        code = "JOIN_TYPE" if which == "b" else "DROPPED_JOIN" if i in plan.keys else "MISSING_FILTER"
        words = {"count": f"{count:,}", "column": plan.compared[i].name, "value": _said(shared[i])}
        yield cause(code, WHOLE_ROW, count, **words)


def _said(value: str | None) -> str:
    return "NULL" if value is None else value
