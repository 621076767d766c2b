"""GROUP BY under a collation: texts that are equal form one group, and one of them stands for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.collate import folded
from recon.connectors.local.tsql.duck import binary, case, equal, fn, num
from recon.connectors.local.tsql.expr import known, value
from recon.connectors.local.tsql.scope import Probe
from recon.sqlscript.tsql_parse import line_of
from recon.sqlscript.tsql_types import Family

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env, Typed

SPELLINGS = (
    "values that differ only in case or trailing blanks are one group; which of them is shown is not defined"
    " in T-SQL"
)


def grouping(env: Env, group: Tree, tree: exp.Select) -> tuple[Tree, dict[str, Tree]]:
    """DuckDB's GROUP BY, and what stands for each grouping expression afterwards."""
    known(env, group, "expressions", "rollup", "cube")
    keys: list[Typed] = []

    def key(node: Tree) -> Tree:
        made = value(env, node)
        keys.append(made)
        return folded(env, made.tree, made.type)

    parts = [_part(node, key) for node in group.expressions]
    for name, kind in (("rollup", exp.Rollup), ("cube", exp.Cube)):
        if group.args.get(name):  # GROUP BY a, b WITH ROLLUP
            parts = [kind(expressions=parts)]
    partial = any(isinstance(p, (exp.Rollup, exp.Cube, exp.GroupingSets)) for p in parts)
    groups: dict[str, Tree] = {}
    for made in keys:
        stand_in = _stand_in(env, made, partial)
        if stand_in is not None:
            groups[made.tree.sql("duckdb")] = stand_in
    if partial:
        _watch_empty(env, group, tree)
    _watch(env, group, keys, tree)
    return exp.Group(expressions=parts), groups


def _part(node: Tree, key: Callable[[Tree], Tree]) -> Tree:
    if isinstance(node, (exp.Rollup, exp.Cube, exp.GroupingSets)):
        return type(node)(expressions=[_part(e, key) for e in node.expressions])
    if isinstance(node, exp.Tuple):
        return exp.Tuple(expressions=[_part(e, key) for e in node.expressions])
    return key(node.this if isinstance(node, exp.Paren) else node)


def _stand_in(env: Env, key: Typed, partial: bool) -> Tree | None:
    text = key.type.family is Family.TEXT
    if isinstance(key.tree, exp.Column) and not text:
        return None
    shown = fn("min" if text else "any_value", key.tree)
    if not partial:
        return shown
    present = equal(fn("grouping", folded(env, key.tree, key.type)), num(0))
    return case((present, shown), default=exp.Null())


def _watch_empty(env: Env, group: Tree, tree: exp.Select) -> None:
    """ROLLUP over no rows at all: whether a grand total comes out is not settled between engines."""
    said = "a total over no rows at all may be a row in Synapse; here there is none"
    if env.correlated:
        env.note(group, said)
        return
    rows = exp.select(num(1))
    for part in ("from_", "joins", "where"):
        rows.set(part, tree.args.get(part))
    probe = exp.select(num(1)).where(exp.Not(this=exp.Exists(this=rows)))
    env.ctx.probes.append(Probe(probe, said, line_of(group, env.ctx.line)))


def _watch(env: Env, group: Tree, keys: list[Typed], tree: exp.Select) -> None:
    """Have it noted when one group holds several spellings."""
    texts = [k.tree for k in keys if k.type.family is Family.TEXT]
    if not texts or env.correlated:
        return
    mixed: Tree | None = None
    for text in texts:
        differ = binary(exp.NEQ, fn("min", text), fn("max", text))
        mixed = differ if mixed is None else exp.Or(this=mixed, expression=differ)
    probe = exp.select(num(1))
    for part in ("from_", "joins", "where"):
        probe.set(part, tree.args.get(part))
    probe.set("group", exp.Group(expressions=[folded(env, k.tree, k.type) for k in keys]))
    probe.set("having", exp.Having(this=mixed))
    probe = probe.limit(1)
    env.ctx.probes.append(Probe(probe, SPELLINGS, line_of(group, env.ctx.line)))
