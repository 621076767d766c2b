"""CREATE FUNCTION: its name, parameters, what it returns, and its body as statements or as one query.

https://learn.microsoft.com/en-us/sql/t-sql/statements/create-function-transact-sql
https://learn.microsoft.com/en-us/sql/t-sql/statements/create-function-sql-data-warehouse
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from recon.errors import ProgramError
from recon.sqlscript.tokens import Kind, solid, tokenize
from recon.sqlscript.tsql_header import object_name, parameters, type_end
from recon.sqlscript.tsql_options import closing
from recon.sqlscript.tsql_split import body

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.sqlscript.tokens import Token
    from recon.sqlscript.tsql_tree import Leaf, Parameter, Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionTree:
    """A function as written: scalar (`returns`), an inline table (`query`), or statements.

    `table` is the name of the table variable that these fill and `columns` what stands between its brackets.
    """

    name: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    returns: tuple[Token, ...] = ()
    query: tuple[Token, ...] = ()
    table: str = ""
    columns: tuple[Token, ...] = ()
    statements: tuple[Statement, ...] = ()
    null_on_null: bool = False  # WITH RETURNS NULL ON NULL INPUT
    line: int = 0


def read_function(leaf: Leaf, file: str) -> FunctionTree:
    """A CREATE or ALTER FUNCTION. ProgramError, with the line, for what is not understood."""
    text = "\n" * (leaf.line - 1) + leaf.text
    return _Reader(text, file, solid(tokenize(text, file))).read()


class _Reader:
    def __init__(self, text: str, file: str, tokens: list[Token]) -> None:
        self._text, self._file, self._tokens = text, file, tokens

    def read(self) -> FunctionTree:
        tokens = self._tokens
        at = next(i for i, t in enumerate(tokens) if t.word == "FUNCTION") + 1
        name, at = object_name(tokens, at)
        if not name or self._word(at) != "(":
            self._fail(at, "this CREATE FUNCTION is not understood")
        given, at = parameters(tokens, at + 1, self._file)
        if self._word(at) != ")" or self._word(at + 1) != "RETURNS":
            self._fail(at, "this CREATE FUNCTION is not understood")
        return self._returned(name, given, at + 2)

    def _returned(self, name: tuple[str, ...], given: tuple[Parameter, ...], at: int) -> FunctionTree:
        line = self._tokens[0].line
        if self._word(at) == "TABLE":
            at, _ = self._options(at + 1)
            query = self._query(at)
            return FunctionTree(name=name, parameters=given, query=query, line=line)
        if self._tokens[at].kind is Kind.VARIABLE and self._word(at + 1) == "TABLE":
            table, end = self._tokens[at].text, closing(self._tokens, at + 2)
            columns = tuple(self._tokens[at + 3 : end])
            at, _ = self._options(end + 1)
            statements = self._statements(at)
            return FunctionTree(
                name=name, parameters=given, table=table, columns=columns, statements=statements, line=line
            )
        end = self._type_end(at)
        returns = tuple(self._tokens[at:end])
        at, null_on_null = self._options(end)
        return FunctionTree(
            name=name,
            parameters=given,
            returns=returns,
            statements=self._statements(at),
            null_on_null=null_on_null,
            line=line,
        )

    def _type_end(self, at: int) -> int:
        end = type_end(self._tokens, at)
        stop = next((i for i in range(at, end) if self._word(i) in {"BEGIN", "RETURN"}), end)
        return stop if stop > at else self._fail(at, "the function returns no type")

    def _options(self, at: int) -> tuple[int, bool]:
        """Past `[WITH option, ...] [AS]`; whether NULL is returned for NULL."""
        begin = at
        while at < len(self._tokens) and self._word(at) not in {"AS", "BEGIN", "RETURN"}:
            at += 1
        said = [t.word for t in self._tokens[begin:at]]
        return at + (self._word(at) == "AS"), said[:4] == ["WITH", "RETURNS", "NULL", "ON"]

    def _query(self, at: int) -> tuple[Token, ...]:
        if self._word(at) != "RETURN":
            self._fail(at, "RETURN is expected here")
        tokens = self._tokens[at + 1 :]
        while tokens and tokens[-1].word == ";":
            tokens.pop()
        while tokens and tokens[0].word == "(" and closing(tokens, 0) == len(tokens) - 1:
            tokens = tokens[1:-1]
        return tuple(tokens)

    def _statements(self, at: int) -> tuple[Statement, ...]:
        if self._word(at) != "BEGIN":
            self._fail(at, "BEGIN is expected here")
        return body(self._text, self._file, self._tokens[at:])

    def _word(self, at: int) -> str:
        return self._tokens[at].word if at < len(self._tokens) else ""

    def _fail(self, at: int, message: str) -> NoReturn:
        token = self._tokens[min(at, len(self._tokens) - 1)]
        raise ProgramError(message, file=self._file, line=token.line)


def named(tree: FunctionTree) -> str:
    """The function's name for messages."""
    return ".".join(tree.name)


def words_of(tokens: Sequence[Token]) -> str:
    """Tokens as the spelling of a type."""
    return " ".join(t.text for t in tokens)
