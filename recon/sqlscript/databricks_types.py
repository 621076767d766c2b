"""T-SQL's declared types as Databricks' types, as converters translate them."""

from __future__ import annotations

import re

# https://docs.databricks.com/sql/language-manual/sql-ref-datatypes and, for T-SQL,
# https://learn.microsoft.com/sql/t-sql/data-types/data-types-transact-sql
_TSQL = {
    "bit": "BOOLEAN",
    "tinyint": "SMALLINT",  # 0..255, which Spark's TINYINT (-128..127) cannot hold
    "smallint": "SMALLINT",
    "int": "INT",
    "integer": "INT",
    "bigint": "BIGINT",
    "real": "FLOAT",
    "money": "DECIMAL(19,4)",
    "smallmoney": "DECIMAL(10,4)",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    "datetime2": "TIMESTAMP",
    "smalldatetime": "TIMESTAMP",
    "datetimeoffset": "TIMESTAMP",
    "time": "STRING",
    "binary": "BINARY",
    "varbinary": "BINARY",
    "image": "BINARY",
    "rowversion": "BINARY",
    "timestamp": "BINARY",  # T-SQL's old name of rowversion
}


def databricks_type(tsql: str) -> str:
    """The Databricks type for a declared T-SQL type.

    Text of every kind (char, nvarchar, uniqueidentifier, xml ...) becomes STRING, as converters write it:
    STRING neither pads nor cuts.
    """
    name, *numbers = re.findall(r"\w+", tsql.lower()) or [""]
    if name in {"decimal", "numeric", "dec"}:
        precision, scale = (*numbers, *("18", "0")[len(numbers) :])[:2]  # T-SQL's defaults
        return f"DECIMAL({precision},{scale})"
    if name in {"float", "double"}:  # float(1..24) is real
        return "FLOAT" if numbers and numbers[0].isdigit() and int(numbers[0]) <= 24 else "DOUBLE"
    return _TSQL.get(name, "STRING")
