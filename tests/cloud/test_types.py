"""Every T-SQL type through both drivers and both ways of reading, to Parquet and back: exact, or refused."""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Context, Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recon.connectors.cloud.source import synapse_source
from recon.connectors.cloud.synapse_types import instant
from recon.errors import SourceError
from recon.model import Script, TableRef
from recon.sqlscript.tsql_types import SqlType
from tests.rig.fixtures_synapse import cloud_of, project_of
from tests.rig.tds import Fault

US = pa.timestamp("us")
D = Decimal
WIDE = Context(prec=60)
NINES = D("9" * 38)
LONG = "x" * 5000 + "é😀" * 2000

# declared type, what lies in the table, the type in Parquet, what Parquet has to hold (None: the same)
TYPES = {
    "bit": ("bit", [True, False], pa.bool_(), None),
    "tinyint": ("tinyint", [0, 255], pa.uint8(), None),
    "smallint": ("smallint", [-(2**15), 2**15 - 1, 0], pa.int16(), None),
    "int": ("int", [-(2**31), 2**31 - 1, 0], pa.int32(), None),
    "bigint": ("bigint", [-(2**63), 2**63 - 1, 0], pa.int64(), None),
    "decimal(1,0)": ("decimal(1,0)", [D(9), D(-9), D(0)], pa.decimal128(1, 0), None),
    "decimal(9,2)": ("decimal(9,2)", [D("9999999.99"), D("-0.01")], pa.decimal128(9, 2), None),
    "decimal(19,4)": ("decimal(19,4)", [D("999999999999999.9999")], pa.decimal128(19, 4), None),
    "decimal(28,14)": ("decimal(28,14)", [D("-12345678901234.12345678901234")], pa.decimal128(28, 14), None),
    "decimal(38,0)": ("decimal(38,0)", [NINES, D("-" + "9" * 38)], pa.decimal128(38, 0), None),
    "decimal(38,38)": ("decimal(38,38)", [NINES.scaleb(-38, WIDE), D(0)], pa.decimal128(38, 38), None),
    "decimal(38,10)": ("decimal(38,10)", [NINES.scaleb(-10, WIDE), D("-1E-10")], pa.decimal128(38, 10), None),
    "money": ("money", [D("922337203685477.5807"), D("-922337203685477.5808")], pa.decimal128(19, 4), None),
    "smallmoney": ("smallmoney", [D("214748.3647"), D("-214748.3648")], pa.decimal128(10, 4), None),
    "float": ("float", [1.7976931348623157e308, 5e-324, -0.1, 0.1 + 0.2], pa.float64(), None),
    "real": ("real", [3.4028234663852886e38, 1.401298464324817e-45, -1.5], pa.float32(), None),
    "date": ("date", [date(1, 1, 1), date(9999, 12, 31), date(2024, 2, 29)], pa.date32(), None),
    "time(7)": (
        "time(7)",
        [time(0), time(23, 59, 59, 999999)],
        pa.string(),
        ["00:00:00.0000000", "23:59:59.9999990"],
    ),
    "time(3)": ("time(3)", [time(1, 2, 3, 456000)], pa.string(), ["01:02:03.456"]),
    "time(0)": ("time(0)", [time(23, 59, 59)], pa.string(), ["23:59:59"]),
    "datetime": ("datetime", [datetime(1753, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 997000)], US, None),
    "datetime .003 .007": (
        "datetime",
        [
            datetime(2024, 2, 29, 1, 2, 3, 3000),
            datetime(2024, 2, 29, 1, 2, 3, 7000),
            datetime(1899, 12, 31, 23, 59),
        ],
        US,
        None,
    ),
    "smalldatetime": ("smalldatetime", [datetime(1900, 1, 1), datetime(2079, 6, 6, 23, 59)], US, None),
    "datetime2(7)": (
        "datetime2(7)",
        [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)],
        US,
        None,
    ),
    "datetime2(6)": (
        "datetime2(6)",
        [datetime(1, 1, 1, 0, 0, 0, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)],
        US,
        None,
    ),
    "datetime2(3)": ("datetime2(3)", [datetime(2024, 1, 2, 3, 4, 5, 678000)], US, None),
    "datetime2(0)": ("datetime2(0)", [datetime(2024, 1, 2, 3, 4, 5)], US, None),
    "datetimeoffset(7)": (
        "datetimeoffset(7)",
        [
            datetime(2024, 1, 2, 3, 4, 5, 678901, timezone(timedelta(hours=5, minutes=30))),
            datetime(9999, 12, 31, 9, tzinfo=UTC),
        ],
        pa.timestamp("us", "UTC"),
        None,
    ),
    "char(5)": ("char(5)", ["ab   ", "     ", "äöü€ß"], pa.string(), None),
    "varchar(20)": ("varchar(20)", ["", " ", "plain", "trailing  ", "naïve €", "a\x00b"], pa.string(), None),
    "varchar(8000)": ("varchar(8000)", ["y" * 8000, ""], pa.string(), None),
    "nchar(4)": ("nchar(4)", ["漢字  ", "    "], pa.string(), None),
    "nvarchar(20)": (
        "nvarchar(20)",
        ["", "漢字 😀", "e\u0301 \u00e9", "\u202eabc", "line\r\nbreak\t"],
        pa.string(),
        None,
    ),
    "nvarchar(4000)": ("nvarchar(4000)", ["漢" * 4000, "😀" * 2000], pa.string(), None),
    "varchar(max)": ("varchar(max)", ["", "x" * 100_000], pa.string(), None),
    "nvarchar(max)": ("nvarchar(max)", ["", LONG], pa.string(), None),
    "binary(4)": ("binary(4)", [b"\x00\x01\xfe\xff"], pa.binary(), None),
    "varbinary(10)": ("varbinary(10)", [b"", b"\x00", b"\xff" * 10], pa.binary(), None),
    "varbinary(max)": ("varbinary(max)", [b"", bytes(range(256)) * 100], pa.binary(), None),
    "uniqueidentifier": ("uniqueidentifier", ["6F9619FF-8B86-D011-B42D-00C04FC964FF"], pa.string(), None),
}
WAYS = {"arrow-odbc": "1 = 1", "pyodbc": "N'ü' = N'ü'"}  # a statement that is not ASCII is read row by row
REFUSED = (
    "sql_variant",
    "xml",
    "geography",
    "geometry",
    "hierarchyid",
    "image",
    "text",
    "ntext",
    "timestamp",
)


