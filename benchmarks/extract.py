"""How fast rows leave a database over ODBC for Parquet: recon's reader beside pyodbc with pandas.

    python -m benchmarks.extract --rows 1000000

starts a private PostgreSQL, which answers faster than any client reads, and measures each way in a process of
its own, over the same ODBC driver. It needs Debian's postgresql and odbc-postgresql. Where Azurite is
(`make test-deps`), recon's ways put their file into the lake as well; its time is told apart, the peak is of both.
"""

from __future__ import annotations

import argparse
import json
import os
import pwd
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd  # noqa: TID251 (it is what is measured)
import pyarrow as pa
import pyarrow.parquet as pq
from azure.storage.blob import BlobServiceClient

from recon.connections import Adls, Cloud, Databricks, Synapse
from recon.connectors.cloud import odbc_arrow
from recon.connectors.cloud.lake import adls_lake
from recon.connectors.cloud.odbc import Login, connect
from recon.connectors.cloud.odbc_arrow import Cell, Reading
from tests.rig import azurite

if TYPE_CHECKING:
    from collections.abc import Iterator

DRIVER = Path("/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so")
PROGRAMS = Path("/usr/lib/postgresql/15/bin")
ROW_GROUP = 100_000
LAKE = "RECON_BENCH_LAKE"
US = pa.timestamp("us")
MONEY = pa.decimal128(18, 2)
# name, PostgreSQL's type, what of the row's number n it holds, the type in Parquet
COLUMNS: tuple[tuple[str, str, str, pa.DataType], ...] = (
    ("id", "bigint", "n", pa.int64()),
    ("store", "smallint", "n % 997", pa.int16()),
    ("quantity", "int", "n * 7 % 100000", pa.int32()),
    ("account", "bigint", "n * 1000003", pa.int64()),
    ("flag", "boolean", "n % 3 = 0", pa.bool_()),
    ("price", "numeric(18,2)", "n * 1.37", MONEY),
    ("tax", "numeric(18,2)", "n * 0.07", MONEY),
    ("net", "numeric(18,2)", "NULLIF(n % 11, 0) * 12.5", MONEY),
    ("rate", "numeric(38,10)", "n / 7.0", pa.decimal128(38, 10)),
    ("ratio", "double precision", "n / 3.0", pa.float64()),
    ("weight", "double precision", "sqrt(n)", pa.float64()),
    ("sold", "date", "date '2015-01-01' + n::int % 3650", pa.date32()),
    ("due", "date", "date '2015-02-01' + n::int % 3650", pa.date32()),
    ("created", "timestamp(6)", "timestamp '2020-01-01' + n * interval '61.000001 seconds'", US),
    ("changed", "timestamp(6)", "timestamp '2021-01-01' + n * interval '17 seconds'", US),
    ("name", "varchar(40)", "'customer ' || n % 50000", pa.string()),
    ("city", "varchar(30)", "(ARRAY['Zürich','Genève','東京','São Paulo'])[1 + n % 4]", pa.string()),
    ("status", "char(4)", "(ARRAY['open','paid','void','late'])[1 + n % 4]", pa.string()),
    ("code", "varchar(12)", "'C' || lpad((n % 99999)::text, 8, '0')", pa.string()),
    ("note", "varchar(60)", "CASE WHEN n % 5 = 0 THEN NULL ELSE 'a note about row ' || n END", pa.string()),
)
SQL = "SELECT * FROM rows"


def reading(slowly: str = "") -> Reading:
    """The whole table, with its declared types."""
    cells = tuple(Cell(name, kind, slowly=slowly) for name, _, _, kind in COLUMNS)
    return Reading(SQL, cells, "reading rows")


def recon_reader(conn_str: str, file: Path, slowly: str = "") -> int:
    """As the extract step does it: batches as they come, in row groups."""
    count = 0
    batches = odbc_arrow.read(Login(conn_str=conn_str), reading(slowly))
    with batches, pq.ParquetWriter(file, batches.schema, compression="zstd") as writer:
        held: list[pa.RecordBatch] = []
        for batch in batches:
            held.append(batch)
            count += batch.num_rows
            if sum(b.num_rows for b in held) >= ROW_GROUP:
                writer.write_table(pa.Table.from_batches(held))
                held = []
        if held:
            writer.write_table(pa.Table.from_batches(held))
    return count


def pandas_reader(conn_str: str, file: Path) -> int:
    """What a short script does: read_sql, to_parquet."""
    connection = connect(Login(conn_str=conn_str))
    with warnings.catch_warnings(action="ignore"):  # pandas would like SQLAlchemy in between
        frame = pd.read_sql(SQL, connection)
    frame.to_parquet(file, compression="zstd")
    connection.close()
    return len(frame)


WAYS = {
    "recon, arrow-odbc": lambda conn_str, file: recon_reader(conn_str, file),
    "recon, pyodbc": lambda conn_str, file: recon_reader(conn_str, file, "asked for"),
    "pyodbc + pandas": pandas_reader,
}


def upload(file: Path) -> float:
    """Seconds for the file's way into the lake, checked there, as the transfer step does it; 0 without one."""
    told = os.environ.get(LAKE)
    if not told:
        return 0.0
    adls = Adls(account=azurite.ACCOUNT, container="bench", connection_string=told)
    cloud = Cloud(synapse=Synapse(conn_str=""), adls=adls, databricks=Databricks(hostname="", http_path=""))
    began = time.perf_counter()
    adls_lake(adls, cloud).put(file, "rows.parquet")
    return time.perf_counter() - began


