"""Realistic results that keep the laws of the contract, for every shape a report must carry."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from recon.model import Run, RunState, Script, Timing
from recon.model_result import (
    WHOLE_ROW,
    Cause,
    ColumnResult,
    DuplicateSample,
    Failure,
    Ignored,
    KindCount,
    Result,
    RowCounts,
    RowSample,
    Sample,
    SchemaResult,
    SegmentCell,
    Segments,
    SideCounts,
    TypeChange,
    Verdict,
)
from recon.report.facts import Facts, facts

KEYS = ("date_key", "institution_id", "corporation_id", "product_id")
AMOUNTS = ("a120", "a30_to_59", "a60_to_89", "a90_to_119", "charge_off", "fraud", "income", "purchases")
VALUES = (*(f"{a}_{w}" for a in AMOUNTS[:6] for w in ("amount", "count")), "income_amount",
          "number_of_accounts", "purchases_amount", "purchases_count")  # fmt: skip
MONTHS = tuple(f"{year}-{month:02d}" for year in (2023, 2024) for month in range(1, 13))
PER_MONTH = 4_200

ORIGINAL = Script(
    "tables/fact_executive_summary/synapse.sql",
    """CREATE PROCEDURE dbo.usp_Load_FACT_EXECUTIVE_SUMMARY
AS
BEGIN
    SET NOCOUNT ON;
    TRUNCATE TABLE dbo.FACT_EXECUTIVE_SUMMARY;

    INSERT INTO dbo.FACT_EXECUTIVE_SUMMARY (date_key, institution_id, corporation_id, product_id, income_amount)
    SELECT d.date_key,
           i.institution_id,
           c.corporation_id,
           p.product_id,
           CASE WHEN s.income_amount IS NULL OR s.income_amount < 0 THEN 0 ELSE s.income_amount END
    FROM stg.STG_HOLDING_METRICS AS s
    INNER JOIN dbo.DIM_DATE AS d ON d.date_key = s.date_value
    INNER JOIN dbo.DIM_INSTITUTION AS i ON i.institution_id = s.institution_id
    INNER JOIN dbo.DIM_CORPORATION AS c ON c.corporation_id = s.corporation_id AND c.is_current = 1
    INNER JOIN dbo.DIM_PRODUCT AS p ON p.product_id = s.product_id;
END
""",
)
VARIANT = Script(
    "tables/fact_executive_summary/variants/null_income.sql",
    """CREATE OR REPLACE TEMPORARY VIEW staging_metrics AS
SELECT * FROM silver.stg_holding_metrics;

-- holdings joined to the current dimensions
INSERT INTO gold.fact_executive_summary
SELECT d.date_key, i.institution_id, c.corporation_id, p.product_id,
       CASE WHEN s.income_amount < 0 THEN 0 ELSE s.income_amount END AS income_amount
