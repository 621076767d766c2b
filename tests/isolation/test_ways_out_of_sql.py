"""Statements of Databricks SQL that would leave the run are stopped before anything runs, with their line."""

from __future__ import annotations

import pytest

from recon.errors import ProgramError
from recon.sqlscript.databricks_meaning import Kind, meaning
from recon.sqlscript.databricks_text import statements

ESCAPES = [
    # --- paths in place of tables
    ("insert into delta.`/mnt/prod/t` select 1", "/mnt/prod/t"),
    ("insert overwrite parquet.`abfss://c@a.dfs.core.windows.net/t` select 1", "abfss"),
    ("select * from parquet.`/mnt/prod/t`", "/mnt/prod/t"),
    ("create table gold.t as select * from csv.`s3://b/x`", "s3://b/x"),
    ("merge into gold.t using delta.`/mnt/x` s on true when matched then delete", "/mnt/x"),
    ("update gold.t set a = (select max(a) from json.`dbfs:/x`)", "dbfs:/x"),
    ("with c as (select 1) insert into delta.`/mnt/x` select * from c", "/mnt/x"),
    ("truncate table delta.`/mnt/x`", "/mnt/x"),
    ("drop table delta.`/mnt/x`", "/mnt/x"),
    ("select * from read_files('/mnt/x')", "read_files"),
    ("insert overwrite directory '/mnt/x' using parquet select 1", "DIRECTORY"),
    ("insert overwrite local directory '/tmp/x' select 1", "DIRECTORY"),
    ("copy into gold.t from '/mnt/x' fileformat = csv", "COPY"),
    ("load data inpath '/mnt/x' into table gold.t", "LOAD"),
    ("export table gold.t to '/mnt/x'", "export"),
    ("import table gold.t from '/mnt/x'", "import"),
    # --- tables and views that lie elsewhere
    ("create table gold.t (a int) location '/mnt/x'", "LOCATION"),
    ("create table gold.t (a int) using parquet options ('path' = '/mnt/x')", "LOCATION"),
    ("create table gold.t using jdbc options (url 'jdbc:x', dbtable 'prod.t')", "jdbc"),
    ("create table gold.t using org.apache.spark.sql.jdbc options (url 'x')", "org"),
    ("create external table gold.t (a int) location '/mnt/x'", "EXTERNAL"),
    ("create temporary view v using parquet options (path '/mnt/x')", "view over files"),
    ("create schema gold location '/mnt/x'", "LOCATION"),
    ("create schema gold managed location '/mnt/x'", "LOCATION"),
    ("alter table gold.t set location '/mnt/x'", "SET LOCATION"),
    ("alter table gold.t add partition (a = 1) location '/mnt/x'", "ADD PARTITION"),
    ("alter schema gold set location '/mnt/x'", "ALTER SCHEMA"),
    ("alter table silver.input drop column a", "DROP COLUMN"),
    ("alter table silver.input alter column a type bigint", "ALTER"),
    ("msck repair table gold.t", "msck"),
    # --- what lies above tables
    ("drop schema gold cascade", "DROP SCHEMA"),
    ("drop database if exists gold", "DROP DATABASE"),
    ("drop catalog main cascade", "DROP CATALOG"),
    ("drop volume main.gold.v", "DROP VOLUME"),
    ("create catalog evil", "CREATE CATALOG"),
    ("create connection c type mysql", "CREATE CONNECTION"),
    ("create external location l url 's3://b'", "CREATE EXTERNAL"),
    ("create volume main.gold.v", "CREATE VOLUME"),
    ("alter catalog main owner to me", "ALTER CATALOG"),
    ("undrop table gold.t", "UNDROP"),
    ("restore table gold.t to version as of 1", "RESTORE"),
    # --- text made at run time
    ("execute immediate 'drop table prod.t'", "EXECUTE"),
    ("execute immediate sql_text using 1", "EXECUTE"),
    ("insert into identifier(:target) select 1", "IDENTIFIER"),
    ("drop table identifier('prod.' || 't')", "IDENTIFIER"),
    ("call prod.load()", "CALL"),
    # --- programs, Java, other services, settings
    ("select transform(a) using 'rm -rf /mnt' as (b) from t", "TRANSFORM"),
    ("from t map a using '/bin/cat' as b", "TRANSFORM"),
    ("select reflect('java.io.File', 'createTempFile', 'a', 'b')", "reflect"),
    ("select java_method('java.lang.System', 'exit', 1)", "java_method"),
    ("select http_request(conn => 'c', method => 'POST', path => '/x')", "http_request"),
    ("create function f as 'com.evil.F' using jar '/x.jar'", "jar"),
    ("create temporary function f as 'com.evil.F'", "class"),
    ("add jar '/x.jar'", "ADD"),
    ("set spark.sql.catalog.evil = org.apache.spark.sql.execution.datasources.v2.jdbc.JDBCTableCatalog", "spark.sql.catalog.evil"),
    ("set spark.hadoop.fs.s3a.access.key = x", "spark.hadoop"),
    ("set spark.sql.sources.default = jdbc", "spark.sql.sources.default"),
    # --- the same inside a block
    ("begin insert into delta.`/mnt/x` select 1; end", "/mnt/x"),
    ("begin with c as (select 1) insert into identifier(:t) select * from c; end", "IDENTIFIER"),
    ("begin declare x int default 1; if x = 1 then drop schema gold; end if; end", "DROP SCHEMA"),
    ("begin execute immediate 'drop table prod.t'; end", "EXECUTE"),
    ("begin declare exit handler for sqlexception drop schema gold; select 1; end", "handler"),
    ("begin declare exit handler for sqlexception begin drop schema gold; end; select 1; end", "DROP SCHEMA"),
    ("begin set spark.hadoop.x = 1; end", "spark.hadoop"),
    ("begin l1: while true do copy into t from '/x'; end while l1; end", "COPY"),
    ("begin case 1 when 1 then call p(); else select 1; end case; end", "CALL"),
    ("begin for r as select 1 do truncate table delta.`/x`; end for; end", "/x"),
    ("begin frobnicate; end", "frobnicate"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "says"), ESCAPES, ids=[t[:60] for t, _ in ESCAPES])
