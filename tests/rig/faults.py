"""A proxy that stands before an HTTP server of the rig and does to it what networks do.

Each `Fault` waits for requests that match, and is used up after `times` of them. Everything else goes through
untouched, so that client and server are the real ones.
"""

from __future__ import annotations

import http.client
import http.server
import ssl
import threading
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_HOP = {"connection", "keep-alive", "transfer-encoding", "host", "content-length"}


@dataclass
class Fault:
    """What happens to a request whose method and address match.

    do: "status" answers `status`; "drop" closes the connection unanswered, "lose" after the server has done its
    work; "stall" keeps silent for `seconds`; "corrupt" changes one byte of the request's body, "corrupt answer"
    of the answer's; "cut answer" ends the answer in its middle.
    """

    do: str
    method: str = ""
    contains: str = ""
    times: int = 1
    status: int = 503
    seconds: float = 30.0
    after: int = 0  # so many that match go through first

    def takes(self, method: str, path: str) -> bool:
        if self.times <= 0 or self.method not in ("", method) or self.contains not in path:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self.times -= 1
        return True


class FaultProxy:
    """Forwards to `upstream` (scheme://host:port). `faults` may be changed at any time; `seen` tells what came."""

    def __init__(
        self, upstream: str, certificate: Path | None = None, key: Path | None = None, ca: Path | None = None
    ) -> None:
        self.faults: list[Fault] = []
        self.seen: list[str] = []
        self.after: Callable[[str, str], None] = lambda method, path: None  # what the server has done
        self._upstream = urllib.parse.urlsplit(upstream)
        self._trust = ssl.create_default_context(cafile=str(ca)) if ca else None
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(str(certificate), str(key))
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._tls = certificate is not None

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}{self._upstream.path}"

    def __enter__(self) -> FaultProxy:
        threading.Thread(target=self._server.serve_forever, daemon=True, name="fault proxy").start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    def fault(self, method: str, path: str) -> Fault | None:
        with self._lock:
            self.seen.append(f"{method} {path}")
            return next((f for f in self.faults if f.takes(method, path)), None)

    def sleep(self, seconds: float) -> None:
        self._ended.wait(seconds)

    def forward(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        host, port = self._upstream.hostname or "", self._upstream.port or 0
        if self._upstream.scheme == "https":
            there: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=60, context=self._trust
            )
        else:
            there = http.client.HTTPConnection(host, port, timeout=60)
        try:
            there.request(method, path, body=body, headers={**headers, "Content-Length": str(len(body))})
            answer = there.getresponse()
            data = answer.read()
            return answer.status, dict(answer.getheaders()), data
        finally:
            there.close()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    proxy: FaultProxy

    def handle_error(self, request, client_address) -> None:
        """A client that hangs up is nothing to print."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Silent: tests look at `seen`."""

    def _serve(self) -> None:
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = proxy.fault(self.command, self.path)
        do = fault.do if fault else ""
        if fault and do == "status":
            self._answer(fault.status, {"x-ms-error-code": "ServerBusy"}, b"")
            return
        if do == "drop":
            self.close_connection = True
            return
        if fault and do == "stall":
            proxy.sleep(fault.seconds)
            self.close_connection = True
            return
        if do == "corrupt" and body:
            body = _flipped(body)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP}
        status, told, data = proxy.forward(self.command, self.path, headers, body)
        if status < 300:
            proxy.after(self.command, self.path)
        if do == "lose":
            self.close_connection = True
            return
        if do == "corrupt answer" and data:
            data = _flipped(data)
        self._answer(status, told, data, cut=do == "cut answer")

    def _answer(self, status: int, headers: dict[str, str], data: bytes, *, cut: bool = False) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        length = headers.get("content-length", headers.get("Content-Length", ""))
        bodyless = self.command == "HEAD"
        self.send_header("Content-Length", length if bodyless and length else str(len(data)))
        self.end_headers()
        if not bodyless:
            self.wfile.write(data[: len(data) // 2] if cut else data)
        self.wfile.flush()
        if cut:
            self.close_connection = True

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _serve  # noqa: N815


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def wait_until(condition, seconds: float = 10.0) -> None:
    """Until `condition` is true; a failed test when that takes too long."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)
