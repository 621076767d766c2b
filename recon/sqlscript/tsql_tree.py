"""What a T-SQL script is made of: statements that contain statements, and leaves.

Every node keeps its `parts`: the solid tokens and nodes that it was read from, in order, so that nothing of
a script can go missing unseen (`tokens_of` gives them all back).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recon.sqlscript.tokens import Token


@dataclass(frozen=True, slots=True)
class Leaf:
    """One statement without statements in it, or a condition (verb `CONDITION`).

    `verb` is what it does, in capitals: `INSERT` also for `WITH c AS (...) INSERT ...`. `text` is as written.
    """

    verb: str
    text: str
    line: int
    parts: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """BEGIN ... END."""

    body: tuple[Statement, ...]
    line: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class If:
    """IF condition then [ELSE otherwise]."""

    condition: Leaf
    then: Statement
    otherwise: Statement | None
    line: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class While:
    """WHILE condition body."""

    condition: Leaf
    body: Statement
    line: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Try:
    """BEGIN TRY ... END TRY BEGIN CATCH ... END CATCH."""

    body: tuple[Statement, ...]
    handler: tuple[Statement, ...]
    line: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a procedure. `type` and `default` are as written; no default is None."""

    name: str  # with its @
    type: tuple[Token, ...]
    default: tuple[Token, ...] | None
    output: bool
    line: int


@dataclass(frozen=True, slots=True)
class Procedure:
    """CREATE [OR ALTER] PROCEDURE or ALTER PROCEDURE. `name` holds the parts of its name, unquoted."""

    name: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]
    replaces: bool  # ALTER, or CREATE OR ALTER
    line: int
    parts: tuple[Part, ...]


Statement: TypeAlias = Leaf | Block | If | While | Try | Procedure
Part: TypeAlias = "Token | Statement"


@dataclass(frozen=True, slots=True)
class Batch:
    """What lies between two GO: `parts` includes the semicolons; `count` is the n of `GO n`."""

    body: tuple[Statement, ...]
    count: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class ScriptTree:
    """A whole file."""

    file: str
    text: str
    batches: tuple[Batch, ...]


def tokens_of(tree: ScriptTree) -> tuple[Token, ...]:
    """Every solid token of the script in the order of the text."""
    return tuple(t for batch in tree.batches for part in batch.parts for t in _tokens(part))


def _tokens(part: Part) -> Iterator[Token]:
    if isinstance(part, (Leaf, Block, If, While, Try, Procedure)):
        for inner in part.parts:
            yield from _tokens(inner)
    else:
        yield part


def walk(statements: tuple[Statement, ...]) -> Iterator[Statement]:
    """Every statement, outer before inner, in the order of the text."""
    for statement in statements:
        yield statement
        yield from walk(_inside(statement))


def _inside(statement: Statement) -> tuple[Statement, ...]:
    if isinstance(statement, Try):
        return statement.body + statement.handler
    if isinstance(statement, (Block, Procedure)):
        return statement.body
    if isinstance(statement, While):
        return (statement.body,)
    if isinstance(statement, If):
        return (statement.then,) + ((statement.otherwise,) if statement.otherwise else ())
    return ()
