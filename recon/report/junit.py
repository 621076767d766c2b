"""Runs as JUnit XML, for pipelines that show tests: a suite for each table, a case for each variant.

MATCH passes. A difference is a *failure*; what was not compared, or could not be, is an *error*.
The format has no standard; this is what Azure Pipelines and Jenkins read:
https://learn.microsoft.com/azure/devops/pipelines/tasks/reference/publish-test-results-v2
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import groupby
from typing import TYPE_CHECKING, Final

from recon.model_result import Verdict
from recon.report import wording

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recon.model import Run
    from recon.model_result import Result

# What XML 1.0 cannot hold: https://www.w3.org/TR/xml/#charsets
_ILLEGAL: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PASSES: Final = frozenset({Verdict.MATCH, Verdict.ACCEPTED})
_DIFFERS: Final = frozenset({Verdict.PARTIAL, Verdict.NO_MATCH})


def junit_xml(runs: Iterable[tuple[Run, Result | None]]) -> bytes:
    """The document in UTF-8. A run without a result is an error with the run's own words."""
    root = ET.Element("testsuites", name="recon")
    ordered = sorted(runs, key=lambda pair: pair[0].table)
    for table, group in groupby(ordered, key=lambda pair: pair[0].table):
        suite = ET.SubElement(root, "testsuite", name=_text(table))
        cases = [_case(suite, run, result) for run, result in group]
        suite.set("tests", str(len(cases)))
        suite.set("failures", str(sum(case.find("failure") is not None for case in cases)))
        suite.set("errors", str(sum(case.find("error") is not None for case in cases)))
    ET.indent(root, " ")
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def _case(suite: ET.Element, run: Run, result: Result | None) -> ET.Element:
    seconds = sum(timing.seconds for timing in result.timings) if result else 0.0
    case = ET.SubElement(
        suite, "testcase", classname=_text(run.table), name=_text(run.variant), time=f"{seconds:.3f}"
    )
    verdict = result.verdict if result else Verdict.INCONCLUSIVE
    reasons = list(result.reasons) if result else [run.error, run.hint]
    if verdict not in _PASSES:
        kind = "failure" if verdict in _DIFFERS else "error"
        said = wording.sentence(result) if result else run.error
        broken = ET.SubElement(case, kind, type=str(verdict), message=_text(said))
        broken.text = _text("\n".join(reason for reason in reasons if reason))
    out = ET.SubElement(case, "system-out")
    out.text = _text("\n".join((f"{run.id}: {verdict}", *(result.notes if result else ()))))
    return case


def _text(text: str) -> str:
    return _ILLEGAL.sub("�", text)
