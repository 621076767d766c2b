"""Whether all keys of a side are different: of equal sides the dearest question after their fingerprints.

Whole numbers that lie close together, as surrogate keys and numbers of dimensions do, have a slot each in a
string of bits; counting its ones costs a third of counting distinct hashes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import fingerprints, queries
from recon.compare import trees as t
from recon.compare.answers import one_row
from recon.compare.forms import Form

if TYPE_CHECKING:
    from recon.compare.plan import Plan
    from recon.compare.queries import Which
    from recon.model import TableRef
    from recon.ports import Comparer

_MOST_SLOTS: Final = 2**28  # bits: 32 MB for each thread
_SLOTS_PER_ROW: Final = 64  # with more of them, making the bits costs more than the rows


def unique(engine: Comparer, plan: Plan, table: TableRef, which: Which) -> bool:
    """Whether all keys of a side are known to be different. False proves nothing."""
    rows = t.inner(queries.side(plan, which, table, plan.keys), which)
    found = _slots(engine, plan, which, rows)
    if found is not None:
        return found
    distinct = exp.Count(this=exp.Distinct(expressions=[fingerprints.key_hash(plan, which)]))
    counted = one_row(engine, t.select([t.named(distinct, "keys"), t.named(t.rows_counted(), "n")], rows))
    return counted["keys"] == counted["n"]  # different hashes are of different keys


def _slots(engine: Comparer, plan: Plan, which: Which, rows: exp.Expr) -> bool | None:
    """Whether each row has a slot of its own. None when the keys have no slots: NULL never has one."""
    if not plan.keys or any(plan.common(i).form is not Form.INTEGER for i in plan.keys):
        return None
    keys = queries.normals(plan, plan.keys, which)
    ends = [(exp.Min(this=t.own(key)), exp.Max(this=t.own(key))) for key in keys]
    asked = [
        t.named(end, f"{word}{n}")
        for n, both in enumerate(ends)
        for end, word in zip(both, "mM", strict=True)
    ]
    known = one_row(engine, t.select([t.named(t.rows_counted(), "n"), *asked], rows))
    slot: exp.Expr = t.number(0)
    slots = 1
    for n, key in enumerate(keys):
        width = known[f"M{n}"] - known[f"m{n}"] + 1
        slots *= width
        if slots > min(_MOST_SLOTS, _SLOTS_PER_ROW * known["n"]):
            return None
        above = t.operator(exp.Sub, key, t.number(known[f"m{n}"]))
        slot = t.operator(exp.Add, t.operator(exp.Mul, slot, t.number(width)), above)
    counted = [t.named(d.slots_taken(slot, slots), "taken"), t.named(exp.Count(this=slot.copy()), "known")]
    found = one_row(engine, t.select(counted, rows))
    return found["taken"] == known["n"] if found["known"] == known["n"] else None
