"""Table variables and ROLLBACK: it takes their rows away no more than a variable's value.

"Transactions involving table variables last only for the duration of an update on the table variable":
https://learn.microsoft.com/en-us/sql/t-sql/data-types/table-transact-sql

For DuckDB they are tables like any other. So within a transaction their rows are read out after each change,
and put back once DuckDB has rolled back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql import ddl
from recon.connectors.local.tsql.duck import name

if TYPE_CHECKING:
    from recon.connectors.local.tsql.session import Session

_KEPT = "recon kept"


def rollback(session: Session) -> None:
    """ROLLBACK that leaves table variables as they are. Failure as `Session.rollback`."""
    # After an error of DuckDB's nothing can be read, but then all was kept before the statement that failed.
    # After a THROW, which DuckDB knows nothing of, the last change is still to be read.
    session.keep_changed()
    kept = dict(session.kept)
    frames = session.catalog.frames
    declared = [(n, key, table) for n, frame in enumerate(frames) for key, table in frame.items()]
    session.rollback()
    for n, key, table in declared:
        rows = kept.get(table.real)
        if rows is None or not key.startswith("@"):
            continue
        frame = session.catalog.frames[n]
        if frame.get(key) is table:
            session.execute(exp.Delete(this=table.tree))
        else:
            session.execute(ddl.creation(session, table, None))
            frame[key] = table
        session.con.register(_KEPT, rows)
        every = exp.Select(expressions=[exp.Star()], from_=exp.From(this=exp.Table(this=name(_KEPT))))
        session.execute(exp.Insert(this=table.tree, expression=every))
        session.con.unregister(_KEPT)
