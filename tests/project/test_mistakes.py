"""Every mistake a project folder can hold, each with its file, its line, its words and its remedy."""

from __future__ import annotations

import pytest

from recon.errors import SpecError
from recon.project import Mistake, check, load
from tests.project.conftest import FILES

T = "tables/fact/table.toml"
TOP = 'version = 1\nsynapse = "dbo.FACT"\nkeys = ["id"]\n'
INPUT = '[[inputs]]\nsynapse = "stg.ROWS"\ndatabricks = "silver.rows"\nfile = "data/rows.csv"\n'


# Content of recon.toml -> the mistake, and a part of its hint.
RECON = [
    ('name = "x"', "recon.toml:1: there is no version", "version = 1"),
    ('version = 2\nname = "x"', "recon.toml:1: version 2 is not known", "version = 1"),
    ('\n# c\nversion = "1"\nname = "x"', "recon.toml:3: version '1' is not known", "version = 1"),
    ("version = true", "recon.toml:1: version True is not known", "version = 1"),
    ("version = 1", "recon.toml:1: there is no name", "heads every page"),
    ('version = 1\n\nname = "  "', "recon.toml:3: there is no name", "heads every page"),
    ("version = 1\nname = 5", "recon.toml:2: name must be text in quotes, not a whole number", ""),
    (
        'version = 1\nname = "x"\nmode = "spak"',
        'recon.toml:3: mode = "spak" is not one of "spark", "local", "cloud"',
        'Did you mean "spark"?',
    ),
    (
        'version = 1\nname = "x"\nmode = ["spark"]',
        "recon.toml:3: mode must be text in quotes, not a list",
        "",
    ),
    ('version = 1\nname = "x"\nmood = "spark"', "recon.toml:3: unknown key mood", 'Did you mean "mode"?'),
    (
        'version = 1\nname = "x"\n[defaults]\nsampel_rows = 4',
        "recon.toml:4: unknown key defaults.sampel_rows",
        'Did you mean "sample_rows"?',
    ),
    (
        'version = 1\nname = "x"\nansi = true',
        "recon.toml:3: unknown key ansi",
        "ansi belongs into [session].",
    ),
    (
        'version = 1\n[session]\nansi = true\nname = "x"',
        "recon.toml:4: unknown key session.name",
        "belongs to the top of the file, above its first [table]; here it is part of [session]",
    ),
    (
        'version = 1\nname = "x"\nzzz = 1',
        "recon.toml:3: unknown key zzz",
        'Known: "version", "name", "mode", "defaults", "session".',
    ),
    (
        'version = 1\nname = "x"\n[defaults]\npartial_above = "95"',
        "recon.toml:4: defaults.partial_above must be a number, not text",
        "",
    ),
    (
        'version = 1\nname = "x"\ndefaults.partial_above = 100.5',
        "recon.toml:3: defaults.partial_above must lie between 0 and 100, not 100.5",
        "",
    ),
    (
        'version = 1\nname = "x"\ndefaults = { partial_above = 1, sample_rows = 2.5 }',
        "recon.toml:3: defaults.sample_rows must be a whole number, not a number",
        "",
    ),
    (
        'version = 1\nname = "x"\n[defaults]\nsample_rows = 0',
        "recon.toml:4: defaults.sample_rows: input should be greater than or equal to 1",
        "",
    ),
    (
        'version = 1\nname = "x"\n[session]\nansi = "yes"',
        "recon.toml:4: session.ansi must be true or false, not text",
        "",
    ),
    (
        'version = 1\nname = "x"\n[session]\ncollation = "SQL_Latin1_General_CP1_CI"',
        'recon.toml:4: session.collation = "SQL_Latin1_General_CP1_CI" is not a collation of T-SQL',
        'Did you mean "SQL_Latin1_General_CP1_CI_AS"?',
    ),
    (
        'version = 1\nname = "x"\n[session]\ntimezone = "Europe/Berln"',
        'recon.toml:4: session.timezone = "Europe/Berln" is not a time zone',
        'Did you mean "Europe/Berlin"?',
    ),
    ('version = 1\nname = "x"\nsession = 3', "recon.toml:3: session must be a table, not a whole number", ""),
    ('version = 1\nname = "x', "recon.toml:2: not TOML: ", ""),
    ('version = 1\nname = "x"\nname = "y"\n', "recon.toml:3: not TOML: ", ""),
    ("version = 1\n\nname =", "recon.toml:3: not TOML: ", ""),
]

