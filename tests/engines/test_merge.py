"""MERGE on engines without Delta Lake, clause by clause, against what Delta Lake documents.

https://docs.databricks.com/sql/language-manual/delta-merge-into
"""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from recon.errors import ProgramError

D = Decimal
MULTIPLE = "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE"


def amounts(*values):
    return pa.array([None if v is None else D(v) for v in values], pa.decimal128(9, 2))


# id 1 and 2 match, 3 is only in the target, 4 only in the origin; NULL ids never match.
TARGET = {
    "id": pa.array([1, 2, 3, None], pa.int32()),
    "v": amounts("1.00", "2.00", "3.00", "9.00"),
    "s": ["a", "b", "c", "n"],
}
ORIGIN = {"id": pa.array([1, 2, 4, None], pa.int32()), "v": amounts("10.00", None, "40.00", "90.00"), "s": ["x", "y", "z", "m"], "extra": [1, 2, 3, 4]}  # fmt: skip
TWICE = {"id": pa.array([1, 1, 2], pa.int32()), "v": amounts("10.00", "11.00", "20.00"), "s": ["p", "q", "r"]}

KEPT = {1: (1, D("1.00"), "a"), 2: (2, D("2.00"), "b"), 3: (3, D("3.00"), "c"), None: (None, D("9.00"), "n")}
NEW = {1: (1, D("10.00"), "x"), 2: (2, None, "y"), 4: (4, D("40.00"), "z"), None: (None, D("90.00"), "m")}

