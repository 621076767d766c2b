"""Whole procedures and scripts in the styles of Synapse ETL, each with its tables' rows as data.

`suite/<name>.sql` is the script; `suite/<name>.json` says what it leaves behind: `call` and `params` name
the procedure to call after it, `tables` the rows (and declared types) of each table, `error` the error with
which it ends, `notes` what the fidelity notes say: each of them must be said, and nothing else may be.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from recon.errors import ProgramError
from recon.model import Script, TableRef

SUITE = Path(__file__).parent / "suite"
NAMES = sorted(p.stem for p in SUITE.glob("*.sql") if not p.stem.endswith(".ddl"))


def test_the_suite_is_whole():
    assert len(NAMES) >= 40
    assert {p.stem for p in SUITE.glob("*.json")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_leaves_the_rows_that_synapse_would(open_synapse, name):
    expected = json.loads((SUITE / f"{name}.json").read_text(encoding="utf-8"))
    ddl = SUITE / f"{name}.ddl.sql"
    with open_synapse(ddl.read_text(encoding="utf-8") if ddl.exists() else "") as made:
        _run(made, name, expected)
        assert expected["tables"], "a script that leaves nothing behind proves nothing"
        for table, wanted in expected["tables"].items():
            assert _ordered(_rows(made, table)) == _ordered(wanted["rows"]), table
            if "columns" in wanted:
                assert _columns(made, table) == wanted["columns"], table
        unsaid = [n for n in expected["notes"] if not any(n in note for note in made.notes)]
        unexpected = [n for n in made.notes if not any(part in n for part in expected["notes"])]
        assert (unsaid, unexpected) == ([], [])


def _run(made, name, expected):
    script = Script(f"{name}.sql", (SUITE / f"{name}.sql").read_text(encoding="utf-8"))
    procedure, params = expected.get("call", ""), expected.get("params", {})
    if "error" not in expected:
        made.source.call(script, procedure, params)
        return
    with pytest.raises(ProgramError) as caught:
        made.source.call(script, procedure, params)
    error = caught.value
    assert {"code": error.code, "line": error.line, "file": error.file} == {
        "file": f"{name}.sql",
        **{k: v for k, v in expected["error"].items() if k != "says"},
    }
    assert expected["error"]["says"] in str(error)


def _rows(made, table):
    schema, _, bare = table.rpartition(".")
    rows = made.source.read(TableRef(schema, bare))
    with rows.batches as batches:
        return [[_plain(v) for v in r.values()] for r in batches.read_all().to_pylist()]


def _columns(made, table):
    schema, _, bare = table.rpartition(".")
    return ", ".join(f"{c.name} {c.type}" for c in made.source.columns(TableRef(schema, bare)))


def _plain(value):
    """A value as JSON holds it. Together with the declared type nothing is lost."""
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, (date, Decimal)):
        return str(value)
    return value.hex() if isinstance(value, bytes) else value


def _ordered(rows):
    return sorted(rows, key=lambda row: [(v is not None, str(type(v)), v) for v in row])
