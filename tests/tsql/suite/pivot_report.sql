-- PIVOT with a count, text values in other spellings, a group without any value, an alias and a join behind it.
CREATE TABLE dbo.Ticket (Id int, Team varchar(10), State varchar(10));
INSERT INTO dbo.Ticket VALUES (1, 'net', 'Open'), (2, 'net', 'open'), (3, 'net', 'Closed'), (4, 'app', 'On hold'), (5, 'app', NULL), (6, 'db', 'closed ');
CREATE TABLE dbo.Team (Name varchar(10), Head varchar(10));
INSERT INTO dbo.Team VALUES ('net', 'Ann'), ('app', 'Bob');
GO
SELECT p.Team, t.Head, p.[Open], p.[Closed] AS Done, p.[Open] + p.[Closed] AS Both_
INTO dbo.Report
FROM (SELECT Team, State, Id FROM dbo.Ticket) AS src
PIVOT (COUNT(Id) FOR State IN ([Open], [Closed])) AS p
LEFT JOIN dbo.Team t ON t.Name = p.Team;
