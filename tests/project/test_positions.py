"""The line of every key, in every shape that TOML allows."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.project.positions import positions

EVERY_SHAPE = '''# comment = 1
a = 1
b.c = "x # no comment"
b."d.e" = 'y'

[t]  # comment
x = """
y = 2
"""
z = [ 1,
  [ 2, "]" ],  # ]
  { p = 1, q.r = 2 } ]

[ t . u ]
k = 1979-05-27 07:32:00
"quo\\"ted \\u00e9" = \'\'\'
[no.table]\'\'\'

[[arr]]
n = 1
[arr.sub]
m = 1
[[arr]]

n = 2
[[arr.deep]]
o = """a\\"""" # five
p = """""two quotes"""""
q = 5
'''

EXPECTED = {
    ("a",): 2,
    ("b",): 3,
    ("b", "c"): 3,
    ("b", "d.e"): 4,
    ("t",): 6,
    ("t", "x"): 7,
    ("t", "z"): 10,
    ("t", "z", 0): 10,
    ("t", "z", 1): 11,
    ("t", "z", 1, 1): 11,
    ("t", "z", 2): 12,
    ("t", "z", 2, "p"): 12,
    ("t", "z", 2, "q", "r"): 12,
    ("t", "u"): 14,
    ("t", "u", "k"): 15,
    ("t", "u", 'quo"ted é'): 16,
    ("arr",): 19,
    ("arr", 0): 19,
    ("arr", 0, "n"): 20,
    ("arr", 0, "sub"): 21,
    ("arr", 0, "sub", "m"): 22,
    ("arr", 1): 23,
    ("arr", 1, "n"): 25,
    ("arr", 1, "deep", 0): 26,
    ("arr", 1, "deep", 0, "o"): 27,
    ("arr", 1, "deep", 0, "p"): 28,
    ("arr", 1, "deep", 0, "q"): 29,
}


def paths(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield (*path, name)
        yield from paths(inner, (*path, name))


@pytest.mark.parametrize("path", EXPECTED, ids=str)
def test_the_line_of(path):
    assert positions(EVERY_SHAPE)[path] == EXPECTED[path]


def test_every_key_of_every_shape_has_a_line_and_no_other():
    assert set(positions(EVERY_SHAPE)) == set(paths(tomllib.loads(EVERY_SHAPE)))


def test_windows_line_ends():
    text = EVERY_SHAPE.replace("\n", "\r\n")
    assert positions(text) == positions(EVERY_SHAPE)


names = st.from_regex(r"[a-z]{1,3}", fullmatch=True)
scalars = st.sampled_from(["1", '"a]b"', "'}'", '"""\n# x = 1\n"""', "'''\n[t]\n'''", "true", "1.5", '"\\""'])
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[" + ",\n ".join(items) + "]")
        | st.dictionaries(names, inner, max_size=2).map(
            lambda pairs: "{" + ", ".join(f"{k} = {v}" for k, v in pairs.items()) + "}"
        )
    ),
    max_leaves=6,
)
tables = st.dictionaries(
    names, st.tuples(st.booleans(), st.dictionaries(names, values, max_size=3)), max_size=4
)


@given(tables)
def test_any_document_is_covered_and_lines_are_where_the_keys_stand(document):
    text = ""
    for name, (array, pairs) in document.items():
        text += f"[[{name}]]\n" if array else f"[{name}] # c\n"
        text += "".join(f"{key} = {value}\n" for key, value in pairs.items())
    found = positions(text)
    assert set(found) == set(paths(tomllib.loads(text)))
    lines = text.split("\n")
    for path, line in found.items():
        if isinstance(path[-1], str):
            assert path[-1] in lines[line - 1]
