"""Before and beside one statement: what it is translated with, and the questions it leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.for_xml import joined_texts
from recon.connectors.local.tsql.query import query
from recon.connectors.local.tsql.scope import Context, Env

if TYPE_CHECKING:
    from recon.connectors.local.tsql.scope import Probe
    from recon.connectors.local.tsql.session import Session


def fresh(session: Session, file: str, line: int) -> Env:
    """The outermost scope of a new statement."""
    return Env(Context(session.catalog, session, session, file, line, query, joined_texts))


def watch(env: Env) -> None:
    """Ask the probes of a statement, before it changes anything, and note what they find."""
    for probe in env.ctx.probes:
        if _hits(env.ctx, probe):
            env.ctx.session.note(env.ctx.file, probe.line, probe.note)


def _hits(context: Context, probe: Probe) -> bool:
    tree = probe.tree.copy()
    if context.with_list:
        tree.set("with_", exp.With(expressions=[c.copy() for c in context.with_list]))
    return context.session.first(tree) is not None


def settle(env: Env, rows: int) -> None:
    """After a statement: the sequences that it used have given so many numbers."""
    for key in env.ctx.sequences:
        env.ctx.session.sequences[key].taken(rows)
