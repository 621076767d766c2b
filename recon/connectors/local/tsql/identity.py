"""IDENTITY: the numbers that a table gives its rows, and those that a script puts in their place.

What was given is never taken back, not even by a ROLLBACK.
https://learn.microsoft.com/en-us/sql/t-sql/statements/create-table-transact-sql-identity-property#remarks
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.duck import binary, cast, column, fn, name, num, plus, times

if TYPE_CHECKING:
    from recon.connectors.local.tsql.catalog import ColumnDef, TableDef
    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env
    from recon.connectors.local.tsql.session import Session

_BELOW_SEED = (
    "a value before the seed of an IDENTITY is inserted into a table that gave no number yet: that SQL Server"
    " still begins with the seed is not proven here"
)


def identity_of(target: TableDef) -> ColumnDef | None:
    """The IDENTITY column of a table, None if it has none."""
    return next((c for c in target.columns if c.identity), None)


def takes_values(session: Session, target: TableDef) -> bool:
    """Whether SET IDENTITY_INSERT is ON for the table."""
    return target.number in session.identity_insert and identity_of(target) is not None


def check_given(env: Env, node: Tree, target: TableDef, made: ColumnDef, *, given: bool) -> None:
    """Refuse values for an IDENTITY column where it must have none, and none where it must have some.

    https://learn.microsoft.com/en-us/sql/relational-databases/errors-events/database-engine-events-and-errors
    """
    on = takes_values(env.ctx.session, target)
    if given and not on:
        env.refuse(node, f"{made.name} is an IDENTITY column; SET IDENTITY_INSERT is OFF", "544")
    if on and not given:
        message = f"{made.name} is an IDENTITY column; SET IDENTITY_INSERT is ON: its values must be given"
        env.refuse(node, message, "545")


def numbered(env: Env, node: Tree, target: TableDef, made: ColumnDef) -> Tree:
    """The numbers that come next, one for each row of a query."""
    env.note(node, f"IDENTITY numbers the rows as they come; Synapse gives {made.name} other values")
    seed, step = made.identity or (1, 1)
    rank = exp.Window(this=fn("row_number"), over="OVER")
    steps = times(binary(exp.Sub, rank, num(1)), num(step))
    return cast(plus(steps, num(env.ctx.session.identities.get(target.number, seed))), made.type)


def count_numbered(session: Session, target: TableDef, rows: int) -> None:
    """So many numbers are given."""
    made = identity_of(target)
    if made is None or made.identity is None or not rows:
        return
    seed, step = made.identity
    following = session.identities.get(target.number, seed) + step * rows
    session.identities[target.number] = following
    session.identity = following - step


def count_given(session: Session, target: TableDef, rows: exp.Table, label: str) -> str:
    """These rows came with their values in the column `label`. Numbering goes on behind the furthest of them
    if that is beyond what the table gave before; the note to make, if any.

    https://learn.microsoft.com/en-us/sql/t-sql/statements/set-identity-insert-transact-sql#remarks
    """
    made = identity_of(target)
    if made is None or made.identity is None:
        return ""
    seed, step = made.identity
    cell = exp.Column(this=name(label))
    found = session.first(exp.select(fn("max" if step > 0 else "min", cell)).from_(rows.copy()))
    if found is None or found[0] is None:
        return ""
    furthest, following = int(found[0]), session.identities.get(target.number)
    if following is None and (furthest - seed) * step < 0:
        return _BELOW_SEED
    if following is None or (furthest - (following - step)) * step > 0:
        session.identities[target.number] = furthest + step
    return ""


def last_given(session: Session, rows: exp.Table, label: str) -> None:
    """SCOPE_IDENTITY() is the last value inserted into an IDENTITY column, whoever gave it.

    https://learn.microsoft.com/en-us/sql/t-sql/functions/scope-identity-transact-sql
    """
    last = exp.select(column(rows.alias_or_name, label)).from_(rows.copy())
    found = session.first(last.order_by(exp.Ordered(this=name("rowid"), desc=True)).limit(1))
    if found is not None and found[0] is not None:
        session.identity = int(found[0])
