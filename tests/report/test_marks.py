from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recon.report.marks import BREAK, marked, plain, soft, visible


def bare(parts: tuple[tuple[str, bool], ...]) -> str:
    return "".join(text for text, _ in parts).replace(BREAK, "")


def differing(parts: tuple[tuple[str, bool], ...]) -> str:
    return "".join(text for text, differs in parts if differs).replace(BREAK, "")


def test_only_the_differing_part_is_marked() -> None:
    first, second = marked("1284.1250", "1284.1350")
    assert (bare(first), bare(second)) == ("1284.1250", "1284.1350")
    assert (differing(first), differing(second)) == ("2", "3")


def test_blanks_at_the_end_are_seen_and_marked() -> None:
    first, second = marked("Nordlicht GmbH  ", "Nordlicht GmbH")
    assert (bare(first), differing(first)) == ("Nordlicht GmbH··", "··")
    assert (bare(second), differing(second)) == ("Nordlicht GmbH", "")


def test_characters_without_ink_are_shown() -> None:
    assert visible("a\tb\nc\rd") == "a→b¶cU+000Dd"
    assert visible("a\u00a0b\u200bc\u202ed\ufeff\x00") == "aU+00A0bU+200BcU+202EdU+FEFFU+0000"
    assert visible("one two  three") == "one two··three"
    assert visible("👩\u200d👧 x\u200dy") == "👩\u200d👧 xU+200Dy"
    assert bare(plain(" x ")) == "·x·"


def test_a_long_value_is_cut_around_the_first_difference_and_says_so() -> None:
    one = "x" * 2_000
    other = one[:1_500] + "y" + one[1_501:]
    first, second = marked(one, other)
    assert differing(second) == "y" and differing(first) == "x"
    assert bare(first).startswith("… 1,460 before …") and bare(first).endswith("… 380 more …")
    assert bare(plain("ab" * 500)).endswith("… 840 more …")


@given(st.text(max_size=150), st.text(max_size=150))
def test_unmarked_parts_are_common_to_both_sides(one: str, other: str) -> None:
    first, second = marked(one, other)
    assert bool(differing(first) or differing(second)) == (one != other)


@given(st.text(max_size=80))
def test_what_is_visible_has_no_control_characters(text: str) -> None:
    assert all(ord(c) >= 32 and c not in "\u202e\u2066\ufeff\u00a0" for c in visible(text))


@given(st.text(alphabet="abc_/ -", max_size=80))
def test_breaks_add_nothing_but_breaks(text: str) -> None:
    assert soft(text).replace(BREAK, "") == text
    assert all(len(word) <= 12 for word in soft(text).replace(" ", BREAK).split(BREAK))


def test_a_break_never_parts_a_letter_from_its_accent() -> None:
    assert f"{BREAK}\u0301" not in soft("e\u0301" * 40)


def test_what_both_sides_begin_and_end_with_is_never_marked() -> None:
    first, second = marked("pxabq", "pabxbq")
    assert first[0] == second[0] == ("p", False)
    assert first[-1] == second[-1] == ("bq", False)
