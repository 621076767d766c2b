"""GROUP BY under a collation: texts that are equal form one group, and one of them stands for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.aggregate import has_aggregate
from recon.connectors.local.tsql.collate import folded
from recon.connectors.local.tsql.duck import binary, case, equal, fn, num
from recon.connectors.local.tsql.expr import known, value
from recon.connectors.local.tsql.scope import Probe
from recon.connectors.local.tsql.uses import used_names
from recon.sqlscript.tsql_parse import line_of
from recon.sqlscript.tsql_types import Family

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env, Projected, Typed

SPELLINGS = (
    "values that differ only in case or trailing blanks are one group; which of them is shown is not defined"
    " in T-SQL"
)


@dataclass(frozen=True, slots=True)
class Grouping:
    """DuckDB's GROUP BY, what stands for each grouping expression afterwards, and those that are text."""

    clause: exp.Group
    keys: tuple[Tree, ...]  # what has to be the same in one group
    stand_ins: dict[str, Tree]
    texts: tuple[Tree, ...]


def grouping(env: Env, group: Tree, tree: exp.Select) -> Grouping:
    """Translate GROUP BY."""
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
    texts = tuple(k.tree for k in keys if k.type.family is Family.TEXT)
    folds = tuple(folded(env, k.tree, k.type) for k in keys)
    return Grouping(exp.Group(expressions=parts), folds, groups, texts)


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


def watch_spellings(
    env: Env, node: Tree, tree: exp.Select, made: Grouping, items: Sequence[tuple[Tree, Projected]]
) -> None:
    """Have it noted when one group holds several spellings and a column that is read shows one of them."""
    if env.correlated or not made.texts:
        return
    used = used_names(node)
    shown: list[Tree] = []
    for item, projected in items:
        if used is None or projected.output.name.casefold() in used:
            shown += _spelled(item, projected.value.tree, made)
    if not shown:
        return
    several = [fn("count", exp.Distinct(expressions=[fn("row", s)])) for s in shown]
    probe = exp.select(num(1))
    for part in ("from_", "joins", "where"):
        probe.set(part, tree.args.get(part))
    probe.set("group", exp.Group(expressions=[k.copy() for k in made.keys]))
    probe.set("having", exp.Having(this=exp.or_(*(binary(exp.GT, s, num(1)) for s in several), copy=False)))
    env.ctx.probes.append(Probe(probe.limit(1), SPELLINGS, line_of(node, env.ctx.line)))


def _spelled(item: Tree, shown: Tree, made: Grouping) -> list[Tree]:
    """What has to be alike in all rows of a group for a column to show the same, whichever row stands for it.

    That is the column itself as each row gives it; beside aggregates, the texts that it reads.
    """
    stands = {made.stand_ins[t.sql("duckdb")].sql("duckdb"): t for t in made.texts}
    shown = shown.copy()
    windows = list(shown.find_all(exp.Window))
    for window in windows:  # what only divides and sorts the rows of a window is not shown
        window.set("partition_by", None)
        window.set("order", None)
    read = [stands[n.sql("duckdb")] for n in shown.walk() if n.sql("duckdb") in stands]
    if not read or windows or has_aggregate(item):
        return [t.copy() for t in read]
    return [shown.transform(lambda n: stands[n.sql("duckdb")].copy() if n.sql("duckdb") in stands else n)]
