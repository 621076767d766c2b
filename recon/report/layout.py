"""What the PDF prints, as plain data for `report.typ`: texts to lay out, never markup.

All cutting happens here, and each cut says how much it left out.
"""

from __future__ import annotations

import json
import math
import unicodedata
from typing import TYPE_CHECKING, Any

from recon.model_result import Kind
from recon.report import keys, totals, wording
from recon.report.facts import way
from recon.report.layout_findings import causes, lint
from recon.report.marks import Parts, marked, plain, soft, visible
from recon.report.marks import short as _text
from recon.report.vocabulary import (
    KINDS,
    LEVEL_LABELS,
    RAMP_LIGHT,
    count_text,
    ink_on,
    plural,
    short_count,
    verdict_style,
)
from recon.report.wording import differing_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recon.model import Script
    from recon.model_result import Sample
    from recon.report.facts import ColumnFacts, Facts
    from recon.report.heatmap import Heatmap
    from recon.report.totals import TotalLine
    from recon.report.vocabulary import KindStyle

MOST_REASONS = 8
MOST_SAMPLES = 240
MOST_SAMPLES_EACH = 12
MOST_ROWS = 40
MOST_ROW_VALUES = 12
MOST_LINES = 400
MOST_MESSAGE = 60
MOST_TOTALS = 60


def layout(facts: Facts) -> dict[str, Any]:
    """The whole document, in the order of its pages."""
    run = facts.run
    return {
        "title": _text(run.table),
        "subtitle": _text(f"Variant {run.variant} · {run.project_name}"),
        "run": _text(facts.result.run_id or run.id),
        "hash": facts.content_hash,
        "tool": f"recon {facts.tool_version}",
        "verdict": _verdict(facts),
        "approximation": _text(facts.approximation),
        "notes": [_text(note) for note in facts.result.notes if note not in facts.scope],
        "tiles": [[tile.label, tile.value, tile.note] for tile in facts.tiles],
        "scope": _capped([_text(line) for line in facts.scope], MOST_REASONS, "rule"),
        "left_out": [[_text(", ".join(names)), _text(reason)] for reason, names in facts.left_out],
        "not_compared": [_text(line) for line in facts.not_compared],
        "reasons": _capped([_text(reason) for reason in facts.result.reasons], MOST_REASONS, "reason"),
        "causes": causes(facts),
        "unexplained": _capped(
            [_text(line) for line in wording.unexplained(facts.result)], MOST_REASONS, "column"
        ),
        "run_facts": [[label, _text(value)] for label, value in facts.run_facts],
        "compared": facts.result.failure is None,
        "map": _map(facts.heatmap) if facts.heatmap else None,
        "kinds": [[*_symbol(style), style.label, style.hard, count_text(n)] for style, n in facts.kinds],
        "columns": [_column(column) for column in facts.columns],
        "schema": [[finding, _text(name), _text(detail)] for finding, name, detail in facts.schema],
        "samples": _samples(facts),
        "rows": [_rows(facts, Kind.MISSING), _rows(facts, Kind.EXTRA)],
        "duplicates": _duplicates(facts),
        "key_advice": [_text(line) for line in keys.advice(facts.result, facts.keys)],
        "totals": _totals(facts),
        "lint": lint(facts),
        "scripts": [_script("Synapse", facts.original), _script("Databricks", facts.variant)],
        "error": _lines(facts.result.failure.error) if facts.result.failure else "",
        "timings": [[t.step, t.seconds, t.rows, t.size] for t in facts.timings],
        "way": [[_text(cell) for cell in row] for row in way(facts.result)],
        "levels": [[label, RAMP_LIGHT[n]] for n, label in enumerate(LEVEL_LABELS)],
    }


def _lines(text: str) -> str:
    """A message with its own lines."""
    return "\n".join(_text(line) for line in text.splitlines()[:MOST_MESSAGE])


def _capped(lines: Sequence[str], most: int, what: str) -> list[str]:
    more = len(lines) - most
    return [
        *lines[:most],
        *([f"… and {plural(more, f'further {what}')}, in the JSON export."] if more > 0 else []),
    ]


def _verdict(facts: Facts) -> dict[str, str]:
    style = verdict_style(facts.verdict)
    return {
        "word": str(facts.verdict),
        "sentence": _text(facts.sentence),
        "hint": _text(facts.result.failure.hint if facts.result.failure else ""),
        "icon": style.icon,
        "ink": style.ink,
        "edge": style.edge,
        "band": style.band,
    }


# --- Where the differences are ------------------------------------------------------------


