"""Questions about the values behind an expression: whether an approximation can have mattered.

They are asked beside the statement, of the whole tables that the columns come from: that no row hits is then
sure for the rows that the statement reads. Where a question cannot be asked, the answer is taken to be yes.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.duck import column, fn, num, subquery
from recon.connectors.local.tsql.scope import Probe
from recon.sqlscript.tsql_parse import line_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env

# What stands for one of the values of a group, so that the values themselves can be asked instead.
_ONE_OF = {"min", "max", "any_value", "arg_min", "arg_max"}
_BEYOND = {"string_agg", "sum", "count", "avg", "random", "gen_random_uuid", "unnest"}


def watch_values(env: Env, node: Tree, holds: Tree, note: str) -> None:
    """Have `note` said when `holds` is true for a row of the table that its columns come from."""
    for given in _traced(env, holds):
        asked = _askable(given)
        rows = None if asked is None else _rows(env, asked)
        if asked is None or rows is None:
            env.note(node, note)
        elif rows:
            _ask(env, node, exp.select(num(1)).from_(rows[0]).where(asked).limit(1), note)
        elif env.ctx.session.evaluate(asked):
            env.note(node, note)


def watch_set(env: Env, node: Tree, values: Sequence[Tree], matters: Tree, differ: Tree, note: str) -> None:
    """Have `note` said when the condition `differ` has a row among all of `values`, each once, as `"v"."v"`.

    `differ` may hold window functions; it is asked only where `matters`, which is cheap, holds for a value.
    """
    members: list[exp.Select] = []
    for given in (t for v in values for t in _traced(env, v)):
        asked = _askable(given)
        rows = None if asked is None else _rows(env, asked)
        if asked is None or rows is None:
            env.note(node, note)
            return
        member = exp.select(exp.alias_(asked, "v", quoted=True))
        members.append(member.from_(rows[0]) if rows else member)
    every: Tree = members[0]
    for member in members[1:]:
        every = exp.Union(this=every, expression=member, distinct=True)
    once = exp.select(column("s", "v")).distinct().from_(subquery(every, "s"))
    any_matters = exp.select(fn("bool_or", matters)).from_(subquery(once.copy(), "v"))
    tested = exp.select(exp.alias_(differ, "d", quoted=True)).from_(subquery(once, "v"))
    tested.set("where", exp.Where(this=subquery(any_matters)))
    _ask(env, node, exp.select(num(1)).from_(subquery(tested, "q")).where(column("q", "d")).limit(1), note)


def _ask(env: Env, node: Tree, question: exp.Select, note: str) -> None:
    probe = Probe(question, note, line_of(node, env.ctx.line))
    if probe not in env.ctx.probes:
        env.ctx.probes.append(probe)


def one_table(*trees: Tree) -> bool:
    """Whether all columns of some expressions come from one table, or there are none."""
    return len({c.table for t in trees for c in t.find_all(exp.Column) if c.table}) < 2


def columns_of(tree: Tree) -> list[tuple[Tree, ...]]:
    """The columns of each SELECT that a query is made of."""
    if isinstance(tree, exp.Subquery):
        return columns_of(tree.this)
    if isinstance(tree, exp.SetOperation):
        return [*columns_of(tree.this), *columns_of(tree.expression)]
    return [tuple(c.unalias() for c in tree.expressions)] if isinstance(tree, exp.Select) else []


def _traced(env: Env, tree: Tree) -> list[Tree]:
    """The expression; over columns of a query that cannot be asked alone, what these come from instead."""
    strange = [c for c in tree.find_all(exp.Column) if c.table and c.table not in env.ctx.rows]
    if not strange:
        return [tree]
    sources = env.ctx.traced.get(strange[0].table, list(env.results))
    if not sources or any(c.table == strange[0].table and not re.fullmatch(r"c\d+", c.name) for c in strange):
        return [tree]
    made: list[Tree] = []
    for columns in sources:
        holder = exp.Paren(this=tree.copy())
        for found in list(holder.find_all(exp.Column)):
            if found.table == strange[0].table:
                found.replace(exp.Paren(this=columns[int(found.name[1:])].copy()))
        made += _traced(replace(env, results=()), holder)
    return made


def _rows(env: Env, tree: Tree) -> list[Tree] | None:
    """The one table that an expression reads, none for a constant; None where it cannot be asked."""
    aliases = {c.table for c in tree.find_all(exp.Column) if c.table}  # those of DuckDB's lambdas have none
    held = [env.ctx.rows.get(a) for a in aliases]
    known = [h.copy() for h in held if h is not None]
    return known if len(known) == len(held) < 2 else None


def _askable(tree: Tree) -> Tree | None:
    """The expression for every row, NULL where it fails. None if it has no value outside of its statement."""
    if tree.find(exp.Select, exp.Window, exp.Unnest, exp.Explode) is not None:
        return None
    holder = exp.Paren(this=tree.copy())
    for call in list(holder.find_all(exp.Anonymous)):
        called = str(call.this).lower()
        if called in _BEYOND:
            return None
        if called in _ONE_OF:
            call.replace(call.expressions[0])
        elif called == "error":
            call.replace(exp.Null())
        elif called == "grouping":
            call.replace(num(0))
    return fn("try", holder)
