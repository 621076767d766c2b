"""INSERT, UPDATE and DELETE.

UPDATE .. FROM and DELETE .. FROM join first and then change each row of the target once, through DuckDB's
rowid. Where several rows match one, T-SQL takes any of them; that is noted when their values differ.
https://learn.microsoft.com/en-us/sql/t-sql/queries/update-transact-sql#best-practices
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.catalog import TableDef, parts_of
from recon.connectors.local.tsql.context import watch
from recon.connectors.local.tsql.convert import assign
from recon.connectors.local.tsql.duck import binary, cast, column, equal, fn, name, num, plus, subquery, times
from recon.connectors.local.tsql.expr import known, value
from recon.connectors.local.tsql.from_clause import base_source, missing, relations, values
from recon.connectors.local.tsql.predicate import filtering
from recon.connectors.local.tsql.query import common_tables, query
from recon.connectors.local.tsql.scope import Env, Output, Probe, Query, Source, Typed
from recon.sqlscript.tsql_parse import expression, line_of

if TYPE_CHECKING:
    from recon.connectors.local.tsql.catalog import ColumnDef
    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.session import Session

SEVERAL = (
    "several rows match one row of the target with different values; which of them wins is not defined in"
    " T-SQL"
)


def row_id(alias: str) -> Tree:
    """DuckDB's number of a row."""
    return exp.Column(this=exp.to_identifier("rowid"), table=name(alias))


def target_table(env: Env, node: Tree) -> TableDef:
    """The base table that a statement changes."""
    parts = named_parts(env, node)
    found = env.ctx.catalog.get(parts)
    if found is None:
        missing(env, node, parts)
    if not isinstance(found, TableDef):
        return env.refuse(node, f"{'.'.join(parts)} is a view; changing rows through it is not supported")
    if found.column("rowid") is not None:
        env.refuse(node, f"{found.name} has a column called rowid, which DuckDB keeps for itself")
    return found


def named_parts(env: Env, node: Tree) -> tuple[str, ...]:
    """The name of the table that a statement changes."""
    plain = isinstance(node, exp.Table) and isinstance(node.this, (exp.Identifier, exp.Parameter))
    return parts_of(node) if plain else env.refuse(node, "a table is expected here")


def default_of(env: Env, made: ColumnDef) -> Typed:
    """The DEFAULT of a column, or NULL."""
    if not made.default:
        return Typed(cast(exp.Null(), made.type), made.type)
    return value(Env(env.ctx), expression(made.default, env.ctx.line, env.ctx.file))


# --- INSERT ---------------------------------------------------------------------------------


def insert(session: Session, env: Env, node: exp.Insert) -> int:
    """INSERT .. SELECT, VALUES or DEFAULT VALUES; how many rows."""
    known(env, node, "this", "expression", "default", "with_")
    ctes = common_tables(env, node)
    schema = node.this
    target = target_table(env, schema.this if isinstance(schema, exp.Schema) else schema)
    listed = [c.name for c in schema.expressions] if isinstance(schema, exp.Schema) else None
    if node.args.get("default"):
        given = Query(exp.select(exp.alias_(num(1), "c0")), ())
        listed = []
    else:
        listed = listed if listed is not None else _filled(session, target)
        given = _rows(env, node, target, listed)
    return fill(session, env, node, target, listed, given, ctes)


def _filled(session: Session, target: TableDef) -> list[str]:
    """The columns that an INSERT without a list gives: all but IDENTITY."""
    return [c.name for c in target.columns if not c.identity or target.number in session.identity_insert]


def _rows(env: Env, node: exp.Insert, target: TableDef, listed: list[str]) -> Query:
    source = node.expression
    if not isinstance(source, exp.Values):
        return query(Env(env.ctx), source)
    defaults = [cell for row in source.expressions for cell in _cells(row) if _is_default(cell)]
    if not defaults:
        return values(env, source)
    if len(source.expressions) > 1:
        env.refuse(node, "DEFAULT in a list of several rows is not supported")
    cells = [
        default_of(env, _column(env, node, target, listed[i])) if _is_default(cell) else value(env, cell)
        for i, cell in enumerate(_cells(source.expressions[0]))
    ]
    tree = exp.select(*(exp.alias_(c.tree, f"c{i}", quoted=True) for i, c in enumerate(cells)))
    return Query(tree, tuple(Output("", c.type) for c in cells))


def _cells(row: Tree) -> list[Tree]:
    return list(row.expressions) if isinstance(row, exp.Tuple) else [row]


def _is_default(cell: Tree) -> bool:
    bare = isinstance(cell, exp.Var) or (isinstance(cell, exp.Column) and not cell.this.args.get("quoted"))
    return bare and cell.name.upper() == "DEFAULT"


