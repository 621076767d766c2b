"""JUnit and HTML say the same as the result, and escape what comes from data."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from typer.testing import CliRunner

from recon import api
from recon.cli import app
from recon.model import RunState
from recon.report.html import html_page
from recon.report.junit import junit_xml


def cases(xml: bytes) -> dict[str, ET.Element]:
    return {f"{c.get('classname')}/{c.get('name')}": c for c in ET.fromstring(xml).iter("testcase")}


def test_every_run_is_a_case_with_its_outcome(finished_project):
    xml = junit_xml([(run, api.result(run.id)) for run in finished_project.values()])
    found = cases(xml)
    assert found.keys() == finished_project.keys()
    kinds = {name: [e.tag for e in case if e.tag != "system-out"] for name, case in found.items()}
    assert kinds == {
        "orders/faithful": [],
        "orders/null_amount": ["failure"],
        "orders/left_join": ["failure"],
        "orders/broken": ["error"],
        "totals/faithful": [],
    }
    suites = {s.get("name"): (s.get("tests"), s.get("failures"), s.get("errors")) for s in ET.fromstring(xml)}
    assert suites == {"orders": ("4", "2", "1"), "totals": ("1", "0", "0")}
    result = api.result(finished_project["orders/null_amount"].id)
    assert found["orders/null_amount"].find("failure").text == "\n".join(result.reasons)


def test_a_run_without_a_result_is_an_error_and_odd_characters_stay_legal(finished_project):
    run = replace(
        finished_project["totals/faithful"],
        state=RunState.INTERRUPTED,
        error="a\x00b <&> \ud800",
        variant="v\x01",
    )
    (case,) = cases(junit_xml([(run, None)])).values()
    assert case.find("error").get("message") == "a�b <&> �"


class Page(HTMLParser):
    """The text of a page, and whatever it would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.active: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag in {"script", "img", "link", "iframe"} or any(
            n.startswith("on") or n in {"src", "href"} for n, _ in attrs
        ):
            self.active.append(tag)

    def handle_data(self, data):
        self.text.append(data)


def read(data: bytes) -> Page:
    page = Page()
    page.feed(data.decode("utf-8"))
    return page


@pytest.mark.parametrize(
    "variant", ["orders/faithful", "orders/null_amount", "orders/left_join", "orders/broken"]
)
def test_the_page_shows_the_facts(finished_project, variant):
    facts = api.facts(finished_project[variant].id)
    page = read(html_page(facts))
    text = " ".join(page.text)
    for word in (
        facts.verdict,
        facts.sentence,
        facts.content_hash,
        *facts.result.reasons,
        *(t.value for t in facts.tiles),
    ):
        assert str(word) in text
    for column in facts.columns:
        assert column.name in page.text
    assert page.active == []


def test_markup_in_data_stays_text(finished_project):
    facts = api.facts(finished_project["orders/null_amount"].id)
    nasty = "<script>alert(1)</script>&<img src=x onerror=y>"
    bad = replace(facts.differences[0], baseline=nasty, column=nasty, key={nasty: nasty})
    page = read(html_page(replace(facts, differences=(bad,))))
    assert page.active == []
    assert page.text.count(nasty) >= 2


def test_the_commands(finished_project, finished_folder, tmp_path):
    run = finished_project["orders/null_amount"]
    for name, first in (("html", b"<!doctype html>"), ("junit", b"<?xml")):
        file = tmp_path / name
        done = CliRunner().invoke(app, ["export", run.id, "--format", name, "--output", str(file)])
        assert done.exit_code == 0, done.output
        assert file.read_bytes().startswith(first)


def test_a_pipeline_gets_junit(home, tmp_path):
    file = tmp_path / "out" / "junit.xml"
    done = CliRunner().invoke(app, ["run", "--table", "totals", "--junit", str(file)])
    assert done.exit_code == 0, done.output
    assert list(cases(file.read_bytes())) == ["totals/faithful"]
