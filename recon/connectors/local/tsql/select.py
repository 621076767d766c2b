"""SELECT as a statement: into variables, into a table, or as a result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql import ddl
from recon.connectors.local.tsql.catalog import parts_of
from recon.connectors.local.tsql.context import watch
from recon.connectors.local.tsql.convert import convert
from recon.connectors.local.tsql.duck import cast, column, constant, name, num, subquery
from recon.connectors.local.tsql.query import query
from recon.connectors.local.tsql.scope import Query, Typed

if TYPE_CHECKING:
    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.run import Runner
    from recon.connectors.local.tsql.scope import Env

RESULT = "recon result"


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
    _check_accumulation(env, tree, names)
    plain = tree.copy()
    plain.set("expressions", [item.expression.copy() for item in tree.expressions])
    made = query(env, plain)
    watch(env)
    kinds = [runner.variable(n, env.ctx.line) for n in names]
    if tree.args.get("from_") is not None and tree.args.get("order") is None:
        _note_several(runner, env, tree, made)
    rows = session.execute(made.tree).fetchall()
    session.rowcount = len(rows)
    if rows:
        for named, kind, output, found in zip(names, kinds, made.outputs, rows[-1], strict=True):
            given = Typed(constant(found, output.type), output.type)
            value = session.evaluate(convert(env, tree, given, kind).tree)
            session.frame.variables[named.casefold()] = (kind, value)


def _check_accumulation(env: Env, tree: exp.Select, names: list[str]) -> None:
    """SELECT @s = @s + x FROM t adds up over the rows in an order that is not defined."""
    if tree.args.get("from_") is None:
        return
    lowered = {n.casefold() for n in names}
    for item in tree.expressions:
        used = {("@" + p.name).casefold() for p in item.expression.find_all(exp.Parameter)}
        if used & lowered:
            env.refuse(item, "a variable that adds up over the rows of its own SELECT is not supported")


def _note_several(runner: Runner, env: Env, tree: exp.Select, made: Query) -> None:
    """More than one row without an order: which one is the last is not defined."""
    different = exp.select(num(1)).from_(subquery(made.tree.copy(), "q"))
    different.set("having", exp.Having(this=exp.GT(this=exp.Count(this=exp.Star()), expression=num(1))))
    if runner.session.execute(different).fetchone() is not None:
        env.note(tree, "several rows set the variable; which of them is the last is not defined in T-SQL")
