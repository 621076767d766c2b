"""The same comparison on DuckDB and on Spark says the same, to the last sample."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from typer.testing import CliRunner

from recon.cli import app
from recon.compare import Side, Spec
from recon.compare.keyfinder import propose_keys
from recon.compare.totals import control_totals
from recon.model import Rule, TableRef, TextPolicy
from tests.compare import random_tables, zoo
from tests.compare.seeded import SEEDED
from tests.compare.tables import table
from tests.compare.test_causes_rows import orders, without
from tests.spark_compare.both import EVERY, same_result, side_by_side

pytestmark = pytest.mark.spark
TRAPS = zoo.TRAPS if EVERY else zoo.TRAPS[::6]


def test_causes(benches):
    seeds = list(SEEDED.values())
    pairs = [(*p[:4], None, ("", "")) for p in (seeds if EVERY else seeds[::2]) if isinstance(p[0], str)]
    frames, options = side_by_side(pairs)
    assert len(same_result(benches, *frames, keys=["k"], **options).causes) > len(pairs) / 2


def test_causes_of_rows_and_of_several_columns(benches):
    n = range(80)
    values = {name: [n * i * i % 997 for i in range(1, 81)] for name, n in (("a", 1), ("b", 7), ("c", 13))}
    days = [f"{i % 12 + 1:02}/{(i + 5) % 12 + 1:02}/2024" for i in n]
    ours = table(
        k=("int", list(n)), **{name: ("int", v) for name, v in values.items()}, day=("text", days),
        s=("text", [f"ﬁsh Ⅳ ²{i}" for i in n]), x=("double", [i * 1.2345678 for i in n]),
        y=("decimal(9,2)", [f"{i}.37" if i < 40 else f"{i}.50" for i in n]),
    )  # fmt: skip
    theirs = table(
        k=("int", [i if i < 40 else 1000 + i for i in n]),
        **{name: ("int", values[m][:40] + values[name][40:]) for name, m in zip("abc", "bca", strict=True)},
        day=("text", [f"{d[3:5]}/{d[:2]}/2024" if i < 40 else d for i, d in enumerate(days)]),
        s=("text", [f"fish IV 2{i}" if i < 40 else f"ﬁsh Ⅳ ²{i}" for i in n]),
        x=("double", [round(i * 1.2345678, 2) if i < 40 else i * 1.2345678 for i in n]),
        y=("double", [i + (0.37 if i < 40 else 0.5) for i in n]),
    )
    found = {c.scope: c.cause for c in same_result(benches, ours, theirs, keys=["k"]).causes}
    swapped = dict.fromkeys("abc", "COLUMN_SWAPPED")
    assert found == swapped | {
        "k": "SURROGATE_KEY", "day": "DATE_FORMAT_PARSE", "s": "UNICODE_FORM", "x": "DECIMALS_LOST", "y": "TYPE_CHANGED",
    }  # fmt: skip


def test_what_missing_and_extra_rows_share(benches):
    data = orders(60)
    lost = without(data, lambda r: r["region"] == "FR")
    for frames, code in (((data, lost), "JOIN_TYPE"), ((lost, data), "MISSING_FILTER")):
        assert [c.cause for c in same_result(benches, *frames, keys=["id"]).causes] == [code]
    names = [f"ab{n}" if n % 3 else None for n in range(9)]
    rest = {"m": ("int", list(range(9))), "v": ("int", [n * n for n in range(9)])}
    keys = table(g=("text", names), **rest)
    filled = table(g=("text", [g or "none" for g in names]), **rest)
    upper = table(g=("text", [g and g.upper() for g in names]), **rest)
    split = pa.concat_tables([keys, upper.slice(1, 2)])
    for other, code in ((filled, "NULL_NOT_HANDLED"), (split, "COLLATION_CASE")):
        found = same_result(benches, keys, other, keys=["g", "m"]).causes
        assert code in {c.cause for c in found}


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_traps_of_rows(benches, trap):
    results = [zoo.check(trap, bench.engine, bench.folder) for bench in benches]
    assert results[0] == results[1]


def test_repeated_keys_hostile_names_rules_and_the_differences_file(benches, tmp_path):
    names = ["k", "K", 'q"u`o.t;e', "b0", "select"]
    rows = [(n % 40 or None, "x", f"t{n % 3} ", n % 7, "é" if n % 2 else "e\u0301") for n in range(90)]
    other = [
        (k, "x" if n % 5 else "y", s.strip().upper(), v + (n % 11 == 0), z)
        for n, (k, _, s, v, z) in enumerate(rows[3:])
    ]
    frames = [pa.table([pa.array(c) for c in zip(*data, strict=True)], names) for data in (rows, other)]
    rules = {'q"u`o.t;e': Rule(text=(TextPolicy.TRAILING_SPACES, TextPolicy.CASE)), "select": Rule(text=(TextPolicy.NFC,)),
             "K": Rule(sensitive=True)}  # fmt: skip
    found = same_result(
        benches, *frames, keys=["k"], rules=rules, segment="b0", tmp_path=tmp_path, sample_rows=3
    )
    assert found.rows.duplicate_keys.baseline
    assert found.rows.null_keys.baseline


@settings(random_tables.MANY, max_examples=20 if EVERY else 3)
@given(case=random_tables.cases())
def test_random_tables(benches, case):
    one, other = (random_tables.run(bench, *case, sample_rows=3) for bench in benches)
    assert other == one


def test_control_totals_and_key_proposals(benches):
    data = table(
        k=("int", list(range(20))), amount=("decimal(38,4)", [f"{n}.5" for n in range(20)]),
        x=("double", [n / 7 for n in range(19)] + [None]), s=("text", [f"a{n % 3}" for n in range(20)]),
        d=("ts", [None] * 20),
    )  # fmt: skip
    found = []
    for bench in benches:
        sides = [Side(table=bench.attach(data, name)) for name in ("baseline", "candidate")]
        totals = control_totals(bench.engine, Spec(keys=("k",)), *sides, segment="s")
        found.append((totals, propose_keys(bench.engine, *sides)))
    assert found[0] == found[1]


def test_csv_is_read_by_the_same_rules(benches, tmp_path):
    (tmp_path / "a.csv").write_text('k;v\n1;""\n2;\n3;\\N\n4;"x;""y"\n', encoding="utf-8")
    ref = TableRef("main", 'odd "name"', "some catalog")
    for bench in benches:
        bench.engine.attach(ref, [str(tmp_path / "a.csv")])
        assert [(c.name, c.type) for c in bench.engine.columns(ref)] == [("k", "VARCHAR"), ("v", "VARCHAR")]
        key = TableRef("w", "copy")
        from recon.compare import trees as t

        assert bench.engine.save(t.select([t.everything()], t.table(ref)), key) == 4


def test_the_command_line_says_the_same_on_both_engines(benches, tmp_path, monkeypatch):
    monkeypatch.setenv("RECON_HOME", str(tmp_path / "home"))
    for name, values in (("a", ["x", "y", None]), ("b", ["x", "z", ""])):
        pq.write_table(pa.table({"k": [1, 2, 3], "v": values}), tmp_path / f"{name}.parquet")
    documents = []
    for engine in ("duckdb", "spark"):
        file = tmp_path / f"{engine}.json"
        asked = ["compare", str(tmp_path / "a.parquet"), str(tmp_path / "b.parquet"), "--keys", "k"]
        done = CliRunner().invoke(app, [*asked, "--engine", engine, "--json", str(file)])
        assert done.exit_code == 1, done.output
        documents.append(json.loads(file.read_text(encoding="utf-8")))
        assert documents[-1].pop("engine") == engine
        documents[-1].pop("timings", None)
    assert documents[0] == documents[1]


def test_an_engine_that_is_not_there_is_refused(tmp_path):
    pq.write_table(pa.table({"k": [1]}), tmp_path / "a.parquet")
    asked = ["compare", str(tmp_path / "a.parquet"), str(tmp_path / "a.parquet"), "--engine", "oracle"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 2
