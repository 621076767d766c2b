"""Bytes that a client sends: the login, and the parameters of a remote procedure call.

https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-tds/ (2.2.6.4 LOGIN7, 2.2.6.6 RPC Request)
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

_DAY_ZERO = date(1, 1, 1).toordinal()
_PROCEDURES = {10: "sp_executesql", 11: "sp_prepare", 12: "sp_execute", 13: "sp_prepexec", 15: "sp_unprepare"}
_PLAIN = {0x30: "B", 0x32: "?", 0x34: "h", 0x38: "i", 0x3B: "f", 0x3E: "d", 0x7F: "q"}
_FED_AUTH = 2


@dataclass(frozen=True)
class Login:
    """What a client says of itself. `token` is Entra ID's; then there is no password."""

    user: str
    password: str = field(repr=False)
    database: str
    program: str
    packet_size: int
    features: tuple[int, ...]
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Parameter:
    """One parameter of a call."""

    name: str
    value: Any


@dataclass(frozen=True)
class Call:
    """One remote procedure call."""

    name: str
    parameters: tuple[Parameter, ...]

    def value(self, at: int) -> Any:
        """The value of the parameter at a place; None beyond the last."""
        return self.parameters[at].value if at < len(self.parameters) else None


def login(data: bytes) -> Login:
    """The LOGIN7 message."""

    def text(number: int) -> bytes:
        place, length = struct.unpack_from("<HH", data, 36 + 4 * number)
        return data[place : place + 2 * length]

    features: list[int] = []
    token = ""
    if data[27] & 0x10:  # extensions follow
        pointer = struct.unpack_from("<H", data, 56)[0]
        at = struct.unpack_from("<I", data, pointer)[0]
        while data[at] != 0xFF:
            kind, length = data[at], struct.unpack_from("<I", data, at + 1)[0]
            body = data[at + 5 : at + 5 + length]
            features.append(kind)
            at += 5 + length
            if kind == _FED_AUTH:
                size = struct.unpack_from("<I", body, 1)[0]
                token = body[5 : 5 + size].decode("utf-16-le")
    hidden = bytes((b ^ 0xA5) << 4 & 0xF0 | (b ^ 0xA5) >> 4 for b in text(2))
    return Login(
        user=text(1).decode("utf-16-le"),
        password=hidden.decode("utf-16-le"),
        program=text(3).decode("utf-16-le"),
        database=text(8).decode("utf-16-le"),
        packet_size=struct.unpack_from("<I", data, 8)[0],
        features=tuple(features),
        token=token,
    )


def calls(data: bytes) -> list[Call]:
    """The calls of one RPC message."""
    reader = _Reader(data)
    reader.at = struct.unpack_from("<I", data)[0]  # behind the headers
    found: list[Call] = []
    while reader.at < len(data):
        length = reader.number("H")
        name = (
            _PROCEDURES.get(number := reader.number("H"), f"procedure {number}")
            if length == 0xFFFF
            else reader.take(2 * length).decode("utf-16-le")
        )
        reader.number("H")  # options
        parameters: list[Parameter] = []
        while reader.at < len(data) and data[reader.at] not in (0x80, 0xFF):
            called = reader.text()
            reader.number("B")  # flags
            parameters.append(Parameter(called, reader.value()))
        if reader.at < len(data):
            reader.number("B")  # the mark between two calls
        found.append(Call(name, tuple(parameters)))
    return found


class _Reader:
    """Little-endian values, one after another."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        piece = self.data[self.at : self.at + count]
        self.at += count
        return piece

    def number(self, form: str) -> Any:
        size = struct.calcsize(f"<{form}")
        return struct.unpack(f"<{form}", self.take(size))[0]

    def text(self) -> str:
        return self.take(2 * self.number("B")).decode("utf-16-le")

    def value(self) -> Any:
        kind = self.number("B")
        if kind in _PLAIN:
            return self.number(_PLAIN[kind])
        if kind in (0x6A, 0x6C):
            return self._decimal()
        if kind in (0x28, 0x29, 0x2A, 0x2B):
            return self._moment(kind)
        if kind in (0xA5, 0xA7, 0xAD, 0xAF, 0xE7, 0xEF):
            return self._text(kind)
        if kind in (0x24, 0x26, 0x68, 0x6D, 0x6E, 0x6F):
            return self._sized(kind)
        if kind in (0x22, 0x23, 0x63):
            return self._old_text(kind)
        raise ValueError(f"a parameter of type 0x{kind:02x}")

    def _sized(self, kind: int) -> Any:
        self.number("B")
        data = self.take(self.number("B"))
        if not data:
            return None
        if kind == 0x26:
            return int.from_bytes(data, "little", signed=len(data) > 1)
        if kind == 0x68:
            return bool(data[0])
        if kind == 0x6D:
            return struct.unpack("<d" if len(data) == 8 else "<f", data)[0]
        if kind == 0x24:
            return str(UUID(bytes_le=data)).upper()
        if kind == 0x6E:
            high, low = struct.unpack("<iI", data) if len(data) == 8 else (0, struct.unpack("<i", data)[0])
            return Decimal((high << 32) + low).scaleb(-4)
        if len(data) == 8:
            days, ticks = struct.unpack("<iI", data)
            return datetime(1900, 1, 1) + timedelta(days=days, milliseconds=round(ticks * 10 / 3))
        days, minutes = struct.unpack("<HH", data)
        return datetime(1900, 1, 1) + timedelta(days=days, minutes=minutes)

    def _decimal(self) -> Decimal | None:
        self.take(2)
        scale = self.number("B")
        data = self.take(self.number("B"))
        if not data:
            return None
        whole = int.from_bytes(data[1:], "little") * (1 if data[0] else -1)
        return Decimal(whole).scaleb(-scale)

    def _moment(self, kind: int) -> Any:
        scale = 0 if kind == 0x28 else self.number("B")
        data = self.take(self.number("B"))
        if not data:
            return None
        if kind == 0x28:
            return date.fromordinal(int.from_bytes(data, "little") + _DAY_ZERO)
        size = len(data) - {0x29: 0, 0x2A: 3, 0x2B: 5}[kind]
        micros = int.from_bytes(data[:size], "little") * 10**6 // 10**scale
        clock: time = (datetime.min + timedelta(microseconds=micros)).time()
        if kind == 0x29:
            return clock
        day = date.fromordinal(int.from_bytes(data[size : size + 3], "little") + _DAY_ZERO)
        made = datetime.combine(day, clock)
        return made if kind == 0x2A else made.replace(tzinfo=UTC)

    def _text(self, kind: int) -> str | bytes | None:
        most = self.number("H")
        binary = kind in (0xA5, 0xAD)
        if not binary:
            self.take(5)  # the collation
        if most == 0xFFFF:
            data = self._chunks()
        else:
            length = self.number("H")
            data = None if length == 0xFFFF else self.take(length)
        if data is None or binary:
            return data
        return data.decode("utf-16-le" if kind in (0xE7, 0xEF) else "cp1252")

    def _chunks(self) -> bytes | None:
        if self.number("Q") == 0xFFFFFFFFFFFFFFFF:
            return None
        data = b""
        while length := self.number("I"):
            data += self.take(length)
        return data

    def _old_text(self, kind: int) -> str | bytes | None:
        self.number("I")
        if kind != 0x22:
            self.take(5)
        length = self.number("i")
        if length < 0:
            return None
        data = self.take(length)
        return data if kind == 0x22 else data.decode("utf-16-le" if kind == 0x63 else "cp1252")
