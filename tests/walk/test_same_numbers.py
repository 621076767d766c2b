"""The page, the PDF, the CSV and the JSON of one real run say the same."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
import streamlit as st
from pypdf import PdfReader

from recon import api
from tests.small_project import BLANKS, NULLS, ORDERS, STRAYS
from tests.ui.test_pages import open_page


@pytest.fixture(autouse=True)
def _fresh_caches():
    st.cache_resource.clear()


def pdf_text(run_id):
    pages = PdfReader(io.BytesIO(api.export(run_id, "pdf").data)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


@pytest.mark.parametrize("variant", ["faithful", "null_amount", "left_join"])
def test_tiles_of_page_pdf_and_json_agree(finished_project, variant):
    run = finished_project[f"orders/{variant}"]
    found = json.loads(api.export(run.id, "json").data)
    rows = found["rows"]
    cells = sum(c["mismatches"] for c in found["columns"])
    differing = sum(c["mismatches"] > 0 for c in found["columns"])
    expected = [
        f"{rows['paired'] + rows['missing'] + rows['extra']:,}",
        f"{cells:,}",
        f"{rows['missing']:,} · {rows['extra']:,}",
        f"{differing} of {len(found['columns'])}",
    ]
    page = open_page("run", run=run.id)
    shown = [m.value for m in page.metric]
    assert [shown[0], *shown[2:]] == expected
    titles = [a.proto.title for kind in (page.success, page.warning, page.error) for a in kind]
    assert found["verdict"] in titles
    text = pdf_text(run.id)
    for number in [*expected, shown[1], found["verdict"], run.id, run.result_sha256]:
        assert number.replace(" ", "") in text.replace(" ", ""), number


def test_the_csv_has_every_differing_cell_of_a_small_run(finished_project):
    run = finished_project["orders/null_amount"]
    lines = list(csv.DictReader(io.StringIO(api.export(run.id, "csv").data.decode("utf-8"))))
    assert len(lines) == NULLS + BLANKS
    assert {line["column"] for line in lines} == {"amount", "note"}
    by_key = {line["order_id"]: line for line in lines if line["column"] == "note"}
    assert by_key["4"]["synapse"] == "note 4 "
    assert by_key["4"]["databricks"] == "note 4"
    extra = list(
        csv.DictReader(io.StringIO(api.export(finished_project["orders/left_join"].id, "csv").data.decode()))
    )
    assert [line["kind"] for line in extra] == ["extra"] * STRAYS


def test_the_pdf_of_a_failed_run_says_so_and_nothing_else(finished_project):
    run = finished_project["orders/broken"]
    text = pdf_text(run.id)
    assert "INCONCLUSIVE" in text
    assert "no_such_column" in text
    assert f"{ORDERS:,} rows agree" not in text
