r"""Regular expressions of RE2, which DuckDB uses, as Java's, which Spark uses, with the same meaning.

RE2's \s has no vertical tab, its (?i) knows that K has the Kelvin sign for a sibling and s the long s, and
its `.` stops at a line feed only. https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

import re
from typing import Final

from recon.compare.spark.kinds import refused

_BLANKS: Final = r" \t\n\f\r"
_SIBLINGS: Final = {"k": "\u212a", "s": "\u017f"}  # beyond A to Z, what folds to the same letter
_PIECE: Final = re.compile(
    r"\(\?:|\(\?i\)|\\x\{[0-9A-Fa-f]+\}|\\[dsDSwW]|\\[^A-Za-z0-9]|\{\d+(?:,\d*)?\}|[()|*+?.]|[^\\{}\[\]^$]"
)


def full(pattern: str) -> str:
    """A pattern that `RLIKE` finds exactly where RE2 matches the whole text."""
    return rf"\A(?:{java(pattern)})\z"


def java(pattern: str) -> str:
    """The pattern in Java's words. EngineError for what is not known to mean the same."""
    at, spelled, folding = 0, list[str](), [False]
    while at < len(pattern):
        piece = _class(pattern, at) if pattern[at] == "[" else _piece(pattern, at)
        at += len(piece)
        if piece == "(?i)":
            folding[-1] = True
            continue
        if piece in {"(", "(?:"}:
            folding.append(folding[-1])
        elif piece == ")":
            folding.pop()
        spelled.append(_spelled(piece, folding=folding[-1]))
    return "".join(spelled)


def _piece(pattern: str, at: int) -> str:
    found = _PIECE.match(pattern, at)
    if not found:
        raise refused(f"the pattern {pattern}")
    return found[0]


def _class(pattern: str, at: int) -> str:
    """A class in brackets, from its first to its last character."""
    end = pattern.index("]", at + 2)
    inside = pattern[at + 1 : end].removeprefix("^")
    if not inside or "[" in inside or "&&" in inside or re.search(r"\\[DSWwbBpP]", inside):
        raise refused(f"the pattern {pattern}")
    return pattern[at : end + 1]


def _spelled(piece: str, *, folding: bool) -> str:
    if piece[0] == "[":
        if folding and re.search("[A-Za-z]", piece.replace(r"\s", "")):
            raise refused(f"the pattern {piece} without regard to case")
        return piece.replace(r"\s", _BLANKS).replace(r"\d", "0-9")
    match piece:
        case r"\s":
            return f"[{_BLANKS}]"
        case ".":
            return r"[^\n]"
        case r"\d":
            return "[0-9]"
        case r"\D" | r"\S" | r"\w" | r"\W":
            raise refused(f"the pattern {piece}")
        case _:
            letter = folding and len(piece) == 1 and piece.isascii() and piece.isalpha()
            return f"[{piece.lower()}{piece.upper()}{_SIBLINGS.get(piece.lower(), '')}]" if letter else piece
