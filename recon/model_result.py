"""What a comparison says: the result of one run, field for field the JSON of the contract.

`recon.report.codec` writes and reads it. Everything a page, PDF or CSV prints about the data comes
from here. Values are text (`None` is NULL); percentages are floored, never rounded up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from recon.model import Arrival, Timing

SCHEMA_VERSION = 1


class Verdict(StrEnum):
    """The judgement. Only `recon.compare.verdict` may say MATCH."""

    MATCH = "MATCH"
    ACCEPTED = "MATCH with accepted differences"
    PARTIAL = "PARTIAL MATCH"
    NO_MATCH = "NO MATCH"
    INCONCLUSIVE = "INCONCLUSIVE"


class Kind(StrEnum):
    """The kind of a difference: the colours of the screen, hard kinds before soft ones."""

    VALUE = "value"
    NULL_VS_VALUE = "null_vs_value"
    TYPE = "type"
    UNREADABLE = "unreadable"
    MISSING = "missing"
    EXTRA = "extra"
    ROUNDING = "rounding"
    WHITESPACE = "whitespace"
    CASE = "case"


class Severity(StrEnum):
    """What a finding means for who uses the data, the worst first."""

    ROWS = "wrong rows"
    VALUES = "wrong values"
    RANDOM = "not deterministic"
    FORM = "representation only"


@dataclass(frozen=True, slots=True, kw_only=True)
class SideCounts:
    """One number for each side."""

    baseline: int = 0
    candidate: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCounts:
    """Every row of both sides in exactly one class.

    `baseline = paired + missing`, `candidate = paired + extra`, `paired = equal + differing`.
    `duplicate_keys`: distinct keys that occur more than once on that side; `null_keys`: rows with a NULL
    in any key column.
    """

    baseline: int = 0
    candidate: int = 0
    paired: int = 0
    equal: int = 0
    differing: int = 0
    missing: int = 0
    extra: int = 0
    duplicate_keys: SideCounts = field(default_factory=SideCounts)
    null_keys: SideCounts = field(default_factory=SideCounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindCount:
    """How many of a column's mismatches are of one kind, most first."""

    cause: str  # a Kind
    cells: int
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnResult:
    """How one column fared over the paired rows.

    `baseline_null` / `candidate_null` split the mismatches: cells where only that side is NULL.
    `forgiven`: cells that are equal only because of the rule. `compared` is 0 for a column that is
    ignored or not comparable.
    """

    name: str  # Synapse's spelling
    candidate_name: str = ""  # Databricks' spelling
    role: str = "value"  # key | value | ignored | not comparable
    baseline_type: str = ""
    candidate_type: str = ""
    rule: str = "exact"
    compared: int = 0
    mismatches: int = 0
    forgiven: int = 0
    baseline_null: int = 0
    candidate_null: int = 0
    sensitive: bool = False
    causes: tuple[KindCount, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeChange:
    """A column whose type differs between the sides but is comparable. Forbids nothing."""

    column: str
    baseline_type: str
    candidate_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A column left out on purpose."""

    column: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaResult:
    """How the two sides' columns pair, names in Synapse's order."""

    missing_columns: tuple[str, ...] = ()  # only in the baseline
    extra_columns: tuple[str, ...] = ()  # only in the candidate
    not_comparable: tuple[str, ...] = ()
    type_changes: tuple[TypeChange, ...] = ()
    ignored: tuple[Ignored, ...] = ()


WHOLE_ROW = "(whole row)"
FILTERED = "Filtered"  # how a note begins that says which rows were left out by a filter
# How a note ends that says of a place in the T-SQL that nothing was left open there, on this run's data.
SETTLED = "TOP without ORDER BY takes every row that differs from another"
# A note on numbers that are only shown: they matter where they are compared, which the comparison tells.
NUMBERED = "rows tie in the order of ROW_NUMBER; which of them comes first is not defined in T-SQL"
EXTRACTED = "The query extracted from"  # how a note begins that says who has read such a query


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentCell:
    """One cell of the heatmap: of `rows` rows in the segment, `mismatches` differ in the column.

    The column `(whole row)` counts missing and extra rows; for it `rows` counts paired, missing and extra
    rows of the segment, for the others paired rows. Of a segment without mismatches one cell is kept.
    """

    segment: str
    column: str
    mismatches: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """The heatmap's second axis. `column` is empty when no column serves; `grouping` says how values were
    merged ("" = one segment a value, "month", "year", "top 59 and the rest", ...). Cells come in the order
    of the segments on the axis.
    """

    column: str = ""
    grouping: str = ""
    cells: tuple[SegmentCell, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One differing cell of a paired row."""

    key: dict[str, str | None]
    column: str
    baseline: str | None
    candidate: str | None
    cause: str  # a Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSample:
    """One missing, extra or duplicated row: its key and the values of the side that has it."""

    kind: str  # missing | extra
    key: dict[str, str | None]
    values: dict[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateSample:
    """One key that occurs more than once on a side."""

    key: dict[str, str | None]
    baseline: int
    candidate: int


UNEXPLAINED = "VALUE_DIFF"
"""The code of the cells that no reason explains: a count and a place, never an explanation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A likely reason, most likely first. `scope` is a column or `(whole row)`.

    `cells` counts the differing cells (rows, for the whole row) that it explains, `share` is their part of
    the column's mismatches (of the missing or extra rows) in percent, floored. `where` says in words which
    rows it concerns, when one column tells: "all 31 have income_amount < 0". `advice` is the part of the hint
    that is not about this run's scripts and counts.
    """

    cause: str  # a code of the catalogue, e.g. NULL_NOT_HANDLED
    scope: str
    confidence: str  # certain | likely | possible
    hint: str
    cells: int = 0
    share: float | None = None
    severity: str = ""  # a Severity; empty in documents written before there was one
    where: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LintHit:
    """A construct in one of the two scripts that does not mean the same on both systems.

    `line` and `column` count from 1 (0: not known); `columns` are the target's columns that it feeds, by
    Synapse's names, when `scope` is "columns"; with `scope` "rows" it decides which rows there are, with
    "unknown" that cannot be told. `certain` is false when it depends on types or data that the text does
    not show. `hides`: the engine named in `engine` (a local one) does not show its effect, so equal data
    there proves nothing about it. `explains` names the findings (scopes of `Cause`) that the data confirms.
    """

    code: str  # a code of the catalogue, e.g. INT_DIVISION
    side: str  # synapse | databricks
    file: str
    line: int
    column: int
    snippet: str
    message: str
    scope: str = "unknown"  # columns | rows | unknown
    columns: tuple[str, ...] = ()
    certain: bool = True
    hides: bool = False
    engine: str = ""
    link: str = ""
    explains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniqueness:
    """How far some columns identify the rows of one side, counted over all of them.

    `distinct` counts different keys (NULL is like NULL), `null_rows` the rows with a NULL in any of the
    columns, `duplicated_keys` the keys that occur more than once.
    """

    rows: int
    distinct: int
    null_rows: int
    duplicated_keys: int

    @property
    def unique(self) -> bool:
        """Whether each row has a key of its own."""
        return self.rows == self.distinct


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyProposal:
    """Columns that may serve as a key, in the baseline's spelling and order.

    `unique` says that they identify every row on both sides (on the only one, without a candidate);
    otherwise they do on one side, and repeat on the other. `found` counts the baseline's different keys
    that the candidate has too, None without a candidate. `added` are the columns that come on top of a key
    that repeats; empty when the columns were proposed from nothing.
    """

    columns: tuple[str, ...]
    baseline: Uniqueness
    candidate: Uniqueness | None
    unique: bool
    found: int | None
    added: tuple[str, ...] = ()

    @property
    def share_found(self) -> float | None:
        """What part of the baseline's keys the candidate has, 0 to 1; 1 only if it has all."""
        if self.found is None or not self.baseline.distinct:
            return None
        return self.found / self.baseline.distinct if self.found < self.baseline.distinct else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What one side holds in one column; values are text, None where there are none.

    `sum`, only of numbers, is exact: booleans count as 0 and 1, decimals keep their scale, the sum of floats
    is the double nearest to the exact sum. `distinct` is None when it was not counted. When `unread` values
    cannot be read as the other side's type, or are numbers of more than 54 digits before or after the point,
    `sum`, `min` and `max` are None: not known.
    """

    rows: int = 0
    nulls: int = 0
    distinct: int | None = 0
    sum: str | None = None
    min: str | None = None
    max: str | None = None
    unread: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnTotals:
    """Both sides of one column, over all rows or in one segment.

    `difference` is the candidate's sum less the baseline's, where both are known. `differs` names the totals
    that are known and not exactly equal, tolerances aside: rows, nulls, distinct, sum, min, max, and unread
    where one side has more such values. `note` says what could not be totalled, or that values are masked
    because the column is sensitive.
    """

    column: str
    baseline: Totals
    candidate: Totals
    segment: str = ""
    difference: str | None = None
    differs: tuple[str, ...] = ()
    note: str = ""

    @property
    def equal(self) -> bool:
        """Whether every total that was taken is known and equal; never says that the rows are equal."""
        return not (self.differs or self.baseline.unread or self.candidate.unread)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What `recon.compare` says about two relations: a result without its run.

    `key_proposals`, best first, come with a key that repeats (then each names what to add) and with a
    comparison without a key. `identical_rows`: the key repeats in rows that are equal in every column, so
    that no further column helps. `control_totals` are those of all rows, then those of the segments.
    """

    method: str
    verdict: Verdict
    reasons: tuple[str, ...]
    rows: RowCounts
    match_percentage: float | None
    rows_equal_percentage: float | None
    columns: tuple[ColumnResult, ...]
    schema: SchemaResult
    segments: Segments
    samples: tuple[Sample, ...]
    row_samples: tuple[RowSample, ...] = ()
    duplicate_samples: tuple[DuplicateSample, ...] = ()
    causes: tuple[Cause, ...] = ()
    key_proposals: tuple[KeyProposal, ...] = ()
    identical_rows: bool = False
    control_totals: tuple[ColumnTotals, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The step that stopped a run and why. `kind` is the error's class in `recon.errors`."""

    step: str
    error: str
    hint: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(Comparison):
    """A comparison with the run it belongs to. `engine` names what ran the candidate.

    `approximate` is true when an engine stood in for Databricks without being Spark; `notes` list what
    was only approximated on either side; `lint` what in the two scripts is not the same on both systems,
    by side, line and column; `manifest` what was counted at each place that the tables passed; `selftest`
    what the comparer's self-test found last on this machine, empty when it has not been run.
    """

    schema_version: int = SCHEMA_VERSION
    table: str = ""
    variant: str = ""
    run_id: str = ""
    engine: str = ""
    approximate: bool = False
    notes: tuple[str, ...] = ()
    failure: Failure | None = None
    timings: tuple[Timing, ...] = ()
    lint: tuple[LintHit, ...] = ()
    manifest: tuple[Arrival, ...] = ()
    selftest: str = ""
