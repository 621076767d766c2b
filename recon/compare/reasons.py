"""All likely reasons of a comparison: for rows, for columns, for the schema, and what stays unexplained."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import trees as t
from recon.compare.alone import Alone
from recon.compare.causes import LIKELY, POSSIBLE
from recon.compare.detect import Finding, cause, findings
from recon.compare.detect_rows import row_causes
from recon.compare.where import joined
from recon.model_result import UNEXPLAINED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from recon.compare.pairing import Paired
    from recon.compare.plan import Plan
    from recon.compare.queries import Which
    from recon.model import TableRef
    from recon.model_result import Cause, ColumnResult, RowCounts
    from recon.ports import Comparer

_MOST_RENAMED: Final = 20  # columns of one side that are looked at
# Of these the column's own value tells nothing new, or the reason says all there is to say.
_OWN_TELLS_NOTHING: Final = {
    "SCALE_FACTOR", "SIGN_FLIP", "DECIMAL_ROUNDING", "FLOAT_PRECISION", "FLOAT_NOISE", "MONEY_PRECISION",
    "INT_DIVISION", "DECIMALS_LOST", "POWER_LOG", "DATE_FORMAT_PARSE", "DATE_ADD_DROPS_TIME", "END_OF_TIME",
    "EMPTY_STRING_NULL", "TYPE_CHANGED", "COLLATION_CASE", "TRAILING_SPACE", "UNICODE_FORM", "ENCODING",
    "ESCAPE", "OVERFLOW_ANSI", "TINYINT", "STRING_TRUNCATION", "STRING_AGG_ORDER",
}  # fmt: skip


def causes(
    engine: Comparer,
    plan: Plan,
    paired: Paired,
    rows: RowCounts,
    columns: Sequence[ColumnResult],
    surplus: Mapping[str, int],
    tables: Mapping[Which, TableRef],
) -> tuple[Cause, ...]:
    """Reasons for rows, for columns with the most cells first, for the schema; what is unexplained last.

    `surplus` counts the missing and extra rows whose key repeats.
    """
    alone = Alone(
        engine=engine,
        plan=plan,
        rows=rows,
        repeated={"b": surplus["missing"], "c": surplus["extra"]},
        tables=tables,
        touched=paired.touched,
        wide=paired.wide,
        twice=paired.repeated,
    )
    found = list(findings(engine, plan, paired.touched, columns, rows.paired))
    placed = [_placed(alone, finding) for finding in _by_size(found)]
    by_column = [finding.cause() for finding in placed]
    schema = list(_schema(engine, plan, tables))
    every = [*row_causes(alone), *by_column, *schema]
    return tuple(sorted(every, key=lambda c: c.cause == UNEXPLAINED))


def _by_size(found: Sequence[Finding]) -> list[Finding]:
    return sorted(found, key=lambda f: -f.count)


def _placed(alone: Alone, finding: Finding) -> Finding:
    """The finding with the rows that it concerns, when one column tells them from the others."""
    cells = finding.cells
    everything = alone.everything("b")
    here = [i for i in alone.columns() if i in {*everything.columns, *alone.plan.keys}]
    extra = [*(t.column(f"b{i}") for i in here), t.column("h")]
    every = cells.query(every=True, extra=extra)
    mine = t.select([t.everything()], t.inner(every, "r"), where=finding.mine)
    others = [i for i in everything.columns if i not in here]
    if others:
        mine = joined(alone.plan, mine, alone.tables["b"], others)
    without = {cells.number} if _own_tells_nothing(finding) else set[int]()
    where = everything.find(mine, finding.count, without)
    if where is None:
        return finding
    placed = replace(finding, where=where.sentence)
    if finding.code == UNEXPLAINED and where.apart:
        return replace(placed, code="CASE_LOGIC_CHANGED", confidence=LIKELY)
    return placed


def _own_tells_nothing(finding: Finding) -> bool:
    """Whether a condition on the column itself would only repeat the reason."""
    null = finding.code == "NULL_NOT_HANDLED" and finding.words.get("side") == "Synapse"
    return null or finding.code in _OWN_TELLS_NOTHING


# --- Columns that only one side has -------------------------------------------------------


def _schema(engine: Comparer, plan: Plan, tables: Mapping[Which, TableRef]) -> Iterator[Cause]:
    missing, extra = plan.schema.missing_columns, plan.schema.extra_columns
    renamed = _renamed(engine, missing, extra, tables)
    for name, (other, why) in renamed.items():
        said = cause("COLUMN_RENAMED", name, column=other, why=why)
        yield replace(said, confidence=LIKELY if why == _BY_NAME else POSSIBLE)
    yield from (cause("COLUMN_MISSING", name) for name in missing)
    yield from (cause("COLUMN_EXTRA", name) for name in extra)


_BY_NAME: Final = "the names differ only in case, blanks and signs"
_BY_CONTENT: Final = "as many values, as many different ones, the same least and greatest"


def _renamed(
    engine: Comparer, missing: Sequence[str], extra: Sequence[str], tables: Mapping[Which, TableRef]
) -> dict[str, tuple[str, str]]:
    """For missing columns the extra column that seems to be the same one, and why; one for each at most."""
    found: dict[str, tuple[str, str]] = {}
    free = {_plain(name): name for name in reversed(extra)}
    for name in missing:
        other = free.pop(_plain(name), None)
        if other is not None:
            found[name] = (other, _BY_NAME)
    named = {other for other, _ in found.values()}
    ours = [n for n in missing if n not in found][:_MOST_RENAMED]
    theirs = [n for n in extra if n not in named][:_MOST_RENAMED]
    if ours and theirs:
        one = _contents(engine, tables["b"], ours)
        other = _contents(engine, tables["c"], theirs)
        for name, content in one.items():
            alike = [n for n, c in other.items() if c == content]
            if len(alike) == 1 and list(one.values()).count(content) == 1:
                found[name] = (alike[0], _BY_CONTENT)
    return found


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def _contents(engine: Comparer, table: TableRef, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Of columns with at least three different values: how many, how many different ones, and their ends."""
    at = {column.name: n for n, column in enumerate(engine.columns(table))}
    rows = t.table(table)
    identifiers = [exp.to_identifier(f"c{n}") for n in range(len(at))]
    rows.set("alias", exp.TableAlias(this=exp.to_identifier("t"), columns=identifiers))
    columns: list[exp.Expr] = []
    for n, name in enumerate(names):
        value = d.as_text(t.column(f"c{at[name]}", "t"))
        columns.append(t.named(exp.Count(this=t.own(value)), f"n{n}"))
        columns.append(t.named(exp.Count(this=exp.Distinct(expressions=[t.own(value)])), f"u{n}"))
        columns.append(t.named(exp.Min(this=t.own(value)), f"low{n}"))
        columns.append(t.named(exp.Max(this=t.own(value)), f"high{n}"))
    [row] = engine.query(t.select(columns, rows))
    return {
        name: tuple(str(row[f"{what}{n}"]) for what in ("n", "u", "low", "high"))
        for n, name in enumerate(names)
        if row[f"u{n}"] >= 3
    }
