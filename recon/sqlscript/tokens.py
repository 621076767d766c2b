"""Text of a T-SQL script to tokens, and back: joined together, the tokens are the text again.

The lexical rules are those of
https://learn.microsoft.com/en-us/sql/t-sql/language-elements/transact-sql-syntax-conventions-transact-sql
and https://learn.microsoft.com/en-us/sql/relational-databases/databases/database-identifiers:
block comments nest, `''` is a quote inside a string, `]]` a bracket inside a name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from recon.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Kind(StrEnum):
    """What a token is."""

    SPACE = "space"
    COMMENT = "comment"
    STRING = "string"  # 'x' and N'x'
    NAME = "name"  # x, also every keyword
    QUOTED = "quoted"  # [x] and "x"
    VARIABLE = "variable"  # @x and @@x
    TEMP = "temp"  # #x and ##x
    NUMBER = "number"
    OPERATOR = "operator"
    GO = "go"  # a line that ends a batch


@dataclass(frozen=True, slots=True)
class Token:
    """One token: `offset` counts characters from the start of the text, `line` from 1."""

    kind: Kind
    text: str
    offset: int
    line: int

    @property
    def word(self) -> str:
        """A plain name in capitals, an operator as it is; empty for everything else."""
        if self.kind is Kind.NAME:
            return self.text.upper()
        return self.text if self.kind is Kind.OPERATOR else ""

    @property
    def trivia(self) -> bool:
        """Whether a statement means the same without it."""
        return self.kind in {Kind.SPACE, Kind.COMMENT}

    @property
    def name(self) -> str:
        """The name that a NAME, QUOTED or TEMP token stands for, without its quotes."""
        if self.kind is Kind.QUOTED:
            inner = self.text[1:-1]
            return inner.replace("]]", "]") if self.text[0] == "[" else inner.replace('""', '"')
        return self.text


_TOKEN = re.compile(
    r"""
      (?P<space>[\s\ufeff\x00]+)
    | (?P<line>--[^\n]*)
    | (?P<block>/\*)
    | (?P<string>[Nn]?'(?:[^']|'')*')
    | (?P<quoted>\[(?:[^\]]|\]\])*\]|"(?:[^"]|"")*")
    | (?P<variable>@@?[\w#$@]+)
    | (?P<temp>\#\#?[^\W\d][\w#$@]*|\#\#?\d[\w#$@]*)
    | (?P<number>0[xX][0-9A-Fa-f]*|\$?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<name>[^\W\d][\w#$@]*|\$[A-Za-z]\w*)
    | (?P<operator><>|!=|!<|!>|<=|>=|\+=|-=|\*=|/=|%=|&=|\|=|\^=|::|[-+*/%=<>(),.;&|^~:{}])
    """,
    re.VERBOSE,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_KINDS = {"line": Kind.COMMENT, "block": Kind.COMMENT}


def tokenize(text: str, file: str = "") -> list[Token]:
    """All tokens of `text`, spaces and comments included. ProgramError on what is no token."""
    tokens: list[Token] = []
    at, line = 0, 1
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise ProgramError(_no_token(text, at), file=file, line=line)
        end = match.end()
        if match.lastgroup == "block":
            end = _comment_end(text, at, file, line)
        piece = text[at:end]
        kind = _KINDS.get(match.lastgroup) or Kind(match.lastgroup)
        tokens.append(Token(kind, piece, at, line))
        line += piece.count("\n")
        at = end
    return _mark_batch_ends(tokens)


def _no_token(text: str, at: int) -> str:
    unclosed = {"'": "string", "[": "bracketed name", '"': "quoted name"}
    what = unclosed.get(text[at])
    return f"a {what} that is never closed" if what else f"the character {text[at]!r} has no meaning in T-SQL"


def _comment_end(text: str, at: int, file: str, line: int) -> int:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, at):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    raise ProgramError("a comment that is never closed", file=file, line=line)


def _mark_batch_ends(tokens: list[Token]) -> list[Token]:
    """Turn each `GO` that stands alone on its line (a count may follow) into a GO token.

    https://learn.microsoft.com/en-us/sql/t-sql/language-elements/sql-server-utilities-statements-go
    """
    last_of_line = {t.line: i for i, t in enumerate(tokens) if not t.trivia}
    first_of_line: dict[int, int] = {}
    for i, t in enumerate(tokens):
        if not t.trivia:
            first_of_line.setdefault(t.line, i)
    out = list(tokens)
    for line, first in first_of_line.items():
        token = tokens[first]
        rest = [t for t in tokens[first + 1 : last_of_line[line] + 1] if not t.trivia]
        counted = len(rest) == 1 and rest[0].kind is Kind.NUMBER
        if token.word == "GO" and (not rest or counted or all(t.text == ";" for t in rest)):
            out[first] = Token(Kind.GO, token.text, token.offset, token.line)
    return out


def solid(tokens: Iterable[Token]) -> list[Token]:
    """The tokens that mean something: no spaces, no comments."""
    return [t for t in tokens if not t.trivia]


def spell(tokens: Sequence[Token], text: str) -> str:
    """The piece of `text` from the first to the last of `tokens`, as it was written."""
    if not tokens:
        return ""
    return text[tokens[0].offset : tokens[-1].offset + len(tokens[-1].text)]
