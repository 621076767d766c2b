"""DISTINCT, UNION, EXCEPT and INTERSECT under a collation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.collate import folded
from recon.connectors.local.tsql.duck import binary, column, fn, num, subquery
from recon.connectors.local.tsql.group import SPELLINGS
from recon.connectors.local.tsql.scope import Probe, Query
from recon.connectors.local.tsql.watched import columns_of
from recon.sqlscript.tsql_parse import line_of
from recon.sqlscript.tsql_types import Family

if TYPE_CHECKING:
    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env


def keys(env: Env, made: Query, alias: str) -> list[Tree]:
    """What has to be the same for two rows to be equal."""
    return [folded(env, column(alias, f"c{i}"), o.type) for i, o in enumerate(made.outputs)]


def _all(made: Query, alias: str) -> list[Tree]:
    return [exp.alias_(column(alias, f"c{i}"), f"c{i}", quoted=True) for i in range(len(made.outputs))]


def unique(env: Env, node: Tree, made: Query) -> Query:
    """Each row once; of rows that are equal under the collation, one."""
    alias = env.ctx.alias("d")
    env.ctx.traced[alias] = columns_of(made.tree)
    chosen = exp.select(*_all(made, alias)).from_(subquery(made.tree, alias))
    if not any(o.type.family is Family.TEXT for o in made.outputs):
        return Query(chosen.distinct(), made.outputs)
    _watch(env, node, made, alias)
    on = exp.Tuple(expressions=keys(env, made, alias))
    chosen.set("distinct", exp.Distinct(on=on))
    chosen.set("order", exp.Order(expressions=[exp.Ordered(this=e.this) for e in _all(made, alias)]))
    return Query(chosen, made.outputs)


def _watch(env: Env, node: Tree, made: Query, alias: str) -> None:
    if env.correlated:
        return
    mixed: Tree | None = None
    for i, output in enumerate(made.outputs):
        if output.type.family is Family.TEXT:
            cell = column(alias, f"c{i}")
            differ = binary(exp.NEQ, fn("min", cell), fn("max", cell))
            mixed = differ if mixed is None else exp.Or(this=mixed, expression=differ)
    probe = exp.select(num(1)).from_(subquery(made.tree, alias))
    probe.set("group", exp.Group(expressions=keys(env, made, alias)))
    probe.set("having", exp.Having(this=mixed))
    env.ctx.probes.append(Probe(probe.limit(1), SPELLINGS, line_of(node, env.ctx.line)))


def combined(env: Env, node: exp.SetOperation, left: Query, right: Query) -> Query:
    """Two queries with the same column types as one."""
    if isinstance(node, exp.Union):
        both = exp.Union(this=subquery(left.tree), expression=subquery(right.tree), distinct=False)
        made = Query(both, left.outputs)
        return unique(env, node, made) if node.args.get("distinct") else made
    if not node.args.get("distinct", True):
        return env.refuse(node, f"{type(node).__name__.upper()} ALL does not exist in T-SQL")
    mine, other = env.ctx.alias("l"), env.ctx.alias("r")
    env.ctx.traced[mine] = columns_of(left.tree)
    same: Tree = exp.true()
    for a, b in zip(keys(env, left, mine), keys(env, right, other), strict=True):
        same = exp.And(this=same, expression=binary(exp.NullSafeEQ, a, b))
    found: Tree = exp.Exists(this=exp.select(num(1)).from_(subquery(right.tree, other)).where(same))
    if isinstance(node, exp.Except):
        found = exp.Not(this=found)
    chosen = exp.select(*_all(left, mine)).from_(subquery(left.tree, mine)).where(found)
    return unique(env, node, Query(chosen, left.outputs))
