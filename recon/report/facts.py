"""One frozen view of a run that every format and the page print, so that they cannot disagree.

Texts are ready to show and hold no markup. Whoever prints them escapes them for his medium.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recon import __version__
from recon.model_result import WHOLE_ROW, Kind
from recon.report import codec, wording
from recon.report.heatmap import Heatmap, heatmap, kind_totals
from recon.report.vocabulary import (
    NONE,
    KindStyle,
    bytes_text,
    count_text,
    kind_style,
    percent_text,
    plural,
    share_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from recon.model import Run, Script, Timing
    from recon.model_result import ColumnResult, Result, RowSample, SideCounts, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One stored difference: a cell of a paired row, or a missing or extra row as `(whole row)`.

    Values are text, None is NULL; sensitive columns come masked.
    """

    key: dict[str, str | None]
    column: str
    segment: str
    kind: str  # a Kind
    baseline: str | None
    candidate: str | None


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the five numbers on top. `note` says of what."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFacts:
    """One column's line. Shares are empty dashes for a column that was not compared."""

    name: str
    candidate_name: str  # only where it differs from `name`, else empty
    role: str
    baseline_type: str
    candidate_type: str
    rule: str
    compared: int
    mismatches: int
    forgiven: int
    baseline_null: int
    candidate_null: int
    sensitive: bool
    equal_share: str
    kinds: tuple[tuple[KindStyle, int, str], ...]  # style, cells, hint; most cells first


@dataclass(frozen=True, slots=True)
class TimingFacts:
    """One step's line."""

    step: str
    seconds: str
    rows: str
    size: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What there is to say about one run. `result` holds the numbers behind the words."""

    result: Result
    run: Run
    verdict: Verdict
    sentence: str
    approximation: str
    tiles: tuple[Tile, ...]
    scope: tuple[str, ...]
    left_out: tuple[tuple[str, tuple[str, ...]], ...]  # reason, columns
    not_compared: tuple[str, ...]
    heatmap: Heatmap | None
    kinds: tuple[tuple[KindStyle, int], ...]
    columns: tuple[ColumnFacts, ...]
    schema: tuple[tuple[str, str, str], ...]  # finding, column, detail
    run_facts: tuple[tuple[str, str], ...]
    timings: tuple[TimingFacts, ...]
    keys: tuple[str, ...]
    original: Script | None
    variant: Script | None
    differences: Sequence[Difference]
    differences_total: int
    content_hash: str
    tool_version: str


def facts(
    result: Result,
    run: Run,
    *,
    original: Script | None = None,
    variant: Script | None = None,
    keys: Sequence[str] = (),
    differences: Sequence[Difference] | None = None,
) -> Facts:
    """The view of `result`. Without `keys` those of the result serve.

    `differences` are the stored rows for CSV; None means that only the result's own samples are at hand.
    """
    key_names = tuple(keys) or tuple(c.name for c in result.columns if c.role == "key")
    content_hash = codec.sha256(result)
    return Facts(
        result=result,
        run=run,
        verdict=result.verdict,
        sentence=wording.sentence(result),
        approximation=wording.approximation(result),
        tiles=tiles(result),
        scope=(*wording.filtered(result), *wording.confirmed(result), *wording.scope(result)),
        left_out=wording.left_out(result),
        not_compared=wording.not_compared(result),
        heatmap=heatmap(result),
        kinds=kind_totals(result),
        columns=tuple(_column(column) for column in result.columns),
        schema=wording.schema_findings(result),
        run_facts=_run_facts(result, run, key_names, content_hash),
        timings=tuple(_timing(timing) for timing in result.timings),
        keys=key_names,
        original=original,
        variant=variant,
        differences=_from_samples(result) if differences is None else differences,
        differences_total=differences_total(result),
        content_hash=content_hash,
        tool_version=__version__,
    )


def differences_total(result: Result) -> int:
    """How many differences there are to list: differing cells, missing rows and extra rows."""
    return wording.differing_cells(result) + result.rows.missing + result.rows.extra


def tiles(result: Result) -> tuple[Tile, ...]:
    """The five numbers, in order; dashes when the run failed before anything was compared."""
    labels = (
        "Rows compared",
        "Rows fully equal",
        "Differing cells",
        "Missing · extra rows",
        "Columns differing",
    )
    if result.failure:
        return tuple(Tile(label, NONE, "not compared") for label in labels)
    rows = result.rows
    total = rows.paired + rows.missing + rows.extra
    columns = wording.compared_columns(result)
    differs = differences_total(result) > 0
    numbers = (
        (count_text(total), f"Synapse {count_text(rows.baseline)} · Databricks {count_text(rows.candidate)}"),
        (share_text(rows.equal, total), f"{count_text(rows.equal)} of {count_text(total)}"),
        (
            count_text(wording.differing_cells(result)),
            f"{percent_text(result.match_percentage, differs=differs)} of all cells equal",
        ),
        (f"{count_text(rows.missing)} · {count_text(rows.extra)}", "only in Synapse · only in Databricks"),
        (f"{len(wording.differing_columns(result))} of {len(columns)}", _uncompared(result)),
    )
    return tuple(Tile(label, *number) for label, number in zip(labels, numbers, strict=True))


def _uncompared(result: Result) -> str:
    schema = result.schema
    others = len(schema.missing_columns) + len(schema.extra_columns) + len(schema.not_comparable)
    parts = ((len(schema.ignored), "ignored"), (others, "not compared"))
    return " · ".join(f"{n} {what}" for n, what in parts if n) or "all columns compared"


def _column(column: ColumnResult) -> ColumnFacts:
    renamed = column.candidate_name if column.candidate_name != column.name else ""
    return ColumnFacts(
        name=column.name,
        candidate_name=renamed,
        role=column.role,
        baseline_type=column.baseline_type,
        candidate_type=column.candidate_type,
        rule=column.rule,
        compared=column.compared,
        mismatches=column.mismatches,
        forgiven=column.forgiven,
        baseline_null=column.baseline_null,
        candidate_null=column.candidate_null,
        sensitive=column.sensitive,
        equal_share=share_text(column.compared - column.mismatches, column.compared),
        kinds=tuple((kind_style(c.cause), c.cells, c.hint) for c in column.causes),
    )


def utc_text(moment: datetime | None) -> str:
    """A time of a run to the second: "2026-11-05 10:31:07 UTC", or a dash."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else NONE


