"""Choose the heatmap's second axis by asking the engine about the columns, the cheapest questions first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from recon.compare import queries, segments
from recon.compare import trees as t
from recon.compare.answers import one_row
from recon.compare.queries import SIDES, WORK, Which
from recon.compare.segments import MOST, Axis
from recon.model import TableRef

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlglot import exp

    from recon.compare.plan import Plan
    from recon.ports import Comparer

VALUES: Final = TableRef(WORK, "segment_values")
_GROUPED: Final = 1_000  # distinct values, up to which grouping all rows costs less than looking at each
_LOT: Final = 60  # columns in one query: the time to plan one grows with their square


class _Asker:
    """What is known about the columns: of the baseline, or of the candidate where that has no rows."""

    def __init__(
        self,
        engine: Comparer,
        plan: Plan,
        tables: Mapping[Which, TableRef],
        rows: Mapping[Which, int],
        same: bool,
    ) -> None:
        self._engine, self._plan, self._tables = engine, plan, tables
        self._which: Which = "b" if rows["b"] else "c"
        self._table, self._rows = tables[self._which], rows[self._which]
        self._sides = SIDES[: 1 if same else 2]
        self._some: dict[int, int] = {}  # distinct values among some rows
        self._all: dict[int, int] = {}
        self._dates: dict[int, bool] = {}
        self._grouped: int | None = None  # the column whose values lie in VALUES
        self._values = 0  # how many these are

    def several(self, i: int) -> bool:
        """Whether it has more than one value."""
        return self._some_of(i) > 1 or self._distinct(i) > 1

    def few(self, i: int) -> bool:
        """Whether it has more than one value, and few."""
        return self._some_of(i) <= MOST and 1 < self._distinct(i) <= MOST

    def dated(self, i: int) -> bool:
        """Whether its values are dates."""
        if i not in self._dates:
            self.group(i)
            counts = segments.like_dates(self._plan, i, _values(), "nb" if self._which == "b" else "n")
            self._dates[i] = segments.dated(one_row(self._engine, counts)["n"], self._rows)
        return self._dates[i]

    def group(self, i: int) -> int:
        """Write its distinct values to VALUES, unless they are there. How many these are."""
        if i != self._grouped:
            sides: dict[Which, exp.Select] = {
                w: queries.side(self._plan, w, self._tables[w], [i]) for w in self._sides
            }
            self._values = self._engine.save(segments.value_rows(self._plan, i, sides), VALUES)
            self._grouped = i
        return self._values

    def about(self, numbers: Sequence[int]) -> None:
        """Ask what is asked of several columns at once."""
        rows = queries.side(self._plan, self._which, self._table, numbers)
        largest = one_row(self._engine, segments.largest(self._plan, self._which, rows, numbers))
        some = one_row(self._engine, segments.some_distinct(self._plan, self._which, rows, numbers))
        self._some |= {i: some[f"u{i}"] for i in numbers}
        likely = [i for i in numbers if not segments.never_dates(largest, i)]
        scanned = [i for i in likely if self._some[i] > _GROUPED]
        dates = (
            one_row(self._engine, segments.profile(self._plan, self._which, rows, scanned)) if scanned else {}
        )
        asked = {*numbers} - ({*likely} - {*scanned})
        self._dates |= {i: segments.dated(dates.get(f"y{i}", 0), self._rows) for i in asked}

    def _some_of(self, i: int) -> int:
        return self._some[i]

    def _distinct(self, i: int) -> int:
        if i not in self._all:
            rows = queries.side(self._plan, self._which, self._table, [i])
            self._all[i] = one_row(self._engine, segments.all_distinct(self._plan, self._which, rows, i))[
                f"u{i}"
            ]
        return self._all[i]


def choose(
    engine: Comparer, plan: Plan, tables: Mapping[Which, TableRef], rows: Mapping[Which, int], *, same: bool
) -> tuple[Axis, dict[str, int]]:
    """The axis, and how many of the baseline's rows lie in each of its segments. `same`: both sides are."""
    asker = _Asker(engine, plan, tables, rows, same=same)
    number = next(_serving(plan, asker), None)
    if number is None:
        return Axis(None), {segments.ALL: rows["b"]}
    values = asker.group(number)
    axis = _grouped(engine, plan, number, values, dated=asker.dated(number))
    counted = engine.query(segments.totals(_values(), axis.label or (lambda _: t.text(segments.ALL))))
    return axis, {str(row["seg"]): int(row["n"] or 0) for row in counted}


def _values() -> exp.Select:
    return t.select([t.everything()], t.table(VALUES))


def _serving(plan: Plan, asker: _Asker) -> Iterator[int]:
    """The columns that serve, the best first: the one asked for; a date-like key, a key of few values;
    another column of few values, another date-like one.
    """
    asked = segments.asked(plan)
    keys = list(asked or segments.able(plan, keys=True))
    for lot in _lots(keys):
        asker.about(lot)
    yield from (i for i in asked if asker.several(i))
    yield from (i for i in keys if asker.dated(i) and asker.several(i))
    yield from (i for i in keys if asker.few(i))
    others = segments.able(plan, keys=False)
    for lot in _lots(others):
        asker.about(lot)
        yield from (i for i in lot if asker.few(i))
    yield from (i for i in others if asker.dated(i) and asker.several(i))


def _lots(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    return (numbers[start : start + _LOT] for start in range(0, len(numbers), _LOT))


def _grouped(engine: Comparer, plan: Plan, number: int, values: int, *, dated: bool) -> Axis:
    """The finest way of merging the column's values, which are so many, that gives few labels."""
    if dated and values <= MOST:
        return _labelled(engine, number, "", segments.date_label(plan, number, ""))
    if dated:
        [row] = engine.query(segments.level_counts(plan, number, _values()))
        level = segments.finest({str(name): int(value or 0) for name, value in row.items()})
        if level is not None:
            return _labelled(engine, number, level, segments.date_label(plan, number, level))
    plain = segments.plain_label(plan, number)
    found = engine.query(segments.label_counts(plain, _values(), MOST + 1, by_size=True))
    if len(found) <= MOST:
        return _labelled(engine, number, "", plain)
    top = segments.labels_in(found[: MOST - 1])
    grouping = f"top {len(top)} and the rest"
    return _labelled(engine, number, grouping, segments.top_label(plan, number, top))


def _labelled(engine: Comparer, number: int, grouping: str, label: Callable[[exp.Expr], exp.Expr]) -> Axis:
    """The axis with its labels in the order of their values; NULL and the rest come last."""
    answer = engine.query(segments.label_counts(label, _values(), MOST, by_size=False))
    found = segments.labels_in(answer)
    ordered = [x for x in found if x != segments.OTHER] + [x for x in found if x == segments.OTHER]
    return Axis(number, grouping, tuple(ordered), label)
