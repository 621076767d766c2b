-- Facts that come before their dimension: inferred members are added first, and completed when the row arrives.
CREATE TABLE dw.DimClient (ClientKey int, ClientNo varchar(10), Name varchar(30), Inferred bit);
CREATE TABLE dw.FactCall (ClientKey int, Seconds int);
CREATE TABLE stg.Call (ClientNo varchar(10), Seconds int);
CREATE TABLE stg.Client (ClientNo varchar(10), Name varchar(30));
INSERT INTO dw.DimClient VALUES (1, 'K1', 'Kay', 0);
INSERT INTO stg.Call VALUES ('K1', 10), ('k2', 20), ('K2 ', 30), ('K3', 40);
INSERT INTO stg.Client VALUES ('K2', 'Lou');
GO
CREATE PROC dw.usp_LoadCalls AS
BEGIN
    INSERT INTO dw.DimClient (ClientKey, ClientNo, Name, Inferred)
    SELECT (SELECT MAX(ClientKey) FROM dw.DimClient) + ROW_NUMBER() OVER (ORDER BY n.ClientNo), UPPER(RTRIM(n.ClientNo)), 'unknown', 1
    FROM (SELECT DISTINCT ClientNo FROM stg.Call) AS n
    WHERE NOT EXISTS (SELECT * FROM dw.DimClient c WHERE c.ClientNo = n.ClientNo);

    INSERT INTO dw.FactCall
    SELECT c.ClientKey, s.Seconds FROM stg.Call s JOIN dw.DimClient c ON c.ClientNo = s.ClientNo;

    UPDATE c SET Name = s.Name, Inferred = 0
    FROM dw.DimClient c, stg.Client s
    WHERE c.ClientNo = s.ClientNo AND c.Inferred = 1;
END
