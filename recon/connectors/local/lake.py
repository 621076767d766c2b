"""A folder, standing in for blob storage."""

from __future__ import annotations

import os
import shutil
import uuid
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from recon.errors import LakeError

if TYPE_CHECKING:
    from collections.abc import Generator

_PARTIAL = ".partial"


class FolderLake:
    """A `Lake` (see `recon.ports`) below one folder. Keys are relative paths with `/`."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def put(self, file: Path, key: str) -> str:
        """A reader sees the old object or the whole new one, never a part."""
        there = self._path(key)
        partial = there.with_name(f"{there.name}.{uuid.uuid4().hex}{_PARTIAL}")
        with _ours(key):
            there.parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(file, partial)
                partial.replace(there)
            finally:
                partial.unlink(missing_ok=True)
        return str(there)

    def get(self, key: str, into: Path) -> Path:
        there = self._path(key)
        if not there.is_file():
            raise LakeError(f"{key}: not in the lake {self._root}", hint="Run the transfer again.")
        with _ours(key):
            into.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(there, into)
        return into

    def keys(self, prefix: str) -> tuple[str, ...]:
        """A prefix is a key or a folder: `runs/1` does not cover `runs/10/x`. Empty: everything."""
        if not self._root.is_dir():
            return ()
        found = (
            (Path(folder) / name).relative_to(self._root).as_posix()
            for folder, _, names in os.walk(self._root)
            for name in names
            if not name.endswith(_PARTIAL)
        )
        return tuple(sorted(key for key in found if _under(key, prefix)))

    def drop(self, prefix: str) -> None:
        """Also removes the folders that become empty, but never the root."""
        for key in self.keys(prefix):
            there = self._path(key)
            with _ours(key):
                there.unlink(missing_ok=True)
                for folder in there.parents:
                    if folder == self._root or any(folder.iterdir()):
                        break
                    folder.rmdir()

    def _path(self, key: str) -> Path:
        parts = PurePosixPath(key).parts
        outside = not parts or ".." in parts or PurePosixPath(key).is_absolute() or "\\" in key or ":" in key
        there = self._root.joinpath(*parts) if not outside else self._root
        if outside or not there.resolve().is_relative_to(self._root):
            raise LakeError(
                f"{key!r} is no key of the lake", hint="A key is a relative path with / and without `..`."
            )
        return there


def _under(key: str, prefix: str) -> bool:
    folder = prefix.rstrip("/")
    return not folder or key == folder or key.startswith(f"{folder}/")


@contextmanager
def _ours(key: str) -> Generator[None]:
    """The file system's errors as LakeError. A full disk or a busy file may pass later."""
    try:
        yield
    except OSError as error:
        raise LakeError(
            f"{key}: {error.strerror or type(error).__name__}",
            hint="Check the folder's permissions and the disk's free space.",
            retryable=not isinstance(error, (FileNotFoundError, PermissionError)),
        ) from error
