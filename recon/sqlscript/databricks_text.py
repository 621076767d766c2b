"""Databricks scripts as text: words, statements, notebook cells. Nothing is understood here, nothing is lost.

Every word keeps its place in the text, so that later steps can cut and replace without respelling what an
author wrote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from sqlglot.dialects.databricks import Databricks
from sqlglot.errors import TokenError
from sqlglot.tokenizer_core import TokenType

from recon.errors import ProgramError
from recon.model import Language

_TEXT = {TokenType.STRING, TokenType.RAW_STRING, TokenType.HEX_STRING, TokenType.BIT_STRING}
_OPAQUE = re.compile(
    r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|(?P<body>\$\$.*?\$\$)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Word:
    """One token. `key` is its text in upper case when it is bare (a word or a sign), empty when quoted."""

    key: str
    text: str  # a name without its back-ticks
    start: int
    end: int  # one past the last character
    name: bool  # whether it can be (part of) a name


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as written, without comments around it. `line` is 1-based in its file."""

    text: str
    file: str
    line: int

    @property
    def words(self) -> tuple[Word, ...]:
        return words(self.text, self.file, self.line)

    def line_at(self, offset: int) -> int:
        """The file's line of a place in the text."""
        return self.line + self.text.count("\n", 0, max(offset, 0))

    def refuse(self, message: str, *, at: int = 0, hint: str = "") -> ProgramError:
        """The error that names this statement's place."""
        return ProgramError(message, file=self.file, line=self.line_at(at), hint=hint)


def words(text: str, file: str = "", line: int = 1) -> tuple[Word, ...]:
    """The text's tokens in order, comments left out. ProgramError where it stops being SQL."""
    try:
        tokens = Databricks().tokenize(_masked(text))
    except TokenError as error:
        raise ProgramError(
            "a string, a quoted name or a comment is not closed",
            file=file,
            line=line + _broken_line(text) - 1,
            hint="Close the quote, or escape it with a backslash.",
        ) from error
    return tuple(w for t in tokens for w in _words(text, t.token_type, t.text, t.start, t.end + 1))


def _words(text: str, kind: TokenType, value: str, start: int, end: int) -> list[Word]:
    """The words of one of sqlglot's tokens, which may be several keywords (`GROUP BY`)."""
    if kind in _TEXT or kind is TokenType.HINT:
        return [Word("", value, start, end, name=False)]
    if kind is TokenType.IDENTIFIER:
        return [Word("", value, start, end, name=True)]
    parts = [(m[0], start + m.start(), start + m.end()) for m in re.finditer(r"\S+", text[start:end])]
    return [Word(part.upper(), part, a, b, name=bool(re.match(r"\w", part))) for part, a, b in parts]


def _masked(text: str) -> str:
    """The text with the body of `$$ ... $$` (another language) as one string of the same length.

    https://docs.databricks.com/sql/language-manual/sql-ref-syntax-ddl-create-sql-function
    """
    if "$$" not in text:
        return text
    return _OPAQUE.sub(lambda m: "'" + "x" * (len(m[0]) - 2) + "'" if m["body"] else m[0], text)


def _broken_line(text: str) -> int:
    """The line at which the part that cannot be tokenized begins."""
    lines = text.split("\n")
    for count in range(len(lines) - 1, 0, -1):
        try:
            Databricks().tokenize(_masked("\n".join(lines[:count])))
        except TokenError:
            continue
        return count + 1
    return 1


def verbatim(text: str, part: tuple[Word, ...]) -> str:
    """What the author wrote from the first to the last of the words, on one line and without comments."""
    out: list[str] = []
    for before, word in zip((None, *part), part, strict=False):
        if before is not None and before.end < word.start:
            out.append(" ")
        out.append(text[word.start : word.end])
    return "".join(out)


# --- Statements -------------------------------------------------------------------------

_OPENERS = {"BEGIN", "CASE"}
_CLOSED_BY_NAME = {"IF", "WHILE", "LOOP", "REPEAT", "FOR"}


