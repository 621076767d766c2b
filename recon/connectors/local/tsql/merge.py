"""MERGE. https://learn.microsoft.com/en-us/sql/t-sql/statements/merge-transact-sql

All rows are joined and planned before any is changed, so that each clause sees the table as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.changed import Changed, Kept, forget_rows, keep_rows, put_out
from recon.connectors.local.tsql.context import watch
from recon.connectors.local.tsql.convert import assign
from recon.connectors.local.tsql.dml import assigned, default_of, fill, is_default, row_id, target_table
from recon.connectors.local.tsql.duck import (
    binary,
    case,
    cast,
    column,
    equal,
    fn,
    is_null,
    name,
    negate,
    num,
    text,
)
from recon.connectors.local.tsql.expr import known, value
from recon.connectors.local.tsql.from_clause import base_source, relation
from recon.connectors.local.tsql.identity import check_given
from recon.connectors.local.tsql.predicate import predicate
from recon.connectors.local.tsql.query import common_tables
from recon.connectors.local.tsql.scope import Env, Field, Output, Query, Source
from recon.connectors.local.tsql.session import Failure
from recon.sqlscript import tsql_types as types

if TYPE_CHECKING:
    from recon.connectors.local.tsql.catalog import ColumnDef, TableDef
    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.session import Session
    from recon.sqlscript.tsql_extras import Extras

_INSERT, _UPDATE, _DELETE = "INSERT", "UPDATE", "DELETE"  # what $action says
_ACTIONS = types.varchar(10, national=True)


@dataclass(frozen=True, slots=True)
class _Clause:
    """One WHEN: what it does to a row that meets `condition`, and the new values by column name."""

    condition: Tree
    act: str
    new: dict[str, Tree]


@dataclass(frozen=True, slots=True)
class _Plan:
    """Both tables of a MERGE in one scope."""

    env: Env
    target: TableDef
    mine: Source
    other: Source
    using: Tree
    on: Tree

    @property
    def table(self) -> exp.Table:
        """The target under its alias."""
        return exp.Table(**{**self.target.tree.args, "alias": exp.TableAlias(this=name(self.mine.alias))})


def merge(session: Session, env: Env, node: exp.Merge, extras: Extras) -> Changed:
    """MERGE. Failure 8672 when it would change one row twice."""
    known(env, node, "this", "using", "on", "whens", "with_")
    if extras.top:
        env.refuse(node, "MERGE with TOP is not supported")
    ctes = common_tables(env, node)
    target = target_table(env, node.this)
    alias = env.ctx.alias()
    called = node.this.args["alias"].name if node.this.args.get("alias") else ""
    mine = base_source(env, target, alias, (called,) if called else (target.schema, target.name))
    other, using = relation(Env(env.ctx), node.args["using"])
    scope = Env(env.ctx, (mine, other))
    plan = _Plan(scope, target, mine, other, using, predicate(scope, node.args["on"]))
    planned = _planned(plan, node.args["whens"].expressions)
    if ctes:
        planned.set("with_", exp.With(expressions=ctes))
    watch(env)
    real = keep_rows(session, planned)
    output = None
    if extras.output:
        if any(c.identity for c in target.columns):
            env.refuse(node, "OUTPUT of a MERGE into a table with IDENTITY is not supported")
        output = put_out(env, extras, _kept(env, plan, real))
    rows = _carry_out(session, env, node, plan, real)
    if output is not None:
        return Changed(rows, output, real)
    forget_rows(session, real)
    return Changed(rows)


# --- The plan ------------------------------------------------------------------------------------


def _planned(plan: _Plan, whens: list[Tree]) -> exp.Query:
    """One row for each change: rid, act, old values o0 .., new values n0 .., the other side's x0 ..."""
    groups: dict[tuple[bool, bool], list[_Clause]] = {}
    for when in whens:
        matched, by_source = bool(when.args.get("matched")), bool(when.args.get("source"))
        groups.setdefault((matched, by_source and not matched), []).append(_clause(plan, when))
    parts: list[exp.Select] = []
    for (matched, by_source), clauses in groups.items():
        parts.append(_part(plan, clauses, has_mine=matched or by_source, has_other=not by_source))
    made: exp.Query = parts[0]
    for part in parts[1:]:
        made = exp.Union(this=made, expression=part, distinct=False)
    return made


