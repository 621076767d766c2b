"""Which rows can differ at all: a fingerprint per bucket of the key tells, at the price of one scan a side.

A bucket holds the rows whose key hashes to its number. Its fingerprint is how many rows it has and the sum of
a hash over all their compared values, taken without any rule: rows of a bucket with the same fingerprint on
both sides are the same, no cell of them differs and none is forgiven. A hash only skips; what differs, and
how, is always seen on the values themselves.

The sums have 70 bits and more. For two sides that differ at random the chance that one bucket hides it is
below 1 in 10 ** 18.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import queries, rules
from recon.compare import trees as t
from recon.compare.answers import one_row
from recon.compare.forms import Form
from recon.compare.queries import SIDES, WORK, Which, normal, raw
from recon.model import TableRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from recon.compare.plan import Plan
    from recon.ports import Comparer

PRINTS: Final[dict[Which, TableRef]] = {
    "b": TableRef(WORK, "baseline_prints"),
    "c": TableRef(WORK, "candidate_prints"),
}
UNLIKE: Final = TableRef(WORK, "unlike_buckets")
OPEN: Final[dict[Which, TableRef]] = {
    "b": TableRef(WORK, "baseline_open"),
    "c": TableRef(WORK, "candidate_open"),
}
SMALL: Final = 500_000  # rows that may be written to a work table with all their columns
_BUCKET_ROWS: Final = 512
_LEAST_POWER, _MOST_POWER = 4, 18
_AT_ONCE: Final = 200  # columns in one query


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """The rows that may differ. `rows` bounds how many a side has; with 0 both sides have the same rows.
    `place` says where they are: in the "whole" table, "unlike" buckets of it, or "kept" in the tables `OPEN`.
    """

    tables: Mapping[Which, TableRef]
    counts: Mapping[Which, int]  # rows of a whole side
    nulls: Mapping[Which, int]  # of these, with a NULL in the key
    rows: int
    place: str = "whole"
    power: int = 0

    @property
    def small(self) -> bool:
        """Whether all columns of the differing rows may be kept."""
        return self.rows <= SMALL

    def side(self, plan: Plan, which: Which, only: Iterable[int] | None = None) -> exp.Select:
        """The open rows of a side, as `queries.side` gives them."""
        numbers = tuple(range(len(plan.compared)) if only is None else only)
        if self.place == "kept":
            return queries.kept_side(plan, which, OPEN[which], numbers)
        if self.place == "whole":
            return queries.side(plan, which, self.tables[which], numbers)
        return _unlike_rows(plan, which, self.tables[which], self.power, numbers)


def everything(engine: Comparer, plan: Plan, tables: Mapping[Which, TableRef]) -> Open:
    """All rows are open: no hash is taken."""
    rows: dict[Which, int] = {}
    nulls: dict[Which, int] = {}
    for which in SIDES:
        keys = queries.side(plan, which, tables[which], plan.keys)
        found = one_row(engine, queries.side_counts(plan, which, keys))
        rows[which], nulls[which] = found["n"], found["nulls"]
    return Open(tables=tables, counts=rows, nulls=nulls, rows=max(rows.values()))


def unlike(engine: Comparer, plan: Plan, tables: Mapping[Which, TableRef]) -> Open:
    """The rows of the buckets whose fingerprints are not the same on both sides."""
    power = _power(max(_how_many(engine, plan, tables[which], which) for which in SIDES))
    rows: dict[Which, int] = {}
    for which in SIDES:
        engine.save(_prints(plan, which, tables[which], power), PRINTS[which])
        rows[which] = one_row(engine, _summed(PRINTS[which], ["n"]))["n"]
    engine.save(_unlike_buckets(), UNLIKE)
    stake = max(one_row(engine, _summed(UNLIKE, ["nb", "nc"])).values())
    nulls: dict[Which, int] = {}
    for which in SIDES:
        if which == "c" and stake == 0:
            nulls[which] = nulls["b"]  # the same rows
            continue
        keys = queries.side(plan, which, tables[which], plan.keys)
        nulls[which] = one_row(engine, queries.side_counts(plan, which, keys))["nulls"]
    found = Open(tables=tables, counts=rows, nulls=nulls, rows=stake, power=power)
    if stake == 0 or 2 * stake > max(rows.values()):
        return found
    if not found.small:
        return replace(found, place="unlike")
    for which in SIDES:
        engine.save(_kept(plan, which, tables[which], power), OPEN[which])
    return replace(found, place="kept")


def _how_many(engine: Comparer, plan: Plan, table: TableRef, which: Which) -> int:
    rows = queries.side(plan, which, table, ())
    return one_row(engine, t.select([t.named(t.rows_counted(), "n")], t.inner(rows, "r")))["n"]


def _power(rows: int) -> int:
    return min(max((rows // _BUCKET_ROWS).bit_length(), _LEAST_POWER), _MOST_POWER)


def _summed(table: TableRef, names: Sequence[str]) -> exp.Select:
    return t.select([t.named(exp.Sum(this=t.column(n)), n) for n in names], t.table(table))


def _parts(plan: Plan, i: int, which: Which, *, strict: bool = False) -> list[exp.Expr]:
    """What a column's value is hashed from.

    DuckDB hashes a 128-bit integer as the XOR of its halves' hashes, so that -1 and 0 are alike; the nearest
    double tells such values apart. What it does inside nested values is not promised: their text does.
    """
    common = plan.common(i)
    if common.form is Form.INTEGER and common.baseline.stored == common.candidate.stored:
        return [raw(i, which)]  # the form is wider, which costs time and tells nothing more
    if strict and rules.forgives(common, plan.compared[i].rule):
        value = rules.strict(common, queries.type_on(plan, i, which), raw(i, which))
    else:
        value = normal(plan, i, which)
    if common.form is Form.DECIMAL and common.digits + common.scale > 18:
        return [value, d.as_type(value, "DOUBLE")]
    return [value, d.as_text(value)] if common.form is Form.NESTED else [value]


def key_hash(plan: Plan, which: Which) -> exp.Expr:
    """A hash of the row's key: the same for keys that pair."""
    return d.hash64([part for i in plan.keys for part in _parts(plan, i, which)])