HEAD = "merge into gold.t as t using silver.s as s on t.id = s.id "
MATRIX = {
    "update star": (HEAD + "when matched then update set *", [NEW[1], NEW[2], KEPT[3], KEPT[None]]),
    "insert star": (HEAD + "when not matched then insert *", [*KEPT.values(), NEW[4], NEW[None]]),
    "upsert": (
        HEAD + "when matched then update set * when not matched by target then insert *",
        [NEW[1], NEW[2], KEPT[3], KEPT[None], NEW[4], NEW[None]],
    ),
    "delete": (HEAD + "when matched then delete", [KEPT[3], KEPT[None]]),
    "assignments": (
        HEAD + "when matched then update set t.v = t.v + s.v, s = concat(t.s, s.s)",
        [(1, D("11.00"), "ax"), (2, None, "by"), KEPT[3], KEPT[None]],
    ),
    "values are cast to the column": (
        HEAD + "when matched then update set v = s.extra / 3, id = '7'",
        [(7, D("0.33"), "a"), (7, D("0.67"), "b"), KEPT[3], KEPT[None]],
    ),
    "matched and": (HEAD + "when matched and s.v > 5 then update set *", [NEW[1], KEPT[2], KEPT[3], KEPT[None]]),
    "an unknown condition is not true": (
        HEAD + "when matched and s.v > 0 then delete when matched then update set s = 'second'",
        [(2, D("2.00"), "second"), KEPT[3], KEPT[None]],
    ),
    "first clause wins": (
        HEAD + "when matched and t.id = 1 then update set s = 'one' when matched and t.id < 5 then delete",
        [(1, D("1.00"), "one"), KEPT[3], KEPT[None]],
    ),
    "not matched and, with columns": (
        HEAD + "when not matched and s.id is not null then insert (s, id) values (upper(s.s), id * 2)",
        [*KEPT.values(), (8, None, "Z")],
    ),
    "two inserts": (
        HEAD + "when not matched and s.id = 4 then insert (id, v, s) values (s.id, 0, 'four') when not matched then insert *",
        [*KEPT.values(), (4, D("0.00"), "four"), NEW[None]],
    ),
    "not matched by source delete": (HEAD + "when not matched by source then delete", [KEPT[1], KEPT[2]]),
    "not matched by source update": (
        HEAD + "when not matched by source and t.id is not null then update set s = 'gone', v = v * -1",
        [KEPT[1], KEPT[2], (3, D("-3.00"), "gone"), KEPT[None]],
    ),
    "everything": (
        HEAD
        + """when matched and t.id = 1 then delete
             when matched then update set *
             when not matched by source and id = 3 then update set s = 'old'
             when not matched by source then delete
             when not matched then insert *""",
        [NEW[2], (3, D("3.00"), "old"), NEW[4], NEW[None]],
    ),
    "query as origin": (
        """merge into gold.t using (select id, max(v) as best from silver.two group by id) q
           on t.id = q.id when matched then update set v = q.best""",
        [(1, D("11.00"), "a"), (2, D("20.00"), "b"), KEPT[3], KEPT[None]],
    ),
    "query with its columns renamed": (
        "merge into gold.t t using (select id, v from silver.s) as q (k, w) on t.id = q.k when matched then update set v = w",
        [(1, D("10.00"), "a"), (2, None, "b"), KEPT[3], KEPT[None]],
    ),
    "names without aliases": (
        """merge into main.gold.t using main.silver.s on gold.t.id = silver.s.id -- a comment
           when matched then update set t.s = silver.s.s when not matched then insert (id) values (silver.s.id)""",
        [(1, D("1.00"), "x"), (2, D("2.00"), "y"), KEPT[3], KEPT[None], (4, None, None), (None, None, None)],
    ),
    "several rows, a lone delete": (
        "merge into gold.t t using silver.two s on t.id = s.id when matched then delete",
        [KEPT[3], KEPT[None]],
    ),
    "several rows, one of them fires": (
        "merge into gold.t t using silver.two s on t.id = s.id when matched and s.v <> 11 then update set *",
        [(1, D("10.00"), "p"), (2, D("20.00"), "r"), KEPT[3], KEPT[None]],
    ),
    "several rows, none inserted twice": (
        "merge into gold.t t using silver.two s on t.id = s.id + 100 when not matched then insert *",
        [*KEPT.values(), (1, D("10.00"), "p"), (1, D("11.00"), "q"), (2, D("20.00"), "r")],
    ),
    "case and strings in conditions": (
        HEAD + "when matched and case when s.s = 'when matched then' then false else t.id = 1 end then update set s = 'a, b = c'",
        [(1, D("1.00"), "a, b = c"), KEPT[2], KEPT[3], KEPT[None]],
    ),
    "on false": (
        "merge into gold.t t using silver.s s on false when not matched by source then delete when not matched then insert *",
        list(NEW.values()),
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=[pytest.param("spark", marks=pytest.mark.spark), "duckdb"])
def world(request, tmp_path_factory):
    worlds = request.getfixturevalue("spark_worlds") if request.param == "spark" else None
    lab = request.getfixturevalue("lab_class")(request.param, tmp_path_factory.mktemp("merge"), worlds)
    with lab.world("merge") as engine:
        lab.attach(engine, "silver.s", ORIGIN)
        lab.attach(engine, "silver.two", TWICE)
        yield lab, engine


def by_text(rows):
    return sorted(rows, key=lambda r: [(v is None, str(v)) for v in r])


@pytest.mark.parametrize("case", MATRIX)
def test_merge(world, case):
    lab, engine = world
    text, expected = MATRIX[case]
    lab.attach(engine, "gold.t", TARGET)
    answer = lab.answer(engine, text, "gold.t")
    assert answer.rows == by_text(expected)
    assert answer.types == {"id": "INT", "v": "DECIMAL(9,2)", "s": "STRING"}


def test_duplicate_rows_of_the_target_are_separate_rows(world):
    lab, engine = world
    lab.attach(engine, "gold.t", {"id": [1, 1, 5, 5], "s": ["a", "a", "b", "b"]})
    text = (
        "merge into gold.t t using (select 1 as id, 'z' as s) s on t.id = s.id when matched then update set *"
    )
    assert lab.answer(engine, text, "gold.t").rows == [(1, "z"), (1, "z"), (5, "b"), (5, "b")]


@pytest.mark.parametrize(
    "clauses",
    [
        "when matched then update set *",
        "when matched and s.v > 0 then delete",
        "when matched and s.v = 10 then delete when matched then update set *",
    ],
)
def test_several_rows_that_would_change_one_row_are_an_error(world, clauses):
    lab, engine = world
    lab.attach(engine, "gold.t", TARGET)
    with pytest.raises(ProgramError) as caught:
        lab.answer(
            engine, f"select 1;\nmerge into gold.t t using silver.two s on t.id = s.id {clauses}", "gold.t"
        )
    assert (caught.value.code, caught.value.line) == (MULTIPLE, 2)
    assert lab.read(engine, "gold.t").rows == by_text(KEPT.values())  # nothing happened


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "merge into gold.t t using (select id from silver.s) s on t.id = s.id when matched then update set *",
            "no column v, s",
        ),
        (HEAD + "when matched then update set nope = 1", "nope is no column"),
        (HEAD + "when matched then update set v = 1, V = 2", "assigned twice"),
        (HEAD + "when matched then update set s.x.y = 1", "cannot assign"),
        (HEAD + "when not matched then insert (id, v) values (1)", "2 columns but gives 1"),
        (HEAD + "when matched then frobnicate", "INSERT expected"),
        (HEAD.replace("silver.s", "silver.s version as of 3"), "time travel"),
        (HEAD + "when matched then update set v = unknown_column", "unknown_column"),
        ("merge into gold.nowhere t using silver.s s on true when matched then delete", "nowhere"),
    ],
)
def test_a_wrong_merge_names_its_line(world, text, says):
    lab, engine = world
    lab.attach(engine, "gold.t", TARGET)
    with pytest.raises(ProgramError, match=says) as caught:
        lab.answer(engine, f"select 1;\n\n{text}", "gold.t")
    assert caught.value.line == 3
