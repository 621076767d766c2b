-- Three #temp tables in a chain: clean, dedupe, enrich. CREATE TABLE #t (...), SELECT INTO and CTAS are mixed.
CREATE TABLE stg.Contact (Id varchar(10), Mail varchar(60), Phone varchar(20), LoadedAt datetime, Country varchar(30));
INSERT INTO stg.Contact VALUES ('1', ' Ann@X.com ', '0049-30-1', '2024-01-01 10:00', 'Germany'),
    ('1', 'ann@x.com', NULL, '2024-01-02 10:00', 'germany '), ('2', 'bad', '+33 1', '2024-01-01', 'France'),
    ('x', 'y@z.org', '1', '2024-01-01', NULL), ('3', NULL, '', '2024-01-03', 'Atlantis');
CREATE TABLE dw.Country (Code char(2), Name varchar(30));
INSERT INTO dw.Country VALUES ('DE', 'Germany'), ('FR', 'France');
CREATE TABLE dw.Contact (ContactId int, Mail varchar(60), Phone varchar(20), CountryCode char(2), Source varchar(10));
GO
CREATE PROC dw.usp_Contact AS
BEGIN
    CREATE TABLE #clean (ContactId int NULL, Mail varchar(60), Phone varchar(20), LoadedAt datetime, Country varchar(30))
    WITH (DISTRIBUTION = ROUND_ROBIN, HEAP);

    INSERT INTO #clean
    SELECT TRY_CAST(Id AS int),
           CASE WHEN Mail LIKE '%_@_%._%' THEN LOWER(LTRIM(RTRIM(Mail))) END,
           NULLIF(REPLACE(REPLACE(Phone, '-', ''), ' ', ''), ''),
           LoadedAt, Country
    FROM stg.Contact;

    SELECT *, ROW_NUMBER() OVER (PARTITION BY ContactId ORDER BY LoadedAt DESC) AS rn
    INTO #ranked
    FROM #clean
    WHERE ContactId IS NOT NULL;

    CREATE TABLE #enriched WITH (HEAP) AS
    SELECT r.ContactId, r.Mail, ISNULL(r.Phone, p.Phone) AS Phone, c.Code
    FROM #ranked r
    LEFT JOIN #ranked p ON p.ContactId = r.ContactId AND p.rn = 2
    LEFT JOIN dw.Country c ON c.Name = r.Country
    WHERE r.rn = 1;

    INSERT INTO dw.Contact SELECT ContactId, Mail, Phone, ISNULL(Code, 'ZZZ'), 'crm' FROM #enriched;

    DROP TABLE #clean; DROP TABLE #ranked, #enriched;
END
