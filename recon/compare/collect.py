"""Answers of the engine to the words of a result."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sqlglot import exp

from recon.compare import samples
from recon.compare import trees as t
from recon.compare.answers import one_row
from recon.compare.kinds import BASELINE_NULL, CANDIDATE_NULL, hint
from recon.compare.queries import CLASSIFIED, SIDES, repetitions
from recon.model_result import (
    WHOLE_ROW,
    ColumnResult,
    DuplicateSample,
    Kind,
    KindCount,
    RowCounts,
    RowSample,
    Sample,
    SegmentCell,
    Segments,
    SideCounts,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon.compare.pairing import Paired
    from recon.compare.plan import Plan
    from recon.ports import Comparer

_CODES: Final = (
    BASELINE_NULL, CANDIDATE_NULL, Kind.VALUE, Kind.TYPE, Kind.UNREADABLE, Kind.ROUNDING, Kind.WHITESPACE,
    Kind.CASE,
)  # fmt: skip


def _missing() -> exp.Expr:
    return t.negate(t.column("in_c"))


def _extra() -> exp.Expr:
    return t.negate(t.column("in_b"))


def row_counts(engine: Comparer, plan: Plan, paired: Paired) -> RowCounts:
    """Every row of both sides in exactly one class.

    `paired` follows from the baseline's rows, and is not adjusted to the candidate's: the verdict checks
    that both agree.
    """
    both = t.all_of(t.column("in_b"), t.column("in_c"))
    found = _counted(engine, paired, {"differing": both, "missing": _missing(), "extra": _extra()})
    together = paired.rows["b"] - found["missing"]
    repeated = [_repeated_keys(engine, plan, paired, which) for which in SIDES]
    return RowCounts(
        baseline=paired.rows["b"],
        candidate=paired.rows["c"],
        paired=together,
        equal=together - found["differing"],
        differing=found["differing"],
        missing=found["missing"],
        extra=found["extra"],
        duplicate_keys=SideCounts(baseline=repeated[0], candidate=repeated[1]),
        null_keys=SideCounts(baseline=paired.nulls["b"], candidate=paired.nulls["c"]),
    )


def _repeated_keys(engine: Comparer, plan: Plan, paired: Paired, which: str) -> int:
    if not paired.repeated:
        return 0
    often = t.count_if(t.operator(exp.GT, t.column(f"n{which}"), t.number(1)))
    return one_row(engine, t.select([t.named(often, "keys")], t.inner(repetitions(plan), "r")))["keys"]


def _counted(engine: Comparer, paired: Paired, conditions: Mapping[str, exp.Expr]) -> dict[str, int]:
    """How many of the different rows fulfil each condition."""
    if paired.same:
        return dict.fromkeys(conditions, 0)
    counts = [t.named(t.count_if(condition), name) for name, condition in conditions.items()]
    return one_row(engine, t.select(counts, t.table(CLASSIFIED)))


def columns(engine: Comparer, plan: Plan, paired: Paired, rows: RowCounts) -> tuple[ColumnResult, ...]:
    """How each paired column fared, in the baseline's order."""
    conditions = {
        f"d{i}_{code}": t.equals(t.column(f"d{i}"), t.text(code)) for i in paired.touched for code in _CODES
    }
    answer = _counted(engine, paired, conditions) if conditions else {}
    numbers = {p.name: i for i, p in enumerate(plan.compared)}
    results: list[ColumnResult] = []
    for pair in plan.pairs:
        i = numbers.get(pair.name)
        kinds = {code: answer.get(f"d{i}_{code}", 0) for code in _CODES}
        shared = ColumnResult(
            name=pair.name,
            candidate_name=pair.candidate_name,
            role="key" if plan.whole and pair.compared else pair.role,
            baseline_type=pair.baseline.spelled,
            candidate_type=pair.candidate.spelled,
            rule=str(pair.rule),
            compared=rows.paired if i is not None else 0,
            mismatches=sum(kinds.values()),
            forgiven=paired.forgiven.get(i, 0) if i is not None else 0,
            baseline_null=kinds[BASELINE_NULL],
            candidate_null=kinds[CANDIDATE_NULL],
            sensitive=pair.rule.sensitive,
            causes=_kind_counts(kinds, plan, i),
        )
        results.append(shared)
    return tuple(results)


def _kind_counts(kinds: dict[str, int], plan: Plan, i: int | None) -> tuple[KindCount, ...]:
    one_sided = kinds[BASELINE_NULL] + kinds[CANDIDATE_NULL]
    merged = {Kind.NULL_VS_VALUE: one_sided, **{Kind(k): kinds[k] for k in _CODES[2:]}}
    common = plan.common(i) if i is not None else None
    return tuple(
        KindCount(cause=str(kind), cells=cells, hint=hint(kind, cells, kinds[BASELINE_NULL], common))
        for kind, cells in sorted(merged.items(), key=lambda item: -item[1])
        if cells
    )


