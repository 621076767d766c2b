"""What a selection of the map holds: exact counts from the result, and the words above the table. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recon.model_result import WHOLE_ROW, Kind
from recon.report.vocabulary import count_text, plural

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from recon.model_result import Result

ROW_KINDS = (str(Kind.MISSING), str(Kind.EXTRA))


@dataclass(frozen=True, slots=True)
class Selection:
    """A column, a segment and kinds; empty means any."""

    column: str = ""
    segment: str = ""
    kinds: tuple[str, ...] = ()

    @property
    def cells_wanted(self) -> bool:
        """Whether differing cells of paired rows can be in it."""
        return self.column != WHOLE_ROW and (not self.kinds or any(k not in ROW_KINDS for k in self.kinds))

    @property
    def rows_wanted(self) -> bool:
        """Whether missing or extra rows can be in it."""
        return self.column in ("", WHOLE_ROW) and (not self.kinds or any(k in ROW_KINDS for k in self.kinds))


def cells(result: Result, chosen: Selection) -> int | None:
    """How many cells of paired rows differ in the selection, exactly.

    None where the result holds no such count: kinds are not counted by segment.
    """
    if not chosen.cells_wanted:
        return 0
    columns = [c for c in result.columns if chosen.column in ("", c.name)]
    kinds = _without_rows(chosen.kinds)
    if not chosen.segment:
        return sum(k.cells for c in columns for k in c.causes if not kinds or k.cause in kinds)
    if kinds and any(k.cause not in kinds for c in columns for k in c.causes):
        return None
    names = {c.name for c in columns}
    return sum(
        c.mismatches for c in result.segments.cells if c.segment == chosen.segment and c.column in names
    )


def rows(result: Result, chosen: Selection) -> int | None:
    """How many rows are missing or extra in the selection; None where the result does not count them so."""
    if not chosen.rows_wanted:
        return 0
    counts = {str(Kind.MISSING): result.rows.missing, str(Kind.EXTRA): result.rows.extra}
    wanted = [k for k in ROW_KINDS if not chosen.kinds or k in chosen.kinds]
    if not chosen.segment:
        return sum(counts[k] for k in wanted)
    if any(counts[k] and k not in wanted for k in ROW_KINDS):
        return None
    found = result.segments.cells
    return sum(c.mismatches for c in found if c.segment == chosen.segment and c.column == WHOLE_ROW)


def _without_rows(kinds: Collection[str]) -> tuple[str, ...]:
    return tuple(k for k in kinds if k not in ROW_KINDS)


def sentence(result: Result, chosen: Selection, stored: int) -> str:
    """The line above the table, as Markdown: how many there are, and how many of them are shown.

    A stored sample never looks like everything.
    """
    differing, whole = cells(result, chosen), rows(result, chosen)
    if differing is None or whole is None:
        return (
            f"**{plural(stored, 'stored difference')}** of these kinds in this segment. "
            "Kinds are counted for whole columns, not for one segment."
        )
    total = differing + whole
    parts = [plural(differing, "differing cell")] if differing or not whole else []
    parts += [plural(whole, "missing or extra row")] if whole else []
    said = f"**{' and '.join(parts)}** in this selection."
    return f"{said} Showing a stored sample of {count_text(stored)}." if stored < total else said


def key_json(key: Mapping[str, str | None]) -> str:
    """A key as the text by which stored differences are found, and which a link carries."""
    return json.dumps(dict(key), ensure_ascii=False, separators=(",", ":"))


def parse_key(text: str) -> dict[str, str | None] | None:
    """The key of a link, or None when the text is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    if not isinstance(found, dict) or not found:
        return None
    items = found.items()
    return {str(n): v for n, v in items} if all(v is None or isinstance(v, str) for _, v in items) else None
