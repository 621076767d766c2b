from __future__ import annotations

from dataclasses import replace

import pytest

from recon.model_result import (
    WHOLE_ROW,
    Failure,
    Ignored,
    Result,
    RowCounts,
    SchemaResult,
    SegmentCell,
    Segments,
    Verdict,
)
from recon.report import codec
from recon.report.facts import differences_total
from recon.report.heatmap import MOST_COLUMNS, heatmap, kind_totals
from recon.report.wording import listed, sentence
from tests.report import factory
from tests.report.factory import facts_of

ALL = (factory.executive, factory.match, factory.failed, factory.wide, factory.narrow, factory.hostile)


def test_tiles_of_a_run_with_differences() -> None:
    facts = facts_of(factory.executive())
    assert [(t.label, t.value) for t in facts.tiles] == [
        ("Rows compared", "101,162"),
        ("Rows fully equal", "84.91 %"),
        ("Differing cells", "15,691"),
        ("Missing · extra rows", "362 · 0"),
        ("Columns differing", "5 of 20"),
    ]
    assert facts.tiles[1].note == "85,900 of 101,162"
    assert facts.tiles[2].note.startswith("98.86 %")


def test_tiles_say_100_percent_only_when_nothing_differs() -> None:
    values = [t.value for t in facts_of(factory.match()).tiles]
    assert values == ["100,800", "100 %", "0", "0 · 0", "0 of 20"]
    almost = factory.match(verdict=Verdict.PARTIAL)
    rows = RowCounts(baseline=10**7, candidate=10**7, paired=10**7, equal=10**7 - 1, differing=1)
    assert facts_of(replace(almost, rows=rows)).tiles[1].value == "99.99 %"


def test_a_stopped_run_shows_no_numbers() -> None:
    facts = facts_of(factory.failed())
    assert {t.value for t in facts.tiles} == {"–"}
    assert facts.sentence.startswith("The run stopped in the step execute: tables/fact")
    assert facts.sentence.endswith("Nothing is said about the data.")
    assert dict(facts.run_facts)["Rows in Synapse"] == "–"
    assert facts.heatmap is None and facts.scope == ()


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (factory.match(), "All 100,800 rows are equal in all 20 columns."),
        (
            factory.match(schema=SchemaResult(ignored=(Ignored(column="load_ts", reason="r"),))),
            "All 100,800 rows are equal in 20 of 21 columns; 1 is ignored with a reason.",
        ),
        (
            factory.executive(),
            "15,691 cells differ in 5 of 20 columns: most in number_of_accounts, income_amount and fraud_amount. "
            "362 rows are missing in Databricks.",
        ),
        (factory.narrow(), "3 rows are missing in Databricks; 4 rows are extra in Databricks."),
        (
            factory.match(
                verdict=Verdict.NO_MATCH,
                schema=SchemaResult(missing_columns=("a",), extra_columns=("b", "c")),
            ),
            "1 column missing in Databricks: a; 2 columns only in Databricks: b and c.",
        ),
        (
            replace(factory.match(verdict=Verdict.INCONCLUSIVE), rows=RowCounts()),
            "Both sides are empty: there is nothing to compare.",
        ),
        (
            factory.match(verdict=Verdict.INCONCLUSIVE, reasons=("photo: not comparable.",)),
            "The comparison allows no verdict: photo: not comparable.",
        ),
    ],
)
def test_sentence(result: Result, words: str) -> None:
    assert sentence(result) == words


def test_only_the_first_line_of_a_long_message_is_in_the_sentence() -> None:
    failed = factory.failed()
    assert failed.failure
    long = replace(failed, failure=replace(failed.failure, error="\n  Job aborted. \n\nat org.apache.spark"))
    assert (
        sentence(long) == "The run stopped in the step execute: Job aborted. Nothing is said about the data."
    )


def test_a_cancelled_run_says_so() -> None:
    failed = factory.failed(failure=Failure(step="verify", error="cancelled during verify", kind="Cancelled"))
    assert sentence(failed) == "The run was cancelled in the step verify. Nothing is said about the data."


def test_listed() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


