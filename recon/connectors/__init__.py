"""The only package that imports drivers."""
