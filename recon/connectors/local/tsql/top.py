"""ORDER BY, TOP and OFFSET. NULLs sort lowest in T-SQL.

https://learn.microsoft.com/en-us/sql/t-sql/queries/top-transact-sql (PERCENT rounds up)
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.aggregate import ordered_term
from recon.connectors.local.tsql.duck import binary, cast, column, fn, num, subquery, times
from recon.connectors.local.tsql.expr import known, value
from recon.connectors.local.tsql.scope import Probe, Query, Typed
from recon.connectors.local.tsql.ties import watch_first, watch_top
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
        watch_top(env, node, tree, ordering.terms, most)
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
    most: Tree = num(int(wanted))
    if percent:
        rows = exp.Window(this=fn("count", exp.Star()), over="OVER")
        share = binary(exp.Div, times(cast(rows, "DOUBLE"), num(wanted)), num(100))
        most = fn("ceil", share)
    chosen = made.tree.copy()
    alias = env.ctx.alias("o")
    keyed: list[Tree] = []
    for i, term in enumerate(ordering.terms):  # in a query of their own: a term may be a window itself
        chosen.append("expressions", exp.alias_(term.this.copy(), f"o{i}", quoted=True))
        key = term.copy()
        key.set("this", column(alias, f"o{i}"))
        keyed.append(key)
    if ties and wanted == 1 and isinstance(made.tree, exp.Select):
        watch_first(env, node, made.tree, ordering.terms)
    order = exp.Order(expressions=keyed) if keyed else None
    rank = exp.Window(this=fn("rank" if ties else "row_number"), order=order, over="OVER")
    cells = [*_columns(made, alias), exp.alias_(rank, "r", quoted=True), exp.alias_(most, "m", quoted=True)]
    ranked = exp.select(*cells).from_(subquery(chosen, alias))
    last = env.ctx.alias("o")
    kept = exp.select(*_columns(made, last)).from_(subquery(ranked, last))
    kept = kept.where(binary(exp.LTE, column(last, "r"), column(last, "m")))
    return Query(kept.order_by(exp.Ordered(this=column(last, "r"))), made.outputs)
