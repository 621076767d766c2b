"""The judgement, attacked input by input: nothing but whole agreement gives MATCH."""

from __future__ import annotations

import itertools
from dataclasses import fields, replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.compare import inconclusive
from recon.compare.verdict import Facts, judge, percentage
from recon.model_result import (
    ColumnResult,
    Ignored,
    Kind,
    KindCount,
    RowCounts,
    SchemaResult,
    SideCounts,
    TypeChange,
    Verdict,
)

AGREED = Facts(
    rows=RowCounts(baseline=10, candidate=10, paired=10, equal=10),
    columns=(
        ColumnResult(name="id", role="key", compared=10),
        ColumnResult(name="v", compared=10),
        ColumnResult(name="load_ts", role="ignored", rule="ignored: load time"),
    ),
    schema=SchemaResult(ignored=(Ignored(column="load_ts", reason="load time"),)),
    equal_cells=20,
    cells=20,
    partial_above=Decimal(95),
)


def differing(facts, cells):
    """The same facts with so many differing cells in v, each in a row of its own."""
    columns = (
        facts.columns[0],
        replace(
            facts.columns[1],
            mismatches=cells,
            candidate_null=cells,
            causes=(KindCount(cause=Kind.NULL_VS_VALUE, cells=cells),),
        ),
        facts.columns[2],
    )
    rows = replace(facts.rows, equal=facts.rows.paired - cells, differing=cells)
    return replace(facts, rows=rows, columns=columns, equal_cells=facts.equal_cells - cells)


def test_whole_agreement_is_a_match_and_says_what_was_left_out():
    assert judge(AGREED) == (
        Verdict.MATCH,
        ("all 10 rows agree on 2 of 3 columns", "load_ts: not compared (load time)"),
    )


def test_duplicates_null_keys_and_type_changes_alone_forbid_nothing():
    rows = replace(
        AGREED.rows,
        duplicate_keys=SideCounts(baseline=1, candidate=1),
        null_keys=SideCounts(baseline=2, candidate=2),
    )
    change = TypeChange(column="v", baseline_type="int", candidate_type="BIGINT")
    facts = replace(AGREED, rows=rows, schema=replace(AGREED.schema, type_changes=(change,)))
    assert judge(facts)[0] is Verdict.MATCH


def column(number, **changes):
    columns = list(AGREED.columns)
    columns[number] = replace(columns[number], **changes)
    return replace(AGREED, columns=tuple(columns))


def schema(**changes):
    return replace(AGREED, schema=replace(AGREED.schema, **changes))


