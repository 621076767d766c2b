"""Cursors: their rows are read when they are opened, and fetched forward.

https://learn.microsoft.com/en-us/sql/t-sql/language-elements/declare-cursor-transact-sql
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from recon.connectors.local.tsql.context import fresh, watch
from recon.connectors.local.tsql.convert import convert
from recon.connectors.local.tsql.duck import constant
from recon.connectors.local.tsql.query import query
from recon.connectors.local.tsql.scope import Typed
from recon.connectors.local.tsql.session import Failure
from recon.errors import ProgramError
from recon.sqlscript.tokens import Kind
from recon.sqlscript.tsql_header import commas
from recon.sqlscript.tsql_leaf import words
from recon.sqlscript.tsql_parse import query as parse_query

if TYPE_CHECKING:
    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.run import Runner
    from recon.connectors.local.tsql.scope import Output
    from recon.sqlscript.tsql_tree import Leaf

_OPTIONS = words(
    "CURSOR LOCAL GLOBAL FORWARD_ONLY STATIC FAST_FORWARD READ_ONLY INSENSITIVE SCROLL_LOCKS KEYSET"
)


@dataclass(slots=True)
class Cursor:
    """A declared cursor. `rows` is None while it is closed."""

    tree: Tree
    outputs: tuple[Output, ...] = ()
    rows: list[tuple[Any, ...]] | None = None
    at: int = 0


def declare(runner: Runner, leaf: Leaf) -> None:
    """DECLARE c CURSOR .. FOR SELECT ..."""
    begin = next((i for i, t in enumerate(leaf.parts) if t.word == "FOR"), None)
    options = [t.word for t in leaf.parts[2:begin]]
    if begin is None or "CURSOR" not in options or not set(options) <= _OPTIONS:
        raise ProgramError("this cursor is not supported", file=runner.file, line=leaf.line)
    tree = parse_query(leaf.parts[begin + 1 :], leaf.line, runner.file)
    runner.session.frame.cursors[leaf.parts[1].name.casefold()] = Cursor(tree)


def _find(runner: Runner, leaf: Leaf, at: int) -> Cursor:
    tokens = [t for t in leaf.parts[at:] if t.word != "GLOBAL"]
    named = tokens[0].name.casefold() if tokens else ""
    for frame in reversed(runner.session.frames):
        found: Cursor | None = frame.cursors.get(named)
        if found is not None:
            return found
    raise Failure(16916, f"A cursor with the name '{named}' does not exist.")


def open_cursor(runner: Runner, leaf: Leaf) -> None:
    """OPEN c: read its rows."""
    cursor = _find(runner, leaf, 1)
    session = runner.session
    env = fresh(session, runner.file, leaf.line)
    made = query(env, cursor.tree.copy())
    if cursor.tree.args.get("order") is None:
        env.note(cursor.tree, "a cursor without ORDER BY reads its rows in no certain order")
    watch(env)
    cursor.rows, cursor.at, cursor.outputs = session.execute(made.tree).fetchall(), 0, made.outputs


def fetch(runner: Runner, leaf: Leaf) -> None:
    """FETCH [NEXT FROM] c INTO @a, @b."""
    tokens = [t for t in leaf.parts[1:] if t.word not in {"NEXT", "FROM"}]
    into = next((i for i, t in enumerate(tokens) if t.word == "INTO"), None)
    bad = into is None or any(t.kind not in {Kind.VARIABLE} and t.word != "," for t in tokens[into + 1 :])
    if bad or into != 1:
        raise ProgramError("only FETCH NEXT FROM c INTO @a is supported", file=runner.file, line=leaf.line)
    at = next(i for i, t in enumerate(leaf.parts) if t is tokens[0])
    cursor = _find(runner, leaf, at)
    if cursor.rows is None:
        raise Failure(16917, "Cursor is not open.")
    session = runner.session
    if cursor.at >= len(cursor.rows):
        session.fetch_status = -1
        return
    names = [piece[0].text for piece in commas(tokens[into + 1 :])]
    row = cursor.rows[cursor.at]
    if len(names) != len(row):
        raise Failure(16924, "The number of variables in INTO must match that of selected columns.")
    env = fresh(session, runner.file, leaf.line)
    for named, output, found in zip(names, cursor.outputs, row, strict=True):
        kind = runner.variable(named, leaf.line)
        made = convert(env, cursor.tree, Typed(constant(found, output.type), output.type), kind)
        session.frame.variables[named.casefold()] = (kind, session.evaluate(made.tree))
    cursor.at += 1
    session.fetch_status = 0


def close(runner: Runner, leaf: Leaf) -> None:
    """CLOSE c."""
    _find(runner, leaf, 1).rows = None


def deallocate(runner: Runner, leaf: Leaf) -> None:
    """DEALLOCATE c."""
    gone = _find(runner, leaf, 1)
    for frame in runner.session.frames:
        frame.cursors = {n: c for n, c in frame.cursors.items() if c is not gone}
