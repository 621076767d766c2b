"""CREATE, ALTER, DROP and RENAME of tables and views.

Keys and unique constraints are not enforced in a dedicated pool, so they are read and left out:
https://learn.microsoft.com/en-us/azure/synapse-analytics/sql-data-warehouse/sql-data-warehouse-table-constraints
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.catalog import ColumnDef, TableDef, ViewDef, duck_schema
from recon.connectors.local.tsql.duck import cast, column, duck_type, name, subquery
from recon.connectors.local.tsql.session import Failure
from recon.errors import ProgramError
from recon.sqlscript.tokens import Kind
from recon.sqlscript.tsql_header import commas, object_name
from recon.sqlscript.tsql_leaf import words
from recon.sqlscript.tsql_options import closing
from recon.sqlscript.tsql_types import INT, Family, SqlType, parse_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.connectors.local.tsql.scope import Output, Query
    from recon.connectors.local.tsql.session import Session
    from recon.sqlscript.tokens import Token

_CONSTRAINTS = words("CONSTRAINT PRIMARY UNIQUE FOREIGN INDEX")
_AFTER_COLUMN = words(
    "CONSTRAINT PRIMARY UNIQUE REFERENCES KEY CLUSTERED NONCLUSTERED ENFORCED ROWGUIDCOL SPARSE"
)


def read_columns(tokens: Sequence[Token], file: str) -> tuple[ColumnDef, ...]:
    """The columns of a CREATE TABLE's list. ProgramError for what is not understood."""
    made: list[ColumnDef] = []
    for piece in commas(tokens):
        if not piece or piece[0].word in _CONSTRAINTS:
            continue
        made.append(read_column(piece, file))
    return tuple(made)


def read_column(piece: Sequence[Token], file: str) -> ColumnDef:
    """One column: name, type, then NULL, DEFAULT, IDENTITY, COLLATE in any order."""
    first = piece[0]
    if first.kind not in {Kind.NAME, Kind.QUOTED} or len(piece) < 2 or piece[1].word == "AS":
        raise ProgramError(f"the column {first.name} is not understood", file=file, line=first.line)
    end = _type_end(piece, 1)
    spelling = " ".join(t.text for t in piece[1:end])
    try:
        kind = parse_type(spelling)
    except ValueError as error:
        raise ProgramError(f"column {first.name}: {error}", file=file, line=first.line) from error
    made = ColumnDef(first.name, kind)
    at = end
    while at < len(piece):
        made, at = _attribute(made, piece, at, file)
    return made


def _type_end(piece: Sequence[Token], at: int) -> int:
    at += 1
    while at < len(piece) and (piece[at].word in {".", "PRECISION", "VARYING"} or piece[at - 1].word == "."):
        at += 1
    return closing(piece, at) + 1 if at < len(piece) and piece[at].word == "(" else at


def _attribute(made: ColumnDef, piece: Sequence[Token], at: int, file: str) -> tuple[ColumnDef, int]:
    word = piece[at].word
    following = piece[at + 1].word if at + 1 < len(piece) else ""
    if word == "NULL":
        return replace(made, nullable=True), at + 1
    if word == "NOT" and following in {"NULL", "ENFORCED"}:
        return replace(made, nullable=made.nullable and following != "NULL"), at + 2
    if word == "IDENTITY":
        return _identity(made, piece, at, file)
    if word == "DEFAULT":
        end = _default_end(piece, at + 1)
        return replace(made, default=tuple(piece[at + 1 : end])), end
    if word == "COLLATE" and at + 1 < len(piece):
        return replace(made, type=replace(made.type, collation=piece[at + 1].name)), at + 2
    if word == "CONSTRAINT":
        return made, at + 2  # its name; what it says follows
    if word == "MASKED" and following == "WITH":
        return made, closing(piece, at + 2) + 1
    if word in _AFTER_COLUMN:
        skip = at + 1
        return made, closing(piece, skip) + 1 if following == "(" else skip
    line = piece[at].line
    raise ProgramError(f"column {made.name}: {piece[at].text!r} is not understood", file=file, line=line)