ATTACKS = {
    "a step failed": replace(AGREED, failure="extract failed"),
    "only a sample": replace(AGREED, sampled=True),
    "keys could not pair": replace(AGREED, trouble=("the key x is missing",)),
    "a missing column": schema(missing_columns=("x",)),
    "an extra column": schema(extra_columns=("x",)),
    "a column not comparable": schema(not_comparable=("v",)),
    "a column of that role": column(1, role="not comparable", compared=0),
    "a column of an unknown role": column(1, role="forgotten"),
    "a column that was not compared": column(1, compared=0),
    "a column compared in part": column(1, compared=9),
    "a mismatch that no row knows": column(1, mismatches=1),
    "more mismatches than rows": column(1, mismatches=11),
    "negative mismatches": column(1, mismatches=-1),
    "no columns": replace(AGREED, columns=(), equal_cells=0, cells=0),
    "only ignored columns": replace(AGREED, columns=AGREED.columns[2:], equal_cells=0, cells=0),
    "fewer equal cells": replace(AGREED, equal_cells=19),
    "more equal cells than cells": replace(AGREED, equal_cells=21),
    "fewer cells than columns and rows": replace(AGREED, cells=10, equal_cells=10),
    "both sides empty": replace(
        AGREED, rows=RowCounts(), columns=tuple(replace(c, compared=0) for c in AGREED.columns), equal_cells=0, cells=0
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_no_single_change_of_the_facts_is_a_match(name):
    verdict, reasons = judge(ATTACKS[name])
    assert verdict is not Verdict.MATCH
    assert reasons


@pytest.mark.parametrize(
    "field", ["baseline", "candidate", "paired", "equal", "differing", "missing", "extra"]
)
@pytest.mark.parametrize("by", [-11, -1, 1])
def test_no_count_of_rows_can_be_off_by_one(field, by):
    rows = replace(AGREED.rows, **{field: getattr(AGREED.rows, field) + by})
    verdict, reasons = judge(replace(AGREED, rows=rows))
    assert verdict is Verdict.INCONCLUSIVE
    assert "contradict" in reasons[0]


@pytest.mark.parametrize(
    "attacks", list(itertools.combinations([n for n in ATTACKS if n != "a step failed"][:6], 2)), ids=str
)
def test_two_wrongs_make_no_match(attacks):
    one, other = (ATTACKS[name] for name in attacks)
    changed = {
        f: getattr(other, f)
        for f in ("sampled", "trouble", "schema")
        if getattr(other, f) != getattr(AGREED, f)
    }
    assert judge(replace(one, **changed))[0] is not Verdict.MATCH


def test_a_failure_comes_before_everything():
    facts = replace(differing(AGREED, 3), failure="Spark did not start")
    assert judge(facts) == (Verdict.INCONCLUSIVE, ("Spark did not start",))


def test_1000_against_900_rows_is_never_a_match():
    rows = RowCounts(baseline=1000, candidate=900, paired=900, equal=900, missing=100)
    columns = tuple(replace(c, compared=900 if c.role != "ignored" else 0) for c in AGREED.columns)
    facts = replace(AGREED, rows=rows, columns=columns, cells=2000, equal_cells=1800)
    assert judge(facts)[0] is Verdict.NO_MATCH
    assert judge(replace(facts, partial_above=Decimal("89.99")))[0] is Verdict.PARTIAL
    assert judge(facts)[1][0] == "100 missing rows: only in Synapse"


def test_partial_or_no_match_by_the_printed_percentage():
    assert judge(differing(AGREED, 1)) == (
        Verdict.NO_MATCH,  # 19 of 20 cells are 95.0 %, which is not above 95
        ("v: 1 cell, NULL instead of a value", "load_ts: not compared (load time)"),
    )
    assert judge(replace(differing(AGREED, 1), partial_above=Decimal("94.99")))[0] is Verdict.PARTIAL
    assert judge(replace(differing(AGREED, 10), partial_above=Decimal(0)))[0] is Verdict.PARTIAL


def test_a_difference_is_never_inconclusive_but_names_what_was_not_compared():
    facts = replace(
        differing(AGREED, 1), schema=replace(AGREED.schema, not_comparable=("blob",)), sampled=True
    )
    verdict, reasons = judge(facts)
    assert verdict is Verdict.NO_MATCH
    assert reasons[0].startswith("v: 1 cell")
    assert any(r.startswith("blob: not compared") for r in reasons)
    assert "only a sample of the rows was compared" in reasons


def test_one_sided_columns_are_a_difference_that_names_them():
    verdict, reasons = judge(schema(missing_columns=("a",), extra_columns=("b",)))
    assert verdict is Verdict.PARTIAL  # every cell that could be compared agrees
    assert any(r.startswith("a: the column is missing from Databricks") for r in reasons)
    assert any(r.startswith("b: the column is only in Databricks") for r in reasons)


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (0, 0, None), (0, 7, 0.0), (7, 7, 100.0), (1, 3, 33.33), (2, 3, 66.66), (99_999, 100_000, 99.99),
        (10**18 - 1, 10**18, 99.99), (10**18, 10**18, 100.0), (9995, 10000, 99.95), (1, 10**12, 0.0),
    ],
)  # fmt: skip
def test_percentages_are_floored(part, whole, expected):
    assert percentage(part, whole) == expected


@settings(derandomize=True)
@given(whole=st.integers(1, 10**20), data=st.data())
def test_100_percent_means_all(whole, data):
    part = data.draw(st.integers(0, whole))
    assert (percentage(part, whole) == 100.0) == (part == whole)
    assert 0 <= Decimal(str(percentage(part, whole))) * whole <= 100 * part


def test_without_a_comparison_nothing_is_said_about_the_data():
    result = inconclusive("execute failed: division by zero")
    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.reasons == ("execute failed: division by zero",)
    assert (result.match_percentage, result.rows_equal_percentage, result.rows) == (None, None, RowCounts())


# --- Every input, one by one ----------------------------------------------------------------------

