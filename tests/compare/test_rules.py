"""Tolerances against exact fractions, and text as a collation sees it, in the columns and in the keys."""

from __future__ import annotations

import math
import struct
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from recon.errors import SpecError
from recon.model import Rule, TextPolicy, Tolerance, ToleranceKind
from recon.model_result import Verdict
from tests.compare.tables import table, value

ABS, REL, PCT, SECS, ULP = ToleranceKind
MANY = settings(  # few comparisons of many values each
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)


def near(bench, kinds, pairs, kind, amount, **more):
    """For each pair of values whether it counts as equal; and the forgiven cells."""
    ones, others = zip(*pairs, strict=True)
    rule = Rule(tolerance=Tolerance(kind, Decimal(amount)))
    frames = [
        table(k=("int", list(range(len(pairs)))), v=(k, list(v)))
        for k, v in zip(kinds, (ones, others), strict=True)
    ]
    found = bench.compare(*frames, keys=["k"], rules={"v": rule}, **more)
    wrong = {int(s.key["k"]) for s in found.samples}
    assert value(found).mismatches == len(wrong)
    return [n not in wrong for n in range(len(pairs))], value(found).forgiven


# --- tolerances -------------------------------------------------------------------------------------


def places(value, *, single):
    """A float's place among all floats, in plain Python."""
    [bits] = struct.unpack(
        *((">i", struct.pack(">f", value)) if single else (">q", struct.pack(">d", value)))
    )
    return bits if bits >= 0 else -(bits + 2 ** (31 if single else 63))


def within_ulps(one, other, most, *, single):
    if one == other or (one is None and other is None) or (one != one and other != other):
        return True
    if None in (one, other) or not (math.isfinite(one) and math.isfinite(other)):
        return False
    return abs(places(one, single=single) - places(other, single=single)) <= most


def walk(value, steps):
    for _ in range(abs(steps)):
        value = math.nextafter(value, math.inf if steps > 0 else -math.inf)
    return value


TINY, BIG = math.ulp(0.0), 1.7976931348623157e308
doubles = (
    st.none() | st.floats(width=64) | st.sampled_from([0.0, -0.0, TINY, -TINY, BIG, math.inf, math.nan, 1.0])
)


@MANY
@given(
    pairs=st.lists(st.tuples(doubles, st.integers(-4, 4)), min_size=40, max_size=60), most=st.integers(0, 3)
)
@example(pairs=[(TINY, -2), (BIG, 1), (-BIG, -1), (1.0, -2), (0.1 + 0.2, -1), (0.0, 1)], most=2)
def test_ulps_of_doubles(bench, pairs, most):
    cells = [(v, v if v is None else walk(v, n)) for v, n in pairs]
    expected = [within_ulps(*c, most, single=False) for c in cells]
    assert near(bench, ("double", "double"), cells, ULP, most)[0] == expected


singles = (
    st.none() | st.floats(width=32) | st.sampled_from([0.0, -0.0, math.inf, math.nan, 3.4028234663852886e38])
)


@MANY
@given(
    pairs=st.lists(st.tuples(singles, st.integers(-4, 4)), min_size=40, max_size=60), most=st.integers(0, 3)
)
def test_ulps_of_four_byte_floats_when_both_sides_are(bench, pairs, most):
    def moved(value, steps):
        if value is None or not math.isfinite(value):
            return value
        place = places(value, single=True) + steps
        bits = place if place >= 0 else -place - 2**31
        return struct.unpack(">f", struct.pack(">i", bits))[0]

    cells = [(v, moved(v, n)) for v, n in pairs]
    expected = [within_ulps(*c, most, single=True) for c in cells]
    assert near(bench, ("float", "float"), cells, ULP, most)[0] == expected
    # beside an 8-byte float its steps count, which are 2**29 times as fine
    finite = [(a, b) for a, b in cells if a is not None and abs(a) > 1e-30 and math.isfinite(a)]
    if finite:
        expected = [within_ulps(*c, most, single=False) for c in finite]
        assert near(bench, ("float", "double"), finite, ULP, most)[0] == expected


def test_zero_point_one_plus_zero_point_two_is_one_step_off(bench):
    assert near(bench, ("double", "double"), [(0.1 + 0.2, 0.3)], ULP, 0) == ([False], 0)
    assert near(bench, ("double", "double"), [(0.1 + 0.2, 0.3)], ULP, 1) == ([True], 1)


