"""Printers of a finished run: every format shows the same facts."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from recon.errors import SettingsError
from recon.report import codec
from recon.report.csvfile import completeness, differences_csv
from recon.report.html import MOST_ROWS, html_page
from recon.report.junit import junit_xml
from recon.report.pdf import render_pdf
from recon.report.totals import takeaway, totals_csv

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.report.facts import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A file to hand over. `note` says what it holds, and of how many differences where it lists them."""

    filename: str
    mime: str
    data: bytes
    note: str


def export(facts: Facts, format: str) -> Export:
    """The run in one of `FORMATS`. SettingsError for any other."""
    maker = _MAKERS.get(format)
    if maker is None:
        raise SettingsError(
            f"there is no export format {format!r}", hint=f"The formats are {', '.join(FORMATS)}."
        )
    made = maker(facts)
    return replace(made, note=f"{made.note} {facts.approximation}".rstrip())


def _pdf(facts: Facts) -> Export:
    return Export(
        filename=f"{_stem(facts)}.pdf",
        mime="application/pdf",
        data=render_pdf(facts),
        note=f"The report of the run. Content hash {facts.content_hash}.",
    )


def _json(facts: Facts) -> Export:
    return Export(
        filename=f"{_stem(facts)}.json",
        mime="application/json",
        data=codec.dumps(facts.result).encode(),
        note=f"The whole result. Content hash {facts.content_hash}.",
    )


def _csv(facts: Facts) -> Export:
    return _differences(facts, "csv", excel=False)


def _excel_csv(facts: Facts) -> Export:
    return _differences(facts, "excel.csv", excel=True)


def _html(facts: Facts) -> Export:
    return Export(
        filename=f"{_stem(facts)}.html",
        mime="text/html; charset=utf-8",
        data=html_page(facts),
        note=f"The report of the run in one file, at most {MOST_ROWS:,} differences listed.",
    )


def _junit(facts: Facts) -> Export:
    return Export(
        filename=f"{_stem(facts)}.junit.xml",
        mime="application/xml",
        data=junit_xml([(facts.run, facts.result)]),
        note="One test case for pipelines.",
    )


def _totals(facts: Facts) -> Export:
    run = (facts.result.run_id or facts.run.id, facts.run.table, facts.run.variant)
    return Export(
        filename=f"{_stem(facts)}-totals.csv",
        mime="text/csv; charset=utf-8",
        data=totals_csv(facts.result, run),
        note=takeaway(facts.result) or "No control totals were taken in this run.",
    )


def _differences(facts: Facts, ending: str, *, excel: bool) -> Export:
    count = f"{len(facts.differences)}-of-{facts.differences_total}"
    return Export(
        filename=f"{_stem(facts)}-differences-{count}.{ending}",
        mime="text/csv; charset=utf-8",
        data=differences_csv(facts, excel=excel),
        note=completeness(facts),
    )


def _stem(facts: Facts) -> str:
    """Table, variant and run, with nothing in it that a file system or a shell would take amiss."""
    parts = (facts.run.table, facts.run.variant, facts.result.run_id or facts.run.id)
    plain = (re.sub(r"[^A-Za-z0-9_.-]+", "_", part).strip("_.-")[:60] for part in parts)
    return "-".join(part for part in plain if part) or "result"


_MAKERS: dict[str, Callable[[Facts], Export]] = {
    "pdf": _pdf,
    "csv": _csv,
    "excel-csv": _excel_csv,
    "json": _json,
    "totals-csv": _totals,
    "html": _html,
    "junit": _junit,
}
FORMATS = tuple(_MAKERS)
