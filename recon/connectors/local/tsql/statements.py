"""Each T-SQL statement that is not control flow. A verb that is not in the table is refused with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql import (
    cursor,
    fn_date,
    fn_format,
    fn_math,
    fn_misc,
    fn_numeric,
    fn_sequence,
    fn_text,
    table_variables,
    tables,
)
from recon.connectors.local.tsql.alter_rows import delete, update
from recon.connectors.local.tsql.changed import forget_rows
from recon.connectors.local.tsql.context import fresh
from recon.connectors.local.tsql.dml import fill, insert, target_table
from recon.connectors.local.tsql.exec import execute
from recon.connectors.local.tsql.merge import merge
from recon.connectors.local.tsql.messages import print_message, raise_error, throw
from recon.connectors.local.tsql.query import query
from recon.connectors.local.tsql.run import Break, Continue, Return
from recon.connectors.local.tsql.select import assign_variables, keep, select_into
from recon.connectors.local.tsql.set import set_option
from recon.errors import ProgramError
from recon.sqlscript.tokens import Kind, Token
from recon.sqlscript.tsql_extras import without_extras
from recon.sqlscript.tsql_header import declared, object_name
from recon.sqlscript.tsql_parse import statement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from recon.connectors.local.tsql.catalog import TableDef
    from recon.connectors.local.tsql.changed import Changed
    from recon.connectors.local.tsql.run import Runner
    from recon.connectors.local.tsql.scope import Env, Query
    from recon.sqlscript.tsql_extras import Extras
    from recon.sqlscript.tsql_tree import Leaf

# How many tokens a statement of a verb has at least.
_LEAST = {
    **dict.fromkeys(("OPEN", "FETCH", "CLOSE", "DEALLOCATE", "PRINT"), 2),
    **dict.fromkeys(("SET", "DECLARE", "INSERT", "CREATE", "DROP", "TRUNCATE", "RAISERROR"), 3),
    **dict.fromkeys(("ALTER", "RENAME"), 4),
}
_COMPOUND = {"+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="}
# The modules that register functions by being imported.
FUNCTION_MODULES = (fn_date, fn_format, fn_math, fn_misc, fn_numeric, fn_sequence, fn_text)


def run_leaf(runner: Runner, leaf: Leaf) -> None:
    """Do one statement."""
    handler = _VERBS.get(leaf.verb)
    if handler is None:
        raise _fail(runner, leaf, f"{leaf.verb} is not supported")
    if len(leaf.parts) < _LEAST.get(leaf.verb, 1):
        raise _fail(runner, leaf, f"this {leaf.verb} is not understood")
    handler(runner, leaf)


def _fail(runner: Runner, leaf: Leaf, message: str) -> ProgramError:
    return ProgramError(message, file=runner.file, line=leaf.line)


def _env(runner: Runner, leaf: Leaf) -> Env:
    return fresh(runner.session, runner.file, leaf.line)


# --- Rows ------------------------------------------------------------------------------------


def _select(runner: Runner, leaf: Leaf) -> None:
    tree = statement(leaf, runner.file)
    env = _env(runner, leaf)
    if isinstance(tree, exp.Select) and any(isinstance(e, exp.EQ) for e in tree.expressions):
        assign_variables(runner, env, tree)
    elif tree.args.get("into") is not None:
        select_into(runner, env, tree)
    else:
        keep(runner, env, query(env, tree))


def _insert(runner: Runner, leaf: Leaf) -> None:
    session = runner.session
    at = next((i for i, t in enumerate(leaf.parts) if t.word in {"EXEC", "EXECUTE"}), None)
    if at is not None and not any(t.word in {"SELECT", "VALUES"} for t in leaf.parts[:at]):
        _insert_exec(runner, leaf, at)
        return
    plain, extras = _extras(runner, leaf)
    tree = statement(plain, runner.file)
    if not isinstance(tree, exp.Insert):
        raise _fail(runner, leaf, "this INSERT is not understood")
    env = _env(runner, leaf)
    _done(runner, env, extras, insert(session, env, tree, extras))


def _done(runner: Runner, env: Env, extras: Extras, made: Changed) -> None:
    """Put out what OUTPUT asks for, into its table or as rows of a result; then @@ROWCOUNT."""
    session = runner.session
    if made.output is not None:
        if extras.into:
            target = _into(runner, env.ctx.line, extras)
            names = list(extras.columns) or [c.name for c in target.columns if not c.identity]
            fill(session, env, exp.to_table(target.name, quoted=True), target, names, made.output, [])
        else:
            keep(runner, env, made.output)
        forget_rows(session, made.real)
    session.rowcount = made.rows


def _into(runner: Runner, line: int, extras: Extras) -> TableDef:
    """The table that OUTPUT fills. ProgramError when there is none, before anything is changed."""
    found = runner.session.catalog.table(extras.into)
    if found is None:
        message = f"there is no table {'.'.join(extras.into)} for OUTPUT"
        raise ProgramError(message, file=runner.file, line=line, code="208")
    return found


def _extras(runner: Runner, leaf: Leaf) -> tuple[Leaf, Extras]:
    plain, extras = without_extras(leaf, runner.file)
    if extras.into:
        _into(runner, leaf.line, extras)
    return plain, extras


def _insert_exec(runner: Runner, leaf: Leaf, at: int) -> None:
    """INSERT INTO t EXEC p: the rows of the last SELECT of p."""
    begin = 2 if leaf.parts[1].word == "INTO" else 1
    parts, end = object_name(leaf.parts, begin)
    if not parts:
        raise _fail(runner, leaf, "this INSERT is not understood")
    listed = [t.name for t in leaf.parts[end:at] if t.kind in {Kind.NAME, Kind.QUOTED}]
    runner.result, before = None, runner.results
    execute(runner, leaf.parts[at:], leaf.line)
    if runner.result is None or runner.results != before + 1:
        raise _fail(runner, leaf, "INSERT .. EXEC needs a procedure with exactly one result")
    env = _env(runner, leaf)
    node = exp.to_table(parts[-1])
    target = runner.session.catalog.table(parts)
    if target is None:
        target = target_table(env, node)
    names = listed or [c.name for c in target.columns if not c.identity]
    given: Query = runner.result
    runner.session.rowcount = fill(runner.session, env, node, target, names, given, []).rows


def _update(runner: Runner, leaf: Leaf) -> None:
    if len(leaf.parts) > 1 and leaf.parts[1].word == "STATISTICS":
        return  # no row changes
    plain, extras = _extras(runner, leaf)
    tree = statement(plain, runner.file)
    if not isinstance(tree, exp.Update):
        raise _fail(runner, leaf, "this UPDATE is not understood")
    env = _env(runner, leaf)
    _done(runner, env, extras, update(runner.session, env, tree, extras))


def _delete(runner: Runner, leaf: Leaf) -> None:
    plain, extras = _extras(runner, leaf)
    tree = statement(plain, runner.file)
    if not isinstance(tree, exp.Delete):
        raise _fail(runner, leaf, "this DELETE is not understood")
    env = _env(runner, leaf)
    _done(runner, env, extras, delete(runner.session, env, tree, extras))


def _merge(runner: Runner, leaf: Leaf) -> None:
    plain, extras = _extras(runner, leaf)
    tree = statement(plain, runner.file)
    if not isinstance(tree, exp.Merge):
        raise _fail(runner, leaf, "this MERGE is not understood")
    env = _env(runner, leaf)
    _done(runner, env, extras, merge(runner.session, env, tree, extras))


# --- Variables and flow -------------------------------------------------------------------------


def _declare(runner: Runner, leaf: Leaf) -> None:
    """A variable without a value is NULL again each time its DECLARE is passed with one."""
    if leaf.parts[1].kind is not Kind.VARIABLE:
        cursor.declare(runner, leaf)
        return
    variables = runner.session.frame.variables
    for item in declared(leaf, runner.file):
        key = item.name.casefold()
        if item.columns is not None:
            tables.declare_table(runner, item)
            continue
        kind = runner.type_of(item.type, item.line)
        given = runner.given.get(key) if len(runner.session.frames) == 1 else None
        if given is not None:
            variables[key] = tables.as_declared(runner, given, kind, item.line)
        elif item.value:
            variables[key] = (kind, None)
            variables[key] = runner.compute(item.value, item.line, kind)
        elif key not in variables:
            variables[key] = (kind, None)


def _set(runner: Runner, leaf: Leaf) -> None:
    if leaf.parts[1].kind is not Kind.VARIABLE:
        set_option(runner, leaf)
        return
    name, sign = leaf.parts[1], leaf.parts[2].word
    if sign == "=":
        runner.set(name.text, leaf.parts[3:], leaf.line)
    elif sign in _COMPOUND:
        runner.set(name.text, compound(leaf.parts[1:]), leaf.line)
    else:
        raise _fail(runner, leaf, "this SET is not understood")


def compound(tokens: Sequence[Token]) -> list[Token]:
    """`@a += b` as the value `@a + (b)`."""
    name, sign = tokens[0], tokens[1]
    signs = [Token(Kind.OPERATOR, s, sign.offset, sign.line) for s in (sign.text[0], "(", ")")]
    return [name, signs[0], signs[1], *tokens[2:], signs[2]]


def _return(runner: Runner, leaf: Leaf) -> None:
    code = 0
    if len(leaf.parts) > 1:
        _, found = runner.compute(leaf.parts[1:], leaf.line)
        code = found if isinstance(found, int) else 0
    raise Return(code)


def _break(runner: Runner, leaf: Leaf) -> None:
    raise Break


def _continue(runner: Runner, leaf: Leaf) -> None:
    raise Continue


def _exec(runner: Runner, leaf: Leaf) -> None:
    execute(runner, leaf.parts, leaf.line)


# --- Transactions ---------------------------------------------------------------------------------


def _begin(runner: Runner, leaf: Leaf) -> None:
    runner.session.begin()


def _commit(runner: Runner, leaf: Leaf) -> None:
    runner.session.commit()


def _rollback(runner: Runner, leaf: Leaf) -> None:
    table_variables.rollback(runner.session)


def _nothing(runner: Runner, leaf: Leaf) -> None:
    """Understood, and without effect on any row: rights, waiting, the database in use."""


_VERBS: dict[str, Callable[[Runner, Leaf], None]] = {
    "SELECT": _select,
    "INSERT": _insert,
    "UPDATE": _update,
    "DELETE": _delete,
    "MERGE": _merge,
    "TRUNCATE": tables.truncate_table,
    "CREATE": tables.create,
    "ALTER": tables.alter,
    "DROP": tables.drop_objects,
    "RENAME": tables.rename_object,
    "DECLARE": _declare,
    "SET": _set,
    "RETURN": _return,
    "BREAK": _break,
    "CONTINUE": _continue,
    "EXEC": _exec,
    "PRINT": print_message,
    "RAISERROR": raise_error,
    "THROW": throw,
    "BEGIN": _begin,
    "COMMIT": _commit,
    "ROLLBACK": _rollback,
    "OPEN": cursor.open_cursor,
    "FETCH": cursor.fetch,
    "CLOSE": cursor.close,
    "DEALLOCATE": cursor.deallocate,
    **dict.fromkeys(("GRANT", "REVOKE", "DENY", "WAITFOR", "USE", "CHECKPOINT"), _nothing),
}