def test_ulps_between_a_decimal_or_a_text_and_a_float(bench):
    pairs = [(Decimal("0.30"), 0.1 + 0.2), (Decimal("0.30"), 0.31), (None, 0.3)]
    assert near(bench, ("decimal(9,2)", "double"), pairs, ULP, 1) == ([True, False, False], 1)
    pairs = [("0.3", 0.1 + 0.2), ("1e0", 1.0), ("x", 1.0)]
    assert near(bench, ("text", "double"), pairs, ULP, 1) == ([True, True, False], 1)


decimals = (
    st.none() | st.decimals(-(10**8), 10**8, places=4) | st.sampled_from([Decimal(0), Decimal("0.0001")])
)
amounts = st.decimals(0, Decimal("0.99"), places=3)


def exactly_within(one, other, kind, amount):
    if one is None or other is None:
        return one is None and other is None
    one, other = Fraction(one), Fraction(other)
    if kind is ABS:
        return abs(one - other) <= Fraction(amount)
    share = Fraction(amount) / (100 if kind is PCT else 1)
    return one == other or (0 not in (one, other) and abs(one - other) <= share * max(abs(one), abs(other)))


@MANY
@given(data=st.data(), kind=st.sampled_from([ABS, REL, PCT]), amount=amounts)
def test_exact_numbers_are_near_as_fractions_say(bench, data, kind, amount):
    pairs = []
    for one in data.draw(st.lists(decimals, min_size=30, max_size=50)):
        edge = one
        if one is not None:  # the last value within the tolerance, the one after it, and any other
            size = amount if kind is ABS else abs(one) * amount / (100 if kind is PCT else 1)
            edge = (one + size).quantize(Decimal("0.0001"))
        beyond = None if edge is None else edge + Decimal("0.0001")
        pairs += [(one, other) for other in (edge, beyond, data.draw(decimals))]
    expected = [exactly_within(*p, kind, amount) for p in pairs]
    for kinds in (("decimal(18,4)", "decimal(18,4)"), ("decimal(38,10)", "decimal(38,4)")):
        assert near(bench, kinds, pairs, kind, amount)[0] == expected
    swapped = [p[::-1] for p in pairs]
    assert near(bench, ("decimal(38,4)", "decimal(38,10)"), swapped, kind, amount)[0] == expected


@MANY
@given(
    pairs=st.lists(
        st.tuples(st.integers(-(10**15), 10**15), st.integers(-(10**15), 10**15)), min_size=30, max_size=50
    ),
    kind=st.sampled_from([ABS, REL, PCT]),
    amount=amounts,
)
def test_whole_numbers_are_near_as_fractions_say(bench, pairs, kind, amount):
    pairs += [(a, a + n) for a, _ in pairs for n in (-1, 0, 1)] + [(0, b) for _, b in pairs]
    expected = [exactly_within(*p, kind, amount) for p in pairs]
    assert near(bench, ("bigint", "bigint"), pairs, kind, amount)[0] == expected


@MANY
@given(
    pairs=st.lists(st.tuples(st.floats(-1e12, 1e12), st.floats(-1e-3, 1e-3)), min_size=30, max_size=50),
    kind=st.sampled_from([ABS, REL, PCT]),
    amount=amounts,
)
def test_floats_are_near_as_fractions_say_apart_from_their_own_last_digit(bench, pairs, kind, amount):
    cells = [(a, a + a * b) for a, b in pairs]
    found, _ = near(bench, ("double", "double"), cells, kind, amount)
    for (one, other), equal in zip(cells, found, strict=True):
        blur = Fraction(max(math.ulp(one), math.ulp(other)))
        sure = [exactly_within(Fraction(one), Fraction(other) + n * blur, kind, amount) for n in (-2, 2)]
        if one == other or sure[0] == sure[1] == exactly_within(Fraction(one), Fraction(other), kind, amount):
            assert equal is exactly_within(Fraction(one), Fraction(other), kind, amount), (one, other)


