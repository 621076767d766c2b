"""A T-SQL query to a DuckDB query whose columns are called c0, c1 ...

https://learn.microsoft.com/en-us/sql/t-sql/queries/select-transact-sql
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.aggregate import has_aggregate
from recon.connectors.local.tsql.convert import convert
from recon.connectors.local.tsql.duck import cast, column, name, subquery
from recon.connectors.local.tsql.expr import known, refuse_unknown, value
from recon.connectors.local.tsql.from_clause import relations, values
from recon.connectors.local.tsql.group import Grouping, grouping, watch_spellings
from recon.connectors.local.tsql.predicate import filtering, predicate
from recon.connectors.local.tsql.scope import Env, Output, Projected, Query, Typed
from recon.connectors.local.tsql.sets import combined, unique
from recon.connectors.local.tsql.ties import watch_windows
from recon.connectors.local.tsql.top import Ordering, limited
from recon.connectors.local.tsql.watched import columns_of
from recon.sqlscript.tsql_types import Family, united

if TYPE_CHECKING:
    from recon.connectors.local.tsql.duck import Tree

_SELECT_PARTS = (
    *("expressions", "from_", "joins", "where", "group", "having", "order", "limit", "offset", "distinct"),
    *("with_", "kind", "operation_modifiers"),
)


def query(env: Env, node: Tree) -> Query:
    """Translate a SELECT, a set operation or either in brackets. `env` is the scope around it."""
    if isinstance(node, exp.Subquery):
        known(env, node, "this", "with_")
        return query(env, node.this)
    if isinstance(node, exp.Values):
        return values(env, node)
    ctes = common_tables(env, node)
    if isinstance(node, exp.Select):
        made = _select(env, node)
    elif isinstance(node, (exp.Union, exp.Except, exp.Intersect)):
        made = _set_operation(env, node)
    else:
        return refuse_unknown(env, node)
    return replace(made, tree=with_tables(made.tree, ctes))


def with_tables(tree: Tree, ctes: list[exp.CTE]) -> Tree:
    """A query with its common table expressions in front."""
    if ctes:
        tree.set("with_", exp.With(expressions=ctes))
    return tree


def common_tables(env: Env, node: Tree) -> list[exp.CTE]:
    """Translate the WITH of a statement; from here on its names are known."""
    given = node.args.get("with_")
    if given is None:
        return []
    made: list[exp.CTE] = []
    for item in given.expressions:
        named = item.alias
        if any(t.name.casefold() == named.casefold() and not t.args.get("db") for t in _tables(item.this)):
            env.refuse(
                item, f"{named} reads itself: Synapse has no recursive common table expressions", "252"
            )
        inner = env.ctx.query(Env(env.ctx), item.this)
        columns = tuple(c.name for c in item.args["alias"].columns)
        if columns:
            if len(columns) != len(inner.outputs):
                env.refuse(item, f"{named} names another number of columns than its query has", "8158")
            outputs = tuple(replace(o, name=c) for o, c in zip(inner.outputs, columns, strict=True))
            inner = replace(inner, outputs=outputs)
        alias = env.ctx.alias("w")
        env.ctx.ctes[named.casefold()] = (alias, inner)
        made.append(exp.CTE(this=inner.tree, alias=exp.TableAlias(this=name(alias))))
        env.ctx.with_list.append(made[-1])
    return made


def _tables(tree: Tree) -> list[exp.Table]:
    return list(tree.find_all(exp.Table))


def _select(outer: Env, node: exp.Select) -> Query:
    known(outer, node, *_SELECT_PARTS)
    env, source, joins = relations(outer.inner() if outer.sources or outer.outer else Env(outer.ctx), node)
    env = replace(env, outer=outer if outer.sources or outer.outer else None)
    where = node.args.get("where")
    condition = filtering(env, where.this) if where is not None else None
    tree = exp.Select()
    if source is not None:
        tree.set("from_", source)
        tree.set("joins", joins)
    if condition is not None:
        tree.set("where", exp.Where(this=condition))
    env, grouped = _grouped(env, node, tree)
    items = [(item, c) for item in node.expressions for c in projection(env, item)]
    columns = [c for _, c in items]
    tree.set("expressions", [exp.alias_(c.value.tree, f"c{i}", quoted=True) for i, c in enumerate(columns)])
    having = node.args.get("having")
    if having is not None:
        tree.set("having", exp.Having(this=predicate(env, having.this)))
    watch_windows(env, node, tree, items)
    if grouped is not None:
        watch_spellings(env, node, tree, grouped, items)
    made = Query(tree, tuple(c.output for c in columns))
    if node.args.get("distinct"):
        sorting = replace(env, results=(tuple(c.value.tree for c in columns),))
        made = unique(env, node, made)
        return limited(env, node, made, Ordering.of_result(sorting, node, made))
    typed = tuple(c.value for c in columns)
    return limited(env, node, made, Ordering.of_select(env, node, made, typed))


def _grouped(env: Env, node: exp.Select, tree: exp.Select) -> tuple[Env, Grouping | None]:
    """The scope after GROUP BY: grouping expressions stand for themselves, all else is aggregated."""
    group = node.args.get("group")
    order = node.args.get("order")
    parts = [*node.expressions, *(order.expressions if order else [])]
    having = node.args.get("having")
    if group is None:
        aggregated = having is not None or any(has_aggregate(p) for p in parts)
        return replace(env, groups={}) if aggregated else env, None
    made = grouping(env, group, tree)
    tree.set("group", made.clause)
    return replace(env, groups=made.stand_ins), made


def projection(env: Env, node: Tree) -> list[Projected]:
    """The columns that one item of a select list gives; a star gives several."""
    if isinstance(node, exp.Star):
        known(env, node)
        return _star(env, node, ())
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
        qualifier = [node.args.get(k) for k in ("catalog", "db", "table")]
        return _star(env, node, tuple(_identifier(q) for q in qualifier if q))
    called = ""
    inner = node
    if isinstance(node, exp.Alias):
        called, inner = node.alias, node.this
    made = value(env, inner)
    if made.type.family is Family.NULL:
        made = Typed(cast(exp.Null(), made.type), made.type)
    origin = None
    if isinstance(inner, exp.Column):
        called = called or inner.name
        if isinstance(made.tree, exp.Column):
            origin = (made.tree.table, made.tree.name)
    return [Projected(Output(called, made.type, origin), made)]


def _identifier(node: Tree) -> str:
    return ("#" if node.args.get("temporary") else "") + node.name


def _star(env: Env, node: Tree, qualifier: tuple[str, ...]) -> list[Projected]:
    sources = [s for s in env.sources if not qualifier or s.answers_to(qualifier)]
    if not sources:
        env.refuse(node, f"there is no table {'.'.join(qualifier)} for the *", "107")
    return [
        Projected(Output(f.name, f.type, (s.alias, f.real)), Typed(column(s.alias, f.real), f.type))
        for s in sources
        for f in s.fields
    ]


def _set_operation(env: Env, node: exp.SetOperation) -> Query:
    known(env, node, "this", "expression", "distinct", "order", "limit", "offset", "with_")
    left, right = query(env, node.this), query(env, node.expression)
    if len(left.outputs) != len(right.outputs):
        env.refuse(node, "the queries of a set operation have different numbers of columns", "205")
    outputs = tuple(_common(env, node, a, b) for a, b in zip(left.outputs, right.outputs, strict=True))
    sides = [_converted(env, node, q, outputs) for q in (left, right)]
    env = env.inner() if env.sources or env.outer else env
    sorting = replace(env, results=tuple(columns for side in sides for columns in columns_of(side)))
    made = combined(env, node, Query(sides[0], outputs), Query(sides[1], outputs))
    return limited(env, node, made, Ordering.of_result(sorting, node, made))


def _common(env: Env, node: Tree, a: Output, b: Output) -> Output:
    try:
        return Output(a.name, united(a.type, b.type))
    except ValueError as error:
        return env.refuse(node, str(error), "206")


def _converted(env: Env, node: Tree, side: Query, outputs: tuple[Output, ...]) -> Tree:
    """One side with its columns in the common types."""
    if tuple(o.type for o in side.outputs) == tuple(o.type for o in outputs):
        return side.tree
    alias = env.ctx.alias("u")
    cells = [
        convert(env, node, Typed(column(alias, f"c{i}"), old.type), new.type).tree
        for i, (old, new) in enumerate(zip(side.outputs, outputs, strict=True))
    ]
    chosen = exp.select(*(exp.alias_(c, f"c{i}", quoted=True) for i, c in enumerate(cells)))
    env.ctx.traced[alias] = columns_of(side.tree)
    return chosen.from_(subquery(side.tree, alias))
