"""The differing cells that are kept: a few of each kind, the same ones however the rows were ordered.

Among the cells of one column and kind (with a drill-down: and one segment) those come first whose key has
the smallest hash. Values are text as the engine prints them; NULL stays NULL. A sensitive column is masked
inside the engine: only whether it is NULL and how long its text is leave it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import trees as t
from recon.compare.kinds import BASELINE_NULL, CANDIDATE_NULL
from recon.compare.queries import CLASSIFIED, SIDES, WORK, Which
from recon.compare.types import Family
from recon.model import TableRef
from recon.model_result import WHOLE_ROW, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recon.compare.plan import Plan

CELLS = TableRef(WORK, "sampled_cells")
MASK: Final = "••••"


def shown(plan: Plan, i: int, which: Which) -> exp.Expr:
    """The value `b{i}` or `c{i}` as text, masked if its column is sensitive."""
    value = t.column(f"{which}{i}")
    pair = plan.compared[i]
    type_ = pair.baseline if which == "b" else pair.candidate
    binary = type_.family is Family.BINARY and not type_.read
    printed = t.joined(t.text("0x"), d.hexadecimal(value)) if binary else d.as_text(value)
    if not pair.rule.sensitive:
        return printed
    size = d.as_text(t.length(printed))
    masked = t.joined(t.text(f"{MASK} ("), size, t.text(" characters)"))
    return t.case((t.is_null(value), exp.null()), otherwise=masked)


def key_json(plan: Plan, columns: Sequence[int]) -> exp.Expr:
    """The row's values in these columns as a JSON object: the baseline's where it has the row."""
    names = [plan.compared[i].name for i in columns]
    one, other = (d.json_of(names, [shown(plan, i, which) for i in columns]) for which in SIDES)
    return t.case((t.column("in_b"), one), otherwise=other)


def cells(plan: Plan, touched: Sequence[int], most: int, *, by_segment: bool) -> exp.Query:
    """The kept cells of the columns that have differences, and the kept missing and extra rows."""
    parts = [_column_cells(plan, i, most, by_segment=by_segment) for i in touched]
    return t.union([*parts, _row_cells(plan, most, by_segment=by_segment)])


def _column_cells(plan: Plan, i: int, most: int, *, by_segment: bool) -> exp.Select:
    stored = t.column(f"d{i}")
    one_sided = t.one_of(stored, [BASELINE_NULL, CANDIDATE_NULL])
    columns = {
        "col": t.number(i),
        "seg": t.column("seg"),
        "kind": t.case((one_sided, t.text(Kind.NULL_VS_VALUE)), otherwise=stored),
        "h": t.column("h"),
        "key": key_json(plan, plan.keys),
        "b": shown(plan, i, "b"),
        "c": shown(plan, i, "c"),
    }
    return _first(columns, t.not_null(stored), most, by_segment=by_segment)


def _row_cells(plan: Plan, most: int, *, by_segment: bool) -> exp.Select:
    row = key_json(plan, range(len(plan.compared)))
    here, nothing = t.column("in_b"), d.as_text(exp.null())
    columns = {
        "col": t.number(len(plan.compared)),
        "seg": t.column("seg"),
        "kind": t.case((here, t.text(Kind.MISSING)), otherwise=t.text(Kind.EXTRA)),
        "h": t.column("h"),
        "key": key_json(plan, plan.keys),
        "b": t.case((here, row), otherwise=nothing),
        "c": t.case((here, nothing), otherwise=row),
    }
    alone = t.negate(t.all_of(here, t.column("in_c")))
    return _first(columns, alone, most, by_segment=by_segment)


_ORDER: Final = ("h", "key", "b", "c")


def _first(columns: Mapping[str, exp.Expr], where: exp.Expr, most: int, *, by_segment: bool) -> exp.Select:
    """The first `most` of each kind (and segment), by hash, then by what they show."""
    found = t.select([t.named(v, name) for name, v in columns.items()], t.table(CLASSIFIED), where=where)
    partition = [t.column(name) for name in (("kind", "seg") if by_segment else ("kind",))]
    number = t.row_number(partition, [t.column(name) for name in _ORDER])
    ranked = t.select([t.everything(), t.named(number, "place")], t.inner(found, "r"))
    return t.select([t.column(n) for n in columns], t.inner(ranked, "q"), where=_at_most("place", most))


def _at_most(name: str, most: int) -> exp.Expr:
    return t.operator(exp.LTE, t.column(name), t.number(most))


def kept(most: int) -> exp.Select:
    """The kept cells, at most so many of each column and kind, in order."""
    names = ("col", "kind", *_ORDER)
    number = t.row_number([t.column("col"), t.column("kind")], [t.column(n) for n in _ORDER])
    ranked = t.select([*(t.column(n) for n in names), t.named(number, "place")], t.table(CELLS))
    query = t.select([t.column(n) for n in names], t.inner(ranked, "r"), where=_at_most("place", most))
    return t.sorted_by(query, [t.ordered(t.column(n)) for n in names])


def drill_down(plan: Plan, labels: Sequence[str]) -> exp.Select:
    """What the differences file holds, in the order of columns, then segments, then hashes."""
    names = [*(p.name for p in plan.compared), WHOLE_ROW]
    column = [(t.equals(t.column("col"), t.number(n)), t.text(name)) for n, name in enumerate(names)]
    place = [(t.equals(t.column("seg"), t.text(label)), t.number(n)) for n, label in enumerate(labels)]
    columns = {
        "segment": t.column("seg"),
        "column": t.case(*column, otherwise=t.text("")),
        "kind": t.column("kind"),
        "key": t.column("key"),
        "baseline": t.column("b"),
        "candidate": t.column("c"),
    }
    order = [t.column("col"), t.case(*place, otherwise=t.number(len(labels)))]
    order += [t.column(n) for n in ("kind", *_ORDER)]
    named = [exp.Alias(this=v, alias=exp.to_identifier(name, quoted=True)) for name, v in columns.items()]
    return t.sorted_by(t.select(named, t.table(CELLS)), [t.ordered(o) for o in order])
