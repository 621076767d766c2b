"""What one text has and the other lacks: joins, filters, UNION, DISTINCT, defaults, MERGE's deletes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from sqlglot import exp

from recon.sqlscript.lint.found import Found, calls_of, literal, unwrapped
from recon.sqlscript.lint.outer import null_safe, nullable, rejects_null

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from recon.sqlscript.lint.flow import Flow
    from recon.sqlscript.lint.pieces import Piece

_DEFAULTS = {"ISNULL", "COALESCE", "NVL", "IFNULL", "NVL2"}


@dataclass(frozen=True, slots=True)
class Between:
    """A hit that needs both texts. `columns` are set where it is of some columns only."""

    found: Found
    piece: Piece
    columns: tuple[str, ...] = ()
    table: str = ""  # as Synapse calls it: the one whose columns are NULL, or tested, in the rows it decides


Tests: TypeAlias = "dict[tuple[str, str], tuple[exp.Expr, Piece]]"  # by table (Synapse's name) and column


@dataclass(slots=True)
class Shape:
    """What the statements of one script that lead to the target are made of."""

    joins: dict[str, tuple[exp.Expr, Piece, str]] = field(
        default_factory=dict[str, "tuple[exp.Expr, Piece, str]"]
    )  # by table, under Synapse's name: where, and how
    tables: set[str] = field(default_factory=set[str])
    filters: dict[tuple[str, str], list[tuple[exp.Expr, Piece]]] = field(
        default_factory=dict["tuple[str, str]", "list[tuple[exp.Expr, Piece]]"]
    )  # by table (Synapse's name) and column
    inside: Tests = field(default_factory=dict["tuple[str, str]", "tuple[exp.Expr, Piece]"])
    after: Tests = field(default_factory=dict["tuple[str, str]", "tuple[exp.Expr, Piece]"])
    # what is tested of a table that may be NULL because of an outer join: in that join's ON, and in WHERE
    ranges: dict[str, list[tuple[str, exp.Expr, Piece]]] = field(
        default_factory=dict[str, "list[tuple[str, exp.Expr, Piece]]"]
    )  # by column: how its range is closed
    unions: list[tuple[bool, exp.Expr, Piece]] = field(default_factory=list["tuple[bool, exp.Expr, Piece]"])
    distincts: list[tuple[exp.Expr, Piece]] = field(default_factory=list["tuple[exp.Expr, Piece]"])
    merges: list[tuple[bool, exp.Expr, Piece]] = field(default_factory=list["tuple[bool, exp.Expr, Piece]"])
    grouped: bool = False


def shape(pieces: Iterable[Piece], flow: Flow, names: Mapping[str, str]) -> Shape:
    """The shape of a script. `names` give Synapse's name for a table of this script."""
    out = Shape()
    for piece in pieces:
        for node in piece.tree.walk():
            _table(node, piece, flow, names, out)
            _sets_of(node, piece, flow, out)
            if isinstance(node, exp.Column) and not isinstance(node.this, exp.Star):
                _filter(node, piece, flow, names, out)
    return out


def _sets_of(node: exp.Expr, piece: Piece, flow: Flow, out: Shape) -> None:
    if isinstance(node, exp.Union):
        out.unions.append((bool(node.args.get("distinct")), node, piece))
    elif isinstance(node, exp.Select):
        if node.args.get("distinct") and flow.landed(node):
            out.distincts.append((node, piece))
        out.grouped = out.grouped or bool(node.args.get("group"))
    elif isinstance(node, exp.Merge):
        whens = node.args["whens"].expressions
        out.merges.append((any(when.args.get("source") for when in whens), node, piece))


def _table(node: exp.Expr, piece: Piece, flow: Flow, names: Mapping[str, str], out: Shape) -> None:
    if isinstance(node, exp.Table):
        key = flow.key(node)
        out.tables.add(names.get(key, key))
    elif isinstance(node, exp.Join):
        _join(node, piece, flow, names, out)


def _join(node: exp.Join, piece: Piece, flow: Flow, names: Mapping[str, str], out: Shape) -> None:
    if isinstance(node.this, exp.Table):
        key = flow.key(node.this)
        how = str(node.args.get("side") or "").upper() or "INNER"
        out.joins.setdefault(names.get(key, key), (node.this, piece, how))


