"""Many small comparisons as the columns of one table, on both engines."""

from __future__ import annotations

import dataclasses
import os

import pyarrow.parquet as pq

from recon.model import Rule
from tests.compare.tables import table

# A comparison costs Spark some seconds, whatever its size: a part of the traps, or all that there are when asked.
EVERY = bool(os.environ.get("RECON_EVERY_TRAP"))
LOT = 20  # columns in one comparison


def lots(pairs):
    """The pairs in lots that are compared at once."""
    return [pairs[start : start + LOT] for start in range(0, len(pairs), LOT)]


def side_by_side(pairs):
    """`pairs` are (kind, values, kind, values, rule or None, declared): the arguments of `Bench.compare`."""
    rows = max(len(p[1]) for p in pairs)
    frames = [{"k": ("int", list(range(rows)))} for _ in range(2)]
    rules, declared = {}, ([], [])
    for n, (kind, values, other_kind, others, rule, types) in enumerate(pairs):
        for side, (name, column) in enumerate(((kind, values), (other_kind, others))):
            frames[side][f"p{n}"] = (name, [*column, *[None] * (rows - len(column))])
            if types[side]:
                declared[side].append((f"p{n}", types[side]))
        rules[f"p{n}"] = rule or Rule()
    return [table(**f) for f in frames], {"rules": rules, "declared": tuple(map(tuple, declared))}


def same_result(benches, *frames, tmp_path=None, **options):
    """Compare on both engines and hold every fact of the one against the other; DuckDB's result."""
    found = []
    for n, bench in enumerate(benches):
        file = tmp_path / f"differences{n}.parquet" if tmp_path else None
        found.append((bench.compare(*frames, differences=file, **options), file))
    one, other = (result for result, _ in found)
    for field in dataclasses.fields(one):
        assert getattr(other, field.name) == getattr(one, field.name), field.name
    if tmp_path:
        kept = [pq.read_table(file) for _, file in found]
        assert kept[0].column_names == kept[1].column_names
        assert kept[0].to_pylist() == kept[1].to_pylist()
    return one
