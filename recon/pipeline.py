"""The walk of one run, top to bottom. Read this file first.

extract   Synapse -> Parquet: the inputs before the procedure is called, the baseline after it
transfer  Parquet of the inputs -> the lake, checked by checksum
world     a fresh, isolated place on Databricks (or local Spark, or DuckDB)
execute   the variant runs over the staged inputs; its rows are the candidate
verify    baseline and candidate, cell by cell -> comparison; what both texts say about it

What is whole is written down, after extract and after execute: a run that continues another begins there.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from recon.compare import inconclusive
from recon.compare.verdict import unproven
from recon.errors import Cancelled, LakeError, PlatformError, ReconError
from recon.model import Mode, Step
from recon.model_result import Comparison, Failure, Result
from recon.sqlscript.lint import lint
from recon.steps import filters, manifest
from recon.steps.csvcopy import csv_copy
from recon.steps.execute import execute
from recon.steps.explain import explain, loose_clocks
from recon.steps.extract import confirmed, extract
from recon.steps.manifest import Checkpoint
from recon.steps.spellings import ruled_out
from recon.steps.stopped import stopped
from recon.steps.transfer import transfer
from recon.steps.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from recon.model import Project, Table, Variant
    from recon.ports import Comparer, Ports
    from recon.progress import Progress
    from recon.steps.extract import Extracted


_AGAIN = "`recon resume` the run when the platform is well again: it goes on from the last whole step."


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One run to walk. `project` is its request, frozen: one table with one variant.

    `scratch` is emptied by whoever made it; `differences` is the file in which differing cells are kept.
    `copies` is a folder for the CSV copy of what came out of Synapse, where the project asks for one.
    `place` names the run in systems that others use too, and is nobody else's; `continues` is the scratch of
    an earlier run whose whole steps count for this one. `selftest` says what the comparer's self-test found
    last, `doubts` why an agreement of such a comparer proves nothing.
    """

    run_id: str
    project: Project
    scratch: Path
    differences: Path
    copies: Path | None = None
    place: str = ""
    continues: Path | None = None
    selftest: str = ""
    doubts: tuple[str, ...] = ()

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
    except (ReconError, OSError) as raised:
        error = raised if isinstance(raised, ReconError) else _local_fault(raised)
        hint = error.hint or (_AGAIN if isinstance(error, PlatformError) else "")
        failure = Failure(step=str(progress.current), error=str(error), hint=hint, kind=type(error).__name__)
        why = str(error) if isinstance(error, Cancelled) else f"{progress.current} failed: {error}"
        ended = stopped(inconclusive(why), error, failure.step, lint(run.table, run.variant))
        engine["lint"] = ended.hits
        return _result(run, ended.found, progress, engine, notes, failure)
    return _result(run, found, progress, engine, notes, None)


def _local_fault(error: OSError) -> PlatformError:
    """What this machine's disk refused, while a step wrote or read its own files."""
    return PlatformError(
        f"this machine's disk: {error.strerror or type(error).__name__}",
        hint="Make room below RECON_HOME (`recon clean`), then `recon resume` the run.",
        retryable=True,
    )


def _steps(
    run: Walk, ports: Ports, progress: Progress, facts: dict[str, Any], notes: list[str]
) -> Comparison:
    notes += (*filters.warnings(run.table), *filters.notes(run.table), *confirmed(run.table))
    point = _extracted(run, ports, progress, notes)
    if not point.candidate:
        point = _executed(run, point, ports, progress, facts, notes)
    facts.update(engine=point.engine, approximate=point.approximate)
    with progress.step(Step.VERIFY), ports.comparer() as comparer:
        found = verify(
            run.project,
            run.table,
            comparer,
            point.baseline,
            point.candidate,
            run.differences,
            progress,
            mask_key=ports.mask_key,
        )
        return _explained(run, found, point.extracted, comparer, facts, notes)


def _extracted(run: Walk, ports: Ports, progress: Progress, notes: list[str]) -> Checkpoint:
    """What comes out of Synapse, or what an earlier run has left of it (and of the step after)."""
    with progress.step(Step.EXTRACT):
        for warning in filters.warnings(run.table):
            progress.warn(warning)
        earlier = manifest.take(run.continues, run.scratch, progress) if run.continues else None
        if earlier and run.continues:
            said = f"Continues {run.continues.name}: the rows are those that it extracted"
            said += ", and the candidate is what it had executed" if earlier.candidate else ""
            progress.say(said)
            notes += (*earlier.notes, f"{said}.")
            point = earlier
        else:
            with ports.source() as source:
                try:
                    found = extract(run.table, source, run.scratch, progress)
                finally:
                    notes += source.notes
            point = Checkpoint(
                inputs=found.inputs, baseline=found.baseline, target=found.target, notes=tuple(notes)
            )
        manifest.sealed(point.extracted, progress)
        if run.project.csv_copy and run.copies:
            notes += csv_copy(run.table, point.extracted, run.copies, progress)
        manifest.save(point, run.scratch)
        return point


def _executed(
    run: Walk,
    point: Checkpoint,
    ports: Ports,
    progress: Progress,
    facts: dict[str, Any],
    notes: list[str],
) -> Checkpoint:
    """The candidate as well. Nothing stays behind in the lake or on Databricks, however it ends."""
    place = run.place or run.run_id
    try:
        with progress.step(Step.TRANSFER):
            urls = transfer(point.inputs, ports.lake, place, run.scratch, progress, name=ports.lake_name)
        with ExitStack() as stack:
            with progress.step(Step.WORLD):
                engine = stack.enter_context(ports.world(place))
                facts.update(engine=engine.name, approximate=engine.approximate)
            try:
                with progress.step(Step.EXECUTE):
                    rows = execute(
                        run.table, run.variant, point.extracted, urls, engine, run.scratch, progress
                    )
            finally:
                notes += engine.notes
    finally:
        _cleared(ports, place, progress)
    point = replace(point, candidate=rows, notes=tuple(notes), **facts)
    manifest.save(point, run.scratch)
    return point


def _cleared(ports: Ports, place: str, progress: Progress) -> None:
    """Empty the run's place in the lake. What fails here must not hide why the run ends."""
    try:
        ports.lake.drop(place)
    except LakeError as error:
        progress.warn(f"{place} stays in {ports.lake_name}: {error}. `recon clean` removes it.")


def _explained(
    run: Walk,
    found: Comparison,
    extracted: Extracted,
    comparer: Comparer,
    facts: dict[str, Any],
    notes: list[str],
) -> Comparison:
    """The comparison with what the texts of both scripts say about it; the hits go into `facts`."""
    columns = {extract.table: extract.columns for extract in extracted.inputs}
    columns[extracted.baseline.table] = extracted.target
    approximate = bool(facts["approximate"])
    local = run.project.mode is not Mode.CLOUD
    pinned = run.project.session.now is not None
    texts = lint(run.table, run.variant, columns, duckdb=approximate, pinned=pinned)
    notes += loose_clocks(texts) if pinned else ()
    rows = found.rows
    differs = rows.differing + rows.missing + rows.extra
    beside = ruled_out(comparer, extracted.inputs, texts) if differs else ()
    explained = explain(found, texts, notes, approximate=approximate, local=local, beside=beside)
    facts["lint"] = explained.hits
    verdict, reasons = unproven(explained.found.verdict, explained.found.reasons, run.doubts)
    return replace(explained.found, verdict=verdict, reasons=reasons)


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
        manifest=tuple(progress.manifest),
        selftest=run.selftest,
    )
