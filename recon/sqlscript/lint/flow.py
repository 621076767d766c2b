"""A whole script's statements, one after another, as ways from slot to slot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.sqlscript.lint.families import declared
from recon.sqlscript.lint.queries import Queries, from_items
from recon.sqlscript.lint.slots import ROWS, Scope, Written, alias_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.sqlscript.lint.pieces import Piece
    from recon.sqlscript.lint.slots import Slot


class Flow(Queries):
    """One script."""

    def add(self, piece: Piece) -> None:
        """Follow one more statement of the script."""
        tree = piece.tree
        if piece.names:
            self._rename(piece)
        elif piece.variable:
            self._variable(piece)
        elif piece.steers:
            self._steering(tree)
        elif isinstance(tree, exp.Use):
            self.schema = tree.name
        elif isinstance(tree, exp.Delete):
            self._delete(tree)
        else:
            self._write(piece, tree)

    def _write(self, piece: Piece, tree: exp.Expr) -> None:
        if isinstance(tree, exp.Insert):
            self._insert(piece, tree)
        elif isinstance(tree, exp.Create):
            self._create(piece, tree)
        elif isinstance(tree, exp.Update):
            self._update(piece, tree)
        elif isinstance(tree, exp.Merge):
            self._merge(piece, tree)
        elif isinstance(tree, exp.Query):
            self._result(piece, tree)

    def _steering(self, tree: exp.Expr) -> None:
        """Names are resolved, but nothing lands anywhere."""
        self.query(tree, None, {})
        for node in tree.walk():
            self.landing.pop(id(node), None)

    def _rename(self, piece: Piece) -> None:
        before, after = piece.names or ("", "")
        before, after = (n if "." in n else f"{self.schema}.{n}" for n in (before, after))
        self.stars.setdefault(before, set()).add(after)
        self.feed((before, ROWS), (after, ROWS))
        if before in self.columns:
            self.columns[after] = dict(self.columns[before])
        self.writes += [Written(after, w.piece, w.tree) for w in self.writes if w.relation == before]

    def _variable(self, piece: Piece) -> None:
        select = piece.tree
        if isinstance(select, exp.Select) and select.expressions:
            value = select.expressions[0]
            relation = piece.variable.casefold()
            self.scopes[id(select)] = Scope()
            self.land(value, [(relation, ROWS)], self.scopes[id(select)], {})
            self.columns.setdefault(relation, {ROWS: self.kind(value)})

    def _result(self, piece: Piece, tree: exp.Query) -> None:
        into = tree.args.get("into")
        relation = self.query(tree, None, {})
        if isinstance(into, exp.Into) and isinstance(into.this, exp.Table):
            self._store(piece, tree, self.key(into.this), relation)
        elif not self._assigns(tree):
            self.results.append(Written(relation, piece, tree))

    def _assigns(self, tree: exp.Query) -> bool:
        return any(isinstance(s, exp.EQ) and isinstance(s.this, exp.Parameter) for s in tree.selects)

    def _store(self, piece: Piece, tree: exp.Query, target: str, relation: str) -> None:
        """All columns of a query under their own names."""
        self.columns[target] = dict(self.columns.get(relation, {}))
        self.stars.setdefault(relation, set()).add(target)
        self.feed((relation, ROWS), (target, ROWS))
        self.writes.append(Written(target, piece, tree))

    def _create(self, piece: Piece, tree: exp.Create) -> None:
        made, query = tree.this, tree.expression
        table = made.this if isinstance(made, exp.Schema) else made
        if not isinstance(table, exp.Table):
            return
        if isinstance(query, exp.Query):
            self._store(piece, query, self.key(table), self.query(query, None, {}))
        elif isinstance(made, exp.Schema):
            kinds = [c for c in made.expressions if isinstance(c, exp.ColumnDef)]
            self.columns[self.key(table)] = {
                c.name.casefold(): declared(c.kind, tsql=self.tsql) if c.kind else None for c in kinds
            }

    def _insert(self, piece: Piece, tree: exp.Insert) -> None:
        made, query = tree.this, tree.expression
        table = made.this if isinstance(made, exp.Schema) else made
        if not isinstance(table, exp.Table):
            return
        target = self.key(table)
        named = [c.name.casefold() for c in made.expressions] if isinstance(made, exp.Schema) else []
        names = named or list(self.columns.get(target, {}))
        self.writes.append(Written(target, piece, query if isinstance(query, exp.Expr) else tree))
        if isinstance(query, exp.Values):
            for row in query.expressions:
                self.scopes[id(tree)] = Scope()
                for name, value in zip(names, row.expressions, strict=False):
                    self.land(value, [(target, name)], self.scopes[id(tree)], {})
        elif isinstance(query, exp.Query):
            with_ = tree.args.get("with_")
            relation = self.query(query, None, self.with_(with_, None, {}) if with_ else {})
            self.positions(relation, target, [] if tree.args.get("by_name") else names)
            self.feed((relation, ROWS), (target, ROWS))

    def _update(self, piece: Piece, tree: exp.Update) -> None:
        scope = Scope()
        for item in from_items(tree):
            self.source(item, scope, {})
        table = tree.this
        target = self._aliased(table, scope)
        scope.sources.setdefault(alias_of(table), target)
        self.scopes[id(tree)] = scope
        self.writes.append(Written(target, piece, tree))
        slots: list[Slot] = []
        for pair in tree.expressions:
            if isinstance(pair, exp.EQ) and isinstance(pair.this, exp.Column):
                slots.append((target, pair.this.name.casefold()))
                self.land(pair.expression, [slots[-1]], scope, {})
        self._conditions(tree, slots, scope)
        self.landing[id(tree)] = tuple(slots)

    def _conditions(self, tree: exp.Expr, slots: Sequence[Slot], scope: Scope) -> None:
        where = tree.args.get("where")
        parts = [where] if where else []
        parts += [join.args.get("on") for join in tree.find_all(exp.Join) if join.parent_select is None]
        for part in parts:
            if isinstance(part, exp.Expr):
                self.land(part, slots, scope, {})

    def _aliased(self, table: exp.Expr, scope: Scope) -> str:
        """What UPDATE t means: the table that FROM calls t, else the table t."""
        if isinstance(table, exp.Table):
            known = None if table.db else scope.sources.get(alias_of(table))
            return known or self.key(table)
        return ""

    def _delete(self, tree: exp.Delete) -> None:
        scope = Scope()
        for item in from_items(tree):
            self.source(item, scope, {})
        table = tree.this
        target = self._aliased(table, scope)
        scope.sources.setdefault(alias_of(table), target)
        self.scopes[id(tree)] = scope
        self._conditions(tree, [(target, ROWS)], scope)

    def _merge(self, piece: Piece, tree: exp.Merge) -> None:
        scope = Scope()
        self.scopes[id(tree)] = scope
        env = self.with_(tree.args.get("with_"), None, {})
        target = self.source(tree.this, scope, {})
        using = self.source(tree.args["using"], scope, env)
        self.writes.append(Written(target, piece, tree))
        self.feed((using, ROWS), (target, ROWS))
        if isinstance(tree.args.get("on"), exp.Expr):
            self.land(tree.args["on"], [(target, ROWS)], scope, env)
        for when in tree.args["whens"].expressions:
            if isinstance(when.args.get("condition"), exp.Expr):
                self.land(when.args["condition"], [(target, ROWS)], scope, env)
            then = when.args.get("then")
            if isinstance(then, (exp.Update, exp.Insert)):
                self._then(then, target, using, scope)

    def _then(self, then: exp.Update | exp.Insert, target: str, using: str, scope: Scope) -> None:
        if isinstance(then.this, exp.Star) or any(isinstance(e, exp.Star) for e in then.expressions):
            self.stars.setdefault(using, set()).add(target)
            return
        if isinstance(then, exp.Update):
            pairs = [(e.this, e.expression) for e in then.expressions if isinstance(e, exp.EQ)]
        else:
            names = then.this.expressions if isinstance(then.this, exp.Tuple) else []
            values = then.expression.expressions if isinstance(then.expression, exp.Tuple) else []
            pairs = list(zip(names, values, strict=False))
        for name, value in pairs:
            self.land(value, [(target, name.name.casefold())], scope, {})