# Content of table.toml -> the mistake, and a part of its hint.
TABLES = [
    ('keys = ["id"]', f"{T}:1: there is no version", "version = 1"),
    (TOP + 'ower = "me"', f"{T}:4: unknown key ower", 'Did you mean "owner"?'),
    (
        TOP + '[baseline]\nmode = "call"\nowner = "me"',
        f"{T}:6: unknown key baseline.owner",
        "above its first [table]",
    ),
    (TOP + 'procedure = "dbo.p"', f"{T}:4: unknown key procedure", "belongs into [baseline]"),
    ('version = 1\nsynapse = "FACT"', f'{T}:2: synapse = "FACT" has no schema', '"dbo.FACT"'),
    ('version = 1\nsynapse = "a.b.c.d"', f'{T}:2: synapse = "a.b.c.d" has 4 parts', "catalog.schema.name"),
    ('version = 1\nsynapse = "dbo.my fact"', f'{T}:2: synapse = "dbo.my fact" is not a name', "[brackets]"),
    ('version = 1\nsynapse = "dbo..FACT"', f'{T}:2: synapse = "dbo..FACT" is not a name', ""),
    ('version = 1\nsynapse = "dbo.FACT."', f'{T}:2: synapse = "dbo.FACT." is not a name', ""),
    ('version = 1\nsynapse = ""', f'{T}:2: synapse = "" is not a name', ""),
    ('version = 1\nsynapse = "dbo.[FACT"', f'{T}:2: synapse = "dbo.[FACT" is not a name', ""),
    (TOP + "databricks = 7", f"{T}:4: databricks must be text in quotes, not a whole number", ""),
    ('version = 1\nsynapse = "dbo.FACT"\nkeys = "id"', f"{T}:3: keys must be a list in [ ], not text", ""),
    (
        'version = 1\nsynapse = "dbo.FACT"\nkeys = [\n  "id",\n  3,\n]',
        f"{T}:5: keys must be text in quotes, not a whole number",
        "",
    ),
    (
        'version = 1\nsynapse = "dbo.FACT"\nkeys = [\n  "id",\n  # again\n  "ID",\n]',
        f'{T}:6: keys: "ID" is listed twice',
        "Take one away.",
    ),
    ('version = 1\nsynapse = "dbo.FACT"\nkeys = [""]', f"{T}:3: keys: a name is empty", ""),
    (
        'version = 1\nsynapse = "dbo.FACT"\nkeys = ["idd"]',
        f'{T}:3: keys: dbo.FACT has no column "idd" in ddl.sql',
        'Did you mean "id"?',
    ),
    (TOP + 'segment = "load_t"', f'{T}:4: segment: dbo.FACT has no column "load_t" in ddl.sql', '"load_ts"'),
    (
        TOP + '[columns.amont]\ntolerance = "abs 1"',
        f'{T}:4: columns: dbo.FACT has no column "amont" in ddl.sql',
        'Did you mean "amount"?',
    ),
    (
        'version = 1\nkeys = ["id"]',
        f'{T}:1: baseline.mode = "call" reads a table, but there is no synapse',
        'mode = "query"',
    ),
    (
        'version = 1\n[baseline]\nmode = "table"',
        f'{T}:3: baseline.mode = "table" reads a table, but there is no synapse',
        "",
    ),
    (
        TOP + '[baseline]\nmode = "table"\n' + INPUT,
        f'{T}:5: baseline.mode = "table", but no [[inputs]] gives the rows of dbo.FACT',
        "add it to [[inputs]]",
    ),
    (
        TOP + '[baseline]\nmode = "cal"',
        f'{T}:5: baseline.mode = "cal" is not one of "call", "query", "table"',
        'Did you mean "call"?',
    ),
    (
        TOP + '[baseline]\nmode = "query"\nprocedure = "dbo.p"',
        f'{T}:6: baseline.procedure is not called with mode = "query"',
        'mode = "call"',
    ),
    (
        TOP + '[baseline]\nprocedure = "dbo.p; DROP TABLE x"',
        f'{T}:5: baseline.procedure = "dbo.p; DROP TABLE x" is not a name',
        "",
    ),
    (TOP + "[params]\nd = 12:30:00", f"{T}:5: params.d must be text, a number, true or false", "as text"),
    (TOP + "[params]\nd = [1]", f"{T}:5: params.d must be text, a number, true or false", "as text"),
    (TOP + "[params]\nd = nan", f"{T}:5: params.d must be a finite number", ""),
    (TOP + '[params]\n"a b" = 1', f'{T}:5: params: "a b" cannot name a variable', "without its @"),
    (TOP + '[params]\nd = 1\n"@D" = 2', f'{T}:6: params: "@D" is given twice', ""),
    (TOP + '[columns.amount]\ntolerance = "0.5"', f'{T}:5: columns.amount.tolerance = "0.5" is not a', "abs"),
    (TOP + '[columns.amount]\ntolerance = "abs"', f'{T}:5: columns.amount.tolerance = "abs" is not a', ""),
    (TOP + '[columns.amount]\ntolerance = "abs 1%"', f'{T}:5: columns.amount.tolerance = "abs 1%" is', ""),
    (
        TOP + '[columns.amount]\ntolerance = "0.5%"',
        f'{T}:5: columns.amount.tolerance = "0.5%" is not a',
        '"pct 0.5%"',
    ),
    (
        TOP + '[columns.amount]\ntolerance = "rel 1%"',
        f'{T}:5: columns.amount.tolerance = "rel 1%" is not a',
        'A share in percent is "pct 0.5%".',
    ),
    (
        TOP + '[columns.amount]\ntolerance = "ulps 2"',
        f'{T}:5: columns.amount.tolerance = "ulps 2" is not a',
        'Did you mean "ulp 2"?',
    ),
    (
        TOP + '[columns.amount]\ntolerance = "ulp 1.5"',
        f'{T}:5: columns.amount.tolerance = "ulp 1.5": floats are counted in whole numbers',
        "",
    ),
    (
        TOP + '[columns.amount]\ntolerance = "pct 100"',
        f'{T}:5: columns.amount.tolerance = "pct 100": a share of 100 % or more would make any two values',
        "",
    ),
    (
        TOP + '[columns.amount]\ntolerance = "abs 1e-19"',
        f'{T}:5: columns.amount.tolerance = "abs 1e-19": the amount has more than 18 digits',
        "",
    ),
    (
        TOP + '[columns.amount]\ncollation = "Latin1_Genral_CI_AS"',
        f'{T}:5: columns.amount.collation = "Latin1_Genral_CI_AS" is not a collation of T-SQL',
        'Did you mean "Latin1_General_CI_AS"?',
    ),
    (
        TOP + '[columns.amount]\ncollation = "Modern_Spanish_CI_AI"',
        f'{T}:5: columns.amount.collation = "Modern_Spanish_CI_AI": the collation "Modern_Spanish_CI_AI"',
        "Take its _AS form",
    ),
    (
        TOP + '[columns.amount]\ncolation = "x"',
        f"{T}:5: unknown key columns.amount.colation",
        'Did you mean "collation"?',
    ),
    (
        TOP + '[columns.amount]\ntext = ["synapse collations"]',
        f'{T}:5: columns.amount.text = "synapse collations" is not one of',
        'Did you mean "synapse collation"?',
    ),
    (
        TOP + '[columns.amount]\ntext = ["synapse collation"]\ncollation = "Latin1_General_CI_AS"',
        f'{T}:6: columns: "amount" has a collation of its own and follows that of Synapse',
        "Keep one",
    ),
    (
        TOP + '[columns.amount]\nignore = "no use"\ncollation = "Latin1_General_CI_AS"',
        f'{T}:5: columns: "amount" is ignored and yet has a rule to compare it by',
        "",
    ),
    (
        TOP + 'segment = "amount"\n[columns.Amount]\nsensitive = true',
        f'{T}:4: segment: "amount" is sensitive, and segments show its values',
        "Choose another segment",
    ),
    (
        TOP + 'segment = "load_ts"\n[columns.load_ts]\nignore = "load time"',
        f'{T}:4: segment: "load_ts" is ignored',
        "Choose another segment",
    ),
    (
        'version = 1\nsynapse = "dbo.FACT"\n[columns.amount]\ntolerance = "abs 1"',
        f'{T}:4: columns: "amount" has a tolerance, but without keys rows pair only on equal values',
        "Name the keys",
    ),
    (TOP + '[filter]\nsynapse = " "', f"{T}:5: filter.synapse is empty", "compare all rows"),
    (TOP + '[filter]\nsynaps = "a = 1"', f"{T}:5: unknown key filter.synaps", 'Did you mean "synapse"?'),
    (TOP + 'filter = "a = 1"', f"{T}:4: filter must be a table, not text", ""),
    (TOP + '[columns.amount]\ntolerance = "abs x"', f'{T}:5: columns.amount.tolerance = "abs x" is', ""),
    (
        TOP + '[columns.amount]\ntolerance = "abs -1"',
        f'{T}:5: columns.amount.tolerance = "abs -1": the amount must be a number from 0 up',
        "",
    ),
    (
        TOP + '[columns.amount]\ntolerance = "rel nan"',
        f'{T}:5: columns.amount.tolerance = "rel nan": the amount must be a number from 0 up',
        "",
    ),
    (
        TOP + "[columns.amount]\ntolerance = 0.5",
        f"{T}:5: columns.amount.tolerance must be text in quotes, not a number",
        "",
    ),
    (
        TOP + '[columns.amount]\ntext = ["ignore cases"]',
        f'{T}:5: columns.amount.text = "ignore cases" is not one of',
        'Did you mean "ignore case"?',
    ),
    (
        TOP + '[columns.amount]\ntext = "ignore case"',
        f"{T}:5: columns.amount.text must be a list in [ ], not text",
        "",
    ),
    (
        TOP + '[columns.amount]\ntext = ["ignore case", "ignore case"]',
        f'{T}:5: columns: "ignore case" stands twice for "amount"',
        "",
    ),
    (TOP + '[columns.load_ts]\nignore = ""', f"{T}:5: columns.load_ts.ignore needs a reason", "Say why"),
    (TOP + "[columns.load_ts]\nignore = true", f"{T}:5: columns.load_ts.ignore needs a reason", "Say why"),
    (
        TOP + '[columns.load_ts]\nignore = "load time"\ntolerance = "secs 1"',
        f'{T}:5: columns: "load_ts" is ignored and yet has a rule to compare it by',
        "",
    ),
    (
        TOP + '[columns.amount]\ntolerance = "abs 1"\n\n[columns.Amount]\ntolerance = "abs 2"',
        f'{T}:7: columns: a second rule for "amount", written "Amount"',
        "keep one",
    ),
    (
        TOP + '[columns.amount]\ntolerance = "abs 1"\n\n[columns.amount]\ntolerance = "abs 2"',
        f"{T}:7: not TOML: ",
        "",
    ),
    (
        TOP + '[columns]\namount = { databricks = "x" }\nload_ts = { databricks = "X" }',
        f'{T}:6: columns: "X" is already the conversion\'s name of "amount"',
        "",
    ),
    (TOP + '[columns.ID]\nignore = "why"', f'{T}:5: columns: "ID" is a key; rows pair by it, so it', ""),
    (TOP + '[columns.id]\ntolerance = "abs 1"', f'{T}:5: columns: "id" is a key; rows pair by it', ""),
    (TOP + "[columns.amount]\nsensitive = 1", f"{T}:5: columns.amount.sensitive must be true or false", ""),
    (TOP + "columns.amount = 1", f"{T}:4: columns.amount must be a table, not a whole number", ""),
    (
        TOP + '[columns.amount]\ntolerence = "abs 1"',
        f"{T}:5: unknown key columns.amount.tolerence",
        'Did you mean "tolerance"?',
    ),
    (
        TOP + '[inputs]\nsynapse = "stg.ROWS"',
        f"{T}:4: inputs must be a list in [ ], not a table",
        "Write [[inputs]] with two brackets.",
    ),
    (TOP + "[params]\nd = 1e9999999999999999999", f"{T}:1: not TOML that can be read", ""),
    (TOP + f"[params]\nd = {'9' * 5000}", f"{T}:1: not TOML that can be read", ""),
    (TOP + f"keys = {'[' * 5000}", f"{T}:", ""),
    (TOP + 'inputs = ["stg.ROWS"]', f"{T}:4: inputs must be a table, not text", ""),
    (TOP + INPUT.replace('synapse = "stg.ROWS"\n', ""), f"{T}:4: inputs: there is no synapse", ""),
    (TOP + INPUT.replace('databricks = "silver.rows"\n', ""), f"{T}:4: inputs: there is no databricks", ""),
    (TOP + INPUT.replace('file = "data/rows.csv"\n', ""), f"{T}:4: inputs: there is no file", '"spark"'),
    (
        TOP + INPUT.replace("rows.csv", "row.csv"),
        f"{T}:7: inputs: there is no file data/row.csv",
        'Did you mean "rows.csv"?',
    ),
    (TOP + INPUT.replace("rows.csv", "rows.xlsx"), f"{T}:7: inputs: data/rows.xlsx is neither", ""),
    (TOP + INPUT.replace("data/", "/data/"), f"{T}:7: inputs: /data/rows.csv is absolute", "relative"),
    (TOP + INPUT.replace("file =", "files ="), f"{T}:7: unknown key inputs.files", 'Did you mean "file"?'),
    (
        TOP + INPUT + INPUT.replace("stg.ROWS", "STG.rows").replace("silver", "bronze"),
        f"{T}:9: inputs: STG.rows is already the synapse of the input in line 5",
        "",
    ),
    (
        TOP + INPUT + INPUT.replace("stg.ROWS", "stg.MORE"),
        f"{T}:10: inputs: silver.rows is already the databricks of the input in line 6",
        "",
    ),
]

