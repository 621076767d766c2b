"""This machine, standing in for Azure: DuckDB and folders."""
