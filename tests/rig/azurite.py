"""Azurite, Microsoft's own emulator of blob storage, as a server of the tests."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

VERSION = "3.35.0"
ACCOUNT = "devstoreaccount1"
# The key of every Azurite in the world, published with it; no secret.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="  # gitleaks:allow


def parts_folder() -> Path:
    """Where `make test-deps` keeps what neither pip nor apt brings; outside the checkout, kept between runs."""
    named = os.environ.get("RECON_TEST_PARTS")
    return Path(named) if named else Path.home() / ".cache" / "recon-test-parts"


def program() -> Path:
    """Azurite's blob service, which alone is started."""
    return parts_folder() / f"azurite-{VERSION}" / "node_modules/azurite/dist/src/blob/main.js"


def absent() -> str:
    """Why Azurite cannot be started here; empty when it can."""
    if shutil.which("node") is None:
        return "no Node on this machine: make test-deps"
    return "" if program().is_file() else "Azurite is not installed: make test-deps"


class Azurite:
    """One blob service on a free port of 127.0.0.1; with a certificate over HTTPS, and then with OAuth.

    Everything lies in memory and is gone with the process.
    """

    def __init__(self, log: Path, certificate: Path | None = None, key: Path | None = None) -> None:
        self._log, self._certificate, self._key = log, certificate, key
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """The account's address, as `ADLS_ENDPOINT` wants it."""
        scheme = "https" if self._certificate else "http"
        return f"{scheme}://127.0.0.1:{self.port}/{ACCOUNT}"

    @property
    def connection_string(self) -> str:
        scheme = "https" if self._certificate else "http"
        return f"DefaultEndpointsProtocol={scheme};AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={self.url};"

    def start(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = ["node", str(program()), "--blobHost", "127.0.0.1", "--blobPort", str(self.port)]
        command += ["--inMemoryPersistence", "--disableTelemetry", "--silent", "--skipApiVersionCheck"]
        if self._certificate:
            command += ["--cert", str(self._certificate), "--key", str(self._key), "--oauth", "basic"]
        with self._log.open("wb") as sink:
            self._process = subprocess.Popen(command, stdout=sink, stderr=sink, cwd=self._log.parent)
        until = time.monotonic() + 60
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise AssertionError(f"Azurite does not answer: {self._log.read_text()[:2000]}")
            time.sleep(0.1)

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(timeout=20)
            self._process = None

    def __enter__(self) -> Azurite:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False
