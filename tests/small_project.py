"""A small project in local mode: two tables, one of each kind of outcome."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

FILES = {
    "recon.toml": """
version = 1
name = "Small project"
mode = "local"
""",
    "tables/orders/table.toml": """
version = 1
synapse = "dbo.FACT_ORDERS"
databricks = "gold.fact_orders"
keys = ["order_id"]
segment = "month_key"
owner = "finance"
[baseline]
mode = "call"
procedure = "dbo.usp_Load_FACT_ORDERS"
[params]
min_amount = 0
[[inputs]]
synapse = "stg.ORDERS"
databricks = "silver.orders"
file = "data/orders.parquet"
[[inputs]]
synapse = "dbo.DIM_REGION"
databricks = "gold.dim_region"
file = "data/regions.csv"
""",
    "tables/orders/ddl.sql": """
CREATE TABLE stg.ORDERS (order_id int NOT NULL, month_key int, region_id int, amount decimal(18,2), note varchar(40))
WITH (DISTRIBUTION = HASH(order_id), CLUSTERED COLUMNSTORE INDEX);
GO
CREATE TABLE dbo.DIM_REGION (region_id int, region_name varchar(20)) WITH (DISTRIBUTION = REPLICATE);
GO
CREATE TABLE dbo.FACT_ORDERS (order_id int, month_key int, region_name varchar(20), amount decimal(18,2), note varchar(40));
GO
""",
    "tables/orders/synapse.sql": """
CREATE PROCEDURE dbo.usp_Load_FACT_ORDERS @min_amount int = 0
AS
BEGIN
    SET NOCOUNT ON
    TRUNCATE TABLE dbo.FACT_ORDERS
    INSERT INTO dbo.FACT_ORDERS (order_id, month_key, region_name, amount, note)
    SELECT o.order_id, o.month_key, r.region_name,
           CASE WHEN o.amount IS NULL OR o.amount < @min_amount THEN 0 ELSE o.amount END, o.note
    FROM stg.ORDERS o
    INNER JOIN dbo.DIM_REGION r ON r.region_id = o.region_id
END
GO
""",
    "tables/orders/variants/faithful.sql": """
CREATE OR REPLACE TEMPORARY VIEW staged AS SELECT * FROM silver.orders;
INSERT INTO gold.fact_orders
SELECT o.order_id, o.month_key, r.region_name,
       CASE WHEN o.amount IS NULL OR o.amount < 0 THEN 0 ELSE o.amount END, o.note
FROM staged o JOIN gold.dim_region r ON r.region_id = o.region_id;
""",
    "tables/orders/variants/null_amount.sql": """
INSERT INTO gold.fact_orders
SELECT o.order_id, o.month_key, r.region_name,
       CASE WHEN o.amount < 0 THEN 0 ELSE o.amount END, trim(o.note)
FROM silver.orders o JOIN gold.dim_region r ON r.region_id = o.region_id;
""",
    "tables/orders/variants/left_join.sql": """
INSERT INTO gold.fact_orders
SELECT o.order_id, o.month_key, r.region_name,
       CASE WHEN o.amount IS NULL OR o.amount < 0 THEN 0 ELSE o.amount END, o.note
FROM silver.orders o LEFT JOIN gold.dim_region r ON r.region_id = o.region_id;
""",
    "tables/orders/variants/broken.sql": """
INSERT INTO gold.fact_orders
SELECT order_id, month_key, no_such_column, amount, note
FROM silver.orders;
""",
    "tables/totals/table.toml": """
version = 1
keys = ["month_key"]
[baseline]
mode = "query"
[[inputs]]
synapse = "stg.ORDERS"
databricks = "silver.orders"
file = "data/orders.parquet"
""",
    "tables/totals/synapse.sql": """
SELECT month_key, COUNT(*) AS orders, SUM(amount) AS total FROM stg.ORDERS GROUP BY month_key
""",
    "tables/totals/variants/faithful.sql": """
SELECT month_key, count(*) AS orders, sum(amount) AS total FROM silver.orders GROUP BY month_key;
""",
}
ORDERS, NULLS, BLANKS, STRAYS = 600, 24, 40, 12


def write_small_project(folder: Path) -> Path:
    """Write it: 600 orders over 12 months; 24 have no amount, 40 a note with blanks, 12 no region."""
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.lstrip(), encoding="utf-8")
    data = folder / "data"
    data.mkdir(exist_ok=True)
    (data / "regions.csv").write_text(
        "region_id,region_name\n1,North\n2,South\n3,Østfold\n", encoding="utf-8"
    )
    first = date(2024, 1, 15)
    months = [first + timedelta(days=30 * (n % 12)) for n in range(ORDERS)]
    pq.write_table(
        pa.table(
            {
                "order_id": pa.array(range(ORDERS), pa.int32()),
                "month_key": pa.array([m.year * 100 + m.month for m in months], pa.int32()),
                "region_id": pa.array([99 if n % 50 == 7 else n % 3 + 1 for n in range(ORDERS)], pa.int32()),
                "amount": pa.array(
                    [None if n % 25 == 3 else Decimal(n * 7 - 500) / 100 for n in range(ORDERS)],
                    pa.decimal128(18, 2),
                ),
                "note": pa.array([f"note {n} " if n % 15 == 4 else f"note {n}" for n in range(ORDERS)]),
            }
        ),
        data / "orders.parquet",
    )
    return folder
