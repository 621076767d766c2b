"""One HTTPS port that is a Databricks workspace: a SQL warehouse (Thrift), OAuth, workspace files and jobs."""

from __future__ import annotations

import base64
import http.server
import json
import socket
import threading
import time
import urllib.parse
import uuid
from collections.abc import Callable
from typing import Any

from databricks.sql.thrift_api.TCLIService import TCLIService
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.transport.TTransport import TMemoryBuffer

from tests.rig.certificates import Certificates
from tests.rig.thrift_faults import Fault, Faults
from tests.rig.thrift_service import Engine, Warehouse

TOKEN = "dapi-token-canary-1f0c"
CLIENT, SECRET = "databricks-client", "dose-secret-canary-77aa"
PATH = "/sql/1.0/warehouses/rig"

Rest = Callable[[str, str, dict[str, Any], "dict[str, bytes]"], "tuple[int, dict[str, Any]] | None"]


class DatabricksServer:
    """Serves until `stop`. `accepts` says whether a bearer token that is not its own may come in."""

    def __init__(
        self,
        engine: Engine,
        certificates: Certificates,
        accepts: Callable[[str], bool] = lambda _: False,
        rest: Rest | None = None,
    ) -> None:
        self.warehouse = Warehouse(engine)
        self.faults = Faults()
        self.tokens = {TOKEN}
        self.rest = rest
        self._accepts = accepts
        self._processor = TCLIService.Processor(self.warehouse)
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.rig = self
        self._http.socket = certificates.server_context().wrap_socket(
            self._http.socket, server_side=True, do_handshake_on_connect=False
        )
        self._ended = threading.Event()
        threading.Thread(target=self._http.serve_forever, daemon=True, name="databricks").start()

    @property
    def host(self) -> str:
        """What goes into DATABRICKS_SERVER_HOSTNAME."""
        return f"localhost:{self._http.server_address[1]}"

    def accept(self, accepts: Callable[[str], bool]) -> None:
        """From now on tokens that this says are good come in, too."""
        self._accepts = accepts

    def stop(self) -> None:
        """Close the port and end the threads."""
        self._ended.set()
        self._http.shutdown()
        self._http.server_close()
        self.warehouse.close()

    def sleep(self, seconds: float) -> None:
        """A stall, cut short when the server ends."""
        self._ended.wait(seconds)

    def lets_in(self, authorization: str) -> bool:
        """Whether a request with that header is answered."""
        kind, _, token = authorization.partition(" ")
        return kind == "Bearer" and (token in self.tokens or self._accepts(token))

    def thrift(self, body: bytes) -> bytes:
        """One remote procedure call."""
        given, answer = TMemoryBuffer(body), TMemoryBuffer()
        self._processor.process(TBinaryProtocol(given), TBinaryProtocol(answer))
        return answer.getvalue()

    def issue(self, authorization: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """OAuth for machines: https://docs.databricks.com/dev-tools/auth/oauth-m2m"""
        if form.get("grant_type") != "client_credentials":  # token federation: not set up here
            return 400, {"error": "unsupported_grant_type"}
        kind, _, encoded = authorization.partition(" ")
        said = base64.b64decode(encoded).decode() if kind == "Basic" else ""
        if urllib.parse.unquote(said) != f"{CLIENT}:{SECRET}":
            return 401, {"error": "invalid_client", "error_description": "Client authentication failed"}
        token = f"oauth-token-canary-{uuid.uuid4().hex}"
        self.tokens.add(token)
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": "all-apis"}


class _Http(http.server.ThreadingHTTPServer):
    daemon_threads = True
    rig: DatabricksServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is nothing to report."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 20
    disable_nagle_algorithm = True
    server: _Http

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self._answer(self.rfile.read(length))

    def _answer(self, body: bytes) -> None:
        rig = self.server.rig
        address = urllib.parse.urlsplit(self.path)
        authorization = self.headers.get("Authorization") or ""
        if address.path.startswith(("/oidc/", "/.well-known/")):
            self._oauth(address.path, authorization, body)
            return
        thrift = "x-thrift" in (self.headers.get("Content-Type") or "")
        call = _called(body) if thrift else address.path
        fault = rig.faults.meet(call, body)
        if not rig.lets_in(authorization):
            self._send(401, b"{}", {"x-databricks-reason-phrase": "Invalid access token."})
        elif fault is None or (not fault.status and self._suffer(fault)):
            self._serve(address, body, thrift, half=bool(fault and fault.half))
        elif fault.status:
            told = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            self._send(fault.status, b'{"error_code": "RIG", "message": "as ordered"}', told)

    def _suffer(self, fault: Fault) -> bool:
        """Stall or cut the connection; whether the call is answered after all."""
        if fault.stall:
            self.server.rig.sleep(fault.stall)
        if fault.drop:
            self._cut()
        return not fault.drop

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _serve(self, address: urllib.parse.SplitResult, body: bytes, thrift: bool, *, half: bool) -> None:
        rig = self.server.rig
        if thrift:
            answer = rig.thrift(body)
            self._send(200, answer, {"Content-Type": "application/x-thrift"}, half=half)
            return
        query = dict(urllib.parse.parse_qsl(address.query))
        fields, files = _content(self.headers.get("Content-Type") or "", body)
        found = rig.rest(self.command, address.path, {**query, **fields}, files) if rig.rest else None
        status, told = found or (404, {"error_code": "ENDPOINT_NOT_FOUND", "message": "no such endpoint"})
        self._send(status, json.dumps(told).encode())

    def _oauth(self, path: str, authorization: str, body: bytes) -> None:
        rig = self.server.rig
        base = f"https://{rig.host}/oidc"
        status, told = 404, {"error": "not_found"}
        if path == "/oidc/v1/token" and self.command == "POST":
            status, told = rig.issue(authorization, dict(urllib.parse.parse_qsl(body.decode())))
        elif path == "/.well-known/databricks-config":
            status, told = 200, {"oidc_endpoint": base}
        elif path == "/oidc/.well-known/oauth-authorization-server":
            status = 200
            told = {"authorization_endpoint": f"{base}/v1/authorize", "token_endpoint": f"{base}/v1/token"}
        self._send(status, json.dumps(told).encode())

    def _send(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, *, half: bool = False
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if half else body)
        self.wfile.flush()
        if half:
            self._cut()


def _called(body: bytes) -> str:
    """The procedure's name: a binary Thrift message begins with version, length and name."""
    return body[8 : 8 + int.from_bytes(body[4:8], "big")].decode()


def _content(kind: str, body: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The fields and files of a JSON or multipart body."""
    if "json" in kind and body:
        return json.loads(body), {}
    if "multipart/form-data" not in kind:
        return {}, {}
    mark = b"--" + kind.partition("boundary=")[2].strip('"').encode()
    fields: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    for part in body.split(mark)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = head.decode().partition('name="')[2].partition('"')[0]
        if b"filename=" in head:
            files[name] = content[:-2]
        else:
            fields[name] = content[:-2].decode()
    return fields, files


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Whether it came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return condition()