@pytest.mark.parametrize("make", ALL)
def test_the_heatmap_sums_to_the_totals(make) -> None:
    result = make()
    drawn = heatmap(result)
    if drawn is None:
        assert differences_total(result) == 0
        return
    for row in drawn.rows:
        if row.column != WHOLE_ROW or any(c.mismatches for c in row.cells):
            assert sum(cell.mismatches for cell in row.cells) == row.total
        assert sum(n for _, n in row.kinds) == row.total
        assert [c.segment for c in row.cells] == list(drawn.segments)
    assert [r.total for r in drawn.rows] == sorted((r.total for r in drawn.rows), reverse=True)


@pytest.mark.parametrize("make", ALL)
def test_the_kinds_sum_to_all_differences(make) -> None:
    result = make()
    assert sum(n for _, n in kind_totals(result)) == differences_total(result)


def test_heatmap_hides_equal_columns_and_counts_them() -> None:
    drawn = heatmap(factory.executive())
    assert drawn
    assert [row.column for row in drawn.rows][:3] == ["number_of_accounts", "income_amount", WHOLE_ROW]
    assert (drawn.equal, drawn.hidden, len(drawn.segments)) == (15, 0, 24)
    accounts = drawn.rows[0]
    assert [c.level for c in accounts.cells] == [0] * 20 + [6] * 4
    assert (accounts.cells[-1].text, accounts.cells[-1].share) == ("73", "73.80 %")
    whole = drawn.rows[2].cells[-1]
    assert (whole.mismatches, whole.rows, whole.level) == (158, 4_358, 4)


def test_heatmap_is_capped_and_says_so() -> None:
    drawn = heatmap(factory.wide())
    assert drawn
    assert (len(drawn.rows), drawn.hidden, drawn.equal) == (MOST_COLUMNS, 239, 1)


def test_where_no_row_was_paired_there_is_a_gap_and_never_a_zero() -> None:
    result = factory.executive()
    cells = (
        SegmentCell(segment="gone", column=WHOLE_ROW, mismatches=362, rows=362),
        SegmentCell(segment="here", column="income_amount", mismatches=2_811, rows=100_800),
    )
    drawn = heatmap(replace(result, segments=Segments(column="date_key", cells=cells)))
    assert drawn
    levels = {row.column: [cell.level for cell in row.cells] for row in drawn.rows}
    assert levels["income_amount"] == [None, 4]
    assert levels[WHOLE_ROW] == [6, 0]


def test_differences_without_a_segment_column_still_have_rows_and_kinds() -> None:
    drawn = heatmap(replace(factory.executive(), segments=Segments()))
    assert drawn
    assert drawn.segments == () and len(drawn.rows) == 6 and drawn.rows[0].cells == ()


def test_the_approximation_label_and_the_ignored_columns_with_their_reason() -> None:
    facts = facts_of(factory.executive(approximate=True, engine="DuckDB 2.0.0"))
    assert facts.approximation.startswith("Approximation: DuckDB 2.0.0 stood in for Databricks.")
    assert facts_of(factory.executive()).approximation == ""
    assert facts.left_out == (("set to the load time on both sides", ("load_ts",)),)
    assert ("Ignored", "load_ts", "set to the load time on both sides") in facts.schema


def test_what_was_not_compared_is_named() -> None:
    schema = SchemaResult(missing_columns=("a", "b"), not_comparable=("photo",))
    facts = facts_of(factory.match(verdict=Verdict.NO_MATCH, schema=schema))
    assert facts.not_compared == ("a, b: only in Synapse", "photo: types that cannot be compared")
    assert facts.tiles[4].note == "3 not compared"


def test_rules_and_what_they_forgave_are_on_record() -> None:
    assert (
        'purchases_amount by its rule "abs 0.005": 1,204 cells equal only by it'
        in facts_of(factory.executive()).scope
    )


def test_identity_of_the_run() -> None:
    result = factory.executive()
    facts = facts_of(result)
    said = dict(facts.run_facts)
    assert facts.content_hash == codec.sha256(result) == said["Content hash"]
    assert said["Finished"] == "2026-11-05 10:31:31 UTC"
    assert said["Key"] == ", ".join(factory.KEYS)
    assert facts.keys == factory.KEYS


def test_without_stored_rows_the_samples_serve() -> None:
    facts = facts_of(factory.executive())
    assert len(facts.differences) == len(facts.result.samples) + len(facts.result.row_samples)
    missing = facts.differences[-1]
    assert (missing.column, missing.kind, missing.candidate) == (WHOLE_ROW, "missing", None)
    assert missing.baseline and '"income_amount": null' in missing.baseline
    assert facts.differences_total == 15_691 + 362
