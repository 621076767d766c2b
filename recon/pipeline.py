"""The walk of one run, top to bottom. Read this file first.

extract   Synapse -> Parquet: the inputs before the procedure is called, the baseline after it
transfer  Parquet -> the lake, checked by checksum
world     a fresh, isolated place on Databricks (or local Spark, or DuckDB)
execute   the variant runs over the staged inputs; its rows are the candidate
verify    baseline and candidate, cell by cell -> comparison; what both texts say about it
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from recon.compare import inconclusive
from recon.errors import Cancelled, ReconError
from recon.model import Mode, Step
from recon.model_result import Comparison, Failure, Result
from recon.sqlscript.lint import lint
from recon.steps import filters
from recon.steps.execute import execute
from recon.steps.explain import explain, loose_clocks
from recon.steps.extract import extract
from recon.steps.transfer import transfer
from recon.steps.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from recon.model import Project, Table, Variant
    from recon.ports import Ports
    from recon.progress import Progress
    from recon.steps.extract import Extracted


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One run to walk. `project` is its request, frozen: one table with one variant.

    `scratch` is emptied by whoever made it; `differences` is the file in which differing cells are kept.
    """

    run_id: str
    project: Project
    scratch: Path
    differences: Path

    @property
    def table(self) -> Table:
        """The table to reconcile."""
        return self.project.tables[0]

    @property
    def variant(self) -> Variant:
        """The conversion to run."""
        return self.table.variants[0]


def walk(run: Walk, connect: Callable[[], Ports], progress: Progress) -> Result:
    """Every step of `run`, over the ports that `connect` gives.

    What a person or a platform did wrong ends in an INCONCLUSIVE result that says so.

    Errors of `recon.errors` never escape; anything else is a bug of ours and does.
    """
    engine: dict[str, Any] = {}
    notes: list[str] = []
    try:
        found = _steps(run, connect(), progress, engine, notes)
    except ReconError as error:
        failure = Failure(
            step=str(progress.current), error=str(error), hint=error.hint, kind=type(error).__name__
        )
        why = str(error) if isinstance(error, Cancelled) else f"{progress.current} failed: {error}"
        engine["lint"] = lint(run.table, run.variant).hits
        return _result(run, inconclusive(why), progress, engine, notes, failure)
    return _result(run, found, progress, engine, notes, None)


def _steps(
    run: Walk, ports: Ports, progress: Progress, engine_facts: dict[str, Any], notes: list[str]
) -> Comparison:
    table = run.table
    notes += (*filters.warnings(table), *filters.notes(table))
    with progress.step(Step.EXTRACT), ports.source() as source:
        for warning in filters.warnings(table):
            progress.warn(warning)
        try:
            extracted = extract(table, source, run.scratch, progress)
        finally:
            notes += source.notes
    try:
        with progress.step(Step.TRANSFER):
            staged = (*extracted.inputs, extracted.baseline)
            *inputs, baseline_url = transfer(staged, ports.lake, run.run_id, run.scratch, progress)
        with ExitStack() as stack:
            with progress.step(Step.WORLD):
                engine = stack.enter_context(ports.world(run.run_id))
                engine_facts.update(engine=engine.name, approximate=engine.approximate)
            try:
                with progress.step(Step.EXECUTE):
                    candidate = execute(table, run.variant, extracted, inputs, engine, run.scratch, progress)
            finally:
                notes += engine.notes
        with progress.step(Step.VERIFY), ports.comparer() as comparer:
            found = verify(
                run.project,
                table,
                comparer,
                (extracted.baseline, baseline_url),
                candidate,
                run.differences,
                progress,
                mask_key=ports.mask_key,
            )
            return _explained(run, found, extracted, engine_facts, notes)
    finally:
        ports.lake.drop(run.run_id)


def _explained(
    run: Walk, found: Comparison, extracted: Extracted, facts: dict[str, Any], notes: list[str]
) -> Comparison:
    """The comparison with what the texts of both scripts say about it; the hits go into `facts`."""
    columns = {extract.table: extract.columns for extract in extracted.inputs}
    columns[extracted.baseline.table] = extracted.target
    approximate = bool(facts["approximate"])
    local = run.project.mode is not Mode.CLOUD
    pinned = run.project.session.now is not None
    texts = lint(run.table, run.variant, columns, duckdb=approximate, pinned=pinned)
    notes += loose_clocks(texts) if pinned else ()
    explained = explain(found, texts, notes, approximate=approximate, local=local)
    facts["lint"] = explained.hits
    return explained.found


def _result(
    run: Walk,
    found: Comparison,
    progress: Progress,
    engine: dict[str, Any],
    notes: list[str],
    failure: Failure | None,
) -> Result:
    comparison = {name: getattr(found, name) for name in Comparison.__dataclass_fields__}
    return Result(
        **comparison,
        **engine,
        table=run.table.name,
        variant=run.variant.name,
        run_id=run.run_id,
        notes=tuple(dict.fromkeys(notes)),
        failure=failure,
        timings=tuple(progress.timings),
    )
