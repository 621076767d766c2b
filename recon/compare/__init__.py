"""Compare a baseline with a candidate, cell by cell, inside a SQL engine.

`compare` is the door. Columns pair by name, rows by key, and everything that is said is a count over the
pairs (`pairing`, `collect`); what equal means is in `rules`, and only `verdict` says MATCH.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.compare import collect
from recon.compare.examples import keep_examples
from recon.compare.pairing import pair
from recon.compare.plan import make_plan
from recon.compare.spec import Side, Spec
from recon.compare.verdict import Facts, judge, percentage
from recon.errors import SpecError
from recon.model_result import Comparison, RowCounts, SchemaResult, Segments, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from recon.compare.pairing import Paired
    from recon.compare.plan import Plan
    from recon.compare.queries import Which
    from recon.model import TableRef
    from recon.model_result import Cause, ColumnResult
    from recon.ports import Comparer
    from recon.progress import Progress

__all__ = ["Side", "Spec", "compare", "inconclusive"]

METHODS = {False: "fingerprint+pairs", True: "pairs"}  # by whether the comparison was exact


def compare(
    engine: Comparer,
    spec: Spec,
    baseline: Side,
    candidate: Side,
    *,
    progress: Progress | None = None,
    differences: Path | None = None,
    exact: bool = False,
) -> Comparison:
    """What differs between the two sides, over all rows, and the verdict.

    Rows whose fingerprints agree are not looked at any further, unless `exact`; what is said is the same.
    With `differences`, up to `spec.sample_rows` cells of each segment, column and kind go to that Parquet
    file: segment, column, kind, key (a JSON object), baseline, candidate; for a missing or extra row the
    column is "(whole row)" and the present side a JSON object of its values. Values are text.

    SpecError when the spec names what neither side has or a rule that means nothing; EngineError when the
    engine fails; Cancelled when the progress was cancelled.
    """
    if spec.sample_rows < 0:
        raise SpecError(f"sample_rows = {spec.sample_rows}", hint="Write 0 or more.")
    plan = make_plan(
        spec, baseline, candidate, (engine.columns(baseline.table), engine.columns(candidate.table))
    )
    _say(progress, "Pairing rows", 0)
    paired = pair(engine, plan, baseline.table, candidate.table, exact=exact)
    _say(progress, "Counting differences", 1)
    rows = collect.row_counts(engine, plan, paired)
    columns = collect.columns(engine, plan, paired, rows)
    _say(progress, "Collecting examples", 2)
    cells, row_samples, repeats = keep_examples(engine, plan, paired, spec.sample_rows, differences)
    _say(progress, "Looking for causes", 3)
    surplus = collect.surplus(engine, paired)
    tables: dict[Which, TableRef] = {"b": baseline.table, "c": candidate.table}
    facts = _facts(spec, plan, rows, columns, collect.why_surplus(rows, surplus, repeats))
    verdict, reasons = judge(facts)
    return Comparison(
        method=METHODS[exact],
        verdict=verdict,
        reasons=reasons,
        rows=rows,
        match_percentage=percentage(facts.equal_cells, facts.cells),
        rows_equal_percentage=percentage(rows.equal, rows.paired + rows.missing + rows.extra),
        columns=columns,
        schema=plan.schema,
        segments=collect.segment_cells(engine, plan, paired),
        samples=cells,
        row_samples=row_samples,
        duplicate_samples=repeats,
        causes=_causes(engine, plan, paired, rows, columns, surplus, tables),
    )


def _causes(
    engine: Comparer,
    plan: Plan,
    paired: Paired,
    rows: RowCounts,
    columns: tuple[ColumnResult, ...],
    surplus: dict[str, int],
    tables: dict[Which, TableRef],
) -> tuple[Cause, ...]:
    """The reasons, if there can be any: what finds them is imported only then."""
    if paired.same and not plan.schema.missing_columns and not plan.schema.extra_columns:
        return ()
    from recon.compare.reasons import causes

    return causes(engine, plan, paired, rows, columns, surplus, tables)


def _facts(
    spec: Spec, plan: Plan, rows: RowCounts, columns: tuple[ColumnResult, ...], why: dict[str, str]
) -> Facts:
    """What the judgement rests on."""
    number = len(plan.compared)
    return Facts(
        rows=rows,
        columns=columns,
        schema=plan.schema,
        equal_cells=rows.paired * number - sum(c.mismatches for c in columns),
        cells=(rows.paired + rows.missing + rows.extra) * number,
        partial_above=spec.partial_above,
        trouble=plan.trouble,
        missing_why=why.get("missing", ""),
        extra_why=why.get("extra", ""),
    )


def inconclusive(*reasons: str) -> Comparison:
    """The comparison of a run that has none: nothing counted, and why."""
    return Comparison(
        method="none",
        verdict=Verdict.INCONCLUSIVE,
        reasons=reasons,
        rows=RowCounts(),
        match_percentage=None,
        rows_equal_percentage=None,
        columns=(),
        schema=SchemaResult(),
        segments=Segments(),
        samples=(),
    )


def _say(progress: Progress | None, message: str, done: int) -> None:
    if progress is not None:
        progress.say(message, done, 4)
