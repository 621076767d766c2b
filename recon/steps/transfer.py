"""Transfer: Parquet to the lake, and proof that it arrived whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.errors import LakeError
from recon.steps.extract import checksum
from recon.steps.manifest import arrival

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from recon.model import Extract
    from recon.ports import Lake
    from recon.progress import Progress


def transfer(
    extracts: Sequence[Extract], lake: Lake, prefix: str, scratch: Path, progress: Progress, *, name: str
) -> tuple[str, ...]:
    """Put each extract under `prefix`; return the URLs that an engine reads, in the same order.

    `name` is what people call the lake. LakeError when a file did not arrive as it was written: a broken
    transfer must never look like a difference of the conversion.
    """
    urls: list[str] = []
    for number, extract in enumerate(extracts):
        url = lake.put(extract.file, f"{prefix}/{extract.key}")
        arrived = lake.get(f"{prefix}/{extract.key}", scratch / f"arrived_{number}.parquet")
        found, size = checksum(arrived), arrived.stat().st_size
        arrived.unlink()
        progress.arrived(arrival(extract, name, size=size, sha256=found))
        if found != extract.sha256:
            raise LakeError(
                f"transport fault at {name}: {extract.table} did not arrive as it was written "
                f"({size:,} bytes of {extract.bytes:,})",
                hint="Run again. If it happens again, check the storage account and the network between.",
                retryable=True,
            )
        progress.moved(extract.rows, extract.bytes)
        progress.say(f"Transferred {extract.table}", done=number + 1, total=len(extracts))
        urls.append(url)
    return tuple(urls)