def statements(text: str, file: str = "", line: int = 1) -> tuple[Statement, ...]:
    """Split at the semicolons that are outside of `BEGIN ... END`. Chunks without a word are dropped."""
    found: list[Statement] = []
    chunk: list[Word] = []
    for word in (*words(text, file, line), None):
        if word is not None and (word.key != ";" or _inside_block(chunk)):
            chunk.append(word)
            continue
        if chunk:
            first = chunk[0].start
            place = line + text.count("\n", 0, first)
            if word is None and _inside_block(chunk):
                raise ProgramError("BEGIN without its END", file=file, line=place)
            found.append(Statement(text[first : chunk[-1].end], file, place))
        chunk = []
    return tuple(found)


def is_block(part: tuple[Word, ...] | list[Word]) -> bool:
    """Whether the words are (or define) a compound statement of SQL scripting.

    https://docs.databricks.com/sql/language-manual/sql-ref-scripting
    """
    keys = [w.key for w in part[:4]]
    if keys[:1] == ["BEGIN"]:
        return keys[1:2] not in ([], ["TRANSACTION"], [";"])
    if keys[1:3] == [":", "BEGIN"]:
        return True
    if keys[:1] == ["CREATE"] and "PROCEDURE" in keys:
        return any(w.key == "BEGIN" for w in part)
    return False


def _inside_block(part: list[Word]) -> bool:
    return bool(part) and is_block(part) and _depth(part) > 0


def _depth(part: list[Word]) -> int:
    depth = 0
    previous = ""
    for word in part:
        if previous != "END":
            depth += word.key in _OPENERS
        elif word.key in _CLOSED_BY_NAME:
            depth += 1  # END IF closes an IF, which is not counted
        depth -= word.key == "END"
        previous = word.key
    return depth


# --- Notebooks ----------------------------------------------------------------------------


class CellKind(StrEnum):
    """What a notebook cell holds."""

    SQL = "sql"
    PYTHON = "python"
    TEXT = "text"  # %md and empty cells: nothing to run
    OTHER = "other"  # %run, %sh, %scala, %r ...: not to be run here


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. `text` is padded with empty lines so that its line numbers are the file's."""

    kind: CellKind
    text: str
    line: int
    magic: str = ""


_NOTEBOOK = re.compile(r"(?:#|--) Databricks notebook source\s*")
_COMMAND = re.compile(r"(?:#|--) COMMAND -{3,}\s*")
_MAGIC = re.compile(r"(?:#|--) MAGIC ?(.*)")
_TITLE = re.compile(r"(?:#|--) DBTITLE ")
_KINDS = {"%sql": CellKind.SQL, "%python": CellKind.PYTHON, "%md": CellKind.TEXT}


def is_notebook(text: str) -> bool:
    """Whether the text is a notebook's source export."""
    return bool(_NOTEBOOK.fullmatch(text.split("\n", 1)[0].rstrip("\r")))


def cells(text: str, language: Language) -> tuple[Cell, ...]:
    """The cells of a script in order; one cell when it is not a notebook.

    https://docs.databricks.com/notebooks/notebook-export-import (the source format).
    """
    own = CellKind.PYTHON if language is Language.PYSPARK else CellKind.SQL
    lines = text.split("\n")
    if not is_notebook(text):
        return (Cell(own, text, 1),)
    found: list[Cell] = []
    start = 1
    for number, content in enumerate((*lines[1:], None), start=1):
        if content is None or _COMMAND.fullmatch(content.rstrip("\r")):
            found.append(_cell(lines[start:number], start, own))
            start = number + 1
    return tuple(found)


def _cell(lines: list[str], above: int, own: CellKind) -> Cell:
    """`above` is the number of lines before the cell."""
    magic = [_MAGIC.fullmatch(line.rstrip("\r")) for line in lines]
    first = next((i for i, m in enumerate(magic) if m and m[1].startswith("%")), None)
    blank = [""] * above
    if first is None:
        kind = own if any(line.strip() for line in lines) else CellKind.TEXT
        return Cell(kind, "\n".join(blank + lines), above + 1)
    name, _, rest = (magic[first] or [""])[1].partition(" ")
    body = [m[1] if m else _untitled(line) for m, line in zip(magic, lines, strict=True)]
    body[first] = rest
    return Cell(_KINDS.get(name, CellKind.OTHER), "\n".join(blank + body), above + first + 1, name)


def _untitled(line: str) -> str:
    return "" if _TITLE.match(line) else line
