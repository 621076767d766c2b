"""Plans to SQL trees: which rows pair, and which pairs differ. Pure.

A compared column goes by its number i, so no name of a user's can collide with ours. On a side: `v{i}` the
value as it is, `w{i}` the value in its form where that is another. Of different rows: `b{i}` and `c{i}` the
values of both sides, `d{i}` the kind of the difference where the cells of a pair differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import draw, rules
from recon.compare import trees as t
from recon.compare.kinds import kind_of
from recon.compare.types import Family
from recon.model import TableRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from recon.compare.plan import Plan
    from recon.compare.types import Type

Which: TypeAlias = Literal["b", "c"]
SIDES: Final[tuple[Which, Which]] = ("b", "c")
Rows: TypeAlias = "Mapping[Which, exp.Select]"
Join: TypeAlias = tuple[exp.Select, exp.Select, exp.Expr]  # the rows of both sides and what pairs them


@dataclass(frozen=True, slots=True)
class Shape:
    """What is kept of the different rows: the values of `columns`, and for the `suspects` among them, which
    are the only ones that may differ, the kind of the difference.
    """

    columns: tuple[int, ...]
    suspects: tuple[int, ...]


WORK: Final = "recon_work"
REPEATED: Final = TableRef(WORK, "repeated_keys")
MANY: Final = {"b": TableRef(WORK, "baseline_many"), "c": TableRef(WORK, "candidate_many")}
CLASSIFIED: Final = TableRef(WORK, "classified_rows")


def side(plan: Plan, which: Which, ref: TableRef, only: Iterable[int] | None = None) -> exp.Select:
    """One side's rows: `v{i}` and, where it is another, `w{i}`, of all compared columns or `only` of some.

    Columns are taken by position. An engine has to understand every column that is named here, in each
    query again: name no more than the query needs.
    """
    names = [exp.to_identifier(f"c{n}") for n in range(plan.widths[SIDES.index(which)])]
    rows = t.table(ref)
    rows.set("alias", exp.TableAlias(this=exp.to_identifier("t"), columns=names))
    numbers = range(len(plan.compared)) if only is None else only
    return _rows(plan, which, rows, {i: _stored(plan, i, which) for i in numbers})


def kept_side(plan: Plan, which: Which, ref: TableRef, only: Iterable[int]) -> exp.Select:
    """The same of a work table whose columns are `v{i}`."""
    return _rows(plan, which, t.table(ref, "t"), {i: t.column(f"v{i}", "t") for i in only})


def _rows(plan: Plan, which: Which, rows: exp.Expr, stored: Mapping[int, exp.Expr]) -> exp.Select:
    columns = [t.named(exp.true(), "here")]
    for i, value in sorted(stored.items()):
        columns.append(t.named(value, f"v{i}"))
        if not plan.plain[which][i]:
            columns.append(t.named(in_form(plan, i, which, value), f"w{i}"))
    return t.select(columns, rows)


def _stored(plan: Plan, i: int, which: Which) -> exp.Expr:
    pair = plan.compared[i]
    at, type_ = (pair.baseline_at, pair.baseline) if which == "b" else (pair.candidate_at, pair.candidate)
    stored = t.column(f"c{at}", "t")
    return stored if type_.family is not Family.TEXT or type_.stored in d.PLAIN_TEXTS else d.as_text(stored)


def type_on(plan: Plan, i: int, which: Which) -> Type:
    """The column's type on a side, as its form reads it."""
    return plan.common(i).baseline if which == "b" else plan.common(i).candidate


def in_form(plan: Plan, i: int, which: Which, value: exp.Expr) -> exp.Expr:
    """A value of the column, as it is on that side, in its form."""
    return rules.normal(plan.common(i), plan.compared[i].rule, type_on(plan, i, which), value)


def normal(plan: Plan, i: int, which: Which, alias: str = "") -> exp.Expr:
    """The column of a side that holds the value in its form."""
    return t.column(f"v{i}" if plan.plain[which][i] else f"w{i}", alias or which)


def normals(plan: Plan, numbers: Sequence[int], which: Which) -> list[exp.Expr]:
    """Those columns of a side, in their form."""
    return [normal(plan, i, which) for i in numbers]


def raw(i: int, alias: str) -> exp.Expr:
    """The column of a side that holds the value as it is."""
    return t.column(f"v{i}", alias)


