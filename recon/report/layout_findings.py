"""What the PDF prints of findings and of the two texts, as plain data for `report.typ`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.report.findings import findings
from recon.report.marks import short
from recon.report.vocabulary import count_text

if TYPE_CHECKING:
    from recon.report.facts import Facts
    from recon.report.findings import Finding

MOST_CAUSES = 5
MOST_LINT = 60
_CONFIDENCE = {"certain": "Certain", "likely": "Likely", "possible": "Possible"}


def causes(facts: Facts) -> list[dict[str, object]]:
    """Each likely cause in the short lines of `findings`; empty texts have nothing to say."""
    found = findings(facts.result)
    more = len(found) - MOST_CAUSES
    last: dict[str, object] = {
        "scope": "…",
        "what": f"{count_text(more)} more in the JSON export.",
        "lines": [],
    }
    return [*(_cause(cause) for cause in found[:MOST_CAUSES]), *([last] if more > 0 else [])]


def _cause(found: Finding) -> dict[str, object]:
    texts = (
        (f"{t.file} line {t.line}", ": ".join(filter(None, (t.snippet, t.message)))) for t in found.texts
    )
    lines = (
        ("Where", found.where),
        ("Why", found.why),
        *texts,
        ("What to do", found.todo),
        ("Read", found.link),
    )
    return {
        "scope": short(found.scope),
        "code": short(found.code),
        "confidence": _CONFIDENCE.get(found.confidence, found.confidence),
        "severity": found.severity.capitalize(),
        "what": short(found.what),
        "lines": [[short(name), short(text)] for name, text in lines if text],
    }


def lint(facts: Facts) -> list[list[str]]:
    """What the texts of both scripts hold that is not the same on both systems: side, place, code, words."""
    hits = facts.result.lint
    shown = [
        [
            "Synapse" if hit.side == "synapse" else "Databricks",
            short(
                f"{hit.file.rsplit('/', 1)[-1]} line {hit.line}" if hit.line else hit.file.rsplit("/", 1)[-1]
            ),
            short(hit.code) + ("" if hit.certain else " (possible)"),
            short(f"{hit.snippet}: {hit.message}" if hit.snippet else hit.message),
            short(", ".join(hit.explains)),
        ]
        for hit in hits[:MOST_LINT]
    ]
    more = len(hits) - MOST_LINT
    return [*shown, ["…", "", "", f"{count_text(more)} more in the JSON export.", ""]] if more > 0 else shown
