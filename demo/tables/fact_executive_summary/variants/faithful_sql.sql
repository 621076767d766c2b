-- Converted from dbo.usp_Load_FACT_EXECUTIVE_SUMMARY.
-- The SELECT became a temporary view over the staged rows; TRUNCATE and INSERT became INSERT OVERWRITE.
CREATE OR REPLACE TEMPORARY VIEW staging_metrics AS
SELECT
    dt.date_key,
    inst.institution_id,
    corp.corporation_id,
    prod.product_id,
    stg.a120_amount,
    stg.a120_count,
    stg.a30_to_59_amount,
    stg.a30_to_59_count,
    stg.a60_to_89_amount,
    stg.a60_to_89_count,
    stg.a90_to_119_amount,
    stg.a90_to_119_count,
    stg.charge_off_amount,
    stg.charge_off_count,
    stg.fraud_amount,
    stg.fraud_count,
    CASE
        WHEN stg.income_amount IS NULL OR stg.income_amount < 0 THEN 0
        ELSE stg.income_amount
    END AS income_amount,
    stg.number_of_accounts,
    stg.purchases_amount,
    stg.purchases_count
FROM silver.stg_holding_metrics stg
INNER JOIN gold.dim_date dt
    ON dt.date_key = stg.date_value
INNER JOIN gold.dim_institution inst
    ON inst.institution_id = stg.institution_id
INNER JOIN gold.dim_corporation corp
    ON corp.corporation_id = stg.corporation_id
   AND corp.is_current
INNER JOIN gold.dim_product prod
    ON prod.product_id = stg.product_id;

INSERT OVERWRITE TABLE gold.fact_executive_summary
SELECT
    date_key,
    institution_id,
    corporation_id,
    product_id,
    a120_amount,
    a120_count,
    a30_to_59_amount,
    a30_to_59_count,
    a60_to_89_amount,
    a60_to_89_count,
    a90_to_119_amount,
    a90_to_119_count,
    charge_off_amount,
    charge_off_count,
    fraud_amount,
    fraud_count,
    income_amount,
    number_of_accounts,
    purchases_amount,
    purchases_count
FROM staging_metrics;
