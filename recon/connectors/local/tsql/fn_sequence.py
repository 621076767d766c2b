"""NEXT VALUE FOR: a number of a sequence, a fresh one for each row of a statement.

https://learn.microsoft.com/en-us/sql/t-sql/functions/next-value-for-transact-sql
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.catalog import key_of
from recon.connectors.local.tsql.duck import binary, cast, fn, num, plus, times
from recon.connectors.local.tsql.functions import Call, function
from recon.connectors.local.tsql.scope import Typed
from recon.sqlscript.tokens import solid, tokenize
from recon.sqlscript.tsql_header import object_name
from recon.sqlscript.tsql_options import NEXT_VALUE

if TYPE_CHECKING:
    from recon.connectors.local.tsql.duck import Tree

_NUMBERED = "a sequence begins here at its START; at Synapse it goes on from where it stands"


@function(NEXT_VALUE)
def next_value(call: Call) -> Typed:
    """The next number."""
    return numbered(call, exp.Window(this=fn("row_number"), over="OVER"))


def numbered(call: Call, rank: Tree) -> Typed:
    """The numbers of a sequence, given to rows by their rank. `settle` counts them afterwards."""
    env = call.env
    parts, _ = object_name(solid(tokenize(call.args[0].name, env.ctx.file)), 0)
    found = env.ctx.session.sequences.get(key_of(parts)) if parts else None
    if found is None:
        return env.refuse(call.node, f"there is no sequence {'.'.join(parts)}", "208")
    env.ctx.sequences.add(key_of(parts))
    env.note(call.node, _NUMBERED)
    steps = times(binary(exp.Sub, rank, num(1)), num(found.step))
    return Typed(cast(plus(steps, num(found.following)), found.type), found.type)
