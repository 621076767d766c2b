"""Broken scripts: whole files of the suite with tokens taken out, doubled, swapped, put in and cut off.

Each is split whole, token for token, or refused with its line; never a crash, a hang or a lost statement.
`python -m tests.sqlscript.test_tsql_fuzz 10000 [seed]` runs more of them and prints what came of it.
"""

from __future__ import annotations

import random
import re
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from recon.errors import ProgramError
from recon.sqlscript.tokens import solid, tokenize
from recon.sqlscript.tsql_extras import without_extras
from recon.sqlscript.tsql_parse import condition, statement
from recon.sqlscript.tsql_split import split
from recon.sqlscript.tsql_tree import If, Leaf, Procedure, While, tokens_of, walk

SCRIPTS = sorted((Path(__file__).parent.parent / "tsql" / "suite").glob("*.sql"))
PUT_IN = re.split(
    " ",
    "BEGIN END IF ELSE WHILE TRY CATCH CASE WHEN THEN SELECT INSERT INTO UPDATE SET DELETE FROM MERGE USING WITH AS"
    " EXEC DECLARE CREATE PROC TABLE GO GO\n 'open [open \"open /* */ -- ( ) , ; . = @x #t ## 1 0x N' UNION ALL OUTPUT"
    " TOP NEXT VALUE FOR OVER FETCH OPEN CURSOR COMMIT TRAN RETURN FUNCTION RENAME OBJECT GRANT THROW PIVOT",
)
ROWS = {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"}
SLOW = 5.0  # seconds of work for one script; the longest here takes a tenth of one


def mutate(rng: random.Random, text: str) -> str:
    """A part of a script with one to four of its tokens changed."""
    tokens = [t.text for t in tokenize(text)]
    begin = rng.randrange(max(len(tokens) // 2, 1))
    pieces = tokens[begin : begin + rng.randint(20, 400)] if rng.random() < 0.7 else tokens
    for _ in range(rng.randint(1, 4)):
        at, other = rng.randrange(len(pieces)), rng.randrange(len(pieces))
        action = rng.randrange(7)
        if action == 0:
            pieces.insert(at, f" {rng.choice(PUT_IN)} ")
        elif action == 1:
            pieces.insert(at, pieces[other])
        elif action == 2:
            pieces[at], pieces[other] = pieces[other], pieces[at]
        elif action == 3:
            pieces[at] = pieces[at][: len(pieces[at]) // 2]  # half a token: an open quote, an open comment
        elif action == 4 and rng.random() < 0.3:
            del pieces[at:]
        elif len(pieces) > 1:
            pieces.pop(at)
        if not pieces:
            pieces = [" "]
    return "".join(pieces)


def examine(text: str) -> str:
    """What becomes of a script: `refused`, or `split` with every token in its place."""
    try:
        tree = split(text, "fuzz.sql")
    except ProgramError as error:
        assert error.line >= 1, text
        assert error.file == "fuzz.sql"
        return "refused"
    assert list(tokens_of(tree)) == solid(tokenize(text)), text
    for node in (n for batch in tree.batches for n in walk(batch.body)):
        if isinstance(node, (If, While)):
            _parse(condition, node.condition)
        elif isinstance(node, Leaf) and node.verb in ROWS:
            _parse(_statement, node)
        assert isinstance(node, Procedure) or node.parts
    return "split"


def _statement(leaf, file):
    return statement(without_extras(leaf, file)[0], file)


def _parse(parse, leaf):
    try:
        parse(leaf, "fuzz.sql")
    except ProgramError as error:
        assert error.line >= 1, leaf.text


def run(count: int, seed: int) -> Counter:
    rng = random.Random(seed)
    texts = [p.read_text(encoding="utf-8") for p in SCRIPTS]
    seen: Counter = Counter()
    for _ in range(count):
        text = mutate(rng, rng.choice(texts))
        began = time.process_time()
        seen[examine(text)] += 1
        took = time.process_time() - began
        assert took < SLOW, text
    return seen


@pytest.mark.parametrize("seed", range(4))
def test_broken_scripts_split_whole_or_are_refused(seed):
    seen = run(500, 20240131 + seed)
    assert min(seen["split"], seen["refused"]) > 50  # neither all pass nor all fail


if __name__ == "__main__":
    started = time.monotonic()
    asked = [int(a) for a in sys.argv[1:]]
    found = run(asked[0], asked[1] if len(asked) > 1 else 1)
    sys.stdout.write(f"{dict(found)} in {time.monotonic() - started:.0f} s\n")
