"""What is measured: ours, the floor beneath it, and its peers. Each runs in a process of its own."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from benchmarks.data import KEYS


def recon(baseline: Path, candidate: Path) -> str:
    """Our comparison with causes, segments and samples."""
    from recon.compare import Side, Spec, compare
    from recon.model import TableRef
    from recon.wiring import comparer

    with comparer() as engine:
        one, two = TableRef("sides", "baseline"), TableRef("sides", "candidate")
        engine.attach(one, [str(baseline)])
        engine.attach(two, [str(candidate)])
        found = compare(engine, Spec(keys=KEYS), Side(table=one), Side(table=two))
    return f"{found.verdict}, {sum(c.mismatches for c in found.columns)} cells"


def floor(baseline: Path, candidate: Path) -> str:
    """Reading both files and hashing all columns once: no comparison can be cheaper."""
    import duckdb

    sums = []
    with duckdb.connect() as db:
        for file in (baseline, candidate):
            columns = [
                c[0] for c in db.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(file)]).fetchall()
            ]
            names = ", ".join(f'"{c}"' for c in columns)
            sums.append(
                db.execute(f"SELECT bit_xor(hash({names})) FROM read_parquet(?)", [str(file)]).fetchone()
            )
    return "equal" if sums[0] == sums[1] else "different"


def pandas_merge(baseline: Path, candidate: Path) -> str:
    """What notebooks do: an outer join in pandas and a comparison column by column."""
    pandas = importlib.import_module("pandas")
    one, two = pandas.read_parquet(baseline), pandas.read_parquet(candidate)
    both = one.merge(two, on=list(KEYS), how="outer", suffixes=("_b", "_c"), indicator=True)
    paired = both[both["_merge"] == "both"]
    cells = 0
    for column in (c for c in one.columns if c not in KEYS):
        a, b = paired[f"{column}_b"], paired[f"{column}_c"]
        cells += int(((a != b) & ~(a.isna() & b.isna())).sum())
    return f"{cells} cells, {(both['_merge'] != 'both').sum()} rows"


def datacompy_pandas(baseline: Path, candidate: Path) -> str:
    """Datacompy on pandas, with its report: ours names causes and keeps examples, too."""
    pandas = importlib.import_module("pandas")
    datacompy = importlib.import_module("datacompy")
    made = datacompy.PandasCompare(
        pandas.read_parquet(baseline), pandas.read_parquet(candidate), join_columns=list(KEYS)
    )
    return f"{made.matches()}, {len(made.report()):,} characters of report"


def datacompy_polars(baseline: Path, candidate: Path) -> str:
    """Datacompy on polars, with its report."""
    polars = importlib.import_module("polars")
    datacompy = importlib.import_module("datacompy")
    made = datacompy.PolarsCompare(
        polars.read_parquet(baseline), polars.read_parquet(candidate), join_columns=list(KEYS)
    )
    return f"{made.matches()}, {len(made.report()):,} characters of report"


def reladiff(baseline: Path, candidate: Path) -> str:
    """Reladiff between two tables of one DuckDB file; loading the files is not counted against it."""
    duckdb, made = importlib.import_module("duckdb"), importlib.import_module("reladiff")
    place = candidate.with_suffix(".reladiff.duckdb")
    if not place.exists():
        with duckdb.connect(str(place)) as db:
            for name, file in (("one", baseline), ("two", candidate)):
                db.execute(f"CREATE TABLE {name} AS SELECT * FROM read_parquet(?)", [str(file)])
    columns = [c for c in pyarrow_names(baseline) if c not in KEYS]
    tables = [
        made.connect_to_table(f"duckdb://@{place}", name, KEYS, extra_columns=tuple(columns))
        for name in ("one", "two")
    ]
    found = sum(1 for _ in made.diff_tables(*tables))
    return f"{found} rows"


def pyarrow_names(file: Path) -> list[str]:
    """The columns of a Parquet file."""
    return importlib.import_module("pyarrow.parquet").read_schema(file).names


def start(modules: tuple[str, ...]) -> str:
    """What a process of a contender costs before it compares anything."""
    for name in modules:
        importlib.import_module(name)
    return "started"


# What each imports in any case; importing once costs what a dashboard or a notebook has paid long ago.
STARTS = {
    "floor": ("duckdb",),
    "recon": ("recon.compare", "recon.wiring", "duckdb", "sqlglot.dialects.duckdb"),
    "pandas_merge": ("pandas", "pyarrow.parquet"),
    "datacompy_polars": ("polars", "datacompy"),
    "datacompy_pandas": ("pandas", "pyarrow.parquet", "datacompy"),
    "reladiff": ("duckdb", "pyarrow.parquet", "reladiff"),
}
OURS = ("floor", "recon")
ALL = {f.__name__: f for f in (floor, recon, pandas_merge, datacompy_polars, datacompy_pandas, reladiff)}

if __name__ == "__main__":
    asked, *files = sys.argv[1:]
    sys.stdout.write(ALL[asked](*map(Path, files)) if files else start(STARTS[asked]))
