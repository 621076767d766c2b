"""What the demo's procedures produce and what each conversion gets wrong, computed by hand in plain Python."""

from __future__ import annotations

import struct
from collections import defaultdict
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path

import pyarrow.parquet as pq

DEMO = Path(__file__).parents[2] / "demo"


@lru_cache(maxsize=8)
def _rows(name: str) -> tuple[dict, ...]:
    return tuple(pq.read_table(DEMO / "data" / f"{name}.parquet").to_pylist())


def rows(name: str) -> list[dict]:
    """The rows of one file of the demo."""
    return list(_rows(name))


def loaded() -> list[dict]:
    """The staged rows that usp_Load_FACT_EXECUTIVE_SUMMARY loads, by its own joins."""
    current = {row["corporation_id"] for row in rows("dim_corporation") if row["is_current"]}
    return [row for row in staged_with_known_ids() if row["corporation_id"] in current]


def staged_with_known_ids() -> list[dict]:
    """The same without the join to DIM_CORPORATION."""
    days = {row["date_key"] for row in rows("dim_date")}
    institutions = {row["institution_id"] for row in rows("dim_institution")}
    products = {row["product_id"] for row in rows("dim_product")}
    return [
        row
        for row in rows("stg_holding_metrics")
        if row["date_value"] in days
        and row["institution_id"] in institutions
        and row["product_id"] in products
    ]


def old_versions() -> set[int]:
    """Corporations with a row that is not current beside the current one."""
    return {row["corporation_id"] for row in rows("dim_corporation") if not row["is_current"]}


def through_a_spark_float(amount: Decimal) -> Decimal:
    """What is left of an amount after Spark's FLOAT, which has 32 bits where T-SQL's has 64.

    https://spark.apache.org/docs/latest/sql-ref-datatypes.html
    https://learn.microsoft.com/sql/t-sql/data-types/float-and-real-transact-sql
    """
    single = struct.unpack("f", struct.pack("f", float(amount)))[0]
    return Decimal(single).quantize(Decimal("0.01"), ROUND_HALF_UP)


# --- FACT_ACCOUNT_MONTH -----------------------------------------------------------------


def january() -> list[dict]:
    """The transactions of the month that the demo loads."""
    first, after = datetime(2024, 1, 1), datetime(2024, 2, 1)
    return [row for row in rows("txn") if first <= row["txn_ts"] < after]


def account_month(transactions: list[dict]) -> dict[int, tuple]:
    """Count, fees, total, maximum and last day by account; the total is 0 where the account is closed."""
    end = datetime(2024, 1, 31).date()
    closed = {r["account_id"] for r in rows("dim_account") if r["closed_on"] and r["closed_on"] <= end}
    grouped = defaultdict(list)
    for row in transactions:
        grouped[row["account_id"]].append(row)
    return {
        account: (
            len(group),
            sum(row["channel"] == "FEE" for row in group),
            Decimal(0) if account in closed else sum(row["amount"] for row in group),
            max(row["amount"] for row in group),
            max(row["txn_ts"] for row in group).date(),
        )
        for account, group in grouped.items()
    }
