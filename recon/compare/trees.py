"""Building SQL trees without copying them at every level.

A node belongs to one tree. These functions take a fresh node as it is and copy one that is already part
of a tree, so the cost of a tree is its size (sqlglot's own builders copy all that is below, each time).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recon.model import TableRef


def own(node: exp.Expr) -> exp.Expr:
    """The node, or a copy of it if it has a place already."""
    return node if node.parent is None else node.copy()


def each(nodes: Iterable[exp.Expr]) -> list[exp.Expr]:
    """All of them, owned."""
    return [own(n) for n in nodes]


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A function by the engine's own name."""
    return exp.Anonymous(this=name, expressions=each(arguments))


def text(value: str) -> exp.Expr:
    """A text literal."""
    return exp.Literal.string(value)


def number(value: int | str) -> exp.Expr:
    """A number literal; a negative one is a minus sign and a literal."""
    spelled = str(value)
    return exp.Neg(this=number(spelled[1:])) if spelled[0] == "-" else exp.Literal.number(spelled)


def named(value: exp.Expr, name: str) -> exp.Expr:
    """Value AS name; only names of our own."""
    return exp.Alias(this=own(value), alias=exp.to_identifier(name))


def grouped(value: exp.Expr) -> exp.Expr:
    """In parentheses where an operator around it could bind to a part of it."""
    return exp.Paren(this=own(value)) if isinstance(value, exp.Binary | exp.Unary) else own(value)


