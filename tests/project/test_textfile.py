"""Bytes to text: nothing guessed, nothing lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.textfile import NotText, decode

SCRIPT = "SELECT N'é😀' AS x\r\nGO\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "ascii"]
)
def test_encodings(encoding):
    text = SCRIPT if encoding != "ascii" else "SELECT 1\r\n"
    assert decode(text.encode(encoding)) == text


def test_an_empty_file_is_an_empty_text():
    assert decode(b"") == ""


@given(st.text(alphabet=st.characters(exclude_characters="\0\ufeff", exclude_categories=["Cs"])))
def test_utf_8_comes_back_whatever_it_says(text):
    assert decode(text.encode()) == text


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        ("a\r\nSELECT 'Zoë'".encode("cp1252"), 2, "byte 0xEB"),
        (b"a\n\n\x00b", 3, "a zero byte"),
        ("SELECT 1\nGO".encode("utf-16")[:-1], 2, "UTF-16-LE"),
        (b"\xef\xbb\xbf\xff", 1, "byte 0xFF"),
    ],
)
def test_what_is_not_text_says_where(data, line, words):
    with pytest.raises(NotText, match=words) as caught:
        decode(data)
    assert caught.value.line == line
    assert "UTF-8" in caught.value.hint
