-- What the tables of this procedure are declared as in Synapse.
CREATE TABLE stg.TXN (
    txn_id     int NOT NULL,
    account_id int NOT NULL,
    txn_ts     datetime2(0) NOT NULL,
    amount     decimal(12,2) NOT NULL,
    channel    varchar(5) NOT NULL
)
WITH (DISTRIBUTION = HASH(account_id), HEAP);
GO
CREATE TABLE dbo.DIM_ACCOUNT (
    account_id int NOT NULL,
    segment    varchar(10) NULL,
    closed_on  date NULL
)
WITH (DISTRIBUTION = HASH(account_id), CLUSTERED COLUMNSTORE INDEX);
GO
CREATE TABLE dbo.FACT_ACCOUNT_MONTH (
    account_id    int NOT NULL,
    month_key     int NOT NULL,
    txn_count     int NOT NULL,
    fee_count     int NOT NULL,
    total_amount  decimal(38,2) NOT NULL,
    max_amount    decimal(12,2) NOT NULL,
    last_txn_date date NOT NULL,
    segment       varchar(10) NOT NULL,
    is_closed     bit NOT NULL
)
WITH (DISTRIBUTION = HASH(account_id), CLUSTERED COLUMNSTORE INDEX);
GO
