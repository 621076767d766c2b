"""How the values and rows of queries feed each other: SELECT, set operations, CTEs and expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.sqlscript.lint.slots import ROWS, Scope, Slots, alias_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recon.sqlscript.lint.slots import Columns, Slot

_AGGREGATES = frozenset({"SUM", "COUNT", "COUNT_BIG", "AVG", "MIN", "MAX", "STRING_AGG", "COLLECT_LIST"})


class Queries(Slots):
    """Slots, and how queries add to them."""

    def query(self, query: exp.Expr, outer: Scope | None, env: Mapping[str, str]) -> str:
        """The relation that a query makes. `env` are the CTEs in sight."""
        env = self.with_(query.args.get("with_"), outer, env)
        if isinstance(query, exp.Subquery):
            return self.query(query.this, outer, env)
        self.number += 1
        relation = f"?{self.number}"
        if isinstance(query, exp.SetOperation):
            self._both(query, relation, outer, env)
        elif isinstance(query, exp.Select):
            self._select(query, relation, outer, env)
        else:
            self.open.add((relation, ROWS))
        return relation

    def with_(self, with_: exp.Expr | None, outer: Scope | None, env: Mapping[str, str]) -> Mapping[str, str]:
        if with_ is None:
            return env
        found = dict(env)
        for cte in with_.expressions:
            self.number += 1
            relation = f"?{self.number} {cte.alias}".casefold()
            names = [c.name.casefold() for c in cte.args["alias"].args.get("columns") or ()]
            found[cte.alias.casefold()] = relation
            inner = self.query(cte.this, outer, found)
            given = self.columns.get(inner)
            if given is not None:
                new = dict(zip(names, given.values(), strict=False)) if names else dict(given)
                self.columns[relation] = new
            self.positions(inner, relation, names)
            self.feed((inner, ROWS), (relation, ROWS))
        return found

    def positions(self, relation: str, target: str, names: Sequence[str]) -> None:
        """Feed the columns of `target` in order; by name where either side's columns are not known."""
        given = self.columns.get(relation)
        if given is None or not names or len(given) != len(names):
            self.stars.setdefault(relation, set()).add(target)
            if given is not None and target not in self.columns:
                self.columns[target] = dict(given)
            return
        for source, name in zip(given, names, strict=True):
            self.feed((relation, source), (target, name))

    def _both(
        self, query: exp.SetOperation, relation: str, outer: Scope | None, env: Mapping[str, str]
    ) -> None:
        parts = [self.query(part, outer, env) for part in (query.this, query.expression)]
        first = self.columns.get(parts[0])
        if first is not None:
            self.columns[relation] = dict(first)
        for part in parts:
            self.positions(part, relation, list(first or ()))
            self.feed((part, ROWS), (relation, ROWS))
        self.landing[id(query)] = ((relation, ROWS),)

    def _select(self, query: exp.Select, relation: str, outer: Scope | None, env: Mapping[str, str]) -> None:
        scope = Scope(outer)
        self.scopes[id(query)] = scope
        self.landing[id(query)] = ((relation, ROWS),)
        for item in from_items(query):
            self.feed((self.source(item, scope, env), ROWS), (relation, ROWS))
        for join in [*(query.args.get("joins") or ()), *_nested_joins(query)]:
            if isinstance(join.args.get("on"), exp.Expr):
                self.land(join.args["on"], [(relation, ROWS)], scope, env)
        for name in ("where", "group", "having", "qualify"):
            part = query.args.get(name)
            if isinstance(part, exp.Expr):
                self.land(part, [(relation, ROWS)], scope, env)
        order = query.args.get("order")
        if isinstance(order, exp.Expr) and query.args.get("limit"):
            self.land(order, [(relation, ROWS)], scope, env)
        self._projections(query, relation, scope, env)

    def _projections(self, query: exp.Select, relation: str, scope: Scope, env: Mapping[str, str]) -> None:
        columns: Columns = {}
        whole = True
        for number, value in enumerate(query.expressions):
            if isinstance(value, exp.EQ) and isinstance(value.this, exp.Parameter):
                variable = f"@{value.this.name}".casefold()
                self.land(value.expression, [(variable, ROWS)], scope, env)
                self.feed((relation, ROWS), (variable, ROWS))
                continue
            if _is_star(value):
                whole = self._star(value, relation, scope, columns) and whole
                continue
            name = _output(value, number)
            slot = (relation, name)
            self.land(value, [slot], scope, env)
            if _over_rows(value):
                self.feed((relation, ROWS), slot)
            columns[name] = self.kind(value.unalias())
        if whole:
            self.columns[relation] = columns

    def _star(self, value: exp.Expr, relation: str, scope: Scope, columns: Columns) -> bool:
        """`*` and `a.*`; whether all of its columns are known."""
        alias = value.table.casefold() if isinstance(value, exp.Column) else ""
        star = value.this if isinstance(value, exp.Column) else value
        left_out = {c.name.casefold() for c in star.args.get("except_") or ()}
        whole = True
        for name, source in scope.sources.items():
            if alias and name != alias:
                continue
            known = self.columns.get(source)
            if known is None:
                self.stars.setdefault(source, set()).add(relation)
                whole = False
                continue
            for column, kind in known.items():
                if column not in left_out:
                    columns.setdefault(column, kind)
                    self.feed((source, column), (relation, column))
        return whole

    def source(self, item: exp.Expr, scope: Scope, env: Mapping[str, str]) -> str:
        """Bring one item of FROM into sight; the relation that it is."""
        alias = alias_of(item)
        if isinstance(item, exp.Table):
            local = None if item.db else env.get(item.name.casefold())
            relation = local or self.key(item)
        elif isinstance(item, exp.Lateral) and isinstance(item.this, exp.Subquery):
            relation = self.query(item.this, scope, env)
        elif isinstance(item, exp.Query):
            relation = self.query(item, scope.outer, env)
        else:
            self.number += 1
            relation = f"?{self.number}"
            self.open.add((relation, ROWS))
        scope.sources[alias or relation] = relation
        return relation

    # --- Expressions ---

    def land(self, node: exp.Expr, slots: Sequence[Slot], scope: Scope, env: Mapping[str, str]) -> None:
        """Everything that an expression reads feeds the slots."""
        self.landing[id(node)] = tuple(slots)
        for part in node.walk(prune=lambda n: isinstance(n, exp.Query)):
            sources: list[Slot] = []
            if isinstance(part, exp.Query):
                inner = self.query(part, scope, env)
                sources = [(inner, ROWS), *((inner, name) for name in self.columns.get(inner, ()))]
            elif isinstance(part, exp.Column) and not isinstance(part.this, exp.Star) and not _is_unit(part):
                sources = self._sources(part, slots, scope)
            elif isinstance(part, exp.Parameter):
                sources = [(f"@{part.name}".casefold(), ROWS)]
            for source in sources:
                for slot in slots:
                    self.feed(source, slot)

    def _sources(self, column: exp.Column, slots: Sequence[Slot], scope: Scope) -> list[Slot]:
        found = self.resolve(column, scope)
        if len(found) != 1:
            self.open.update(slots)
        return [(relation, column.name.casefold()) for relation in found]


