"""Proposed keys against a brute-force count in Python, and the cases that mislead a profiler."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from decimal import Decimal

import pytest

from recon.compare import Spec
from recon.errors import SpecError
from recon.model import Rule, Tolerance, ToleranceKind
from recon.model_result import Uniqueness
from tests.compare.tables import table

N = 600


def orders(**more):
    """Lines of orders: the key is (order_id, line_no); `amount` and `load_ts` are unique by accident."""
    return table(
        amount=("decimal(18,2)", [Decimal(7 * i + 3) / 100 for i in range(N)]),
        order_id=("int", [i // 3 for i in range(N)]),
        line_no=("int", [i % 3 for i in range(N)]),
        load_ts=("ts", [1_700_000_000_000_000 + i for i in range(N)]),
        status=("text", ["open" if i % 7 else "done" for i in range(N)]),
        **more,
    )


def columns_of(proposals):
    return [p.columns for p in proposals]


def without(data, *rows):
    return data.take([i for i in range(data.num_rows) if i not in rows])


def again(data, *rows):
    return data.take([*range(data.num_rows), *rows])


def test_the_true_composite_key_comes_before_accidental_ones(keys):
    proposals = keys.propose(orders(), orders())
    assert columns_of(proposals) == [("order_id", "line_no"), ("load_ts",), ("amount",)]
    assert all(p.unique for p in proposals)
    whole = Uniqueness(rows=N, distinct=N, null_rows=0, duplicated_keys=0)
    assert proposals[0].baseline == proposals[0].candidate == whole
    assert (proposals[0].found, proposals[0].share_found) == (N, 1.0)


def test_one_side_alone(keys):
    best = keys.propose(orders())[0]
    assert best.columns == ("order_id", "line_no") and best.unique
    assert best.candidate is None and best.found is None and best.share_found is None


def test_four_columns_and_not_one_more(keys):
    grid = list(itertools.product(range(3), range(4), range(5), range(6)))
    data = table(
        **{
            name: ("int", [g[i] for g in grid]) for i, name in enumerate(("date_key", "a_id", "b_id", "c_id"))
        },
        count=("int", [g[0] * g[1] % 2 for g in grid]),
    )
    assert columns_of(keys.propose(data, data)) == [("date_key", "a_id", "b_id", "c_id")]
    assert keys.propose(data, data, widest=3) == ()


def test_no_key(keys):
    data = table(id=("int", [1, 2, 2, 3]), kind=("text", ["a", "b", "b", None]))
    assert keys.propose(data, data) == ()
    assert keys.propose(data) == ()


def test_nothing_is_known_of_no_rows(keys):
    empty = table(id=("int", []), v=("text", []))
    assert keys.propose(empty, empty) == ()
    filled = table(id=("int", [1, 2]), v=("text", ["x", "x"]))
    [best] = keys.propose(filled, empty)
    assert (best.columns, best.found, best.share_found) == (("id",), 0, 0.0)


def test_one_row(keys):
    data = table(name=("text", ["x"]), id=("int", [1]))
    assert columns_of(keys.propose(data, data)) == [("id",), ("name",)]


@pytest.mark.parametrize("fan_out", ["candidate", "baseline"])
def test_repeats_on_one_side_show_the_key_and_call_it_not_unique(keys, fan_out):
    plain, more = orders(), again(orders(), 5, 5, 17)
    sides = (plain, more) if fan_out == "candidate" else (more, plain)
    proposals = keys.propose(*sides)
    best = proposals[0]
    assert best.columns == ("order_id", "line_no")
    assert not any(p.unique for p in proposals)
    there = best.candidate if fan_out == "candidate" else best.baseline
    assert there == Uniqueness(rows=N + 3, distinct=N, null_rows=0, duplicated_keys=2)
    assert best.found == N


def test_a_fan_out_with_other_values_does_not_push_a_measure_into_the_key(keys):
    base = table(id=("int", list(range(90))), amount=("decimal(18,2)", [Decimal(i) for i in range(90)]))
    extra = table(id=("int", [3]), amount=("decimal(18,2)", ["700.00"]))
    import pyarrow as pa

    proposals = keys.propose(base, pa.concat_tables([base, extra]))
    assert proposals[0].columns == ("id",) and not proposals[0].unique
    assert next(p for p in proposals if p.columns == ("amount",)).unique


def test_nulls_count_as_one_value_and_are_counted(keys):
    data = table(id=("int", [1, 2, 3, None]), code=("text", ["a", None, None, "b"]))
    [proposal] = keys.propose(data, data, widest=1)
    assert proposal.columns == ("id",)
    assert proposal.baseline == Uniqueness(rows=4, distinct=4, null_rows=1, duplicated_keys=0)
    twice = table(id=("int", [1, 2, None, None]))
    assert keys.propose(twice, twice) == ()


def test_a_null_is_not_the_empty_text(keys):
    data = table(code=("text", ["", None, "a"]))
    assert keys.propose(data, data)[0].baseline.distinct == 3


def test_a_key_without_nulls_ranks_before_one_with(keys):
    data = table(a_id=("int", [None, *range(1, 10)]), b_id=("int", list(range(10))))
    assert columns_of(keys.propose(data, data)) == [("b_id",), ("a_id",)]


def test_columns_that_differ_only_in_case(keys):
    data = table(ID=("int", [1, 1, 2, 2]), id=("int", [1, 2, 3, 4]), Id=("int", [7, 7, 7, 7]))
    assert columns_of(keys.propose(data, data)) == [("id",)]


def test_hostile_names(keys):
    names = ['a"b', "select", "n", "k0", "v1", "x'; DROP TABLE t --", "naïve col", "rows"]
    rng = random.Random(4)
    data = table(
        **{name: ("int", [rng.randrange(3) for _ in range(40)]) for name in names},
        **{'"; id': ("int", list(range(40)))},
    )
    assert columns_of(keys.propose(data, data, limit=1)) == [('"; id',)]


def test_a_column_of_one_side_is_no_key(keys):
    with_id = table(id=("int", [1, 2, 3]), v=("text", ["a", "b", "b"]))
    without_id = table(v=("text", ["a", "b", "b"]))
    assert keys.propose(with_id, without_id) == ()


def test_equal_as_the_comparison_pairs(keys):
    """Padding of CHAR and the case of a GUID do not make two keys of one."""
    data = table(code=("text", ["a", "a ", "b"]), guid=("text", ["AB", "ab", "cd"]), n=("int", [1, 2, 2]))
    assert ("code",) in columns_of(keys.propose(data))
    declared = ((("code", "char(3)"), ("guid", "uniqueidentifier")), ())
    found = columns_of(keys.propose(data, declared=declared))
    assert ("code",) not in found and ("guid",) not in found and ("code", "n") in found


def test_types_may_differ_between_the_sides(keys):
    one = table(id=("int", [1, 2, 3]), day=("date", [0, 1, 1]))
    other = table(id=("text", ["3", "1", "02"]), day=("ts", [0, 86_400_000_000, 86_400_000_000]))
    [best] = keys.propose(one, other)
    assert best.columns == ("id",) and best.unique and best.found == 3


def test_keys_that_the_candidate_lacks(keys):
    best = keys.propose(orders(), without(orders(), *range(150)))[0]
    assert (best.found, best.share_found) == (N - 150, 0.75)


def test_an_identity_made_anew_on_each_side_ranks_last(keys):
    n = 50
    one = table(row_id=("int", list(range(n))), code=("text", [f"c{i}" for i in range(n)]))
    other = table(row_id=("int", list(range(1000, 1000 + n))), code=("text", [f"c{i}" for i in range(n)]))
    assert columns_of(keys.propose(one, other)) == [("code",), ("row_id",)]


def brute_force(columns, widest):
    """All minimal unique sets of names, by counting."""
    found = []
    for width in range(1, widest + 1):
        for names in itertools.combinations(columns, width):
            if any(set(f) <= set(names) for f in found):
                continue
            rows = list(zip(*(columns[n] for n in names), strict=True))
            if len(set(rows)) == len(rows):
                found.append(names)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_against_counting_every_set(keys, seed):
    rng = random.Random(seed)
    rows = rng.choice([12, 40, 90])
    columns = {
        f"c{i}": [None if rng.random() < 0.1 else rng.randrange(rng.choice([2, 4, 9])) for _ in range(rows)]
        for i in range(6)
    }
    data = table(**{name: ("int", values) for name, values in columns.items()})
    found = columns_of(keys.propose(data, data, limit=100, widest=4))
    assert sorted(found) == sorted(brute_force(columns, 4))
    for p in keys.propose(data, limit=100):
        values = Counter(zip(*(columns[n] for n in p.columns), strict=True))
        assert p.baseline.distinct == len(values) == rows
        assert p.baseline.null_rows == sum(c for v, c in values.items() if None in v)


def test_what_a_sample_does_not_show_is_counted(keys):
    """100,000 rows; the only repeat of `id` is far from the beginning, so only a count over all finds it."""
    n = 100_000
    ids = list(range(n))
    ids[-1] = ids[-2]
    data = table(id=("int", ids), part=("int", [i % 2 for i in range(n)]), one=("int", [1] * n))
    proposals = keys.propose(data)
    assert columns_of(proposals) == [("id", "part")]
    assert proposals[0].baseline.rows == n


def test_a_thousand_columns_are_bounded_work(keys):
    rows = 300
    rng = random.Random(1)
    data = table(
        **{f"m{i}": ("int", [rng.randrange(40) for _ in range(rows)]) for i in range(1000)},
        a_id=("int", [i // 20 for i in range(rows)]),
        b_id=("int", [i % 20 for i in range(rows)]),
    )
    assert keys.propose(data, data, limit=1)[0].columns == ("a_id", "b_id")


def test_bad_limits(keys):
    with pytest.raises(SpecError, match="limit = 0"):
        keys.propose(orders(), limit=0)


def test_what_to_add_to_a_key_that_repeats(keys):
    told = keys.explain(orders(), "ORDER_ID")
    assert told.keys == ("order_id",)
    assert told.now == Uniqueness(rows=N, distinct=N // 3, null_rows=0, duplicated_keys=N // 3)
    assert told.additions[0] == ("line_no",) and not told.identical
    assert set(told.additions) == {("line_no",), ("load_ts",), ("amount",)}


def test_nothing_needs_to_be_added_to_a_unique_key(keys):
    told = keys.explain(orders(), "order_id", "line_no")
    assert told.now.unique and told.additions == () and not told.identical


def test_identical_rows_cannot_be_told_apart(keys):
    told = keys.explain(again(orders(), 8), "order_id", "line_no")
    assert told.now.duplicated_keys == 1
    assert told.additions == () and told.identical


@pytest.mark.parametrize("wrong", [("nope",), ()])
def test_a_key_that_names_nothing(keys, wrong):
    with pytest.raises(SpecError):
        keys.explain(orders(), *wrong)


def test_a_nested_column_is_no_key(keys):
    data = table(id=("int", [1, 1]), tags=("list", [[1], [2]]))
    assert keys.propose(data) == ()
    with pytest.raises(SpecError, match="cannot be a key"):
        keys.explain(data, "tags")


# --- a key that repeats, on two sides ----------------------------------------------------------


def test_what_makes_a_key_unique_on_both_sides(keys):
    told = keys.extend(orders(), without(orders(), 3), "order_id")
    best = told.proposals[0]
    assert best.columns == ("order_id", "line_no") and best.added == ("line_no",) and best.unique
    assert best.found == N - 1 and not told.identical
    assert {p.added for p in told.proposals} == {("line_no",), ("load_ts",), ("amount",)}


def test_a_key_that_is_unique_on_both_sides_needs_nothing(keys):
    told = keys.extend(orders(), orders(), "order_id", "line_no")
    assert told.proposals == () and not told.identical


def test_a_fan_out_with_other_values_shows_in_which_column_the_rows_differ(keys):
    base = table(id=("int", list(range(90))), name=("text", [f"n{i}" for i in range(90)]))
    import pyarrow as pa

    more = pa.concat_tables([base, table(id=("int", [3, 5]), name=("text", ["old", "older"]))])
    told = keys.extend(base, more, "id")
    assert [p.added for p in told.proposals] == [("name",)] and not told.identical
    assert told.proposals[0].unique


def test_exact_copies_on_one_side_cannot_be_told_apart_there(keys):
    told = keys.extend(orders(), again(orders(), 8, 9), "order_id")
    assert told.identical
    assert told.proposals[0].added == ("line_no",) and not told.proposals[0].unique
    assert told.proposals[0].baseline.unique
    assert told.proposals[0].candidate.duplicated_keys == 2


@pytest.mark.parametrize("side", ["baseline", "candidate"])
def test_exact_copies_under_a_key_that_is_one_on_the_other_side_leave_nothing_to_add(keys, side):
    sides = (orders(), again(orders(), 8))
    told = keys.extend(*(sides if side == "candidate" else sides[::-1]), "order_id", "line_no")
    assert told.proposals == () and told.identical


@pytest.mark.parametrize("names", [("gone",), ()])
def test_a_key_that_one_side_lacks_is_not_extended(keys, names):
    one = table(gone=("int", [1, 1]), id=("int", [1, 2]))
    other = table(id=("int", [1, 2]))
    assert keys.extend(one, other, *names).proposals == ()


def test_among_many_rows_only_those_whose_key_repeats_are_looked_at(keys):
    """50,000 rows, of which 4 repeat: every set that tells those apart is found, and no other is needed."""
    n = 50_000
    ids = [*range(n - 2), 7, 9]
    data = table(
        id=("int", ids),
        part=("int", [*[0] * (n - 2), 1, 1]),
        status=("text", ["open"] * n),
        noise=("int", [i * 7919 % n for i in range(n)]),
    )
    told = keys.extend(data, data, "id")
    assert [p.added for p in told.proposals] == [("part",), ("noise",)]
    assert told.proposals[0].baseline == Uniqueness(rows=n, distinct=n, null_rows=0, duplicated_keys=0)


def test_a_key_of_synapse_ranks_before_one_that_hides_what_the_conversion_repeats(keys):
    """Two rows came twice with another region: (id, region) is unique on both sides, but id is the key."""
    import pyarrow as pa

    one = table(id=("int", list(range(100))), region_id=("int", [i % 4 for i in range(100)]))
    other = pa.concat_tables([one, table(id=("int", [3, 5]), region_id=("int", [9, 9]))])
    proposals = keys.propose(one, other)
    assert columns_of(proposals)[:2] == [("id",), ("id", "region_id")]
    assert [p.unique for p in proposals[:2]] == [False, True]


def test_rules_hold_renamed_columns_pair_and_ignored_ones_are_no_key(keys):
    one = table(id=("int", [1, 2, 3]), load_id=("int", [7, 8, 9]), amount=("int", [1, 1, 1]))
    other = table(ident=("int", [1, 2, 3]), load_id=("int", [4, 5, 6]), amount=("int", [1, 1, 1]))
    rules = {
        "id": Rule(databricks="ident"),
        "load_id": Rule(ignore="made anew"),
        "amount": Rule(tolerance=Tolerance(ToleranceKind.ABS, Decimal("0.1"))),
    }
    assert columns_of(keys.propose(one, other, spec=Spec(rules=rules))) == [("id",)]


def test_a_large_table_is_judged_over_all_rows_though_a_part_refutes_most(keys):
    """More rows than the part that is saved: the only repeat of the likeliest set lies behind it."""
    n = 230_000
    a = [i // 1000 for i in range(n)]
    b = [i % 1000 for i in range(n)]
    b[-1] = b[-2]
    data = table(a_id=("int", a), b_id=("int", b), late=("int", [0] * (n - 1) + [1]))
    assert columns_of(keys.propose(data, limit=1)) == [("a_id", "b_id", "late")]
