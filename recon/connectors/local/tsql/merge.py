"""MERGE. https://learn.microsoft.com/en-us/sql/t-sql/statements/merge-transact-sql"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.context import watch
from recon.connectors.local.tsql.convert import assign
from recon.connectors.local.tsql.dml import default_of, target_table
from recon.connectors.local.tsql.duck import name
from recon.connectors.local.tsql.expr import known, value
from recon.connectors.local.tsql.from_clause import base_source, relation
from recon.connectors.local.tsql.predicate import predicate
from recon.connectors.local.tsql.query import common_tables
from recon.connectors.local.tsql.scope import Env

if TYPE_CHECKING:
    from recon.connectors.local.tsql.catalog import ColumnDef, TableDef
    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.session import Session


def merge(session: Session, env: Env, node: exp.Merge) -> int:
    """MERGE; how many rows it inserted, updated and deleted."""
    known(env, node, "this", "using", "on", "whens", "with_")
    ctes = common_tables(env, node)
    target = target_table(env, node.this)
    alias = env.ctx.alias()
    called = node.this.args["alias"].name if node.this.args.get("alias") else ""
    mine = base_source(target, alias, (called,) if called else (target.schema, target.name))
    other, using = relation(Env(env.ctx), node.args["using"])
    scope = Env(env.ctx, (mine, other))
    made = exp.Merge(
        this=exp.Table(**{**target.tree.args, "alias": exp.TableAlias(this=name(alias))}),
        using=using,
        on=predicate(scope, node.args["on"]),
        whens=exp.Whens(expressions=[_when(scope, target, w) for w in node.args["whens"].expressions]),
    )
    if ctes:
        made.set("with_", exp.With(expressions=ctes))
    watch(env)
    return session.changed(made)


def _when(env: Env, target: TableDef, node: Tree) -> exp.When:
    known(env, node, "matched", "source", "condition", "then")
    matched, by_source = bool(node.args.get("matched")), bool(node.args.get("source"))
    seen = env.see(env.sources[:1] if by_source else env.sources if matched else env.sources[1:])
    condition = node.args.get("condition")
    return exp.When(
        matched=matched,
        source=by_source,
        condition=predicate(seen, condition) if condition is not None else None,
        then=_action(seen, target, node.args["then"]),
    )


def _action(env: Env, target: TableDef, node: Tree) -> Tree:
    if isinstance(node, exp.Var):
        return exp.Var(this="DELETE")
    if isinstance(node, exp.Update):
        return exp.Update(expressions=[_assignment(env, target, item) for item in node.expressions])
    if isinstance(node, exp.Insert):
        return _insertion(env, target, node)
    return env.refuse(node, "this action of MERGE is not supported")


def _assignment(env: Env, target: TableDef, item: Tree) -> exp.EQ:
    if not isinstance(item, exp.EQ) or not isinstance(item.this, exp.Column):
        return env.refuse(item, "only columns can be set here")
    made = _column(env, target, item, item.this.name)
    new = assign(env, item, value(env, item.expression), made.type, made.name)
    return exp.EQ(this=exp.Column(this=name(made.name)), expression=new)


def _insertion(env: Env, target: TableDef, node: exp.Insert) -> exp.Insert:
    listed = [c.name for c in node.this.expressions] if node.this is not None else []
    if any(c.identity for c in target.columns):
        env.refuse(node, "MERGE that inserts into a table with IDENTITY is not supported")
    names = listed or [c.name for c in target.columns]
    given = list(node.expression.expressions)
    if len(names) != len(given):
        env.refuse(node, "the INSERT of the MERGE has another number of values than columns", "213")
    by_name = {_column(env, target, node, n).name: v for n, v in zip(names, given, strict=True)}
    cells: list[Tree] = []
    for made in target.columns:
        written = by_name.get(made.name)
        new = value(env, written) if written is not None else default_of(env, made)
        cells.append(assign(env, node, new, made.type, made.name))
    columns = [exp.Column(this=name(c.name)) for c in target.columns]
    return exp.Insert(this=exp.Tuple(expressions=columns), expression=exp.Tuple(expressions=cells))


def _column(env: Env, target: TableDef, node: Tree, named: str) -> ColumnDef:
    found = target.column(named)
    return found or env.refuse(node, f"{target.name} has no column {named}", "207")
