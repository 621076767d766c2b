"""Verify: bring both sides into one SQL engine and compare them cell by cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.compare import Side, Spec, compare
from recon.errors import EngineError
from recon.model import TableRef

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from recon.model import Column, Extract, Project, Table
    from recon.model_result import Comparison
    from recon.ports import Comparer
    from recon.progress import Progress

BASELINE, CANDIDATE = TableRef("recon_sides", "baseline"), TableRef("recon_sides", "candidate")


def verify(
    project: Project,
    table: Table,
    comparer: Comparer,
    baseline: tuple[Extract, str],
    candidate: tuple[Sequence[Column], Sequence[str], int],
    differences: Path,
    progress: Progress,
) -> Comparison:
    """Compare the baseline (manifest, URL) with the candidate (declared columns, URLs, rows).

    The stored differing cells go to the Parquet file `differences`. EngineError when either side has not
    the rows that its manifest says: what was lost on the way must never look like a difference.
    """
    manifest, url = baseline
    columns, urls, rows = candidate
    comparer.attach(BASELINE, [url])
    comparer.attach(CANDIDATE, urls)
    spec = Spec(
        keys=table.keys,
        rules=table.rules,
        segment=table.segment,
        partial_above=project.partial_above,
        sample_rows=project.sample_rows,
    )
    progress.say(f"Comparing {manifest.rows:,} rows with {rows:,}")
    with progress.interruptible(comparer.cancel):
        found = compare(
            comparer,
            spec,
            Side(table=BASELINE, columns=manifest.columns),
            Side(table=CANDIDATE, columns=tuple(columns)),
            progress=progress,
            differences=differences,
        )
    for side, counted, expected in (
        ("Synapse", found.rows.baseline, manifest.rows),
        ("Databricks", found.rows.candidate, rows),
    ):
        if counted != expected:
            raise EngineError(
                f"transport fault: {side} gave {expected:,} rows, but {counted:,} arrived at the comparison",
                hint="Run again. If it happens again, report it: the fault is recon's, not the conversion's.",
                retryable=True,
            )
    progress.moved(found.rows.baseline + found.rows.candidate, 0)
    return found