def test_a_way_out_is_refused_with_file_line_and_remedy(text, says):
    (statement,) = statements(f"-- a comment\n\n{text}", "tables/t/variants/v.sql")
    with pytest.raises(ProgramError) as caught:
        meaning(statement)
    assert says.casefold() in str(caught.value).casefold()
    assert (caught.value.file, caught.value.line) == ("tables/t/variants/v.sql", 3)
    assert caught.value.hint


HARMLESS = [
    ("select json.a, text.b from json join text using (a)", Kind.QUERY),
    ("select reflect, java_method from t", Kind.QUERY),
    ("select * from t join u using (a, b)", Kind.QUERY),
    ("create table gold.t using delta as select 1 as a", Kind.CREATE_TABLE),
    ("create table gold.t (a int) using csv", Kind.CREATE_TABLE),
    ("create or replace temp view v (a comment 'as it is') as select 1", Kind.CREATE_VIEW),
    ("create function f(x int) returns int return x + 1", Kind.SETTING),
    ("set spark.sql.shuffle.partitions = 8", Kind.SETTING),
    ("set spark.sql.ansi.enabled = false", Kind.SETTING),
    ("set time zone 'UTC'", Kind.SETTING),
    ("insert into main.gold.t select 1", Kind.INSERT),
    ("begin declare i int default 0; while i < 3 do insert into gold.t select i; set i = i + 1; end while; end", Kind.BLOCK),
    ("begin declare exit handler for sqlexception, sqlstate '22012' begin select 1; end; insert into t select 1; end", Kind.BLOCK),
    ("begin l: loop leave l; end loop l; case when true then select 1; end case; end", Kind.BLOCK),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), HARMLESS, ids=[t[:60] for t, _ in HARMLESS])
def test_what_stays_inside_is_not_refused(text, kind):
    (statement,) = statements(text, "v.sql")
    assert meaning(statement).kind is kind


def test_a_block_says_all_that_it_writes():
    (statement,) = statements(
        "begin with c as (select 1 as a) insert into gold.one select a from c;"
        " if true then drop table gold.two; else create table gold.three (a int); end if; end"
    )
    written = [(m.kind, str(m.table.ref)) for m in meaning(statement).inner if m.table]
    assert written == [
        (Kind.INSERT, "gold.one"),
        (Kind.DROP, "gold.two"),
        (Kind.CREATE_TABLE, "gold.three"),
    ]
