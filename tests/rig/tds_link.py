"""TDS packets over a socket, plain or with TLS, whose handshake rides inside PRELOGIN packets.

https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-tds/ (2.2.3 Packets, 3.1.5 Encryption)
"""

from __future__ import annotations

import select
import ssl
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

BATCH, RPC, REPLY, ATTENTION, TRANSACTION, LOGIN, PRELOGIN = 0x01, 0x03, 0x04, 0x06, 0x0E, 0x10, 0x12
_HOLD = 16  # packets that are written at once


class DroppedError(ConnectionError):
    """A fault that a test has ordered: the connection is cut."""


class Link:
    """One connection's packets. `drop_after` cuts it when so many reply packets have left; -1: never."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._tls: ssl.SSLObject | None = None
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._held = b""
        self._number = 0
        self.packet_size = 4096
        self.drop_after = -1

    @property
    def encrypted(self) -> bool:
        """Whether TLS is on."""
        return self._tls is not None

    def message(self) -> tuple[int, bytes]:
        """The next message, whole. ConnectionError when the client has gone."""
        data = b""
        while True:
            head = self._exactly(8)
            data += self._exactly(struct.unpack(">H", head[2:4])[0] - 8)
            if head[1] & 1:
                return head[0], data

    def waiting(self, seconds: float) -> bool:
        """Whether the client says something within so many seconds."""
        return bool(select.select([self._sock], [], [], seconds)[0])

    def send(self, body: bytes, *, kind: int = REPLY, last: bool = True) -> None:
        """Add to the reply; the last packet is never empty, which Microsoft's driver would wait on."""
        self._held += body
        room = self.packet_size - 8
        if not last and len(self._held) < _HOLD * room:
            return
        while len(self._held) > room or (last and self._held):
            self._cut()
            piece, self._held = self._held[:room], self._held[room:]
            self._number = (self._number + 1) & 255
            end = 1 if last and not self._held else 0
            self._write(struct.pack(">BBHHBB", kind, end, len(piece) + 8, 51, self._number, 0) + piece)

    def forget(self) -> None:
        """Throw away what has not left yet."""
        self._held = b""

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Do the handshake, then encrypt everything."""
        tls = context.wrap_bio(self._in, self._out, server_side=True)
        while True:
            try:
                tls.do_handshake()
                over = True
            except ssl.SSLWantReadError:
                over = False
            if said := self._out.read():
                self.send(said, kind=PRELOGIN)
            if over:
                break
            self._in.write(self.message()[1])
        self._tls = tls

    def _cut(self) -> None:
        if self.drop_after == 0:
            raise DroppedError
        if self.drop_after > 0:
            self.drop_after -= 1

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self._read(count - len(data))
            if not piece:
                raise ConnectionError("the client has gone")
            data += piece
        return data

    def _read(self, count: int) -> bytes:
        if self._tls is None:
            return self._sock.recv(count)
        while True:
            try:
                return self._tls.read(count)
            except ssl.SSLWantReadError:
                piece = self._sock.recv(65536)
                if not piece:
                    return b""
                self._in.write(piece)
            except ssl.SSLZeroReturnError:
                return b""

    def _write(self, data: bytes) -> None:
        if self._tls is None:
            self._sock.sendall(data)
            return
        self._tls.write(data)
        self._sock.sendall(self._out.read())
