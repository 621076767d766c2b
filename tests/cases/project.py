"""A project in Spark mode: each table is one way in which T-SQL and Spark differ, or must not.

The rows are small enough to reckon by hand; `test_cases.py` reckons the expected counts in plain Python.
"""

from __future__ import annotations

from pathlib import Path

RECON = 'version = 1\nname = "Cases"\nmode = "spark"\n'
NUMBERS = [(n, n * 37 % 101, n % 7) for n in range(1, 61)]  # id, a, b
LOANS = [
    (
        n,
        f"2024-{1 + n % 12:02d}-{1 + n * 7 % 28:02d}",
        f"20{24 + n % 3}-{1 + n * 5 % 12:02d}-{1 + n * 11 % 28:02d}",
    )
    for n in range(40)
]
ONE = [(n, f"c{n % 5}", f"{n}.50") for n in range(20)]
TWO = [(n, f"c{n % 5}", f"{n}.50") for n in range(15, 30)]  # 15..19 are in ONE as well
PRODUCTS = [(n, f"product {n}", f"{n}.00") for n in range(30)]
NEW_PRODUCTS = [(n, f"renamed {n}", f"{n}.25") for n in range(25, 40)]
SALES = [(n, n % 6, "" if n % 10 == 3 else f"{n - 5}.25") for n in range(80)]  # id, store, amount or NULL
STORES = [(1, "North", 1), (2, "South", 1), (3, "East", 1), (4, "West", 1), (4, "Far West", 0)]


def _csv(names: str, rows: list[tuple[object, ...]]) -> str:
    return "\n".join([names, *(",".join(map(str, row)) for row in rows)]) + "\n"


def _toml(keys: str, inputs: list[tuple[str, str, str]], *, target: str = "", procedure: str = "") -> str:
    head = f'version = 1\nkeys = ["{keys}"]\n'
    if target:
        head += f'synapse = "dbo.{target}"\ndatabricks = "gold.{target.lower()}"\n'
        head += '[baseline]\nmode = "call"\n' + (f'procedure = "dbo.{procedure}"\n' if procedure else "")
    else:
        head += '[baseline]\nmode = "query"\n'
    return head + "".join(
        f'[[inputs]]\nsynapse = "{synapse}"\ndatabricks = "{databricks}"\nfile = "data/{file}.csv"\n'
        for synapse, databricks, file in inputs
    )


