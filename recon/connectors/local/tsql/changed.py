"""The rows that a statement changes, kept beside their table: what OUTPUT can see, and what MERGE plans.

https://learn.microsoft.com/en-us/sql/t-sql/queries/output-clause-transact-sql
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.duck import column, name, num, subquery
from recon.connectors.local.tsql.query import projection
from recon.connectors.local.tsql.scope import Env, Field, Query, Source
from recon.connectors.local.tsql.top import whole_number
from recon.sqlscript.tokens import Kind, Token
from recon.sqlscript.tsql_parse import expression
from recon.sqlscript.tsql_parse import query as parse_query

if TYPE_CHECKING:
    from recon.connectors.local.tsql.catalog import TableDef
    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.session import Session
    from recon.sqlscript.tsql_extras import Extras

ANY_ROWS = "TOP without an order: which rows it takes is not defined in T-SQL"
ANY_IN_A_LOOP = (
    "TOP without an order, in a loop: should the loop end before all rows are done, it is open which are left"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A temporary table `real` with old values o0, o1 ... and new ones n0, n1 ... of the target's columns."""

    real: str
    sources: tuple[Source, ...]

    @property
    def tree(self) -> exp.Table:
        """Its name for DuckDB, with the alias that `sources` have."""
        return exp.Table(this=name(self.real), alias=exp.TableAlias(this=name(self.sources[0].alias)))


@dataclass(frozen=True, slots=True)
class Changed:
    """How many rows a statement changed; `output`: those of its OUTPUT, from the temporary table `real`."""

    rows: int
    output: Query | None = None
    real: str = ""


def keep_rows(session: Session, tree: Tree) -> str:
    """A temporary table with a query's rows; its name."""
    real = f"recon changed {session.catalog.number()}"
    temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
    made = exp.Create(this=exp.Table(this=name(real)), kind="TABLE", expression=tree, properties=temporary)
    session.execute(made)
    return real


def forget_rows(session: Session, real: str) -> None:
    """Drop what `keep_rows` made."""
    session.execute(exp.Drop(tables=[exp.Table(this=name(real))], kind="TABLE"))


def images(env: Env, target: TableDef, real: str, *, old: bool, new: bool) -> Kept:
    """The rows as `deleted` (old values) and `inserted` (new ones)."""
    alias = env.ctx.alias()
    fields = {
        letter: tuple(Field(c.name, c.type, f"{letter}{i}") for i, c in enumerate(target.columns))
        for letter in "on"
    }
    sources = [Source(alias, ("deleted",), fields["o"])] if old else []
    sources += [Source(alias, ("inserted",), fields["n"])] if new else []
    return Kept(real, tuple(sources))


def put_out(env: Env, extras: Extras, kept: Kept | None) -> Query | None:
    """The rows of an OUTPUT clause, if there is one. Called before anything changes: it may be refused."""
    if kept is None:
        return None
    listed = parse_query(_as_select(extras), env.ctx.line, env.ctx.file)
    seen = Env(env.ctx, kept.sources)
    columns = [c for item in listed.expressions for c in projection(seen, item)]
    cells = [exp.alias_(c.value.tree, f"c{i}", quoted=True) for i, c in enumerate(columns)]
    return Query(exp.select(*cells).from_(kept.tree), tuple(c.output for c in columns))


def _as_select(extras: Extras) -> list[Token]:
    first = extras.output[0]
    return [Token(Kind.NAME, "SELECT", first.offset, first.line), *extras.output]


def first_rows(env: Env, node: Tree, extras: Extras, tree: Tree, columns: list[str]) -> Tree:
    """A query cut to TOP (n), with a note when that leaves rows out."""
    if not extras.top:
        return tree
    most = whole_number(env, node, expression(extras.top, env.ctx.line, env.ctx.file))
    beyond = exp.select(num(1)).from_(subquery(tree.copy(), "k")).limit(1).offset(most)
    if env.ctx.session.first(beyond) is not None:
        env.note(node, ANY_IN_A_LOOP if env.ctx.session.loops else ANY_ROWS)
    return exp.select(*(column("k", c) for c in columns)).from_(subquery(tree, "k")).limit(most)
