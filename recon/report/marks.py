"""Two values side by side on paper: what differs is marked, what is invisible is shown."""

from __future__ import annotations

import unicodedata
from difflib import SequenceMatcher
from typing import TypeAlias

Parts: TypeAlias = tuple[tuple[str, bool], ...]
"""Pieces of a text in order, each with whether it differs from the other side."""

BREAK = "\u200b"
"""Where a line may end inside a long word."""

_SIGNS = {"\t": "→", "\n": "¶", "\r": "U+000D", "\u00a0": "U+00A0"}
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}
_JOINED = {"Mn", "Mc", "Me", "Sk", "Cf"}


def marked(baseline: str, candidate: str, most: int = 160) -> tuple[Parts, Parts]:
    """Both values in parts, cut to about `most` characters around the first difference."""
    start = _common(baseline, candidate)
    begin = max(0, start - most // 4) if max(len(baseline), len(candidate)) > most else 0
    one, other = _cut(baseline, begin, most), _cut(candidate, begin, most)
    first, second = _parts(one[1], other[1])
    return _framed(one, first), _framed(other, second)


def _parts(one: str, other: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Both texts in parts. What they have in common at either end is never marked."""
    head = _common(one, other)
    tail = _common(one[head:][::-1], other[head:][::-1])
    ends = len(one) - tail, len(other) - tail
    first, second = [(one[:head], False)], [(other[:head], False)]
    matcher = SequenceMatcher(None, one[head : ends[0]], other[head : ends[1]], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        first.append((one[head + a : head + b], tag != "equal"))
        second.append((other[head + c : head + d], tag != "equal"))
    return [*first, (one[ends[0] :], False)], [*second, (other[ends[1] :], False)]


def plain(value: str, most: int = 160) -> Parts:
    """One value in parts, nothing marked, cut to `most` characters."""
    cut = _cut(value, 0, most)
    return _framed(cut, [(cut[1], False)])


def short(value: str, most: int = 700) -> str:
    """A short text of ours or a name: cut when somebody made it long."""
    return "".join(text for text, _ in plain(value, most))


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


def _cut(value: str, begin: int, most: int) -> tuple[str, str, str]:
    """What stands before, `most` characters from `begin`, what stands after."""
    end = begin + most
    before = f"… {begin:,} before …" if begin else ""
    after = f"… {len(value) - end:,} more …" if end < len(value) else ""
    return before, value[begin:end], after


def _framed(cut: tuple[str, str, str], parts: list[tuple[str, bool]]) -> Parts:
    shown = [(soft(visible(text, all_blanks=mark)), mark) for text, mark in parts if text]
    if shown and shown[-1][0].endswith(" "):
        shown[-1] = (_dotted_end(shown[-1][0]), shown[-1][1])
    if shown and shown[0][0].startswith(" "):
        text, mark = shown[0]
        bare = text.lstrip(" ")
        shown[0] = ("·" * (len(text) - len(bare)) + bare, mark)
    before, _, after = cut
    return tuple(part for part in ((before, False), *shown, (after, False)) if part[0])


def _dotted_end(text: str) -> str:
    bare = text.rstrip(" ")
    return bare + "·" * (len(text) - len(bare))


def visible(text: str, *, all_blanks: bool = False) -> str:
    """The text with a sign for each character that leaves no ink.

    Tab is →, a line feed ¶, others U+ and their number; runs of blanks, or all of them, are dots.
    """
    out: list[str] = []
    for place, char in enumerate(text):
        if char == " ":
            run = all_blanks or text[place - 1 : place] == " " or text[place + 1 : place + 2] == " "
            out.append("·" if run else " ")
        else:
            out.append(_sign(char, text[place - 1 : place]))
    return "".join(out)


def _sign(char: str, before: str) -> str:
    if char in _SIGNS:
        return _SIGNS[char]
    if char == "\u200d" and before and unicodedata.category(before) in {"So", "Sk", "Mn"}:
        return char  # joins the parts of one emoji
    return f"U+{ord(char):04X}" if unicodedata.category(char) in _INVISIBLE else char


def soft(text: str, every: int = 12) -> str:
    """The text with a place to break a line after each `every` characters of a word, and after _ or /."""
    out: list[str] = []
    length = 0
    for place, char in enumerate(text):
        out.append(char)
        length = 0 if char in {" ", BREAK} else length + 1
        following = text[place + 1 : place + 2]
        splits = length >= every or (char in ",;/|_.(" and not following.isdigit())
        if splits and following and not _joins(following) and char != "\u200d":
            out.append(BREAK)
            length = 0
    return "".join(out)


def _joins(char: str) -> bool:
    return char == " " or unicodedata.category(char) in _JOINED
