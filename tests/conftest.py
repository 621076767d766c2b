"""What every test may ask for: a store of its own, a small project, and the workers' end."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from recon import api
from tests.browser import chromium, visit
from tests.small_project import write_small_project

__all__ = ["chromium", "visit"]  # fixtures

# Spark's JVMs live for a few small tests: compiling their code well and collecting garbage beside them costs a
# fifth more than it gains.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")


def wait_for(condition, seconds=60.0, what="it"):
    """The first true answer of `condition`; a failed test when none comes in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if answer := condition():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen within {seconds} s")


def settle(monkeypatch, folder: Path, project: Path) -> Path:
    """Put the settings of a test into the environment; return its RECON_HOME."""
    monkeypatch.setenv("RECON_HOME", str(folder / "home"))
    monkeypatch.setenv("RECON_PROJECT", str(project))
    monkeypatch.setenv("RECONCILE_LOG_FILE", str(folder / "reconciliation.log"))
    monkeypatch.setenv("RECON_WORKER_IDLE", "30")
    monkeypatch.setenv("RECON_USER", "ada")
    for name in ("RECON_STORE_URL", "RECON_MODE"):
        monkeypatch.delenv(name, raising=False)
    return folder / "home"


def end_workers() -> None:
    """Stop the worker processes that a test's runs have started, by pid, and wait until they are gone."""
    for child in api.worker_processes():
        if child.poll() is None:
            os.kill(child.pid, signal.SIGTERM)
            child.wait(timeout=20)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """RECON_HOME of this test, with the small project in force and nothing run yet."""
    yield settle(monkeypatch, tmp_path, write_small_project(tmp_path / "project"))
    end_workers()


@pytest.fixture(scope="session")
def finished_folder(tmp_path_factory):
    """A folder in which every run of the small project is over; shared, so treat it as read-only."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        settle(patch, folder, write_small_project(folder / "project"))
        asked = api.start_all(by="ada")
        wait_for(lambda: all(api.run(r.id).state.over for r in asked), 120, "the end of all runs")
        end_workers()
    return folder


@pytest.fixture
def finished_project(finished_folder, monkeypatch):
    """The home whose runs are all over: `{variant: run}` of the small project."""
    settle(monkeypatch, finished_folder, finished_folder / "project")
    return {f"{r.table}/{r.variant}": r for r in api.runs()}
