"""Files of the project into the declared tables of the stand-in for Synapse.

Parquet and CSV, by column name. In a CSV an empty field is NULL and `""` is an empty text; its fields are
read as text and converted by T-SQL's rules, so `31/01/2024` or `1,5` fail instead of becoming something else.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import duckdb
from sqlglot import exp

from recon.connectors.local.tsql.catalog import ColumnDef, TableDef
from recon.connectors.local.tsql.collate import collation
from recon.connectors.local.tsql.context import fresh
from recon.connectors.local.tsql.convert import assign
from recon.connectors.local.tsql.ddl import create_table
from recon.connectors.local.tsql.duck import binary, cast, column, fn, is_null, name, num, text
from recon.connectors.local.tsql.identity import count_given, identity_of
from recon.connectors.local.tsql.scope import Typed
from recon.connectors.local.tsql.session import Failure
from recon.connectors.local.tsql.units import PECULIAR, has_peculiar
from recon.errors import SpecError
from recon.sqlscript import tsql_types as types
from recon.sqlscript.tsql_types import Family, SqlType

if TYPE_CHECKING:
    from pathlib import Path

    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.session import Session
    from recon.model import TableInput

_PLAIN = {
    "BOOLEAN": types.BIT,
    "TINYINT": SqlType("smallint"),  # signed, which T-SQL's tinyint is not
    "UTINYINT": SqlType("tinyint"),
    "SMALLINT": SqlType("smallint"),
    "USMALLINT": types.INT,
    "INTEGER": types.INT,
    "UINTEGER": types.BIGINT,
    "BIGINT": types.BIGINT,
    "UBIGINT": types.decimal(20, 0),
    "HUGEINT": types.decimal(38, 0),
    "FLOAT": SqlType("real"),
    "DOUBLE": types.FLOAT,
    "DATE": types.DATE,
    "TIME": SqlType("time", scale=6),
    "TIMESTAMP": SqlType("datetime2", scale=6),
    "TIMESTAMP_S": SqlType("datetime2", scale=6),
    "TIMESTAMP_MS": SqlType("datetime2", scale=6),
    "TIMESTAMP_NS": SqlType("datetime2", scale=7),
    "TIMESTAMP WITH TIME ZONE": SqlType("datetimeoffset", scale=6),
    "VARCHAR": types.varchar(types.MAX),
    "BLOB": SqlType("varbinary", length=types.MAX),
    "UUID": types.GUID,
}


def load(session: Session, item: TableInput, file: Path) -> None:
    """Fill the input's table, creating it with the file's types where no DDL declares it.

    SpecError, naming the file and the column, when they do not fit together.
    """
    parts = tuple(p for p in (item.synapse.schema, item.synapse.name) if p)
    reader = _reader(file)
    found = _columns(session, reader, item)
    table = session.catalog.table(parts)
    if table is None and session.catalog.get(parts) is not None:
        raise SpecError(
            f"{item.synapse} is a view in ddl.sql and an input with a file", hint="Keep one of them."
        )
    if table is None:
        table = create_table(session, parts, tuple(ColumnDef(n, k) for n, k in found.items()))
    _check_names(table, found, item)
    _note_approximations(session, found, reader, item)
    try:
        session.changed(_insert(session, table, found, reader, item))
        _count_identity(session, table)
    except Failure as error:
        culprit = _culprit(session, table, found, reader, item)
        where = f"{item.file}, column {culprit}" if culprit else item.file
        raise SpecError(
            f"{where}: {error.message}",
            hint=f"Correct the file, or the type that ddl.sql declares in {item.synapse}.",
        ) from error


def _count_identity(session: Session, table: TableDef) -> None:
    """Numbering goes on behind the rows of the file."""
    made = identity_of(table)
    if made is not None:
        count_given(session, table, table.tree, made.name)


def _note_approximations(session: Session, found: dict[str, SqlType], reader: Tree, item: TableInput) -> None:
    """Note what the file holds that is only approximated: peculiar letters, nanoseconds."""
    checks: dict[str, tuple[str, Tree]] = {}
    for named, kind in found.items():
        cell = column("f", named)
        if kind.family is Family.TEXT and not collation(session.collation).binary:
            checks[named] = (PECULIAR, has_peculiar(cell))
        elif kind.name == "datetime2" and kind.scale == 7:
            nanos = binary(exp.Mod, fn("epoch_ns", cell), num(1000))
            checks[named] = ("the seventh digit of the second is cut: recon keeps microseconds", nanos)
    if not checks:
        return
    asked = [fn("bool_or", cast(test, "BOOLEAN")) for _, test in checks.values()]
    try:
        row = session.first(exp.select(*asked).from_(_source(reader))) or ()
    except Failure as error:
        raise SpecError(f"{item.file}: {error.message}", hint="Is it a whole Parquet or CSV file?") from error
    for (named, (said, _)), hit in zip(checks.items(), row, strict=True):
        if hit:
            session.note("", 0, f"{item.synapse}.{named}: {said}")


def _reader(file: Path) -> Tree:
    if file.suffix.lower() == ".csv":
        options = {"all_varchar": exp.true(), "header": exp.true(), "nullstr": text("")}
        extra = [exp.EQ(this=exp.to_identifier(k), expression=v) for k, v in options.items()]
        extra.append(exp.EQ(this=exp.to_identifier("allow_quoted_nulls"), expression=exp.false()))
        return fn("read_csv", text(str(file)), *extra)
    return fn("read_parquet", text(str(file)))


def _columns(session: Session, reader: Tree, item: TableInput) -> dict[str, SqlType]:
    """The file's columns with the T-SQL types that hold their values."""
    described = exp.Describe(this=exp.select("*").from_(exp.Table(this=reader)))
    try:
        rows = session.con.execute(described.sql("duckdb")).fetchall()
    except duckdb.Error as error:
        hint = "Is it a whole Parquet or CSV file? CSV needs a line of column names."
        raise SpecError(f"{item.file} cannot be read ({type(error).__name__})", hint=hint) from error
    return {str(row[0]): _type_of(str(row[1]), str(row[0]), item) for row in rows}