def _filter(node: exp.Column, piece: Piece, flow: Flow, names: Mapping[str, str], out: Shape) -> None:
    """A column in a condition: of WHERE or of ON, beside a constant."""
    place = node.find_ancestor(exp.Where, exp.Join, exp.Having, exp.Select, exp.Case)
    if not isinstance(place, (exp.Where, exp.Join, exp.Having)):
        return
    test = node.find_ancestor(exp.Predicate, exp.Not, exp.And, exp.Or)
    source = flow.source_of(node)
    key = (names.get(source, source), node.name.casefold())
    others = test.find_all(exp.Column) if isinstance(test, exp.Predicate) else ()
    if all(c is node for c in others) and not null_safe(test):
        out.filters.setdefault(key, []).append((test or node, piece))
        part = test if isinstance(test, exp.Predicate) else node
        if source in nullable(place.parent, flow) and rejects_null(part, node, place):
            tests = out.after if isinstance(place, exp.Where) else out.inside
            tests.setdefault(key, (part, piece))
    how = _closed(test, node)
    if how:
        out.ranges.setdefault(node.name.casefold(), []).append((how, test or node, piece))


def _closed(test: exp.Expr | None, column: exp.Column) -> str:
    """How a condition bounds a column from above: `<`, `<=` or `BETWEEN`; empty when it does not, or when it
    bounds something that is made of the column.
    """
    if isinstance(test, exp.Between) and unwrapped(test.this) is column:
        return "BETWEEN"
    if isinstance(test, exp.Binary) and unwrapped(test.this) is column:
        return "<" if isinstance(test, exp.LT) else "<=" if isinstance(test, exp.LTE) else ""
    if isinstance(test, exp.Binary) and unwrapped(test.expression) is column:
        return "<" if isinstance(test, exp.GT) else "<=" if isinstance(test, exp.GTE) else ""
    return ""


def differences(
    original: Shape, conversion: Shape, other: str, tables: Mapping[str, str]
) -> Iterator[Between]:
    """What the original says about rows and the conversion does not, and the other way round.

    `other` names the conversion's file, `tables` the inputs as Synapse spells them, by folded name: no other
    table can be told to be the same on both sides.
    """
    yield from _joins(original, conversion, other, tables)
    yield from _filters(original, conversion, other, tables)
    yield from _moved(original, conversion, other, tables)
    yield from _sets(original, conversion, other)
    yield from _ranges(original, conversion, other)
    for deletes, node, piece in original.merges:
        if deletes and conversion.merges and not any(d for d, _, _ in conversion.merges):
            yield Between(not_deleted(node, other), piece)


def not_deleted(merge: exp.Expr, other: str) -> Found:
    """The hit for a MERGE whose deletes no MERGE of the other file has."""
    said = f"rows WHEN NOT MATCHED BY SOURCE are deleted here; no MERGE of {other} does so"
    return Found("MERGE_DELETE_MISSING", merge.this, said, place=merge)


def _joins(original: Shape, conversion: Shape, other: str, tables: Mapping[str, str]) -> Iterator[Between]:
    for table, (node, piece, how) in original.joins.items():
        if table not in tables:
            continue
        if table not in conversion.tables:
            code, said = ("DROPPED_JOIN", "and nowhere in") if how == "INNER" else ("JOIN_TYPE", "and not in")
            yield Between(
                Found(
                    code,
                    node,
                    f"{tables[table]} is joined here {said} {other}",
                    place=node.find_ancestor(exp.Select),
                ),
                piece,
            )
        elif table in conversion.joins and conversion.joins[table][2] != how:
            theirs = conversion.joins[table][2]
            said = f"{tables[table]} is joined {how} here, {theirs} in {other}"
            found = Found("JOIN_TYPE", node, said, place=node.find_ancestor(exp.Select))
            yield Between(found, piece, table=table if theirs == "INNER" else "")


