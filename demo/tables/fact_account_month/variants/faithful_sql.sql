-- Converted from dbo.usp_Load_FACT_ACCOUNT_MONTH. The job passes the parameter month_start.
-- The temporary table became a common table expression, its UPDATE a second one.
DELETE FROM gold.fact_account_month
WHERE month_key = CAST(date_format(:month_start, 'yyyyMM') AS INT);

INSERT INTO gold.fact_account_month
WITH agg AS (
    SELECT
        t.account_id,
        COUNT(*) AS txn_count,
        SUM(CASE WHEN t.channel = 'FEE' THEN 1 ELSE 0 END) AS fee_count,
        SUM(t.amount) AS total_amount,
        MAX(t.amount) AS max_amount,
        CAST(MAX(t.txn_ts) AS DATE) AS last_txn_date
    FROM silver.txn t
    WHERE t.txn_ts >= :month_start
      AND t.txn_ts < add_months(:month_start, 1)
    GROUP BY t.account_id
),
dressed AS (
    SELECT
        agg.*,
        CASE WHEN a.account_id IS NULL THEN 'UNKNOWN' ELSE COALESCE(a.segment, 'NONE') END AS segment,
        COALESCE(a.closed_on <= last_day(:month_start), FALSE) AS is_closed
    FROM agg
    LEFT JOIN gold.dim_account a ON a.account_id = agg.account_id
)
SELECT
    account_id,
    CAST(date_format(:month_start, 'yyyyMM') AS INT) AS month_key,
    txn_count,
    fee_count,
    CASE WHEN is_closed THEN 0 ELSE total_amount END AS total_amount,
    max_amount,
    last_txn_date,
    segment,
    is_closed
FROM dressed;