def _type_of(duck: str, named: str, item: TableInput) -> SqlType:
    if duck.startswith("DECIMAL("):
        precision, scale = duck.removeprefix("DECIMAL(").rstrip(")").split(",")
        return types.decimal(int(precision), int(scale))
    if duck not in _PLAIN:
        raise SpecError(
            f"{item.file}, column {named}: the type {duck} has no counterpart in T-SQL",
            hint="Write the column as text, a number, a date or a timestamp.",
        )
    return _PLAIN[duck]


def _check_names(table: TableDef, found: dict[str, SqlType], item: TableInput) -> None:
    mine = {c.name.casefold(): c.name for c in table.columns}
    theirs = {n.casefold(): n for n in found}
    extra = [n for key, n in theirs.items() if key not in mine]
    absent = [n for key, n in mine.items() if key not in theirs and not _may_be_absent(table, n)]
    if extra or absent:
        said = [f"the file has {', '.join(extra)}, which ddl.sql does not declare"] if extra else []
        said += [f"ddl.sql declares {', '.join(absent)}, which the file does not have"] if absent else []
        near = difflib.get_close_matches(extra[0], absent, 1) if extra else []
        hint = f"Is {extra[0]} meant to be {near[0]}?" if near else "Make the names of both agree."
        raise SpecError(f"{item.file} and {item.synapse} do not fit: {'; '.join(said)}", hint=hint)


def _may_be_absent(table: TableDef, named: str) -> bool:
    made = table.column(named)
    return made is not None and made.identity is not None


def _cells(
    session: Session, table: TableDef, found: dict[str, SqlType], item: TableInput
) -> list[tuple[ColumnDef, Tree]]:
    env = fresh(session, item.file, 0)
    cells: list[tuple[ColumnDef, Tree]] = []
    for named, kind in found.items():
        made = table.column(named)
        assert made is not None  # noqa: S101 (for the type checker: checked by _check_names)
        cell = assign(env, exp.Null(), Typed(column("f", named), kind), made.type, made.name)
        cells.append((made, cell))
    return cells


def _insert(
    session: Session, table: TableDef, found: dict[str, SqlType], reader: Tree, item: TableInput
) -> exp.Insert:
    cells = _cells(session, table, found, item)
    chosen = exp.select(*(c for _, c in cells)).from_(_source(reader))
    schema = exp.Schema(this=table.tree, expressions=[name(made.name) for made, _ in cells])
    return exp.Insert(this=schema, expression=chosen)


def _source(reader: Tree) -> exp.Table:
    return exp.Table(this=reader, alias=exp.TableAlias(this=name("f")))


def _culprit(
    session: Session, table: TableDef, found: dict[str, SqlType], reader: Tree, item: TableInput
) -> str:
    """The first column that fails when it is converted alone."""
    for made, cell in _cells(session, table, found, item):
        nulls = fn("count_if", is_null(cell)) if not made.nullable else num(0)
        try:
            row = session.first(exp.select(fn("max", cell), nulls).from_(_source(reader)))
        except Failure:
            return made.name
        if row is not None and row[1]:
            return made.name
    return ""
