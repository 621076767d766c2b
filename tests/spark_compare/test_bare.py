"""Parentheses are only taken away where the statement means the same without them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp, parse_one

from recon.compare.spark.bare import bare

NUMBERS = (exp.Add, exp.Sub, exp.Mul, exp.Mod)
COMPARED = (exp.EQ, exp.LT, exp.GTE)


def both(kind, inside):
    return st.builds(lambda a, b: kind(this=exp.Paren(this=a), expression=exp.Paren(this=b)), inside, inside)


@st.composite
def numbers(draw, depth=3):
    if depth == 0 or draw(st.booleans()):
        return exp.column(draw(st.sampled_from("xyz")))
    if draw(st.integers(0, 5)) == 0:
        return exp.Case(
            ifs=[exp.If(this=draw(facts(depth - 1)), true=exp.Paren(this=draw(numbers(depth - 1))))]
        )
    if draw(st.integers(0, 4)) == 0:
        return exp.Anonymous(this="OURS", expressions=[exp.Paren(this=draw(numbers(depth - 1)))])
    if draw(st.integers(0, 4)) == 0:
        return exp.Neg(this=exp.Paren(this=draw(numbers(depth - 1))))
    return draw(both(draw(st.sampled_from(NUMBERS)), numbers(depth - 1)))


@st.composite
def facts(draw, depth=3):
    choice = draw(st.integers(0, 4))
    if depth == 0 or choice == 0:
        return draw(both(draw(st.sampled_from(COMPARED)), numbers(1)))
    if choice == 1:
        return exp.Not(this=exp.Paren(this=draw(facts(depth - 1))))
    if choice == 2:
        return exp.Is(this=exp.Paren(this=draw(numbers(depth - 1))), expression=exp.null())
    return draw(both(exp.And if choice == 3 else exp.Or, facts(depth - 1)))


def plain(tree):
    """The tree without parentheses; chains of AND, and of OR, in one order."""
    tree = tree.copy()
    root = exp.Tuple(expressions=[tree])
    for paren in list(root.find_all(exp.Paren)):
        paren.replace(paren.this)
    return said(root.expressions[0])


def said(node):
    if isinstance(node, exp.And | exp.Or):
        return (type(node).__name__, *[said(x) for x in node.flatten()])
    parts = [said(child) for child in node.iter_expressions()]
    return (type(node).__name__, node.name if isinstance(node, exp.Column | exp.Anonymous) else "", *parts)


@settings(max_examples=300, deadline=None)
@given(tree=facts())
def test_the_statement_means_the_same(tree):
    meant = plain(tree)
    bare(tree)
    assert plain(parse_one(tree.sql("databricks"), read="databricks")) == meant


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a - (b - c)", "a - (b - c)"),
        ("(a - b) - c", "a - b - c"),
        ("(a * b) + (c * d)", "a * b + c * d"),
        ("a * (b + c)", "a * (b + c)"),
        ("a % (b * c)", "a % (b * c)"),
        ("(a < b) AND (NOT (c IS NULL))", "a < b AND NOT c IS NULL"),
        ("(a OR b) AND c", "(a OR b) AND c"),
        ("(a = b) = c", "(a = b) = c"),
        ("-(a + b)", "-(a + b)"),
        ("NOT (a AND b)", "NOT (a AND b)"),
        ("f((a + b), (c))", "F(a + b, c)"),
    ],
)
def test_what_stays_and_what_goes(before, after):
    tree = exp.Select(expressions=[parse_one(before, read="databricks")])
    bare(tree)
    assert tree.sql("databricks") == f"SELECT {after}"
