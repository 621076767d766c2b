from __future__ import annotations

import io
import re
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import pypdf
import pytest

from recon.model import Arrival, Script
from recon.model_result import Result
from recon.report import codec
from recon.report.pdf import render_pdf
from recon.report.vocabulary import count_text
from tests.report import factory
from tests.report.factory import facts_of

FONTS = Path("recon/report/fonts")


@cache
def made(name: str) -> tuple[Result, bytes]:
    result = getattr(factory, name)()
    return result, render_pdf(facts_of(result))


def pages(data: bytes) -> list[str]:
    """The text of each page, all white space as one blank."""
    return [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(data)).pages]


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_the_pdf_prints_the_numbers_of_the_json() -> None:
    result, data = made("executive")
    document = codec.to_json(result)
    text = " ".join(pages(data))
    first = pages(data)[0]
    rows = document["rows"]
    assert document["verdict"] in first and document["run_id"] in first
    assert f"{document['match_percentage']:.2f} %" in first
    assert f"{document['rows_equal_percentage']:.2f} %" in first
    assert f"{rows['missing']} · {rows['extra']}" in first
    for side in ("baseline", "candidate"):
        assert count_text(rows[side]) in first
    for reason in document["reasons"]:
        assert reason in first
    for column in document["columns"]:
        assert column["name"] in text
        assert count_text(column["mismatches"]) in text
        for cause in column["causes"]:
            assert count_text(cause["cells"]) in text
    for cause in document["causes"]:
        assert cause["cause"] in first
        for clause in re.split(r"(?<=[.:]) ", cause["hint"]):
            assert squeezed(clause.rstrip(".:"))[1:] in squeezed(first)


def test_page_one_names_ignored_columns_with_their_reasons_and_has_lines_to_sign() -> None:
    result, data = made("executive")
    first = pages(data)[0]
    for ignored in result.schema.ignored:
        assert f"{ignored.column} — {ignored.reason}" in first
    for words in (
        "Approved",
        "Rejected",
        "Reviewer, name",
        "Signature",
        "2026-11-05 10:31:07 UTC",
        "a.meyer",
    ):
        assert words in first


def test_every_page_carries_run_hash_and_number() -> None:
    result, data = made("executive")
    texts = pages(data)
    for number, text in enumerate(texts, start=1):
        assert f"Run {result.run_id} · SHA-256 {codec.sha256(result)}" in text
        assert f"Page {number} of {len(texts)}" in text


def test_scripts_samples_and_steps_are_there_and_a_sample_says_of_how_many() -> None:
    text = " ".join(pages(made("executive")[1]))
    assert "CREATE PROCEDURE dbo.usp_Load_FACT_EXECUTIVE_SUMMARY" in text
    assert "CREATE OR REPLACE TEMPORARY VIEW staging_metrics AS" in text
    assert "13 of 2,811 differing cells" in text and "Showing 12 of 362 rows." in text
    assert "Nordlicht GmbH·· Nordlicht GmbH" in text and "0.00 NULL" in text
    assert "101,344 rows" in text


def test_a_match_says_so_plainly() -> None:
    texts = pages(made("match")[1])
    assert "MATCH All 100,800 rows are equal in all 20 columns." in texts[0]
    assert "100 % 100,800 of 100,800" in texts[0]
    assert "No compared cell and no row differs." in " ".join(texts)


def test_a_stopped_run_names_its_step_and_offers_nothing_to_sign() -> None:
    texts = pages(made("failed")[1])
    assert "INCONCLUSIVE The run stopped in the step execute" in texts[0]
    assert "Use try_cast where the procedure used TRY_CONVERT." in texts[0]
    assert "cannot be signed" in texts[0] and "Approved" not in texts[0]
    assert "CAST_INVALID_INPUT" in texts[1]


def test_an_approximation_is_said_on_every_page() -> None:
    result = factory.executive(
        approximate=True, engine="DuckDB 2.0.0", notes=("ISNULL keeps the longer type",)
    )
    texts = pages(render_pdf(facts_of(result)))
    assert "Approximation: DuckDB 2.0.0 stood in for Databricks." in texts[0]
    assert "ISNULL keeps the longer type" in texts[0]
    assert all("NO MATCH (approximation)" in text for text in texts[1:])
    assert "pproximation" not in " ".join(pages(made("executive")[1]))


@pytest.mark.parametrize("name", ["executive", "match", "failed", "wide", "narrow", "hostile"])
def test_typst_has_nothing_to_complain_about_but_absent_fonts(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="recon.report.pdf"):
        render_pdf(facts_of(getattr(factory, name)()))
    assert [r.message for r in caplog.records if "unknown font family" not in r.message] == []