FILES = {
    "recon.toml": RECON,
    "data/numbers.csv": _csv("id,a,b", NUMBERS),
    "data/loans.csv": _csv("id,opened,closed", LOANS),
    "data/one.csv": _csv("id,code,amt", ONE),
    "data/two.csv": _csv("id,code,amt", TWO),
    "data/products.csv": _csv("id,name,price", PRODUCTS),
    "data/new_products.csv": _csv("id,name,price", NEW_PRODUCTS),
    "data/sales.csv": _csv("id,store,amount", SALES),
    "data/stores.csv": _csv("store,name,is_current", STORES),
    # Integer division: T-SQL cuts off, Spark's / gives a fraction.
    "tables/division/table.toml": _toml("id", [("stg.NUMBERS", "silver.numbers", "numbers")]),
    "tables/division/ddl.sql": "CREATE TABLE stg.NUMBERS (id int, a int, b int);",
    "tables/division/synapse.sql": "SELECT id, a / 7 AS q, a % 7 AS r FROM stg.NUMBERS",
    "tables/division/variants/slash.sql": "SELECT id, a / 7 AS q, a % 7 AS r FROM silver.numbers",
    "tables/division/variants/div.sql": "SELECT id, a DIV 7 AS q, a % 7 AS r FROM silver.numbers",
    # DATEDIFF: T-SQL counts boundaries, Databricks whole units.
    "tables/datediff/table.toml": _toml("id", [("stg.LOANS", "silver.loans", "loans")]),
    "tables/datediff/ddl.sql": "CREATE TABLE stg.LOANS (id int, opened date, closed date);",
    "tables/datediff/synapse.sql": "SELECT id, DATEDIFF(month, opened, closed) AS months FROM stg.LOANS",
    "tables/datediff/variants/units.sql": "SELECT id, datediff(MONTH, opened, closed) AS months FROM silver.loans",
    "tables/datediff/variants/boundaries.sql": (
        "SELECT id, (year(closed) - year(opened)) * 12 + month(closed) - month(opened) AS months FROM silver.loans"
    ),
    # UNION that became UNION ALL.
    "tables/union/table.toml": _toml(
        "id", [("stg.ONE", "silver.one", "one"), ("stg.TWO", "silver.two", "two")]
    ),
    "tables/union/ddl.sql": (
        "CREATE TABLE stg.ONE (id int, code varchar(5), amt decimal(9,2));\nGO\n"
        "CREATE TABLE stg.TWO (id int, code varchar(5), amt decimal(9,2));"
    ),
    "tables/union/synapse.sql": "SELECT id, code, amt FROM stg.ONE UNION SELECT id, code, amt FROM stg.TWO",
    "tables/union/variants/all.sql": "SELECT * FROM silver.one UNION ALL SELECT * FROM silver.two",
    "tables/union/variants/distinct.sql": "SELECT * FROM silver.one UNION SELECT * FROM silver.two",
    # Upsert by CTAS and RENAME, converted to MERGE; the target is an input as well.
    "tables/upsert/table.toml": _toml(
        "id",
        [("dbo.PRODUCT", "gold.product", "products"), ("stg.PRODUCT", "silver.product", "new_products")],
        target="PRODUCT",
    ),
    "tables/upsert/ddl.sql": (
        "CREATE TABLE dbo.PRODUCT (id int, name varchar(30), price decimal(9,2)) WITH (HEAP);\nGO\n"
        "CREATE TABLE stg.PRODUCT (id int, name varchar(30), price decimal(9,2));"
    ),
    "tables/upsert/synapse.sql": """
CREATE TABLE dbo.PRODUCT_new WITH (DISTRIBUTION = HASH(id), CLUSTERED COLUMNSTORE INDEX) AS
SELECT id, name, price FROM stg.PRODUCT
UNION ALL
SELECT p.id, p.name, p.price FROM dbo.PRODUCT p WHERE NOT EXISTS (SELECT 1 FROM stg.PRODUCT s WHERE s.id = p.id)
OPTION (LABEL = 'upsert')

RENAME OBJECT dbo.PRODUCT TO PRODUCT_old
RENAME OBJECT dbo.PRODUCT_new TO PRODUCT
DROP TABLE dbo.PRODUCT_old
""",
    "tables/upsert/variants/merge.sql": """
MERGE INTO gold.product p USING silver.product s ON p.id = s.id
WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *;
""",
    "tables/upsert/variants/insert_only.sql": """
MERGE INTO gold.product p USING silver.product s ON p.id = s.id
WHEN NOT MATCHED THEN INSERT *;
""",
    # A temp table, variables and UPDATE..FROM; SQL and PySpark conversions, with mistakes and without.
    "tables/sales/table.toml": _toml(
        "id",
        [("stg.SALES", "silver.sales", "sales"), ("dbo.STORE", "gold.store", "stores")],
        target="FACT_SALES",
        procedure="usp_Sales",
    ),
    "tables/sales/ddl.sql": (
        "CREATE TABLE stg.SALES (id int, store int, amount decimal(18,2));\nGO\n"
        "CREATE TABLE dbo.STORE (store int, name varchar(20), is_current bit);\nGO\n"
        "CREATE TABLE dbo.FACT_SALES (id int, name varchar(20), amount decimal(18,2));"
    ),
    "tables/sales/synapse.sql": """
CREATE PROC dbo.usp_Sales @floor decimal(18,2) = 0 AS
BEGIN
    DECLARE @unknown varchar(20) = 'Unknown'
    IF OBJECT_ID('tempdb..#s') IS NOT NULL DROP TABLE #s
    CREATE TABLE #s WITH (DISTRIBUTION = ROUND_ROBIN) AS
    SELECT id, store, CAST(@unknown AS varchar(20)) AS name,
           CASE WHEN amount IS NULL OR amount < @floor THEN 0 ELSE amount END AS amount
    FROM stg.SALES

    UPDATE #s SET name = d.name FROM dbo.STORE d WHERE d.store = #s.store AND d.is_current = 1

    BEGIN TRY
        TRUNCATE TABLE dbo.FACT_SALES
        INSERT INTO dbo.FACT_SALES (id, name, amount) SELECT id, name, amount FROM #s
    END TRY
    BEGIN CATCH
        THROW
    END CATCH
END
""",
    "tables/sales/variants/faithful.sql": """
INSERT OVERWRITE TABLE gold.fact_sales
SELECT s.id, coalesce(d.name, 'Unknown'), CASE WHEN s.amount IS NULL OR s.amount < 0 THEN 0 ELSE s.amount END
FROM silver.sales s LEFT JOIN gold.store d ON d.store = s.store AND d.is_current;
""",
    "tables/sales/variants/faithful_pyspark.py": """# Databricks notebook source
from pyspark.sql import functions as F

current = spark.table("gold.store").where("is_current")
# COMMAND ----------
sales = spark.table("silver.sales")
amount = F.when(F.col("amount").isNull() | (F.col("amount") < 0), F.lit(0)).otherwise(F.col("amount"))
rows = sales.join(current, "store", "left").select("id", F.coalesce("name", F.lit("Unknown")).alias("name"), amount.alias("amount"))
rows.write.mode("overwrite").saveAsTable("gold.fact_sales")
""",
    "tables/sales/variants/nulls.sql": """
INSERT OVERWRITE TABLE gold.fact_sales
SELECT s.id, coalesce(d.name, 'Unknown'), CASE WHEN s.amount < 0 THEN 0 ELSE s.amount END
FROM silver.sales s LEFT JOIN gold.store d ON d.store = s.store AND d.is_current;
""",
    "tables/sales/variants/fan_out.sql": """
INSERT OVERWRITE TABLE gold.fact_sales
SELECT s.id, coalesce(d.name, 'Unknown'), CASE WHEN s.amount IS NULL OR s.amount < 0 THEN 0 ELSE s.amount END
FROM silver.sales s LEFT JOIN gold.store d ON d.store = s.store;
""",
    "tables/sales/variants/inner_join.sql": """
INSERT OVERWRITE TABLE gold.fact_sales
SELECT s.id, d.name, CASE WHEN s.amount IS NULL OR s.amount < 0 THEN 0 ELSE s.amount END
FROM silver.sales s JOIN gold.store d ON d.store = s.store AND d.is_current;
""",
    "tables/sales/variants/bad_cast.sql": """
INSERT OVERWRITE TABLE gold.fact_sales
SELECT s.id, d.name, CAST(d.name AS DECIMAL(18,2))
FROM silver.sales s JOIN gold.store d ON d.store = s.store;
""",
}


def write_cases(folder: Path) -> Path:
    """Write the project into `folder`; return it."""
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder
