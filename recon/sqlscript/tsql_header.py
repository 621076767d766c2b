"""The head of CREATE PROCEDURE, and the declarations that share its grammar.

https://learn.microsoft.com/en-us/sql/t-sql/statements/create-procedure-transact-sql
https://learn.microsoft.com/en-us/sql/t-sql/language-elements/declare-local-variable-transact-sql
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from recon.errors import ProgramError
from recon.sqlscript.tokens import Kind, Token
from recon.sqlscript.tsql_leaf import words
from recon.sqlscript.tsql_tree import Parameter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.sqlscript.tsql_tree import Leaf

_AFTER_TYPE = words("= , OUT OUTPUT READONLY WITH AS FOR NULL NOT VARYING")


def object_name(tokens: Sequence[Token], at: int) -> tuple[tuple[str, ...], int]:
    """The dotted name at `at`, unquoted (`a..b` has an empty middle), and where it ends."""
    parts: list[str] = []
    expect = True
    while at < len(tokens):
        token = tokens[at]
        if token.word == ".":
            if expect:
                parts.append("")
            expect = True
        elif expect and token.kind in {Kind.NAME, Kind.QUOTED, Kind.TEMP, Kind.VARIABLE}:
            parts.append(token.name)
            expect = False
        else:
            break
        at += 1
    return tuple(parts), at


def header(
    tokens: Sequence[Token], begin: int, file: str
) -> tuple[tuple[str, ...], tuple[Parameter, ...], int]:
    """Name, parameters, and the place after the AS that opens the body."""
    at = next(i for i in range(begin, len(tokens)) if tokens[i].word in {"PROC", "PROCEDURE"}) + 1
    name, at = object_name(tokens, at)
    if not name:
        _fail(tokens, begin, file, "CREATE PROCEDURE without a name")
    wrapped = at < len(tokens) and tokens[at].word == "("
    at += wrapped
    found, at = parameters(tokens, at, file)
    if wrapped:
        if at >= len(tokens) or tokens[at].word != ")":
            _fail(tokens, begin, file, "the parameters of the procedure are never closed")
        at += 1
    return name, found, _body(tokens, begin, at, file)


def parameters(tokens: Sequence[Token], at: int, file: str) -> tuple[tuple[Parameter, ...], int]:
    """The parameters from `at` on, and where they end."""
    found: list[Parameter] = []
    while at < len(tokens) and tokens[at].kind is Kind.VARIABLE:
        parameter, at = _parameter(tokens, at, file)
        found.append(parameter)
        if at < len(tokens) and tokens[at].word == ",":
            at += 1
    return tuple(found), at


def _body(tokens: Sequence[Token], begin: int, at: int, file: str) -> int:
    """After `[WITH option, ...] [FOR REPLICATION] AS`."""
    while at < len(tokens):
        word, before = tokens[at].word, tokens[at - 1].word
        if word == "AS" and before not in {"EXEC", "EXECUTE"}:
            return at + 1
        if not word and tokens[at].kind is not Kind.STRING:
            break
        at += 1
    return _fail(tokens, begin, file, "the head of the procedure does not end in AS")


def _parameter(tokens: Sequence[Token], at: int, file: str) -> tuple[Parameter, int]:
    name = tokens[at]
    at += 1
    if at < len(tokens) and tokens[at].word == "AS":
        at += 1
    begin = at
    at = type_end(tokens, at)
    kind = tuple(tokens[begin:at])
    if not kind:
        _fail(tokens, begin - 1, file, f"{name.text} has no type")
    default: tuple[Token, ...] | None = None
    output = False
    while at < len(tokens) and tokens[at].word not in {",", ")", "WITH", "AS", "FOR"}:
        word = tokens[at].word
        if word == "=":
            end = _default_end(tokens, at + 1)
            default = tuple(tokens[at + 1 : end])
            at = end
            continue
        if word not in {"OUT", "OUTPUT", "READONLY", "NULL", "NOT", "VARYING"}:
            _fail(tokens, at, file, f"{tokens[at].text!r} is not understood after {name.text}")
        output = output or word in {"OUT", "OUTPUT"}
        at += 1
    return Parameter(name.text, kind, default, output, name.line), at


def type_end(tokens: Sequence[Token], at: int) -> int:
    """Where the type that begins at `at` ends: `decimal(18, 2)`, `[dbo].[Code]`, `double precision`."""
    depth = 0
    while at < len(tokens):
        word = tokens[at].word
        if depth == 0 and (word in _AFTER_TYPE or word == ")" or tokens[at].kind is Kind.VARIABLE):
            break
        depth += (word == "(") - (word == ")")
        at += 1
    return at


def _default_end(tokens: Sequence[Token], at: int) -> int:
    """A default is one constant, perhaps with a sign, or a bare word."""
    if at < len(tokens) and tokens[at].word in {"-", "+"}:
        at += 1
    return min(at + 1, len(tokens))


def _fail(tokens: Sequence[Token], at: int, file: str, message: str) -> NoReturn:
    token = tokens[min(at, len(tokens) - 1)]
    raise ProgramError(message, file=file, line=token.line)


@dataclass(frozen=True, slots=True)
class Declared:
    """One item of DECLARE: a variable with its type, or a table with its column list.

    `value` is the initial expression; `columns` are the tokens between the brackets of a table variable.
    """

    name: str
    type: tuple[Token, ...]
    value: tuple[Token, ...]
    columns: tuple[Token, ...] | None
    line: int


def declared(leaf: Leaf, file: str) -> tuple[Declared, ...]:
    """The items of a DECLARE of variables. (Cursors are told apart by their name without an @.)"""
    items: list[Declared] = []
    for piece in commas(leaf.parts[1:]):
        if not piece or piece[0].kind is not Kind.VARIABLE:
            raise ProgramError("DECLARE is not understood here", file=file, line=leaf.line)
        items.append(_declared(piece, file))
    return tuple(items)


def _declared(piece: Sequence[Token], file: str) -> Declared:
    name, rest = piece[0], list(piece[1:])
    if rest and rest[0].word == "AS":
        rest = rest[1:]
    if rest and rest[0].word == "TABLE":
        return Declared(name.text, (), (), tuple(rest[2:-1]), name.line)
    end = type_end(rest, 0)
    if end == 0:
        raise ProgramError(f"{name.text} has no type", file=file, line=name.line)
    tail = rest[end:]
    if tail and tail[0].word != "=":
        raise ProgramError(f"{tail[0].text!r} is not understood after {name.text}", file=file, line=name.line)
    return Declared(name.text, tuple(rest[:end]), tuple(tail[1:]), None, name.line)


def commas(tokens: Sequence[Token]) -> list[tuple[Token, ...]]:
    """The pieces between the commas that no bracket or CASE encloses."""
    pieces: list[tuple[Token, ...]] = []
    piece: list[Token] = []
    depth = 0
    for token in tokens:
        depth += (token.word in {"(", "CASE"}) - (token.word in {")", "END"})
        if token.word == "," and depth == 0:
            pieces.append(tuple(piece))
            piece = []
        else:
            piece.append(token)
    return [*pieces, tuple(piece)] if tokens else []