def _told_apart(plan: Plan, i: int, which: Which) -> exp.Expr:
    """The value as it is, to sort by: a float as text, because 0.0 and -0.0 have no order."""
    floating = type_on(plan, i, which).floating and not type_on(plan, i, which).read
    return d.as_text(raw(i, which)) if floating else raw(i, which)


def side_counts(plan: Plan, which: Which, rows: exp.Select) -> exp.Select:
    """One row: how many rows, and how many have a NULL in a key column."""
    nulls = t.any_of(*(t.is_null(k) for k in normals(plan, plan.keys, which)))
    columns = [t.named(t.rows_counted(), "n"), t.named(t.count_if(nulls), "nulls")]
    return t.select(columns, t.inner(rows, which))


def repeated_keys(plan: Plan, sides: Rows) -> exp.Query:
    """The keys that occur more than once on either side, each once: `k{i}`; without columns all are one."""
    parts = [
        t.select(
            [t.named(normal(plan, i, which), f"k{i}") for i in plan.keys] or [t.named(exp.true(), "k")],
            t.inner(sides[which], which),
            group=normals(plan, plan.keys, which),
            having=t.operator(exp.GT, t.rows_counted(), t.number(1)),
        )
        for which in SIDES
    ]
    return t.union(parts, distinct=True)


def split(plan: Plan, which: Which, rows: exp.Select, *, repeated: bool) -> exp.Select:
    """The side's rows whose key is among the repeated ones, or those whose key is not."""
    keys = [*(t.column(f"k{i}") for i in plan.keys), t.named(exp.true(), "repeated")]
    on = t.all_of(*(t.same(normal(plan, i, which), t.column(f"k{i}", "k")) for i in plan.keys))
    found = t.join(t.inner(t.select(keys, t.table(REPEATED)), "k"), on, "LEFT")
    absent = t.is_null(t.column("repeated", "k"))
    return t.select(
        [t.everything(which)],
        t.inner(rows, which),
        joins=[found],
        where=t.negate(absent) if repeated else absent,
    )


def numbered(plan: Plan, which: Which, rows: exp.Select) -> exp.Select:
    """Rows of repeated keys; `m` numbers those that are equal in every compared column."""
    every = plan.by_name(range(len(plan.compared)))
    number = t.row_number(normals(plan, every, which), [_told_apart(plan, i, which) for i in every])
    return t.select([t.everything(), t.named(number, "m")], t.inner(rows, which))


def equal_many(plan: Plan) -> Join:
    """Rows of repeated keys and the condition that pairs equal ones, the m-th with the m-th."""
    same = [t.same(normal(plan, i, "b"), normal(plan, i, "c")) for i in range(len(plan.compared))]
    on = t.all_of(*same, t.equals(t.column("m", "b"), t.column("m", "c")))
    one, other = (t.select([t.everything()], t.table(MANY[which])) for which in SIDES)
    return one, other, on


def rest(plan: Plan, which: Which) -> exp.Select:
    """Rows of repeated keys without an equal partner; `n` numbers them within their key, in sorted order."""
    other: Which = "c" if which == "b" else "b"
    rows, others, on = equal_many(plan)
    mine, theirs = (rows, others) if which == "b" else (others, rows)
    every = plan.by_name(range(len(plan.compared)))
    order = [*normals(plan, every, which), *(_told_apart(plan, i, which) for i in every)]
    number = t.row_number(normals(plan, plan.keys, which), order)
    return t.select(
        [t.everything(which), t.named(number, "n")],
        t.inner(mine, which),
        joins=[t.join(t.inner(theirs, other), on, "LEFT")],
        where=t.is_null(t.column("here", other)),
    )


def on_keys(plan: Plan, *, nth: bool) -> exp.Expr:
    """The condition that pairs rows by key, and with `nth` by their number within the key."""
    same = [t.same(normal(plan, i, "b"), normal(plan, i, "c")) for i in plan.keys]
    numbers = [t.equals(t.column("n", "b"), t.column("n", "c"))] if nth else []
    return t.all_of(*same, *numbers)


def _present(which: Which) -> exp.Expr:
    return t.not_null(t.column("here", which))


def _equal(plan: Plan, i: int) -> exp.Expr:
    return rules.equal(plan.common(i), plan.compared[i].rule, normal(plan, i, "b"), normal(plan, i, "c"))


