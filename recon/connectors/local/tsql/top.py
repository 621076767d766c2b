"""ORDER BY, TOP and OFFSET. NULLs sort lowest in T-SQL.

https://learn.microsoft.com/en-us/sql/t-sql/queries/top-transact-sql (PERCENT rounds up)
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.aggregate import ordered_term
from recon.connectors.local.tsql.duck import binary, cast, column, fn, minus, num, plus, subquery, times
from recon.connectors.local.tsql.expr import known, value
from recon.connectors.local.tsql.scope import Probe, Query, Typed
from recon.model_result import SETTLED
from recon.sqlscript.tsql_parse import line_of

if TYPE_CHECKING:
    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env


@dataclass(frozen=True, slots=True)
class Ordering:
    """The sort terms of a query. With an `alias` they name columns of its result under that alias."""

    terms: tuple[Tree, ...]
    alias: str = ""

    @staticmethod
    def of_select(env: Env, node: Tree, made: Query, typed: tuple[Typed, ...]) -> Ordering:
        """For a plain SELECT: a position, an alias of the select list, or any expression."""
        order = node.args.get("order")
        if order is None:
            return Ordering(())
        terms: list[Tree] = []
        for item in order.expressions:
            known(env, item, "this", "desc", "nulls_first")
            at = _position(env, item, made)
            given = typed[at] if at is not None else value(env, item.this)
            terms.append(ordered_term(env, item, given, matters=_matters(node)))
        return Ordering(tuple(terms))

    @staticmethod
    def of_result(env: Env, node: Tree, made: Query) -> Ordering:
        """For DISTINCT and set operations: columns of the result only."""
        order = node.args.get("order")
        if order is None:
            return Ordering(())
        alias = env.ctx.alias("o")
        terms: list[Tree] = []
        for item in order.expressions:
            at = _position(env, item, made)
            if at is None:
                return env.refuse(item, "ORDER BY must name a column of the result here", "104")
            given = Typed(column(alias, f"c{at}"), made.outputs[at].type)
            terms.append(ordered_term(env, item, given, matters=_matters(node)))
        return Ordering(tuple(terms), alias)


def _matters(node: Tree) -> bool:
    return bool(node.args.get("limit") or node.args.get("offset"))


def _position(env: Env, item: Tree, made: Query) -> int | None:
    """The column of the select list that a sort term is."""
    key = item.this
    if isinstance(key, exp.Literal):
        if not str(key.this).isdigit() or key.is_string:
            env.refuse(item, "a constant in ORDER BY must be the position of a column", "408")
        at = int(key.this) - 1
        if not 0 <= at < len(made.outputs):
            env.refuse(item, f"ORDER BY {key.this}: the query has {len(made.outputs)} columns", "108")
        return at
    if isinstance(key, exp.Column):
        hits = [i for i, o in enumerate(made.outputs) if o.name.casefold() == key.name.casefold()]
        if hits and (not key.args.get("table") or not _is_select(item)):
            return hits[0]
    return None


def _is_select(item: Tree) -> bool:
    return isinstance(item.find_ancestor(exp.Select, exp.SetOperation), exp.Select)


def limited(env: Env, node: Tree, made: Query, ordering: Ordering) -> Query:
    """The query in its order, cut to TOP or OFFSET/FETCH."""
    limit, offset = node.args.get("limit"), node.args.get("offset")
    tree = made.tree
    if ordering.alias:
        tree = exp.select(*_columns(made, ordering.alias)).from_(subquery(tree, ordering.alias))
    if limit is None and offset is None:
        if ordering.terms:
            _set_order(tree, ordering)
        return Query(tree, made.outputs)
    options = limit.args.get("limit_options") if limit is not None else None
    percent = bool(options and options.args.get("percent"))
    ties = bool(options and options.args.get("with_ties"))
    most = whole_number(env, node, _count(limit)) if limit is not None and not percent else None
    if not ordering.terms:
        _watch_choice(env, node, tree, None if ties or offset is not None else most)
    if percent or ties:
        return _ranked(env, node, Query(tree, made.outputs), ordering, percent, ties)
    if not ordering.alias and isinstance(node, exp.SetOperation):
        alias = env.ctx.alias("o")
        tree = exp.select(*_columns(made, alias)).from_(subquery(tree, alias))
    if most is not None and offset is None:
        _watch_ties(env, node, tree, ordering, most)
    return Query(_cut(env, node, tree, ordering, most), made.outputs)


def _cut(env: Env, node: Tree, tree: Tree, ordering: Ordering, most: int | None) -> Tree:
    if ordering.terms:
        _set_order(tree, ordering)
    if most is not None:
        tree.set("limit", exp.Limit(expression=num(most)))
    offset = node.args.get("offset")
    if offset is not None:
        tree.set("offset", exp.Offset(expression=num(whole_number(env, node, offset.expression))))
    return tree


def watch_row_numbers(env: Env, node: Tree, tree: exp.Select, columns: list[Tree]) -> None:
    """Have it noted when rows tie in the order of a ROW_NUMBER, so that their numbers are not defined."""
    if env.correlated:
        return
    for window in (w for c in columns for w in c.find_all(exp.Window)):
        order = window.args.get("order")
        if order is None or str(window.this.this).lower() != "row_number":
            continue
        keys = [*(window.args.get("partition_by") or []), *(o.this for o in order.expressions)]
        probe = exp.select(num(1))
        for part in ("from_", "joins", "where"):
            probe.set(part, tree.args.get(part))
        probe.set("group", exp.Group(expressions=keys))
        probe.set("having", exp.Having(this=binary(exp.GT, fn("count", exp.Star()), num(1))))
        note = "rows tie in the order of ROW_NUMBER; which of them comes first is not defined in T-SQL"
        env.ctx.probes.append(Probe(probe.limit(1), note, line_of(node, env.ctx.line)))


def _watch_choice(env: Env, node: Tree, tree: Tree, most: int | None) -> None:
    """TOP without an order: have it noted whether it leaves out a row that another one could replace."""
    said = "TOP without ORDER BY: which rows it takes is not defined"
    if env.correlated or most is None:
        env.note(node, said)
        return
    cells = [column("k", item.alias) for item in tree.expressions]
    if not isinstance(tree, exp.Select) or not cells:
        env.note(node, said)
        return
    different = fn("count", exp.Distinct(expressions=[fn("row", *cells)]))
    left_out = binary(exp.GT, fn("count", exp.Star()), num(most))
    for note, holds in ((said, True), (SETTLED, False)):
        chosen = exp.And(this=left_out.copy(), expression=binary(exp.GT, different.copy(), num(1)))
        probe = exp.select(num(1)).from_(subquery(tree.copy(), "k"))
        probe.set("having", exp.Having(this=chosen if holds else exp.Not(this=exp.Paren(this=chosen))))
        env.ctx.probes.append(Probe(probe, note, line_of(node, env.ctx.line)))


def _watch_ties(env: Env, node: Tree, tree: Tree, ordering: Ordering, most: int) -> None:
    """Have it noted when the last row of a TOP ties with one that is left out."""
    if env.correlated or not isinstance(tree, exp.Select) or not ordering.terms:
        return
    rank = exp.Window(this=fn("rank"), order=exp.Order(expressions=list(ordering.terms)), over="OVER")
    ranked = tree.copy()
    ranked.append("expressions", exp.alias_(rank, "r", quoted=True))
    probe = exp.select(num(1)).from_(subquery(ranked, "k"))
    probe = probe.where(binary(exp.LTE, column("k", "r"), num(most)))
    probe.set("group", exp.Group(expressions=[column("k", "r")]))
    last = minus(plus(column("k", "r"), fn("count", exp.Star())), num(1))
    cells = [column("k", a.alias) for a in tree.expressions]
    different = fn("count", exp.Distinct(expressions=[fn("row", *cells)]))
    beyond = exp.And(this=binary(exp.GT, last, num(most)), expression=binary(exp.GT, different, num(1)))
    probe.set("having", exp.Having(this=beyond))
    note = "rows tie at the end of TOP; which of them it takes is not defined in T-SQL"
    env.ctx.probes.append(Probe(probe, note, line_of(node, env.ctx.line)))


def _set_order(tree: Tree, ordering: Ordering) -> None:
    tree.set("order", exp.Order(expressions=list(ordering.terms)))


def _columns(made: Query, alias: str) -> list[Tree]:
    return [exp.alias_(column(alias, f"c{i}"), f"c{i}", quoted=True) for i in range(len(made.outputs))]


def _count(limit: Tree) -> Tree:
    return limit.args["count"] if isinstance(limit, exp.Fetch) else limit.expression


def _number(env: Env, node: Tree, written: Tree) -> Decimal:
    found = env.ctx.session.evaluate(value(env, written).tree)
    if isinstance(found, (int, float, Decimal)) and not isinstance(found, bool) and found >= 0:
        return Decimal(str(found))
    return env.refuse(node, "TOP and OFFSET need a number that is not negative", "1060")


def whole_number(env: Env, node: Tree, written: Tree) -> int:
    """The n of TOP (n) or OFFSET n."""
    return int(_number(env, node, written))


def _ranked(env: Env, node: Tree, made: Query, ordering: Ordering, percent: bool, ties: bool) -> Query:
    """TOP n PERCENT and WITH TIES through the rank of each row."""
    wanted = _number(env, node, node.args["limit"].expression)
    order = exp.Order(expressions=list(ordering.terms)) if ordering.terms else None
    rank = exp.Window(this=fn("rank" if ties else "row_number"), order=order, over="OVER")
    most: Tree = num(int(wanted))
    if percent:
        rows = exp.Window(this=fn("count", exp.Star()), over="OVER")
        share = binary(exp.Div, times(cast(rows, "DOUBLE"), num(wanted)), num(100))
        most = fn("ceil", share)
    tree = made.tree
    alias = env.ctx.alias("o")
    chosen = tree.copy()
    chosen.append("expressions", exp.alias_(rank, "r", quoted=True))
    chosen.append("expressions", exp.alias_(most, "m", quoted=True))
    kept = exp.select(*_columns(made, alias)).from_(subquery(chosen, alias))
    kept = kept.where(binary(exp.LTE, column(alias, "r"), column(alias, "m")))
    return Query(kept.order_by(exp.Ordered(this=column(alias, "r"))), made.outputs)
