"""The report of a run as one HTML file: no script, no other file, nothing fetched. Same facts as the PDF."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from recon.model_result import WHOLE_ROW
from recon.report.csvfile import completeness
from recon.report.vocabulary import count_text, kind_style

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recon.report.facts import ColumnFacts, Facts

MOST_ROWS: Final = 1000  # differences that are listed; the CSV has all that are stored
_CSS: Final = """
body{font:15px/1.45 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#0e1620}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}
th,td{border-bottom:1px solid #d5dbe1;padding:.3rem .5rem;text-align:left;vertical-align:top}
th{background:#f5f7f9}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.v{font-size:1.3rem;font-weight:600}.null{font-style:italic}caption{text-align:left;font-weight:600}
.t{white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate}
"""


def html_page(facts: Facts) -> bytes:
    """The page in UTF-8. Everything that comes from data or scripts is escaped."""
    title = f"{facts.run.table} · {facts.run.variant}: {facts.verdict}"
    parts = [
        f"<h1>{escape(facts.run.table)} · {escape(facts.run.variant)}</h1>",
        f"<p class='v'>{escape(facts.verdict)}</p><p>{escape(facts.sentence)}</p>",
        f"<p>{escape(facts.approximation)}</p>" if facts.approximation else "",
        _list("Reasons", facts.result.reasons),
        _table("Numbers", ("", "", ""), [(t.label, t.value, t.note) for t in facts.tiles]),
        _list("Scope", facts.scope),
        _table("Left out", ("Reason", "Columns"), [(why, ", ".join(names)) for why, names in facts.left_out]),
        _list("Not compared", facts.not_compared),
        _table("Columns", _COLUMNS, [_column(column) for column in facts.columns]),
        _table("Schema", ("Finding", "Column", "Detail"), facts.schema),
        _table("Likely causes", ("Where", "Cause", "How sure", "Why"), _causes(facts)),
        _differences(facts),
        _list("Notes", facts.result.notes),
        _table("Run", ("", ""), facts.run_facts),
        _table("Way of the data", ("Table", "Role", "Place", "Rows", "Bytes", "SHA-256"), _way(facts)),
        _table(
            "Steps",
            ("Step", "Seconds", "Rows", "Size"),
            [(t.step, t.seconds, t.rows, t.size) for t in facts.timings],
        ),
        f"<p>Content hash {escape(facts.content_hash)} · recon {escape(facts.tool_version)}</p>",
    ]
    page = (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{escape(title)}</title>"
        f"<style>{_CSS}</style></head><body>{''.join(parts)}</body></html>\n"
    )
    return page.encode("utf-8", errors="replace")


_COLUMNS: Final = (
    "Column", "Synapse", "Databricks", "Role", "Rule", "Compared", "Differing", "Forgiven", "Equal", "Kinds",
)  # fmt: skip


def _column(column: ColumnFacts) -> Sequence[str]:
    kinds = ", ".join(f"{style.label} {count_text(cells)}" for style, cells, _ in column.kinds)
    name = f"{column.name} → {column.candidate_name}" if column.candidate_name else column.name
    counts = (count_text(n) for n in (column.compared, column.mismatches, column.forgiven))
    types = (column.baseline_type, column.candidate_type)
    return (name, *types, column.role, column.rule, *counts, column.equal_share, kinds)


def _causes(facts: Facts) -> list[Sequence[str]]:
    return [(c.scope, c.cause, c.confidence, c.hint) for c in facts.result.causes]


def _way(facts: Facts) -> list[Sequence[str]]:
    return [
        (a.table, a.role, a.place, count_text(a.rows), count_text(a.bytes) if a.bytes else "", a.sha256)
        for a in facts.result.manifest
    ]


def _differences(facts: Facts) -> str:
    if not facts.differences:
        return ""
    head = ("Kind", "Column", "Segment", "Key", "Synapse", "Databricks")
    rows: list[Sequence[str | None]] = []
    for each in facts.differences[:MOST_ROWS]:
        key = ", ".join(f"{name} = {'NULL' if value is None else value}" for name, value in each.key.items())
        column = "whole row" if each.column == WHOLE_ROW else each.column
        rows.append((kind_style(each.kind).label, column, each.segment, key, each.baseline, each.candidate))
    more = len(facts.differences) - len(rows)
    said = completeness(facts) + (f" The first {count_text(len(rows))} are listed." if more else "")
    return _table("Differences", head, rows) + f"<p>{escape(said)}</p>"


def _list(title: str, lines: Iterable[str]) -> str:
    items = "".join(f"<li class='t'>{escape(line)}</li>" for line in lines)
    return f"<h2>{escape(title)}</h2><ul>{items}</ul>" if items else ""


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str | None]]) -> str:
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    if not body:
        return ""
    names = "".join(f"<th scope='col'>{escape(name)}</th>" for name in head) if any(head) else ""
    return f"<table><caption>{escape(title)}</caption><tr>{names}</tr>{body}</table>"


def _cell(value: str | None) -> str:
    if value is None:
        return "<td class='null'>NULL</td>"
    return f"<td class='t'>{escape(value)}</td>"
