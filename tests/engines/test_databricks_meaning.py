"""What a statement does, and what is refused: by its words alone, with file and line."""

from __future__ import annotations

import pytest

from recon.errors import ProgramError
from recon.sqlscript.databricks_meaning import Kind, meaning
from recon.sqlscript.databricks_text import Statement, statements
from recon.sqlscript.databricks_tree import catalogs, reads, tree
from recon.sqlscript.databricks_types import databricks_type
from recon.sqlscript.databricks_words import edited


def one(text):
    (statement,) = statements(text, "v.sql")
    return statement


@pytest.mark.parametrize(
    ("text", "kind", "table"),
    [
        ("select 1", Kind.QUERY, None),
        ("(select 1) union (select 2)", Kind.QUERY, None),
        ("with a as (select 1) select * from a", Kind.QUERY, None),
        ("values (1), (2)", Kind.QUERY, None),
        ("from t |> where a > 1", Kind.QUERY, None),
        ("insert into gold.t select 1", Kind.INSERT, "gold.t"),
        ("insert into gold.t (a, b) values (1, 2)", Kind.INSERT, "gold.t"),
        ("insert into gold.t (select 1)", Kind.INSERT, "gold.t"),
        ("insert into gold.t by name select 1 as a", Kind.INSERT, "gold.t"),
        ("insert overwrite table gold.t table x", Kind.INSERT, "gold.t"),
        ("with a as (select 1) insert into gold.t select * from a", Kind.INSERT, "gold.t"),
        ("merge into `gold`.`t 1` t using s on true when matched then delete", Kind.MERGE, "gold.[t 1]"),
        ("update gold.t set a = 1", Kind.UPDATE, "gold.t"),
        ("delete from gold.t", Kind.DELETE, "gold.t"),
        ("truncate table gold.t", Kind.TRUNCATE, "gold.t"),
        ("create or replace table main.gold.t as select 1", Kind.CREATE_TABLE, "main.gold.t"),
        ("create table if not exists t (a int)", Kind.CREATE_TABLE, "t"),
        ("create or replace temp view v as select 1", Kind.CREATE_VIEW, "v"),
        ("create view gold.v as select 1", Kind.CREATE_VIEW, "gold.v"),
        ("drop table if exists gold.t", Kind.DROP, "gold.t"),
        ("alter table gold.t rename to gold.u", Kind.RENAME, "gold.t"),
        ("alter table gold.t add columns (b int)", Kind.ALTER, "gold.t"),
        ("create schema if not exists gold", Kind.CREATE_SCHEMA, None),
        ("use schema gold", Kind.USE, None),
        ("set x = 1", Kind.SETTING, None),
        ("declare variable x int default 1", Kind.SETTING, None),
        ("cache table t", Kind.SETTING, None),
        ("refresh table t", Kind.SETTING, None),
        ("optimize gold.t zorder by (a)", Kind.IDLE, None),
        ("vacuum gold.t", Kind.IDLE, None),
        ("analyze table gold.t compute statistics", Kind.IDLE, None),
        ("alter table gold.t set tblproperties ('a' = 'b')", Kind.IDLE, None),
        ("set use_cached_result = false", Kind.IDLE, None),
        ("alter table gold.t add constraint pk primary key (a)", Kind.IDLE, None),
    ],
)
def test_what_a_statement_does(text, kind, table):
    found = meaning(one(text))
    assert found.kind is kind
    assert (str(found.table.ref) if found.table else None) == table
    assert bool(found.note) is (kind is Kind.IDLE)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("drop schema gold cascade", "DROP SCHEMA"),
        ("drop database gold", "DROP DATABASE"),
        ("drop catalog main", "DROP CATALOG"),
        ("create catalog x", "CREATE CATALOG"),
        ("insert into delta.`/mnt/x` select 1", "/mnt/x"),
        ("insert overwrite directory '/mnt/x' select 1", "DIRECTORY"),
        ("insert overwrite local directory '/mnt/x' select 1", "DIRECTORY"),
        ("copy into gold.t from '/mnt/x'", "COPY"),
        ("load data inpath '/x' into table t", "LOAD"),
        ("create table gold.t (a int) location '/mnt/x'", "LOCATION"),
        ("create table gold.t using delta options (path '/mnt/x')", "LOCATION"),
        ("create schema gold managed location '/mnt/x'", "LOCATION"),
        ("merge into delta.`/mnt/x` t using s on true when matched then delete", "/mnt/x"),
        ("update parquet.`s3://b/x` set a = 1", "s3://b/x"),
        ("execute immediate 'drop table x'", "EXECUTE"),
        ("call p()", "CALL"),
        ("frobnicate the table", "frobnicate"),
        ("insert into identifier(:t) select 1", "IDENTIFIER"),
        ("insert into gold.t partition (a = 1) select 2", "PARTITION"),
        ("insert into gold.t replace where a = 1 select 1", "REPLACE"),
        ("alter table gold.t set location '/x'", "SET LOCATION"),
        ("alter table gold.t drop column a", "DROP COLUMN"),
        ("alter table gold.t add constraint c check (a > 0)", "ADD CONSTRAINT"),
        ("restore table gold.t to version as of 1", "RESTORE"),
        ("create procedure p() as begin select 1; end", "PROCEDURE"),
        ("begin merge into t using s on true when matched then delete; end", "MERGE"),
        ("begin if true then drop schema gold; end if; end", "DROP SCHEMA"),
        ("create table gold.t clone gold.u version as of 3", "time travel"),
    ],
)
def test_what_is_refused_with_file_and_line(text, says):
    (statement,) = statements(f"-- first line\n\n{text}", "tables/t/variants/v.sql")
    with pytest.raises(ProgramError, match=r"v\.sql:3: ") as caught:
        meaning(statement)
    assert says in str(caught.value)
    assert caught.value.hint
    assert (caught.value.file, caught.value.line) == ("tables/t/variants/v.sql", 3)


