CREATE PROCEDURE [dbo].[usp_Load_FACT_ACCOUNT_MONTH] @month_start DATE
AS
BEGIN
    SET NOCOUNT ON;

    DECLARE @next_month DATE = DATEADD(month, 1, @month_start),
            @month_end  DATE = EOMONTH(@month_start),
            @month_key  INT;
    SET @month_key = CONVERT(INT, CONVERT(VARCHAR(6), @month_start, 112));

    IF OBJECT_ID('tempdb..#agg') IS NOT NULL
        DROP TABLE #agg;

    CREATE TABLE #agg WITH (DISTRIBUTION = HASH(account_id), HEAP) AS
    SELECT  t.account_id,
            COUNT(*)                                           AS txn_count,
            SUM(CASE WHEN t.channel = 'FEE' THEN 1 ELSE 0 END) AS fee_count,
            SUM(t.amount)                                      AS total_amount,
            MAX(t.amount)                                      AS max_amount,
            CAST(MAX(t.txn_ts) AS DATE)                        AS last_txn_date,
            CAST('UNKNOWN' AS VARCHAR(10))                     AS segment,
            CAST(0 AS BIT)                                     AS is_closed
    FROM    stg.TXN t
    WHERE   t.txn_ts >= @month_start
      AND   t.txn_ts < @next_month
    GROUP BY t.account_id;

    UPDATE  #agg
    SET     segment   = ISNULL(a.segment, 'NONE'),
            is_closed = CASE WHEN a.closed_on <= @month_end THEN 1 ELSE 0 END
    FROM    dbo.DIM_ACCOUNT a
    WHERE   a.account_id = #agg.account_id;

    DELETE FROM dbo.FACT_ACCOUNT_MONTH WHERE month_key = @month_key;

    INSERT INTO dbo.FACT_ACCOUNT_MONTH
        (account_id, month_key, txn_count, fee_count, total_amount, max_amount, last_txn_date, segment, is_closed)
    SELECT  account_id,
            @month_key,
            txn_count,
            fee_count,
            CASE WHEN is_closed = 1 THEN 0 ELSE total_amount END,
            max_amount,
            last_txn_date,
            segment,
            is_closed
    FROM    #agg;

    DROP TABLE #agg;
END
GO
