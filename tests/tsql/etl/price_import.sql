-- ddl
CREATE TABLE stg.PriceLine (line_no int, raw_line varchar(200));
GO
CREATE TABLE dbo.Price (sku varchar(12), valid_from date, price decimal(10, 2), currency char(3), source_line int);
GO
CREATE TABLE dbo.PriceReject (line_no int, reason varchar(40));
GO
CREATE TABLE dbo.LoadLog (step varchar(20), rows int, message nvarchar(200));
-- synapse
-- Reads "sku;date;price;currency" lines; what cannot be read is rejected with its reason, the rest upserted.
CREATE FUNCTION dbo.fn_Field (@line varchar(200), @at int)
RETURNS varchar(100)
AS
BEGIN
    DECLARE @begin int = 1, @end int, @result varchar(100);
    SELECT @result = p.value
    FROM STRING_SPLIT(@line, ';', 1) p
    WHERE p.ordinal = @at;
    IF @result IS NULL RETURN NULL;
    RETURN NULLIF(LTRIM(RTRIM(@result)), '');
END
GO
CREATE PROCEDURE dbo.usp_ImportPrices AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @step varchar(20) = 'parse', @n int;
    BEGIN TRY
        SELECT line_no,
               UPPER(dbo.fn_Field(raw_line, 1)) AS sku,
               COALESCE(TRY_CONVERT(date, dbo.fn_Field(raw_line, 2), 104), TRY_CAST(dbo.fn_Field(raw_line, 2) AS date)) AS valid_from,
               TRY_CONVERT(decimal(10, 2), REPLACE(dbo.fn_Field(raw_line, 3), ',', '.')) AS price,
               ISNULL(dbo.fn_Field(raw_line, 4), 'EUR') AS currency
        INTO #parsed
        FROM stg.PriceLine
        WHERE raw_line IS NOT NULL AND raw_line NOT LIKE '#%';

        SET @step = 'reject';
        INSERT INTO dbo.PriceReject (line_no, reason)
        SELECT line_no, CASE WHEN sku IS NULL THEN 'no sku' WHEN valid_from IS NULL THEN 'bad date'
                             WHEN price IS NULL THEN 'bad price' ELSE 'negative' END
        FROM #parsed
        WHERE sku IS NULL OR valid_from IS NULL OR price IS NULL OR price < 0;
        SET @n = @@ROWCOUNT;
        INSERT INTO dbo.LoadLog VALUES (@step, @n, NULL);

        SET @step = 'upsert';
        DELETE p
        FROM #parsed p
        WHERE EXISTS (SELECT 1 FROM dbo.PriceReject r WHERE r.line_no = p.line_no)
           OR p.line_no < ANY (SELECT q.line_no FROM #parsed q WHERE q.sku = p.sku AND q.valid_from = p.valid_from AND q.price >= 0);

        UPDATE t
        SET price = p.price, currency = p.currency, source_line = p.line_no
        FROM dbo.Price t
        INNER JOIN #parsed p ON p.sku = t.sku AND p.valid_from = t.valid_from;

        INSERT INTO dbo.Price (sku, valid_from, price, currency, source_line)
        SELECT p.sku, p.valid_from, p.price, p.currency, p.line_no
        FROM #parsed p
        LEFT OUTER JOIN dbo.Price t ON t.sku = p.sku AND t.valid_from = p.valid_from
        WHERE t.sku IS NULL;
        SELECT @n = COUNT(*) FROM #parsed;
        INSERT INTO dbo.LoadLog VALUES (@step, @n, NULL);
        SET @n = 1 / (SELECT COUNT(*) FROM #parsed WHERE currency = '???');
    END TRY
    BEGIN CATCH
        INSERT INTO dbo.LoadLog (step, rows, message) VALUES (@step, ERROR_NUMBER(), ERROR_MESSAGE());
    END CATCH
END
-- right
CREATE OR REPLACE TEMPORARY VIEW parsed AS
SELECT line_no, upper(nullif(trim(try_element_at(parts, 1)), '')) AS sku,
       coalesce(try_to_date(trim(try_element_at(parts, 2)), 'd.M.yyyy'), try_cast(trim(try_element_at(parts, 2)) AS DATE)) AS valid_from,
       try_cast(replace(nullif(trim(try_element_at(parts, 3)), ''), ',', '.') AS DECIMAL(10,2)) AS price,
       coalesce(nullif(trim(try_element_at(parts, 4)), ''), 'EUR') AS currency
FROM (SELECT line_no, split(raw_line, ';') AS parts FROM silver.price_line WHERE raw_line IS NOT NULL AND raw_line NOT LIKE '#%');
CREATE OR REPLACE TEMPORARY VIEW good AS
SELECT * FROM parsed WHERE sku IS NOT NULL AND valid_from IS NOT NULL AND price >= 0
QUALIFY row_number() OVER (PARTITION BY sku, valid_from ORDER BY line_no DESC) = 1;
MERGE INTO gold.price t USING good p ON p.sku = t.sku AND p.valid_from = t.valid_from
WHEN MATCHED THEN UPDATE SET t.price = p.price, t.currency = p.currency, t.source_line = p.line_no
WHEN NOT MATCHED THEN INSERT (sku, valid_from, price, currency, source_line) VALUES (p.sku, p.valid_from, p.price, p.currency, p.line_no);
-- wrong
CREATE OR REPLACE TEMPORARY VIEW parsed AS
SELECT line_no, upper(nullif(trim(try_element_at(parts, 1)), '')) AS sku,
       coalesce(try_to_date(trim(try_element_at(parts, 2)), 'M.d.yyyy'), try_cast(trim(try_element_at(parts, 2)) AS DATE)) AS valid_from,
       try_cast(replace(nullif(trim(try_element_at(parts, 3)), ''), ',', '.') AS DECIMAL(10,2)) AS price,
       coalesce(nullif(trim(try_element_at(parts, 4)), ''), 'EUR') AS currency
FROM (SELECT line_no, split(raw_line, ';') AS parts FROM silver.price_line WHERE raw_line IS NOT NULL AND raw_line NOT LIKE '#%');
CREATE OR REPLACE TEMPORARY VIEW good AS
SELECT * FROM parsed WHERE sku IS NOT NULL AND valid_from IS NOT NULL AND price >= 0
QUALIFY row_number() OVER (PARTITION BY sku, valid_from ORDER BY line_no DESC) = 1;
MERGE INTO gold.price t USING good p ON p.sku = t.sku AND p.valid_from = t.valid_from
WHEN MATCHED THEN UPDATE SET t.price = p.price, t.currency = p.currency, t.source_line = p.line_no
WHEN NOT MATCHED THEN INSERT (sku, valid_from, price, currency, source_line) VALUES (p.sku, p.valid_from, p.price, p.currency, p.line_no);