def _filters(original: Shape, conversion: Shape, other: str, tables: Mapping[str, str]) -> Iterator[Between]:
    theirs = {column for _, column in conversion.filters}
    mine = {column for _, column in original.filters}
    for (table, column), tests in original.filters.items():
        if table in tables.keys() & conversion.tables and column not in theirs:
            test, piece = tests[0]
            said = f"{tables[table]} is filtered by {column} here and nowhere in {other}"
            yield Between(Found("MISSING_FILTER", test, said), piece)
    for (table, column), tests in conversion.filters.items():
        if table in tables.keys() & original.tables and column not in mine:
            test, piece = tests[0]
            said = f"{tables[table]} is filtered by {column} here, which the original does not do"
            yield Between(Found("JOIN_TYPE", test, said, certain=False), piece, table=table)


def _moved(original: Shape, conversion: Shape, other: str, tables: Mapping[str, str]) -> Iterator[Between]:
    """Conditions on the outer side of a join that went from ON to WHERE, or back."""
    for (table, column), (test, piece) in original.inside.items():
        key = table, column
        if table in tables and key in conversion.after and key not in original.after:
            said = (
                f"{column} of {tables[table]} is tested in ON of an outer join here, in WHERE in {other}, "
                "which drops the rows without a match"
            )
            place = test.find_ancestor(exp.Select)
            yield Between(Found("JOIN_TYPE", test, said, place=place), piece, table=table)
    for (table, column), (test, piece) in original.after.items():
        key = table, column
        if table in tables and key in conversion.inside and key not in conversion.after:
            said = (
                f"{column} of {tables[table]} is tested in WHERE here, in ON of an outer join in {other}, "
                "which keeps the rows without a match"
            )
            yield Between(Found("JOIN_TYPE", test, said, place=test.find_ancestor(exp.Select)), piece)


def _sets(original: Shape, conversion: Shape, other: str) -> Iterator[Between]:
    distinct = [u for u in original.unions if u[0]]
    plain = [u for u in conversion.unions if not u[0]]
    theirs = [u for u in conversion.unions if u[0]]
    if distinct and plain and len(theirs) < len(distinct) and not conversion.distincts:
        said = f"UNION drops duplicates here; {other} has UNION ALL, which keeps them: use UNION, or DISTINCT"
        yield Between(Found("UNION_ALL", distinct[0][1], said), distinct[0][2])
    elif not distinct and theirs and any(not u[0] for u in original.unions):
        said = "UNION drops duplicates here; the original has UNION ALL, which keeps them"
        yield Between(Found("UNION_ALL", theirs[0][1], said), theirs[0][2])
    if original.distincts and not conversion.distincts and not conversion.grouped and not theirs:
        node, piece = original.distincts[0]
        said = f"DISTINCT drops duplicates here; {other} has none"
        yield Between(Found("DUPLICATE_ROWS", node, said), piece)


def _ranges(original: Shape, conversion: Shape, other: str) -> Iterator[Between]:
    for column, tests in original.ranges.items():
        theirs = {how for how, _, _ in conversion.ranges.get(column, ())}
        mine = {how for how, _, _ in tests}
        if not theirs or _open(mine) == _open(theirs):
            continue
        how, test, piece = tests[0]
        end = "excludes" if how == "<" else "includes"
        there = ", ".join(sorted(theirs))
        said = f"the end of {column}'s range is {how} here, which {end} it; in {other}: {there}"
        yield Between(Found("BOUNDARY_INCLUSIVE", test, said), piece)


def _open(how: set[str]) -> set[bool]:
    return {h == "<" for h in how}


# --- Defaults for NULL --------------------------------------------------------------------------


def null_defaults(pieces: Iterable[Piece]) -> Iterator[tuple[exp.Expr, Piece]]:
    """Every place that puts a value where NULL was: ISNULL, COALESCE, CASE WHEN x IS NULL."""
    for piece in pieces:
        for name, call in calls_of(piece.tree):
            if name in _DEFAULTS and any(literal(a) is not None for a in call.expressions[1:]):
                yield call, piece
        for node in piece.tree.find_all(exp.Coalesce):
            yield node, piece
        for case in piece.tree.find_all(exp.Case):
            if any(branch.this.find(exp.Is) for branch in case.args.get("ifs") or ()):
                yield case, piece