def test_the_line_of_a_clause_further_down():
    with pytest.raises(ProgramError) as caught:
        meaning(Statement("create table gold.t (\n  a int)\nlocation '/x'", "v.sql", 10))
    assert caught.value.line == 12


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("create table t (a int) using delta", "create table t (a int) using PARQUET"),
        ("create or replace table t as select 'using delta'", "create  table t as select 'using delta'"),
        ("create table t (a int, b int) partitioned by (a)", "create table t (a int, b int) "),
        ("create table t cluster by auto as select 1", "create table t  as select 1"),
        ("create table t tblproperties ('delta.x' = 'y') as select 1", "create table t  as select 1"),
        ("create table t deep clone u", "create table t AS SELECT * FROM u"),
        ("set ansi_mode = false", "set spark.sql.ansi.enabled = false"),
    ],
)
def test_what_belongs_to_delta_lake_comes_off(text, expected):
    statement = one(text)
    assert edited(statement.text, meaning(statement).edits) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select main.gold.t.a from main.gold.t", "select gold.t.a from gold.t"),
        ("select t.a.b.c, 'main.gold.t' from main.gold.t t", "select t.a.b.c, 'main.gold.t' from gold.t t"),
        (
            "insert into `my cat`.gold.t select * from dev.silver.s",
            "insert into gold.t select * from silver.s",
        ),
        ("select a.b.c from gold.a", "select a.b.c from gold.a"),
        ("drop table if exists main.gold.t", "drop table if exists gold.t"),
    ],
)
def test_catalogs_come_off_and_nothing_else_changes(text, expected):
    statement = one(text)
    edits, _ = catalogs(statement)
    assert edited(statement.text, edits) == expected


def test_what_a_query_reads():
    found = reads(
        tree(
            one(
                "with a as (select * from s.x) select * from a join main.s.y on true where exists (select 1 from z)"
            )
        )
    )
    assert {str(t) for t in found} == {"s.x", "main.s.y", "z"}


def test_text_that_sqlglot_cannot_read_is_refused():
    with pytest.raises(ProgramError, match=r"v\.sql:1"):
        tree(one("select from where"))


@pytest.mark.parametrize(
    ("tsql", "databricks"),
    [
        ("int", "INT"), ("bit", "BOOLEAN"), ("tinyint", "SMALLINT"), ("money", "DECIMAL(19,4)"),
        ("float", "DOUBLE"), ("float(24)", "FLOAT"), ("float(53)", "DOUBLE"), ("real", "FLOAT"),
        ("datetime", "TIMESTAMP"), ("datetime2(7)", "TIMESTAMP"), ("datetimeoffset", "TIMESTAMP"),
        ("date", "DATE"), ("time(7)", "STRING"), ("nvarchar(max)", "STRING"), ("char(5)", "STRING"),
        ("uniqueidentifier", "STRING"), ("varbinary(max)", "BINARY"), ("decimal(18,2)", "DECIMAL(18,2)"),
        ("decimal(9)", "DECIMAL(9,0)"), ("numeric", "DECIMAL(18,0)"), ("NUMERIC(38, 10)", "DECIMAL(38,10)"),
    ],
)  # fmt: skip
def test_declared_types_are_translated(tsql, databricks):
    assert databricks_type(tsql) == databricks
