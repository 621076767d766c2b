"""INSERT, and what all statements share that change rows: their table, DEFAULTs, IDENTITY.

https://learn.microsoft.com/en-us/sql/t-sql/statements/insert-transact-sql
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.catalog import TableDef, parts_of
from recon.connectors.local.tsql.changed import Changed, first_rows, images, keep_rows, put_out
from recon.connectors.local.tsql.context import settle, watch
from recon.connectors.local.tsql.convert import assign
from recon.connectors.local.tsql.duck import (
    binary,
    cast,
    column,
    fn,
    name,
    num,
    plus,
    subquery,
    times,
)
from recon.connectors.local.tsql.expr import known, value
from recon.connectors.local.tsql.from_clause import missing, values
from recon.connectors.local.tsql.query import common_tables, query
from recon.connectors.local.tsql.scope import Env, Output, Query, Typed
from recon.sqlscript.tsql_extras import NO_EXTRAS, Extras
from recon.sqlscript.tsql_parse import expression

if TYPE_CHECKING:
    from recon.connectors.local.tsql.catalog import ColumnDef
    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.session import Session


def row_id(alias: str) -> Tree:
    """DuckDB's number of a row."""
    return exp.Column(this=exp.to_identifier("rowid"), table=name(alias))


def target_table(env: Env, node: Tree) -> TableDef:
    """The base table that a statement changes."""
    parts = named_parts(env, node)
    found = env.ctx.catalog.get(parts)
    if found is None:
        missing(env, node, parts)
    if not isinstance(found, TableDef):
        return env.refuse(node, f"{'.'.join(parts)} is a view; changing rows through it is not supported")
    if found.column("rowid") is not None:
        env.refuse(node, f"{found.name} has a column called rowid, which DuckDB keeps for itself")
    return found


def named_parts(env: Env, node: Tree) -> tuple[str, ...]:
    """The name of the table that a statement changes."""
    plain = isinstance(node, exp.Table) and isinstance(node.this, (exp.Identifier, exp.Parameter))
    return parts_of(node) if plain else env.refuse(node, "a table is expected here")


def default_of(env: Env, made: ColumnDef) -> Typed:
    """The DEFAULT of a column, or NULL."""
    if not made.default:
        return Typed(cast(exp.Null(), made.type), made.type)
    return value(Env(env.ctx), expression(made.default, env.ctx.line, env.ctx.file))


def insert(session: Session, env: Env, node: exp.Insert, extras: Extras) -> Changed:
    """INSERT .. SELECT, VALUES or DEFAULT VALUES."""
    known(env, node, "this", "expression", "default", "with_")
    ctes = common_tables(env, node)
    schema = node.this
    target = target_table(env, schema.this if isinstance(schema, exp.Schema) else schema)
    listed = [c.name for c in schema.expressions] if isinstance(schema, exp.Schema) else None
    if node.args.get("default"):
        given = Query(exp.select(exp.alias_(num(1), "c0")), ())
        listed = []
    else:
        listed = listed if listed is not None else _filled(session, target)
        given = _rows(env, node, target, listed)
    if extras.top:
        cut = first_rows(env, node, extras, given.tree, [f"c{i}" for i in range(len(given.outputs))])
        given = Query(cut, given.outputs)
    return fill(session, env, node, target, listed, given, ctes, extras)


def _filled(session: Session, target: TableDef) -> list[str]:
    """The columns that an INSERT without a list gives: all but IDENTITY."""
    return [c.name for c in target.columns if not c.identity or target.number in session.identity_insert]


def _rows(env: Env, node: exp.Insert, target: TableDef, listed: list[str]) -> Query:
    source = node.expression
    if not isinstance(source, exp.Values):
        return query(Env(env.ctx), source)
    defaults = [cell for row in source.expressions for cell in _cells(row) if is_default(cell)]
    if not defaults:
        return values(env, source)
    if len(source.expressions) > 1:
        env.refuse(node, "DEFAULT in a list of several rows is not supported")
    cells = [
        default_of(env, _column(env, node, target, listed[i])) if is_default(cell) else value(env, cell)
        for i, cell in enumerate(_cells(source.expressions[0]))
    ]
    tree = exp.select(*(exp.alias_(c.tree, f"c{i}", quoted=True) for i, c in enumerate(cells)))
    return Query(tree, tuple(Output("", c.type) for c in cells))