@pytest.mark.parametrize("kind", [REL, PCT])
@pytest.mark.parametrize(
    "types", [("double", "double"), ("decimal(18,4)", "decimal(18,4)"), ("int", "double")]
)
def test_zero_and_something_are_never_within_a_share(bench, kind, types):
    amount = "0.75" if kind is REL else "99.99"
    pairs = [(0, 1), (1, 0), (0, 0), (0, -7)]
    assert near(bench, types, pairs, kind, amount)[0] == [False, False, True, False]


@pytest.mark.parametrize("size", [(18, 2), (18, 0), (9, 4), (19, 0), (28, 3), (33, 2), (38, 18)])
def test_a_share_of_the_largest_decimals(bench, size):
    """No product overflows, whichever way of multiplying the size allows."""
    precision, scale = size
    kind, most = f"decimal({precision},{scale})", 10**precision - 1
    wholes = [(most, -most), (most, most), (most, most - 1), (most, 1), (0, most)]
    pairs = [tuple(Decimal(f"{n}E-{scale}") for n in pair) for pair in wholes]  # arithmetic would round
    expected = [exactly_within(*p, REL, Decimal("0.000001")) for p in pairs]
    assert near(bench, (kind, kind), pairs, REL, "0.000001")[0] == expected


def test_zero_and_the_smallest_float_are_not_within_a_share_that_rounds_up(bench):
    assert near(bench, ("double", "double"), [(0.0, TINY), (TINY, -TINY)], REL, "0.75") == ([False, False], 0)


def test_null_is_never_within_tolerance(bench):
    pairs = [(None, 0), (0, None), (None, None), (1, 1)]
    for kind, types in ((ABS, ("int", "int")), (ABS, ("double", "double")), (ULP, ("double", "double"))):
        assert near(bench, types, pairs, kind, 10**6)[0] == [False, False, True, True]


@pytest.mark.parametrize(
    ("kind", "amount", "types", "words"),
    [
        (ULP, "1", ("int", "int"), "use `abs` or `rel` or `pct`"),
        (ULP, "1", ("ts", "ts"), "use `secs`"),
        (ULP, "1.5", ("double", "double"), "floats are counted in whole numbers"),
        (REL, "1", ("double", "double"), "a share of 100 % or more"),
        (PCT, "100", ("int", "int"), "a share of 100 % or more"),
        (ABS, "1e-19", ("int", "int"), "more than 18 digits"),
        (ABS, "-1", ("int", "int"), "a number from 0 up"),
        (ABS, "NaN", ("int", "int"), "a number from 0 up"),
    ],
)
def test_a_tolerance_that_cannot_be_meant(bench, kind, amount, types, words):
    cells = {"int": [1], "double": [1.0], "ts": [0]}
    with pytest.raises(SpecError) as caught:
        near(bench, types, list(zip(cells[types[0]], cells[types[1]], strict=True)), kind, amount)
    assert words in f"{caught.value} {caught.value.hint}"


# --- collations -------------------------------------------------------------------------------------

CI_AS, CS_AS, CI_AI, CS_AI = (f"Latin1_General_100_{style}" for style in ("CI_AS", "CS_AS", "CI_AI", "CS_AI"))
BIN = "Latin1_General_BIN2"
KS_WS = "Japanese_XJIS_140_CI_AS_KS_WS"
TURKISH = "Turkish_100_CI_AS"
EVERY = (CI_AS, CS_AS, CI_AI, CS_AI, BIN, KS_WS, TURKISH)
TEXTS = [  # two texts, and the collations that hold them to be equal
    ("abc", "abc", EVERY),
    ("abc", "abc   ", EVERY),
    ("", "  ", EVERY),
    ("abc", " abc", ()),
    ("abc", "abc\t", ()),
    ("abc", "ABC", (CI_AS, CI_AI, KS_WS, TURKISH)),
    ("ÉCOLE", "école", (CI_AS, CI_AI, KS_WS, TURKISH)),
    ("école", "ecole", (CI_AI, CS_AI)),
    ("École", "ecole", (CI_AI,)),
    ("e\u0301cole", "école", (CI_AI, CS_AI)),
    ("ñandú", "nandu", (CI_AI, CS_AI)),
    ("tiếng", "tieng", (CI_AI, CS_AI)),
    ("straße", "strasse", ()),
    ("ΑΣ", "ας", (CI_AS, CI_AI, KS_WS, TURKISH)),
    ("й", "и", ()),
    ("ひらがな", "ヒラガナ", (CI_AS, CS_AS, CI_AI, CS_AI, TURKISH)),
    ("ＡＢＣ　１", "ABC 1", (CI_AS, CS_AS, CI_AI, CS_AI, TURKISH)),
    ("ｶﾅ", "カナ", (CI_AS, CS_AS, CI_AI, CS_AI, TURKISH)),
    ("か", "が", ()),
    ("ISTANBUL", "istanbul", (CI_AS, CI_AI, KS_WS)),
    ("İSTANBUL", "istanbul", (CI_AI, TURKISH)),
    ("ISTANBUL", "ıstanbul", (TURKISH,)),
    ("a", None, ()),
    (None, None, EVERY),
    ("", None, ()),
]


