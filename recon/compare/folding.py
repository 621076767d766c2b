"""Text as a T-SQL collation or "ignore case" sees it: what they hold to be equal becomes the same text.

Every step may miss an equality of the real collation and invents none: what is not handled here (ß = ss,
æ = ae, characters without weight, two forms of one accented letter) stays different.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from recon.compare import dialect as d
from recon.compare import trees as t

if TYPE_CHECKING:
    from sqlglot import exp

    from recon.collation import Collation

_ASCII: Final = r"[\x00-\x7F]*"
_ACCENTED: Final = r"([A-Za-z])[\x{0300}-\x{036F}]+"  # a letter and combining marks
_PRECOMPOSED: Final = ((0x00C0, 0x0250), (0x1E00, 0x1F00))  # the blocks of accented Latin letters
_HIRAGANA: Final = (*range(0x3041, 0x3097), 0x309D, 0x309E)
_TO_KATAKANA: Final = 0x60
_FULL_WIDTH: Final = range(0xFF01, 0xFF5F)  # "!" to "~"
_TO_ASCII: Final = 0xFEE0
_HALF_WIDTH: Final = range(0xFF61, 0xFFA0)  # katakana and its punctuation


def one_case(value: exp.Expr) -> exp.Expr:
    """The text in lower case, the same on every engine.

    They disagree on two letters only: whether İ keeps its dot, and whether Σ at the end of a word is ς.
    """
    dotted = t.call("replace", value, t.text("İ"), t.text("i\u0307"))
    return t.call("replace", t.lower(dotted), t.text("ς"), t.text("σ"))


def collated(value: exp.Expr, collation: Collation) -> exp.Expr:
    """The text as the collation compares it; NULL stays NULL."""
    old, new = _characters(collation)
    if old:
        other = d.translated(value, old, new)
        if collation.accents:
            other = d.replaced(other, _ACCENTED, r"\1")
        value = t.case((d.matches(value, _ASCII), value), otherwise=other)
    if collation.case:
        value = one_case(d.translated(value, "Iİ", "ıi") if collation.dotted else value)
    return t.call("rtrim", value, t.text(" "))


@lru_cache(maxsize=64)
def _characters(collation: Collation) -> tuple[str, str]:
    """Characters beyond ASCII, and at the same places those that they are the same as."""
    same: dict[str, str] = {}
    if collation.accents:
        same |= _without_accents()
    if collation.width:
        same |= {chr(code): chr(code - _TO_ASCII) for code in _FULL_WIDTH}
        same |= {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in _HALF_WIDTH}
        same["\u3000"] = " "
    if collation.kana:
        same |= {chr(code): chr(code + _TO_KATAKANA) for code in _HIRAGANA}
    return "".join(same), "".join(same.values())


def _without_accents() -> dict[str, str]:
    """Accented Latin letters and the letter below the accents."""
    letters = (chr(code) for block in _PRECOMPOSED for code in range(*block))
    parts = ((letter, unicodedata.normalize("NFD", letter)) for letter in letters)
    return {letter: both[0] for letter, both in parts if len(both) > 1 and both[0].isascii()}
