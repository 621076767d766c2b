"""Characters that are others in disguise, as themselves: the commonest of Unicode form NFKC."""

from __future__ import annotations

import unicodedata
from itertools import chain
from typing import TYPE_CHECKING, Final

from recon.compare import dialect as d
from recon.compare import trees as t

if TYPE_CHECKING:
    from sqlglot import exp

# raised digits and letters of Latin-1, the ellipsis, raised and lowered digits, number and trade mark signs,
# Roman numerals, ligatures, full-width ASCII
_RANGES: Final = (
    (0xAA, 0xBA), (0x2026, 0x2026), (0x2070, 0x209C), (0x2116, 0x2116), (0x2122, 0x2122), (0x2160, 0x217F),
    (0xFB00, 0xFB06), (0xFF01, 0xFF5E),
)  # fmt: skip


def _table() -> dict[str, str]:
    codes = chain.from_iterable(range(low, high + 1) for low, high in _RANGES)
    written = {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in codes}
    # a free-standing accent is written as a blank and an accent, which no one types
    return {c: w for c, w in written.items() if w != c and " " not in w}


_TABLE: Final = _table()
_ONE: Final = {c: w for c, w in _TABLE.items() if len(w) == 1}
_SEVERAL: Final = {c: w for c, w in _TABLE.items() if len(w) > 1}
_ANY: Final = "[" + "".join(rf"\x{{{low:04X}}}-\x{{{high:04X}}}" for low, high in _RANGES) + "]"


def plain(value: exp.Expr) -> exp.Expr:
    """The text with ligatures, full-width letters, raised digits and their like written out."""
    written = d.translated(value, "".join(_ONE), "".join(_ONE.values()))
    for character, letters in _SEVERAL.items():
        written = t.call("replace", written, t.text(character), t.text(letters))
    return t.case((d.found(value, _ANY), written), otherwise=value)