@pytest.mark.parametrize("name", ["executive", "hostile"])
def test_the_same_run_gives_the_same_bytes(name: str) -> None:
    result, data = made(name)
    assert render_pdf(facts_of(result)) == data


@pytest.mark.parametrize("name", ["executive", "match", "failed", "wide", "narrow", "hostile"])
def test_every_shape_is_a_tagged_pdf_of_the_ua_standard(name: str) -> None:
    _, data = made(name)
    reader = pypdf.PdfReader(io.BytesIO(data))
    assert data.startswith(b"%PDF-1.7")
    assert b"pdfuaid:part>1<" in reader.trailer["/Root"]["/Metadata"].get_object().get_data()
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert reader.metadata and str(reader.metadata.title).startswith("Reconciliation report: ")


def test_names_and_values_are_printed_and_never_run() -> None:
    text = squeezed(" ".join(pages(made("hostile")[1])))
    for literal in (
        '#let x = 1; #panic("x") #read("/etc/passwd")', "] #text(red)[", "$a^2$", "*bold*", "<b>x</b>", "{{ jinja }}",
        "</para>", '=HYPERLINK("http://x","y")', "U+202E", "U+0000", "U+0378", "東京商事株式会社", "@ref",
    ):  # fmt: skip
        assert squeezed(literal) in text
    assert "root:x:0" not in text


def test_three_hundred_columns_are_all_listed_and_the_map_is_capped() -> None:
    result, data = made("wide")
    text = squeezed(" ".join(pages(data)))
    assert all(column.name in text for column in result.columns)
    assert squeezed("239 further differing columns in the columns table.") in text


def test_a_long_script_is_cut_with_a_note() -> None:
    script = Script("variants/long.py", "\n".join(f"x{n} = {n}" for n in range(5_000)))
    text = " ".join(pages(render_pdf(facts_of(factory.match(), variant=script))))
    assert "The first 400 of 5,000 lines." in text
    assert "x399 = 399" in text and "x400 = 400" not in text


def test_a_script_that_is_not_at_hand_is_left_out() -> None:
    text = " ".join(pages(render_pdf(facts_of(factory.failed(), original=None, variant=None))))
    assert "What ran" in text and "Synapse:" not in text


def test_a_machine_without_the_fonts_spells_characters_out() -> None:
    facts = facts_of(factory.hostile())
    text = squeezed(" ".join(pages(render_pdf(facts, system_fonts=False))))
    assert "U+6771U+4EAC" in text and "U+1F69A" in text
    assert squeezed("Characters that no font on this machine has are printed as U+ and their number.") in text
    assert squeezed("] #text(red)[") in text


def test_the_bundled_fonts_come_with_their_licence_and_stay_small() -> None:
    files = {file.name: file.stat().st_size for file in FONTS.iterdir()}
    assert {"NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "NotoSans-Italic.ttf", "OFL.txt"} == set(files)
    assert sum(files.values()) < 3_000_000
    assert "SIL OPEN FONT LICENSE" in (FONTS / "OFL.txt").read_text("utf-8")


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs pdftotext of poppler to measure words")
@pytest.mark.parametrize("name", ["executive", "wide", "hostile", "failed"])
def test_no_word_runs_off_the_page(name: str, tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(made(name)[1])
    boxes = subprocess.run(
        ["pdftotext", "-bbox", str(file), "-"], capture_output=True, check=True, text=True
    ).stdout
    rights = [float(found) for found in re.findall(r'<word [^>]*xMax="([0-9.]+)"', boxes)]
    assert len(rights) > 100
    assert max(rights) <= 595.3 - 40


def test_a_message_of_many_lines_is_kept_whole_in_what_ran() -> None:
    failed = factory.failed()
    assert failed.failure
    result = replace(
        failed, failure=replace(failed.failure, error="Job aborted.\n  caused by: disk full\nat line 3")
    )
    texts = pages(render_pdf(facts_of(result)))
    assert "caused by: disk full" not in texts[0]
    assert "caused by: disk full at line 3" in texts[1]


def test_the_pdf_says_what_each_table_held_on_its_way() -> None:
    way = (
        Arrival(table="stg.sales", role="input", place="Synapse", rows=1200),
        Arrival(table="stg.sales", role="input", place="ADLS", rows=1200, bytes=4096, sha256="ab12" * 16),
    )
    text = " ".join(pages(render_pdf(facts_of(replace(factory.executive(), manifest=way)))))
    assert "What each table held on its way" in text
    assert re.search(r"stg\.sales input Synapse 1,200", text)
    assert re.search(r"stg\.sales input ADLS 1,200 4,096 B ab12ab12ab12", text)
    assert "What each table held" not in " ".join(pages(made("executive")[1]))
