"""A result as a comparison would say it: twelve months, hard and soft kinds, missing rows, hostile names."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from recon.model import Timing
from recon.model_result import (
    WHOLE_ROW,
    Cause,
    ColumnResult,
    DuplicateSample,
    Ignored,
    KindCount,
    Result,
    RowCounts,
    RowSample,
    SchemaResult,
    SegmentCell,
    Segments,
    SideCounts,
    TypeChange,
    Verdict,
)

MONTHS = tuple(f"2025-{m:02d}" for m in range(1, 13))
HOSTILE = "a<b>*c*`:red[d]$x$ -> [e](javascript:1)"
ROWS = 1000  # paired in each month

_DIFFERING = {  # column -> (months, cells a month, kind)
    "income_amount": ((8, 9, 10, 11), 680, "null_vs_value"),
    "customer_name": ((0, 1, 2), 95, "whitespace"),
    "region": (tuple(range(12)), 1, "case"),
    HOSTILE: ((5,), 210, "value"),
}


def sample_result(run_id: str = "RUN-0001") -> Result:
    """2,040 NULLs in September to December, trailing blanks, a case change a month, 12 rows missing."""
    cells = [
        SegmentCell(segment=MONTHS[m], column=name, mismatches=n, rows=ROWS)
        for m in range(12)
        for name, (months, n, _) in _DIFFERING.items()
        if m in months
    ]
    cells += [SegmentCell(segment=MONTHS[m], column=WHOLE_ROW, mismatches=6, rows=ROWS + 6) for m in (10, 11)]
    cells.sort(key=lambda c: MONTHS.index(c.segment))
    compared = 12 * ROWS
    columns = [_column(name, len(months) * n, kind) for name, (months, n, kind) in _DIFFERING.items()]
    columns[2] = _column("region", 12, "case")
    equal = [_column(f"amount_{n}", 0, "") for n in range(8)]
    return Result(
        method="fingerprint+pairs",
        verdict=Verdict.NO_MATCH,
        reasons=("income_amount: 2,720 cells, NULL instead of a value", "12 rows missing in Databricks"),
        rows=RowCounts(
            baseline=compared + 12,
            candidate=compared,
            paired=compared,
            equal=compared - 3100,
            differing=3100,
            missing=12,
            duplicate_keys=SideCounts(baseline=1, candidate=1),
        ),
        match_percentage=97.81,
        rows_equal_percentage=74.09,
        columns=(
            ColumnResult(name="order_key", candidate_name="order_key", role="key", compared=compared),
            *columns,
            *equal,
            ColumnResult(name="load_ts", candidate_name="load_ts", role="ignored", rule="ignored: load time"),
        ),
        schema=SchemaResult(
            type_changes=(TypeChange(column="region", baseline_type="varchar(10)", candidate_type="STRING"),),
            ignored=(Ignored(column="load_ts", reason="set to the load time on both sides"),),
        ),
        segments=Segments(column="order_month", cells=tuple(cells)),
        samples=(),
        row_samples=(
            RowSample(kind="missing", key={"order_key": "7"}, values={"region": "DE", "note": None, "x": ""}),
        ),
        duplicate_samples=(DuplicateSample(key={"order_key": "9"}, baseline=2, candidate=3),),
        causes=(
            Cause(cause="NULL_NOT_HANDLED", scope="income_amount", confidence="certain", cells=2720,
                  hint="Synapse turns NULL into 0; the conversion lets it through. Wrap it in COALESCE."),
            Cause(cause="TRAILING_SPACES", scope="customer_name", confidence="likely", cells=285,
                  hint="Synapse keeps the padding of CHAR columns."),
        ),
        table="fact_orders",
        variant="v1",
        run_id=run_id,
        engine="DuckDB 2.0.0",
        approximate=True,
        notes=("NUMERIC division was only approximated",),
        timings=(Timing(step="extract", seconds=0.4, rows=12000, bytes=90_000),),
    )  # fmt: skip


def _column(name: str, mismatches: int, kind: str) -> ColumnResult:
    return ColumnResult(
        name=name,
        candidate_name=name,
        baseline_type="varchar(20)",
        candidate_type="STRING",
        compared=12 * ROWS,
        mismatches=mismatches,
        candidate_null=mismatches if kind == "null_vs_value" else 0,
        causes=(KindCount(cause=kind, cells=mismatches, hint="look at it"),) if mismatches else (),
    )


def write_differences(file: Path) -> int:
    """The stored differing cells of `sample_result`, as a comparison writes them; returns how many."""
    values = {
        "income_amount": ("0.00", None),
        "customer_name": ("Acme <b>Corp</b>  ", "Acme <b>Corp</b>"),
        "region": ("de", "DE"),
        HOSTILE: ("23:59:59.9999999", "1284.1250000001"),
    }
    rows = [
        {
            "segment": MONTHS[m],
            "column": name,
            "kind": kind,
            "key": json.dumps({"order_key": f"{m}-{i}"}, separators=(",", ":")),
            "baseline": values[name][0],
            "candidate": values[name][1],
        }
        for name, (months, n, kind) in _DIFFERING.items()
        for m in months
        for i in range(min(n, 40))
    ]
    rows += [
        {
            "segment": MONTHS[m],
            "column": WHOLE_ROW,
            "kind": "missing",
            "key": json.dumps({"order_key": f"gone {m}-{i}"}, separators=(",", ":")),
            "baseline": json.dumps({"region": "DE", "note": None, "<b>": "", "amount": "12.50"}),
            "candidate": None,
        }
        for m in (10, 11)
        for i in range(6)
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    text = pa.string()
    names = ("segment", "column", "kind", "key", "baseline", "candidate")
    pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema([(n, text) for n in names])), file)
    return len(rows)
