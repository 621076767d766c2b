"""INSERT, and what all statements share that change rows: their table, DEFAULTs, IDENTITY.

https://learn.microsoft.com/en-us/sql/t-sql/statements/insert-transact-sql
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.catalog import TableDef, parts_of
from recon.connectors.local.tsql.changed import (
    Changed,
    first_rows,
    forget_rows,
    images,
    keep_rows,
    put_out,
)
from recon.connectors.local.tsql.context import settle, watch
from recon.connectors.local.tsql.convert import assign
from recon.connectors.local.tsql.duck import (
    cast,
    column,
    name,
    num,
    subquery,
)
from recon.connectors.local.tsql.expr import known, unified, value
from recon.connectors.local.tsql.from_clause import missing, refuse_numbers, values
from recon.connectors.local.tsql.identity import (
    check_given,
    count_given,
    count_numbered,
    last_given,
    numbered,
    takes_values,
)
from recon.connectors.local.tsql.query import common_tables, query
from recon.connectors.local.tsql.scope import Env, Output, Query, Source, Typed
from recon.sqlscript.tsql_extras import NO_EXTRAS, Extras
from recon.sqlscript.tsql_options import OWN
from recon.sqlscript.tsql_parse import expression
from recon.sqlscript.tsql_types import Family

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
    """The DEFAULT of a column, or NULL.

    A copy of an IDENTITY column numbers its rows, or takes no NULL; which of both is not always certain.
    https://learn.microsoft.com/en-us/sql/t-sql/queries/select-into-clause-transact-sql#remarks
    """
    if made.copied:
        message = f"{made.name} is copied from an IDENTITY column and may be one: give its values"
        env.refuse(exp.Null(), message)
    if not made.default:
        return Typed(cast(exp.Null(), made.type), made.type)
    return value(Env(env.ctx), expression(made.default, env.ctx.line, env.ctx.file))


def assigned(env: Env, item: exp.EQ, made: ColumnDef, target: Source) -> Tree:
    """What `SET a = x`, `a += x` or `a = DEFAULT` puts into a column."""
    if is_default(item.expression):
        return assign(env, item, default_of(env, made), made.type, made.name)
    for own in list(item.expression.find_all(exp.Column)):
        if own.table == OWN:
            parts = zip(("table", "db"), reversed(target.names), strict=False)
            own.replace(exp.Column(this=own.this.copy(), **{k: name(n) for k, n in parts if n}))
    return assign(env, item, value(env, item.expression), made.type, made.name)


def insert(session: Session, env: Env, node: exp.Insert, extras: Extras) -> Changed:
    """INSERT .. SELECT, VALUES or DEFAULT VALUES."""
    known(env, node, "this", "expression", "default", "with_")
    ctes = common_tables(env, node)
    schema = node.this
    target = target_table(env, schema.this if isinstance(schema, exp.Schema) else schema)
    listed = [c.name for c in schema.expressions] if isinstance(schema, exp.Schema) else []
    if node.args.get("default"):
        given = Query(exp.select(exp.alias_(num(1), "c0")), ())
    else:
        named = listed or _filled(target)
        given = _rows(env, node, target, named)
        if not listed and len(named) < len(given.outputs) == len(target.columns):
            message = "values for an IDENTITY column need a list of columns and SET IDENTITY_INSERT ON"
            env.refuse(node, f"{target.name}: {message}", "8101")
        listed = named
    if extras.top:
        cut = first_rows(env, node, extras, given.tree, [f"c{i}" for i in range(len(given.outputs))])
        given = Query(cut, given.outputs)
    return fill(session, env, node, target, listed, given, ctes, extras)


def _filled(target: TableDef) -> list[str]:
    """The columns that an INSERT without a list gives: all but IDENTITY.

    https://learn.microsoft.com/en-us/sql/t-sql/statements/set-identity-insert-transact-sql#examples
    """
    return [c.name for c in target.columns if not c.identity]


def _rows(env: Env, node: exp.Insert, target: TableDef, listed: list[str]) -> Query:
    source = node.expression
    if not isinstance(source, exp.Values):
        return query(Env(env.ctx), source)
    rows = [_cells(row) for row in source.expressions]
    if not any(is_default(cell) for row in rows for cell in row):
        return values(env, source)
    if any(len(row) != len(listed) for row in rows):
        env.refuse(node, "the rows have another number of values than there are columns to fill", "213")
    columns = [_column(env, node, target, n) for n in listed]
    cells = [_stored(env, node, c, [row[i] for row in rows]) for i, c in enumerate(columns)]
    selects = [
        exp.select(*(exp.alias_(c[at], f"c{i}", quoted=True) for i, c in enumerate(cells)))
        for at in range(len(rows))
    ]
    made: Tree = selects[0]
    for select in selects[1:]:
        made = exp.Union(this=made, expression=select, distinct=False)
    return Query(made, tuple(Output("", c.type) for c in columns))


def _stored(env: Env, node: Tree, made: ColumnDef, cells: list[Tree]) -> list[Tree]:
    """One column of VALUES as it is stored, DEFAULT among the values. These have one type, as in UNION ALL.

    https://learn.microsoft.com/en-us/sql/t-sql/queries/table-value-constructor-transact-sql#data-types
    """
    typed = [value(env, cell) for cell in cells if not is_default(cell)]
    given = unified(env, node, typed) if len(typed) > 1 else typed
    stored = iter([assign(env, node, one, made.type, made.name) for one in given])
    if len(given) == len(cells):
        return list(stored)
    if made.identity:
        env.refuse(node, f"{made.name} is an IDENTITY column; DEFAULT is not a value for it", "339")
    default = default_of(env, made)
    _check_mixed(env, node, made, default, [t.type.family for t in given])
    refuse_numbers(env, node, len(cells))
    tree = assign(env, node, default, made.type, made.name)
    return [tree.copy() if is_default(cell) else next(stored) for cell in cells]


def _check_mixed(env: Env, node: Tree, made: ColumnDef, default: Typed, given: list[Family]) -> None:
    """Refuse text beside what is none: there it shows whether DEFAULT takes on the type of the others."""
    texts = {f is Family.TEXT for f in [*given, default.type.family] if f is not Family.NULL}
    if made.default and made.type.family is Family.TEXT and len(texts) > 1:
        env.refuse(node, f"{made.name}: DEFAULT beside values of another type is not supported")


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
    cells = [_cell(env, node, target, c, given, by_name.get(c.name)) for c in target.columns]
    cells = [exp.alias_(cell, f"n{i}", quoted=True) for i, cell in enumerate(cells)]
    chosen = exp.select(*cells).from_(subquery(given.tree, "q"))
    if ctes:
        chosen.set("with_", exp.With(expressions=ctes))
    watch(env)
    numbers = takes_values(session, target)
    real = keep_rows(session, chosen) if extras.output or numbers else ""
    output = put_out(env, extras, images(env, target, real, old=False, new=True) if extras.output else None)
    if real:
        chosen = exp.select(*(column("k", f"n{i}") for i in range(len(cells)))).from_(_kept(real))
    schema = exp.Schema(this=target.tree, expressions=[name(c.name) for c in target.columns])
    rows = session.changed(exp.Insert(this=schema, expression=chosen))
    _count_identity(session, env, node, target, rows, real if numbers else "")
    settle(env, rows)
    if real and output is None:
        forget_rows(session, real)
    return Changed(rows, output, real)


def _kept(real: str) -> exp.Table:
    return exp.Table(this=name(real), alias=exp.TableAlias(this=name("k")))


def _cell(env: Env, node: Tree, target: TableDef, made: ColumnDef, given: Query, at: int | None) -> Tree:
    if made.identity:
        check_given(env, node, target, made, given=at is not None)
    if at is not None:
        output = given.outputs[at]
        return assign(env, node, Typed(column("q", f"c{at}"), output.type), made.type, made.name)
    if made.identity:
        return numbered(env, node, target, made)
    return assign(env, node, default_of(env, made), made.type, made.name)


def _count_identity(session: Session, env: Env, node: Tree, target: TableDef, rows: int, real: str) -> None:
    """The numbers that the rows have: those of the table, or their own in the temporary table `real`."""
    if not real:
        count_numbered(session, target, rows)
        return
    at = next(i for i, c in enumerate(target.columns) if c.identity)
    last_given(session, _kept(real), f"n{at}")
    note = count_given(session, target, _kept(real), f"n{at}")
    if note:
        env.note(node, note)