V = AGREED.columns[1]  # the compared column that the attacks are made on
HARMLESS, DEADLY = "harmless", "deadly"
# For each field of each input what may be there without touching the judgement, and what must forbid MATCH.
# A field that is not listed fails the test: whoever adds one says here what it means for the verdict.
DECISIONS = {
    Facts: {
        "rows": (DEADLY, [RowCounts()]),
        "columns": (DEADLY, [(), AGREED.columns[:1], AGREED.columns[1:], (*AGREED.columns, V)]),
        "schema": (DEADLY, [SchemaResult()]),
        "equal_cells": (DEADLY, [-1, 0, 19, 21]),
        "cells": (DEADLY, [-1, 0, 19, 21, 40]),
        "partial_above": (HARMLESS, [Decimal(0), Decimal(100), Decimal(-1)]),
        "failure": (DEADLY, ["execute failed"]),
        "sampled": (DEADLY, [True]),
        "trouble": (DEADLY, [("no key",)]),
        "missing_why": (HARMLESS, ["a join"]),
        "extra_why": (HARMLESS, ["a join"]),
    },
    RowCounts: {
        **{
            name: (DEADLY, [-10, -1, 0, 9, 11, 20])
            for name in ("baseline", "candidate", "paired", "equal")
        },
        **{name: (DEADLY, [-1, 1, 10]) for name in ("differing", "missing", "extra")},
        "duplicate_keys": (HARMLESS, [SideCounts(baseline=3, candidate=1)]),
        "null_keys": (HARMLESS, [SideCounts(baseline=3, candidate=1)]),
    },
    ColumnResult: {
        "name": (HARMLESS, ["another"]),
        "candidate_name": (HARMLESS, ["another"]),
        "role": (DEADLY, ["ignored", "not comparable", "", "sampled"]),
        "baseline_type": (HARMLESS, ["int"]),
        "candidate_type": (HARMLESS, ["BIGINT"]),
        "rule": (HARMLESS, ["abs 0.005"]),
        "compared": (DEADLY, [-1, 0, 9, 11]),
        "mismatches": (DEADLY, [-1, 1, 10, 11]),
        "forgiven": (DEADLY, [-1, 11]),  # up to all cells may be forgiven
        "baseline_null": (DEADLY, [-1, 1]),
        "candidate_null": (DEADLY, [-1, 1]),
        "sensitive": (HARMLESS, [True]),
        "causes": (DEADLY, [(KindCount(cause=Kind.VALUE, cells=1),), (KindCount(cause=Kind.CASE, cells=-1),)]),
    },
    SchemaResult: {
        "missing_columns": (DEADLY, [("x",)]),
        "extra_columns": (DEADLY, [("x",)]),
        "not_comparable": (DEADLY, [("x",), ("v",)]),
        "type_changes": (HARMLESS, [(TypeChange(column="v", baseline_type="int", candidate_type="INT"),)]),
        "ignored": (DEADLY, [(), (Ignored(column="load_ts", reason=""),), (Ignored(column="v", reason="x"),)]),
    },
    SideCounts: {
        "baseline": (HARMLESS, [1]),
        "candidate": (HARMLESS, [1]),
    },
}  # fmt: skip


def with_part(kind, field, content):
    """The agreeing facts with one field of one of their parts changed."""
    if kind is Facts:
        return replace(AGREED, **{field: content})
    if kind is RowCounts:
        return replace(AGREED, rows=replace(AGREED.rows, **{field: content}))
    if kind is SchemaResult:
        return replace(AGREED, schema=replace(AGREED.schema, **{field: content}))
    if kind is SideCounts:
        twice = replace(AGREED.rows, duplicate_keys=SideCounts(**{field: content}))
        return replace(AGREED, rows=replace(twice, null_keys=SideCounts(**{field: content})))
    return column(1, **{field: content})


@pytest.mark.parametrize("kind", DECISIONS, ids=lambda k: k.__name__)
def test_every_field_has_a_decision(kind):
    assert {f.name for f in fields(kind)} == set(DECISIONS[kind])


@pytest.mark.parametrize(
    ("kind", "field", "content"),
    [(k, f, c) for k, listed in DECISIONS.items() for f, (_, contents) in listed.items() for c in contents],
    ids=lambda x: x.__name__ if isinstance(x, type) else str(x)[:40],
)
def test_each_input_alone(kind, field, content):
    verdict, reasons = judge(with_part(kind, field, content))
    assert reasons
    assert (verdict is Verdict.MATCH) == (DECISIONS[kind][field][0] == HARMLESS)


def test_all_cells_of_a_column_may_be_forgiven():
    assert judge(column(1, forgiven=10, rule="abs 1"))[0] is Verdict.MATCH


def test_a_column_left_out_must_be_named_with_its_reason():
    """Consistent in every count, but nobody said why v was left out."""
    silent = replace(column(1, role="ignored", compared=0), cells=10, equal_cells=10)
    assert judge(silent)[0] is Verdict.INCONCLUSIVE
    said = replace(silent.schema, ignored=(*silent.schema.ignored, Ignored(column="v", reason="load time")))
    assert judge(replace(silent, schema=said))[0] is Verdict.MATCH


@settings(derandomize=True, max_examples=500, deadline=None)
@given(data=st.data())
def test_no_random_facts_match_unless_all_agrees(data):
    """Facts of small numbers, most of them impossible: MATCH only where whole agreement stands written."""
    few = st.integers(-1, 3)
    rows = RowCounts(
        **{n: data.draw(few) for n in ("baseline", "candidate", "paired", "equal")},
        **{n: data.draw(st.sampled_from([0, 0, 0, 1, -1])) for n in ("differing", "missing", "extra")},
    )
    made = tuple(
        ColumnResult(
            name=f"c{n}",
            role=data.draw(st.sampled_from(["key", "value", "value", "ignored", "not comparable"])),
            compared=data.draw(few),
            mismatches=data.draw(st.sampled_from([0, 0, 0, 1, -1])),
        )
        for n in range(data.draw(st.integers(0, 3)))
    )
    cells = data.draw(st.integers(-1, 9))
    facts = Facts(
        rows=rows,
        columns=made,
        schema=SchemaResult(),
        cells=cells,
        equal_cells=cells,
        partial_above=Decimal(95),
    )
    if judge(facts)[0] is Verdict.MATCH:
        assert rows.baseline == rows.candidate == rows.paired == rows.equal > 0 == rows.missing == rows.extra
        assert made and all(c.role in {"key", "value"} and c.compared == rows.paired for c in made)
        assert not any(c.mismatches for c in made) and cells == rows.paired * len(made)
