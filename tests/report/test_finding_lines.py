"""A finding in short lines: what, where, why, what the scripts say, what to do; nothing of the hint is lost."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from recon.compare.causes import CATALOGUE
from recon.model_result import WHOLE_ROW, Cause, LintHit, Severity
from recon.report.findings import finding
from recon.report.pdf import render_pdf
from recon.ui.finding import markdown
from tests.report import factory
from tests.report.factory import facts_of
from tests.report.test_pdf import pages
from tests.ui.stories import a_run

MESSAGE = "division of integers: T-SQL drops the fraction"
HITS = tuple(
    LintHit(
        code="INT_DIVISION",
        side=side,
        file=f"tables/t/{name}",
        line=line,
        column=3,
        snippet="a / `b`",
        message=MESSAGE,
        scope="columns",
        columns=("rate",),
        explains=("rate",),
    )
    for side, name, line in (("databricks", "v1.sql", 2), ("synapse", "synapse.sql", 12))
)
CAUSE = Cause(
    cause="INT_DIVISION",
    scope="rate",
    confidence="certain",
    hint="synapse.sql line 12: `a / b`. 31 of 31 differing cells. Integer division: and so on.",
    advice="Integer division: Synapse has the whole part. T-SQL divides without fraction; use DIV. AVG too."
    " See https://learn.microsoft.com/sql/divide",
    cells=31,
    share=100.0,
    severity=Severity.VALUES,
    where="all 31 have b = 3",
)


def test_the_lines_come_in_the_order_in_which_a_reviewer_asks():
    said = markdown(a_run(), finding(CAUSE, HITS)).replace("\\", "").split("\n")
    assert "**rate — Integer division.**" in said[0]
    assert [line.split("]")[0].rpartition("[")[2] for line in said[1:]] == [
        "Where:",
        "Why:",
        "Script:",
        "Script:",
        "What to do:",
    ]
    assert "31 cells, 100 % of the column's differing cells" in said[1]
    assert "all 31 have b = 3" in said[1]
    assert "synapse.sql line 12](?" in said[3]
    assert "`` a / `b` ``" in said[3]
    assert said[3].count(MESSAGE.split(":")[1]) == 1
    assert "v1.sql line 2](?" in said[4]
    assert MESSAGE.split(":")[1] not in said[4], "both scripts say it: once is enough"
    assert said[5].endswith("Use DIV. AVG too. [Documentation](https://learn.microsoft.com/sql/divide)")


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_no_word_of_a_hint_is_lost(code):
    hint = re.sub(r"\{[a-z]*\}", "42", CATALOGUE[code].hint)
    made = finding(Cause(cause=code, scope=WHOLE_ROW, confidence="likely", hint=hint), ())
    told = " ".join(filter(None, (made.what, made.why, made.todo)))
    assert made.what
    assert re.findall(r"\w+", told.casefold()) == re.findall(r"\w+", hint.casefold())


def test_a_finding_of_an_older_result_shows_its_hint():
    made = finding(replace(CAUSE, advice="", hint="Gone: look for it."), ())
    assert (made.what, made.why, made.todo, made.texts) == ("Gone.", "", "Look for it.", ())


def test_the_pdf_prints_the_same_lines_and_every_place_in_the_scripts():
    result = replace(factory.executive(), causes=(CAUSE,), lint=HITS)
    said = [re.sub(r"\s+", " ", page) for page in pages(render_pdf(facts_of(result)))]
    lines = (
        *("rate — Integer division.", "31 cells, 100 % of the column", "Synapse has the whole part."),
        *(
            "synapse.sql line 12",
            "v1.sql line 2",
            "Use DIV. AVG too.",
            "https://learn.microsoft.com/sql/divide",
        ),
    )
    at = [said[0].find(words) for words in lines]
    assert -1 not in at
    assert at == sorted(at)
    (evidence,) = [page for page in said if "What the two scripts do not say alike" in page]
    places = evidence.split("do not say alike")[1]
    assert places.count("INT_DIVISION") == 2
    assert "Databricks v1.sql line 2" in places
    assert "Synapse synapse.sql line 12" in places
