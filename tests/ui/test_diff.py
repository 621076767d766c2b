"""The diff table: nothing of the data is lost, trimmed or run as markup, and what differs can be seen."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.ui import diff

HOSTILE = "Acme <b>Corp</b> & \"co\" 'x' <script>alert(1)</script>"


class _Reader(HTMLParser):
    """The text and the tags of some HTML, marks apart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text, self.marked, self._in_mark = "", "", False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self._in_mark = self._in_mark or tag == "mark"

    def handle_endtag(self, tag):
        self._in_mark = self._in_mark and tag != "mark"

    def handle_data(self, data):
        self.text += data
        self.marked += data if self._in_mark else ""


def read(text: str) -> _Reader:
    return _Reader(text)


def test_markup_in_values_is_text():
    for side in diff.cell_pair(HOSTILE, HOSTILE + "!"):
        assert set(read(side).tags) <= {"mark", "span"}
        assert HOSTILE in read(side).text


def test_only_what_differs_is_marked():
    synapse, databricks = diff.cell_pair("93071.802000", "93071.80")
    assert read(synapse).marked == "2000"
    assert read(databricks).marked == ""
    assert read(synapse).text == "93071.802000"


@pytest.mark.parametrize(
    ("one", "other", "marked"),
    [
        ("2636.30", "1404.70", ("2636.3", "1404.7")),
        ("1.50", "1.5", ("0", "")),
        ("100", "1000", ("", "0")),
        ("-5", "5", ("-", "")),
        ("North Sea", "North  Sea", ("", "·")),
        ("Ada Lovelace", "ada Lovelace", ("A", "a")),
        ("apple", "ox", ("apple", "ox")),
    ],
)
def test_marks_are_where_a_reader_looks(one, other, marked):
    assert tuple(read(side).marked for side in diff.cell_pair(one, other)) == marked
    assert tuple(read(side).text.replace("·", " ") for side in diff.cell_pair(one, other)) == (one, other)


@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S"))), st.text("ab01."))
def test_every_character_of_both_sides_is_there(one, other):
    words = {"": "empty string"}
    for side, value in zip(diff.cell_pair(one, other), (one, other), strict=True):
        assert read(side).text == words.get(value, value)


def test_equal_values_have_no_mark():
    assert "<mark" not in "".join(diff.cell_pair("same", "same"))


@pytest.mark.parametrize(("one", "other"), [(None, ""), ("", None), (None, "x"), ("x", None), ("", "x")])
def test_null_and_the_empty_string_are_words_and_never_the_same(one, other):
    first, second = (read(side).text for side in diff.cell_pair(one, other))
    words = {None: "NULL", "": "empty string", "x": "x"}
    assert (first, second) == (words[one], words[other])


def test_the_text_null_is_not_the_chip():
    text, chip = diff.cell_pair("NULL", None)
    assert "chip" not in text
    assert "chip" in chip


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        ("x ", "·"),
        ("x\t", "→"),
        ("x\n", "⏎"),
        ("x\r", "␍"),
        ("x\u00a0", "⍽"),
        ("x\u202e", "U+202E"),
        ("x\u200b", "U+200B"),
        ("x\ufeff", "U+FEFF"),
        ("x\x00", "U+0000"),
        ("x\u0301", "U+0301"),
        ("x\u3000", "U+3000"),
    ],
)
def test_invisible_differences_are_made_visible(value, spelled):
    synapse, _ = diff.cell_pair(value, "x")
    assert read(synapse).marked.strip("\n") == spelled


def test_direction_overrides_never_reach_the_page():
    assert "\u202e" not in "".join(diff.cell_pair("a\u202eb", "a\u202ec"))


def test_one_character_or_two_that_look_the_same_are_told_apart():
    one, two = diff.cell_pair("caf\u00e9", "cafe\u0301")
    assert "U+0301" in read(two).marked
    assert read(one).marked == "\u00e9"
    cyrillic, latin = diff.cell_pair("\u0430", "a")
    assert "U+0430" in cyrillic
    assert "U+0430" not in latin


def test_emoji_stay_whole_where_they_are_equal():
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert family in diff.cell_pair(family + "a", family + "b")[0]


def test_right_to_left_text_is_isolated_in_its_cell():
    table = diff.diff_table([diff.Line({"k": "1"}, "c", "شركة النور ", "شركة النور", "whitespace")])
    assert 'dir="auto"' in table
    assert "unicode-bidi:isolate" in table


def test_long_values_are_cut_round_their_first_difference_and_say_so():
    one, other = "x" * 1500 + "A" + "y" * 500, "x" * 1500 + "B" + "y" * 500
    synapse, databricks = (read(side) for side in diff.cell_pair(one, other))
    assert (synapse.marked, databricks.marked) == ("A", "B")
    shown = len(re.sub(r"… [\d,]+ characters …", "", synapse.text))
    left_out = sum(int(n.replace(",", "")) for n in re.findall(r"… ([\d,]+) characters …", synapse.text))
    assert shown + left_out == len(one)
    assert shown == diff.LONGEST


def test_long_values_can_be_shown_whole():
    one = "é" * 1999 + "a"
    assert read(diff.cell_pair(one, one + "b", longest=4000)[0]).text == one


@pytest.mark.parametrize("value", ["23:59:59.9999999", "1284.1250000001", "0001", "1E+3", "NaN", " lead"])
def test_values_are_shown_character_by_character(value):
    assert read(diff.value(value)).text == value


def test_a_table_has_real_headers_and_a_caption():
    table = diff.diff_table([diff.Line({"id": HOSTILE}, HOSTILE, HOSTILE, HOSTILE, "value")])
    assert table.count('<th scope="col">') == 5
    assert "<caption>" in table
    found = read(table.split("</style>")[1])
    assert "script" not in found.tags
    assert "b" not in found.tags
    assert found.text.count(HOSTILE) == 4  # key, column and both sides


def test_a_missing_row_shows_its_values_and_says_that_the_other_side_has_none():
    row = '{"region": "DE", "note": null, "empty": "", "<b>": "<i>"}'
    table = diff.diff_table([diff.Line({"id": "1"}, "(whole row)", row, None, "missing")])
    text = read(table.split("</style>")[1]).text
    assert "no such row" in text
    assert "region DE" in text
    assert "note NULL" in text
    assert "empty empty string" in text
    assert "<b> <i>" in text


def test_composite_keys_have_their_names_in_the_header():
    table = diff.diff_table([diff.Line({"id": "7", "part": None}, "c", "x", "y", "value")])
    text = read(table.split("</style>")[1]).text
    assert "id · part" in text
    assert "7 · NULL" in text


def test_whole_rows_are_escaped():
    table = diff.rows_table("Missing", [HOSTILE], [[HOSTILE], [None], [""]])
    assert table.count(html.escape(HOSTILE)) == 2
    assert "NULL" in table
    assert "empty string" in table
