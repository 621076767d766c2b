"""The sentence under the verdict and the lists that explain it: plain text, no markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.model_result import (
    EXTRACTED,
    FILTERED,
    UNEXPLAINED,
    WHOLE_ROW,
    Cause,
    ColumnResult,
    Result,
    Verdict,
)
from recon.report.vocabulary import count_text, percent_text, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.model_result import Failure

COMPARED_ROLES = ("key", "value")
MOST_NAMES = 40


def compared_columns(result: Result) -> tuple[ColumnResult, ...]:
    """The columns whose cells were compared, in Synapse's order."""
    return tuple(c for c in result.columns if c.role in COMPARED_ROLES)


def differing_columns(result: Result) -> tuple[ColumnResult, ...]:
    """The columns with a differing cell, worst first."""
    guilty = [c for c in compared_columns(result) if c.mismatches]
    return tuple(sorted(guilty, key=lambda c: -c.mismatches))


def differing_cells(result: Result) -> int:
    """Differing cells among paired rows."""
    return sum(c.mismatches for c in result.columns)


def listed(names: Sequence[str], most: int = 3) -> str:
    """Names in a sentence: "a", "a and b", "a, b, c and 4 more"."""
    shown = list(names[:most])
    if len(names) > most:
        return ", ".join(shown) + f" and {count_text(len(names) - most)} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1] if shown else "")))


def sentence(result: Result) -> str:
    """The verdict in one or two plain sentences that name the worst columns and the missing rows."""
    if result.failure:
        return _stopped(result.failure)
    match result.verdict:
        case Verdict.MATCH:
            return _equal(result)
        case Verdict.INCONCLUSIVE:
            return _inconclusive(result)
        case Verdict.ACCEPTED:
            return "Every difference is covered by an accepted finding. " + _differences(result)
        case _:
            return _differences(result)


def _stopped(failure: Failure) -> str:
    if failure.kind == "Cancelled":
        return f"The run was cancelled in the step {failure.step}. Nothing is said about the data."
    lines = [line.strip().rstrip(".") for line in failure.error.splitlines() if line.strip()]
    why = lines[0] if lines else "it left no message"
    return f"The run stopped in the step {failure.step}: {why}. Nothing is said about the data."


def _equal(result: Result) -> str:
    compared, ignored = len(compared_columns(result)), len(result.schema.ignored)
    rows = plural(result.rows.equal, "row")
    if ignored:
        are = "is" if ignored == 1 else "are"
        return (
            f"All {rows} are equal in {compared} of {plural(compared + ignored, 'column')}; "
            f"{ignored} {are} ignored with a reason."
        )
    return f"All {rows} are equal in all {plural(compared, 'column')}."


def _inconclusive(result: Result) -> str:
    if result.rows.baseline == result.rows.candidate == 0:
        return "Both sides are empty: there is nothing to compare."
    why = "; ".join(reason.rstrip(".") for reason in result.reasons) or "it says no more"
    return f"The comparison allows no verdict: {why}."


def _differences(result: Result) -> str:
    parts = (_cells(result), _rows(result), _schema(result))
    return " ".join(part for part in parts if part) or "No differing cell or row was counted."


def _cells(result: Result) -> str:
    columns = differing_columns(result)
    if not columns:
        return ""
    cells = differing_cells(result)
    where = f"{len(columns)} of {plural(len(compared_columns(result)), 'column')}"
    names = listed([c.name for c in columns])
    verb = "differs" if cells == 1 else "differ"
    which = names if len(columns) <= 3 else f"most in {listed([c.name for c in columns[:3]])}"
    return f"{plural(cells, 'cell')} {verb} in {where}: {which}."


def _rows(result: Result) -> str:
    rows = result.rows
    parts = [
        f"{plural(n, 'row')} {'is' if n == 1 else 'are'} {what} in Databricks"
        for n, what in ((rows.missing, "missing"), (rows.extra, "extra"))
        if n
    ]
    return f"{'; '.join(parts)}." if parts else ""


def _schema(result: Result) -> str:
    schema = result.schema
    parts = [
        f"{plural(len(names), 'column')} {what}: {listed(names)}"
        for names, what in (
            (schema.missing_columns, "missing in Databricks"),
            (schema.extra_columns, "only in Databricks"),
            (schema.not_comparable, "not comparable"),
        )
        if names
    ]
    return f"{'; '.join(parts)}." if parts else ""


