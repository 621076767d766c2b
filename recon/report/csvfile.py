r"""The stored differences as CSV: exact for programs, or harmless for Excel.

Exact: UTF-8, every value in quotes and untouched, NULL as `\N` without quotes, so that the text `\N` is
another thing. Excel: UTF-8 with BOM, NULL as `<NULL>`, and an apostrophe before whatever a spreadsheet
would run as a formula (https://owasp.org/www-community/attacks/CSV_Injection).
Lines end in CR LF (https://www.rfc-editor.org/rfc/rfc4180).
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from recon.report.vocabulary import count_text, plural

if TYPE_CHECKING:
    from recon.report.facts import Difference, Facts

_BEFORE_KEY = ("run_id", "table", "variant", "kind", "column", "segment")
_AFTER_KEY = ("synapse", "databricks")
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def differences_csv(facts: Facts, *, excel: bool) -> bytes:
    """One header line, then one line a difference in the order given.

    Columns: run_id, table, variant, kind, column, segment, one for each key, synapse, databricks.
    """
    keys = key_columns(facts)
    write = _excel if excel else _exact
    run = (facts.result.run_id or facts.run.id, facts.run.table, facts.run.variant)
    out = io.StringIO(newline="")
    header = (*_BEFORE_KEY, *(_header(key) for key in keys), *_AFTER_KEY)
    out.write(",".join(map(write, header)) + "\r\n")
    for row in facts.differences:
        out.write(",".join(map(write, (*run, *_values(row, keys)))) + "\r\n")
    return out.getvalue().encode("utf-8-sig" if excel else "utf-8")


def key_columns(facts: Facts) -> tuple[str, ...]:
    """The names of the key as the differences spell them; the run's own when there is no difference."""
    return tuple(facts.differences[0].key) if facts.differences else facts.keys


def completeness(facts: Facts) -> str:
    """Whether the file holds every difference, in words: "all 31 differences" or "400 of 391,057 ..."."""
    stored, total = len(facts.differences), facts.differences_total
    forgiven = sum(column.forgiven for column in facts.result.columns)
    apart = f" {plural(forgiven, 'cell')} equal only by a rule: not among them." if forgiven else ""
    if stored == total:
        return f"Complete: all {count_text(total)} differences.{apart}"
    return f"A stored sample: {count_text(stored)} of {count_text(total)} differences.{apart}"


def _header(key: str) -> str:
    return f"key: {key}" if key in (*_BEFORE_KEY, *_AFTER_KEY) else key


def _values(row: Difference, keys: tuple[str, ...]) -> tuple[str | None, ...]:
    key = (row.key[name] for name in keys)
    return (row.kind, row.column, row.segment, *key, row.baseline, row.candidate)


def cell(value: str | None) -> str:
    """A value of an exact CSV: in quotes, NULL without."""
    return _exact(value)


def _exact(value: str | None) -> str:
    return r"\N" if value is None else _quoted(value)


def _excel(value: str | None) -> str:
    if value is None:
        return _quoted("<NULL>")
    return _quoted(f"'{value}" if value.startswith(_FORMULA) else value)


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
