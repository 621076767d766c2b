"""Trees that Spark cannot run as they are meant are refused."""

from __future__ import annotations

import pytest
from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import trees as t
from recon.compare.spark import kind_of, spelled
from recon.compare.spark.patterns import full, java
from recon.errors import EngineError

KINDS = {"i": "INTEGER", "big": "HUGEINT", "x": "DOUBLE", "s": "VARCHAR", "d": "DATE", "m": "MAP(VARCHAR, BIGINT)",
         "w": "DECIMAL(38,18)", "tm": "TIME", "odd": "INTERVAL"}  # fmt: skip


def spell(value):
    columns = tuple((name, kind_of(kind)) for name, kind in KINDS.items())
    return spelled(
        t.select([t.named(value, "v")], exp.to_table("t")), lambda _: (exp.to_table("t"), columns)
    )[0]


@pytest.mark.parametrize(
    "value",
    [
        t.call("levenshtein", t.column("s"), t.column("s")),
        t.column("odd"),
        t.column("nowhere"),
        exp.Sum(this=t.column("x")),
        t.operator(exp.Sub, t.column("w"), t.column("w")),
        t.same(t.column("m"), t.column("m")),
        t.equals(t.column("s"), t.column("i")),
        t.equals(t.column("tm"), t.column("d")),
        d.as_type(t.column("x"), "INT"),
        d.as_type(t.column("s"), "TIMESTAMP"),
        d.matches(t.column("s"), r"\p{L}+"),
        d.matches(t.column("s"), r"(?i)[a-z]"),
        t.call("regexp_full_match", t.column("s"), t.column("s")),
        exp.Xor(this=t.column("i"), expression=t.column("i")),
    ],
    ids=lambda v: v.sql("duckdb")[:40],
)
def test_what_is_not_known_is_an_error_and_never_passed_on(value):
    with pytest.raises(EngineError, match="no exact counterpart") as caught:
        spell(value)
    assert "--engine duckdb" in caught.value.hint


def test_texts_survive_being_written_out():
    assert "CHAR(0)" in spell(t.text("a\x0012")).upper()
    assert r"\\" in spell(t.text("back\\slash"))


def test_patterns_mean_in_java_what_they_mean_in_re2():
    assert full("a.b") == r"\A(?:a[^\n]b)\z"
    assert java(r"(?:(?i)\s*k)s\d") == "(?:[ \\t\\n\\f\\r]*[kK\u212a])s[0-9]"
