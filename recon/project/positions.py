"""The line of every key in a TOML text, which `tomllib` does not tell.

`tomllib` has read the text before, so this scanner may rely on it being valid TOML 1.0
(https://toml.io/en/v1.0.0) and only keeps count of keys and lines.
"""

from __future__ import annotations

import re
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}#\r\n]*")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
# Multi-line strings may end in up to two more quotes that belong to them.
_STRINGS = (
    re.compile(r'"""(?:\\.|[^\\])*?"""(?!"{1,2}(?!"))"{0,2}', re.DOTALL),
    re.compile(r"'''.*?'''(?!'{1,2}(?!'))'{0,2}", re.DOTALL),
    re.compile(r'"(?:\\.|[^"\\])*"'),
    re.compile(r"'[^']*'"),
)
_ESCAPE = re.compile(r'\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[btnfr"\\])')
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


def positions(text: str) -> dict[Path, int]:
    """Path of each key, table and list item -> its 1-based line. Items of lists are counted from 0."""
    return _Scanner(text).scan()


class _Scanner:
    """One pass over the text. `at` is the offset of the next character."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line, self._counted = 1, 0  # the line of offset `_counted`
        self._lines: dict[Path, int] = {}
        self._last: dict[Path, int] = {}  # arrays of tables -> index of the table being filled

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._take("[["):
                table = self._array_table()
            elif self._take("["):
                table = self._table()
            else:
                self._pair(table)
            self._skip(_BLANK)
        return self._lines

    def _table(self) -> Path:
        path: Path = ()
        for part in self._key():
            path = self._inside((*path, part))
        self._take("]")
        return path

    def _array_table(self) -> Path:
        *parents, name = self._key()
        path: Path = ()
        for part in parents:
            path = self._inside((*path, part))
        path = (*path, name)
        self._mark(path)
        self._last[path] = self._last.get(path, -1) + 1
        self._take("]]")
        return self._inside(path)

    def _inside(self, path: Path) -> Path:
        """Where keys below `path` go: into the last table of an array of tables."""
        self._mark(path)
        if path in self._last:
            path = (*path, self._last[path])
            self._mark(path)
        return path

    def _pair(self, table: Path) -> None:
        """`key = value`, the key perhaps dotted."""
        path = table
        for part in self._key():
            path = (*path, part)
            self._mark(path)
        self._take("=")
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._take("["):
            self._items(path)
        elif self._take("{"):
            self._skip(_BLANK)
            while not self._take("}"):
                self._pair(path)
                self._skip(_BLANK)
                self._take(",")
                self._skip(_BLANK)
        elif not self._string():
            self._skip(_BARE_VALUE)

    def _items(self, path: Path) -> None:
        number = 0
        self._skip(_BLANK)
        while not self._take("]"):
            self._mark((*path, number))
            self._value((*path, number))
            number += 1
            self._skip(_BLANK)
            self._take(",")
            self._skip(_BLANK)

    def _key(self) -> list[str]:
        """A dotted key, up to the character after it."""
        parts: list[str] = []
        while True:
            self._skip(_SPACE)
            parts.append(self._key_part())
            self._skip(_SPACE)
            if not self._take("."):
                return parts

    def _key_part(self) -> str:
        if quoted := self._string():
            body = quoted[1:-1]
            return body if quoted[0] == "'" else _ESCAPE.sub(_unescape, body)
        return self._skip(_BARE_KEY)

    def _string(self) -> str:
        """Take a string of any kind with its quotes, or nothing."""
        return next((found for pattern in _STRINGS if (found := self._skip(pattern))), "")

    def _take(self, word: str) -> bool:
        if not self._text.startswith(word, self._at):
            return False
        self._at += len(word)
        return True

    def _skip(self, pattern: re.Pattern[str]) -> str:
        """Take what the pattern matches here, perhaps nothing."""
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return found.group() if found else ""

    def _mark(self, path: Path) -> None:
        """The first place counts."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        self._lines.setdefault(path, self._line)


def _unescape(match: re.Match[str]) -> str:
    code = match.group(1)
    return _ESCAPED[code] if code in _ESCAPED else chr(int(code[1:], 16))
