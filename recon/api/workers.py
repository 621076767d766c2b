"""The store in force, and the worker processes that this process has started."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import uuid
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from recon import settings

if TYPE_CHECKING:
    from recon.settings import Settings
    from recon.store import Store

log = logging.getLogger("recon")
_children: dict[str, subprocess.Popen[bytes]] = {}  # by store; polled, so that none stays a zombie


@lru_cache(maxsize=4)
def _store_at(url: str) -> Store:
    from recon.store import Store  # a third of a second, which comparing two files must not pay

    return Store(url)


def the_store() -> Store:
    """The store that the settings name."""
    return _store_at(settings.read().store_url)


def ensure_worker(said: Settings) -> None:
    """Start a worker process unless one has been heard of lately."""
    child = _children.get(said.store_url)
    if (child and child.poll() is None) or the_store().worker_alive():
        return
    said.home.mkdir(parents=True, exist_ok=True)
    package = str(Path(__file__).parent.parent.parent)
    path = os.pathsep.join(p for p in (package, os.environ.get("PYTHONPATH", "")) if p)
    worker = f"worker-{uuid.uuid4().hex[:12]}"
    with (said.home / "worker.log").open("ab") as sink:
        _children[said.store_url] = subprocess.Popen(  # noqa: S603 (our own module, no shell)
            [sys.executable, "-m", "recon", "work", "--name", worker],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            cwd=said.home,
            env=os.environ | said.environment | {"PYTHONPATH": path},
            start_new_session=True,
        )
    log.info("started %s", worker)


def worker_processes() -> tuple[subprocess.Popen[bytes], ...]:
    """The worker processes that this process has started."""
    return tuple(_children.values())