@pytest.fixture(scope="module")
def filled(tds_server):
    """A table for each type: its values, and a NULL."""
    for number, (declared, values, _, _) in enumerate(TYPES.values()):
        tds_server.database.run(f"CREATE TABLE dbo.type_{number} (id int NOT NULL, v {declared})")
        tds_server.database.fill("dbo", f"type_{number}", [*enumerate(values), (99, None)])
    return tds_server


@pytest.fixture(scope="module", params=["microsoft", "freetds"])
def source(request, filled, tmp_path_factory):
    folder = tmp_path_factory.mktemp("types")
    with synapse_source(cloud_of(filled, request.param), *project_of(folder), folder) as made:
        yield made


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", TYPES)
def test_a_type_reaches_parquet_unchanged(name, way, source, tmp_path):
    number = list(TYPES).index(name)
    declared, values, kind, expected = TYPES[name]
    table = TableRef("dbo", f"type_{number}")
    assert [c.type for c in source.columns(table)] == ["int", declared]
    rows = source.read(table, WAYS[way])
    with rows.batches as batches, pq.ParquetWriter(tmp_path / "t.parquet", batches.schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    back = pq.read_table(tmp_path / "t.parquet")
    assert back.schema.field("v").type == kind
    found = dict(zip(back["id"].to_pylist(), back["v"].to_pylist(), strict=True))
    wanted = {**dict(enumerate(expected or values)), 99: None}
    assert found == wanted
    assert {k: repr(v) for k, v in found.items() if isinstance(v, (float, Decimal, str))} == {
        k: repr(v if not isinstance(v, Decimal) else v.quantize(D(1).scaleb(-kind.scale), context=WIDE))
        for k, v in wanted.items()
        if isinstance(v, (float, Decimal, str))
    }


def test_what_the_ways_are_is_said_in_the_log(source, caplog):
    with caplog.at_level("INFO", logger="recon.connectors.cloud"):
        source.read(TableRef("dbo", "type_0")).batches.read_all()
        source.read(TableRef("dbo", f"type_{list(TYPES).index('varchar(max)')}")).batches.read_all()
        source.read(TableRef("dbo", f"type_{list(TYPES).index('datetimeoffset(7)')}")).batches.read_all()
    assert "reading dbo.type_0 is read by arrow-odbc" in caplog.text
    assert "v: a max type is read whole only row by row" in caplog.text
    assert "v: datetimeoffset needs a converter" in caplog.text


@pytest.mark.parametrize("way", WAYS)
def test_an_empty_table_keeps_its_columns_and_types(way, source, filled):
    number = list(TYPES).index("decimal(38,10)")
    rows = source.read(TableRef("dbo", f"type_{number}"), f"id < -1 AND {WAYS[way]}").batches.read_all()
    assert rows.num_rows == 0
    assert rows.schema == pa.schema([("id", pa.int32()), ("v", pa.decimal128(38, 10))])


@pytest.mark.parametrize("kind", REFUSED)
def test_a_type_without_a_counterpart_is_refused_by_name(kind, source, filled):
    odd = ("dbo", "type_0", "shape", kind)
    filled.database.odd.append(odd)
    try:
        assert source.columns(TableRef("dbo", "type_0"))[-1].type == kind
        with pytest.raises(
            SourceError, match=rf"dbo\.type_0\.shape cannot be read: the type {kind} "
        ) as caught:
            source.read(TableRef("dbo", "type_0"))
        assert "Read a view" in caught.value.hint
    finally:
        filled.database.odd.remove(odd)


@pytest.mark.parametrize("way", WAYS)
def test_a_seventh_digit_is_cut_counted_and_said(way, source, filled):
    number = list(TYPES).index("datetime2(7)")
    texts = (
        "2024-01-02 03:04:05.1234567",
        "2024-01-02 03:04:05.1234560",
        None,
        "0001-01-01 00:00:00.0000001",
    )
    columns = (("c0", SqlType("int")), ("c1", SqlType("varchar", length=27)))
    filled.faults.append(Fault(f"[type_{number}]", columns=columns, rows=tuple(enumerate(texts))))
    rows = source.read(TableRef("dbo", f"type_{number}"), WAYS[way]).batches.read_all()
    cut = datetime(2024, 1, 2, 3, 4, 5, 123456)
    assert rows["v"].to_pylist() == [cut, cut, None, datetime(1, 1, 1)]
    said = f"dbo.type_{number}.v: 2 values have a seventh digit of the second, which is cut"
    assert any(said in note for note in source.notes)


def test_the_struct_of_datetimeoffset_is_an_instant():
    def packed(*parts):
        return struct.pack("<hHHHHHIhh", *parts)

    assert instant(packed(1970, 1, 1, 0, 0, 0, 0, 0, 0)) == (0, 0)
    assert instant(packed(1970, 1, 1, 5, 30, 0, 100, 5, 30)) == (0, 100)
    assert instant(packed(1969, 12, 31, 20, 30, 0, 1000, -3, -30)) == (1, 0)
    assert instant(packed(1, 1, 1, 0, 0, 0, 0, 14, 0))[0] == -62135596800_000_000 - 14 * 3600_000_000


@pytest.mark.parametrize("way", ["one SELECT", "after a DECLARE"])
def test_a_query_has_the_types_of_its_result(way, source, filled):
    declare = "DECLARE @n int = 0;\n" if way == "after a DECLARE" else ""
    n = list(TYPES).index
    script = Script(
        "q.sql",
        f"{declare}SELECT a.id, a.v AS m, b.v AS t, c.v AS z FROM dbo.type_{n('money')} a"
        f" LEFT JOIN dbo.type_{n('time(7)')} b ON b.id = a.id"
        f" LEFT JOIN dbo.type_{n('datetime2(7)')} c ON c.id = a.id",
    )
    rows = source.query(script, {}, "id = 0")
    assert [(c.name, c.type) for c in rows.columns] == [
        ("id", "int"),
        ("m", "money"),
        ("t", "time(7)"),
        ("z", "datetime2(7)"),
    ]
    assert rows.batches.read_all().to_pylist() == [
        {"id": 0, "m": D("922337203685477.5807"), "t": "00:00:00.0000000", "z": datetime(1, 1, 1)}
    ]
