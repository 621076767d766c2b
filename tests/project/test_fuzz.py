"""Whatever stands in the files, `check` answers with mistakes that have a place, and never breaks."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recon.project import check

SEED = """version = 1
synapse = "dbo.FACT"
databricks = "gold.fact"
keys = ["id", "amount"]
segment = "load_ts"
baseline.mode = "call"
[params]
month_start = 2024-01-01
rate = 0.10
[[inputs]]
synapse = "stg.ROWS"
databricks = "silver.rows"
file = "data/rows.csv"
[columns.load_ts]
ignore = "load time"
[columns."from nowhere"]
tolerance = "pct 0.5%"
text = ["ignore case"]
"""
PIECES = st.sampled_from(
    [
        "[",
        "]",
        "[[",
        "{",
        "}",
        '"',
        "'",
        ",",
        ".",
        "=",
        "\n",
        "#",
        "1",
        "-",
        "true",
        "nan",
        "\\",
        "é",
        "inputs",
        "columns",
        "keys",
        "[columns]",
        "[[columns]]",
        "[keys]\n",
        '"""',
        "12:00:00",
        "1e5",
        "{}",
        "[]",
        "version",
    ]
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_give_mistakes_with_a_place(project, data):
    text = SEED
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 12))
        text = text[:at] + data.draw(PIECES) + text[at + cut :]
    name = data.draw(st.sampled_from(["recon.toml", "tables/fact/table.toml"]))
    folder = project({name: text})
    found, mistakes = check(folder)
    assert (found is None) == bool(mistakes)
    for mistake in mistakes:
        assert mistake.message
        if mistake.file == name:
            assert 1 <= mistake.line <= text.count("\n") + 1