def _identity(made: ColumnDef, piece: Sequence[Token], at: int, file: str) -> tuple[ColumnDef, int]:
    numbers = [1, 1]
    if at + 1 < len(piece) and piece[at + 1].word == "(":
        end = closing(piece, at + 1)
        text = "".join(t.text for t in piece[at + 2 : end])
        if re.fullmatch(r"-?\d+,-?\d+", text) is None:
            line = piece[at].line
            raise ProgramError(f"column {made.name}: this IDENTITY is not understood", file=file, line=line)
        numbers = [int(n) for n in text.split(",")]
        at = end
    return replace(made, identity=(numbers[0], numbers[1]), nullable=False), at + 1


def _default_end(piece: Sequence[Token], at: int) -> int:
    depth = 0
    begin = at
    while at < len(piece):
        word = piece[at].word
        ends = word in _AFTER_COLUMN or word in {"NOT", "NULL", "COLLATE", "IDENTITY", "MASKED"}
        if depth == 0 and at > begin and ends:
            break
        depth += (word == "(") - (word == ")")
        at += 1
    return at


def create_table(session: Session, parts: tuple[str, ...], columns: tuple[ColumnDef, ...]) -> TableDef:
    """A new, empty table. Failure 2714 when the name is taken."""
    _check_free(session, parts)
    table = session.catalog.define(parts, columns)
    session.execute(creation(session, table, None))
    return table


def _check_free(session: Session, parts: tuple[str, ...]) -> None:
    found = session.catalog.get(parts)
    frame = session.catalog.frames[-1]
    outer_temp = parts[-1].startswith("#") and found is not None and found not in frame.values()
    if found is not None and not outer_temp:
        raise Failure(2714, f"There is already an object named '{parts[-1]}' in the database.", state=6)


def creation(session: Session, table: TableDef, query: exp.Expr | None) -> exp.Create:
    """The statement that makes a table in DuckDB, empty or out of a query; its schema is made at once."""
    temporary = not table.schema
    if not temporary:
        session.execute(
            exp.Create(this=exp.Table(db=name(duck_schema(table.schema))), kind="SCHEMA", exists=True)
        )
    properties = exp.Properties(expressions=[exp.TemporaryProperty()]) if temporary else None
    target: exp.Expr = table.tree
    if query is None:
        target = exp.Schema(this=target, expressions=[_definition(c) for c in table.columns])
    return exp.Create(this=target, kind="TABLE", expression=query, properties=properties)


def _definition(made: ColumnDef) -> exp.ColumnDef:
    constraints: list[exp.Expr] = []
    if not made.nullable:
        constraints.append(exp.ColumnConstraint(kind=exp.NotNullColumnConstraint()))
    return exp.ColumnDef(this=name(made.name), kind=duck_type(made.type), constraints=constraints)


def table_from(session: Session, parts: tuple[str, ...], query: Query, line: int, file: str) -> int:
    """A new table with a query's rows (CTAS, SELECT INTO); how many."""
    _check_free(session, parts)
    names = [o.name for o in query.outputs]
    if "" in names:
        at = names.index("") + 1
        raise ProgramError(
            f"column {at} of the new table {parts[-1]} has no name", file=file, line=line, code="1038"
        )
    columns = tuple(
        ColumnDef(o.name, _stored(o.type), copied=_of_identity(session, query, o)) for o in query.outputs
    )
    table = session.catalog.define(parts, columns)
    cells = [
        exp.alias_(cast(column("q", f"c{i}"), c.type), c.name, quoted=True) for i, c in enumerate(columns)
    ]
    try:
        return session.changed(creation(session, table, exp.select(*cells).from_(subquery(query.tree, "q"))))
    except Failure:
        session.catalog.forget(table)
        raise


def _of_identity(session: Session, query: Query, output: Output) -> bool:
    """Whether a column of a query is an IDENTITY column of a table."""
    if output.origin is None:
        return False
    alias, named = output.origin
    tables = (session.catalog.stored(t) for t in query.tree.find_all(exp.Table) if t.alias == alias)
    made = next((t.column(named) for t in tables if t is not None), None)
    return made is not None and (made.copied or made.identity is not None)


