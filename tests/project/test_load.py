"""A valid project becomes exactly what its files say."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from recon.model import (
    BaselineMode,
    Filter,
    Language,
    Mode,
    Project,
    Rule,
    Script,
    Session,
    Table,
    TableInput,
    TableRef,
    TextPolicy,
    Tolerance,
    ToleranceKind,
    Variant,
)
from recon.project import check, load
from tests.project.conftest import FILES

T = "tables/fact/table.toml"

FULL = """version = 1
synapse = "dbo.FACT"
databricks = "main.gold.fact"
keys = ["ID", "amount"]
segment = "load_ts"
owner = "finance"
baseline = { mode = "call", procedure = "[dbo].[usp_Load]" }

[params]
month_start = 2024-01-01
"@at" = 2024-01-01T10:00:00Z
rate = 0.10
huge = 12345678901234567890
flag = true
region = "DE"

[[inputs]]
synapse = "stg.ROWS"
databricks = "`silver`.`the rows`"
file = "data/rows.csv"
filter = "load_ts = '2024-01-31'"
split_by = "load_ts"

[[inputs]]
synapse = "dbo.FACT"
databricks = "main.gold.fact"
file = "data/rows.csv"

[columns.Load_TS]
tolerance = "secs 1"
databricks = "loaded at"

[columns."from nowhere"]
ignore = " only in the lake "
sensitive = true