# Files replaced or left out (None) -> the mistake, and a part of its hint.
V = "tables/fact/variants"
FOLDERS = [
    ({"recon.toml": None}, "recon.toml:1: there is no recon.toml in", ""),
    ({"tables/fact/table.toml": None}, f"{T}:1: there is no table.toml", ""),
    ({"tables/fact/synapse.sql": None}, "tables/fact/synapse.sql:1: there is no synapse.sql", "Put the"),
    (
        {"tables/fact/synapse.sql": None, "tables/fact/synapse.txt": "x"},
        "tables/fact/synapse.sql:1: there is no synapse.sql",
        'Did you mean "synapse.txt"?',
    ),
    ({"tables/fact/synapse.sql": " \n"}, "tables/fact/synapse.sql:1: is empty", ""),
    ({f"{V}/v1.sql": None}, f"{V}:1: there is no variant", ".sql or .py"),
    ({f"{V}/v1.sql": ""}, f"{V}/v1.sql:1: is empty", ""),
    ({f"{V}/v1.py": "result = 1"}, f"{V}/v1.sql:1: has the same name as v1.py", "rename one"),
    ({f"{V}/V1.py": "result = 1"}, f"{V}/v1.sql:1: has the same name as V1.py", "rename one"),
    ({f"{V}/note.ipynb": "{}"}, f"{V}/note.ipynb:1: is not a variant", "export a notebook as source"),
    ({f"{V}/more/v2.sql": "SELECT 1"}, f"{V}/more:1: is not a variant", ""),
    (
        {"tables/fact/synapse.sql": "SELECT 1\nFROM \u00e9".encode("cp1252")},
        "tables/fact/synapse.sql:2: not UTF-8 text: byte 0xE9 in line 2",
        "UTF-8",
    ),
    (
        {T: b'version = 1\n\xff = "x"'},
        f"{T}:2: not UTF-8 text: byte 0xFF in line 2",
        "UTF-8",
    ),
]


