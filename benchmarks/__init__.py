"""Measurements of the comparison, never part of the tests."""
