"""A `table.toml` outside a project gives keys and rules, and refuses what is wrong with them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.errors import SpecError
from recon.model import Rule, Tolerance, ToleranceKind
from recon.project import Rules, rules


def written(folder, text):
    file = folder / "rules.toml"
    file.write_text(text)
    return file


def test_rules(tmp_path):
    text = 'version = 1\nkeys = ["id"]\nsegment = "day"\n[columns.amount]\ntolerance = "abs 0.01"\n'
    rule = Rule(tolerance=Tolerance(ToleranceKind.ABS, Decimal("0.01")))
    assert rules(written(tmp_path, text)) == Rules(keys=("id",), rules={"amount": rule}, segment="day")


def test_a_whole_table_toml_serves_although_its_files_are_elsewhere(tmp_path):
    text = (
        'version = 1\nkeys = ["id"]\nsynapse = "dbo.FACT"\n[[inputs]]\nsynapse = "stg.X"\n'
        'databricks = "silver.x"\nfile = "data/elsewhere.parquet"\n'
    )
    assert rules(written(tmp_path, text)).keys == ("id",)


def test_mistakes_come_with_their_lines(tmp_path):
    file = written(tmp_path, 'version = 1\nkeys = ["id", "ID"]\n[columns.a]\ntolerance = "1"\n')
    with pytest.raises(SpecError) as caught:
        rules(file)
    lines = str(caught.value).splitlines()
    assert lines[0] == f"The rules file {file} has 2 mistakes:"
    assert lines[1].startswith(f'{file}:2: keys: "ID" is listed twice')
    assert lines[2].startswith(f'{file}:4: columns.a.tolerance = "1" is not a tolerance')


def test_what_only_a_project_can_do_is_refused_with_its_line(tmp_path):
    text = (
        'version = 1\n[filter]\nsynapse = "day > 1"\ndatabricks = "day > 1"\n'
        '[columns.a]\ntext = ["synapse collation"]\n'
    )
    file = written(tmp_path, text)
    with pytest.raises(SpecError) as caught:
        rules(file)
    lines = str(caught.value).splitlines()[1:]
    assert [line.split(": ")[0] for line in lines] == [f"{file}:{n}" for n in (3, 4, 6)]
    assert lines[0].startswith(f"{file}:3: filter.synapse: files are compared whole")
    assert 'collation = "SQL_Latin1_General_CP1_CI_AS"' in lines[2]


def test_a_collation_needs_no_project(tmp_path):
    text = 'version = 1\n[columns.a]\ncollation = "Latin1_General_100_CI_AS"\n'
    assert rules(written(tmp_path, text)).rules == {"a": Rule(collation="Latin1_General_100_CI_AS")}


@pytest.mark.parametrize("content", [None, b"version = \xff"])
def test_a_file_that_cannot_be_read(tmp_path, content):
    file = tmp_path / "rules.toml"
    if content:
        file.write_bytes(content)
    with pytest.raises(SpecError, match=r"rules\.toml") as caught:
        rules(file)
    assert caught.value.hint
