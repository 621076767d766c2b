"""SELECT as a statement: into variables, into a table, or as a result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql import ddl
from recon.connectors.local.tsql.aggregate import AGGREGATES, has_aggregate
from recon.connectors.local.tsql.catalog import parts_of
from recon.connectors.local.tsql.context import settle, watch
from recon.connectors.local.tsql.convert import convert
from recon.connectors.local.tsql.duck import cast, column, constant, name, num, subquery
from recon.connectors.local.tsql.expr import value as value_of
from recon.connectors.local.tsql.query import query
from recon.connectors.local.tsql.scope import Env, Field, Query, Source, Typed
from recon.sqlscript.tsql_types import Family

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.run import Runner

RESULT = "recon result"
ADDS_UP = "a variable is read by the SELECT that sets it"
NO_ORDER = f"{ADDS_UP}: in which order its rows are added is not defined in T-SQL"
NO_PROMISE = f"{ADDS_UP}: it adds up here as SQL Server is seen to do it, which promises nothing"


def keep(runner: Runner, env: Env, made: Query) -> None:
    """Keep the rows of a SELECT: a procedure's result, or what `query` returns."""
    session = runner.session
    watch(env)
    table = exp.Table(this=name(RESULT))
    session.execute(exp.Drop(tables=[table], kind="TABLE", exists=True))
    cells = [
        exp.alias_(cast(column("q", f"c{i}"), o.type), f"c{i}", quoted=True)
        for i, o in enumerate(made.outputs)
    ]
    temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
    chosen = exp.select(*cells).from_(subquery(made.tree, "q"))
    session.rowcount = session.changed(
        exp.Create(this=table, kind="TABLE", expression=chosen, properties=temporary)
    )
    every = [exp.alias_(column(RESULT, f"c{i}"), f"c{i}", quoted=True) for i in range(len(cells))]
    settle(env, session.rowcount)
    runner.results += 1
    runner.result = Query(exp.select(*every).from_(table.copy()), made.outputs)


def select_into(runner: Runner, env: Env, tree: Tree) -> None:
    """SELECT .. INTO t FROM ..."""
    into = tree.args["into"]
    tree.set("into", None)
    made = query(env, tree)
    watch(env)
    runner.session.rowcount = ddl.table_from(
        runner.session, parts_of(into.this), made, env.ctx.line, runner.file
    )
    settle(env, runner.session.rowcount)


def assign_variables(runner: Runner, env: Env, tree: exp.Select) -> None:
    """SELECT @a = x, @b = y FROM ...: the values of the last row; without rows nothing changes.

    https://learn.microsoft.com/en-us/sql/t-sql/language-elements/select-local-variable-transact-sql
    """
    session = runner.session
    names: list[str] = []
    for item in tree.expressions:
        if not isinstance(item, exp.EQ) or not isinstance(item.this, exp.Parameter):
            env.refuse(item, "a SELECT either sets variables or returns rows", "141")
        names.append("@" + item.this.name)
    if _adds_up(tree, names):
        _one_by_one(runner, env, tree, names)
        return
    plain = tree.copy()
    plain.set("expressions", [item.expression.copy() for item in tree.expressions])
    made = query(env, plain)
    watch(env)
    kinds = [runner.variable(n, env.ctx.line) for n in names]
    if tree.args.get("from_") is not None and tree.args.get("order") is None:
        _note_several(runner, env, tree, made)
    rows = session.execute(made.tree).fetchall()
    session.rowcount = len(rows)
    settle(env, len(rows))
    if rows:
        for named, kind, output, found in zip(names, kinds, made.outputs, rows[-1], strict=True):
            given = Typed(constant(found, output.type), output.type)
            value = session.evaluate(convert(env, tree, given, kind).tree)
            session.frame.variables[named.casefold()] = (kind, value)


