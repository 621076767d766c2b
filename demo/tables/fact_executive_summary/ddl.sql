-- What the tables of this procedure are declared as in Synapse.
CREATE TABLE stg.STG_HOLDING_METRICS (
    date_value         int NOT NULL,
    institution_id     int NOT NULL,
    corporation_id     int NOT NULL,
    product_id         int NOT NULL,
    a120_amount        decimal(18,2) NULL,
    a120_count         int NULL,
    a30_to_59_amount   decimal(18,2) NULL,
    a30_to_59_count    int NULL,
    a60_to_89_amount   decimal(18,2) NULL,
    a60_to_89_count    int NULL,
    a90_to_119_amount  decimal(18,2) NULL,
    a90_to_119_count   int NULL,
    charge_off_amount  decimal(18,2) NULL,
    charge_off_count   int NULL,
    fraud_amount       decimal(18,2) NULL,
    fraud_count        int NULL,
    income_amount      decimal(18,2) NULL,
    number_of_accounts int NULL,
    purchases_amount   decimal(18,2) NULL,
    purchases_count    int NULL
)
WITH (DISTRIBUTION = ROUND_ROBIN, HEAP);
GO
CREATE TABLE dbo.DIM_DATE (
    date_key      int NOT NULL,
    calendar_date date NOT NULL,
    month_name    varchar(10) NOT NULL
)
WITH (DISTRIBUTION = REPLICATE, CLUSTERED COLUMNSTORE INDEX);
GO
CREATE TABLE dbo.DIM_INSTITUTION (
    institution_id   int NOT NULL,
    institution_name varchar(60) NOT NULL,
    region           varchar(10) NOT NULL
)
WITH (DISTRIBUTION = REPLICATE, CLUSTERED COLUMNSTORE INDEX);
GO
CREATE TABLE dbo.DIM_CORPORATION (
    corporation_id   int NOT NULL,
    corporation_name varchar(60) NOT NULL,
    is_current       bit NOT NULL,
    valid_from       date NOT NULL
)
WITH (DISTRIBUTION = REPLICATE, CLUSTERED COLUMNSTORE INDEX);
GO
CREATE TABLE dbo.DIM_PRODUCT (
    product_id   int NOT NULL,
    product_name varchar(60) NOT NULL
)
WITH (DISTRIBUTION = REPLICATE, CLUSTERED COLUMNSTORE INDEX);
GO
CREATE TABLE dbo.FACT_EXECUTIVE_SUMMARY (
    date_key           int NOT NULL,
    institution_id     int NOT NULL,
    corporation_id     int NOT NULL,
    product_id         int NOT NULL,
    a120_amount        decimal(18,2) NULL,
    a120_count         int NULL,
    a30_to_59_amount   decimal(18,2) NULL,
    a30_to_59_count    int NULL,
    a60_to_89_amount   decimal(18,2) NULL,
    a60_to_89_count    int NULL,
    a90_to_119_amount  decimal(18,2) NULL,
    a90_to_119_count   int NULL,
    charge_off_amount  decimal(18,2) NULL,
    charge_off_count   int NULL,
    fraud_amount       decimal(18,2) NULL,
    fraud_count        int NULL,
    income_amount      decimal(18,2) NULL,
    number_of_accounts int NULL,
    purchases_amount   decimal(18,2) NULL,
    purchases_count    int NULL
)
WITH (DISTRIBUTION = HASH(institution_id), CLUSTERED COLUMNSTORE INDEX);
GO