def _prints(plan: Plan, which: Which, table: TableRef, power: int) -> exp.Select:
    """One row a bucket: `bucket`, its rows `n`, the sum of their hashes `s`."""
    rows = queries.side(plan, which, table)
    told = set(plan.keys) - set(queries.forgiving(plan))  # the key's hash says what these hold
    values = [
        part
        for i in range(len(plan.compared))
        if i not in told
        for part in _parts(plan, i, which, strict=True)
    ]
    hashed = [
        t.named(d.bucket(key_hash(plan, which), power), "bucket"),
        t.named(d.hash64([key_hash(plan, which), *values]), "h"),
    ]
    columns = [
        t.column("bucket"),
        t.named(t.rows_counted(), "n"),
        t.named(d.hash_sum(t.column("h")), "s"),
    ]
    inner = t.select(hashed, t.inner(rows, which))
    return t.select(columns, t.inner(inner, "r"), group=[t.column("bucket")])


def _unlike_buckets() -> exp.Select:
    one, other = (t.select([t.everything()], t.table(PRINTS[w])) for w in SIDES)
    bucket = t.first_known(t.column("bucket", "b"), t.column("bucket", "c"))
    columns = [t.named(bucket, "bucket")]
    columns += [t.named(t.first_known(t.column("n", w), t.number(0)), f"n{w}") for w in SIDES]
    same = t.all_of(*(t.same(t.column(n, "b"), t.column(n, "c")) for n in ("n", "s")))
    on = t.equals(t.column("bucket", "b"), t.column("bucket", "c"))
    joined = t.join(t.inner(other, "c"), on, "FULL")
    return t.select(columns, t.inner(one, "b"), joins=[joined], where=t.negate(same))


def _unlike_rows(plan: Plan, which: Which, table: TableRef, power: int, numbers: Iterable[int]) -> exp.Select:
    rows = queries.side(plan, which, table, {*numbers, *plan.keys})
    buckets = exp.Subquery(this=t.select([t.column("bucket")], t.table(UNLIKE)))
    among = exp.In(this=d.bucket(key_hash(plan, which), power), query=buckets)
    return t.select([t.everything(which)], t.inner(rows, which), where=among)


def _kept(plan: Plan, which: Which, table: TableRef, power: int) -> exp.Select:
    every = range(len(plan.compared))
    rows = _unlike_rows(plan, which, table, power, every)
    columns = [t.named(raw(i, which), f"v{i}") for i in every] or [t.named(exp.true(), "v")]
    return t.select(columns, t.inner(rows, which))


def keys_alike(engine: Comparer, plan: Plan, open_: Open) -> bool:
    """Whether both sides have the same keys, each as often."""
    sums: list[int] = []
    for which in SIDES:
        keys = queries.side(plan, which, open_.tables[which], plan.keys)
        total = t.named(d.hash_sum(key_hash(plan, which)), "s")
        sums.append(one_row(engine, t.select([total], t.inner(keys, which)))["s"])
    return open_.counts["b"] == open_.counts["c"] and sums[0] == sums[1]


def suspects(engine: Comparer, plan: Plan, open_: Open) -> tuple[int, ...]:
    """The value columns that can have differing cells: those of which the sides have not the same pairs of
    key and value. Only for keys that occur once on each side.
    """
    found: list[int] = []
    for start in range(0, len(plan.values), _AT_ONCE):
        lot = plan.values[start : start + _AT_ONCE]
        one, other = (one_row(engine, _column_sums(plan, which, open_, lot)) for which in SIDES)
        found += [i for i in lot if one[f"s{i}"] != other[f"s{i}"]]
    return tuple(found)


def _column_sums(plan: Plan, which: Which, open_: Open, numbers: Sequence[int]) -> exp.Select:
    rows = open_.side(plan, which, {*numbers, *plan.keys})
    columns = [t.named(key_hash(plan, which), "k")]
    columns += [t.named(_hash_of(plan, i, which), f"h{i}") for i in numbers]
    inner = t.select(columns, t.inner(rows, which))
    sums = [t.named(d.hash_sum(d.hash64([t.column("k"), t.column(f"h{i}")])), f"s{i}") for i in numbers]
    return t.select(sums, t.inner(inner, "r"))


def _hash_of(plan: Plan, i: int, which: Which) -> exp.Expr:
    return d.hash64(_parts(plan, i, which))
