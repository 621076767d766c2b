"""Transfer: Parquet to the lake, and proof that it arrived whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.errors import LakeError
from recon.steps.extract import checksum

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from recon.model import Extract
    from recon.ports import Lake
    from recon.progress import Progress


def transfer(
    extracts: Sequence[Extract], lake: Lake, prefix: str, scratch: Path, progress: Progress
) -> tuple[str, ...]:
    """Put each extract under `prefix`; return the URLs that an engine reads, in the same order.

    LakeError when a file did not arrive as it was written: a broken transfer must never look like a
    difference of the conversion.
    """
    urls: list[str] = []
    for number, extract in enumerate(extracts):
        url = lake.put(extract.file, f"{prefix}/{extract.key}")
        arrived = lake.get(f"{prefix}/{extract.key}", scratch / f"arrived_{number}.parquet")
        if checksum(arrived) != extract.sha256:
            raise LakeError(
                f"transport fault at the lake: {extract.table} did not arrive as it was written",
                hint="Run again. If it happens again, check the storage account and the network between.",
                retryable=True,
            )
        arrived.unlink()
        progress.moved(extract.rows, extract.bytes)
        progress.say(f"Transferred {extract.table}", done=number + 1, total=len(extracts))
        urls.append(url)
    return tuple(urls)
