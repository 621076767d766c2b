"""Reading the words of one Databricks statement from its beginning to its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recon.model import TableRef
from recon.sqlscript.databricks_escapes import FILE_FORMATS
from recon.sqlscript.databricks_text import is_block, verbatim

if TYPE_CHECKING:
    from recon.errors import ProgramError
    from recon.sqlscript.databricks_text import Statement, Word

QUERIES = ("SELECT", "WITH", "VALUES", "FROM", "TABLE", "(")


@dataclass(frozen=True, slots=True)
class Name:
    """A dotted name and its place in the statement."""

    parts: tuple[str, ...]
    start: int
    end: int

    @property
    def ref(self) -> TableRef:
        """As a table; the schema is empty when it is not written."""
        parts = ("", "", *self.parts)
        return TableRef(schema=parts[-2], name=parts[-1], catalog=parts[-3] if len(self.parts) > 2 else "")


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `text` in place of a part of the statement."""

    start: int
    end: int
    text: str = ""


def edited(text: str, edits: tuple[Edit, ...]) -> str:
    """The text with all edits made."""
    for edit in sorted(edits, key=lambda e: e.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


class Reader:
    """A place in the words of one statement. Every method that moves says so."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self.words = statement.words
        self.at = 0

    @property
    def block(self) -> bool:
        """Whether the statement is a compound one."""
        return is_block(self.words)

    @property
    def done(self) -> bool:
        """Whether no word is left."""
        return self.at >= len(self.words)

    @property
    def place(self) -> int:
        """The offset of the next word in the text; the text's length at the end."""
        return len(self.statement.text) if self.done else self.words[self.at].start

    @property
    def last(self) -> int:
        """Where the word before this place ends."""
        return self.words[self.at - 1].end if self.at else 0

    def peek(self, ahead: int = 0) -> str:
        """The key of a word to come; empty for a quoted word and behind the end."""
        place = self.at + ahead
        return self.words[place].key if place < len(self.words) else ""

    def take(self, *keys: str) -> bool:
        """Move over these words when they come next, all of them; else stay."""
        if all(self.peek(i) == key for i, key in enumerate(keys)):
            self.at += len(keys)
            return True
        return False

    def need(self, *keys: str) -> None:
        """Move over these words. ProgramError when they do not come next."""
        if not self.take(*keys):
            raise self.unclear(f"{' '.join(keys)} expected")

    def name(self) -> Name:
        """Move over a dotted name. ProgramError when there is none, or when it is a path."""
        start, parts = self.place, list[str]()
        if self.peek() == "IDENTIFIER" and self.peek(1) == "(":
            raise self.refuse(
                "a table name made at run time, IDENTIFIER(...), cannot be checked", "Write the name itself."
            )
        while not self.done and self.words[self.at].name:
            parts.append(self.words[self.at].text)
            self.at += 1
            if not self.take("."):
                break
        if not parts:
            raise self.unclear("a name expected")
        if len(parts) == 2 and parts[0].upper() in FILE_FORMATS and ("/" in parts[1] or ":" in parts[1]):
            raise self.refuse(
                f"the path {parts[1]} in place of a table", "Name a table: a run may not touch other files."
            )
        return Name(tuple(parts), start, self.last)

    def group(self) -> tuple[Word, ...]:
        """Move over `( ... )`; the words inside. Empty when no parenthesis comes next."""
        if self.peek() != "(":
            return ()
        begin = self.at + 1
        self.skip()
        return self.words[begin : self.at - 1]

    def skip(self) -> None:
        """Move over one word, or over a whole parenthesised group."""
        depth = 0
        while not self.done:
            depth += {"(": 1, ")": -1}.get(self.peek(), 0)
            self.at += 1
            if depth <= 0:
                return

    def until(self, *keys: str) -> tuple[Word, ...]:
        """Move to the next of these keys outside of parentheses and CASE; the words before it."""
        begin, depth = self.at, 0
        while not self.done:
            key = self.peek()
            if depth == 0 and key in keys:
                break
            depth += {"(": 1, ")": -1, "CASE": 1, "END": -1}.get(key, 0)
            self.at += 1
        return self.words[begin : self.at]

    def text(self, part: tuple[Word, ...]) -> str:
        """What the author wrote in these words."""
        return verbatim(self.statement.text, part)

    def opening(self) -> str:
        """The statement's first words, to quote in a message."""
        shown = self.text(self.words[:6])
        return shown if len(self.words) <= 6 else f"{shown} ..."

    def refuse(self, message: str, hint: str = "") -> ProgramError:
        """The error that names this place."""
        return self.statement.refuse(message, at=self.place, hint=hint)

    def unclear(self, message: str) -> ProgramError:
        """The error for a head that is not as the grammar says."""
        return self.refuse(f"{message} in: {self.opening()}", "Check the statement's spelling.")


def split(part: tuple[Word, ...]) -> list[tuple[Word, ...]]:
    """Words in pieces, cut at the commas outside of parentheses and brackets. No words: no pieces."""
    pieces: list[list[Word]] = [[]]
    depth = 0
    for word in part:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(word.key, 0)
        if word.key == "," and depth == 0:
            pieces.append([])
        else:
            pieces[-1].append(word)
    return [tuple(piece) for piece in pieces] if part else []
