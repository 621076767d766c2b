"""Text made from a script's tokens that remembers on which line of the script each of its lines stood."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recon.sqlscript.tokens import Token

Line: TypeAlias = tuple[int, str]  # the line of the script (0: not from it), the text


def spelled(tokens: Sequence[Token]) -> list[Line]:
    """The tokens as text, each on the line that it stands on."""
    out: list[Line] = []
    last, before = 0, None
    for token in tokens:
        first, *more = token.text.split("\n")
        if before and token.line <= last:
            out[-1] = (out[-1][0], out[-1][1] + ("" if _touch(before, token) else " ") + first)
        else:
            out.append((token.line, first))
        out += [(token.line + n, rest) for n, rest in enumerate(more, start=1)]
        last, before = token.line + len(more), token
    return out


def _touch(before: Token, token: Token) -> bool:
    """Whether no blank stands between two tokens of a line."""
    written_so = token.offset == before.offset + len(before.text)
    return written_so or before.text == "." or token.text in {".", ",", ")"}


def joined(*parts: str | Iterable[Line]) -> list[Line]:
    """The parts one behind the other; a part goes on where the one before it ended."""
    out: list[Line] = []
    for part in parts:
        lines = [(0, text) for text in part.split("\n")] if isinstance(part, str) else list(part)
        if out and lines:
            (number, text), (added, more) = out.pop(), lines.pop(0)
            out.append((number or added, text + more))
        out += lines
    return out


def text_of(lines: Iterable[Line]) -> str:
    """The lines as one text."""
    return "\n".join(text for _, text in lines)