def _column(env: Env, node: Tree, target: TableDef, named: str) -> ColumnDef:
    found = target.column(named)
    return found or env.refuse(node, f"{target.name} has no column {named}", "207")


def fill(
    session: Session,
    env: Env,
    node: Tree,
    target: TableDef,
    listed: list[str],
    given: Query,
    ctes: list[exp.CTE],
) -> int:
    """Put a query's rows into a table: converted to the declared types, defaults and IDENTITY added."""
    if given.outputs and len(given.outputs) != len(listed):
        more = "more" if len(given.outputs) > len(listed) else "fewer"
        env.refuse(node, f"the rows have {more} values than there are columns to fill", "213")
    by_name = {_column(env, node, target, n).name: i for i, n in enumerate(listed)}
    if len(by_name) != len(listed):
        env.refuse(node, "a column is listed twice", "264")
    cells = [_cell(session, env, node, target, c, given, by_name.get(c.name)) for c in target.columns]
    chosen = exp.select(*cells).from_(subquery(given.tree, "q"))
    if ctes:
        chosen.set("with_", exp.With(expressions=ctes))
    names = [name(c.name) for c in target.columns]
    watch(env)
    schema = exp.Schema(this=target.tree, expressions=names)
    rows = session.changed(exp.Insert(this=schema, expression=chosen))
    _count_identity(session, target, rows)
    return rows


def _cell(
    session: Session, env: Env, node: Tree, target: TableDef, made: ColumnDef, given: Query, at: int | None
) -> Tree:
    if at is not None:
        if made.identity and target.number not in session.identity_insert:
            env.refuse(node, f"{made.name} is an IDENTITY column; SET IDENTITY_INSERT is OFF", "544")
        output = given.outputs[at]
        return assign(env, node, Typed(column("q", f"c{at}"), output.type), made.type, made.name)
    if made.identity:
        env.note(node, f"IDENTITY numbers the rows as they come; Synapse gives {made.name} other values")
        seed = session.identities.get(target.number, made.identity[0])
        rank = exp.Window(this=fn("row_number"), over="OVER")
        steps = times(binary(exp.Sub, rank, num(1)), num(made.identity[1]))
        return cast(plus(steps, num(seed)), made.type)
    return assign(env, node, default_of(env, made), made.type, made.name)


def _count_identity(session: Session, target: TableDef, rows: int) -> None:
    made = next((c for c in target.columns if c.identity), None)
    if made is None or made.identity is None or not rows or target.number in session.identity_insert:
        return
    seed, step = made.identity
    following = session.identities.get(target.number, seed) + step * rows
    session.identities[target.number] = following
    session.identity = following - step


# --- UPDATE and DELETE -----------------------------------------------------------------------


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


def update(session: Session, env: Env, node: exp.Update) -> int:
    """UPDATE; how many rows."""
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
    once = exp.select(column("j", "rid"), *(column("j", f"v{i}") for i in range(len(sets))))
    once = once.from_(subquery(chosen, "j")).distinct(column("j", "rid"))
    changed = exp.Update(
        this=exp.Table(**{**change.target.tree.args, "alias": exp.TableAlias(this=name("z"))}),
        expressions=[
            exp.EQ(this=name(c.name), expression=column("y", f"v{i}")) for i, (c, _) in enumerate(sets)
        ],
        from_=exp.From(this=subquery(once, "y")),
        where=exp.Where(this=equal(row_id("z"), column("y", "rid"))),
    )
    watch(env)
    return session.changed(changed)


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
    new = default_of(env, made) if _is_default(item.expression) else value(env, item.expression)
    return made, assign(env, item, new, made.type, made.name)


def delete(session: Session, env: Env, node: exp.Delete) -> int:
    """DELETE; how many rows."""
    known(env, node, "this", "tables", "where", "with_")
    tables = node.args.get("tables") or []
    named = tables[0] if tables else node.this
    if named.args.get("alias") is not None and tables:
        env.refuse(node, "DELETE TOP is not supported")
    if tables and node.this:
        node.set("from_", exp.From(this=node.this))
    change = _change(env, node, named)
    change.tree.append("expressions", exp.alias_(change.rid, "rid", quoted=True))
    inside = exp.In(this=row_id("z"), query=exp.Subquery(this=change.tree))
    target = exp.Table(**{**change.target.tree.args, "alias": exp.TableAlias(this=name("z"))})
    watch(env)
    return session.changed(exp.Delete(this=target, where=exp.Where(this=inside)))


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
        source = base_source(target, alias, called)
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
