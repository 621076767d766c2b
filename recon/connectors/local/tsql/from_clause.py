"""The FROM of a query: tables, views, queries, VALUES, joins and APPLY."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.catalog import TableDef, ViewDef, parts_of
from recon.connectors.local.tsql.duck import name, subquery
from recon.connectors.local.tsql.expr import known, refuse_unknown, unified, value
from recon.connectors.local.tsql.pivot import turned
from recon.connectors.local.tsql.predicate import predicate
from recon.connectors.local.tsql.routines import dotted, routine, table_function
from recon.connectors.local.tsql.row_sets import ROW_SETS
from recon.connectors.local.tsql.scope import Env, Field, Output, Query, Source
from recon.connectors.local.tsql.system import system_view
from recon.connectors.local.tsql.watched import columns_of

if TYPE_CHECKING:
    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Typed

_SYSTEM = {"sys", "information_schema"}


def relations(env: Env, node: Tree) -> tuple[Env, Tree | None, list[Tree]]:
    """FROM and joins of a statement: the scope with their tables, DuckDB's FROM and its joins."""
    given = node.args.get("from_")
    if given is None:
        return env, None, []
    env, first = _first(env, given.this)
    joins: list[Tree] = []
    nested = list(given.this.args.get("joins") or []) if not isinstance(given.this, exp.Subquery) else []
    for item in (*nested, *(node.args.get("joins") or [])):
        env, join = _join(env, item)
        joins.append(join)
    return env, exp.From(this=first), joins


def _first(env: Env, node: Tree) -> tuple[Env, Tree]:
    if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):
        return _bracketed(env, node)
    source, tree = relation(env, node)
    return env.see((*env.sources, source)), tree


def _bracketed(env: Env, node: exp.Subquery) -> tuple[Env, Tree]:
    """`(a JOIN b ON ...)`: its tables are seen as if the brackets were not there."""
    known(env, node, "this", "joins")
    env, first = _first(env, node.this)
    table = first
    joins: list[Tree] = []
    for item in (*(node.this.args.get("joins") or []), *(node.args.get("joins") or [])):
        env, join = _join(env, item)
        joins.append(join)
    table.set("joins", joins)
    return env, exp.Paren(this=table)


def _join(env: Env, node: Tree) -> tuple[Env, Tree]:
    known(env, node, "this", "side", "kind", "on", "hint", "method")
    if isinstance(node.this, exp.Lateral):
        return _apply(env, node)
    env, tree = _first(env, node.this)
    on, side, kind = node.args.get("on"), node.args.get("side"), node.args.get("kind")
    if node.args.get("method") or kind not in {None, "", "INNER", "OUTER", "CROSS"}:
        refuse_unknown(env, node)
    if on is None:
        if side or kind == "INNER":
            env.refuse(node, "a join without ON")
        return env, exp.Join(this=tree, kind="CROSS")
    return env, exp.Join(this=tree, side=side, kind=kind, on=predicate(env, on))


def _apply(env: Env, node: Tree) -> tuple[Env, Tree]:
    """CROSS APPLY and OUTER APPLY: a query that sees the tables before it."""
    lateral = node.this
    known(env, lateral, "this", "alias", "cross_apply")
    if lateral.args.get("cross_apply") is None:
        refuse_unknown(env, node)
    inner = lateral.this
    query = _rows_of(env, inner) if isinstance(inner, (exp.Anonymous, exp.Dot)) else _query_of(env, inner)
    alias = env.ctx.alias()
    source = Source(alias, (_alias_name(lateral),), query.fields(_alias_columns(lateral)))
    tree = exp.Lateral(this=subquery(query.tree), alias=exp.TableAlias(this=name(alias)))
    env.ctx.traced[alias] = columns_of(query.tree)
    seen = env.see((*env.sources, source))
    if lateral.args["cross_apply"]:
        return seen, exp.Join(this=tree, kind="CROSS")
    return seen, exp.Join(this=tree, side="LEFT", on=exp.true())


def _query_of(env: Env, node: Tree) -> Query:
    if not isinstance(node, exp.Subquery):
        refuse_unknown(env, node)
    return env.ctx.query(env.ungrouped(), node.this)


def relation(env: Env, node: Tree) -> tuple[Source, Tree]:
    """One table of a FROM, as it is seen and as DuckDB names it."""
    if node.args.get("pivots"):
        return _turned(env, node)
    if isinstance(node, exp.Table):
        return _table(env, node)
    if isinstance(node, exp.Subquery):
        known(env, node, "this", "alias")
        outside = env.outer or Env(env.ctx)
        query = env.ctx.query(outside, node.this)
        return derived(env, node, query)
    if isinstance(node, exp.Values):
        known(env, node, "expressions", "alias")
        return derived(env, node, values(env, node))
    return refuse_unknown(env, node)


def _turned(env: Env, node: Tree) -> tuple[Source, Tree]:
    """A table with PIVOT or UNPIVOT behind it: seen under the alias of that."""
    plain = node.copy()
    plain.set("pivots", None)
    plain.set("joins", None)
    source, _ = relation(env, plain)
    return derived(env, node.args["pivots"][0], turned(env, node, source))


def _alias_name(node: Tree) -> str:
    alias = node.args.get("alias")
    return alias.name if alias is not None else ""