def _stored(kind: SqlType) -> SqlType:
    """The type of a column that holds such values: NULL alone is an int."""
    return INT if kind.family is Family.NULL else replace(kind, zone="")


def drop(session: Session, parts: tuple[str, ...], kind: str, *, exists: bool) -> None:
    """DROP TABLE or DROP VIEW. Failure 3701 when there is none, unless IF EXISTS."""
    found = session.catalog.get(parts)
    wanted = ViewDef if kind == "VIEW" else TableDef
    if not isinstance(found, wanted):
        if exists:
            return
        message = f"Cannot drop the {kind.lower()} '{'.'.join(parts)}', because it does not exist."
        raise Failure(3701, message, state=5)
    if isinstance(found, TableDef):
        session.execute(exp.Drop(tables=[found.tree], kind="TABLE"))
    session.catalog.forget(found)


def rename(session: Session, parts: tuple[str, ...], new: str) -> None:
    """RENAME OBJECT a TO b. Failure 15225 when there is no such table."""
    table = session.catalog.table(parts)
    if table is None:
        raise Failure(15225, f"No item by the name of '{'.'.join(parts)}' could be found.")
    _check_free(session, (table.schema, new))
    action = exp.AlterRename(this=exp.Table(this=name(new)))
    session.execute(exp.Alter(this=table.tree, kind="TABLE", actions=[action]))
    session.catalog.replace(table, replace(table, name=new, real=new))


def rebuild(
    session: Session, table: TableDef, columns: tuple[ColumnDef, ...], cells: Sequence[exp.Expr]
) -> TableDef:
    """The table with other columns, each filled by the expression over the old ones in its place."""
    made = replace(table, columns=columns)
    old = replace(table, real=f"{table.real} before")
    action = exp.AlterRename(this=exp.Table(this=name(old.real)))
    session.execute(exp.Alter(this=table.tree, kind="TABLE", actions=[action]))
    session.execute(creation(session, made, None))
    schema = exp.Schema(this=made.tree, expressions=[name(c.name) for c in columns])
    rows = exp.Select(expressions=list(cells), from_=exp.From(this=old.tree))
    try:
        session.execute(exp.Insert(this=schema, expression=rows))
    except Failure:
        if not session.trancount:  # otherwise the transaction takes it back
            session.execute(exp.Drop(tables=[made.tree], kind="TABLE"))
            back = exp.AlterRename(this=exp.Table(this=name(table.real)))
            session.execute(exp.Alter(this=old.tree, kind="TABLE", actions=[back]))
        raise
    session.execute(exp.Drop(tables=[old.tree], kind="TABLE"))
    session.catalog.replace(table, made)
    return made


def drop_columns(session: Session, table: TableDef, names: Sequence[str], file: str, line: int) -> None:
    """ALTER TABLE DROP COLUMN."""
    left = table.columns
    for gone in names:
        found = table.column(gone)
        if found is None:
            raise ProgramError(f"{table.name} has no column {gone}", file=file, line=line, code="4924")
        action = exp.Drop(tables=[exp.Column(this=name(found.name))], kind="COLUMN")
        session.execute(exp.Alter(this=table.tree, kind="TABLE", actions=[action]))
        left = tuple(c for c in left if c is not found)
    session.catalog.replace(table, replace(table, columns=left))


def truncate(session: Session, table: TableDef) -> None:
    """TRUNCATE TABLE: all rows go, IDENTITY begins anew."""
    session.execute(exp.Delete(this=table.tree))
    session.identities.pop(table.number, None)


def table_name(tokens: Sequence[Token], at: int) -> tuple[tuple[str, ...], int]:
    """A table's name and where it ends. `a.b.#t` and `tempdb..#t` are #t."""
    parts, end = object_name(tokens, at)
    return ((parts[-1],) if parts and parts[-1].startswith("#") else parts), end
