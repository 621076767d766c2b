"""Known defects of columns that arrive as text, and of values that cancel each other out.

A conversion often writes a number, a date or bytes as text. Read as what it was, the clean text must agree
and the defective one must not.
"""

from __future__ import annotations

from datetime import timedelta, timezone
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from recon.model_result import WHOLE_ROW, Kind, Verdict
from recon.selftest.data import ROWS, Columns
from recon.selftest.planting import REPEATED, TYPE_CHANGE, Defective, Planted, Seen, cells

if TYPE_CHECKING:
    from collections.abc import Callable

_EXACT: Final = Context(prec=50)
_HALF_PAST_FIVE: Final = timezone(timedelta(hours=5, minutes=30))
_PAST_64_BITS: Final = Decimal(2**64)

# How each column is written as text, never in the words of the system that it came from.
_WRITTEN: Final[dict[str, Callable[[Any], str]]] = {
    "flag": lambda v: "true" if v else "false",
    "tiny": lambda v: f"{v:05d}",
    "quantity": str,
    "big": str,
    "amount": str,
    "rate": lambda v: f"{v:f}",
    "price": repr,
    "ratio": repr,
    "day": lambda v: v.isoformat(),
    "at": lambda v: v.isoformat(sep=" "),
    "changed": lambda v: v.astimezone(_HALF_PAST_FIVE).isoformat(sep=" "),
    "clock": lambda v: v.isoformat(),
    "payload": lambda v: f"0x{v.hex()}",
}


def _as_text(columns: Columns, *names: str) -> dict[str, pa.DataType]:
    """Write these columns as text, in place; their new types."""
    for name in names:
        columns[name] = [None if v is None else _WRITTEN[name](v) for v in columns[name]]
    return dict.fromkeys(names, pa.string())


def _all_as_text(columns: Columns) -> Planted:
    types = _as_text(columns, *_WRITTEN)
    changed: Seen = {(name, TYPE_CHANGE): 1 for name in types}
    return Planted(columns=columns, expected=changed, types=types, verdicts=(Verdict.MATCH,))


def _arrived(
    name: str,
    column: str,
    kind: Kind,
    change: Callable[[str], str],
    fits: Callable[[str], bool] = lambda _: True,
) -> Defective:
    """The column as text, and the first five texts that fit changed."""

    def plant(columns: Columns) -> Planted:
        types = _as_text(columns, column)
        texts = columns[column]
        chosen = [at for at in range(ROWS) if texts[at] is not None and fits(texts[at])][:5]
        for at in chosen:
            texts[at] = change(texts[at])
        expected: Seen = {(column, kind): len(chosen), (column, TYPE_CHANGE): 1}
        return Planted(columns=columns, expected=expected, types=types)

    return Defective(name, column, plant)


def _a_little_more(text: str) -> str:
    return repr(float(text) * (1 + 1e-12))


def _is_ordinary(text: str) -> bool:
    return 1 < float(text) < 1e6


_TEXTS: Final = (
    _arrived("a date written day first", "day", Kind.UNREADABLE, lambda s: f"{s[8:]}/{s[5:7]}/{s[:4]}"),
    _arrived("a day that no month has", "day", Kind.UNREADABLE, lambda s: f"{s[:5]}02-30"),
    _arrived("a time without its zone", "changed", Kind.VALUE, lambda s: s[:-6]),
    _arrived("seconds cut off", "at", Kind.VALUE, lambda s: s[:16], lambda s: s[17:19] != "00"),
    _arrived("an hour that no day has", "clock", Kind.UNREADABLE, lambda s: f"24{s[2:]}"),
    _arrived("a comma instead of the point", "amount", Kind.UNREADABLE, lambda s: s.replace(".", ",")),
    _arrived("thousands set apart", "quantity", Kind.UNREADABLE, lambda _: "1,000"),
    _arrived("a zero more", "quantity", Kind.VALUE, lambda s: f"{s}0", lambda s: s != "0"),
    _arrived("the empty text for a number", "big", Kind.UNREADABLE, lambda _: ""),
    _arrived("the 54th bit lost", "big", Kind.VALUE, lambda s: str(int(s) - 1), lambda s: int(s) > 2**53),
    _arrived("noise in a double's text", "price", Kind.ROUNDING, _a_little_more, _is_ordinary),
    _arrived("truth that nobody can read", "flag", Kind.UNREADABLE, lambda _: "maybe"),
    _arrived("truth turned round", "flag", Kind.VALUE, lambda s: "false" if s == "true" else "true"),
    _arrived(
        "a digit of bytes as text", "payload", Kind.VALUE, lambda s: s[:-1] + ("0" if s[-1] != "0" else "1")
    ),
    _arrived("half a byte as text", "payload", Kind.UNREADABLE, lambda s: s[:-1]),
)  # fmt: skip


def _cancelling(columns: Columns) -> Planted:
    """One more here and one less there: no sum tells."""
    known = [at for at in range(ROWS) if columns["quantity"][at] is not None]
    columns["quantity"][known[0]] += 1
    columns["quantity"][known[-1]] -= 1
    return Planted(columns=columns, expected={("quantity", Kind.VALUE): 2})


def _exchanged(columns: Columns) -> Planted:
    """Two rows with each other's value: the column holds the same values as before."""
    values = columns["rate"]
    one, other = [at for at in range(ROWS) if values[at] is not None][:2]
    values[one], values[other] = values[other], values[one]
    return Planted(columns=columns, expected={("rate", Kind.VALUE): 2})


def _doubled(columns: Columns) -> Planted:
    """Every row twice: each distinct row is there, and no checksum of pairs would change."""
    twice = {name: values * 2 for name, values in columns.items()}
    seen: Seen = {(WHOLE_ROW, Kind.EXTRA): ROWS, (WHOLE_ROW, REPEATED): ROWS}
    return Planted(columns=twice, expected=seen)


def _emptied(columns: Columns) -> Planted:
    none: Columns = {name: [] for name in columns}
    return Planted(columns=none, expected={(WHOLE_ROW, Kind.MISSING): ROWS})


_CANCELLING: Final = (
    Defective("one more here, one less there", "quantity", _cancelling),
    Defective("two values exchanged", "rate", _exchanged),
    Defective("every row twice", WHOLE_ROW, _doubled),
    Defective("no row at all", WHOLE_ROW, _emptied),
    cells(
        "2^64 more in the last digits of a decimal",
        "rate",
        Kind.VALUE,
        lambda v: _EXACT.add(v, _PAST_64_BITS.scaleb(-10, _EXACT)),
        lambda v: v is not None and abs(v) < 10**20,
    ),
)

ARRIVALS: Final = (*_TEXTS, *_CANCELLING)
ALL_AS_TEXT: Final = Defective("nothing but text", "", _all_as_text)