def _run_facts(
    result: Result, run: Run, keys: tuple[str, ...], content_hash: str
) -> tuple[tuple[str, str], ...]:
    rows = result.rows
    stopped = result.failure is not None
    no_key = NONE if stopped else "none: rows compared as a multiset"
    return (
        ("Project", run.project_name),
        ("Table", run.table),
        ("Variant", run.variant),
        ("Owner", run.owner or NONE),
        ("Candidate ran on", result.engine or NONE),
        ("Compared by", result.method or NONE),
        ("Comparer's self-test", result.selftest or "not run: `recon selftest`"),
        ("Key", ", ".join(keys) or no_key),
        ("Rows in Synapse", NONE if stopped else count_text(rows.baseline)),
        ("Rows in Databricks", NONE if stopped else count_text(rows.candidate)),
        ("Repeated keys", NONE if stopped else _sides(rows.duplicate_keys)),
        ("Rows with a NULL key", NONE if stopped else _sides(rows.null_keys)),
        ("Started", utc_text(run.started_at)),
        ("Finished", utc_text(run.finished_at)),
        ("Started by", run.by or NONE),
        ("Run", result.run_id or run.id),
        ("Content hash", content_hash),
        ("Made with", f"recon {__version__}"),
    )


def _sides(counts: SideCounts) -> str:
    return f"Synapse {count_text(counts.baseline)} · Databricks {count_text(counts.candidate)}"


WAY_HEAD = ("Table", "As", "Where", "Rows", "Size", "SHA-256")


def way(result: Result) -> tuple[tuple[str, ...], ...]:
    """What each table held at each place on its way, under `WAY_HEAD`; checksums by their first 12 digits."""
    return tuple(
        (
            a.table,
            a.role,
            a.place,
            count_text(a.rows),
            bytes_text(a.bytes) if a.bytes else NONE,
            a.sha256[:12],
        )
        for a in result.manifest
    )


def _timing(timing: Timing) -> TimingFacts:
    return TimingFacts(
        step=timing.step,
        seconds=f"{timing.seconds:,.1f} s",
        rows=plural(timing.rows, "row") if timing.rows else NONE,
        size=bytes_text(timing.bytes) if timing.bytes else NONE,
    )


def _from_samples(result: Result) -> tuple[Difference, ...]:
    """The samples inside the result as difference rows. They know a segment only where the key holds it."""
    axis = "" if result.segments.grouping else result.segments.column
    cells = (
        Difference(
            key=sample.key,
            column=sample.column,
            segment=sample.key.get(axis) or "",
            kind=sample.cause,
            baseline=sample.baseline,
            candidate=sample.candidate,
        )
        for sample in result.samples
    )
    return (*cells, *(_row(sample, axis) for sample in result.row_samples))


def _row(sample: RowSample, axis: str) -> Difference:
    """A missing or extra row; the side that has it holds its values as a JSON object."""
    values = json.dumps(sample.values, ensure_ascii=False)
    missing = sample.kind == Kind.MISSING
    return Difference(
        key=sample.key,
        column=WHOLE_ROW,
        segment=sample.key.get(axis) or "",
        kind=sample.kind,
        baseline=values if missing else None,
        candidate=None if missing else values,
    )
