"""The known defects, each with what a true comparison says of it, and clean data in other guises."""

from __future__ import annotations

import math
import struct
import unicodedata
from datetime import date, time, timedelta
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from recon.model_result import WHOLE_ROW, Kind, Verdict
from recon.selftest.arrivals import ALL_AS_TEXT, ARRIVALS
from recon.selftest.data import COLUMNS, ROWS, Columns
from recon.selftest.planting import (
    EXTRA_COLUMN,
    MISSING_COLUMN,
    NOT_COMPARABLE,
    REPEATED,
    TYPE_CHANGE,
    Defective,
    Planted,
    Seen,
    cells,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def _is_nan(value: float | None) -> bool:
    return value is not None and math.isnan(value)


def _is(wanted: Any) -> Callable[[Any], bool]:  # noqa: ANN401 (a value of any column)
    return lambda v: v == wanted


def _next_single(value: float) -> float:
    (bits,) = struct.unpack("<i", struct.pack("<f", value))
    (up,) = struct.unpack("<f", struct.pack("<i", bits + 1))
    return float(up)


_EXACT: Final = Context(prec=50)
_CENT, _UNIT = Decimal("0.01"), Decimal(1).scaleb(-10)
_DAY, _MICRO, _HOUR = timedelta(days=1), timedelta(microseconds=1), timedelta(hours=1)
_EPOCH = date(1900, 1, 1)
_YEAR_9999: Final[Callable[[Any], bool]] = lambda v: v is not None and v.year == 9999  # noqa: E731


def _later(value: time) -> time:
    return value.replace(microsecond=value.microsecond + 1)


_CELLS: Final = (
    cells("one more in the last digit of a decimal", "amount", Kind.ROUNDING, lambda v: v + _CENT),
    cells("another decimal", "amount", Kind.VALUE, lambda v: v + 1, most=1),
    cells("the tenth decimal of 38 digits", "rate", Kind.ROUNDING, lambda v: _EXACT.add(v, _UNIT)),
    cells("the sign of a decimal", "amount", Kind.VALUE, lambda v: -v),
    cells("one more in an integer", "quantity", Kind.VALUE, lambda v: v + 1),
    cells("2^53 + 1, which no double holds", "big", Kind.VALUE, lambda v: v + 1, lambda v: (v or 0) > 2**53),
    cells("the smallest bigint", "big", Kind.VALUE, lambda v: -v - 1, lambda v: (v or 0) < -(2**62)),
    cells("a byte that wrapped around", "tiny", Kind.VALUE, lambda v: v - 256, lambda v: (v or 0) > 127),
    cells("a flag", "flag", Kind.VALUE, lambda v: not v),
    cells(
        "one bit of a double",
        "price",
        Kind.ROUNDING,
        lambda v: math.nextafter(v, 1e9),
        lambda v: 1 < (v or 0) < 1e6,
    ),
    cells("the last bit of a 4-byte float", "ratio", Kind.VALUE, _next_single),
    cells("0 instead of NaN", "price", Kind.VALUE, lambda _: 0.0, _is_nan),
    cells("NULL instead of NaN", "price", Kind.NULL_VS_VALUE, lambda _: None, _is_nan),
    cells(
        "the largest double instead of infinity",
        "price",
        Kind.VALUE,
        lambda _: 1.7976931348623157e308,
        _is(math.inf),
    ),
    cells("NULL instead of a value", "amount", Kind.NULL_VS_VALUE, lambda _: None),
    cells("0 instead of NULL", "amount", Kind.NULL_VS_VALUE, lambda _: Decimal(0), _is(None)),
    cells("a value in an empty column", "nothing", Kind.NULL_VS_VALUE, lambda _: 0, _is(None), most=1),
    cells("1900-01-01 instead of NULL", "day", Kind.NULL_VS_VALUE, lambda _: _EPOCH, _is(None)),
    cells("the empty text instead of NULL", "note", Kind.NULL_VS_VALUE, lambda _: "", _is(None)),
    cells("NULL instead of the empty text", "note", Kind.NULL_VS_VALUE, lambda _: None, _is("")),
    cells("the text NULL instead of NULL", "note", Kind.NULL_VS_VALUE, lambda _: "NULL", _is(None)),
    cells("false instead of NULL", "flag", Kind.NULL_VS_VALUE, lambda _: False, _is(None)),
    cells("a day", "day", Kind.VALUE, lambda v: v + _DAY, most=3),
    cells("a microsecond at the end of year 9999", "at", Kind.ROUNDING, lambda v: v - _MICRO, _YEAR_9999),
    cells("a day at the end of year 9999", "at", Kind.VALUE, lambda v: v - _DAY, _YEAR_9999),
    cells("an hour: a time zone", "changed", Kind.VALUE, lambda v: v + _HOUR, most=ROWS),
    cells("a microsecond of a time", "clock", Kind.ROUNDING, _later),
    cells("a trailing blank", "name", Kind.WHITESPACE, lambda v: v + " "),
    cells("a leading blank before a CHAR", "pad", Kind.WHITESPACE, lambda v: " " + v),
    cells("a blank that does not break", "name", Kind.WHITESPACE, lambda v: v.replace(" ", "\u00a0")),
    cells("a tab instead of nothing", "note", Kind.WHITESPACE, lambda _: "\t", _is("")),
    cells("upper case", "name", Kind.CASE, lambda v: v[:-1] + "X"),
    cells("the last character cut off", "name", Kind.VALUE, lambda v: v[:-1]),
    cells("a letter of another alphabet", "note", Kind.VALUE, lambda _: "t\u0435xt", _is("text")),
    cells(
        "another Unicode form",
        "name",
        Kind.VALUE,
        lambda v: unicodedata.normalize("NFD", v),
        lambda v: "Zü" in (v or ""),
    ),
    cells(
        "a character lost to an encoding",
        "name",
        Kind.VALUE,
        lambda v: v.replace("ü", "Ã¼"),
        lambda v: "ü" in (v or ""),
    ),
    cells("leading zeros lost", "code", Kind.TYPE, lambda v: str(int(v))),
    cells("a digit of a GUID", "guid", Kind.VALUE, lambda v: v[:-1] + ("0" if v[-1] != "0" else "1")),
    cells("a byte", "payload", Kind.VALUE, lambda v: v[:-1] + bytes([v[-1] ^ 1])),
    cells("a zero byte more", "payload", Kind.VALUE, lambda v: v + b"\0"),
    cells("the order in a list", "tags", Kind.VALUE, lambda v: v[::-1]),
)


def _without(columns: Columns, *rows: int) -> Columns:
    return {name: [v for n, v in enumerate(values) if n not in rows] for name, values in columns.items()}


def _again(columns: Columns, *rows: int) -> Columns:
    return {name: values + [values[n] for n in rows] for name, values in columns.items()}


def _lost(columns: Columns) -> Planted:
    return Planted(columns=_without(columns, 3, 4, 4_999), expected={(WHOLE_ROW, Kind.MISSING): 3})


def _one_more(columns: Columns) -> Planted:
    columns = _again(columns, 17)
    columns["id"][-1] = ROWS + 1
    return Planted(columns=columns, expected={(WHOLE_ROW, Kind.EXTRA): 1})


def _twice(columns: Columns) -> Planted:
    """Two rows come again, one of them twice."""
    seen: Seen = {(WHOLE_ROW, Kind.EXTRA): 3, (WHOLE_ROW, REPEATED): 2}
    return Planted(columns=_again(columns, 8, 9, 9), expected=seen)


def _instead(columns: Columns) -> Planted:
    """One row lost and another one twice: the number of rows says nothing."""
    columns = _without(_again(columns, 100), 200)
    seen: Seen = {(WHOLE_ROW, Kind.MISSING): 1, (WHOLE_ROW, Kind.EXTRA): 1, (WHOLE_ROW, REPEATED): 1}
    return Planted(columns=columns, expected=seen)


def _key(was: Callable[[Any], bool], becomes: Any) -> Callable[[Columns], Planted]:  # noqa: ANN401
    """The region, a key, of four rows."""

    def plant(columns: Columns) -> Planted:
        regions = columns["region"]
        chosen = [n for n in range(ROWS) if was(regions[n]) and columns["id"][n] is not None][:4]
        for n in chosen:
            regions[n] = becomes
        both: Seen = {(WHOLE_ROW, Kind.MISSING): len(chosen), (WHOLE_ROW, Kind.EXTRA): len(chosen)}
        return Planted(columns=columns, expected=both)

    return plant


def _swapped(columns: Columns) -> Planted:
    """Two columns of one type under each other's name."""
    pairs = list(zip(columns["amount"], columns["fee"], strict=True))
    columns["amount"], columns["fee"] = columns["fee"], columns["amount"]
    return Planted(columns=columns, expected=_differences(pairs, "amount", "fee"))


def _shifted(columns: Columns) -> Planted:
    """A column moved down by one row, as after a sort of one column alone."""
    values = columns["fee"]
    columns["fee"] = values[-1:] + values[:-1]
    return Planted(
        columns=columns, expected=_differences(list(zip(values, columns["fee"], strict=True)), "fee")
    )


def _differences(pairs: list[tuple[Decimal | None, Decimal | None]], *names: str) -> Seen:
    """How many of the pairs differ by more than a cent, by a cent, and in one being NULL."""
    counts = {Kind.VALUE: 0, Kind.ROUNDING: 0, Kind.NULL_VS_VALUE: 0}
    for one, other in pairs:
        if one is None or other is None:
            counts[Kind.NULL_VS_VALUE] += one is not other
        elif one != other:
            counts[Kind.ROUNDING if abs(one - other) <= _CENT else Kind.VALUE] += 1
    return {(name, str(kind)): count for name in names for kind, count in counts.items() if count}


def _dropped(columns: Columns) -> Planted:
    del columns["fee"]
    return Planted(columns=columns, expected={("fee", MISSING_COLUMN): 1})


def _added(columns: Columns) -> Planted:
    columns["load_id"] = list(columns["id"])
    return Planted(columns=columns, expected={("load_id", EXTRA_COLUMN): 1}, types={"load_id": pa.int32()})


def _renamed(columns: Columns) -> Planted:
    columns["charge"] = columns.pop("fee")
    seen: Seen = {("fee", MISSING_COLUMN): 1, ("charge", EXTRA_COLUMN): 1}
    return Planted(columns=columns, expected=seen, types={"charge": COLUMNS["fee"].type})


def _incomparable(columns: Columns) -> Planted:
    columns["payload"] = list(columns["day"])
    return Planted(
        columns=columns,
        expected={("payload", NOT_COMPARABLE): 1, ("payload", TYPE_CHANGE): 1},
        types={"payload": pa.date32()},
        verdicts=(Verdict.INCONCLUSIVE,),
    )


def _rounded(columns: Columns) -> Planted:
    """A decimal that lost a digit to its type."""
    values = columns["amount"]
    columns["amount"] = [None if v is None else v.quantize(Decimal("0.1")) for v in values]
    changed = sum(one != other for one, other in zip(values, columns["amount"], strict=True))
    seen: Seen = {("amount", Kind.ROUNDING): changed, ("amount", TYPE_CHANGE): 1}
    return Planted(columns=columns, expected=seen, types={"amount": pa.decimal128(18, 1)})


def _unreadable(columns: Columns) -> Planted:
    """An integer as text, three of them no number at all."""
    texts = [None if v is None else f"{v}" for v in columns["quantity"]]
    chosen = [n for n in range(ROWS) if texts[n] is not None][:3]
    for n in chosen:
        texts[n] = "n/a"
    columns["quantity"] = texts
    seen: Seen = {("quantity", Kind.UNREADABLE): len(chosen), ("quantity", TYPE_CHANGE): 1}
    return Planted(columns=columns, expected=seen, types={"quantity": pa.string()})


def _in_a_repeated_key(columns: Columns) -> Planted:
    """Paired by the region alone, which every row shares with hundreds: one value differs."""
    columns["amount"][50] += 1
    return Planted(
        columns=columns, expected={("amount", Kind.VALUE): 1, (WHOLE_ROW, REPEATED): 16}, keys=("region",)
    )


def _without_a_key(columns: Columns) -> Planted:
    columns["amount"][50] += 1
    both: Seen = {(WHOLE_ROW, Kind.MISSING): 1, (WHOLE_ROW, Kind.EXTRA): 1}
    return Planted(columns=columns, expected=both, keys=())


_ROWS: Final = (
    Defective("three rows lost", WHOLE_ROW, _lost),
    Defective("one row more", WHOLE_ROW, _one_more),
    Defective("rows that come again", WHOLE_ROW, _twice),
    Defective("one row lost, another twice", WHOLE_ROW, _instead),
    Defective("NULL in a key", WHOLE_ROW, _key(lambda v: v == "R3", None)),
    Defective("the empty text instead of NULL in a key", WHOLE_ROW, _key(lambda v: v is None, "")),
    Defective("lower case in a key", WHOLE_ROW, _key(lambda v: v == "R3", "r3")),
    Defective("another value under a repeated key", "amount", _in_a_repeated_key),
    Defective("another value without a key", WHOLE_ROW, _without_a_key),
)

_SCHEMA: Final = (
    Defective("two columns swapped", "amount", _swapped),
    Defective("a column moved by one row", "fee", _shifted),
    Defective("a column dropped", "fee", _dropped),
    Defective("a column added", "load_id", _added),
    Defective("a column renamed", "fee", _renamed),
    Defective("dates instead of bytes", "payload", _incomparable),
    Defective("a digit lost to a narrower type", "amount", _rounded),
    Defective("text that is no number", "quantity", _unreadable),
)

DEFECTS: Final = (*_CELLS, *_ROWS, *_SCHEMA, *ARRIVALS)


def _retyped(columns: Columns) -> Planted:
    """Every type that a conversion may change without changing a value; NaN is left out of the float."""
    columns["quantity"] = [None if v is None else f" {v}.0" for v in columns["quantity"]]
    columns["flag"] = [None if v is None else int(v) for v in columns["flag"]]
    types = {
        "quantity": pa.string(), "flag": pa.int32(), "tiny": pa.int64(), "amount": pa.decimal128(38, 4),
        "fee": pa.decimal128(19, 2), "ratio": pa.float64(), "day": pa.date32(), "id": pa.int64(),
    }  # fmt: skip
    changed: Seen = {(name, TYPE_CHANGE): 1 for name, type_ in types.items() if type_ != COLUMNS[name].type}
    return Planted(columns=columns, expected=changed, types=types, verdicts=_AGREES)


def _repeating(columns: Columns) -> Planted:
    seen: Seen = {(WHOLE_ROW, REPEATED): 16}
    return Planted(columns=columns, expected=seen, keys=("region",), verdicts=_AGREES)


_AGREES: Final = (Verdict.MATCH,)
CLEAN: Final = (
    Defective("nothing", "", lambda columns: Planted(columns=columns, verdicts=_AGREES)),
    Defective(
        "nothing, compared without a key",
        "",
        lambda columns: Planted(columns=columns, keys=(), verdicts=_AGREES),
    ),
    Defective("nothing, under a key that repeats", "", _repeating),
    Defective("nothing but types", "", _retyped),
    ALL_AS_TEXT,
)