def only(mistakes: tuple[Mistake, ...], expected: str, hint: str) -> None:
    assert len(mistakes) == 1, mistakes
    assert str(mistakes[0]).startswith(expected), mistakes[0]
    assert hint in mistakes[0].hint, mistakes[0].hint


@pytest.mark.parametrize(("text", "expected", "hint"), RECON)
def test_a_mistake_in_recon_toml(project, text, expected, hint):
    found, mistakes = check(project({"recon.toml": text}))
    assert found is None
    only(mistakes, expected, hint)


@pytest.mark.parametrize(("text", "expected", "hint"), TABLES)
def test_a_mistake_in_table_toml(project, text, expected, hint):
    found, mistakes = check(project({T: text}))
    assert found is None
    only(mistakes, expected, hint)


@pytest.mark.parametrize(("changes", "expected", "hint"), FOLDERS)
def test_a_mistake_in_the_folder(project, changes, expected, hint):
    found, mistakes = check(project(changes))
    assert found is None
    only(mistakes, expected, hint)


def test_a_folder_in_place_of_a_file(project):
    folder = project({"tables/fact/synapse.sql": None, "tables/fact/synapse.sql/inner.sql": "SELECT 1"})
    only(check(folder)[1], "tables/fact/synapse.sql:1: cannot be read: ", "")


