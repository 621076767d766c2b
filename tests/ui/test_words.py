"""Words, numbers and URL values as the screens print them."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.elements.lib import streamlit_plotly_theme

from recon.report.vocabulary import KINDS, SCALE_DARK, SCALE_LIGHT
from recon.ui import figures, fmt, selection, url
from recon.ui.header import file_name
from recon.ui.verdict import COLOURS, WORDS, status
from tests.ui.stories import a_run

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "name", ["a`b*c*", "[x](javascript:alert(1))", ":red[d]", "$x$", "a|b", "<b>", "~~s~~", "# h"]
)
def test_markup_in_names_is_escaped(name):
    shown = fmt.md(name)
    plain = shown.replace("\u2060", "")
    for place, character in enumerate(plain):
        if character in "`*_[]:$<>#|~":
            assert plain[place - 1] == "\\", f"{character} is not escaped in {shown}"
    assert plain.replace("\\", "") == name


def test_line_breaks_cannot_start_a_block():
    assert "\n" not in fmt.md("a\n# b\r\n- c\u2028> d")


@pytest.mark.parametrize("text", ["->", "a -- b", ":smile:", "www.example.com", "ada@example.com", "x >= y"])
def test_what_a_browser_would_replace_is_kept_apart(text):
    assert "\u2060" in fmt.md(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.96, "10.0 s"), (12.9, "12 s"), (185, "3 min 05 s"), (7620, "2 h 07 min")],
)
def test_durations(seconds, text):
    assert fmt.duration(seconds) == text


@pytest.mark.parametrize(
    ("past", "text"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=30), "1 day ago"),
    ],
)
def test_ages(past, text):
    assert fmt.age(past) == text


def test_times_say_utc():
    assert fmt.when(datetime(2026, 11, 5, 9, 4, tzinfo=UTC)) == "5 Nov 2026 09:04 UTC"
    assert fmt.when(None) == ""


def test_keys_spell_null_and_the_empty_string_apart():
    assert fmt.key_text({"id": None}) != fmt.key_text({"id": ""})
    assert fmt.key_text({"id": "7", "part": None}) == "id 7 · part NULL"


def test_a_link_to_a_key_comes_back_as_the_same_key():
    key = {"id": 'ä"\u202e', "part": None, "rest": ""}
    assert selection.parse_key(selection.key_json(key)) == key


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"a": 1}', '"x"', "null"])
def test_a_broken_key_in_a_link_is_no_key(text):
    assert selection.parse_key(text) is None


def test_unknown_values_of_the_address_fall_back_and_are_named():
    known = {"col": ["amount"], "seg": ["2025-01"]}
    assert url.settle({"col": "amount", "seg": "1999"}, known) == (
        {"col": "amount", "seg": url.ALL},
        ["1999"],
    )
    assert url.settle({}, known) == ({"col": url.ALL, "seg": url.ALL}, [])


def test_file_names_of_downloads_hold_nothing_harmful():
    run = a_run(table="../x/\u202e<b>", variant='a"b;c')
    for kind in ("pdf", "csv", "excel-csv", "json"):
        name = file_name(run, kind)
        assert not set(name) & set('/\\<>";:\u202e '), name
    assert file_name(run, "csv") != file_name(run, "excel-csv")


def test_every_word_of_a_list_has_a_colour():
    assert len(WORDS) == len(COLOURS) == len(set(WORDS))
    assert status(None) in WORDS


def test_the_theme_has_the_colours_of_the_vocabulary():
    theme = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))["theme"]
    slots = {k.slot: (k.light, k.dark) for k in KINDS}
    assert theme["light"]["chartCategoricalColors"] == [slots[n][0] for n in sorted(slots)]
    assert theme["dark"]["chartCategoricalColors"] == [slots[n][1] for n in sorted(slots)]
    assert tuple(theme["light"]["chartSequentialColors"]) == SCALE_LIGHT
    assert tuple(theme["dark"]["chartSequentialColors"]) == SCALE_DARK


def test_slot_colours_are_what_streamlit_replaces_in_the_browser():
    for n in range(1, 11):
        assert figures.slot_colour(n) == getattr(streamlit_plotly_theme, f"CATEGORY_{n - 1}")


def test_nothing_is_sent_home_and_no_trace_is_shown():
    config = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["showErrorDetails"] == "none"
    assert config["client"]["showErrorLinks"] is False
    assert config["server"]["headless"] is True
    assert config["server"]["fileWatcherType"] == "none"