@pytest.mark.parametrize("collation", EVERY)
def test_text_is_equal_as_the_collation_holds_it(bench, collation):
    ones, others = ([pair[side] for pair in TEXTS] for side in (0, 1))
    found = bench.cells(("text", ones), ("text", others), rule=Rule(collation=collation))
    wrong = {int(s.key["k"]) for s in found.samples}
    assert wrong == {n for n, (_, _, equal) in enumerate(TEXTS) if collation not in equal}
    exact = sum(one == other for one, other, _ in TEXTS)
    assert value(found).forgiven == len(TEXTS) - len(wrong) - exact
    assert value(found).rule == f"collation {collation}"


def test_rows_pair_by_keys_as_the_collation_holds_them(bench):
    one = table(k=("text", ["North", "SOUTH ", "é", None]), v=("int", [1, 2, 3, 4]))
    other = table(k=("text", ["NORTH", "South", "e", None]), v=("int", [1, 2, 3, 5]))
    found = bench.compare(one, other, keys=["k"], rules={"k": Rule(collation=CI_AS)})
    assert (found.rows.paired, found.rows.missing, found.rows.extra) == (3, 1, 1)
    assert (value(found, "k").forgiven, value(found, "v").mismatches) == (2, 1)
    found = bench.compare(one, other, keys=["k"], rules={"k": Rule(collation=CI_AI)})
    assert (found.rows.paired, found.rows.missing, found.rows.extra) == (4, 0, 0)


def test_keys_that_the_collation_makes_the_same_repeat(bench):
    one = table(k=("text", ["a", "A", "b"]), v=("int", [1, 2, 3]))
    found = bench.compare(one, one, keys=["k"], rules={"k": Rule(collation=CI_AS)})
    assert (found.verdict, found.rows.duplicate_keys.baseline, found.rows.paired) == (Verdict.MATCH, 1, 3)


def test_segments_follow_the_collation_of_their_column(bench):
    one = table(k=("int", [1, 2, 3]), region=("text", ["north", "NORTH", "South "]))
    other = table(k=("int", [1, 2, 3]), region=("text", ["NORTH", "north", "west"]))
    found = bench.compare(one, other, keys=["k"], rules={"region": Rule(collation=CI_AS)}, segment="region")
    assert {c.segment for c in found.segments.cells} == {"north", "south", "west"}
    assert value(found, "region").mismatches == 1


def test_ignore_case_is_the_same_for_letters_on_which_engines_disagree(bench):
    pairs = [("ΑΣ", "ας"), ("İ", "i"), ("İ", "i\u0307"), ("Ärger", "ÄRGER")]
    ones, others = zip(*pairs, strict=True)
    found = bench.cells(("text", ones), ("text", others), rule=Rule(text=(TextPolicy.CASE,)))
    assert {s.key["k"] for s in found.samples} == {"1"}


@pytest.mark.parametrize(
    ("rule", "kind", "words"),
    [
        (Rule(collation="Latin1_Generl_CI_AS"), "text", 'Did you mean "Latin1_General_CI_AS"?'),
        (Rule(collation="Finnish_Swedish_100_CI_AI"), "text", "accented letters of its own"),
        (Rule(collation=CI_AS), "int", "which is no text"),
    ],
)
def test_a_collation_that_cannot_be_followed_is_refused(bench, rule, kind, words):
    cells = (kind, ["a"] if kind == "text" else [1])
    with pytest.raises(SpecError) as caught:
        bench.cells(cells, cells, rule=rule)
    assert words in f"{caught.value} {caught.value.hint}"
