"""A mistake in the project folder: where it is, what is wrong, and the nearest right thing."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recon.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing that a person has to mend. `file` is relative to the project folder; `line` is 1-based."""

    file: str
    line: int
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


def refusal(what: str, mistakes: Sequence[Mistake]) -> SpecError:
    """One error that says all of them, a line each."""
    lines = "\n".join(f"{mistake}. {mistake.hint}".rstrip() for mistake in mistakes)
    count = "one mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    return SpecError(
        f"{what} has {count}:\n{lines}",
        hint="Mend the files at the lines shown. Nothing was run and nothing was changed.",
    )


def closest(word: str, known: Iterable[str]) -> str:
    """The known name that `word` was most likely meant to be, or nothing. Case does not count."""
    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint: the nearest known name, or all of them when none is near and they are few enough to read."""
    names = list(known)
    if near := closest(word, names):
        return f'Did you mean "{near}"?'
    if not names:
        return ""
    shown = ", ".join(f'"{name}"' for name in names[:20])
    return f"Known: {shown}{' ...' if len(names) > 20 else ''}."