def _adds_up(tree: exp.Select, names: list[str]) -> bool:
    """Whether a variable is read by the SELECT that sets it: `@s = @s + x`, or `@a = 1, @b = @a`."""
    read = any(_reads(item.expression, names) for item in tree.expressions)
    return read and (tree.args.get("from_") is not None or len(names) > 1)


def _reads(node: Tree, names: list[str]) -> bool:
    lowered = {n.casefold() for n in names}
    return any(("@" + p.name).casefold() in lowered for p in node.find_all(exp.Parameter))


def _of_rows(node: Tree) -> Iterator[Tree]:
    """What the query finds for each row: columns outside of aggregates, aggregates, window functions."""
    grouped = isinstance(node, exp.Anonymous) and str(node.this).upper() in AGGREGATES
    if grouped or isinstance(node, (exp.Column, exp.Window)):
        yield node
        return
    for child in node.iter_expressions():
        yield from _of_rows(child)


def _settled(tree: exp.Select, names: list[str], given: list[Tree]) -> bool:
    """Whether nothing is left open: there is one row, and no variable's value depends on another's turn."""
    one = any(map(has_aggregate, given)) and not tree.args.get("group")
    return one and not any(
        _reads(g, [n for n in names if n != own]) for g, own in zip(given, names, strict=True)
    )


def _one_by_one(runner: Runner, env: Env, tree: exp.Select, names: list[str]) -> None:
    """The variables row by row, each from left to right, as SQL Server is seen to do it."""
    session = runner.session
    kinds = [runner.variable(n, env.ctx.line) for n in names]
    given: list[Tree] = [exp.Paren(this=item.expression.copy()) for item in tree.expressions]
    if any(g.find(exp.Select) for g in given):
        env.refuse(tree, "a variable that adds up over a query is not supported")
    if not _settled(tree, names, given):
        matters = tree.args.get("order") is None and any(k.family is Family.TEXT for k in kinds)
        env.note(tree, NO_ORDER if matters and tree.args.get("from_") is not None else NO_PROMISE)
    wanted: dict[str, Tree] = {}
    for node in [node for g in given for node in _of_rows(g)]:
        if not isinstance(node, exp.Column) and _reads(node, names):
            env.refuse(tree, "a variable that is added up inside an aggregate is not supported")
        said = node.sql("tsql")
        place = list(wanted).index(said) if said in wanted else len(wanted)
        wanted.setdefault(said, node.copy())
        node.replace(exp.column(f"c{place}", quoted=True))
    plain = tree.copy()
    plain.set("expressions", list(wanted.values()) or [exp.Literal.number("1")])
    made = query(env, plain)
    watch(env)
    rows = session.execute(made.tree).fetchall()
    for row in rows:
        runner.check()
        cells = [
            exp.alias_(cast(constant(v, o.type), o.type), f"c{i}", quoted=True)
            for i, (v, o) in enumerate(zip(row, made.outputs, strict=True))
        ]
        fields = tuple(Field(f"c{i}", o.type, f"c{i}") for i, o in enumerate(made.outputs))
        seen = Env(env.ctx, (Source("r", ("r",), fields),))
        for named, kind, expression in zip(names, kinds, given, strict=True):
            value = convert(env, tree, value_of(seen, expression), kind)
            found = session.first(exp.select(value.tree).from_(subquery(exp.select(*cells), "r")))
            session.frame.variables[named.casefold()] = (kind, found[0] if found else None)
    session.rowcount = len(rows)


def _note_several(runner: Runner, env: Env, tree: exp.Select, made: Query) -> None:
    """More than one row without an order: which one is the last is not defined."""
    different = exp.select(num(1)).from_(subquery(made.tree.copy(), "q"))
    different.set("having", exp.Having(this=exp.GT(this=exp.Count(this=exp.Star()), expression=num(1))))
    if runner.session.first(different) is not None:
        env.note(tree, "several rows set the variable; which of them is the last is not defined in T-SQL")