[columns.amount]
text = ["ignore trailing spaces", "ignore case"]
sensitive = true
"""


def test_a_full_project(project):
    folder = project(
        {
            "recon.toml": 'version = 1\nname = "Full"\nmode = "local"\n[defaults]\npartial_above = 99.95\n'
            'sample_rows = 7\n[session]\ntimezone = "Europe/Berlin"\nansi = false\n'
            'collation = "Latin1_General_100_BIN2"\n',
            T: FULL,
            "tables/fact/variants/v2.py": "result = spark.table('silver.rows')\n",
            "tables/fact/variants/README.md": "What was converted by whom.\n",
            "tables/fact/variants/.v3.sql.swp": "",
        }
    )
    ts = Tolerance(ToleranceKind.SECS, Decimal(1))
    assert load(folder) == Project(
        folder=folder,
        name="Full",
        mode=Mode.LOCAL,
        partial_above=Decimal("99.95"),
        sample_rows=7,
        session=Session(timezone="Europe/Berlin", ansi=False, collation="Latin1_General_100_BIN2"),
        tables=(
            Table(
                name="fact",
                folder="tables/fact",
                synapse=TableRef("dbo", "FACT"),
                databricks=TableRef("gold", "fact", "main"),
                keys=("ID", "amount"),
                segment="load_ts",
                owner="finance",
                baseline=BaselineMode.CALL,
                procedure="[dbo].[usp_Load]",
                params={
                    "month_start": date(2024, 1, 1),
                    "at": datetime(2024, 1, 1, 10, tzinfo=UTC),
                    "rate": Decimal("0.10"),
                    "huge": 12345678901234567890,
                    "flag": True,
                    "region": "DE",
                },
                inputs=(
                    TableInput(
                        synapse=TableRef("stg", "ROWS"),
                        databricks=TableRef("silver", "the rows"),
                        file="data/rows.csv",
                        filter="load_ts = '2024-01-31'",
                        split_by="load_ts",
                    ),
                    TableInput(
                        synapse=TableRef("dbo", "FACT"),
                        databricks=TableRef("gold", "fact", "main"),
                        file="data/rows.csv",
                    ),
                ),
                rules={
                    "Load_TS": Rule(tolerance=ts, databricks="loaded at"),
                    "from nowhere": Rule(ignore="only in the lake", sensitive=True),
                    "amount": Rule(text=(TextPolicy.TRAILING_SPACES, TextPolicy.CASE), sensitive=True),
                },
                original=Script("tables/fact/synapse.sql", (folder / "tables/fact/synapse.sql").read_text()),
                ddl=Script("tables/fact/ddl.sql", (folder / "tables/fact/ddl.sql").read_text()),
                variants=(
                    Variant(
                        name="v1",
                        language=Language.SQL,
                        script=Script(
                            "tables/fact/variants/v1.sql",
                            "INSERT INTO gold.fact SELECT * FROM silver.rows;\n",
                        ),
                    ),
                    Variant(
                        name="v2",
                        language=Language.PYSPARK,
                        script=Script("tables/fact/variants/v2.py", "result = spark.table('silver.rows')\n"),
                    ),
                ),
            ),
        ),
    )


def test_what_is_left_out_has_its_default(project):
    folder = project(
        {
            "recon.toml": 'version = 1\nname = "Tiny"\n',
            T: 'version = 1\n[baseline]\nmode = "query"\n',
            "tables/fact/ddl.sql": None,
        }
    )
    found = load(folder)
    assert found == Project(folder=folder, name="Tiny", tables=found.tables)
    table = found.tables[0]
    assert (table.synapse, table.databricks, table.keys, table.inputs) == (None, None, (), ())
    assert (table.rules, table.params, table.ddl, table.segment) == ({}, {}, None, "")


def test_tables_come_in_the_order_of_their_names(project):
    query = 'version = 1\n[baseline]\nmode = "query"\n'
    changes = {}
    for name in ("zeta", "alpha"):
        changes[f"tables/{name}/table.toml"] = query
        changes[f"tables/{name}/synapse.sql"] = "SELECT 1 AS one"
        changes[f"tables/{name}/variants/v.sql"] = "SELECT 1 AS one"
    assert [table.name for table in load(project(changes)).tables] == ["alpha", "fact", "zeta"]


@pytest.mark.parametrize(
    ("text", "tolerance"),
    [
        ("abs 0.005", Tolerance(ToleranceKind.ABS, Decimal("0.005"))),
        ("rel 1e-6", Tolerance(ToleranceKind.REL, Decimal("0.000001"))),
        ("pct 0.5%", Tolerance(ToleranceKind.PCT, Decimal("0.5"))),
        ("pct 0.5 %", Tolerance(ToleranceKind.PCT, Decimal("0.5"))),
        ("secs 1", Tolerance(ToleranceKind.SECS, Decimal(1))),
        ("abs  0", Tolerance(ToleranceKind.ABS, Decimal(0))),
        ("pct 0.5", Tolerance(ToleranceKind.PCT, Decimal("0.5"))),
        ("ulp 2", Tolerance(ToleranceKind.ULP, Decimal(2))),
        ("abs 0.123456789012345678", Tolerance(ToleranceKind.ABS, Decimal("0.123456789012345678"))),
    ],
)
def test_tolerances_keep_every_digit(project, text, tolerance):
    head = 'version = 1\nsynapse = "dbo.FACT"\nkeys = ["id"]\n'
    folder = project({T: f'{head}[columns.amount]\ntolerance = "{text}"\n'})
    assert load(folder).tables[0].rules["amount"].tolerance == tolerance


def test_filters_of_both_sides(project):
    text = FILES[T] + '[filter]\nsynapse = " id > 1 "\n'
    assert load(project({T: text})).tables[0].filter == Filter(synapse="id > 1")
    text += "databricks = \"load_ts >= date'2024-01-01'\"\n"
    both = Filter(synapse="id > 1", databricks="load_ts >= date'2024-01-01'")
    assert load(project({T: text})).tables[0].filter == both


def test_collations_by_name_and_as_the_synapse_database_has_it(project):
    text = FILES[T] + (
        '[columns.id]\ntext = ["empty string is null", "synapse collation"]\n'
        '[columns.amount]\ncollation = "Latin1_General_100_CI_AI"\n'
    )
    session = 'version = 1\nname = "Tiny"\n[session]\ncollation = "French_100_CS_AS"\n'
    assert load(project({T: text, "recon.toml": session})).tables[0].rules == {
        "id": Rule(text=(TextPolicy.EMPTY_IS_NULL,), collation="French_100_CS_AS"),
        "amount": Rule(collation="Latin1_General_100_CI_AI"),
    }


def test_a_collation_that_cannot_be_followed_is_a_mistake_only_where_a_column_follows_it(project):
    session = 'version = 1\nname = "Tiny"\n[session]\ncollation = "Finnish_Swedish_100_CI_AI"\n'
    assert load(project({"recon.toml": session})).session.collation == "Finnish_Swedish_100_CI_AI"
    text = FILES[T] + '[columns.amount]\ntext = ["synapse collation"]\n'
    _, mistakes = check(project({T: text, "recon.toml": session}))
    assert [(m.file, m.line) for m in mistakes] == [(T, FILES[T].count("\n") + 2)]
    assert "accented letters of its own" in mistakes[0].message


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("dbo.FACT", TableRef("dbo", "FACT")),
        ("[dbo].[x y]", TableRef("dbo", "x y")),
        ("[dbo].[a.b]]c]", TableRef("dbo", "a.b]c")),
        ('\\"dbo\\".\\"a\\"\\"b\\"', TableRef("dbo", 'a"b')),
        ("`gold`.`a``b`", TableRef("gold", "a`b")),
        ("pool.dbo.FACT", TableRef("dbo", "FACT", "pool")),
        ("[my pool].dbo.[FACT]", TableRef("dbo", "FACT", "my pool")),
        ("dbo.Größe", TableRef("dbo", "Größe")),
        ("dbo.#tmp$1", TableRef("dbo", "#tmp$1")),
    ],
)
def test_names(project, text, name):
    folder = project({T: f'version = 1\nsynapse = "{text}"\n', "tables/fact/ddl.sql": None})
    assert load(folder).tables[0].synapse == name


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_files_as_ssms_and_others_write_them(project, encoding):
    """SSMS saves scripts as UTF-16 with a mark; some tools leave the mark out."""
    original = "SELECT N'Zürich 東京' AS city\r\nGO\r\n"
    table = 'version = 1\r\nowner = "Zoë"\r\n[baseline]\r\nmode = "query"\r\n'
    folder = project({"tables/fact/synapse.sql": original.encode(encoding), T: table.encode(encoding)})
    found = load(folder).tables[0]
    assert found.original.text == original
    assert found.owner == "Zoë"


def test_cloud_mode_needs_no_files(project):
    folder = project(
        {
            "recon.toml": 'version = 1\nname = "x"\nmode = "cloud"\n',
            T: 'version = 1\nsynapse = "dbo.FACT"\n'
            '[[inputs]]\nsynapse = "a.b"\ndatabricks = "c.d"\n[[inputs]]\nsynapse = "a.e"\n'
            'databricks = "c.e"\nfile = "data/only_for_local_runs.parquet"\n',
        }
    )
    assert len(load(folder).tables[0].inputs) == 2


def test_a_target_read_as_it_stands_needs_its_rows(project):
    folder = project(
        {
            T: 'version = 1\nsynapse = "dbo.FACT"\n[baseline]\nmode = "table"\n'
            '[[inputs]]\nsynapse = "DBO.fact"\ndatabricks = "silver.old"\nfile = "data/rows.csv"\n'
        }
    )
    assert load(folder).tables[0].baseline is BaselineMode.TABLE


DDLS = {
    "another table only": ("CREATE TABLE dbo.OTHER (x int);", True),
    "in a schema of the same name": ("CREATE TABLE stg.FACT (id int);", True),
    "quoted, constrained, with options": (
        "SET ANSI_NULLS ON\nGO\nCREATE TABLE [pool].[dbo].[FACT]\n(\n  [ID] int IDENTITY(1,1) NOT NULL,"
        " -- amount\n  [the, amount] decimal(18,2) CONSTRAINT df DEFAULT (0),\n"
        "  CONSTRAINT pk PRIMARY KEY NONCLUSTERED (ID) NOT ENFORCED\n)\n"
        "WITH (DISTRIBUTION = HASH(ID), PARTITION (ID RANGE RIGHT FOR VALUES (1, 2)))\nGO\n",
        False,
    ),
    "the last one counts": (
        "CREATE TABLE dbo.FACT (id int, amount int);\nGO\nDROP TABLE dbo.FACT;\nGO\nCREATE TABLE FACT (id int)",
        False,
    ),
    "a CTAS declares no names": ("CREATE TABLE dbo.FACT WITH (HEAP) AS SELECT 1 AS id FROM x;", True),
    "not SQL at all": ("CREATE TABLE dbo.FACT (id int, 'never closed", True),
}


@pytest.mark.parametrize("case", DDLS)
def test_ddl_decides_only_where_it_declares_the_target(project, case):
    """`amount` is a column of no such table: a mistake where the DDL can be read, the run's task elsewhere."""
    ddl, valid = DDLS[case]
    table = 'version = 1\nsynapse = "dbo.FACT"\nkeys = ["id"]\n[columns.amount]\ntolerance = "abs 1"\n'
    found, mistakes = check(project({"tables/fact/ddl.sql": ddl, T: table}))
    assert bool(found) is valid
    assert [str(m) for m in mistakes] == (
        [] if valid else [f'{T}:4: columns: dbo.FACT has no column "amount" in ddl.sql']
    )


def test_a_query_has_columns_of_its_own(project):
    table = 'version = 1\nsynapse = "dbo.FACT"\nkeys = ["alias"]\n[baseline]\nmode = "query"\n'
    assert load(project({T: table})).tables[0].keys == ("alias",)
