from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.errors import SpecError
from recon.model import Timing
from recon.model_result import Failure, Result, RowCounts, SideCounts, Verdict
from recon.report import codec
from tests.report import factory

CONTRACT = """
{"schema_version": 1, "table": "fact_executive_summary", "variant": "v2", "run_id": "r", "engine": "duckdb", "method": "fingerprint+pairs",
 "verdict": "NO MATCH", "reasons": ["income_amount: 31 cells, NULL instead of a value"],
 "rows": {"baseline": 216, "candidate": 216, "paired": 216, "equal": 185, "differing": 31, "missing": 0, "extra": 0,
          "duplicate_keys": {"baseline": 0, "candidate": 0}, "null_keys": {"baseline": 0, "candidate": 0}},
 "match_percentage": 99.28, "rows_equal_percentage": 85.64,
 "columns": [{"name": "income_amount", "role": "value", "baseline_type": "decimal(18,2)", "candidate_type": "DECIMAL(18,2)", "rule": "exact",
              "compared": 216, "mismatches": 31, "forgiven": 0, "baseline_null": 0, "candidate_null": 31,
              "causes": [{"cause": "null_vs_value", "cells": 31, "hint": "..."}]}],
 "schema": {"missing_columns": [], "extra_columns": [], "not_comparable": [], "type_changes": [], "ignored": []},
 "segments": {"column": "date_key", "cells": [{"segment": "20240131", "column": "income_amount", "mismatches": 31, "rows": 216}]},
 "samples": [{"key": {"date_key": "20240131"}, "column": "income_amount", "baseline": "0.00", "candidate": null, "cause": "null_vs_value"}],
 "causes": [{"cause": "NULL_NOT_HANDLED", "scope": "income_amount", "confidence": "likely", "hint": "..."}],
 "timings": [{"step": "extract", "seconds": 0.4, "rows": 216, "bytes": 9000}]}
"""

counts = st.integers(0, 10**12)


@st.composite
def results(draw: st.DrawFn) -> Result:
    """Any result that keeps the laws: random words, Unicode, NULLs and numbers."""
    verdict = draw(st.sampled_from(list(Verdict)))
    clean = verdict is Verdict.MATCH
    equal, differing, missing, extra = (draw(counts) if n == 0 or not clean else 0 for n in range(4))
    paired = equal + differing
    rows = RowCounts(
        baseline=paired + missing, candidate=paired + extra, paired=paired, equal=equal, differing=differing,
        missing=missing, extra=extra, duplicate_keys=draw(st.from_type(SideCounts)), null_keys=draw(st.from_type(SideCounts)),
    )  # fmt: skip
    percentages = st.none() | st.floats(0, 100)
    timings = st.builds(Timing, step=st.text(), seconds=st.floats(0, 1e6), rows=counts, bytes=counts)
    return draw(
        st.builds(
            Result,
            schema_version=st.just(1),
            verdict=st.just(verdict),
            rows=st.just(rows),
            match_percentage=percentages,
            rows_equal_percentage=percentages,
            failure=st.none() if clean else st.none() | st.from_type(Failure),
            timings=st.lists(timings, max_size=3).map(tuple),
        )
    )


@settings(max_examples=150, deadline=None)
@given(results())
def test_round_trip_is_identity(result: Result) -> None:
    text = codec.dumps(result)
    back = codec.loads(text)
    assert back == result
    assert codec.dumps(back) == text
    assert codec.sha256(back) == codec.sha256(result)


@pytest.mark.parametrize(
    "make", [factory.executive, factory.match, factory.failed, factory.wide, factory.hostile]
)
def test_realistic_results_round_trip(make: Any) -> None:
    result = make()
    assert codec.loads(codec.dumps(result)) == result


def test_the_example_of_the_contract_is_read_and_its_fields_come_out_in_its_order() -> None:
    document = json.loads(CONTRACT)
    result = codec.loads(CONTRACT)
    assert result.columns[0].causes[0].cells == 31
    assert result.samples[0].candidate is None
    written = codec.to_json(result)
    assert [key for key in written if key in document] == list(document)
    _contains(written, document)


def _contains(written: Any, promised: Any) -> None:
    if isinstance(promised, dict):
        for key, value in promised.items():
            _contains(written[key], value)
    elif isinstance(promised, list):
        for one, other in zip(written, promised, strict=True):
            _contains(one, other)
    else:
        assert written == promised and type(written) is type(promised)


def _broken(change: Any) -> str:
    document = json.loads(CONTRACT)
    change(document)
    return json.dumps(document)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda d: d.pop("verdict"), "verdict"),
        (lambda d: d["rows"].pop("missing"), "rows.missing is absent"),
        (lambda d: d["rows"]["duplicate_keys"].pop("candidate"), "rows.duplicate_keys.candidate is absent"),
        (lambda d: d.update(surprise=1), "surprise is unknown"),
        (lambda d: d["columns"][0].update(surprise=1), r"columns\[0\].surprise is unknown"),
        (lambda d: d["rows"].update(equal="185"), "rows.equal"),
        (lambda d: d["rows"].update(equal=185.0), "rows.equal"),
        (lambda d: d["rows"].update(equal=True), "rows.equal"),
        (lambda d: d.update(verdict="EQUAL"), "verdict"),
        (lambda d: d.update(verdict="MATCH"), "MATCH, but"),
        (lambda d: d["rows"].update(equal=186), "add up"),
        (lambda d: d["rows"].update(baseline=217), "add up"),
        (lambda d: d["rows"].update(candidate=215), "add up"),
        (lambda d: d.update(schema_version=2), "schema_version is 2"),
        (lambda d: d.update(match_percentage=float("nan")), "NaN"),
        (lambda d: d["samples"][0].update(baseline=0.0), "baseline"),
        (lambda d: d.update(reasons="none"), "reasons"),
    ],
)
def test_a_broken_document_is_refused_with_its_place(change: Any, place: str) -> None:
    with pytest.raises(SpecError, match=place) as caught:
        codec.loads(_broken(change))
    assert caught.value.hint


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{", '{"schema_version": 1}', CONTRACT.replace('"table"', '"engine"', 1)]
)
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        codec.loads(text)


def test_nan_is_never_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        codec.dumps(replace(factory.match(), match_percentage=float("nan")))


def test_one_result_has_one_text() -> None:
    whole = replace(factory.match(), match_percentage=100)
    assert codec.dumps(whole) == codec.dumps(factory.match())
    assert "\n" not in codec.dumps(factory.hostile())


def test_the_hash_covers_everything_but_the_timings() -> None:
    result = factory.executive()
    same = replace(result, timings=())
    assert codec.sha256(same) == codec.sha256(result)
    others = (
        replace(result, rows=replace(result.rows, differing=result.rows.differing + 1)),
        replace(result, run_id="another"),
        replace(result, approximate=True),
        replace(result, samples=result.samples[1:]),
        replace(result, reasons=(*result.reasons, "")),
        replace(result, columns=(replace(result.columns[0], forgiven=1), *result.columns[1:])),
    )
    hashes = {codec.sha256(r) for r in (result, *others)}
    assert len(hashes) == 1 + len(others)


def test_runs_document() -> None:
    document = codec.runs_document([factory.executive(), factory.failed()])
    assert document["schema_version"] == 1
    assert [run["verdict"] for run in document["runs"]] == ["NO MATCH", "INCONCLUSIVE"]
    assert codec.loads(json.dumps(document["runs"][1])) == factory.failed()
