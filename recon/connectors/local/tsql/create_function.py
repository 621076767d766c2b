"""CREATE, ALTER and DROP FUNCTION, and running one that fills a table variable."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from recon.connectors.local.tsql import ddl
from recon.connectors.local.tsql.catalog import key_of
from recon.connectors.local.tsql.run import Return
from recon.connectors.local.tsql.session import Failure, Frame, Routine
from recon.errors import ProgramError
from recon.sqlscript.tokens import Kind
from recon.sqlscript.tsql_function import named, read_function
from recon.sqlscript.tsql_leaf import words
from recon.sqlscript.tsql_tree import Leaf, walk

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recon.connectors.local.tsql.catalog import TableDef
    from recon.connectors.local.tsql.duck import Value
    from recon.connectors.local.tsql.run import Runner
    from recon.sqlscript.tokens import Token
    from recon.sqlscript.tsql_function import FunctionTree
    from recon.sqlscript.tsql_types import SqlType

# https://learn.microsoft.com/en-us/sql/relational-databases/user-defined-functions/create-user-defined-functions-database-engine
_NOT_IN_A_FUNCTION = words(
    "CREATE ALTER DROP TRUNCATE EXEC MERGE BEGIN COMMIT ROLLBACK PRINT RAISERROR THROW"
)


def create_function(runner: Runner, leaf: Leaf) -> None:
    """CREATE or ALTER FUNCTION. Its body is looked into when it is used."""
    tree = read_function(leaf, runner.file)
    routines = runner.session.routines
    key = key_of(tree.name)
    replaces = any(t.word == "ALTER" for t in leaf.parts[:3])
    if key in routines and not replaces:
        raise Failure(2714, f"There is already an object named '{tree.name[-1]}' in the database.", state=3)
    fill = partial(_fill, runner, tree, runner.file) if tree.table else None
    number = routines[key].number if key in routines else runner.session.catalog.number()
    routines[key] = Routine(tree, runner.file, number, fill)


def drop_functions(runner: Runner, names: Sequence[tuple[str, ...]], *, exists: bool) -> None:
    """DROP FUNCTION a, b. Failure 3701 when there is none, unless IF EXISTS."""
    for parts in names:
        if runner.session.routines.pop(key_of(parts), None) is None and not exists:
            message = f"Cannot drop the function '{'.'.join(parts)}', because it does not exist."
            raise Failure(3701, message, state=5)


def _fill(
    runner: Runner, tree: FunctionTree, file: str, values: Mapping[str, tuple[SqlType, Value]]
) -> TableDef:
    """Run the statements of a function; the table variable that they filled, which nobody else names."""
    _only_its_own(tree, file)
    session = runner.session
    before = runner.file, session.rowcount, runner.result, runner.results
    session.frames.append(Frame(dict(values), named(tree)))
    session.catalog.frames.append({})
    runner.file = file
    try:
        ddl.create_table(session, (tree.table,), ddl.read_columns(tree.columns, file))
        with suppress(Return):
            runner.all(tree.statements)
        return session.catalog.frames[-1].pop(tree.table.casefold())
    finally:
        runner.leave()
        runner.file, session.rowcount, runner.result, runner.results = before


def _only_its_own(tree: FunctionTree, file: str) -> None:
    """A function changes no table but its own variables."""
    for one in walk(tree.statements):
        if not isinstance(one, Leaf):
            continue
        if one.verb in _NOT_IN_A_FUNCTION or _changes_another(one.verb, one.parts):
            message = f"{named(tree)}: {one.verb} is not allowed in a function"
            raise ProgramError(message, file=file, line=one.line, code="443")


def _changes_another(verb: str, parts: Sequence[Token]) -> bool:
    if verb not in {"INSERT", "UPDATE", "DELETE"}:
        return False
    at = next(i for i, t in enumerate(parts) if t.word == verb) + 1
    at += at < len(parts) and parts[at].word in {"INTO", "FROM"}
    return at < len(parts) and parts[at].kind is not Kind.VARIABLE
