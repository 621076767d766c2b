-- ddl
CREATE TABLE stg.Sale (receipt int, customer int, sold_on date, amount decimal(10, 2), channel varchar(8));
GO
CREATE TABLE dbo.CustomerRfm (customer int, last_month char(7), recency int, frequency int, monetary decimal(38, 2), r int, f int, m int,
    score int, label varchar(12), channels varchar(60), average_basket decimal(38, 6));
-- synapse
CREATE PROCEDURE dbo.usp_CustomerRfm @today date, @minimum decimal(10, 2) = 0 AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @year_ago date = DATEADD(year, -1, @today);

    SELECT s.customer,
           MAX(s.sold_on) AS last_sale,
           DATEDIFF(day, MAX(s.sold_on), @today) AS recency,
           COUNT(DISTINCT s.receipt) AS frequency,
           SUM(s.amount) AS monetary
    INTO #totals
    FROM stg.Sale s
    WHERE s.sold_on > @year_ago AND s.sold_on <= @today AND s.customer IS NOT NULL
    GROUP BY s.customer
    HAVING SUM(s.amount) > @minimum;

    CREATE TABLE #channels WITH (HEAP, DISTRIBUTION = HASH(customer)) AS
    SELECT d.customer, STRING_AGG(d.channel, '/') WITHIN GROUP (ORDER BY d.channel) AS channels
    FROM (SELECT DISTINCT customer, LOWER(RTRIM(channel)) AS channel FROM stg.Sale WHERE channel <> '') d
    GROUP BY d.customer;

    TRUNCATE TABLE dbo.CustomerRfm;

    WITH ranked AS (
        SELECT *, NTILE(4) OVER (ORDER BY recency DESC, customer) AS r,
               NTILE(4) OVER (ORDER BY frequency, customer) AS f,
               NTILE(4) OVER (ORDER BY monetary, customer) AS m
        FROM #totals
    )
    INSERT INTO dbo.CustomerRfm
    SELECT t.customer, FORMAT(t.last_sale, 'yyyy-MM'), t.recency, t.frequency, t.monetary, t.r, t.f, t.m,
           100 * t.r + 10 * t.f + t.m,
           CHOOSE((t.r + t.f + t.m) / 4 + 1, 'lost', 'cooling', 'steady', 'best'),
           ISNULL(c.channels, 'n/a'),
           t.monetary / t.frequency
    FROM ranked t
    LEFT JOIN #channels c ON c.customer = t.customer;
END
-- right
CREATE OR REPLACE TEMPORARY VIEW totals AS
SELECT customer, max(sold_on) AS last_sale, datediff(:today, max(sold_on)) AS recency, count(DISTINCT receipt) AS frequency, sum(amount) AS monetary
FROM silver.sale WHERE sold_on > add_months(:today, -12) AND sold_on <= :today AND customer IS NOT NULL GROUP BY customer HAVING sum(amount) > 0;
INSERT OVERWRITE gold.customer_rfm
WITH ranked AS (SELECT *, ntile(4) OVER (ORDER BY recency DESC, customer) AS r, ntile(4) OVER (ORDER BY frequency, customer) AS f,
                       ntile(4) OVER (ORDER BY monetary, customer) AS m FROM totals),
channels AS (SELECT customer, array_join(array_sort(collect_set(lower(rtrim(channel)))), '/') AS channels FROM silver.sale
             WHERE rtrim(channel) <> '' GROUP BY customer)
SELECT t.customer, date_format(last_sale, 'yyyy-MM'), recency, frequency, monetary, r, f, m, 100 * r + 10 * f + m,
       element_at(array('lost', 'cooling', 'steady', 'best'), CAST((r + f + m) DIV 4 + 1 AS INT)), coalesce(c.channels, 'n/a'),
       CAST(floor(CAST(monetary AS DECIMAL(20,2)) * 1000000 / frequency) / 1000000 AS DECIMAL(38,6))
FROM ranked t LEFT JOIN channels c ON c.customer = t.customer;
-- wrong
CREATE OR REPLACE TEMPORARY VIEW totals AS
SELECT customer, max(sold_on) AS last_sale, datediff(:today, max(sold_on)) AS recency, count(DISTINCT receipt) AS frequency, sum(amount) AS monetary
FROM silver.sale WHERE sold_on > add_months(:today, -12) AND sold_on <= :today AND customer IS NOT NULL GROUP BY customer HAVING sum(amount) > 0;
INSERT OVERWRITE gold.customer_rfm
WITH ranked AS (SELECT *, ntile(4) OVER (ORDER BY recency DESC, customer) AS r, ntile(4) OVER (ORDER BY frequency, customer) AS f,
                       ntile(4) OVER (ORDER BY monetary, customer) AS m FROM totals),
channels AS (SELECT customer, array_join(array_sort(collect_set(channel)), '/') AS channels FROM silver.sale WHERE channel <> '' GROUP BY customer)
SELECT t.customer, date_format(last_sale, 'yyyy-MM'), recency, frequency, monetary, r, f, m, 100 * r + 10 * f + m,
       element_at(array('lost', 'cooling', 'steady', 'best'), CAST((r + f + m) DIV 4 + 1 AS INT)), coalesce(c.channels, 'n/a'),
       CAST(floor(CAST(monetary AS DECIMAL(20,2)) * 1000000 / frequency) / 1000000 AS DECIMAL(38,6))
FROM ranked t LEFT JOIN channels c ON c.customer = t.customer;
