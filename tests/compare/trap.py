"""One trap: two small tables, everything that may be said of them, and how that is held against an engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import pyarrow as pa

from recon.model import Rule, Tolerance, ToleranceKind
from recon.model_result import Verdict
from tests.compare.tables import Bench, column


@dataclass(frozen=True)
class Trap:
    """`columns` is "name kind, name kind"; `others` the candidate's where they are not the same.

    `kinds` and `forgiven` are by column, `repeated` and `nulls` by side: distinct keys that repeat, rows
    with a NULL in a key. `wrong` are the columns missing, extra, not comparable, and changed in type.
    """

    name: str
    origin: str
    columns: str | tuple
    baseline: list
    candidate: list
    verdict: Verdict
    others: str | tuple = ""
    keys: tuple[str, ...] = ("k",)
    rules: dict = field(default_factory=dict)
    declared: tuple = ((), ())
    equal: int = 0
    differing: int = 0
    missing: int = 0
    extra: int = 0
    repeated: tuple[int, int] = (0, 0)
    nulls: tuple[int, int] = (0, 0)
    kinds: dict = field(default_factory=dict)
    forgiven: dict = field(default_factory=dict)
    wrong: dict = field(default_factory=dict)
    match: float | str | None = "any"


def parsed(columns):
    """`columns` as (name, kind)."""
    if isinstance(columns, tuple):
        return columns
    return tuple(tuple(c.rsplit(" ", 1)) for c in columns.split(", "))


def arrow(columns, rows):
    """The rows as Arrow."""
    data = zip(*rows, strict=True) if rows else [()] * len(columns)
    arrays = [column(kind, list(values)) for (_, kind), values in zip(columns, data, strict=True)]
    return pa.Table.from_arrays(arrays, [name for name, _ in columns])


def run(trap, bench, **options):
    """The comparison of a trap; `options` go to `compare`."""
    ours = parsed(trap.columns)
    theirs = parsed(trap.others) if trap.others else ours
    return bench.compare(
        arrow(ours, trap.baseline),
        arrow(theirs, trap.candidate),
        keys=trap.keys,
        rules=trap.rules,
        declared=trap.declared,
        **options,
    )


def check(trap, engine, folder, **options):
    """Run the trap on the engine and hold everything that is said against what was reckoned; the result."""
    result = run(trap, Bench(engine, folder), **options)
    assert said(result) == reckoned(trap)
    assert result.verdict is trap.verdict, result.reasons
    assert trap.match in {"any", result.match_percentage}
    kept = [(s.column, s.cause) for s in result.samples]
    for c in result.columns:
        assert {k.cause: k.cells for k in c.causes} == {
            kind: kept.count((c.name, kind)) for kind in {k.cause for k in c.causes}
        }
    return result


def said(result):
    """Everything that was counted, without what is nought."""
    r, s = result.rows, result.schema
    assert r.baseline == r.paired + r.missing and r.candidate == r.paired + r.extra
    assert r.paired == r.equal + r.differing
    return {
        "rows": (r.baseline, r.candidate, r.equal, r.differing, r.missing, r.extra),
        "repeated": (r.duplicate_keys.baseline, r.duplicate_keys.candidate),
        "nulls": (r.null_keys.baseline, r.null_keys.candidate),
        "kinds": {c.name: {k.cause: k.cells for k in c.causes} for c in result.columns if c.mismatches},
        "forgiven": {c.name: c.forgiven for c in result.columns if c.forgiven},
        "wrong": {
            word: set(names)
            for word, names in (
                ("missing", s.missing_columns),
                ("extra", s.extra_columns),
                ("incomparable", s.not_comparable),
                ("changed", [t.column for t in s.type_changes]),
                ("ignored", [i.column for i in s.ignored]),
            )
            if names
        },
    }


def reckoned(trap):
    """The same, from the trap."""
    sides = len(trap.baseline), len(trap.candidate)
    return {
        "rows": (*sides, trap.equal, trap.differing, trap.missing, trap.extra),
        "repeated": trap.repeated,
        "nulls": trap.nulls,
        "kinds": trap.kinds,
        "forgiven": trap.forgiven,
        "wrong": trap.wrong,
    }


def tolerance(kind, amount):
    return Rule(tolerance=Tolerance(ToleranceKind(kind), Decimal(amount)))


def value(n):
    return {"value": n}
