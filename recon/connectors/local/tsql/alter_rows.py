"""UPDATE and DELETE.

UPDATE .. FROM and DELETE .. FROM join first and then change each row of the target once, through DuckDB's
rowid. Where several rows match one, T-SQL takes any of them; that is noted when their values differ.
https://learn.microsoft.com/en-us/sql/t-sql/queries/update-transact-sql#best-practices
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.catalog import TableDef
from recon.connectors.local.tsql.changed import Changed, first_rows, images, keep_rows, put_out
from recon.connectors.local.tsql.context import settle, watch
from recon.connectors.local.tsql.dml import assigned, named_parts, row_id, target_table
from recon.connectors.local.tsql.duck import binary, column, equal, fn, name, num, subquery
from recon.connectors.local.tsql.expr import known
from recon.connectors.local.tsql.from_clause import base_source, relations
from recon.connectors.local.tsql.predicate import filtering
from recon.connectors.local.tsql.query import common_tables
from recon.connectors.local.tsql.scope import Env, Probe, Source
from recon.sqlscript.tsql_parse import line_of

if TYPE_CHECKING:
    from recon.connectors.local.tsql.catalog import ColumnDef
    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.session import Session
    from recon.sqlscript.tsql_extras import Extras

SEVERAL = (
    "several rows match one row of the target with different values; which of them wins is not defined in"
    " T-SQL"
)


@dataclass(frozen=True, slots=True)
class _Change:
    """The rows of the target that a statement changes: `rid` is DuckDB's row number in the joined query."""

    env: Env
    target: TableDef
    source: Source
    rid: Tree
    tree: exp.Select
    joined: bool
    columns: dict[str, str]  # what the statement may set -> the target's column


def update(session: Session, env: Env, node: exp.Update, extras: Extras) -> Changed:
    """UPDATE: each row of the target once."""
    known(env, node, "this", "expressions", "from_", "where", "with_")
    change = _change(env, node, node.this)
    sets = [_assignment(change, item) for item in node.expressions]
    if len({c.name for c, _ in sets}) != len(sets):
        env.refuse(node, "a column is set twice", "264")
    chosen = change.tree
    chosen.append("expressions", exp.alias_(change.rid, "rid", quoted=True))
    for i, (_, new) in enumerate(sets):
        chosen.append("expressions", exp.alias_(new, f"v{i}", quoted=True))
    if change.joined:
        _watch_several(change, node, chosen, len(sets))
    picked = ["rid", *(f"v{i}" for i in range(len(sets)))]
    once: Tree = exp.select(*(column("j", c) for c in picked))
    once = once.from_(subquery(chosen, "j")).distinct(column("j", "rid"))
    watch(env)
    once = first_rows(env, node, extras, once, picked)
    kept = None
    if extras.output:
        kept = images(
            env, change.target, keep_rows(session, _before_and_after(change, sets, once)), old=True, new=True
        )
        once = exp.select(*(name(c) for c in picked)).from_(exp.Table(this=name(kept.real)))
    output = put_out(env, extras, kept)
    changed = exp.Update(
        this=_aliased(change.target, "z"),
        expressions=[
            exp.EQ(this=name(c.name), expression=column("y", f"v{i}")) for i, (c, _) in enumerate(sets)
        ],
        from_=exp.From(this=subquery(once, "y")),
        where=exp.Where(this=equal(row_id("z"), column("y", "rid"))),
    )
    rows = session.changed(changed)
    settle(env, rows)
    return Changed(rows, output, kept.real if kept else "")


def _aliased(target: TableDef, alias: str) -> exp.Table:
    return exp.Table(**{**target.tree.args, "alias": exp.TableAlias(this=name(alias))})


def _before_and_after(change: _Change, sets: list[tuple[ColumnDef, Tree]], once: Tree) -> Tree:
    """The rows to update with all their old and new values."""
    at = {c.name: i for i, (c, _) in enumerate(sets)}
    cells: list[Tree] = [column("y", "rid"), *(column("y", f"v{i}") for i in range(len(sets)))]
    for i, made in enumerate(change.target.columns):
        old = column("z", made.name)
        new = column("y", f"v{at[made.name]}") if made.name in at else old.copy()
        cells += [exp.alias_(old, f"o{i}", quoted=True), exp.alias_(new, f"n{i}", quoted=True)]
    chosen = exp.select(*cells).from_(subquery(once, "y"))
    return chosen.join(_aliased(change.target, "z"), on=equal(row_id("z"), column("y", "rid")))


def _watch_several(change: _Change, node: Tree, chosen: exp.Select, count: int) -> None:
    different = fn(
        "count", exp.Distinct(expressions=[fn("row", *(column("j", f"v{i}") for i in range(count)))])
    )
    probe = exp.select(num(1)).from_(subquery(chosen.copy(), "j"))
    probe.set("group", exp.Group(expressions=[column("j", "rid")]))
    probe.set("having", exp.Having(this=binary(exp.GT, different, num(1))))
    line = line_of(node, change.env.ctx.line)
    change.env.ctx.probes.append(Probe(probe.limit(1), SEVERAL, line))


def _assignment(change: _Change, item: Tree) -> tuple[ColumnDef, Tree]:
    env = change.env
    if not isinstance(item, exp.EQ) or not isinstance(item.this, exp.Column):
        return env.refuse(item, "only columns can be set here")
    named = change.columns.get(item.this.name.casefold())
    if named is None:
        return env.refuse(item, f"{change.target.name} has no column {item.this.name}", "207")
    made = change.target.column(named)
    assert made is not None  # noqa: S101 (for the type checker: the names are the table's)
    if made.identity:
        env.refuse(item, f"{made.name} is an IDENTITY column and cannot be set", "8102")
    return made, assigned(env, item, made, change.source)