def _symbol(style: KindStyle) -> list[str]:
    return [style.symbol, style.light]


def _map(heat: Heatmap) -> dict[str, Any]:
    decades = max(1, math.ceil(math.log10(max(row.total for row in heat.rows) + 1)))
    hidden = (
        [f"{plural(heat.hidden, 'further differing column')} in the columns table."] if heat.hidden else []
    )
    equal = [f"{plural(heat.equal, 'column')} without a difference not shown."] if heat.equal else []
    return {
        "axis": _text(heat.segment_column),
        "grouping": _text(heat.grouping),
        "segments": [visible(s)[:16] for s in heat.segments],
        "notes": " ".join(equal + hidden),
        "ticks": [[n / decades, short_count(10**n)] for n in range(decades + 1)],
        "rows": [
            {
                "name": _shortened(visible(row.column), 26 if len(heat.rows) <= 24 else 36),
                "total": short_count(row.total),
                "bar": _log(row.total, decades),
                "dots": [[_log(n, decades), *_symbol(style)] for style, n in row.kinds],
                "cells": [_map_cell(cell.level, cell.text) for cell in row.cells],
            }
            for row in heat.rows
        ],
    }


def _map_cell(level: int | None, text: str) -> list[str]:
    if level is None:
        return ["", "", ""]
    return [RAMP_LIGHT[level], ink_on(RAMP_LIGHT[level]), text]


def _log(n: int, decades: int) -> float:
    return round(math.log10(n) / decades, 5)


def _shortened(text: str, most: int) -> str:
    """The text in at most `most` narrow characters, cut in the middle: endings often tell columns apart."""
    if _width(text) <= most:
        return text
    head, tail = text, ""
    while _width(tail) < most // 3:
        head, tail = head[:-1], head[-1] + tail
    while _width(head) + _width(tail) >= most:
        head = head[:-1]
    return f"{head}…{tail}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


# --- Tables -------------------------------------------------------------------------------


def _column(column: ColumnFacts) -> dict[str, Any]:
    compared = column.role in {"key", "value"}
    nulls = (
        (column.baseline_null, "NULL in Synapse only"),
        (column.candidate_null, "NULL in Databricks only"),
    )
    return {
        "name": _text(column.name) + (f" → {_text(column.candidate_name)}" if column.candidate_name else ""),
        "role": "" if column.role == "value" else column.role,
        "types": [_text(column.baseline_type), _text(column.candidate_type)],
        "rule": _text(column.rule),
        "compared": count_text(column.compared) if compared else "not compared",
        "differs": count_text(column.mismatches) if compared else "",
        "equal": column.equal_share if compared else "",
        "bad": column.mismatches > 0,
        "forgiven": f"{count_text(column.forgiven)} equal by rule" if column.forgiven else "",
        "nulls": [f"{count_text(n)} {what}" for n, what in nulls if n],
        "kinds": [[*_symbol(s), f"{s.label} {count_text(n)}", _text(hint)] for s, n, hint in column.kinds],
    }


def _key(key: dict[str, str | None], names: Sequence[str]) -> str:
    values = (key.get(name) for name in names or key)
    return " · ".join("NULL" if v is None else "(empty)" if v == "" else _short(v) for v in values)


def _short(value: str) -> str:
    return "".join(text for text, _ in plain(value, 40))


def _value(parts: Parts) -> dict[str, Any]:
    return {"parts": [[text, differs] for text, differs in parts]}


def _pair(baseline: str | None, candidate: str | None) -> list[dict[str, Any]]:
    if baseline and candidate:
        return [_value(parts) for parts in marked(baseline, candidate)]
    return [_single(value) for value in (baseline, candidate)]


def _single(value: str | None) -> dict[str, Any]:
    if value is None:
        return {"word": "NULL"}
    return _value(plain(value)) if value else {"word": "empty"}


def _samples(facts: Facts) -> dict[str, Any]:
    """Some samples of each column and kind, the worst columns first, `MOST_SAMPLES` in all."""
    groups: list[dict[str, Any]] = []
    shown = 0
    for column in differing_columns(facts.result):
        mine = [s for s in facts.result.samples if s.column == column.name]
        rows = [row for style in KINDS for row in _first(mine, style.kind)][: MOST_SAMPLES - shown]
        if rows:
            shown += len(rows)
            groups.append(
                {
                    "name": _text(column.name),
                    "count": f"{count_text(len(rows))} of {plural(column.mismatches, 'differing cell')}",
                    "rows": [_sample(row, facts.keys) for row in rows],
                }
            )
    cells = sum(column.mismatches for column in facts.result.columns)
    return {
        "key": _text(" · ".join(facts.keys)),
        "note": f"Showing {count_text(shown)} of {plural(cells, 'differing cell')}, in "
        f"{count_text(len(groups))} of {plural(len(differing_columns(facts.result)), 'differing column')}.",
        "groups": groups,
    }