def from_items(tree: exp.Expr) -> list[exp.Expr]:
    """The items of FROM, of its joins and of LATERAL VIEWs, in order."""
    from_ = tree.args.get("from_")
    items: list[exp.Expr] = [from_.this] if from_ else []
    items += [join.this for join in tree.args.get("joins") or ()]
    items += tree.args.get("laterals") or []
    for item in list(items):
        items += [join.this for join in item.args.get("joins") or ()]
    return items


def _nested_joins(tree: exp.Expr) -> list[exp.Expr]:
    return [join for item in from_items(tree) for join in item.args.get("joins") or ()]


def _is_star(value: exp.Expr) -> bool:
    return isinstance(value, exp.Star) or (isinstance(value, exp.Column) and isinstance(value.this, exp.Star))


def _output(value: exp.Expr, number: int) -> str:
    name = value.alias_or_name
    named = name and isinstance(value, (exp.Alias, exp.Column))
    return name.casefold() if named else f"(column {number + 1})"


def _over_rows(value: exp.Expr) -> bool:
    """Whether a value depends on which other rows there are."""
    if value.find(exp.Window):
        return True
    return any(call.name.upper() in _AGGREGATES for call in value.find_all(exp.Anonymous))


_UNITS = {
    "DATEADD",
    "DATEDIFF",
    "DATEDIFF_BIG",
    "DATEPART",
    "DATENAME",
    "DATETRUNC",
    "DATE_ADD",
    "DATE_DIFF",
} | {
    "TIMESTAMPADD",
    "TIMESTAMPDIFF",
}


def _is_unit(column: exp.Column) -> bool:
    """Whether it is the word `month` of DATEADD(month, ...), which looks like a column."""
    call = column.parent
    if not isinstance(call, exp.Anonymous) or call.name.upper() not in _UNITS:
        return False
    return (
        call.expressions[0] is column
        and not column.table
        and column.name.isalpha()
        and len(call.expressions) > 1
        and (len(call.expressions) == 3 or call.name.upper() in {"DATEPART", "DATENAME", "DATETRUNC"})
    )
