"""The column names that `ddl.sql` declares, read from its tokens.

Only names are wanted here, so that a key or a rule can be checked before anything runs: options,
constraints and types that no parser knows do no harm. What cannot be read is left to the run.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import sqlglot
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import Token, TokenType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from recon.model import TableRef

# https://learn.microsoft.com/sql/t-sql/language-elements/sql-server-utilities-statements-go
_GO = re.compile(r"^[ \t]*GO(?:[ \t]+\d+)?[ \t]*;?[ \t\r]*$", re.IGNORECASE | re.MULTILINE)
_CONSTRAINTS = {"CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "INDEX"}


def declared_columns(ddl: str, table: TableRef) -> tuple[str, ...]:
    """The columns that `CREATE TABLE table` declares, in order; empty when the text has none for it."""
    for schema, name, columns in reversed(list(_tables(ddl))):
        if (schema.casefold(), name.casefold()) == (table.schema.casefold(), table.name.casefold()):
            return columns
    return ()


def _tables(ddl: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Schema, name and columns of every CREATE TABLE, in order."""
    for batch in _GO.split(ddl):
        try:
            tokens = sqlglot.tokenize(batch, read="tsql")
        except TokenError:
            continue  # the run reads the same text with a stricter reader and says what is wrong with it
        for at, token in enumerate(tokens[:-1]):
            if token.token_type is TokenType.CREATE and tokens[at + 1].token_type is TokenType.TABLE:
                name, rest = _name(tokens[at + 2 :])
                schema = name[-2] if len(name) > 1 else "dbo"
                if name and (columns := tuple(_columns(rest))):
                    yield schema, name[-1], columns


def _name(tokens: Sequence[Token]) -> tuple[list[str], Sequence[Token]]:
    """A dotted name, and what follows it."""
    parts: list[str] = []
    for at, token in enumerate(tokens):
        if at % 2 == 0:
            parts.append(token.text)
        elif token.token_type is not TokenType.DOT:
            return parts, tokens[at:]
    return parts, ()


def _columns(tokens: Sequence[Token]) -> Iterator[str]:
    """The first word of each piece of a parenthesised list that is a column."""
    for piece in _pieces(tokens):
        first, quoted = piece[0].text, piece[0].token_type is TokenType.IDENTIFIER
        # PERIOD FOR SYSTEM_TIME (...) is no column, a column called period is one.
        period = first.upper() == "PERIOD" and len(piece) > 1 and piece[1].text.upper() == "FOR"
        if quoted or not (period or first.upper().split()[0] in _CONSTRAINTS):
            yield first


def _pieces(tokens: Iterable[Token]) -> Iterator[list[Token]]:
    """What stands between the commas of the list that `tokens` open with."""
    depth, piece = 0, list[Token]()
    for token in tokens:
        kind = token.token_type
        depth += (kind is TokenType.L_PAREN) - (kind is TokenType.R_PAREN)
        if depth == 0 or (depth == 1 and kind is TokenType.COMMA):
            if piece:
                yield piece
            piece = []
            if depth == 0:
                return
        elif not (depth == 1 and kind is TokenType.L_PAREN):
            piece.append(token)
