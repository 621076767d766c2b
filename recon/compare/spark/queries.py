"""Queries in Spark's spelling: relations, their columns and types, and the clauses around expressions."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.compare import trees as t
from recon.compare.spark.expressions import lowered
from recon.compare.spark.kinds import refused, wider
from recon.compare.spark.scopes import Scope, merged, named
from recon.model import TableRef

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from recon.compare.spark.build import Value
    from recon.compare.spark.scopes import Columns

    Tables = Callable[[TableRef], tuple[exp.Table, Columns]]

_KNOWN = {
    "expressions", "from_", "joins", "where", "group", "having", "order", "limit", "distinct", "kind", "hint",
}  # fmt: skip


def query(tree: exp.Expr, tables: Tables) -> tuple[exp.Query, Columns]:
    """The query for Spark and its columns. `tables` says where a table lies and what it holds."""
    if isinstance(tree, exp.Select):
        return _select(tree, tables)
    if isinstance(tree, exp.Union | exp.Intersect):
        return _combined(tree, tables)
    if isinstance(tree, exp.Subquery):
        return query(tree.this, tables)
    raise refused(f"a query of the kind {type(tree).__name__}")


def _lowered(node: exp.Expr, scope: Scope, tables: Tables) -> Value:
    return lowered(node, scope, lambda inside: query(inside, tables))


def _select(tree: exp.Select, tables: Tables) -> tuple[exp.Query, Columns]:
    unknown = {name for name, value in tree.args.items() if value} - _KNOWN
    if unknown:
        raise refused(f"the clause {', '.join(sorted(unknown))}")
    scope = Scope()
    out = exp.Select()
    start = tree.args.get("from_")
    if start is not None:
        out.set("from_", exp.From(this=_relation(start.this, scope, tables)))
    joins = [_join(j, scope, tables) for j in tree.args.get("joins") or ()]
    out.set(
        "joins",
        [exp.Join(this=rows, side=side, on=_lowered(on, scope, tables).tree) for rows, side, on in joins],
    )
    columns: list[tuple[str, object]] = []
    projected: list[exp.Expr] = []
    for node in tree.expressions:
        _project(node, scope, tables, projected, columns)
    out.set("expressions", projected)
    found: Columns = tuple(columns)  # pyright: ignore[reportAssignmentType]
    scope.own.update(found)
    if tree.args.get("distinct"):
        out.set("distinct", exp.Distinct())
    for name in ("where", "having"):
        if tree.args.get(name):
            kind = exp.Where if name == "where" else exp.Having
            out.set(name, kind(this=_lowered(tree.args[name].this, scope, tables).tree))
    if tree.args.get("group"):
        out.set(
            "group",
            exp.Group(expressions=[_lowered(g, scope, tables).tree for g in tree.args["group"].expressions]),
        )
    _sorted(tree, out, scope, tables)
    return out, found


def _sorted(tree: exp.Select, out: exp.Select, scope: Scope, tables: Tables) -> None:
    if tree.args.get("order"):
        out.set(
            "order",
            exp.Order(expressions=[_lowered(o, scope, tables).tree for o in tree.args["order"].expressions]),
        )
    if tree.args.get("limit"):
        out.set("limit", exp.Limit(expression=tree.args["limit"].expression.copy()))


def _relation(node: exp.Expr, scope: Scope, tables: Tables) -> exp.Expr:
    """A table or a query in parentheses; its columns come into scope."""
    alias = node.args.get("alias")
    names = [c.name for c in alias.columns] if isinstance(alias, exp.TableAlias) else []
    if isinstance(node, exp.Table):
        place, columns = tables(TableRef(schema=node.db, name=node.name, catalog=node.catalog))
        called, rows = node.alias or node.name, place
    elif isinstance(node, exp.Subquery):
        inside, columns = query(node.this, tables)
        called, rows = node.alias, exp.Subquery(this=inside)
    else:
        raise refused(f"a relation of the kind {type(node).__name__}")
    scope.add(called, named(names, columns) if names else columns)
    rows.set(
        "alias",
        exp.TableAlias(this=exp.to_identifier(called), columns=[exp.to_identifier(n) for n in names] or None),
    )
    return rows


def _join(node: exp.Join, scope: Scope, tables: Tables) -> tuple[exp.Expr, str | None, exp.Expr]:
    side = node.side.upper() or None
    if side not in {None, "LEFT", "FULL"} or node.kind or node.args.get("on") is None:
        raise refused(f"a join of the kind {node.side} {node.kind}")
    return _relation(node.this, scope, tables), side, node.args["on"]


def _project(
    node: exp.Expr, scope: Scope, tables: Tables, out: list[exp.Expr], columns: list[tuple[str, object]]
) -> None:
    star = node if isinstance(node, exp.Star) else node.this if isinstance(node, exp.Column) else None
    if isinstance(star, exp.Star):
        alias = node.table if isinstance(node, exp.Column) else ""
        columns += scope.star(alias)
        out.append(node.copy())
        return
    inside = node.this if isinstance(node, exp.Alias) else node
    value = _lowered(inside, scope, tables)
    columns.append((node.alias_or_name, value.kind))
    out.append(t.named(value.tree, node.alias_or_name))


def _combined(tree: exp.Union | exp.Intersect, tables: Tables) -> tuple[exp.Query, Columns]:
    if isinstance(tree, exp.Intersect):
        parts = [query(part, tables) for part in (tree.this, tree.expression)]
        found = parts[0][1]
        whole = exp.Intersect(this=parts[0][0], expression=parts[1][0], distinct=True)
        return whole, found
    distinct = bool(tree.args.get("distinct"))
    parts = [query(part, tables) for part in _flat(tree, distinct=distinct)]
    columns = [columns for _, columns in parts]
    kinds = {n: reduce(wider, [c[n][1] for c in columns]) for n in range(len(columns[0]))}
    return _balanced([q for q, _ in parts], distinct=distinct), merged(columns, kinds)


def _flat(tree: exp.Union, *, distinct: bool) -> list[exp.Expr]:
    """The parts of a chain of UNIONs, first to last: it can be as long as a table is wide."""
    parts: list[exp.Expr] = []
    node: exp.Expr = tree
    while isinstance(node, exp.Union) and bool(node.args.get("distinct")) is distinct:
        parts.append(node.expression)
        node = node.this
    return [node, *reversed(parts)]


def _balanced(parts: Sequence[exp.Query], *, distinct: bool) -> exp.Query:
    """A chain would be as deep as it is long, and Spark's parser goes down it by recursion."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    sides = [_balanced(some, distinct=distinct) for some in (parts[:half], parts[half:])]
    inside = [exp.Subquery(this=s) if isinstance(s, exp.Union) else s for s in sides]
    return exp.Union(this=inside[0], expression=inside[1], distinct=distinct)
