"""The lint runs nothing and never raises, whatever the text: it says what it could not read."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from recon import project as projects
from recon.model import Language, Script, Variant
from recon.sqlscript.lint import lint
from tests.lint.test_between import JOINED, MERGE
from tests.lint.test_databricks_patterns import PYTHON, SEEN
from tests.lint.test_places import SCRIPT
from tests.lint.texts import table, variant

DEMO = Path(__file__).parents[2] / "demo"
TSQL = [SCRIPT, JOINED, MERGE, *(t.original.text for t in projects.load(DEMO).tables)]
DATABRICKS = [
    *(f"SELECT {value} AS x FROM silver.t" for value, _, _ in SEEN[:8]),
    *(v.script.text for t in projects.load(DEMO).tables for v in t.variants if v.language is Language.SQL),
]
PROGRAMS = [f"result = {value}\n" for value, _, _ in PYTHON]
NOISE = [
    "(",
    ")",
    "'",
    "[",
    "]",
    "--",
    "/*",
    "*/",
    ";",
    "SELECT",
    "END",
    "@x",
    "#t",
    "\x00",
    "é",
    "0",
    "::",
    "`",
    "$$",
]


def mutated(text: str, dice: random.Random) -> str:
    """The text with a few pieces cut, doubled, or noise put in."""
    for _ in range(dice.randint(1, 4)):
        at, length = dice.randrange(len(text) + 1), dice.randint(0, 12)
        middle = dice.choice(["", text[at : at + length] * 2, dice.choice(NOISE)])
        text = text[:at] + middle + text[at + length :]
    return text


@pytest.mark.parametrize("seed", range(60))
def test_mutated_texts(seed):
    dice = random.Random(seed)
    there = table(mutated(dice.choice(TSQL), dice), target=dice.random() < 0.7)
    python = dice.random() < 0.3
    text = mutated(dice.choice(PROGRAMS if python else DATABRICKS), dice)
    found = lint(there, variant(text, python=python), duckdb=dice.random() < 0.5)
    for hit in found.hits:
        script = there.original.text if hit.side == "synapse" else text
        assert 0 <= hit.line <= script.count("\n") + 1
        assert hit.code and hit.message


@pytest.mark.parametrize("text", ["", " ", ";", "GO", "-- nothing", "SELECT", "\ufeff", "CREATE PROC p AS"])
def test_texts_of_next_to_nothing(text):
    for other in ("", ";", "SELECT 1"):
        assert isinstance(lint(table(text), variant(other)).hits, tuple)
        assert isinstance(lint(table(text, target=True), variant(other, python=True)).hits, tuple)


def test_deep_nesting_is_not_read_but_said():
    deep = "SELECT " + "(" * 3000 + "1" + ")" * 3000 + " AS x"
    assert "NOT_READ" in {h.code for h in lint(table(deep), variant(deep)).hits}


@pytest.mark.parametrize(
    "text",
    [
        "SELECT " + " + ".join(["a / b"] * 400) + " AS x FROM stg.T",
        " UNION ALL ".join(["SELECT a FROM stg.T"] * 600),
    ],
)
def test_long_chains(text):
    assert isinstance(lint(table(text), variant(text)).hits, tuple)


def test_the_same_texts_give_the_same_hits():
    for there in projects.load(DEMO).tables:
        for each in there.variants:
            assert lint(there, each) == lint(there, each)


def test_a_long_script_takes_no_time():
    many = "\n".join(f"INSERT INTO dbo.OUT (id, x) SELECT id, a / {n} FROM stg.T" for n in range(1, 301))
    found = lint(
        table(many, target=True), Variant(name="v", language=Language.SQL, script=Script("v.sql", "SELECT 1"))
    )
    assert len([h for h in found.hits if h.code == "INT_DIVISION"]) == 300
