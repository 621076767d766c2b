"""The folder that stands in for blob storage."""

from __future__ import annotations

from pathlib import Path

import pytest

from recon.connectors.local.lake import FolderLake
from recon.errors import LakeError


@pytest.fixture
def lake(tmp_path):
    return FolderLake(tmp_path / "lake")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"one")
    return path


def test_put_and_get(lake, file, tmp_path):
    url = lake.put(file, "runs/1/inputs/a b.parquet")
    assert Path(url).read_bytes() == b"one"
    assert lake.get("runs/1/inputs/a b.parquet", tmp_path / "new" / "copy").read_bytes() == b"one"


def test_put_replaces_and_leaves_no_parts(lake, file, tmp_path):
    url = lake.put(file, "k/a")
    with Path(url).open("rb") as held:
        file.write_bytes(b"two")
        assert lake.put(file, "k/a") == url
        assert held.read() == b"one"  # who was reading reads on
    assert Path(url).read_bytes() == b"two"
    assert [p.name for p in (tmp_path / "lake" / "k").iterdir()] == ["a"]


def test_a_failed_put_leaves_the_old_object(lake, file, tmp_path):
    lake.put(file, "k/a")
    with pytest.raises(LakeError, match="k/a"):
        lake.put(tmp_path / "not there", "k/a")
    assert lake.keys("") == ("k/a",)
    assert lake.get("k/a", tmp_path / "c").read_bytes() == b"one"


def test_keys_are_sorted_and_under_their_prefix(lake, file):
    for key in ("runs/10/b", "runs/1/z", "runs/1/a/c", "runs/1/a.b"):
        lake.put(file, key)
    assert lake.keys("runs/1") == ("runs/1/a.b", "runs/1/a/c", "runs/1/z")
    assert lake.keys("runs/1/") == ("runs/1/a.b", "runs/1/a/c", "runs/1/z")
    assert lake.keys("runs/1/z") == ("runs/1/z",)
    assert len(lake.keys("")) == 4
    assert lake.keys("nothing") == ()


def test_drop(lake, file, tmp_path):
    for key in ("runs/1/a", "runs/1/b/c", "runs/10/a"):
        lake.put(file, key)
    lake.drop("runs/1")
    assert lake.keys("") == ("runs/10/a",)
    assert not (tmp_path / "lake" / "runs" / "1").exists()
    lake.drop("runs/1")
    lake.drop("")
    assert lake.keys("") == ()
    assert (tmp_path / "lake").is_dir()


def test_an_empty_lake(tmp_path):
    lake = FolderLake(tmp_path / "never made")
    assert lake.keys("") == ()
    lake.drop("x")
    with pytest.raises(LakeError, match="not in the lake") as caught:
        lake.get("x", tmp_path / "y")
    assert caught.value.hint


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/x", "", "a\\..\\x", "C:/x", ".."])
def test_keys_cannot_leave_the_lake(lake, file, tmp_path, key):
    with pytest.raises(LakeError, match="no key"):
        lake.put(file, key)
    with pytest.raises(LakeError, match="no key"):
        lake.get(key, tmp_path / "y")


def test_a_link_out_of_the_lake_is_refused(lake, file, tmp_path):
    lake.put(file, "in/a")
    (tmp_path / "lake" / "out").symlink_to(tmp_path)
    with pytest.raises(LakeError, match="no key"):
        lake.put(file, "out/b")
