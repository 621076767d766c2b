"""Converted from dbo.usp_Load_FACT_EXECUTIVE_SUMMARY, as a notebook's code would be.

Databricks gives `spark`; the target exists.
"""

from pyspark.sql.functions import col, lit, when

COLUMNS = [
    "date_key",
    "institution_id",
    "corporation_id",
    "product_id",
    "a120_amount",
    "a120_count",
    "a30_to_59_amount",
    "a30_to_59_count",
    "a60_to_89_amount",
    "a60_to_89_count",
    "a90_to_119_amount",
    "a90_to_119_count",
    "charge_off_amount",
    "charge_off_count",
    "fraud_amount",
    "fraud_count",
    "income_amount",
    "number_of_accounts",
    "purchases_amount",
    "purchases_count",
]

staged = spark.table("silver.stg_holding_metrics").withColumnRenamed("date_value", "date_key")
current = spark.table("gold.dim_corporation").where("is_current")

metrics = (
    staged.join(spark.table("gold.dim_date").select("date_key"), "date_key")
    .join(spark.table("gold.dim_institution").select("institution_id"), "institution_id")
    .join(current.select("corporation_id"), "corporation_id")
    .join(spark.table("gold.dim_product").select("product_id"), "product_id")
    .withColumn(
        "income_amount",
        when(col("income_amount").isNull() | (col("income_amount") < 0), lit(0)).otherwise(
            col("income_amount")
        ),
    )
)

metrics.select(*COLUMNS).write.insertInto("gold.fact_executive_summary", overwrite=True)
