"""The manifest: what each table held at each place of its way, and what of a broken run can be used again.

A step that is whole is written down beside its files, with their checksums (`Checkpoint`). A run that
continues an earlier one takes those files only when they are still what was written down.

An extract that broke is begun anew, all of it: inputs and baseline must be of one moment, or their difference
would be blamed on the conversion.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path  # noqa: TC003 (pydantic reads the types)
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError

from recon.errors import SourceError
from recon.model import Arrival, Column, Extract
from recon.steps.extract import Extracted, checksum

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recon.progress import Progress

_FILE: Final = "checkpoint.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a run has whole: what came out of Synapse and, where the variant has run too, its candidate."""

    inputs: tuple[Extract, ...]
    baseline: Extract
    target: tuple[Column, ...]
    candidate: tuple[Extract, ...] = ()
    engine: str = ""
    approximate: bool = False
    notes: tuple[str, ...] = ()

    @property
    def extracted(self) -> Extracted:
        """The first part, as the steps know it."""
        return Extracted(inputs=self.inputs, baseline=self.baseline, target=self.target)

    @property
    def files(self) -> tuple[Extract, ...]:
        """Everything that lies on disk."""
        return (*self.inputs, self.baseline, *self.candidate)


_ADAPTER = TypeAdapter(Checkpoint)


def arrival(extract: Extract, place: str, *, rows: int = -1, size: int = 0, sha256: str = "") -> Arrival:
    """One line of the manifest; without `rows` those that were extracted."""
    return Arrival(
        table=str(extract.table),
        role=str(extract.role),
        place=place,
        rows=extract.rows if rows < 0 else rows,
        bytes=size,
        sha256=sha256,
    )


def sealed(extracted: Extracted, progress: Progress) -> None:
    """Count the rows in the Parquet files of an extract. SourceError where they are not those that came."""
    for extract in (*extracted.inputs, extracted.baseline):
        try:
            rows = pq.read_metadata(extract.file).num_rows
        except (OSError, pa.ArrowException) as error:
            raise _broken(extract, f"its file cannot be read ({type(error).__name__})") from error
        progress.arrived(arrival(extract, "Synapse"))
        progress.arrived(arrival(extract, "Parquet", rows=rows, size=extract.bytes, sha256=extract.sha256))
        if rows != extract.rows:
            raise _broken(extract, f"its file holds {rows:,} rows, {extract.rows:,} came")


def save(point: Checkpoint, scratch: Path) -> None:
    """Write down what is whole, itself whole or not at all."""
    partial = scratch / f"{_FILE}.partial"
    partial.write_bytes(_ADAPTER.dump_json(point))
    partial.replace(scratch / _FILE)


def kept(folder: Path) -> bool:
    """Whether a run left something there that another can continue from."""
    return (folder / _FILE).is_file()


def tidy(folder: Path) -> None:
    """Remove everything from a run's scratch but its checkpoint and the files that it names."""
    point = _read(folder)
    if point is None:
        shutil.rmtree(folder, ignore_errors=True)
        return
    named = {folder / _FILE, *(each.file for each in point.files)}
    for found in sorted(folder.rglob("*"), reverse=True):
        if found in named or any(found in each.parents for each in named):
            continue
        shutil.rmtree(found, ignore_errors=True) if found.is_dir() else found.unlink(missing_ok=True)


def take(folder: Path, scratch: Path, progress: Progress) -> Checkpoint | None:
    """What an earlier run left in `folder`, moved to `scratch`; None, and a warning, if it is no use."""
    point = _read(folder)
    why = "nothing of it is kept" if point is None else _changed(point.files)
    if point is None or why:
        progress.warn(f"{folder.name} cannot be continued: {why}. Everything is done anew.")
        return None
    return replace(
        point,
        inputs=_moved(point.inputs, folder, scratch),
        baseline=_moved([point.baseline], folder, scratch)[0],
        candidate=_moved(point.candidate, folder, scratch),
    )


def _read(folder: Path) -> Checkpoint | None:
    try:
        return _ADAPTER.validate_json((folder / _FILE).read_bytes())
    except (OSError, ValidationError):  # absent, or written by another version: then nothing can be continued
        return None


def _changed(files: Iterable[Extract]) -> str:
    for each in files:
        if not each.file.is_file():
            return f"{each.file.name} is gone"
        if each.file.stat().st_size != each.bytes or checksum(each.file) != each.sha256:
            return f"{each.file.name} is not what was written"
    return ""


def _moved(files: Sequence[Extract], folder: Path, scratch: Path) -> tuple[Extract, ...]:
    out: list[Extract] = []
    for each in files:
        there = scratch / each.file.relative_to(folder)
        there.parent.mkdir(parents=True, exist_ok=True)
        os.replace(each.file, there)  # noqa: PTH105 (both lie below the same home)
        out.append(replace(each, file=there))
    return tuple(out)


def _broken(extract: Extract, why: str) -> SourceError:
    return SourceError(
        f"transport fault at Parquet: {extract.table}: {why}",
        hint="Run again. If it happens again, check the disk of RECON_HOME.",
        retryable=True,
    )
