"""Keep examples of what differs: on the engine, so that only the few that are shown leave it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recon.compare import collect, samples
from recon.compare.samples import CELLS

if TYPE_CHECKING:
    from pathlib import Path

    from recon.compare.pairing import Paired
    from recon.compare.plan import Plan
    from recon.model_result import DuplicateSample, RowSample, Sample
    from recon.ports import Comparer

_MANY: Final = 100_000  # differing cells of a column from which on not all are ranked


def keep_examples(
    engine: Comparer, plan: Plan, paired: Paired, most: int, differences: Path | None
) -> tuple[tuple[Sample, ...], tuple[RowSample, ...], tuple[DuplicateSample, ...]]:
    """The kept cells, rows and repeated keys; with `differences` also that file."""
    repeats = collect.duplicate_samples(engine, plan, most) if paired.repeated else ()
    if paired.same and differences is None:
        return (), (), repeats
    by_segment = differences is not None
    near: dict[int, samples.Near] = {}
    for i in paired.touched:
        if paired.wrong[i] > _MANY:
            groups = engine.query(samples.groups(i, by_segment=by_segment))
            sizes = {(str(g["kind"]), str(g["seg"])): int(g["n"]) for g in groups}
            near[i] = samples.near(i, sizes, most)
    cells = samples.cells(plan, paired, most, near, by_segment=by_segment)
    engine.save(samples.no_cells() if paired.same else cells, CELLS)
    if near and not _enough(engine, near, most, by_segment=by_segment):
        engine.save(samples.cells(plan, paired, most, {}, by_segment=by_segment), CELLS)
    if differences is not None:
        engine.write(samples.drill_down(plan, paired.axis.labels), differences)
    return *collect.cell_samples(engine, plan, most), repeats


def _enough(engine: Comparer, near: dict[int, samples.Near], most: int, *, by_segment: bool) -> bool:
    """Whether no group of cells was cut short by looking only at those with small numbers."""
    answer = engine.query(samples.kept_counts(by_segment=by_segment))
    found = {(int(a["col"]), str(a["kind"]), str(a["seg"])): int(a["n"]) for a in answer}
    return all(
        found.get((i, *group), 0) == min(most, size)
        for i, looked in near.items()
        for group, size in looked.sizes.items()
    )