def _part(plan: _Plan, clauses: list[_Clause], *, has_mine: bool, has_other: bool) -> exp.Select:
    """The rows of one kind of match with the action that comes first for each."""
    act = case(*((c.condition, text(c.act)) for c in clauses))
    cells: list[Tree] = [row_id(plan.mine.alias) if has_mine else cast(exp.Null(), "BIGINT"), act]
    labels = ["rid", "act"]
    for i, made in enumerate(plan.target.columns):
        old = column(plan.mine.alias, made.name) if has_mine else cast(exp.Null(), made.type)
        branches = [(c.condition.copy(), c.new.get(made.name, old).copy()) for c in clauses]
        new = case(*branches, default=cast(exp.Null(), made.type))
        cells += [old, cast(new, made.type)]
        labels += [f"o{i}", f"n{i}"]
    for i, field in enumerate(plan.other.fields):
        cells.append(column(plan.other.alias, field.real) if has_other else cast(exp.Null(), field.type))
        labels.append(f"x{i}")
    chosen = exp.select(*(exp.alias_(c, n, quoted=True) for c, n in zip(cells, labels, strict=True)))
    if has_mine and has_other:
        chosen = chosen.from_(plan.table).join(plan.using.copy(), on=plan.on.copy())
    else:
        here, there = (plan.table, plan.using.copy()) if has_mine else (plan.using.copy(), plan.table)
        match = exp.select(num(1)).from_(there).where(plan.on.copy())
        chosen = chosen.from_(here).where(exp.Not(this=exp.Exists(this=match)))
    outer = exp.select("*").from_(exp.Subquery(this=chosen, alias=exp.TableAlias(this=name("m"))))
    return outer.where(negate(is_null(column("m", "act"))))


def _clause(plan: _Plan, node: Tree) -> _Clause:
    known(plan.env, node, "matched", "source", "condition", "then")
    matched, by_source = bool(node.args.get("matched")), bool(node.args.get("source"))
    sources = plan.env.sources
    seen = plan.env.see(sources if matched else sources[:1] if by_source else sources[1:])
    written = node.args.get("condition")
    # A condition that is unknown is not met: https://learn.microsoft.com/sql/t-sql/language-elements/null-and-unknown-transact-sql
    condition = fn("coalesce", predicate(seen, written), exp.false()) if written is not None else exp.true()
    act, new = _action(seen, plan, node.args["then"])
    return _Clause(condition, act, new)


def _action(env: Env, plan: _Plan, node: Tree) -> tuple[str, dict[str, Tree]]:
    if isinstance(node, exp.Var):
        return _DELETE, {c.name: cast(exp.Null(), c.type) for c in plan.target.columns}
    if isinstance(node, exp.Update):
        return _UPDATE, _assignments(env, plan, node.expressions)
    if isinstance(node, exp.Insert):
        return _INSERT, _insertion(env, plan.target, node)
    return env.refuse(node, "this action of MERGE is not supported")


def _assignments(env: Env, plan: _Plan, items: list[Tree]) -> dict[str, Tree]:
    new: dict[str, Tree] = {}
    for item in items:
        named, cell = _assignment(env, plan, item)
        if named in new:
            env.refuse(item, "a column is set twice", "264")
        new[named] = cell
    return new


def _assignment(env: Env, plan: _Plan, item: Tree) -> tuple[str, Tree]:
    if not isinstance(item, exp.EQ) or not isinstance(item.this, exp.Column):
        env.refuse(item, "only columns can be set here")
    made = _column(env, plan.target, item, item.this.name)
    if made.identity:
        env.refuse(item, f"{made.name} is an IDENTITY column and cannot be set", "8102")
    return made.name, assigned(env, item, made, plan.mine)


