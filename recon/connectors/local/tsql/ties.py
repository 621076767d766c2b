"""Rows that tie in an order: T-SQL does not say which of them comes first.

It is noted when the data has such rows and they differ in what is taken of them. Numbers that are only shown
get a note of their own, because often they are not compared at all.
https://learn.microsoft.com/en-us/sql/t-sql/functions/row-number-transact-sql (Remarks: Nondeterministic)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.duck import binary, column, fn, minus, num, plus, subquery
from recon.connectors.local.tsql.scope import Probe
from recon.connectors.local.tsql.uses import cuts_of, used_names
from recon.model_result import NUMBERED
from recon.sqlscript.tsql_parse import line_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env, Projected

CHOSEN = "rows tie in the order of {name}, which decides; which of them comes first is not defined in T-SQL"
TOP = "rows tie at the end of TOP; which of them it takes is not defined in T-SQL"
_NEIGHBOURS = {"first_value", "last_value", "lag", "lead"}
_SETTLED = {"rank", "dense_rank", "cume_dist", "percent_rank"}  # rows that tie get the same


def watch_windows(
    env: Env, node: exp.Select, tree: exp.Select, made: Sequence[tuple[Tree, Projected]]
) -> None:
    """Have it noted when rows tie in the order of a window function and it shows.

    `made` are the columns of `tree`, each with the item of the select list that it comes from.
    """
    if env.correlated or not any(p.value.tree.find(exp.Window) for _, p in made):
        return
    used = used_names(node)
    taken = [p for _, p in made if used is None or p.output.name.casefold() in used]
    plain = [p.value.tree for p in taken if not p.value.tree.find(exp.Window)]
    for item, projected in made:
        if projected not in taken:
            continue
        for window in projected.value.tree.find_all(exp.Window):
            if window.args.get("order") is not None:
                _watch(env, node, tree, item, window, plain)


def _watch(
    env: Env, node: exp.Select, tree: exp.Select, item: Tree, window: exp.Window, plain: list[Tree]
) -> None:
    name = _name(window)
    arguments = [window.this.this] if isinstance(window.this, exp.IgnoreNulls) else [window.this]
    mine = [
        a.copy() for call in arguments for a in (call.expressions or [call.this]) if isinstance(a, exp.Expr)
    ]
    reverse, cuts, note = False, None, CHOSEN.format(name=name.upper())
    different = [*plain, *mine]
    if name == "row_number":
        found = cuts_of(node, item)
        different, cuts = plain, found
        if found is not None and not found:
            note, different = NUMBERED, []
    elif name in {"first_value", "last_value"} and _from_an_end(window, name):
        reverse, cuts, different = name == "last_value", {1}, mine
    elif name == "last_value":
        different = mine
    elif name in _SETTLED or not (name in _NEIGHBOURS or name == "ntile" or _by_rows(window)):
        return
    probe = _ties(tree, window, different, cuts or None, reverse=reverse)
    env.ctx.probes.append(Probe(probe, note, line_of(node, env.ctx.line)))


def _name(window: exp.Window) -> str:
    call = window.this.this if isinstance(window.this, exp.IgnoreNulls) else window.this
    return str(call.this if isinstance(call, exp.Anonymous) else call.sql_name()).lower()


def _by_rows(window: exp.Window) -> bool:
    """Whether a frame of rows cuts between rows that tie; one of ranges, which is the default, never does."""
    spec = window.args.get("spec")
    whole = spec is not None and spec.args.get("start") == spec.args.get("end") == "UNBOUNDED"
    return spec is not None and str(spec.args.get("kind")).upper() == "ROWS" and not whole


def _from_an_end(window: exp.Window, name: str) -> bool:
    """Whether the frame always holds the first row of the partition, or for LAST_VALUE the last."""
    spec = window.args.get("spec")
    if name == "first_value":
        return spec is None or (spec.args.get("start"), spec.args.get("start_side")) == (
            "UNBOUNDED",
            "PRECEDING",
        )
    return spec is not None and (spec.args.get("end"), spec.args.get("end_side")) == (
        "UNBOUNDED",
        "FOLLOWING",
    )


def _ties(
    tree: exp.Select,
    window: exp.Window,
    different: list[Tree],
    cuts: Collection[int] | None,
    *,
    reverse: bool,
) -> exp.Select:
    """A row, when rows tie that are `different` in something: anywhere, or across a cut after the k-th."""
    order = [t.copy() for t in window.args["order"].expressions]
    if reverse:
        for term in order:
            term.set("desc", not term.args.get("desc"))
            term.set("nulls_first", not term.args.get("nulls_first"))
    partition = [p.copy() for p in window.args.get("partition_by") or []]
    ranked = tree.copy()
    ranked.set("expressions", [])
    return tied(ranked, partition, order, different, cuts)


def tied(
    rows: exp.Select,
    partition: list[Tree],
    order: list[Tree],
    different: list[Tree],
    cuts: Collection[int] | None,
) -> exp.Select:
    """The probe for ties among `rows`, a query without a select list. Nothing `different`: for any tie."""
    rank = exp.Window(
        this=fn("rank"),
        partition_by=[p.copy() for p in partition],
        order=exp.Order(expressions=order),
        over="OVER",
    )
    keys = [*partition, rank]
    cells = [exp.alias_(k, f"k{i}", quoted=True) for i, k in enumerate(keys)]
    cells += [exp.alias_(d.copy(), f"v{i}", quoted=True) for i, d in enumerate(different)]
    rows.set("expressions", cells)
    probe = exp.select(num(1)).from_(subquery(rows, "k"))
    probe.set("group", exp.Group(expressions=[column("k", f"k{i}") for i in range(len(keys))]))
    values = [column("k", f"v{i}") for i in range(len(different))]
    several = fn("count", exp.Distinct(expressions=[fn("row", *values)]) if values else exp.Star())
    condition: Tree = binary(exp.GT, several, num(1))
    if cuts:
        first = column("k", f"k{len(partition)}")
        last = minus(plus(first, fn("count", exp.Star())), num(1))
        across = [
            exp.And(
                this=binary(exp.LTE, first.copy(), num(k)), expression=binary(exp.GT, last.copy(), num(k))
            )
            for k in sorted(cuts)
        ]
        condition = exp.and_(condition, exp.or_(*across, copy=False), copy=False)
    probe.set("having", exp.Having(this=condition))
    return probe.limit(1)


def watch_first(env: Env, node: Tree, tree: exp.Select, terms: Sequence[Tree]) -> None:
    """The same for TOP 1 WITH TIES in the order of a ROW_NUMBER: it takes the first row of each partition."""
    window = terms[0].this if len(terms) == 1 else None
    window = window.this if isinstance(window, exp.Cast) else window
    if env.correlated or not isinstance(window, exp.Window) or not window.args.get("order"):
        return
    if _name(window) == "row_number":
        different = [item.this if isinstance(item, exp.Alias) else item for item in tree.expressions]
        probe = _ties(tree, window, different, {1}, reverse=False)
        env.ctx.probes.append(Probe(probe, CHOSEN.format(name="ROW_NUMBER"), line_of(node, env.ctx.line)))


def watch_top(env: Env, node: Tree, tree: Tree, terms: Sequence[Tree], most: int) -> None:
    """Have it noted when the last row of a TOP ties with one that is left out.

    A TOP that is asked anew for each row outside is looked at for all of them at once: conditions that make a
    column here equal to one outside tell the rows apart; where another condition reads a row outside, any tie
    counts.
    """
    if not isinstance(tree, exp.Select) or not terms or env.ctx.bound is not None:
        return
    partition: list[Tree] = []
    cuts: set[int] | None = {most}
    rows = tree.copy()
    rows.set("order", None)
    if env.correlated:
        inside = {t.alias_or_name for t in rows.find_all(exp.Table, exp.Subquery, exp.Lateral)}
        where = rows.args.get("where")
        kept: list[Tree] = []
        for condition in _conjuncts(where.this) if where is not None else ():
            if not _reads_outside(condition, inside):
                kept.append(condition)
                continue
            key = _told_by(condition, inside)
            partition += [key] if key is not None else []
            cuts = cuts if key is not None else None
        rows.set("where", exp.Where(this=exp.and_(*kept, copy=False)) if kept else None)
        if _reads_outside(rows, inside):
            return
    different = [item.this if isinstance(item, exp.Alias) else item for item in tree.expressions]
    rows.set("expressions", [])
    probe = tied(rows, partition, [t.copy() for t in terms], different, cuts)
    env.ctx.probes.append(Probe(probe, TOP, line_of(node, env.ctx.line)))


def _conjuncts(condition: Tree) -> Iterator[Tree]:
    if isinstance(condition, exp.Paren):
        yield from _conjuncts(condition.this)
    elif isinstance(condition, exp.And):
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    else:
        yield condition.copy()


def _reads_outside(tree: Tree, inside: set[str]) -> bool:
    return any(c.table and c.table not in inside for c in tree.find_all(exp.Column))


def _told_by(condition: Tree, inside: set[str]) -> Tree | None:
    """Of `here = outside` what is here."""
    if not isinstance(condition, exp.EQ):
        return None
    for here, outside in ((condition.left, condition.right), (condition.right, condition.left)):
        if not _reads_outside(here, inside) and all(
            c.table not in inside for c in outside.find_all(exp.Column)
        ):
            return here.copy()
    return None