def segment_cells(engine: Comparer, plan: Plan, paired: Paired) -> Segments:
    """The heatmap: for each segment the columns with mismatches, and at least the whole row."""
    axis = paired.axis
    found = {str(row["seg"]): row for row in _by_segment(engine, paired)}
    cells: list[SegmentCell] = []
    for label in axis.labels:
        row = found.get(label, {})
        missing, extra = int(row.get("missing", 0)), int(row.get("extra", 0))
        both = paired.totals.get(label, 0) - missing
        for i in paired.touched:
            if wrong := int(row.get(f"n{i}", 0)):
                name = plan.compared[i].name
                cells.append(SegmentCell(segment=label, column=name, mismatches=wrong, rows=both))
        cells.append(
            SegmentCell(
                segment=label, column=WHOLE_ROW, mismatches=missing + extra, rows=both + missing + extra
            )
        )
    name = plan.compared[axis.number].name if axis.number is not None else ""
    return Segments(column=name, grouping=axis.grouping, cells=tuple(cells))


def _by_segment(engine: Comparer, paired: Paired) -> list[dict[str, Any]]:
    """Of each segment `seg` that has different rows: the `missing`, the `extra`, and each column's cells."""
    if paired.same:
        return []
    counts = [t.column("seg")]
    counts += [t.named(t.count_if(c), n) for n, c in (("missing", _missing()), ("extra", _extra()))]
    counts += [t.named(exp.Count(this=t.column(f"d{i}")), f"n{i}") for i in paired.touched]
    return engine.query(t.select(counts, t.table(CLASSIFIED), group=[t.column("seg")]))


def cell_samples(engine: Comparer, plan: Plan, most: int) -> tuple[tuple[Sample, ...], tuple[RowSample, ...]]:
    """The kept cells and rows, in order."""
    cells: list[Sample] = []
    rows: list[RowSample] = []
    for row in engine.query(samples.kept(most)):
        key = json.loads(row["key"])
        if row["col"] == len(plan.compared):
            rows.append(RowSample(kind=row["kind"], key=key, values=json.loads(row["b"] or row["c"])))
            continue
        name = plan.compared[row["col"]].name
        cells.append(Sample(key=key, column=name, baseline=row["b"], candidate=row["c"], cause=row["kind"]))
    return tuple(cells), tuple(rows)


def duplicate_samples(engine: Comparer, plan: Plan, most: int) -> tuple[DuplicateSample, ...]:
    """The keys that repeat, the most repeated first, then by the hash of the key."""
    often = t.call("greatest", t.column("nb"), t.column("nc"))
    columns = [t.named(samples.key_json(plan, plan.keys), "key"), *(t.column(n) for n in ("nb", "nc", "h"))]
    order = [t.ordered(often, descending=True), t.ordered(t.column("h")), t.ordered(t.column("key"))]
    query = t.sorted_by(t.select(columns, t.inner(repetitions(plan), "r")), order, most)
    return tuple(
        DuplicateSample(key=json.loads(row["key"]), baseline=row["nb"], candidate=row["nc"])
        for row in engine.query(query)
    )


def surplus(engine: Comparer, paired: Paired) -> dict[str, int]:
    """How many of the missing and extra rows have a key that repeats."""
    classes = {"missing": _missing(), "extra": _extra()}
    return _counted(engine, paired, {n: t.all_of(t.column("repeated"), c) for n, c in classes.items()})


def why_surplus(
    rows: RowCounts, repeated: dict[str, int], examples: tuple[DuplicateSample, ...]
) -> dict[str, str]:
    """In words why rows are missing or extra, where their keys repeat."""
    said: dict[str, str] = {}
    for word, total, system in (("missing", rows.missing, "Synapse"), ("extra", rows.extra, "Databricks")):
        keys = rows.duplicate_keys.baseline if word == "missing" else rows.duplicate_keys.candidate
        if not repeated[word] or not keys:
            continue
        example = next((e for e in examples if (e.baseline if word == "missing" else e.candidate) > 1), None)
        named = f", for example {_named(example.key)}" if example else ""
        occur = "key occurs" if keys == 1 else "keys occur"
        why = f"{keys:,} {occur} more than once in {system}{named}"
        others = total - repeated[word]
        said[word] = f"{others:,} only in {system}; {why}" if others else why
    return said


def _named(key: dict[str, str | None]) -> str:
    return ", ".join(f"{name} = {'NULL' if value is None else value}" for name, value in key.items())
