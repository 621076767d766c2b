-- SCD 2 in two statements: MERGE closes and adds, INSERT opens the new version of what was closed today.
CREATE TABLE dw.DimEmp (EmpNo int, Dept varchar(20), Grade char(2), ValidFrom datetime, ValidTo datetime);
CREATE TABLE stg.Emp (EmpNo int, Dept varchar(20), Grade char(2));
INSERT INTO dw.DimEmp VALUES (1, 'IT', 'A ', '2020-01-01', NULL), (2, 'HR', 'B1', '2020-01-01', NULL), (3, 'IT', 'C', '2019-01-01', '2019-06-30');
INSERT INTO stg.Emp VALUES (1, 'it', 'A'), (2, 'Ops', 'B1'), (3, 'IT', 'C'), (4, 'IT', NULL);
GO
CREATE PROC dw.usp_Scd2Emp @now datetime AS
BEGIN
    MERGE dw.DimEmp AS t
    USING stg.Emp AS s
       ON t.EmpNo = s.EmpNo AND t.ValidTo IS NULL
    WHEN MATCHED AND (t.Dept <> s.Dept OR t.Grade <> s.Grade) THEN
        UPDATE SET ValidTo = @now
    WHEN NOT MATCHED BY TARGET THEN
        INSERT (EmpNo, Dept, Grade, ValidFrom, ValidTo) VALUES (s.EmpNo, s.Dept, s.Grade, @now, NULL);

    INSERT INTO dw.DimEmp (EmpNo, Dept, Grade, ValidFrom)
    SELECT s.EmpNo, s.Dept, s.Grade, @now
    FROM stg.Emp s INNER JOIN dw.DimEmp d ON d.EmpNo = s.EmpNo AND d.ValidTo = @now;
END