def _first(samples: Iterable[Sample], kind: Kind) -> list[Sample]:
    return [sample for sample in samples if sample.cause == kind][:MOST_SAMPLES_EACH]


def _sample(sample: Sample, keys: Sequence[str]) -> dict[str, Any]:
    style = next(style for style in KINDS if style.kind == sample.cause)
    return {
        "key": _key(sample.key, keys),
        "values": _pair(sample.baseline, sample.candidate),
        "kind": [*_symbol(style), style.label],
    }


def _rows(facts: Facts, kind: Kind) -> dict[str, Any]:
    """The rows that only one side has: key, and the other values in a line."""
    total = facts.result.rows.missing if kind is Kind.MISSING else facts.result.rows.extra
    stored = [row for row in facts.result.row_samples if row.kind == kind][:MOST_ROWS]
    return {
        "title": "Missing in Databricks" if kind is Kind.MISSING else "Extra in Databricks",
        "note": f"Showing {count_text(len(stored))} of {plural(total, 'row')}.",
        "total": total,
        "key": _text(" · ".join(facts.keys)),
        "rows": [[_key(row.key, facts.keys), _values(row.values, set(row.key))] for row in stored],
    }


def _values(values: dict[str, str | None], without: set[str]) -> str:
    others = [(name, value) for name, value in values.items() if name not in without]
    shown = [
        f"{visible(n)} = {'NULL' if v is None else _short(v) or '(empty)'}"
        for n, v in others[:MOST_ROW_VALUES]
    ]
    more = len(others) - len(shown)
    return "  ·  ".join(shown) + (f"  ·  and {plural(more, 'more value')}" if more else "")


def _duplicates(facts: Facts) -> dict[str, Any]:
    counts = facts.result.rows.duplicate_keys
    stored = facts.result.duplicate_samples[:MOST_ROWS]
    sides = f"{plural(counts.baseline, 'key')} in Synapse and {plural(counts.candidate, 'key')} in Databricks"
    return {
        "note": f"{sides} occur more than once. Showing {count_text(len(stored))}.",
        "total": counts.baseline + counts.candidate,
        "rows": [[_key(s.key, facts.keys), count_text(s.baseline), count_text(s.candidate)] for s in stored],
    }


def _totals(facts: Facts) -> dict[str, Any]:
    """What differs, column by column, then the sums that do not; `MOST_TOTALS` lines in all."""
    lines = totals.lines(facts.result)
    off = totals.differing(lines)
    rest = [line for line in lines if not line.differs and line.total in ("rows", "sum")]
    shown = [*off, *rest][:MOST_TOTALS]
    more = len(lines) - len(shown)
    return {
        "sentence": _text(totals.takeaway(facts.result)),
        "notes": [_text(note) for note in totals.notes(facts.result)[:MOST_REASONS]],
        "more": f"{plural(more, 'further total')} in the CSV of control totals." if more > 0 else "",
        "rows": [_total(line) for line in shown],
    }


def _total(line: TotalLine) -> dict[str, Any]:
    show = _text if line.number else _short  # a number keeps all of its digits
    return {
        "column": _text(line.column) + (f" · {_text(line.segment)}" if line.segment else ""),
        "total": line.name,
        "values": [show(line.baseline), show(line.candidate), _text(line.difference)],
        "differs": line.differs,
        "number": line.number,
    }


def _script(side: str, script: Script | None) -> dict[str, Any] | None:
    if script is None:
        return None
    lines = script.text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4).rstrip("\n").split("\n")
    cut = len(lines) > MOST_LINES
    return {
        "title": f"{side}: {_text(script.path)}",
        "language": "python" if script.path.endswith(".py") else "sql",
        "note": f"The first {MOST_LINES} of {plural(len(lines), 'line')}."
        if cut
        else plural(len(lines), "line"),
        "text": "\n".join(_line(line) for line in lines[:MOST_LINES]),
    }


def _line(line: str) -> str:
    """A line of code with its blanks kept and everything else without ink made visible."""
    return " ".join(soft(visible(word), every=40) for word in line.split(" "))


def as_json(document: dict[str, Any]) -> str:
    """The document as the text that the template reads."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False)