def likely(result: Result) -> tuple[Cause, ...]:
    """The findings that give a reason, the most likely first."""
    return tuple(cause for cause in result.causes if cause.cause != UNEXPLAINED)


def unexplained(result: Result) -> tuple[str, ...]:
    """What no reason explains: a line for each column, with the rows it concerns when one column tells."""
    left = (cause for cause in result.causes if cause.cause == UNEXPLAINED)
    return tuple(
        f"{concerned(cause)}: {extent(cause)}{f': {cause.where}' if cause.where else ''}" for cause in left
    )


def concerned(cause: Cause) -> str:
    """The column that a finding concerns, or "Whole rows"."""
    return "Whole rows" if cause.scope == WHOLE_ROW else cause.scope


def extent(cause: Cause) -> str:
    """How much a finding explains: "31 cells, 100 % of the column's"; empty when it counts nothing."""
    if not cause.cells:
        return ""
    rows = cause.scope == WHOLE_ROW
    counted = plural(cause.cells, "row" if rows else "cell")
    if cause.share is None:
        return counted
    of = "of the missing and extra rows" if rows else "of the column's differing cells"
    return f"{counted}, {percent_text(cause.share, differs=cause.share < 100)} {of}"


def scope(result: Result) -> tuple[str, ...]:
    """What was compared and by which rules: a line for the columns, one for each rule other than exact."""
    columns = compared_columns(result)
    if result.failure or not columns:
        return ()
    names = listed([column.name for column in columns], most=MOST_NAMES)
    every = f"{plural(len(columns), 'column')} of {plural(result.rows.paired, 'paired row')}: {names}"
    return (every, *(line for line in map(_rule, columns) if line))


def _rule(column: ColumnResult) -> str:
    forgiven = plural(column.forgiven, "cell")
    if column.rule != "exact":
        return f'{column.name} by its rule "{column.rule}": {forgiven} equal only by it'
    if column.forgiven:
        return (
            f"{column.name}: {forgiven} equal only by the declared type (CHAR padding, or the case of a GUID)"
        )
    return ""


def not_compared(result: Result) -> tuple[str, ...]:
    """What the comparison did not look at, apart from columns ignored on purpose."""
    schema = result.schema
    parts = (
        ("only in Synapse", schema.missing_columns),
        ("only in Databricks", schema.extra_columns),
        ("types that cannot be compared", schema.not_comparable),
    )
    return tuple(f"{', '.join(names)}: {why}" for why, names in parts if names)


def left_out(result: Result) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each reason for ignoring columns with its columns, in the order of the columns."""
    reasons: dict[str, list[str]] = {}
    for ignored in result.schema.ignored:
        reasons.setdefault(ignored.reason, []).append(ignored.column)
    return tuple((reason, tuple(names)) for reason, names in reasons.items())


def filtered(result: Result) -> tuple[str, ...]:
    """Which rows filters left out, a sentence each; of a filter on one side only it is a warning."""
    return tuple(note for note in result.notes if note.startswith(FILTERED))


def confirmed(result: Result) -> tuple[str, ...]:
    """Who has read the query that was run instead of the procedure; empty where none was."""
    return tuple(note for note in result.notes if note.startswith(EXTRACTED))


def approximation(result: Result) -> str:
    """The label of a run in which an engine only stood in for Databricks; empty when none did."""
    if not result.approximate:
        return ""
    return (
        f"Approximation: {result.engine or 'another engine'} stood in for Databricks. "
        "Differences that only Spark shows may be hidden, and some may be its own."
    )


def schema_findings(result: Result) -> tuple[tuple[str, str, str], ...]:
    """Finding, column and detail of everything in which the two schemas differ, the grave ones first."""
    schema = result.schema
    types = {
        c.name: f"{c.baseline_type} in Synapse, {c.candidate_type} in Databricks" for c in result.columns
    }
    return (
        *(("Missing in Databricks", name, "") for name in schema.missing_columns),
        *(("Only in Databricks", name, "") for name in schema.extra_columns),
        *(("Not comparable", name, types.get(name, "")) for name in schema.not_comparable),
        *(
            ("Type differs", t.column, f"{t.baseline_type} in Synapse, {t.candidate_type} in Databricks")
            for t in schema.type_changes
        ),
        *(("Ignored", i.column, i.reason) for i in schema.ignored),
    )
