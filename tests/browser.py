"""A real browser for tests, and a dashboard of their own for it to open."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

CHROMIUM = next(
    (p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))), None
)
ROOT = Path(__file__).parents[1]
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"


def serve(script: Path, log: Path) -> tuple[subprocess.Popen, str]:
    """Streamlit with that script on a free port, once it is healthy: the process and its address."""
    from tests.conftest import wait_for

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = os.pathsep.join(p for p in (str(ROOT), os.environ.get("PYTHONPATH", "")) if p)
    address = ["--server.address", "127.0.0.1", "--server.port", str(port)]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(script), *address],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": path, "RECON_WORKER_IDLE": "3"},
            stdout=sink,
            stderr=sink,
        )
    base = f"http://127.0.0.1:{port}/"

    def healthy() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return urllib.request.urlopen(base + "_stcore/health", timeout=1).read() == b"ok"
        except OSError:
            return False

    wait_for(healthy, 60, "a healthy server")
    return process, base


def settled(page) -> None:
    """Wait until the script has run and nothing is a skeleton any more."""
    from playwright.sync_api import expect

    page.wait_for_selector("[data-testid=stMain]", timeout=60_000)
    page.wait_for_selector(IDLE, timeout=60_000)
    expect(page.locator("[data-testid=stSkeleton]")).to_have_count(0, timeout=30_000)


@pytest.fixture(scope="session")
def chromium():
    """One browser for all tests of this process: Playwright can be started once in a process."""
    sync = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with sync.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium):
    """Opens pages, each in a context of its own; fails when any of them asks a foreign host."""
    contexts, foreign = [], []

    def note(request) -> None:
        if not re.match(r"https?://127\.0\.0\.1[:/]|data:|blob:", request.url):
            foreign.append(request.url)

    def open_(url: str, scheme: str = "light"):
        context = chromium.new_context(
            viewport={"width": 1440, "height": 1340}, color_scheme=scheme, accept_downloads=True
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", note)
        page.goto(url)
        settled(page)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not foreign, f"the page asked {foreign}"
