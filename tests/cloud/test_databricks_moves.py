"""Every table of a statement is moved into the run's own schemas, or the statement is refused. No server needed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.connectors.cloud.engine_moves import Mover
from recon.connectors.cloud.engine_names import Names
from recon.errors import ProgramError
from recon.model import TableRef
from recon.sqlscript.databricks_meaning import Kind
from recon.sqlscript.databricks_text import statements

W = "`main`.`recon_r`"


def moved(text):
    mover = Mover(Names("main", "recon_r"))
    return [mover.move(statement) for statement in statements(text, "v.sql")]


MOVES = [
    ("select * from silver.x, `a`.`b` c", f"select * from {W[:-1]}__silver`.x, {W[:-1]}__a`.`b` c"),
    ("select gold.t.x, gold.t.* from main.gold.t", f"select {W[:-1]}__gold`.t.x, {W[:-1]}__gold`.t.* from {W[:-1]}__gold`.t"),
    ("select t.gold.x from gold.t", f"select t.gold.x from {W[:-1]}__gold`.t"),
    ("select 'gold.t' as a /* gold.t */ from gold.t", f"select 'gold.t' as a /* gold.t */ from {W[:-1]}__gold`.t"),
    ("select * from x", "select * from x"),
    ("with t as (select 1 as a) select * from t join gold.t u", f"with t as (select 1 as a) select * from t join {W[:-1]}__gold`.t u"),
    ("select * from default.x", f"select * from {W}.x"),
    ("select a from gold.t where a is distinct from x.y and extract(day from t.c) = 1", f"select a from {W[:-1]}__gold`.t where a is distinct from x.y and extract(day from t.c) = 1"),
    ("alter table gold.t rename to u", f"alter table {W[:-1]}__gold`.t rename to {W[:-1]}__gold`.u"),
    ("create table t shallow clone silver.t", f"create table t shallow clone {W[:-1]}__silver`.t"),
    ("set var x = (select max(a) from gold.t)", f"set var x = (select max(a) from {W[:-1]}__gold`.t)"),
    ("begin insert into gold.t select gold.u.a from gold.u; end", f"begin insert into {W[:-1]}__gold`.t select {W[:-1]}__gold`.u.a from {W[:-1]}__gold`.u; end"),
    ("create function gold.f(x int) returns int return x + 1", f"create function {W[:-1]}__gold`.f(x int) returns int return x + 1"),
    ("table gold.t", f"table {W[:-1]}__gold`.t"),
    ("select * from system.information_schema.tables", "select * from system.information_schema.tables"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "there"), MOVES, ids=[m[0] for m in MOVES])
def test_names_are_moved_and_nothing_else_changes(text, there):
    assert [move.text for move in moved(text)] == [there]


REFUSED = [
    "select * from identifier('gold.t')",
    "select * from global_temp.v",
    "create global temporary view v as select 1",
    "select prod.f(1)",
    "select * from dev.gold.t join main.gold.t",
    "begin insert into gold.t select * from a, prod.b; end",
    "begin drop function prod.f; end",
    "begin use prod; end",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_moved_is_refused_with_its_line_and_a_remedy(text):
    with pytest.raises(ProgramError) as caught:
        moved(f"select 1;\n\n{text}")
    assert (caught.value.file, caught.value.line) == ("v.sql", 3)
    assert caught.value.hint


LEFT_OUT = ["optimize gold.t", "vacuum prod.t", "grant all on prod.t to me", "show tables in prod", "describe prod.t",
            "refresh table prod.t", "cache table prod.t", "explain insert into prod.t select 1", "comment on table prod.t is 'x'"]  # fmt: skip


@pytest.mark.parametrize("text", LEFT_OUT)
def test_what_changes_no_rows_is_not_sent_and_is_noted(text):
    (move,) = moved(text)
    assert (move.text, move.kind) == ("", Kind.IDLE)
    assert move.note


def test_a_script_stays_in_the_schema_that_it_uses():
    first, second, third = moved("use main.gold; insert into t select * from silver.s; drop table u")
    assert (first.use, first.text) == ("gold", "")
    assert second.wrote == second.changes == (TableRef(schema="gold", name="t"),)
    assert third.dropped == (TableRef(schema="gold", name="u"),)


def test_a_function_of_the_script_may_be_called_by_its_full_name():
    _, call = moved("create function gold.f(x int) returns int return x; select gold.f(a) from gold.t")
    assert call.text == f"select {W[:-1]}__gold`.f(a) from {W[:-1]}__gold`.t"


def test_no_two_schemas_share_a_place():
    names = Names("main", "recon_r")
    assert len({names.schema(n) for n in ("a b", "a_b", "a-b", "A B", "", "default")}) == 4


def test_messages_speak_of_the_scripts_own_names():
    names = Names("main", "recon_r")
    names.schema("gold"), names.schema("gold_x")
    text = "`main`.`recon_r__gold_x`.`t`, main.recon_r__gold.u and `recon_r`.`v`"
    assert names.readable(text) == "gold_x.`t`, gold.u and `v`"


NAME = st.sampled_from(["prod.t", "`prod`.`t`", "main.prod.t", "`main`.prod.`t`", "PROD.T"])
SHAPES = st.sampled_from(
    [
        "select * from {0} a join {1} b using (x)", "insert into {0} select * from {1}", "delete from {0} where a in (select a from {1})",
        "merge into {0} using {1} s on s.a = 1 when matched then delete", "update {0} set a = (select max(a) from {1})",
        "create or replace table {0} as with c as (select * from {1}) select * from c", "create view {0} as select * from {1}",
        "truncate table {0}; drop table if exists {1}", "select * from (select * from {0} union all table {1})",
        "select exists(select 1 from {0}), (select count(*) from {1})", "insert overwrite table {0} values (1); alter table {1} add columns (b int)",
        "begin if exists (select 1 from {0}) then truncate table {1}; end if; end", "select * from {0} lateral view explode({1}.a) e as b",
        "from {0} select * where a = any (select a from {1})", "declare x int default (select a from {0} where b = {1}.b)",
    ]
)  # fmt: skip


@settings(deadline=None)
@given(shape=SHAPES, first=NAME, second=NAME)
def test_no_statement_that_is_sent_names_a_schema_of_production(shape, first, second):
    try:
        texts = [move.text for move in moved(shape.format(first, second))]
    except ProgramError:
        return
    for text in texts:
        words = [w.text.casefold() for s in statements(text) for w in s.words]
        assert "prod" not in words