@contextmanager
def lake(folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which `upload` finds an Azurite; empty where there is none."""
    if why := azurite.absent():
        print(f"no lake: {why}")
        yield {}
        return
    with azurite.Azurite(folder / "azurite.log") as server:
        BlobServiceClient.from_connection_string(server.connection_string).create_container("bench")
        yield {LAKE: server.connection_string}


def measure(way: str, conn_str: str, folder: Path) -> dict[str, float]:
    """One way in this process: seconds, CPU seconds, MB at the peak, rows."""
    file = folder / "out.parquet"
    before, began = cpu_seconds(), time.perf_counter()
    rows = WAYS[way](conn_str, file)
    seconds, cpu = time.perf_counter() - began, cpu_seconds() - before
    uploaded = upload(file) if WAYS[way] is not pandas_reader else 0.0
    back = pq.read_table(file, columns=["id"])
    assert back.num_rows == rows
    return {
        "rows": rows,
        "seconds": seconds,
        "cpu": cpu,
        "upload": uploaded,
        "file_mb": file.stat().st_size / 2**20,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def cpu_seconds() -> float:
    """What this process has used, its imports included."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def as_postgres(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root: then as the user that Debian made for it."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *command]


@contextmanager
def database(rows: int) -> Iterator[str]:
    """The connection string of a private PostgreSQL that holds `rows` rows; it is gone afterwards."""
    if not DRIVER.is_file() or not (PROGRAMS / "initdb").is_file():
        sys.exit("absent: apt-get install postgresql odbc-postgresql")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="recon-bench-"))
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    quiet = {"stdout": subprocess.DEVNULL, "cwd": folder, "check": True}
    data = folder / "data"
    subprocess.run(
        as_postgres([str(PROGRAMS / "initdb"), "-D", str(data), "-A", "trust", "-U", "bench", "-E", "UTF8"]),
        **quiet,
    )
    settings = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_wal_size=4GB"
    server = as_postgres([str(PROGRAMS / "pg_ctl"), "-D", str(data), "-w"])
    subprocess.run([*server, "-l", str(folder / "log"), "-o", settings, "start"], **quiet)
    try:
        fill(port, rows, folder)
        yield (
            f"DRIVER={DRIVER};SERVER=127.0.0.1;PORT={port};DATABASE=postgres;UID=bench;"
            "UseDeclareFetch=1;Fetch=10000;BoolsAsChar=0;"
        )
    finally:
        subprocess.run([*server, "-m", "immediate", "stop"], **{**quiet, "check": False})
        shutil.rmtree(folder, ignore_errors=True)


def fill(port: int, rows: int, folder: Path) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind, _, _ in COLUMNS)
    values = ", ".join(value for _, _, value, _ in COLUMNS)
    sql = (
        f"CREATE UNLOGGED TABLE rows ({columns});"
        f"INSERT INTO rows SELECT {values} FROM generate_series(1, {rows}::bigint) AS n; VACUUM ANALYZE rows"
    )
    psql = [str(PROGRAMS / "psql"), "-h", "127.0.0.1", "-p", str(port), "-U", "bench", "-d", "postgres", "-q"]
    for statement in sql.split(";"):
        subprocess.run([*psql, "-c", statement], cwd=folder, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--ways", default=",".join(str(i) for i in range(len(WAYS))), help="which, by number")
    parser.add_argument("--measure", nargs=3, metavar=("WAY", "CONNECTION", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        way, conn_str, folder = given.measure
        print(json.dumps(measure(way, conn_str, Path(folder))))
        return
    found: dict[str, dict[str, float]] = {}
    with (
        database(given.rows) as conn_str,
        tempfile.TemporaryDirectory() as folder,
        lake(Path(folder)) as told,
    ):
        for number in given.ways.split(","):
            way = list(WAYS)[int(number)]
            command = [sys.executable, "-m", "benchmarks.extract", "--measure", way, conn_str, folder]
            said = subprocess.run(
                command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | told
            ).stdout
            found[way] = json.loads(said.splitlines()[-1])
            print_line(way, found[way])
    fast, *_, plain = WAYS
    if fast in found and plain in found:
        ours, theirs = found[fast], found[plain]
        clock, cpu = (theirs[unit] / ours[unit] for unit in ("seconds", "cpu"))
        print(f"{clock:.1f} x as fast as {plain} by the clock, {cpu:.1f} x by CPU time", end="")
        print(f"; {theirs['seconds'] / (ours['seconds'] + ours['upload']):.1f} x with the lake")


def print_line(way: str, seen: dict[str, float]) -> None:
    speed = seen["rows"] / seen["seconds"]
    print(
        f"{way:20} {seen['rows']:>12,.0f} rows {seen['seconds']:>8.1f} s {seen['cpu']:>8.1f} s CPU"
        f" {speed:>10,.0f} rows/s {seen['peak_mb']:>7.0f} MB"
        + (f", {seen['file_mb']:.0f} MB in the lake after {seen['upload']:.1f} s" if seen["upload"] else ""),
        flush=True,
    )


if __name__ == "__main__":
    main()
