"""Facts to judgement. The only file that says MATCH; whatever it does not know for sure is no MATCH."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from recon.model_result import ColumnResult, Kind, RowCounts, SchemaResult, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WORDS: Final = {
    Kind.VALUE: "another value",
    Kind.TYPE: "changed by the type",
    Kind.UNREADABLE: "text that cannot be read",
    Kind.ROUNDING: "rounding",
    Kind.WHITESPACE: "blanks",
    Kind.CASE: "upper and lower case",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that the judgement rests on.

    `failure` says why nothing was compared; `sampled` that not all rows were; `trouble` why rows could not
    pair by the keys asked for; `missing_why` and `extra_why` what is known about such rows, in words.
    """

    rows: RowCounts
    columns: tuple[ColumnResult, ...]
    schema: SchemaResult
    equal_cells: int
    cells: int
    partial_above: Decimal
    failure: str = ""
    sampled: bool = False
    trouble: tuple[str, ...] = ()
    missing_why: str = ""
    extra_why: str = ""


def percentage(part: int, whole: int) -> float | None:
    """100 * part / whole, floored to two decimals in integers; 100.0 only for the whole; None of nothing."""
    return 10_000 * part // whole / 100 if whole > 0 else None


def judge(facts: Facts) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict and its reasons in plain sentences, differences first, what was not compared last."""
    if facts.failure:
        return Verdict.INCONCLUSIVE, (facts.failure,)
    contradictions = tuple(_contradictions(facts))
    if contradictions:
        return Verdict.INCONCLUSIVE, contradictions
    differences, doubts = tuple(_differences(facts)), tuple(_doubts(facts))
    notes = tuple(f"{c.column}: not compared ({c.reason})" for c in facts.schema.ignored)
    if differences:
        match = percentage(facts.equal_cells, facts.cells)
        above = match is not None and Decimal(str(match)) > facts.partial_above
        return Verdict.PARTIAL if above else Verdict.NO_MATCH, (*differences, *doubts, *notes)
    if doubts or not _everything_agrees(facts):
        return Verdict.INCONCLUSIVE, (*(doubts or ("nothing proves that the two sides agree",)), *notes)
    return Verdict.MATCH, (_agreement(facts), *notes)


def unproven(
    verdict: Verdict, reasons: tuple[str, ...], why: Sequence[str]
) -> tuple[Verdict, tuple[str, ...]]:
    """The judgement once it is known what the engines at work do not show, in sentences.

    Agreement that proves nothing is INCONCLUSIVE. Differences stay differences; nothing becomes better.
    """
    if why and verdict in {Verdict.MATCH, Verdict.ACCEPTED}:
        return Verdict.INCONCLUSIVE, (*why, *reasons)
    return verdict, reasons


def _everything_agrees(facts: Facts) -> bool:
    """The definition of MATCH, said once more and positively."""
    rows, compared = facts.rows, [c for c in facts.columns if c.role in {"key", "value"}]
    reasons = {i.column: i.reason for i in facts.schema.ignored}
    return (
        0 < rows.baseline == rows.candidate == rows.paired == rows.equal
        and rows.differing == rows.missing == rows.extra == 0
        and len(compared) > 0
        and all(c.compared == rows.paired and c.mismatches == 0 for c in compared)
        and all(c.role == "ignored" and reasons.get(c.name) for c in facts.columns if c not in compared)
        and all(reasons.values())
        and not any(c.name in reasons for c in compared)
        and facts.cells == facts.equal_cells == rows.paired * len(compared)
        and not facts.schema.missing_columns
        and not facts.schema.extra_columns
        and not facts.schema.not_comparable
        and not facts.sampled
        and not facts.trouble
    )


def _contradictions(facts: Facts) -> Iterator[str]:
    """Counts that break the laws of counting: our own fault, so no judgement may rest on them."""
    rows = facts.rows
    counts = [
        rows.baseline,
        rows.candidate,
        rows.paired,
        rows.equal,
        rows.differing,
        rows.missing,
        rows.extra,
    ]
    counts += [n for c in facts.columns for n in (c.compared, c.mismatches)]
    if min(counts) < 0 or not 0 <= facts.equal_cells <= facts.cells:
        yield "the counts contradict each other: one is impossible"
    if rows.baseline != rows.paired + rows.missing or rows.candidate != rows.paired + rows.extra:
        yield "the counts contradict each other: rows are in no class or in two"
    if rows.paired != rows.equal + rows.differing:
        yield "the counts contradict each other: paired rows are neither equal nor differing, or both"
    for c in facts.columns:
        kinds = [k.cells for k in c.causes]
        if min([c.forgiven, c.baseline_null, c.candidate_null, *kinds]) < 0 or c.forgiven > c.compared:
            yield f"the counts contradict each other: one of {c.name} is impossible"
        if c.baseline_null + c.candidate_null > c.mismatches or (kinds and sum(kinds) != c.mismatches):
            yield f"the counts contradict each other: the kinds of {c.name} are not its differing cells"
    cells = [c.mismatches for c in facts.columns]
    if (rows.differing == 0) != (sum(cells) == 0) or any(n > rows.differing for n in cells):
        yield "the counts contradict each other: differing rows without differing cells, or too many"


def _differences(facts: Facts) -> Iterator[str]:
    rows = facts.rows
    for column in sorted(facts.columns, key=lambda c: -c.mismatches):
        if column.mismatches:
            yield f"{column.name}: {_count(column.mismatches, 'cell')}, {_what(column)}"
    for count, word, why in (
        (rows.missing, "missing", facts.missing_why or "only in Synapse"),
        (rows.extra, "extra", facts.extra_why or "only in Databricks"),
    ):
        if count:
            yield f"{_count(count, f'{word} row')}: {why}"
    for name in facts.schema.missing_columns:
        yield f"{name}: the column is missing from Databricks, so it was not compared"
    for name in facts.schema.extra_columns:
        yield f"{name}: the column is only in Databricks, so it was not compared"


def _what(column: ColumnResult) -> str:
    """The kinds of a column's mismatches in words, the most frequent first."""
    said: list[str] = []
    for cause in column.causes:
        if cause.cause == Kind.NULL_VS_VALUE:
            nulls = column.candidate_null, column.baseline_null
            if nulls[0]:
                said.append(_times(nulls[0], column.mismatches, "NULL instead of a value"))
            if nulls[1]:
                said.append(_times(nulls[1], column.mismatches, "a value instead of NULL"))
        elif cause.cause in _WORDS:
            said.append(_times(cause.cells, column.mismatches, _WORDS[Kind(cause.cause)]))
    return ", ".join(said) or "different"


def _times(cells: int, mismatches: int, words: str) -> str:
    return words if cells == mismatches else f"{words} ({cells:,})"


def _doubts(facts: Facts) -> Iterator[str]:
    """What keeps agreement from being proven."""
    yield from facts.trouble
    for name in facts.schema.not_comparable:
        column = next((c for c in facts.columns if c.name == name), None)
        types = f" ({column.baseline_type} and {column.candidate_type})" if column else ""
        yield f"{name}: not compared, its types{types} cannot be compared"
    if facts.sampled:
        yield "only a sample of the rows was compared"
    if facts.rows.baseline == facts.rows.candidate == 0:
        yield "both sides are empty, so nothing was compared"
    elif not any(c.role in {"key", "value"} for c in facts.columns):
        yield "no column was compared"


def _agreement(facts: Facts) -> str:
    compared = sum(1 for c in facts.columns if c.role in {"key", "value"})
    total = compared + len(facts.schema.ignored)
    rows = "the only row agrees" if facts.rows.paired == 1 else f"all {facts.rows.paired:,} rows agree"
    return f"{rows} on {compared:,} of {_count(total, 'column')}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
