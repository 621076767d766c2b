"""The statements that make, change and drop tables and views, from their tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from sqlglot import exp

from recon.connectors.local.tsql import ddl
from recon.connectors.local.tsql.alter_table import alter_table, read_partitions
from recon.connectors.local.tsql.catalog import TableDef, duck_schema, key_of
from recon.connectors.local.tsql.context import fresh, settle, watch
from recon.connectors.local.tsql.convert import convert
from recon.connectors.local.tsql.create_function import create_function, drop_functions
from recon.connectors.local.tsql.dml import target_table
from recon.connectors.local.tsql.duck import constant, name
from recon.connectors.local.tsql.query import query
from recon.connectors.local.tsql.scope import Typed
from recon.connectors.local.tsql.sequences import alter_sequence, create_sequence, drop_sequence
from recon.errors import ProgramError
from recon.sqlscript.tsql_header import commas, object_name
from recon.sqlscript.tsql_options import closing, without_options
from recon.sqlscript.tsql_parse import query as parse_query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.connectors.local.tsql.catalog import Partitions
    from recon.connectors.local.tsql.duck import Value
    from recon.connectors.local.tsql.run import Runner
    from recon.sqlscript.tokens import Token
    from recon.sqlscript.tsql_header import Declared
    from recon.sqlscript.tsql_tree import Leaf
    from recon.sqlscript.tsql_types import SqlType

_HARMLESS = {
    "STATISTICS",
    "INDEX",
    "CLUSTERED",
    "NONCLUSTERED",
    "UNIQUE",
    "COLUMNSTORE",
    "USER",
    "ROLE",
    "LOGIN",
}


def _refuse(runner: Runner, leaf: Leaf, message: str) -> NoReturn:
    raise ProgramError(message, file=runner.file, line=leaf.line)


def _words(tokens: Sequence[Token], count: int) -> list[str]:
    return [t.word for t in tokens[:count]] + [""] * (count - len(tokens))


def create(runner: Runner, leaf: Leaf) -> None:
    """CREATE TABLE, VIEW or SCHEMA. Indexes and statistics change no row."""
    tokens = list(leaf.parts)
    if _words(tokens, 3)[1:] == ["OR", "ALTER"]:
        tokens = [tokens[0], *tokens[3:]]
    kind = _words(tokens, 2)[1]
    if kind == "TABLE":
        _create_table(runner, leaf, tokens)
    elif kind == "VIEW" or _words(tokens, 3)[1:] == ["MATERIALIZED", "VIEW"]:
        _create_view(runner, leaf, tokens, 3 if kind == "MATERIALIZED" else 2)
    elif kind == "SEQUENCE":
        create_sequence(runner, leaf, tokens)
    elif kind == "SCHEMA":
        parts, _ = object_name(tokens, 2)
        schema = exp.Table(db=name(duck_schema(parts[-1])))
        runner.session.execute(exp.Create(this=schema, kind="SCHEMA", exists=True))
    elif kind == "FUNCTION":
        create_function(runner, leaf)
    elif kind not in _HARMLESS:
        _refuse(runner, leaf, f"CREATE {kind or tokens[1].text} is not supported")


def _create_table(runner: Runner, leaf: Leaf, given: list[Token]) -> None:
    tokens = without_options(given, "CREATE", runner.file)
    parts, at = ddl.table_name(tokens, 2)
    rest = tokens[at:]
    if not parts or not rest:
        _refuse(runner, leaf, "this CREATE TABLE is not understood")
    partitions = read_partitions(given, runner.file)
    if rest[0].word == "AS":
        _create_from(runner, leaf, parts, rest[1:])
        _partitioned(runner, parts, partitions)
        return
    end = closing(rest, 0)
    if rest[0].word != "(" or any(t.word not in {"ON", "TEXTIMAGE_ON"} for t in rest[end + 1 : end + 2]):
        _refuse(runner, leaf, "this CREATE TABLE is not understood")
    columns = ddl.read_columns(rest[1:end], runner.file)
    ddl.create_table(runner.session, parts, columns)
    _partitioned(runner, parts, partitions)


def _partitioned(runner: Runner, parts: tuple[str, ...], partitions: Partitions | None) -> None:
    table = runner.session.catalog.table(parts)
    if table is not None and partitions is not None:
        runner.session.catalog.replace(table, replace(table, partitions=partitions))


def _create_from(runner: Runner, leaf: Leaf, parts: tuple[str, ...], tokens: list[Token]) -> None:
    """CREATE TABLE .. AS SELECT: the types are those of the query."""
    env = fresh(runner.session, runner.file, leaf.line)
    made = query(env, parse_query(tokens, leaf.line, runner.file))
    watch(env)
    runner.session.rowcount = ddl.table_from(runner.session, parts, made, leaf.line, runner.file)
    settle(env, runner.session.rowcount)


def _create_view(runner: Runner, leaf: Leaf, tokens: list[Token], at: int) -> None:
    parts, at = ddl.table_name(tokens, at)
    columns: tuple[str, ...] = ()
    if tokens[at].word == "(":
        end = closing(tokens, at)
        columns = tuple(p[0].name for p in commas(tokens[at + 1 : end]))
        at = end + 1
    begin = next((i for i in range(at, len(tokens)) if tokens[i].word == "AS"), None)
    if begin is None:
        _refuse(runner, leaf, "this CREATE VIEW is not understood")
    tree = parse_query(tokens[begin + 1 :], leaf.line, runner.file)
    made = query(fresh(runner.session, runner.file, leaf.line), tree)
    if len(columns) not in {0, len(made.outputs)}:
        _refuse(runner, leaf, "the view names another number of columns than its query has")
    runner.session.catalog.define_view(parts, columns, tree)


def drop_objects(runner: Runner, leaf: Leaf) -> None:
    """DROP TABLE, VIEW, PROCEDURE; several names, IF EXISTS."""
    tokens = list(leaf.parts)
    kind = _words(tokens, 2)[1]
    exists = _words(tokens, 4)[2:] == ["IF", "EXISTS"]
    if kind in _HARMLESS:
        return
    if kind == "SEQUENCE":
        drop_sequence(runner, leaf, commas(tokens[4 if exists else 2 :]), exists=exists)
        return
    if kind == "FUNCTION":
        names = [ddl.table_name(piece, 0)[0] for piece in commas(tokens[4 if exists else 2 :])]
        drop_functions(runner, names, exists=exists)
        return
    if kind not in {"TABLE", "VIEW", "PROC", "PROCEDURE"}:
        _refuse(runner, leaf, f"DROP {kind or tokens[1].text} is not supported")
    for piece in commas(tokens[4 if exists else 2 :]):
        parts, _ = ddl.table_name(piece, 0)
        if kind in {"TABLE", "VIEW"}:
            ddl.drop(runner.session, parts, kind, exists=exists)
        elif runner.procedures.pop(key_of(parts), None) is None and not exists:
            _refuse(runner, leaf, f"there is no procedure {'.'.join(parts)} in this script")


def rename_object(runner: Runner, leaf: Leaf) -> None:
    """RENAME OBJECT [::] a TO b.

    https://learn.microsoft.com/en-us/sql/t-sql/statements/rename-transact-sql
    """
    at = 3 if _words(leaf.parts, 3)[2] == "::" else 2
    parts, end = object_name(leaf.parts, at)
    if not parts or len(leaf.parts) != end + 2 or leaf.parts[end].word != "TO":
        _refuse(runner, leaf, "this RENAME is not understood")
    ddl.rename(runner.session, parts, leaf.parts[end + 1].name)


def truncate_table(runner: Runner, leaf: Leaf) -> None:
    """TRUNCATE TABLE; of single partitions it is refused."""
    parts, end = ddl.table_name(leaf.parts, 2)
    if not parts or end != len(leaf.parts):
        _refuse(runner, leaf, "this TRUNCATE is not understood")
    ddl.truncate(runner.session, _table(runner, leaf, parts))
    runner.session.rowcount = 0


def _table(runner: Runner, leaf: Leaf, parts: tuple[str, ...]) -> TableDef:
    found = runner.session.catalog.table(parts)
    if found is not None:
        return found
    node = exp.Table(
        this=exp.to_identifier(parts[-1]), db=exp.to_identifier(parts[-2]) if len(parts) > 1 else None
    )
    return target_table(fresh(runner.session, runner.file, leaf.line), node)


def alter(runner: Runner, leaf: Leaf) -> None:
    """ALTER TABLE, FUNCTION or SEQUENCE; of indexes and statistics nothing is changed."""
    tokens = list(leaf.parts)
    kind = _words(tokens, 2)[1]
    if kind in {"INDEX", "STATISTICS", "ROLE", "USER", "LOGIN", "AUTHORIZATION"}:
        return
    if kind == "SEQUENCE":
        alter_sequence(runner, leaf)
        return
    if kind == "FUNCTION":
        create_function(runner, leaf)
        return
    if kind != "TABLE":
        _refuse(runner, leaf, f"ALTER {kind or tokens[1].text} is not supported")
    parts, at = ddl.table_name(tokens, 2)
    table = _table(runner, leaf, parts)
    alter_table(runner, table, tokens[at:], leaf.line)


def declare_table(runner: Runner, item: Declared) -> None:
    """DECLARE @t TABLE (...): empty each time it is passed."""
    session = runner.session
    frame = session.catalog.frames[-1]
    old = frame.get(item.name.casefold())
    if old is not None:
        session.catalog.forget(old)
    ddl.create_table(session, (item.name,), ddl.read_columns(item.columns or (), runner.file))


def as_declared(
    runner: Runner, given: tuple[SqlType, Value], kind: SqlType, line: int
) -> tuple[SqlType, Value]:
    """A parameter's value as the type that the script declares."""
    env = fresh(runner.session, runner.file, line)
    made = convert(env, exp.Null(), Typed(constant(given[1], given[0]), given[0]), kind)
    return kind, runner.session.evaluate(made.tree)
