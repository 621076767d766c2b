"""The order of text under a collation, and when it is said not to be sure."""

from __future__ import annotations

import pytest

UNSURE = "is not proven here"
RANKED = "SELECT k, ROW_NUMBER() OVER (ORDER BY k) AS r FROM dbo.w"


def _fill(synapse, words, kind):
    """A table of words, each once."""
    marks = ", ".join("(N'" + w.replace("'", "''") + "')" for w in words)
    synapse.run(f"CREATE TABLE dbo.w (k {kind}); INSERT INTO dbo.w VALUES {marks};")
    synapse.source.session.notes.clear()


@pytest.mark.parametrize("kind", ["varchar(20)", "nvarchar(20)"])
@pytest.mark.parametrize(
    "words",
    [
        ["Ångström", "apple", "eagle", "école", "Fox", "zebra"],
        ["resume", "résume", "résumé", "resumés"],
        ["A-01", "A-02", "A-10", "B-01"],
        ["", " a", "1", "10", "a", "a b", "a b c", "ab"],
        ["2024-01-31", "2024-02-01"],
    ],
)
def test_words_are_in_their_order(synapse, words, kind):
    _fill(synapse, reversed(words), kind)
    assert [k for k, _ in sorted(synapse.rows(RANKED), key=lambda row: row[1])] == words
    assert synapse.notes == ()


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["a-b", "a_b"], "varchar(9)"),
        (["a\t", "a"], "varchar(9)"),
        (["æon", "azure"], "varchar(9)"),
        (["straße", "strasz"], "varchar(9)"),
        (["Ж", "З"], "nvarchar(9)"),
        (["naïve", "naíve"], "varchar(9)"),
        (["co-op", "coop"], "nvarchar(9)"),
        (["we're", "were"], "nvarchar(9)"),
        (["A-B", "AAA"], "varchar(9) COLLATE Latin1_General_100_CI_AS"),
        (["a", "A"], "varchar(9) COLLATE SQL_Latin1_General_CP1_CS_AS"),
        (["a", "b"], "varchar(9) COLLATE Danish_Norwegian_CI_AS"),
    ],
)
def test_an_order_that_is_not_sure_is_noted(synapse, words, kind):
    _fill(synapse, words, kind)
    synapse.rows(RANKED)
    assert [n for n in synapse.notes if n.endswith(UNSURE)]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT MAX(k) AS x FROM dbo.w WHERE k < 'f'", ["école"]),
        ("SELECT MIN(k) AS x FROM dbo.w WHERE k > 'Fox'", ["zebra"]),
        ("SELECT DISTINCT TOP 2 k FROM dbo.w ORDER BY k DESC", ["zebra", "Fox"]),
        ("SELECT k AS x FROM dbo.w WHERE k BETWEEN 'E' AND 'EZ'", ["école"]),
        ("SELECT TOP 1 x.v AS x FROM dbo.w CROSS APPLY (VALUES (k + '1')) AS x (v) ORDER BY x.v", ["école1"]),
        ("WITH c AS (SELECT UPPER(k) AS u FROM dbo.w) SELECT MIN(u) AS x FROM c", ["ÉCOLE"]),
        ("SELECT MIN(b.k) AS x FROM dbo.w AS a JOIN dbo.w AS b ON a.k < b.k", ["Fox"]),
        ("SELECT k AS x FROM dbo.w UNION SELECT 'é' ORDER BY x OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY", ["é"]),
        ("SELECT TOP 1 LEFT(k, 2) AS x FROM dbo.w GROUP BY LEFT(k, 2) ORDER BY LEFT(k, 2)", ["éc"]),
        (
            "SELECT TOP 1 (SELECT DISTINCT ';' + i.k FROM dbo.w AS i WHERE i.k >= o.k ORDER BY ';' + i.k"
            " FOR XML PATH(''), TYPE).value('.', 'nvarchar(99)') AS x FROM dbo.w AS o ORDER BY o.k",
            [";école;Fox;zebra"],
        ),
        ("SELECT STRING_AGG(k, ',') WITHIN GROUP (ORDER BY k) AS x FROM dbo.w", ["école,Fox,zebra"]),
    ],
)
def test_all_that_compares_texts_follows_the_order(synapse, query, rows):
    _fill(synapse, ["zebra", "Fox", "école"], "nvarchar(20)")
    assert [r for (r,) in synapse.rows(query)] == rows
    assert synapse.notes == ()


def test_a_bound_that_only_meets_sure_values_is_sure(synapse):
    _fill(synapse, ["a-b", "a_b", "x"], "varchar(9)")
    assert synapse.rows("SELECT k FROM dbo.w WHERE k > 'b'") == [("x",)]
    assert synapse.notes == ()
    synapse.rows("SELECT k FROM dbo.w WHERE k > 'a.b'")
    assert synapse.notes[0].endswith(UNSURE)


def test_a_sorting_that_decides_nothing_is_not_looked_at(synapse):
    _fill(synapse, ["a-b", "a_b"], "varchar(9)")
    synapse.rows("SELECT k FROM dbo.w ORDER BY k")
    assert synapse.notes == ()


def test_a_value_that_fails_elsewhere_does_not_stop_the_question(synapse):
    _fill(synapse, ["1", "x"], "nvarchar(9)")
    query = "SELECT MIN(CAST(CAST(k AS int) AS nvarchar(9)) + k) AS x FROM dbo.w WHERE ISNUMERIC(k) = 1"
    assert synapse.rows(query) == [("11",)]


def test_hashes_survive_a_rollback(synapse):
    synapse.run("BEGIN TRAN; DECLARE @h varbinary(64) = HASHBYTES('SHA2_512', 'a'); ROLLBACK;")
    assert len(synapse.value("HASHBYTES('SHA2_512', 'a')")) == 64


@pytest.mark.parametrize(
    ("kind", "style", "shown"),
    [
        ("datetime", 126, ["2024-01-31T13:05:09", "2024-01-31T13:05:09.123"]),
        ("datetime", 127, ["2024-01-31T13:05:09", "2024-01-31T13:05:09.123"]),
        ("datetime", 9, ["Jan 31 2024  1:05:09:000PM", "Jan 31 2024  1:05:09:123PM"]),
        ("datetime2(0)", 126, ["2024-01-31T13:05:09", "2024-01-31T13:05:09"]),
    ],
)
def test_a_fraction_of_zeros_is_shown_as_documented(synapse, kind, style, shown):
    script = (
        f"SELECT CONVERT(varchar(30), CAST(v AS {kind}), {style}) AS x FROM (VALUES ('2024-01-31 13:05:09', 1),"
        " ('2024-01-31 13:05:09.123', 2)) AS t (v, o) ORDER BY o"
    )
    assert [x for (x,) in synapse.rows(script)] == shown
    assert not [n for n in synapse.notes if n.endswith(UNSURE)]


def test_an_instant_is_moved_to_another_offset(synapse):
    moved = "SWITCHOFFSET(TODATETIMEOFFSET(CAST('2024-01-31 13:05' AS datetime2(0)), '+02:00'), '-05:00')"
    assert synapse.value(f"CONVERT(varchar(19), CAST({moved} AS datetime2(0)), 120)") == "2024-01-31 06:05:00"
