"""The words of the product, as frozen dataclasses. Standard library only.

Two sides, always in this order: the *baseline* (what Synapse produced) and the *candidate* (what
Databricks produced). What a comparison finds lives in `recon.model_result`, re-exported by nothing:
import each word from the module that defines it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool | Decimal | date | datetime | None

MOST_DIGITS = 18  # of a tolerance's amount
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$#]*")


@dataclass(frozen=True, slots=True)
class TableRef:
    """A table's name in any system. Systems compare it without regard to case; `key` does too."""

    schema: str
    name: str
    catalog: str = ""

    def __str__(self) -> str:
        parts = (p for p in (self.catalog, self.schema, self.name) if p)
        return ".".join(p if _PLAIN.fullmatch(p) else f"[{p}]" for p in parts)

    @property
    def key(self) -> tuple[str, str, str]:
        """Folded for look-ups."""
        return self.catalog.casefold(), self.schema.casefold(), self.name.casefold()


@dataclass(frozen=True, slots=True)
class Column:
    """One column as a system declares it. `type` is that system's own spelling, e.g. `decimal(18,2)`."""

    name: str
    type: str
    nullable: bool = True


# --- What equal means ---------------------------------------------------------------


class ToleranceKind(StrEnum):
    """How far apart two values may lie and still count as equal. Always symmetric."""

    ABS = "abs"  # |b - c| <= amount
    REL = "rel"  # |b - c| <= amount * max(|b|, |c|)
    PCT = "pct"  # the same, the amount in percent
    SECS = "secs"  # instants at most that many seconds apart
    ULP = "ulp"  # floats at most that many representable floats apart


@dataclass(frozen=True, slots=True)
class Tolerance:
    """`abs 0.005`, `rel 1e-6`, `pct 0.5%`, `secs 1`, `ulp 2`. NULL is never within tolerance.

    A share (`rel`, `pct`) is of the larger of both; 0 and another number are never within one.
    """

    kind: ToleranceKind
    amount: Decimal

    def __str__(self) -> str:
        return f"{self.kind} {self.amount:f}" + ("%" if self.kind is ToleranceKind.PCT else "")

    @property
    def fault(self) -> str:
        """Why nothing can be compared with this amount, in words; empty when it can."""
        if not self.amount.is_finite() or self.amount.is_signed():
            return "the amount must be a number from 0 up"
        places = max(0, -int(self.amount.as_tuple().exponent))
        places += 2 if self.kind is ToleranceKind.PCT else 0
        if places > MOST_DIGITS or self.amount.scaleb(places) >= 10**MOST_DIGITS:
            return f"the amount has more than {MOST_DIGITS} digits"
        if self.kind is ToleranceKind.ULP and self.amount != self.amount.to_integral_value():
            return "floats are counted in whole numbers"
        whole = {ToleranceKind.REL: 1, ToleranceKind.PCT: 100}.get(self.kind)
        if whole is not None and self.amount >= whole:
            return "a share of 100 % or more would make any two values of one sign equal"
        return ""


class TextPolicy(StrEnum):
    """What a text comparison looks past. The value is its spelling in `table.toml`."""

    TRAILING_SPACES = "ignore trailing spaces"
    CASE = "ignore case"
    EMPTY_IS_NULL = "empty string is null"
    NFC = "ignore unicode form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What "equal" means for one column. The default is exact."""

    tolerance: Tolerance | None = None
    text: tuple[TextPolicy, ...] = ()
    ignore: str = ""  # the reason why the column is not compared; empty: it is
    databricks: str = ""  # the column's name in the conversion where it was renamed
    sensitive: bool = False  # its values are masked wherever they would be shown
    collation: str = ""  # a T-SQL collation: texts are equal where it holds them to be

    def __str__(self) -> str:
        """The rule in words, as every report prints it: "exact", "abs 0.005", "ignore case"."""
        if self.ignore:
            return f"ignored: {self.ignore}"
        words = [str(self.tolerance)] if self.tolerance else []
        words += [f"collation {self.collation}"] if self.collation else []
        return ", ".join(words + [str(p) for p in self.text]) or "exact"


EXACT = Rule()


# --- The project folder ---------------------------------------------------------------


class Mode(StrEnum):
    """Where the two sides run."""

    SPARK = "spark"  # T-SQL on DuckDB, Databricks on local PySpark
    LOCAL = "local"  # both on DuckDB: an approximation
    CLOUD = "cloud"  # Synapse, ADLS, Databricks


class BaselineMode(StrEnum):
    """How the baseline comes about."""

    CALL = "call"  # run synapse.sql, then read the target
    QUERY = "query"  # run its SELECT only
    TABLE = "table"  # read the target as it stands


class Language(StrEnum):
    """What a variant is written in."""

    SQL = "sql"
    PYSPARK = "pyspark"


@dataclass(frozen=True, slots=True)
class Script:
    """A text of the project. `path` is relative to the project folder, with `/`."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One conversion."""

    name: str
    language: Language
    script: Script


