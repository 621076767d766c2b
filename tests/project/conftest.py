"""A small valid project, written to disk, that each test breaks in its own way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RECON = """version = 1
name = "Tiny"
"""

TABLE = """version = 1
synapse = "dbo.FACT"
databricks = "gold.fact"
keys = ["id"]
[baseline]
mode = "call"
procedure = "dbo.usp_Load"
[[inputs]]
synapse = "stg.ROWS"
databricks = "silver.rows"
file = "data/rows.csv"
"""

DDL = """CREATE TABLE dbo.FACT (
    id int NOT NULL,
    amount decimal(18,2) NULL,
    load_ts datetime2(3) NULL
) WITH (DISTRIBUTION = ROUND_ROBIN, HEAP);
GO
"""

FILES = {
    "recon.toml": RECON,
    "tables/fact/table.toml": TABLE,
    "tables/fact/synapse.sql": "CREATE PROCEDURE dbo.usp_Load AS INSERT INTO dbo.FACT SELECT * FROM stg.ROWS;\n",
    "tables/fact/ddl.sql": DDL,
    "tables/fact/variants/v1.sql": "INSERT INTO gold.fact SELECT * FROM silver.rows;\n",
    "data/rows.csv": "id,amount,load_ts\n1,2.50,2024-01-31\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """Writes the valid project with some files replaced; None leaves a file out."""

    def write(changes: dict[str, str | bytes | None] | None = None) -> Path:
        for name, text in {**FILES, **(changes or {})}.items():
            if text is None:
                continue
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path

    return write