def operator(kind: type[exp.Binary], one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """One kind other, such as `exp.LTE`."""
    return kind(this=grouped(one), expression=grouped(other))


def case(*branches: tuple[exp.Expr, exp.Expr], otherwise: exp.Expr) -> exp.Expr:
    """CASE WHEN ... THEN ... ELSE ... END; without branches the last."""
    if not branches:
        return own(otherwise)
    return exp.Case(
        ifs=[exp.If(this=own(condition), true=own(value)) for condition, value in branches],
        default=own(otherwise),
    )


def _folded(kind: type[exp.Connector], conditions: Sequence[exp.Expr], none: exp.Expr) -> exp.Expr:
    """Folded as a balanced tree: a chain of hundreds would be as deep."""
    if not conditions:
        return none
    if len(conditions) == 1:
        return own(conditions[0])
    half = len(conditions) // 2
    return operator(kind, _folded(kind, conditions[:half], none), _folded(kind, conditions[half:], none))


def all_of(*conditions: exp.Expr) -> exp.Expr:
    """AND of them; TRUE of none."""
    return _folded(exp.And, conditions, exp.true())


def any_of(*conditions: exp.Expr) -> exp.Expr:
    """OR of them; FALSE of none."""
    return _folded(exp.Or, conditions, exp.false())


def negate(condition: exp.Expr) -> exp.Expr:
    """NOT (condition)."""
    return exp.Not(this=grouped(condition))


def equals(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """One = other: NULL where one is NULL."""
    return operator(exp.EQ, one, other)


def same(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """Equal, or both NULL: TRUE or FALSE, never NULL."""
    return operator(exp.NullSafeEQ, one, other)


def is_null(value: exp.Expr) -> exp.Expr:
    """Value IS NULL."""
    return exp.Is(this=grouped(value), expression=exp.null())


def not_null(value: exp.Expr) -> exp.Expr:
    """Value IS NOT NULL."""
    return negate(is_null(value))


def first_known(value: exp.Expr, otherwise: exp.Expr) -> exp.Expr:
    """The value, or the other where it is NULL."""
    return exp.Coalesce(this=own(value), expressions=[own(otherwise)])


def definitely(condition: exp.Expr) -> exp.Expr:
    """The condition, with NULL as FALSE."""
    return first_known(condition, exp.false())


def one_of(value: exp.Expr, texts: Iterable[str]) -> exp.Expr:
    """Whether the value is one of the texts."""
    return exp.In(this=own(value), expressions=[text(t) for t in texts])


def joined(*parts: exp.Expr) -> exp.Expr:
    """Texts one after the other; NULL if one of them is."""
    tree = own(parts[0])
    for part in parts[1:]:
        tree = exp.DPipe(this=tree, expression=own(part), safe=True)
    return exp.Paren(this=tree) if len(parts) > 1 else tree


def upper(value: exp.Expr) -> exp.Expr:
    """In upper case."""
    return exp.Upper(this=own(value))


def lower(value: exp.Expr) -> exp.Expr:
    """In lower case."""
    return exp.Lower(this=own(value))


def length(value: exp.Expr) -> exp.Expr:
    """How many characters."""
    return exp.Length(this=own(value))


def magnitude(value: exp.Expr) -> exp.Expr:
    """The absolute value."""
    return exp.Abs(this=own(value))


def rows_counted() -> exp.Expr:
    """COUNT(*)."""
    return exp.Count(this=exp.Star())


def count_if(condition: exp.Expr) -> exp.Expr:
    """How many rows; 0 of none."""
    return exp.Count(this=exp.Case(ifs=[exp.If(this=own(condition), true=number(1))]))


def ordered(value: exp.Expr, *, descending: bool = False, nulls_first: bool = True) -> exp.Expr:
    """A term of ORDER BY."""
    return exp.Ordered(this=own(value), desc=descending, nulls_first=nulls_first)


def row_number(partition: Sequence[exp.Expr], order: Sequence[exp.Expr]) -> exp.Expr:
    """ROW_NUMBER() within the partition; NULL first."""
    return exp.Window(
        this=exp.RowNumber(),
        partition_by=each(partition),
        order=exp.Order(expressions=[ordered(o) for o in order]) if order else None,
    )


def rank(partition: Sequence[exp.Expr], order: Sequence[exp.Expr]) -> exp.Expr:
    """RANK() within the partition: the same number for the same place; NULL first."""
    terms = exp.Order(expressions=[ordered(o) for o in order])
    return exp.Window(this=exp.Rank(), partition_by=each(partition), order=terms)


def column(name: str, alias: str = "") -> exp.Expr:
    """A column by a name of our own."""
    return exp.Column(this=exp.to_identifier(name), table=exp.to_identifier(alias) if alias else None)


def everything(alias: str = "") -> exp.Expr:
    """`*`, or `alias.*`."""
    return exp.Column(this=exp.Star(), table=exp.to_identifier(alias)) if alias else exp.Star()


def table(ref: TableRef, alias: str = "") -> exp.Expr:
    """A table by its quoted name."""
    tree = exp.Table(
        this=exp.to_identifier(ref.name, quoted=True),
        db=exp.to_identifier(ref.schema, quoted=True) if ref.schema else None,
        catalog=exp.to_identifier(ref.catalog, quoted=True) if ref.catalog else None,
    )
    return exp.alias_(tree, alias, table=True, copy=False) if alias else tree


def inner(query: exp.Query, alias: str) -> exp.Expr:
    """(query) AS alias."""
    return exp.Subquery(this=own(query), alias=exp.TableAlias(this=exp.to_identifier(alias)))


def join(rows: exp.Expr, on: exp.Expr, side: str = "") -> exp.Join:
    """JOIN rows ON on; `side` is "", "LEFT" or "FULL"."""
    return exp.Join(this=own(rows), on=own(on), side=side or None)


def select(
    columns: Iterable[exp.Expr],
    rows: exp.Expr,
    *,
    joins: Sequence[exp.Join] = (),
    where: exp.Expr | None = None,
    group: Sequence[exp.Expr] = (),
    having: exp.Expr | None = None,
) -> exp.Select:
    """A query."""
    return exp.Select(
        expressions=each(columns),
        from_=exp.From(this=own(rows)),
        joins=list(joins) or None,
        where=exp.Where(this=own(where)) if where is not None else None,
        group=exp.Group(expressions=each(group)) if group else None,
        having=exp.Having(this=own(having)) if having is not None else None,
    )


def sorted_by(query: exp.Select, terms: Sequence[exp.Expr], limit: int | None = None) -> exp.Select:
    """The query with ORDER BY and LIMIT."""
    if terms:
        query.set("order", exp.Order(expressions=each(terms)))
    if limit is not None:
        query.set("limit", exp.Limit(expression=number(limit)))
    return query


def union(queries: Sequence[exp.Query], *, distinct: bool = False) -> exp.Query:
    """UNION ALL of them, or UNION."""
    tree = queries[0]
    for query in queries[1:]:
        tree = exp.Union(this=own(tree), expression=own(query), distinct=distinct)
    return tree