def _alias_columns(node: Tree) -> tuple[str, ...]:
    alias = node.args.get("alias")
    return tuple(c.name for c in alias.columns) if isinstance(alias, exp.TableAlias) else ()


def derived(env: Env, node: Tree, query: Query) -> tuple[Source, Tree]:
    """A query as a table."""
    columns = _alias_columns(node)
    if columns and len(columns) != len(query.outputs):
        env.refuse(node, "the alias names another number of columns than the query has", "8158")
    alias = env.ctx.alias()
    source = Source(alias, (_alias_name(node),), query.fields(columns))
    return source, _asked(env, alias, subquery(query.tree, alias))


def _asked(env: Env, alias: str, tree: Tree) -> Tree:
    """The table; remembered as one that can be asked alone when it reads nothing of the rows around it."""
    if env.correlated:
        env.ctx.traced[alias] = columns_of(tree)
    else:
        env.ctx.rows[alias] = tree.copy()
    return tree


def _table(env: Env, node: exp.Table) -> tuple[Source, Tree]:
    if node.args.get("sample") is not None:
        env.refuse(node, "TABLESAMPLE reads other rows in every run: nothing can be compared with it")
    known(env, node, "this", "db", "catalog", "alias", "joins")
    if isinstance(node.this, exp.Anonymous):
        outside = env.outer or Env(env.ctx)
        return derived(env, node, _rows_of(outside, node))
    parts = parts_of(node)
    common = env.ctx.ctes.get(parts[0].casefold()) if len(parts) == 1 else None
    called = (_alias_name(node),) if _alias_name(node) else parts
    alias = env.ctx.alias()
    as_alias = exp.TableAlias(this=name(alias))
    if common is not None:
        real, query = common
        env.ctx.rows[alias] = exp.Table(this=name(real), alias=as_alias)
        return Source(alias, called, query.fields()), env.ctx.rows[alias].copy()
    found = env.ctx.catalog.get(parts)
    if isinstance(found, ViewDef):
        query = env.ctx.query(Env(env.ctx), found.query)
        return Source(alias, called, query.fields(found.columns)), _asked(
            env, alias, subquery(query.tree, alias)
        )
    if found is None:
        view = system_view(env.ctx.catalog, parts) if len(parts) > 1 else None
        if view is None:
            return missing(env, node, parts)
        return Source(alias, called, view.fields()), subquery(view.tree, alias)
    called = called if _alias_name(node) or not found.schema else (found.schema, found.name)
    return base_source(env, found, alias, called), env.ctx.rows[alias].copy()


def base_source(env: Env, table: TableDef, alias: str, called: tuple[str, ...]) -> Source:
    """A base table as it is seen."""
    env.ctx.rows[alias] = exp.Table(**{**table.tree.args, "alias": exp.TableAlias(this=name(alias))})
    fields = tuple(Field(c.name, c.type, c.name) for c in table.columns)
    return Source(alias, called, fields, table.key)


def missing(env: Env, node: Tree, parts: tuple[str, ...]) -> tuple[Source, Tree]:
    """Refuse a table that does not exist, with the nearest name."""
    asked = ".".join(parts)
    if len(parts) > 1 and parts[-2].casefold() in _SYSTEM:
        env.refuse(node, f"the system view {asked} is not supported")
    near = difflib.get_close_matches(asked, env.ctx.catalog.near(parts), 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return env.refuse(node, f"there is no table {asked}{hint}", "208")


def values(env: Env, node: Tree) -> Query:
    """A VALUES list, its columns brought to common types."""
    rows = [list(r.expressions) if isinstance(r, exp.Tuple) else [r] for r in node.expressions]
    typed = [[value(env, cell) for cell in row] for row in rows]
    if len({len(row) for row in typed}) != 1:
        env.refuse(node, "the rows of VALUES have different numbers of columns", "10709")
    refuse_numbers(env, node, len(rows))
    columns: list[list[Typed]] = [unified(env, node, [row[i] for row in typed]) for i in range(len(typed[0]))]
    selects = [
        exp.select(*(exp.alias_(c[i].tree, f"c{j}", quoted=True) for j, c in enumerate(columns)))
        for i in range(len(rows))
    ]
    made: exp.Expr = selects[0]
    for select in selects[1:]:
        made = exp.Union(this=made, expression=select, distinct=False)
    return Query(made, tuple(Output("", c[0].type) for c in columns))


def refuse_numbers(env: Env, node: Tree, rows: int) -> None:
    """Refuse a sequence in a list of several rows: here each of them would get the same number."""
    if rows > 1 and env.ctx.sequences:
        env.refuse(node, "NEXT VALUE FOR in a list of several rows is not supported")


def _rows_of(env: Env, node: Tree) -> Query:
    """A function that returns a table, in FROM or behind APPLY."""
    if isinstance(node, exp.Dot):
        parts, call = dotted(node)
    else:
        call = node.this if isinstance(node, exp.Table) else node
        schema = node.args.get("db")
        parts = (*((schema.name,) if schema else ()), str(call.this))
    if call is None:
        return refuse_unknown(env, node)
    built_in = ROW_SETS.get(str(call.this).upper()) if len(parts) == 1 else None
    if len(parts) == 1 and built_in is None and routine(env, parts) is None:
        return refuse_unknown(env, call)
    return built_in(env, call) if built_in else table_function(env, node, parts, call)