def _insertion(env: Env, target: TableDef, node: exp.Insert) -> dict[str, Tree]:
    listed = [c.name for c in node.this.expressions] if node.this is not None else []
    names = listed or [c.name for c in target.columns if not c.identity]
    given = list(node.expression.expressions)
    if len(names) != len(given):
        env.refuse(node, "the INSERT of the MERGE has another number of values than columns", "213")
    by_name = {_column(env, target, node, n).name: v for n, v in zip(names, given, strict=True)}
    new: dict[str, Tree] = {}
    for made in target.columns:
        written = by_name.get(made.name)
        if made.identity and written is not None:
            env.refuse(node, f"{made.name} is an IDENTITY column; MERGE cannot fill it", "544")
        if made.identity:
            check_given(env, node, target, made, given=False)
        own = written if written is not None and not is_default(written) else None
        cell = value(env, own) if own is not None else default_of(env, made)
        new[made.name] = (
            cast(exp.Null(), made.type) if made.identity else assign(env, node, cell, made.type, made.name)
        )
    return new


def _column(env: Env, target: TableDef, node: Tree, named: str) -> ColumnDef:
    found = target.column(named)
    return found or env.refuse(node, f"{target.name} has no column {named}", "207")


# --- Carrying it out -----------------------------------------------------------------------------


def _carry_out(session: Session, env: Env, node: Tree, plan: _Plan, real: str) -> int:
    """Delete, update and insert what is planned; how many rows."""
    planned = exp.Table(this=name(real), alias=exp.TableAlias(this=name("k")))
    twice = exp.select(num(1)).from_(planned.copy()).where(negate(is_null(column("k", "rid"))))
    twice.set("group", exp.Group(expressions=[column("k", "rid")]))
    twice.set("having", exp.Having(this=binary(exp.GT, fn("count", exp.Star()), num(1))))
    if session.first(twice.limit(1)) is not None:
        message = "The MERGE statement attempted to UPDATE or DELETE the same row more than once."
        raise Failure(8672, message, exact=False)
    gone = exp.select(column("k", "rid")).from_(planned.copy()).where(_does(_DELETE))
    inside = exp.In(this=row_id(plan.mine.alias), query=exp.Subquery(this=gone))
    rows = session.changed(exp.Delete(this=plan.table, where=exp.Where(this=inside)))
    mine = _does(_UPDATE)
    settable = [(i, c) for i, c in enumerate(plan.target.columns) if not c.identity]
    changed = exp.Update(
        this=plan.table,
        expressions=[exp.EQ(this=name(c.name), expression=column("k", f"n{i}")) for i, c in settable],
        from_=exp.From(this=planned.copy()),
        where=exp.Where(
            this=exp.And(this=mine, expression=equal(row_id(plan.mine.alias), column("k", "rid")))
        ),
    )
    rows += session.changed(changed)
    fresh = exp.select(
        *(exp.alias_(column("k", f"n{i}"), f"c{j}", quoted=True) for j, (i, _) in enumerate(settable))
    )
    fresh = fresh.from_(planned.copy()).where(_does(_INSERT))
    given = Query(fresh, tuple(Output("", c.type) for _, c in settable))
    some = session.first(exp.select(num(1)).from_(fresh.copy().subquery("s")).limit(1))
    if some is None:
        return rows
    return rows + fill(session, env, node, plan.target, [c.name for _, c in settable], given, []).rows


def _does(act: str) -> Tree:
    return equal(column("k", "act"), text(act))


def _kept(env: Env, plan: _Plan, real: str) -> Kept:
    """What OUTPUT sees: $action, deleted, inserted, and the columns of the other side."""
    alias = env.ctx.alias()
    columns = plan.target.columns
    action = Field("$action", _ACTIONS, "act")
    return Kept(
        real,
        (
            Source(alias, ("$",), (action,)),
            Source(alias, ("deleted",), tuple(Field(c.name, c.type, f"o{i}") for i, c in enumerate(columns))),
            Source(
                alias, ("inserted",), tuple(Field(c.name, c.type, f"n{i}") for i, c in enumerate(columns))
            ),
            Source(
                alias,
                plan.other.names,
                tuple(Field(f.name, f.type, f"x{i}") for i, f in enumerate(plan.other.fields)),
            ),
        ),
    )