def _cells(row: Tree) -> list[Tree]:
    return list(row.expressions) if isinstance(row, exp.Tuple) else [row]


def is_default(cell: Tree) -> bool:
    """Whether a value is the word DEFAULT."""
    bare = isinstance(cell, exp.Var) or (isinstance(cell, exp.Column) and not cell.this.args.get("quoted"))
    return bare and cell.name.upper() == "DEFAULT"


def _column(env: Env, node: Tree, target: TableDef, named: str) -> ColumnDef:
    found = target.column(named)
    return found or env.refuse(node, f"{target.name} has no column {named}", "207")


def fill(
    session: Session,
    env: Env,
    node: Tree,
    target: TableDef,
    listed: list[str],
    given: Query,
    ctes: list[exp.CTE],
    extras: Extras = NO_EXTRAS,
) -> Changed:
    """Put a query's rows into a table: converted to the declared types, defaults and IDENTITY added."""
    if given.outputs and len(given.outputs) != len(listed):
        more = "more" if len(given.outputs) > len(listed) else "fewer"
        env.refuse(node, f"the rows have {more} values than there are columns to fill", "213")
    by_name = {_column(env, node, target, n).name: i for i, n in enumerate(listed)}
    if len(by_name) != len(listed):
        env.refuse(node, "a column is listed twice", "264")
    cells = [_cell(session, env, node, target, c, given, by_name.get(c.name)) for c in target.columns]
    cells = [exp.alias_(cell, f"n{i}", quoted=True) for i, cell in enumerate(cells)]
    chosen = exp.select(*cells).from_(subquery(given.tree, "q"))
    if ctes:
        chosen.set("with_", exp.With(expressions=ctes))
    watch(env)
    kept = images(env, target, keep_rows(session, chosen), old=False, new=True) if extras.output else None
    output = put_out(env, extras, kept)
    if kept is not None:
        chosen = exp.select(*(column("k", f"n{i}") for i in range(len(cells)))).from_(
            exp.Table(this=name(kept.real), alias=exp.TableAlias(this=name("k")))
        )
    schema = exp.Schema(this=target.tree, expressions=[name(c.name) for c in target.columns])
    rows = session.changed(exp.Insert(this=schema, expression=chosen))
    _count_identity(session, target, rows)
    settle(env, rows)
    return Changed(rows, output, kept.real if kept else "")


def _cell(
    session: Session, env: Env, node: Tree, target: TableDef, made: ColumnDef, given: Query, at: int | None
) -> Tree:
    if at is not None:
        if made.identity and target.number not in session.identity_insert:
            env.refuse(node, f"{made.name} is an IDENTITY column; SET IDENTITY_INSERT is OFF", "544")
        output = given.outputs[at]
        return assign(env, node, Typed(column("q", f"c{at}"), output.type), made.type, made.name)
    if made.identity:
        env.note(node, f"IDENTITY numbers the rows as they come; Synapse gives {made.name} other values")
        seed = session.identities.get(target.number, made.identity[0])
        rank = exp.Window(this=fn("row_number"), over="OVER")
        steps = times(binary(exp.Sub, rank, num(1)), num(made.identity[1]))
        return cast(plus(steps, num(seed)), made.type)
    return assign(env, node, default_of(env, made), made.type, made.name)


def _count_identity(session: Session, target: TableDef, rows: int) -> None:
    made = next((c for c in target.columns if c.identity), None)
    if made is None or made.identity is None or not rows or target.number in session.identity_insert:
        return
    seed, step = made.identity
    following = session.identities.get(target.number, seed) + step * rows
    session.identities[target.number] = following
    session.identity = following - step