def test_two_tables_that_one_system_cannot_tell_apart(project):
    again = {f"tables/FACT/{name}": FILES[f"tables/fact/{name}"] for name in ("table.toml", "synapse.sql")}
    folder = project({**again, "tables/FACT/variants/v1.sql": "SELECT 1"})
    if len(list((folder / "tables").iterdir())) == 1:
        pytest.skip("this file system is one of those that cannot")
    only(check(folder)[1], 'tables/fact:1: differs only in case from "FACT"', "rename one")


def test_a_folder_that_is_not_there(tmp_path):
    found, mistakes = check(tmp_path / "nowhere")
    assert found is None
    only(mistakes, "recon.toml:1: there is no folder", "RECON_PROJECT")


def test_a_project_without_tables(tmp_path):
    (tmp_path / "recon.toml").write_text('version = 1\nname = "x"\n')
    only(check(tmp_path)[1], "recon.toml:1: the project has no tables", "tables/<table>")


def test_all_mistakes_of_a_broken_project_come_at_once(project):
    folder = project(
        {
            "recon.toml": 'version = 1\nname = "x"\nmode = "sparkle"\n[defaults]\nsample_rows = "many"\n',
            T: 'version = 1\nsynapse = "a.b.c.d"\nkeys = ["id", "ID"]\n\n[columns.amount]\n'
            'tolerance = "about 1"\ntext = ["ignore case", "ignore colour"]\nhide = true\n\n'
            '[columns.load_ts]\nignore = ""\n\n[[inputs]]\nsynapse = "stg.ROWS"\nfile = "data/none.csv"\n',
            "tables/fact/synapse.sql": None,
            f"{V}/v2.sql": b"\xff\xfeS",
            "tables/other/table.toml": "version = 9\n",
            "tables/other/synapse.sql": "SELECT 1",
        }
    )
    found, mistakes = check(folder)
    assert found is None
    assert [f"{m.file}:{m.line}" for m in mistakes] == [
        "recon.toml:3",
        "recon.toml:5",
        "tables/fact/synapse.sql:1",
        f"{T}:2",
        f"{T}:3",
        f"{T}:6",
        f"{T}:7",
        f"{T}:8",
        f"{T}:11",
        f"{T}:13",
        f"{V}/v2.sql:1",
        "tables/other/table.toml:1",
        "tables/other/variants:1",
    ]


def test_load_says_all_of_it_in_one_error(project):
    folder = project({"recon.toml": 'version = 1\nmode = "spak"\n', f"{V}/v1.sql": None})
    with pytest.raises(SpecError) as caught:
        load(folder)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"The project {folder} has 3 mistakes:"
    assert lines[1].startswith("recon.toml:1: there is no name. Add name")
    assert lines[2] == (
        'recon.toml:2: mode = "spak" is not one of "spark", "local", "cloud". Did you mean "spark"?'
    )
    assert lines[3].startswith(f"{V}:1: there is no variant. Put each conversion")
    assert "Mend" in caught.value.hint


def test_a_wrong_value_makes_no_second_mistake_elsewhere(project):
    """An unreadable `synapse` is not also a missing one."""
    _, mistakes = check(project({T: 'version = 1\nsynapse = "FACT"\n[baseline]\nmode = "table"\n'}))
    assert [m.line for m in mistakes] == [2]


def test_checking_twice_says_the_same_and_writes_nothing(project):
    folder = project({T: TOP + "zzz = 1\nyyy = 2\n"})
    before = sorted(folder.rglob("*"))
    assert check(folder) == check(folder)
    assert sorted(folder.rglob("*")) == before