def delete(session: Session, env: Env, node: exp.Delete, extras: Extras) -> Changed:
    """DELETE: the rows of one table, found through others if FROM names them."""
    known(env, node, "this", "tables", "where", "with_")
    tables = node.args.get("tables") or []
    named = tables[0] if tables else node.this
    if tables and node.this:
        node.set("from_", exp.From(this=node.this))
    change = _change(env, node, named)
    change.tree.append("expressions", exp.alias_(change.rid, "rid", quoted=True))
    watch(env)
    gone: Tree = exp.select(column("j", "rid")).from_(subquery(change.tree, "j")).distinct()
    gone = first_rows(env, node, extras, gone, ["rid"])
    kept = None
    if extras.output:
        kept = images(env, change.target, keep_rows(session, _before(change, gone)), old=True, new=False)
        gone = exp.select(name("rid")).from_(exp.Table(this=name(kept.real)))
    output = put_out(env, extras, kept)
    there = exp.In(this=row_id("z"), query=exp.Subquery(this=gone))
    rows = session.changed(exp.Delete(this=_aliased(change.target, "z"), where=exp.Where(this=there)))
    return Changed(rows, output, kept.real if kept else "")


def _before(change: _Change, gone: Tree) -> Tree:
    """The rows to delete with all their values."""
    columns = enumerate(change.target.columns)
    before = [exp.alias_(column("z", c.name), f"o{i}", quoted=True) for i, c in columns]
    rows = exp.select(exp.alias_(row_id("z"), "rid", quoted=True), *before)
    there = exp.In(this=row_id("z"), query=exp.Subquery(this=gone))
    return rows.from_(_aliased(change.target, "z")).where(there)


def _change(env: Env, node: Tree, named: exp.Table) -> _Change:
    """Find the target and join what FROM joins to it."""
    ctes = common_tables(env, node)
    scope, first, joins = relations(Env(env.ctx), node)
    parts = named_parts(env, named)
    source = next((s for s in scope.sources if s.answers_to(parts)), None)
    tree = exp.Select()
    if source is None and len(parts) == 1 and parts[0].casefold() in env.ctx.ctes:
        made = _through_cte(env, node, parts[0], scope, first, joins)
    elif source is not None and not source.base:
        return env.refuse(node, f"{'.'.join(parts)} is a query; changing rows through it is not supported")
    else:
        made = _direct(env, named, parts, scope, source, first, joins)
    tree = made.tree
    if ctes:
        tree.set("with_", exp.With(expressions=ctes))
    where = node.args.get("where")
    if where is not None:
        tree.set("where", exp.Where(this=filtering(made.env, where.this)))
    return made


def _direct(
    env: Env,
    named: exp.Table,
    parts: tuple[str, ...],
    scope: Env,
    source: Source | None,
    first: Tree | None,
    joins: list[Tree],
) -> _Change:
    if source is None:
        target = target_table(env, named)
        alias = env.ctx.alias()
        called = (_alias(named),) if _alias(named) else parts
        if not _alias(named) and target.schema:
            called = (target.schema, target.name)
        source = base_source(env, target, alias, called)
        own = exp.Table(**{**target.tree.args, "alias": exp.TableAlias(this=name(alias))})
        joins = [exp.Join(this=first.this, kind="CROSS"), *joins] if first is not None else []
        first = exp.From(this=own)
        scope = scope.see((source, *scope.sources))
    else:
        found = env.ctx.catalog.objects.get(source.base) or env.ctx.catalog.get((source.base,))
        if not isinstance(found, TableDef):
            return env.refuse(named, f"{'.'.join(parts)} cannot be changed here")
        target = found
    tree = exp.Select(from_=first, joins=joins)
    columns = {c.name.casefold(): c.name for c in target.columns}
    return _Change(scope, target, source, row_id(source.alias), tree, len(scope.sources) > 1, columns)


def _alias(node: Tree) -> str:
    alias = node.args.get("alias")
    return alias.name if alias is not None else ""


def _through_cte(
    env: Env, node: Tree, named: str, scope: Env, first: Tree | None, joins: list[Tree]
) -> _Change:
    """`WITH c AS (SELECT ... FROM t) DELETE FROM c`: the rows of t behind those of c."""
    real, inner = env.ctx.ctes[named.casefold()]
    if first is not None or joins or not isinstance(inner.tree, exp.Select):
        return env.refuse(node, f"changing rows through {named} is supported for a plain query only")
    origins = {o.origin[0] for o in inner.outputs if o.origin}
    tables = [t for t in inner.tree.find_all(exp.Table) if t.alias in origins]
    target = env.ctx.catalog.stored(tables[0]) if len(tables) == 1 else None
    plain = not any(inner.tree.args.get(k) for k in ("group", "distinct", "limit", "with_", "having"))
    if target is None or not plain:
        return env.refuse(node, f"changing rows through {named} is supported for one table only")
    inner.tree.append("expressions", exp.alias_(row_id(tables[0].alias), "rid", quoted=True))
    alias = env.ctx.alias()
    source = Source(alias, (named,), inner.fields())
    tree = exp.Select(from_=exp.From(this=exp.Table(this=name(real), alias=exp.TableAlias(this=name(alias)))))
    columns = {o.name.casefold(): o.origin[1] for o in inner.outputs if o.origin}
    return _Change(scope.see((source,)), target, source, column(alias, "rid"), tree, False, columns)