def counted(plan: Plan, pairs: Join, numbers: Iterable[int]) -> exp.Select:
    """One row: of each of these columns how many cells differ, `x{i}`, and how many rows have no partner,
    `alone`.
    """
    one, other, on = pairs
    both = t.all_of(_present("b"), _present("c"))
    counts = [t.named(t.count_if(t.negate(both)), "alone")]
    counts += [t.named(t.count_if(t.all_of(both, t.negate(_equal(plan, i)))), f"x{i}") for i in numbers]
    return t.select(counts, t.inner(one, "b"), joins=[t.join(t.inner(other, "c"), on, "FULL")])


def different(
    plan: Plan, pairs: Join, segment: Mapping[Which, exp.Expr], shape: Shape, *, repeated: bool
) -> exp.Select:
    """Missing and extra rows, and pairs with a differing cell: values, kinds, segment, number `h`."""
    one, other, on = pairs
    both = t.all_of(_present("b"), _present("c"))
    equal = t.all_of(both, *(_equal(plan, i) for i in shape.suspects))
    columns = [
        t.named(_present("b"), "in_b"),
        t.named(_present("c"), "in_c"),
        t.named(exp.true() if repeated else exp.false(), "repeated"),
        t.named(
            draw.draw(plan, _present("b"), normals(plan, plan.keys, "b"), normals(plan, plan.keys, "c")), "h"
        ),
        t.named(t.case((_present("b"), segment["b"]), otherwise=segment["c"]), "seg"),
    ]
    for i in shape.columns:
        columns += [t.named(raw(i, "b"), f"b{i}"), t.named(raw(i, "c"), f"c{i}")]
    for i in shape.suspects:
        differs = t.all_of(both, t.negate(_equal(plan, i)))
        kind = kind_of(plan.common(i), normal(plan, i, "b"), normal(plan, i, "c"))
        columns.append(t.named(t.case((differs, kind), otherwise=d.as_text(exp.null())), f"d{i}"))
    return t.select(
        columns, t.inner(one, "b"), joins=[t.join(t.inner(other, "c"), on, "FULL")], where=t.negate(equal)
    )


def kinds(numbers: Iterable[int]) -> exp.Select:
    """One row, `n{i}`: how many cells of the column differ."""
    counts = [t.named(exp.Count(this=t.column(f"d{i}")), f"n{i}") for i in numbers]
    return t.select(counts, t.table(CLASSIFIED))


def forgiving(plan: Plan) -> list[int]:
    """The numbers of the columns whose rule, or padding, can make equal what is not."""
    return [i for i, pair in enumerate(plan.compared) if rules.forgives(plan.common(i), pair.rule)]


def forgiven(plan: Plan, pairs: Join) -> exp.Select:
    """One row, `f{i}`: how many paired cells only their rule makes equal."""
    one, other, on = pairs
    counts: list[exp.Expr] = []
    for i in forgiving(plan):
        values = [rules.strict(plan.common(i), type_on(plan, i, which), raw(i, which)) for which in SIDES]
        counts.append(t.named(t.count_if(t.all_of(_equal(plan, i), t.negate(t.same(*values)))), f"f{i}"))
    return t.select(counts, t.inner(one, "b"), joins=[t.join(t.inner(other, "c"), on)])


def repetitions(plan: Plan) -> exp.Select:
    """The repeated keys: how often each occurs on both sides (`nb`, `nc`), its values and its number."""
    groups = {
        which: t.select(
            [
                *(t.named(exp.Min(this=_told_apart(plan, i, which)), f"v{i}") for i in plan.keys),
                *(t.named(normal(plan, i, which), f"k{i}") for i in plan.keys),
                t.named(t.rows_counted(), "n"),
            ],
            t.table(MANY[which], which),
            group=normals(plan, plan.keys, which),
        )
        for which in SIDES
    }
    on = t.all_of(*(t.same(t.column(f"k{i}", "b"), t.column(f"k{i}", "c")) for i in plan.keys))
    here = t.not_null(t.column("n", "b"))
    one, other = ([t.column(f"k{i}", which) for i in plan.keys] for which in SIDES)
    columns = [t.named(here, "in_b"), t.named(draw.draw(plan, here, one, other), "h")]
    columns += [t.named(t.first_known(t.column("n", w), t.number(0)), f"n{w}") for w in SIDES]
    columns += [t.named(raw(i, which), f"{which}{i}") for i in plan.keys for which in SIDES]
    return t.select(columns, t.inner(groups["b"], "b"), joins=[t.join(t.inner(groups["c"], "c"), on, "FULL")])
