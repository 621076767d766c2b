"""extract = "cetas": Synapse writes Parquet itself; the server of the rig does it into a folder."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recon import connections
from recon.connectors.cloud.source import synapse_source
from recon.connectors.cloud.synapse_cetas import Staging, cetas, statement
from recon.connectors.cloud.synapse_staged import _batches
from recon.connectors.local.lake import FolderLake
from recon.errors import ProgramError, SettingsError, SourceError, SpecError
from recon.model import Column, TableRef
from tests.rig.fixtures_synapse import cloud_of, project_of
from tests.rig.tds import Fault

STAGING = Staging(data_source="lake]; DROP", file_format="parquet_file")
TABLE = TableRef("dbo", "wide")


@pytest.fixture(scope="module", autouse=True)
def filled(tds_server):
    tds_server.database.run(
        "CREATE TABLE dbo.wide (id int NOT NULL, amount money, at datetime, gone time(3), day date,"
        " [odd ]]name] nvarchar(20), code uniqueidentifier)\nGO\n"
        "INSERT INTO dbo.wide VALUES (1, 1.5, '2024-01-02 03:04:05.007', '01:02:03.5', '2024-01-31', N'漢',"
        " '6f9619ff-8b86-d011-b42d-00c04fc964ff'), (2, NULL, NULL, NULL, NULL, NULL, NULL),"
        " (3, -0.0001, '1753-01-01', '00:00:00', '0001-01-01', N'', NULL)"
    )


@pytest.fixture(params=["microsoft", "freetds"])
def source(request, tds, tmp_path):
    tds.database.lake = tmp_path / "lake"
    with synapse_source(cloud_of(tds, request.param), *project_of(tmp_path), tmp_path) as made:
        yield made


@pytest.fixture
def listed(tmp_path):
    def names(location):
        folder = tmp_path / "lake" / location
        return [f.name for f in folder.iterdir()] if folder.is_dir() else []

    return names


def test_synapse_writes_and_only_names_come_back(source, tds, listed, tmp_path):
    files = cetas(source.session, TABLE, source.columns(TABLE), STAGING, "run1/wide", listed)
    assert len(files) == 3
    assert files == tuple(sorted(files))
    back = pq.read_table([tmp_path / "lake/run1/wide" / f for f in files]).sort_by("id")
    assert back.to_pylist()[0] == {
        "id": 1,
        "amount": Decimal("1.5000"),
        "at": datetime(2024, 1, 2, 3, 4, 5, 7000),
        "gone": "01:02:03.500",
        "day": date(2024, 1, 31),
        "odd ]name": "漢",
        "code": "6F9619FF-8B86-D011-B42D-00C04FC964FF",
    }
    assert back["id"].to_pylist() == [1, 2, 3]
    assert back.to_pylist()[2]["amount"] == Decimal("-0.0001")
    assert tds.statements[-1].startswith("DROP EXTERNAL TABLE [dbo].[recon_")


@pytest.mark.parametrize("where", ["", "id >= 2"])
def test_rows_that_come_by_way_of_the_lake_are_those_that_come_over_odbc(tds, tmp_path, where):
    tds.database.lake = tmp_path / "container"
    cloud = cloud_of(tds, "microsoft")
    staged = replace(
        cloud, synapse=replace(cloud.synapse, extract="cetas", data_source="lake", file_format="parquet_file")
    )
    lake = FolderLake(tmp_path / "container" / cloud.adls.path)
    found = []
    for each in (cloud, staged):
        made = tmp_path / each.synapse.extract
        with synapse_source(each, *project_of(tmp_path), made, lake=lake, place="RUN-0001-ab") as source:
            rows = source.read(TABLE, where)
            with rows.batches as batches:
                found.append((rows.columns, batches.read_all().sort_by("id")))
            assert any("by way of the lake" in note for note in source.notes) is (each is staged)
        assert not lake.keys("")
        assert not made.exists() or not list(made.iterdir())
    assert found[0][0] == found[1][0]
    columns = found[1][1].column_names  # over ODBC they go by position
    assert columns == [c.name for c in found[1][0]]
    assert found[0][1].rename_columns(columns).to_pylist() == found[1][1].to_pylist()
    assert [str(t) for t in found[0][1].schema.types] == [str(t) for t in found[1][1].schema.types]


def test_a_file_of_other_columns_or_values_is_no_table(tmp_path):
    schema = pa.schema([("id", pa.int32()), ("code", pa.string())])
    for at, (names, values) in enumerate(
        ((["id", "other"], [[1], ["a"]]), (["id", "code"], [[2**40], ["a"]]))
    ):
        file = tmp_path / f"{at}.parquet"
        pq.write_table(pa.table(dict(zip(names, values, strict=True))), file)
        with pytest.raises(SourceError) as caught:
            list(_batches([file], schema, TABLE))
        assert str(2**40) not in str(caught.value)
        assert not file.exists()


def test_without_a_data_source_cetas_is_refused():
    said = dict.fromkeys(
        ("SYNAPSE_CONN_STR", "ADLS_STORAGE_ACCOUNT", "ADLS_CONTAINER", "DATABRICKS_SERVER_HOSTNAME",
         "DATABRICKS_HTTP_PATH"), "x"
    )  # fmt: skip
    with pytest.raises(SettingsError, match="SYNAPSE_DATA_SOURCE and SYNAPSE_FILE_FORMAT"):
        connections.read({**said, "SYNAPSE_EXTRACT": "cetas"})


def test_a_filter_goes_along(source, listed, tmp_path):
    files = cetas(source.session, TABLE, source.columns(TABLE), STAGING, "run2/wide", listed, "id >= 2")
    back = pq.read_table([tmp_path / "lake/run2/wide" / f for f in files])
    assert sorted(back["id"].to_pylist()) == [2, 3]
    with pytest.raises(ProgramError) as caught:
        cetas(source.session, TABLE, source.columns(TABLE), STAGING, "run3/wide", listed, "idd >= 2")
    assert caught.value.file == "filter"


def test_a_folder_with_something_in_it_is_refused(source, listed, tds):
    cetas(source.session, TABLE, source.columns(TABLE), STAGING, "run4", listed)
    before = len(tds.statements)
    with pytest.raises(SourceError, match="run4 is not empty"):
        cetas(source.session, TABLE, (), STAGING, "run4", listed)
    assert len(tds.statements) == before


def test_a_write_that_fails_is_named(source, listed, tds):
    tds.faults.append(Fault("CREATE EXTERNAL", number=229))
    with pytest.raises(SourceError, match=r"writing dbo\.wide to the lake is not permitted"):
        cetas(source.session, TABLE, source.columns(TABLE), STAGING, "run5", listed)
    assert not listed("run5")


def test_no_file_is_no_success(source, tds):
    with pytest.raises(SourceError, match="left no file under run6"):
        cetas(source.session, TABLE, source.columns(TABLE), STAGING, "run6", lambda location: [])


@pytest.mark.parametrize("kind", ["datetime2(7)", "datetimeoffset(3)", "xml"])
def test_what_a_parquet_file_of_synapse_would_change_is_refused(kind):
    with pytest.raises(SpecError, match=r"dbo\.wide\.x"):
        statement("n", TABLE, (Column("x", kind),), STAGING, "a/b")


@pytest.mark.parametrize("location", ["", "/", "a/../b", "a//b", "."])
def test_a_location_is_a_folder(location):
    with pytest.raises(SpecError, match="no folder"):
        statement("n", TABLE, (Column("x", "int"),), STAGING, location)


def test_the_statement_is_quoted_throughout():
    made = statement("n", TABLE, (Column("a]b", "int"),), STAGING, "it's/here")
    assert made == (
        "CREATE EXTERNAL TABLE [dbo].[n] WITH (LOCATION = '/it''s/here/', DATA_SOURCE = [lake]]; DROP],"
        " FILE_FORMAT = [parquet_file]) AS SELECT [a]]b] AS [a]]b] FROM [dbo].[wide]"
    )