@dataclass(frozen=True, slots=True, kw_only=True)
class TableInput:
    """A table that the procedure and the conversion read."""

    synapse: TableRef
    databricks: TableRef
    file: str = ""  # local and spark modes: Parquet or CSV, relative to the project folder
    filter: str = ""  # a T-SQL predicate, applied on extraction
    split_by: str = ""  # cloud mode: a column whose ranges are read side by side


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows of the target are compared, a predicate for each side in its own SQL; empty: all."""

    synapse: str = ""  # T-SQL
    databricks: str = ""  # Spark SQL


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """The query that stands in for a procedure, by its checksum, and who has read it before a run."""

    sha256: str
    by: str = ""  # empty: nobody
    at: datetime | None = None  # UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One reconciliation: a target, how its baseline comes about, and how to compare it."""

    name: str  # the folder's name
    folder: str  # relative to the project folder, with `/`
    synapse: TableRef | None = None
    databricks: TableRef | None = None
    keys: tuple[str, ...] = ()  # Synapse's names; empty: rows compare as a multiset
    segment: str = ""
    owner: str = ""
    baseline: BaselineMode = BaselineMode.CALL
    procedure: str = ""
    params: dict[str, Scalar] = field(default_factory=dict[str, Scalar])
    inputs: tuple[TableInput, ...] = ()
    rules: dict[str, Rule] = field(default_factory=dict[str, Rule])  # by Synapse's column name as written
    filter: Filter = field(default_factory=Filter)
    original: Script
    ddl: Script | None = None
    variants: tuple[Variant, ...] = ()
    approval: Approval | None = None  # only in a run's request, with mode "query" on a procedure

    def variant(self, name: str) -> Variant | None:
        """The variant of that name, or None."""
        return next((v for v in self.variants if v.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Settings that both sides must share for the data to be comparable.

    `now` is what GETDATE() and current_timestamp() say on both sides, as a wall clock of `timezone`.
    """

    timezone: str = "UTC"
    ansi: bool = True
    collation: str = "SQL_Latin1_General_CP1_CI_AS"
    now: datetime | None = None  # None: the clock of each side


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A folder of tables to reconcile."""

    folder: Path
    name: str
    mode: Mode = Mode.SPARK
    partial_above: Decimal = Decimal(95)
    sample_rows: int = 400
    control_totals: bool = True  # taken in every run
    csv_copy: bool = False  # of what comes out of Synapse, kept with the run
    keep_results: str = ""  # the schema on Databricks in which each candidate is kept as a table
    session: Session = field(default_factory=Session)
    tables: tuple[Table, ...] = ()

    def table(self, name: str) -> Table | None:
        """The table of that name, or None."""
        return next((t for t in self.tables if t.name == name), None)


# --- A run ------------------------------------------------------------------------------


class Step(StrEnum):
    """The walk, in order."""

    EXTRACT = "extract"
    TRANSFER = "transfer"
    WORLD = "world"
    EXECUTE = "execute"
    VERIFY = "verify"
    STORE = "store"


class RunState(StrEnum):
    """Where a run is. Only FINISHED has a result that speaks about the data."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # its worker died

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self not in {RunState.QUEUED, RunState.RUNNING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One table x one variant, asked for, at work or over. Times are UTC."""

    id: str
    project: str  # the project folder
    project_name: str
    table: str
    variant: str
    owner: str
    state: RunState
    by: str
    asked_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    cancel_asked: bool = False
    step: Step | None = None
    fraction: float = 0.0  # of the whole walk, 0..1
    message: str = ""
    error: str = ""
    hint: str = ""
    queue_position: int = 0  # 1 = next; 0 when not queued
    verdict: str = ""  # empty until over; a run that failed, was cancelled or interrupted says INCONCLUSIVE
    match_percentage: float | None = None
    rows_equal_percentage: float | None = None
    baseline_rows: int = 0
    differing_cells: int = 0
    approximate: bool = False  # its engine only stood in for Databricks
    result_sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """One line of a run's story, append-only. `done` of `total` is 0 of 0 when there is nothing to count."""

    run_id: str
    number: int  # 1, 2, 3 ... within the run
    at: datetime
    step: Step
    message: str
    done: int = 0
    total: int = 0
    level: str = "info"  # info | warning | error


# --- What travels -----------------------------------------------------------------------


class Role(StrEnum):
    """Why a table was copied."""

    INPUT = "input"
    BASELINE = "baseline"
    CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """One relation as Parquet, with what is needed to prove that it arrived whole."""

    table: TableRef
    role: Role
    file: Path
    key: str  # its place in the lake
    columns: tuple[Column, ...]  # as declared where it came from
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What one table held at one place on its way, as counted there; the places come in the order of the way.

    `bytes` and `sha256` are those of its Parquet files; 0 and empty where the place has no files of ours.
    """

    table: str
    role: str  # input | baseline | candidate
    place: str  # Synapse | Parquet | ADLS (or: the lake) | Databricks
    rows: int
    bytes: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long one step took and what it moved."""

    step: str
    seconds: float
    rows: int = 0
    bytes: int = 0