FROM staging_metrics s
JOIN dim_date d ON d.date_key = s.date_value
JOIN dim_institution i USING (institution_id)
JOIN dim_corporation c ON c.corporation_id = s.corporation_id AND c.is_current
JOIN dim_product p USING (product_id);
""",
)
TIMINGS = (
    Timing(step="extract", seconds=2.412, rows=101_344, bytes=9_412_331),
    Timing(step="transfer", seconds=0.87, rows=101_344, bytes=3_120_004),
    Timing(step="world", seconds=11.3),
    Timing(step="execute", seconds=6.04, rows=100_800, bytes=2_833_112),
    Timing(step="verify", seconds=3.2, rows=201_600),
    Timing(step="store", seconds=0.11),
)


def percent(numerator: int, denominator: int) -> float | None:
    """Floored to two decimals."""
    return float(Fraction(10_000 * numerator // denominator, 100)) if denominator else None


def column(name: str, compared: int, kinds: dict[str, int] | None = None, **more: Any) -> ColumnResult:
    counts = kinds or {}
    hint = {"null_vs_value": "NULL on one side only.", "rounding": "Equal after rounding to 2 decimals."}
    settings: dict[str, Any] = {
        "candidate_name": name,
        "role": "key" if name in KEYS else "value",
        "baseline_type": "int" if name in KEYS or name.endswith("count") else "decimal(18,2)",
        "candidate_type": "INT" if name in KEYS or name.endswith("count") else "DECIMAL(18,2)",
        "candidate_null": counts.get("null_vs_value", 0),
        "causes": tuple(
            KindCount(cause=kind, cells=cells, hint=hint.get(kind, ""))
            for kind, cells in sorted(counts.items(), key=lambda item: -item[1])
        ),
    }
    return ColumnResult(name=name, compared=compared, mismatches=sum(counts.values()), **{**settings, **more})


def build(
    columns: tuple[ColumnResult, ...],
    cells: dict[str, dict[str, int]],
    *,
    segments: tuple[str, ...] = MONTHS,
    per_segment: int = PER_MONTH,
    differing: int = 0,
    missing: int = 0,
    extra: int = 0,
    verdict: Verdict = Verdict.NO_MATCH,
    **more: Any,
) -> Result:
    """A result whose rows, segments and percentages agree. `cells`: column -> segment -> mismatches."""
    paired = per_segment * len(segments)
    total = paired + missing + extra
    width = sum(1 for c in columns if c.role in {"key", "value"})
    bad = sum(c.mismatches for c in columns) + (missing + extra) * width
    places = [
        SegmentCell(
            segment=s, column=name, mismatches=per[s], rows=per_segment + (per[s] if name == WHOLE_ROW else 0)
        )
        for s in segments
        for name, per in cells.items()
        if per.get(s)
    ]
    seen = {place.segment for place in places}
    first = columns[0].name
    places += [
        SegmentCell(segment=s, column=first, mismatches=0, rows=per_segment)
        for s in segments
        if s not in seen
    ]
    places.sort(key=lambda place: segments.index(place.segment))
    settings: dict[str, Any] = {
        "method": "pairs",
        "reasons": (),
        "schema": SchemaResult(),
        "segments": Segments(column="date_key", grouping="month", cells=tuple(places)),
        "samples": (),
        "table": "fact_executive_summary",
        "variant": "null_income",
        "run_id": "20261105-103107-4f2a",
        "engine": "Spark 4.3.0",
        "timings": TIMINGS,
    }
    return Result(
        verdict=verdict,
        rows=RowCounts(
            baseline=paired + missing, candidate=paired + extra, paired=paired, equal=paired - differing,
            differing=differing, missing=missing, extra=extra,
            duplicate_keys=more.pop("duplicate_keys", SideCounts()),
            null_keys=more.pop("null_keys", SideCounts()),
        ),
        match_percentage=percent(total * width - bad, total * width),
        rows_equal_percentage=percent(paired - differing, total),
        columns=columns,
        **{**settings, **more},
    )  # fmt: skip


def executive(**more: Any) -> Result:
    """NO MATCH: twenty columns, 24 months, NULL income in a few months, rounding everywhere, lost rows."""
    total = PER_MONTH * len(MONTHS)
    income = {m: 900 + 37 * n for n, m in enumerate(MONTHS[14:17])}
    rounding = {m: 3 + n % 5 for n, m in enumerate(MONTHS)}
    case = {m: 60 if n % 12 in {0, 1, 2} else 0 for n, m in enumerate(MONTHS)}
    purchases = dict.fromkeys(MONTHS[3:5], 1)
    accounts = dict.fromkeys(MONTHS[20:], 3100)
    whole = {MONTHS[22]: 204, MONTHS[23]: 158}
    kinds: dict[str, dict[str, int]] = {
        "income_amount": {"null_vs_value": sum(income.values()) - 40, "rounding": 40},
        "charge_off_amount": {"rounding": sum(rounding.values())},
        "fraud_amount": {"case": sum(case.values()) - 30, "whitespace": 30},
        "purchases_count": {"value": sum(purchases.values())},
        "number_of_accounts": {"value": sum(accounts.values()) - 500, "type": 400, "unreadable": 100},
    }
    cells = {
        "income_amount": income, "charge_off_amount": rounding, "fraud_amount": case,
        "purchases_count": purchases, "number_of_accounts": accounts, WHOLE_ROW: whole,
    }  # fmt: skip
    special: dict[str, dict[str, Any]] = {
        "a120_count": {"candidate_type": "BIGINT"}, "purchases_amount": {"rule": "abs 0.005", "forgiven": 1_204},
    }  # fmt: skip
    columns = tuple(
        column(name, total, kinds.get(name), **special.get(name, {})) for name in (*KEYS, *VALUES)
    )
    ignored = column("load_ts", 0, role="ignored", baseline_type="datetime2(7)", candidate_type="TIMESTAMP",
                     rule="ignored: set to the load time on both sides")  # fmt: skip
    settings: dict[str, Any] = {
        "differing": 14_900,
        "missing": 362,
        "reasons": (
            "number_of_accounts: 12,400 cells, other values from 2024-09 on",
            "income_amount: 2,811 cells, NULL instead of a value",
            "fraud_amount: 360 cells, letter case only",
            "charge_off_amount: 118 cells, last digit rounded",
            "362 rows are missing in Databricks, all of them in 2024-11 and 2024-12",
        ),
        "causes": (
            Cause(cause="NULL_NOT_HANDLED", scope="income_amount", confidence="likely", cells=2_771,
                  hint="Synapse has 0.00 wherever Databricks has NULL. The procedure turns NULL income into 0: "
                       "add COALESCE(income_amount, 0) to the conversion."),
            Cause(cause="DROPPED_JOIN", scope=WHOLE_ROW, confidence="possible", cells=362,
                  hint="All missing rows share corporation_id = 7. Look for a join that loses it."),
            Cause(cause="DECIMAL_ROUNDING", scope="charge_off_amount", confidence="certain", cells=118,
                  hint="T-SQL truncates the quotient at the result's scale, Spark rounds it half up."),
        ),
        "schema": SchemaResult(
            type_changes=(TypeChange(column="a120_count", baseline_type="int", candidate_type="BIGINT"),),
            ignored=(Ignored(column="load_ts", reason="set to the load time on both sides"),),
        ),
        "samples": _samples(),
        "row_samples": tuple(
            RowSample(kind="missing", key=_key(n, "7"), values={**_key(n, "7"), "a120_amount": f"{n}.50", "income_amount": None})
            for n in range(12)
        ),
        "duplicate_samples": (DuplicateSample(key=_key(1, "2"), baseline=1, candidate=2),),
        "duplicate_keys": SideCounts(candidate=1),
        "null_keys": SideCounts(),
    }  # fmt: skip
    return build((*columns, ignored), cells, **{**settings, **more})


def _key(n: int, corporation: str = "1") -> dict[str, str | None]:
    return {"date_key": f"2024{n % 12 + 1:02d}28", "institution_id": str(100 + n), "corporation_id": corporation,
            "product_id": "10"}  # fmt: skip


def _samples() -> tuple[Sample, ...]:
    rows = [("income_amount", "0.00", None, "null_vs_value")] * 30
    rows += [
        ("income_amount", "1284.13", "1284.12", "rounding"),
        ("charge_off_amount", "0.67", "0.66", "rounding"),
    ]
    rows += [
        ("fraud_amount", "emea-n", "EMEA-N", "case"),
        ("fraud_amount", "Nordlicht GmbH  ", "Nordlicht GmbH", "whitespace"),
    ]
    rows += [("purchases_count", "12", "120", "value"), ("number_of_accounts", "7", "1,007", "unreadable")]
    rows += [("number_of_accounts", "7", str(n), "value") for n in range(8, 30)]
    return tuple(
        Sample(key=_key(n), column=c, baseline=b, candidate=d, cause=k) for n, (c, b, d, k) in enumerate(rows)
    )


def match(**more: Any) -> Result:
    """MATCH: nothing differs."""
    total = PER_MONTH * len(MONTHS)
    columns = tuple(column(name, total) for name in (*KEYS, *VALUES))
    return build(columns, {}, **{"verdict": Verdict.MATCH, "variant": "faithful_sql", **more})


def failed(**more: Any) -> Result:
    """INCONCLUSIVE: the variant failed in the step execute."""
    settings: dict[str, Any] = {
        "method": "", "verdict": Verdict.INCONCLUSIVE, "reasons": ("the step execute failed",), "rows": RowCounts(),
        "match_percentage": None, "rows_equal_percentage": None, "columns": (), "schema": SchemaResult(),
        "segments": Segments(), "samples": (), "table": "fact_executive_summary", "variant": "broken",
        "run_id": "20261105-104000-aa01", "engine": "Spark 4.3.0", "timings": TIMINGS[:4],
        "failure": Failure(
            step="execute",
            error="tables/fact_executive_summary/variants/broken.sql:14: [CAST_INVALID_INPUT] The value 'n/a' of "
                  "the type STRING cannot be cast to INT because it is malformed",
            hint="Use try_cast where the procedure used TRY_CONVERT.",
        ),
    }  # fmt: skip
    return Result(**{**settings, **more})


def wide(count: int = 300, segments: int = 60) -> Result:
    """PARTIAL MATCH: many columns, many segments, a difference in most columns."""
    axis = tuple(f"{1965 + n}" for n in range(segments))
    total = 1_000 * segments
    cells = {
        f"measure_number_{n:03d}_of_the_wide_table": {
            s: (n * i) % 997 // (1 + n % 7) for i, s in enumerate(axis)
        }
        for n in range(count)
    }
    columns = tuple(
        column(name, total, {"value": sum(per.values())} if sum(per.values()) else None)
        for name, per in cells.items()
    )
    axis_names = Segments(column="opened_on", grouping="year")
    result = build(
        columns, cells, segments=axis, per_segment=1_000, differing=total // 2, verdict=Verdict.PARTIAL
    )
    return replace(
        result, segments=replace(result.segments, column=axis_names.column, grouping=axis_names.grouping)
    )


def narrow() -> Result:
    """NO MATCH without a key: one column, no segments."""
    only = column("v", 10, {"value": 0})
    only = replace(only, causes=())
    return build(
        (only,), {}, segments=("all",), per_segment=10, missing=3, extra=4,
        reasons=("3 rows are only in Synapse, 4 only in Databricks",), table="keyless",
        row_samples=(RowSample(kind="missing", key={}, values={"v": "1"}), RowSample(kind="extra", key={}, values={"v": None})),
    )  # fmt: skip


HOSTILE = (
    '#let x = 1; #panic("x") #read("/etc/passwd")', "] #text(red)[ $a^2$ *bold* _it_ `code` <b>x</b> @ref \\",
    "שלום עולם \u202egnp.exe", "شركة النور", "東京商事株式会社", "🚚📦 👩\u200d👩\u200d👧", "a\tb\r\nc \u00a0\u200b\ufeff", "  two  blanks  ",
    '=HYPERLINK("http://x","y")', "x" * 2_000, "\x00\x07", "{{ jinja }} </para>", "", "\u0378\ue000",
)  # fmt: skip


def hostile() -> Result:
    """Names and values that try to break out."""
    names = tuple(f"{text[:60]}{n}" for n, text in enumerate(HOSTILE))
    columns = tuple(column(name, 100, {"value": n + 1}, rule=name) for n, name in enumerate(names))
    cells = {name: {HOSTILE[n % 5][:20]: n + 1} for n, name in enumerate(names)}
    samples = tuple(
        Sample(key={"id": value, "b": None}, column=name, baseline=value, candidate=HOSTILE[-2 - n] or None, cause="value")
        for n, (name, value) in enumerate(zip(names, HOSTILE, strict=True))
        for _ in range(n + 1)
        if n < len(HOSTILE) - 1
    )  # fmt: skip
    return build(
        columns, cells, segments=tuple(text[:20] for text in HOSTILE[:5]), per_segment=20, differing=50,
        samples=samples, reasons=HOSTILE[:3], table=HOSTILE[0], variant=HOSTILE[1],
        causes=(Cause(cause="X", scope=names[0], confidence="likely", hint=HOSTILE[9]),),
        schema=SchemaResult(ignored=(Ignored(column=HOSTILE[5], reason=HOSTILE[0]),), extra_columns=(HOSTILE[1],)),
        row_samples=(RowSample(kind="extra", key={"id": HOSTILE[2], "b": ""}, values={HOSTILE[0]: HOSTILE[1]}),),
        extra=1,
    )  # fmt: skip


def run_of(result: Result, **more: Any) -> Run:
    settings: dict[str, Any] = {
        "id": result.run_id, "project": "/projects/demo", "project_name": "Executive summary migration",
        "table": result.table, "variant": result.variant, "owner": "finance-dwh",
        "state": RunState.FAILED if result.failure else RunState.FINISHED, "by": "a.meyer",
        "asked_at": datetime(2026, 11, 5, 10, 30, 58, tzinfo=UTC),
        "started_at": datetime(2026, 11, 5, 10, 31, 7, tzinfo=UTC),
        "finished_at": datetime(2026, 11, 5, 10, 31, 31, tzinfo=UTC),
        "verdict": str(result.verdict),
    }  # fmt: skip
    return Run(**{**settings, **more})


def facts_of(result: Result, **more: Any) -> Facts:
    settings: dict[str, Any] = {"original": ORIGINAL, "variant": VARIANT}
    return facts(result, run_of(result), **{**settings, **more})
