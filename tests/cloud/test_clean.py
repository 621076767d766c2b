"""The janitor takes what runs that are over have left, and nothing else."""

from __future__ import annotations

import os
import time

import pytest
from typer.testing import CliRunner

from recon import api, settings
from recon.cli import app
from recon.errors import SettingsError
from recon.model import RunState
from recon.store import Store
from tests.cloud.test_resume import broken_at_the_lake, over


def folder_of(home, run_id, hours=0.0, checkpoint=False):
    folder = home / "scratch" / run_id
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "input_0.parquet").write_bytes(b"12345")
    if checkpoint:
        (folder / "checkpoint.json").write_text("{}")
    then = time.time() - hours * 3600
    os.utime(folder, (then, then))
    return folder


@pytest.fixture
def store(home):
    store = Store(settings.read().store_url)
    yield store
    store.close()


def ask(store, table="orders"):
    project = api.project()
    found = project.table(table)
    return store.ask(project, found, found.variants[0], "ada")


def test_nothing_left_is_nothing_found(home):
    over(api.start("totals", "faithful").id)
    assert api.clean() == ()


def test_a_dry_run_removes_nothing(home):
    folder = folder_of(home, "RUN-0077")
    (found,) = api.clean(dry=True)
    assert (found.run, found.kept, found.size) == ("RUN-0077", "", "5 bytes")
    assert folder.is_dir()
    assert api.clean() == (found,) or folder.is_dir() is False
    assert not folder.exists()


def test_a_run_at_work_keeps_its_files(home, store):
    waiting, working = ask(store), ask(store, "totals")
    store.cancel(waiting)
    assert store.claim("w") == working
    folder = folder_of(home, working)
    gone = folder_of(home, waiting)
    lake = home / "lake" / f"{working}-{settings.read().mark}"
    lake.mkdir(parents=True)
    found = {(f.run, f.kind): f.kept for f in api.clean()}
    assert "is running" in found[working, "temporary files"]
    assert "is running" in found[working, "files of the local lake"]
    assert found[waiting, "temporary files"] == ""
    assert (folder.is_dir(), lake.is_dir(), gone.is_dir()) == (True, True, False)


def test_what_can_be_resumed_stays_for_its_time(home, monkeypatch):
    run = broken_at_the_lake(home)
    (found,) = api.clean()
    assert "recon resume" in found.kept
    monkeypatch.setenv("RECON_KEEP_HOURS", "0")
    assert [f.kept for f in api.clean(dry=True)] == [""]
    monkeypatch.delenv("RECON_KEEP_HOURS")
    assert [f.kept for f in api.clean(everything=True)] == [""]
    assert not (home / "scratch" / run.id).exists()


def test_a_new_worker_sweeps_what_is_too_old_to_be_resumed(home, monkeypatch):
    run = broken_at_the_lake(home)
    old = home / "scratch" / run.id
    then = time.time() - 25 * 3600
    os.utime(old, (then, then))
    stray = folder_of(home, "RUN-0099")
    from tests.conftest import end_workers

    end_workers()
    time.sleep(0.1)
    Store(settings.read().store_url).retire("x")
    again = api.start("totals", "faithful")
    assert over(again.id).state is RunState.FINISHED
    assert not old.exists()
    assert not stray.exists()


def test_the_command_says_what_it_did(home):
    folder_of(home, "RUN-0077")
    run = CliRunner()
    dry = run.invoke(app, ["clean", "--dry-run"])
    assert (dry.exit_code, "would be" in dry.output) == (0, True)
    wet = run.invoke(app, ["clean"])
    assert (wet.exit_code, "RUN-0077" in wet.output, "yes" in wet.output) == (0, True, True)
    assert "Nothing is left behind" in run.invoke(app, ["clean"]).output


def test_two_stores_of_one_home_have_places_of_their_own(home, monkeypatch):
    one = settings.read()
    monkeypatch.setenv("RECON_STORE_URL", f"sqlite:///{home}/other.db")
    other = settings.read()
    assert one.place("RUN-0001") != other.place("RUN-0001")
    assert settings.read().mark == other.mark
    assert one.place("RUN-0001") == f"RUN-0001-{one.mark}"


def test_a_queue_that_is_full_says_so_and_asks_nothing(home, monkeypatch):
    monkeypatch.setenv("RECON_QUEUE_LIMIT", "4")
    with pytest.raises(SettingsError, match="the queue is full") as caught:
        api.start_all()
    assert "RECON_QUEUE_LIMIT" in caught.value.hint
    assert api.runs() == ()
    monkeypatch.setenv("RECON_QUEUE_LIMIT", "many")
    with pytest.raises(SettingsError, match="RECON_QUEUE_LIMIT is 'many'"):
        api.runs()


# --- the cloud --------------------------------------------------------------------------------------


@pytest.mark.spark
def test_what_a_killed_worker_left_in_the_cloud(cloud, home, monkeypatch):
    """Objects and a schema of a run that is over go; those of another recon are listed and stay."""
    from recon import connections
    from recon.connectors.cloud.engine import databricks_world
    from recon.model import Session
    from recon.progress import Progress

    for name, value in cloud.environment("microsoft").items():
        monkeypatch.setenv(name, value)
    mine, foreign = settings.read().place("RUN-0001"), "RUN-0001-0badcafe"
    container = cloud.service.get_container_client("stage")
    blobs = {f"reconciliation/{place}/input_0.parquet" for place in (mine, foreign)}
    for blob in blobs:
        container.upload_blob(blob, b"x")
    try:
        worlds = [databricks_world(connections.read(), p, Session(), Progress()) for p in (mine, foreign)]
        for world in worlds:
            world.__enter__()  # and never left, as when a process is killed
        assert len(cloud.warehouse.schemas) == 2
        dry = api.clean(dry=True)
        assert len(cloud.left[0]) == len(cloud.left[1]) == 2
        found = api.clean()
        assert found == dry or [f.name for f in found] == [f.name for f in dry]
        kept = {f.name: bool(f.kept) for f in found}
        assert kept == {
            mine: False,
            foreign: True,
            **{name: "0badcafe" in name for name in kept if name.startswith("recon")},
        }
        assert len(kept) == 4
        assert cloud.left[0] == [f"reconciliation/{foreign}/input_0.parquet"]
        assert all("0badcafe" in name for name in cloud.left[1])
    finally:
        for blob in cloud.left[0]:
            container.delete_blob(blob)
        for world in worlds:
            world.__exit__(None, None, None)
    assert cloud.left == ([], set())
