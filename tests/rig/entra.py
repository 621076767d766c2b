"""Entra ID's token endpoint on loopback: client credentials over HTTPS, as azure-identity asks for them.

https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

from __future__ import annotations

import json
import threading
import time
import urllib.parse
import uuid
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

import jwt

if TYPE_CHECKING:
    from types import TracebackType

    from tests.rig.certificates import Certificates

TENANT = "22222222-2222-2222-2222-222222222222"
CLIENT = "11111111-1111-1111-1111-111111111111"
SECRET = "entra-secret-canary"
SQL_AUDIENCE = "https://database.windows.net"
STORAGE_AUDIENCE = "https://storage.azure.com/"
DATABRICKS_AUDIENCE = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d"
_KEY = "signs the tokens of the test rig and nothing else"


@dataclass
class Entra:
    """The endpoint. `clients` are id and secret of who may have tokens, `seconds` how long one is good.

    `refuse` makes the next so many requests for a token fail with HTTP 503; `asked` are the scopes so far.
    """

    certificates: Certificates
    clients: dict[str, str] = field(default_factory=lambda: {CLIENT: SECRET})
    seconds: int = 3600
    refuse: int = 0
    asked: list[str] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None

    def start(self) -> Self:
        """Serve on a free port."""
        entra = self

        class Handler(_Handler):
            rig = entra

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        server.socket = self.certificates.server_context().wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True, name="entra").start()
        self._server = server
        return self

    def stop(self) -> None:
        """Close the port."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The authority, for AZURE_AUTHORITY_HOST."""
        assert self._server is not None, "not started"
        return f"https://localhost:{self._server.server_address[1]}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which DefaultAzureCredential asks here and nowhere else."""
        return {
            "AZURE_AUTHORITY_HOST": self.url,
            "AZURE_TENANT_ID": TENANT,
            "AZURE_CLIENT_ID": CLIENT,
            "AZURE_CLIENT_SECRET": SECRET,
            "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",
            "REQUESTS_CA_BUNDLE": str(self.certificates.bundle_file),
        }

    def issue(self, audience: str, client: str = CLIENT, seconds: int | None = None) -> str:
        """A signed token for `audience`."""
        now = int(time.time())
        claims = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{TENANT}/",
            "iat": now,
            "nbf": now - 3600,
            "exp": now + (self.seconds if seconds is None else seconds),
            "appid": client,
            "tid": TENANT,
            "oid": str(uuid.uuid5(uuid.NAMESPACE_URL, client)),
            "sub": client,
            "ver": "1.0",
        }
        return jwt.encode(claims, _KEY, algorithm="HS256")

    def fault(self, token: str, *audiences: str) -> str:
        """Why a server must not accept the token; empty when it is good."""
        try:
            jwt.decode(token, _KEY, algorithms=["HS256"], audience=list(audiences))
        except jwt.PyJWTError as error:
            return type(error).__name__
        return ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    rig: Entra

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        host = f"https://{self.headers['Host']}"
        path = urllib.parse.urlsplit(self.path).path
        if path.endswith("/.well-known/openid-configuration"):
            base = f"{host}/{path.strip('/').split('/')[0]}"
            self._answer(
                200,
                {
                    "issuer": f"{base}/v2.0",
                    "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                    "token_endpoint": f"{base}/oauth2/v2.0/token",
                    "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                    "jwks_uri": f"{base}/keys",
                    "response_types_supported": ["code"],
                    "subject_types_supported": ["pairwise"],
                    "id_token_signing_alg_values_supported": ["RS256"],
                },
            )
            return
        self._answer(404, {"error": "not_found"})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        asked = dict(urllib.parse.parse_qsl(self.rfile.read(length).decode()))
        scope = asked.get("scope", "")
        self.rig.asked.append(scope)
        if self.rig.refuse > 0:
            self.rig.refuse -= 1
            self._answer(503, {"error": "temporarily_unavailable", "error_description": "try again"})
            return
        client = asked.get("client_id", "")
        if self.rig.clients.get(client) != asked.get("client_secret"):
            # https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes
            said = "AADSTS7000215: Invalid client secret provided. Trace ID: 0 Correlation ID: 0"
            self._answer(
                401, {"error": "invalid_client", "error_description": said, "error_codes": [7000215]}
            )
            return
        token = self.rig.issue(scope.removesuffix("/.default"), client)
        answer = {"token_type": "Bearer", "access_token": token}
        self._answer(200, answer | dict.fromkeys(("expires_in", "ext_expires_in"), self.rig.seconds))

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
