"""T-SQL types on the wire: the TYPE_INFO of a column, and how each of its values is spelled.

https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-tds/ (2.2.5.4 Data Types, 2.2.5.5 Values)
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal
from typing import Any
from uuid import UUID

from recon.sqlscript.tsql_types import MAX, Family, SqlType

COLLATION = bytes([0x09, 0x04, 0xD0, 0x00, 0x34])  # SQL_Latin1_General_CP1_CI_AS: code page 1252
_DAY_ZERO = date(1, 1, 1).toordinal()
_YEAR_1900 = datetime(1900, 1, 1)
_NULL_SHORT = b"\xff\xff"
_NULL_LONG = b"\xff" * 8
Encode = Callable[[Any], bytes]


@dataclass(frozen=True)
class Wire:
    """A column's TYPE_INFO, and the function that makes the bytes of one value (None is NULL)."""

    info: bytes
    encode: Encode


def wire(kind: SqlType) -> Wire:
    """How a column of a T-SQL type travels."""
    family = kind.family
    if family in {Family.INTEGER, Family.NULL}:
        size, form = _INTEGERS["int" if family is Family.NULL else kind.name]
        return _fixed(0x26, size, form)
    if family is Family.TEXT:
        return _text(kind)
    if family is Family.BINARY:
        return _binary(kind)
    return _OTHERS[family](kind)


_INTEGERS = {"tinyint": (1, "B"), "smallint": (2, "h"), "int": (4, "i"), "bigint": (8, "q")}


def _fixed(token: int, size: int, form: str) -> Wire:
    packed = struct.Struct(f"<B{form}")
    return Wire(bytes([token, size]), lambda v: b"\0" if v is None else packed.pack(size, v))


def _float(kind: SqlType) -> Wire:
    return _fixed(0x6D, 4, "f") if kind.name == "real" else _fixed(0x6D, 8, "d")


def _decimal(kind: SqlType) -> Wire:
    digits = kind.precision
    size = 5 if digits <= 9 else 9 if digits <= 19 else 13 if digits <= 28 else 17
    wide = Context(prec=60)

    def encode(value: Decimal | None) -> bytes:
        if value is None:
            return b"\0"
        whole = int(value.scaleb(kind.scale, wide))
        return bytes([size, 0 if whole < 0 else 1]) + abs(whole).to_bytes(size - 1, "little")

    return Wire(bytes([0x6A, size, digits, kind.scale]), encode)


def _money(kind: SqlType) -> Wire:
    """MONEYN: ten-thousandths as an integer, whose upper half comes first in eight bytes."""
    small = kind.name == "smallmoney"

    def encode(value: Decimal | None) -> bytes:
        if value is None:
            return b"\0"
        whole = int(Decimal(value).scaleb(4, Context(prec=60)))
        if small:
            return struct.pack("<Bi", 4, whole)
        return struct.pack("<BiI", 8, whole >> 32, whole & 0xFFFFFFFF)

    return Wire(bytes([0x6E, 4 if small else 8]), encode)


def _micros(value: time | datetime) -> int:
    return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond


def _clock(micros: int, scale: int) -> bytes:
    size = 3 if scale <= 2 else 4 if scale <= 4 else 5
    units = micros * 10 if scale == 7 else micros // 10 ** (6 - scale)
    return units.to_bytes(size, "little")


def _days(value: date) -> bytes:
    return (value.toordinal() - _DAY_ZERO).to_bytes(3, "little")


def _measured(token: int, scale: int, body: Encode) -> Wire:
    """A value with its length in one byte before it."""

    def encode(value: Any) -> bytes:
        if value is None:
            return b"\0"
        data = body(value)
        return bytes([len(data)]) + data

    return Wire(bytes([token, scale]), encode)


def _date(kind: SqlType) -> Wire:
    return Wire(b"\x28", lambda v: b"\0" if v is None else b"\3" + _days(v))


def _time(kind: SqlType) -> Wire:
    return _measured(0x29, kind.scale, lambda v: _clock(_micros(v), kind.scale))


def _stamp(kind: SqlType) -> Wire:
    if kind.name == "datetime2":
        return _measured(0x2A, kind.scale, lambda v: _clock(_micros(v), kind.scale) + _days(v))
    if kind.name == "smalldatetime":
        return _measured(0x6F, 4, _small_datetime)
    return _measured(0x6F, 8, _datetime)


def _datetime(value: datetime) -> bytes:
    """Days since 1900, and 300ths of a second since midnight."""
    gone = value - _YEAR_1900
    ticks = round(_micros(value) * 300 / 1_000_000)
    return struct.pack("<iI", gone.days, ticks)


def _small_datetime(value: datetime) -> bytes:
    gone = value - _YEAR_1900
    return struct.pack("<HH", gone.days, value.hour * 60 + value.minute)


def _offset(kind: SqlType) -> Wire:
    def body(value: datetime) -> bytes:
        instant = value.astimezone(UTC)
        minutes = int((value.utcoffset() or timedelta()).total_seconds() // 60)
        return _clock(_micros(instant), kind.scale) + _days(instant) + struct.pack("<h", minutes)

    return _measured(0x2B, kind.scale, body)


def _guid(kind: SqlType) -> Wire:
    return _measured(0x24, 0x10, lambda v: UUID(str(v)).bytes_le)


def _text(kind: SqlType) -> Wire:
    coding = "utf-16-le" if kind.national else "cp1252"
    if kind.length == MAX:
        return Wire(bytes([0xE7 if kind.national else 0xA7]) + b"\xff\xff" + COLLATION, _long(coding))
    token = {"char": 0xAF, "varchar": 0xA7, "nchar": 0xEF, "nvarchar": 0xE7}[kind.name]
    size = kind.length * (2 if kind.national else 1)

    def encode(value: str | None) -> bytes:
        if value is None:
            return _NULL_SHORT
        data = value.encode(coding, "replace")
        return struct.pack("<H", len(data)) + data

    return Wire(bytes([token]) + struct.pack("<H", size) + COLLATION, encode)


def _binary(kind: SqlType) -> Wire:
    if kind.length == MAX:
        return Wire(b"\xa5\xff\xff", _long(""))
    token = 0xAD if kind.fixed else 0xA5

    def encode(value: bytes | None) -> bytes:
        if value is None:
            return _NULL_SHORT
        data = bytes(value).ljust(kind.length, b"\0") if kind.fixed else bytes(value)
        return struct.pack("<H", len(data)) + data

    return Wire(bytes([token]) + struct.pack("<H", kind.length), encode)


def _long(coding: str) -> Encode:
    """A max type: chunks with their lengths (PLP); an empty chunk ends the value."""

    def encode(value: Any) -> bytes:
        if value is None:
            return _NULL_LONG
        data = value.encode(coding, "replace") if coding else bytes(value)
        chunk = struct.pack("<I", len(data)) + data if data else b""
        return struct.pack("<Q", len(data)) + chunk + b"\0\0\0\0"

    return encode


_OTHERS: dict[Family, Callable[[SqlType], Wire]] = {
    Family.BIT: lambda kind: _fixed(0x68, 1, "B"),
    Family.DECIMAL: _decimal,
    Family.MONEY: _money,
    Family.FLOAT: _float,
    Family.DATE: _date,
    Family.TIME: _time,
    Family.STAMP: _stamp,
    Family.OFFSET: _offset,
    Family.GUID: _guid,
}
