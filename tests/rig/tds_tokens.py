"""What a server answers, token by token. https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-tds/ (2.2.7)"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from tests.rig.tds_types import COLLATION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.rig.tds_types import Wire

DONE, DONE_PROC, DONE_IN_PROC = 0xFD, 0xFE, 0xFF
MORE, ERROR, COUNT, ATTENTION = 0x01, 0x02, 0x10, 0x20
_VERSION = bytes([12, 0, 7, 208])


class TdsError(Exception):
    """An error with SQL Server's number, as a client sees it."""

    def __init__(
        self, number: int, message: str, *, level: int = 16, line: int = 1, procedure: str = ""
    ) -> None:
        super().__init__(message)
        self.number, self.message, self.level = number, message, level
        self.line, self.procedure = line, procedure


def short_text(text: str) -> bytes:
    """A text with its length in one byte."""
    return bytes([len(text)]) + text.encode("utf-16-le")


def long_text(text: str) -> bytes:
    """A text with its length in two bytes."""
    data = text.encode("utf-16-le")
    return struct.pack("<H", len(data) // 2) + data


def done(token: int, status: int, rows: int | None = None, *, change: bool = False) -> bytes:
    """DONE, DONEPROC or DONEINPROC, after a SELECT or after a `change` of rows."""
    flags = status | (COUNT if rows is not None else 0)
    return struct.pack("<BHHQ", token, flags, 0xC3 if change else 0xC1, rows or 0)


def error(found: TdsError, server: str = "rig") -> bytes:
    """ERROR, or INFO where the level says that it is none."""
    body = struct.pack("<iBB", found.number, 1, found.level) + long_text(found.message[:2000])
    body += short_text(server) + short_text(found.procedure[:100]) + struct.pack("<i", found.line)
    return bytes([0xAA if found.level > 10 else 0xAB]) + struct.pack("<H", len(body)) + body


def changed(kind: int, new: bytes, old: bytes) -> bytes:
    """ENVCHANGE."""
    body = bytes([kind]) + new + old
    return b"\xe3" + struct.pack("<H", len(body)) + body


def columns(described: Sequence[tuple[str, bool, Wire]]) -> bytes:
    """COLMETADATA of name, nullability and type."""
    made = [b"\x81" + struct.pack("<H", len(described))]
    for name, nullable, wire in described:
        made.append(struct.pack("<IH", 0, 0x09 if nullable else 0x08) + wire.info + short_text(name[:128]))
    return b"".join(made)


def logged_in(database: str, packet_size: int, with_token: bool) -> bytes:
    """Everything that follows a good login."""
    body = b"\1\x74\0\0\4" + short_text("Microsoft SQL Server") + _VERSION
    made = changed(1, short_text(database), short_text("master"))
    made += error(TdsError(5701, f"Changed database context to '{database}'.", level=10))
    made += changed(7, b"\5" + COLLATION, b"\0") + changed(2, short_text("us_english"), b"\0")
    made += b"\xad" + struct.pack("<H", len(body)) + body
    made += changed(4, short_text(str(packet_size)), short_text("4096"))
    if with_token:
        made += b"\xae\2" + struct.pack("<I", 0) + b"\xff"
    return made + done(DONE, 0)


def prelogin(offered: bytes, tls: bool) -> tuple[bytes, bool]:
    """The answer to PRELOGIN, and whether the connection is encrypted from now on."""
    options: dict[int, bytes] = {}
    at = 0
    while offered[at] != 0xFF:
        kind, place, length = struct.unpack_from(">BHH", offered, at)
        options[kind] = offered[place : place + length]
        at += 5
    wanted = options.get(1, b"\2")[0] & 3
    encrypted = tls and wanted in (1, 3)
    answers = {0: _VERSION + b"\0\0", 1: bytes([1 if encrypted else 2]), 2: b"\0", 3: b"", 4: b"\0"}
    if 6 in options:  # the client has a token to show
        answers[6] = options[6][:1]
    place = 5 * len(answers) + 1
    head, body = b"", b""
    for kind, value in answers.items():
        head += struct.pack(">BHH", kind, place + len(body), len(value))
        body += value
    return head + b"\xff" + body, encrypted


def handle(name: str, number: int) -> bytes:
    """RETURNVALUE: the handle of a prepared statement."""
    head = b"\xac" + struct.pack("<H", 0) + short_text(name) + b"\1" + struct.pack("<IH", 0, 0)
    return head + b"\x26\4\4" + struct.pack("<i", number)


def return_status(code: int = 0) -> bytes:
    """RETURNSTATUS."""
    return b"\x79" + struct.pack("<i", code)
