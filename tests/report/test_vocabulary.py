from __future__ import annotations

import tomllib
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.model_result import Kind, Verdict
from recon.report import vocabulary as v

BIG = 2_000_000_000
shares = st.integers(0, BIG).flatmap(lambda d: st.tuples(st.integers(0, d), st.just(d)))


@pytest.mark.parametrize(
    ("n", "rows", "level"),
    [
        (0, 0, 0), (0, 7, 0), (1, 2_000_000, 1), (1, 10_000, 1), (10_001, 100_000_000, 2), (1, 1_000, 2),
        (1_001, 1_000_000, 3), (1, 100, 3), (10_001, 1_000_000, 4), (1, 10, 4), (100_001, 1_000_000, 5),
        (1, 2, 5), (500_001, 1_000_000, 6), (7, 7, 6),
    ],
)  # fmt: skip
def test_level_at_each_border(n: int, rows: int, level: int) -> None:
    assert v.level(n, rows) == level


@given(shares)
def test_level_is_zero_for_exactly_none_and_keeps_to_its_bounds(share: tuple[int, int]) -> None:
    n, rows = share
    level = v.level(n, rows)
    assert (level == 0) == (n == 0)
    if n:
        assert v.LEVELS[level - 1] < Fraction(n, rows) <= v.LEVELS[level]


@pytest.mark.parametrize(("n", "rows"), [(-1, 5), (6, 5), (1, 0)])
def test_what_is_no_share_is_refused(n: int, rows: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        v.level(n, rows)
    with pytest.raises(ValueError, match="no share"):
        v.share_text(n, rows)


@pytest.mark.parametrize(
    ("n", "of", "text"),
    [
        (0, 0, "–"), (0, 9, "0 %"), (9, 9, "100 %"), (1, 2, "50.00 %"), (185, 216, "85.64 %"),
        (9_999_999, 10_000_000, "99.99 %"), (1, 10_000, "0.01 %"), (1, 10_001, "<0.01 %"), (BIG - 1, BIG, "99.99 %"),
    ],
)  # fmt: skip
def test_share_text(n: int, of: int, text: str) -> None:
    assert v.share_text(n, of) == text


@given(shares)
def test_a_share_is_never_rounded_up(share: tuple[int, int]) -> None:
    n, of = share
    text = v.share_text(n, of)
    assert (text == "100 %") == (n == of > 0)
    assert (text == "0 %") == (n == 0 < of)
    if text[0].isdigit():
        printed = Fraction(text.removesuffix(" %")) / 100
        assert printed <= Fraction(n, of) < printed + Fraction(1, 10_000)


def test_percent_text_of_a_result() -> None:
    assert v.percent_text(None, differs=False) == "–"
    assert v.percent_text(99.28, differs=True) == "99.28 %"
    assert v.percent_text(99.999, differs=True) == "99.99 %"
    assert v.percent_text(100.0, differs=False) == "100 %"
    assert v.percent_text(100.0, differs=True) == ">99.99 %"
    assert v.percent_text(0.0, differs=True) == "0.00 %"


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "0"), (9_999, "9,999"), (10_000, "10.0 k"), (99_999, "99.9 k"), (999_999, "999 k"), (1_240_000, "1.24 M"),
        (48_286_240, "48.2 M"), (999_999_999, "999 M"), (5 * 10**9, "5.00 B"), (-12_345, "-12.3 k"),
    ],
)  # fmt: skip
def test_short_count_is_floored(n: int, text: str) -> None:
    assert v.short_count(n) == text


def test_sizes_and_nouns() -> None:
    assert v.bytes_text(9_000) == "9,000 B"
    assert v.bytes_text(1_258_291) == "1.1 MiB"
    assert v.plural(1, "row") == "1 row"
    assert v.plural(1_290, "row") == "1,290 rows"


def test_every_kind_and_verdict_has_one_style_and_hard_kinds_come_first() -> None:
    assert sorted(style.kind for style in v.KINDS) == sorted(Kind)
    assert sorted(style.verdict for style in v.VERDICTS) == sorted(Verdict)
    hard = [style.hard for style in v.KINDS]
    assert hard == sorted(hard, reverse=True)
    assert len({style.symbol for style in v.KINDS}) == len(v.KINDS)
    assert all(v.kind_style(style.kind) is style for style in v.KINDS)


def test_colours_are_those_of_the_dashboard_theme() -> None:
    theme = tomllib.loads(Path(".streamlit/config.toml").read_text("utf-8"))["theme"]
    for scale, mode, shade in ((v.SCALE_LIGHT, "light", "light"), (v.SCALE_DARK, "dark", "dark")):
        assert list(scale) == theme[mode]["chartSequentialColors"]
        categorical = theme[mode]["chartCategoricalColors"]
        assert all(getattr(style, shade) == categorical[style.slot - 1] for style in v.KINDS)


def test_ramp_takes_the_stops_of_the_scale_and_words_on_it_can_be_read() -> None:
    assert v.RAMP_LIGHT[::2] == v.SCALE_LIGHT[::3]
    assert v.RAMP_LIGHT[1] == "#FFD7AD"  # halfway between FFE3C2 and FFCB98
    assert len(set(v.RAMP_LIGHT)) == len(v.LEVELS) == len(v.LEVEL_LABELS) == 7
    assert all(v.contrast(v.ink_on(colour), colour) >= 4.5 for colour in v.RAMP_LIGHT)
    assert all(v.contrast(style.ink, style.band) >= 7 for style in v.VERDICTS)
