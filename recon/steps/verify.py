"""Verify: bring both sides into one SQL engine and compare them cell by cell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from recon.compare import Side, Spec, compare
from recon.compare.keyfinder import extend_keys, propose_keys
from recon.compare.totals import control_totals
from recon.errors import EngineError
from recon.model import TableRef

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from recon.model import Extract, Project, Table
    from recon.model_result import Comparison
    from recon.ports import Comparer
    from recon.progress import Progress

MOST_PROPOSED_ROWS = 5_000_000  # of a side; looking for a key there takes as long as ten comparisons
MOST_DISTINCT_ROWS = 1_000_000  # different values are most of the work of control totals, and of their memory

BASELINE, CANDIDATE = TableRef("recon_sides", "baseline"), TableRef("recon_sides", "candidate")


def verify(
    project: Project,
    table: Table,
    comparer: Comparer,
    baseline: Extract,
    candidate: Sequence[Extract],
    differences: Path,
    progress: Progress,
    *,
    mask_key: str = "",
) -> Comparison:
    """Compare the baseline with the candidate, which is at least one file.

    The stored differing cells go to the Parquet file `differences`. Keys are proposed where none is named or
    the named one repeats; control totals are taken unless the project says no. EngineError when either side
    has not the rows that its manifest says: what was lost on the way must never look like a difference.
    """
    rows = sum(each.rows for each in candidate)
    comparer.attach(BASELINE, [str(baseline.file)])
    comparer.attach(CANDIDATE, [str(each.file) for each in candidate])
    spec = Spec(
        keys=table.keys,
        rules=table.rules,
        segment=table.segment,
        partial_above=project.partial_above,
        sample_rows=project.sample_rows,
        mask_key=mask_key,
    )
    sides = (
        Side(table=BASELINE, columns=baseline.columns),
        Side(table=CANDIDATE, columns=candidate[0].columns),
    )
    progress.say(f"Comparing {baseline.rows:,} rows with {rows:,}")
    with progress.interruptible(comparer.cancel):
        found = compare(comparer, spec, *sides, progress=progress, differences=differences)
    for side, counted, expected in (
        ("Synapse", found.rows.baseline, baseline.rows),
        ("Databricks", found.rows.candidate, rows),
    ):
        if counted != expected:
            raise EngineError(
                f"transport fault: {side} gave {expected:,} rows, but {counted:,} arrived at the comparison",
                hint="Run again. If it happens again, report it: the fault is recon's, not the conversion's.",
                retryable=True,
            )
    progress.moved(found.rows.baseline + found.rows.candidate, 0)
    with progress.interruptible(comparer.cancel):
        found = _with_keys(found, comparer, spec, sides, progress)
        return _with_totals(found, comparer, spec, sides, progress) if project.control_totals else found


def _with_keys(
    found: Comparison, comparer: Comparer, spec: Spec, sides: tuple[Side, Side], progress: Progress
) -> Comparison:
    """With what could be the key, where none was named or the named one repeats."""
    repeats = found.rows.duplicate_keys
    if spec.keys and not (repeats.baseline or repeats.candidate):
        return found
    if not spec.keys and max(found.rows.baseline, found.rows.candidate) > MOST_PROPOSED_ROWS:
        progress.say(f"No key is looked for among more than {MOST_PROPOSED_ROWS:,} rows")
        return found
    progress.say("Looking for a key")
    try:
        if not spec.keys:
            return replace(found, key_proposals=propose_keys(comparer, *sides, spec=spec))
        more = extend_keys(comparer, *sides, spec.keys, spec=spec)
        return replace(found, key_proposals=more.proposals, identical_rows=more.identical)
    except EngineError as error:
        _go_on(progress, f"No key could be looked for: {error}")
    return found


def _with_totals(
    found: Comparison, comparer: Comparer, spec: Spec, sides: tuple[Side, Side], progress: Progress
) -> Comparison:
    """With the control totals of all rows."""
    progress.say("Taking control totals")
    few = max(found.rows.baseline, found.rows.candidate) <= MOST_DISTINCT_ROWS
    try:
        return replace(found, control_totals=control_totals(comparer, spec, *sides, distinct=few))
    except EngineError as error:
        _go_on(progress, f"Control totals could not be taken: {error}")
    return found


def _go_on(progress: Progress, why: str) -> None:
    """What only adds to a verdict must not take it away, unless it failed because somebody cancelled."""
    progress.check()
    progress.warn(why)
