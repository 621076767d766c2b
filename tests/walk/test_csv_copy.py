"""A CSV copy of what came out of Synapse, where the project asks for it."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recon import api
from recon.model import Column, Extract, Role, Rule, Script, Table, TableRef
from recon.progress import Progress
from recon.steps.csvcopy import csv_copy
from recon.steps.extract import Extracted
from tests.conftest import wait_for

VALUES = {
    "n": pa.array([1, None, -3], pa.int64()),
    "amount": pa.array(
        [Decimal("12345678901234567890.0100"), Decimal("-0.5000"), None], pa.decimal128(38, 4)
    ),
    "text": pa.array(["", None, 'a "quoted", one\nof two lines '], pa.string()),
    "bytes": pa.array([b"\x00\xff", b"", None], pa.binary()),
    "moment": pa.array([dt.datetime(9999, 12, 31, 23, 59, 59, 999999), None, None], pa.timestamp("us")),
    "x": pa.array([0.1, 1e300, None], pa.float64()),
    "E_Mail": pa.array(["a@b", "c@d", None]),
}
EXPECTED = [
    ["1", "12345678901234567890.0100", '""', "0x00FF", "9999-12-31 23:59:59.999999", "0.1"],
    ["", "-0.5000", "", "0x", "", "1e+300"],
    ["-3", "", '"a ""quoted"", one\nof two lines "', "", "", ""],
]


def extracted(folder, rows):
    file = folder / "baseline.parquet"
    pq.write_table(rows, file, row_group_size=2)
    columns = tuple(Column(name, "int") for name in rows.column_names)
    one = Extract(
        table=TableRef("dbo", "T/x y"), role=Role.BASELINE, file=file, key=file.name, columns=columns,
        rows=rows.num_rows, bytes=1, sha256="",
    )  # fmt: skip
    return Extracted(inputs=(), baseline=one, target=columns)


def asked(**rules):
    return Table(name="t", folder="tables/t", original=Script(path="synapse.sql", text=""), rules=rules)


def test_every_value_is_told_apart(tmp_path):
    found = extracted(tmp_path, pa.table(VALUES))
    [note] = csv_copy(asked(e_mail=Rule(sensitive=True)), found, tmp_path / "out", Progress())
    assert "without E_Mail (sensitive)" in note
    [file] = (tmp_path / "out").iterdir()
    assert file.name == "baseline_dbo._T_x_y_.csv"
    text = file.read_text(encoding="utf-8")
    header, *_ = text.splitlines()
    assert header == '"n","amount","text","bytes","moment","x"'
    with file.open(encoding="utf-8", newline="") as lines:
        read = list(csv.reader(lines))[1:]
    assert [[*row[:3], *row[3:]] for row in read] == [
        [cell[1:-1].replace('""', '"') if cell.startswith('"') else cell for cell in row] for row in EXPECTED
    ]
    assert f'{EXPECTED[0][1]},"",' in text  # an empty text has its quotes
    assert f"\n,{EXPECTED[1][1]},," in text  # NULL has none


def test_a_disk_that_is_full_takes_only_the_copy(tmp_path):
    found = extracted(tmp_path, pa.table(VALUES))
    (tmp_path / "out").write_text("in the way of a folder")
    assert csv_copy(asked(), found, tmp_path / "out", Progress()) == ()
    assert not list(tmp_path.glob("*.part"))


def test_what_csv_cannot_hold_takes_only_the_copy(tmp_path):
    found = extracted(tmp_path, pa.table({"n": [1], "nested": [[1, 2]]}))
    progress = Progress()
    said = []
    progress.emit = lambda step, message, *more: said.append(message)
    assert csv_copy(asked(), found, tmp_path / "out", progress) == ()
    assert not list((tmp_path / "out").iterdir())
    assert "No CSV copy of dbo.[T/x y] was written: CSV cannot hold a type" in said[-1]


@pytest.mark.usefixtures("home")
def test_a_run_keeps_them_when_asked(tmp_path):
    project = tmp_path / "project" / "recon.toml"
    project.write_text(project.read_text() + "\n[defaults]\ncsv_copy = true\n", encoding="utf-8")
    run = api.start("orders", "faithful", by="ada")
    wait_for(lambda: api.run(run.id).state.over, 120)
    assert not api.result(run.id).failure
    folder = tmp_path / "home" / "runs" / run.id / "extract"
    assert sorted(file.name for file in folder.iterdir()) == [
        "baseline_dbo.FACT_ORDERS.csv", "input_0_stg.ORDERS.csv", "input_1_dbo.DIM_REGION.csv",
    ]  # fmt: skip
    result = api.result(run.id)
    assert any(str(folder) in note for note in result.notes)
    lines = (folder / "baseline_dbo.FACT_ORDERS.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == result.rows.baseline + 1
