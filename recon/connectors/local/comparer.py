"""The comparer on DuckDB: both sides as views over their files, work tables that may spill."""

from __future__ import annotations

import csv
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote, urlparse

import duckdb
from sqlglot import exp

from recon.errors import EngineError
from recon.model import Column, TableRef

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

DIALECT: Final = "duckdb"
# Scans and their counts: with more, DuckDB keeps hash tables that are too large for the processor's caches,
# and counting 10 million keys takes 1.6 times as long.
_SCANS: Final = "300MB"
_DELIMITERS: Final = ",;\t|"
# Bytes of a CSV row. With buffers of that size, half of its own, DuckDB needs no more memory than without.
_LONGEST_LINE: Final = 16_000_000
_MOST_DIGITS: Final = 38
_SPEAKS_OF_VALUES: Final = (duckdb.DataError, duckdb.ConstraintException, duckdb.InvalidInputException)


class DuckDBComparer:
    """Both sides of a comparison in one DuckDB. The session's zone is UTC.

    `columns` gives the names as the files spell them, also where they differ only in case: DuckDB itself
    cannot, so queries must take a table's columns by position.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, memory_limit: str = _SCANS) -> None:
        self._connection = connection
        self._memory_limit = memory_limit  # from the first join on
        self._joined = False
        self._names: dict[tuple[str, str, str], tuple[Column, ...]] = {}

    @property
    def dialect(self) -> str:
        return DIALECT

    def attach(self, table: TableRef, urls: Sequence[str]) -> None:
        r"""Make the files, all Parquet or all CSV and all with the same columns, readable as `table`.

        In CSV every value is text; NULL is written as nothing between two delimiters or as \N, and "" in
        quotes is the empty text. The delimiter is the most frequent of , ; tab | in the first line.
        """
        files = local_files(urls)
        kinds = {f.suffix.lower() for f in files}
        if kinds == {".csv"}:
            heads = [_csv_header(f) for f in files]
            _alike(heads, files)
            delimiter, names = heads[0]
            reader, overrides = _csv_reader(files, delimiter, names), dict[int, str]()
        elif kinds == {".parquet"}:
            schemas = [self._parquet_schema(f) for f in files]
            _alike(schemas, files)
            names = tuple(field.name for field in schemas[0])
            overrides = {at: field.wide for at, field in enumerate(schemas[0]) if field.wide}
            reader = _parquet_reader(files)
        else:
            raise EngineError(f"{table}: the files are neither all .parquet nor all .csv: {sorted(kinds)}")
        if len(set(names)) != len(names):
            raise EngineError(
                f"{table}: a column name occurs twice in {files[0].name}",
                hint="Give each column its own name.",
            )
        self._make_place(table)
        self._run(exp.Create(this=_name(table), kind="VIEW", replace=True, expression=reader))
        found = self._described(table)
        self._names[table.key] = tuple(
            Column(name=name, type=overrides.get(at, column.type), nullable=column.nullable)
            for at, (name, column) in enumerate(zip(names, found, strict=True))
        )

    def columns(self, table: TableRef) -> tuple[Column, ...]:
        return self._names.get(table.key) or self._described(table)

    def save(self, query: exp.Query, table: TableRef) -> int:
        self._make_place(table)
        self._make_room(query)
        create = exp.Create(this=_name(table), kind="TABLE", replace=True, expression=query)
        made = self._run(create).fetchone()
        self._names.pop(table.key, None)
        return int(made[0]) if made else 0

    def query(self, query: exp.Query) -> list[dict[str, Any]]:
        self._make_room(query)
        answer = self._run(query)
        names = [str(column[0]) for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    def write(self, query: exp.Query, file: Path) -> int:
        file.parent.mkdir(parents=True, exist_ok=True)
        kind = exp.CopyParameter(this=exp.to_identifier("format"), expression=exp.to_identifier("parquet"))
        copy = exp.Copy(
            this=query.subquery(), kind=False, files=[exp.Literal.string(str(file))], params=[kind]
        )
        made = self._run(copy).fetchone()
        return int(made[0]) if made else 0

    def cancel(self) -> None:
        self._connection.interrupt()

    def _described(self, table: TableRef) -> tuple[Column, ...]:
        rows = self._run(exp.Describe(this=_name(table))).fetchall()
        return tuple(Column(name=str(r[0]), type=str(r[1]), nullable=r[2] == "YES") for r in rows)

    def _parquet_schema(self, file: Path) -> list[_Field]:
        """The file's columns. EngineError when it is not readable."""
        named = ("name", "duckdb_type", "num_children", "precision", "scale")
        schema = exp.Anonymous(this="parquet_schema", expressions=[exp.Literal.string(str(file))])
        try:
            rows = self._connection.execute(exp.select(*named).from_(schema).sql(DIALECT)).fetchall()
        except duckdb.Error as error:
            raise EngineError(f"{file.name} is not a readable Parquet file") from error
        return _fields(rows)

    def _make_room(self, query: exp.Query) -> None:
        """Allow the whole memory once rows are joined or ranked."""
        if not self._joined and query.find(exp.Join, exp.Window):
            self._joined = True
            limit = exp.EQ(this=exp.column("memory_limit"), expression=exp.Literal.string(self._memory_limit))
            self._run(exp.Set(expressions=[exp.SetItem(this=limit)]))

    def _make_place(self, table: TableRef) -> None:
        if table.catalog:
            known = self._run(exp.select("database_name").from_(exp.func("duckdb_databases"))).fetchall()
            if table.catalog.casefold() not in {str(r[0]).casefold() for r in known}:
                memory = exp.alias_(exp.Literal.string(":memory:"), table.catalog, quoted=True)
                self._run(exp.Attach(this=memory))
        if table.schema:
            catalog = exp.to_identifier(table.catalog, quoted=True) if table.catalog else None
            schema = exp.Table(db=exp.to_identifier(table.schema, quoted=True), catalog=catalog)
            self._run(exp.Create(this=schema, kind="SCHEMA", exists=True))

    def _run(self, statement: exp.Expr) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(statement.sql(DIALECT))
        except duckdb.Error as error:
            raise _ours(error) from error


@contextmanager
def duckdb_comparer(folder: Path, *, memory_limit: str = "1500MB") -> Generator[DuckDBComparer]:
    """A comparer whose work is held in memory and, beyond the limit, spills to `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": min(memory_limit, _SCANS, key=_megabytes),
        "temp_directory": str(folder / "compare.spill"),
        "TimeZone": "UTC",
        "preserve_insertion_order": "false",
        "autoinstall_known_extensions": "false",
        "perfect_ht_threshold": 17,  # bits: groups of a SMALLINT are found by index, not by hash
    }
    try:
        connection = duckdb.connect(":memory:", config=settings)
    except duckdb.Error as error:
        raise _ours(error) from error
    try:
        yield DuckDBComparer(connection, memory_limit)
    finally:
        connection.close()


def _megabytes(size: str) -> float:
    """Of 300MB or 2GB, as DuckDB spells them."""
    number, unit = size[:-2], size[-2:].upper()
    return float(number) * {"MB": 1.0, "GB": 1000.0}[unit]


def _ours(error: duckdb.Error) -> EngineError:
    """DuckDB's error. Where its message may quote a row, only its class, and the line of a CSV file."""
    kind, message = type(error).__name__, str(error)
    if not isinstance(error, _SPEAKS_OF_VALUES):
        return EngineError(
            f"DuckDB could not compare: {kind}: {message.splitlines()[0] if message else ''}"[:400]
        )
    line = re.search(r"\bLine: (\d+)", message)
    where = f", at line {line[1]} of a CSV file" if line else ""
    if re.search(r"^Maximum line size of \d+ bytes exceeded", message, re.MULTILINE):
        return EngineError(
            f"A row is longer than {_LONGEST_LINE // 10**6} MB{where}",
            hint="Give the file as Parquet, which has no such limit, or end a quote that is left open.",
        )
    return EngineError(f"DuckDB could not compare: {kind}{where}", hint="Check the files of both sides.")


def _name(table: TableRef) -> exp.Table:
    return exp.table_(table.name, db=table.schema or None, catalog=table.catalog or None, quoted=True)


def local_files(urls: Sequence[str]) -> list[Path]:
    """The files that the URLs and folders name, in order. EngineError when one is not there."""
    files: list[Path] = []
    for url in urls:
        place = Path(unquote(urlparse(url).path)) if url.startswith("file:") else Path(url)
        files += _in_folder(place) if place.is_dir() else [place]
    absent = [f for f in files if not f.is_file()]
    if absent or not files:
        raise EngineError(
            f"no such file: {absent[0]}" if absent else "there are no files to compare",
            hint="Give the path of a .parquet or .csv file, or of a folder that holds some.",
        )
    return files


def _in_folder(folder: Path) -> list[Path]:
    inside = sorted(p for p in folder.iterdir() if not p.name.startswith(("_", ".")))
    if any(p.is_dir() for p in inside):
        raise EngineError(
            f"{folder} holds folders; a partition's column would be lost",
            hint="Write the table without partitions, or name its files.",
        )
    return [p for p in inside if p.suffix.lower() in {".parquet", ".csv"}]


def _alike(shapes: Sequence[object], files: Sequence[Path]) -> None:
    """EngineError unless all files have one shape: all are read as the first, and values could be lost."""
    for shape, file in zip(shapes, files, strict=True):
        if shape != shapes[0]:
            raise EngineError(
                f"{file.name} has other columns or types than {files[0].name}",
                hint="Write all files of one table with one schema.",
            )


class _Field(NamedTuple):
    """A column of a Parquet file. `wide` is the type of a decimal in it that DuckDB would read as a float."""

    name: str
    type: str
    wide: str


def _fields(rows: Sequence[tuple[Any, ...]]) -> list[_Field]:
    """The columns, of the rows of a Parquet schema: its root, and each field before those within it."""
    fields: list[_Field] = []
    inside = 0  # how many rows of the current column are still to come
    for name, kind, children, precision, scale in rows[1:]:
        if not inside:
            fields.append(_Field(str(name), str(kind), ""))
            inside = 1
        if (precision or 0) > _MOST_DIGITS:
            fields[-1] = fields[-1]._replace(wide=f"decimal({precision},{scale})")
        inside += (children or 0) - 1
    return fields


def _parquet_reader(files: Sequence[Path]) -> exp.Select:
    return _reader("read_parquet", files, hive_partitioning=exp.false())


def _reader(function: str, files: Sequence[Path], **options: exp.Expr) -> exp.Select:
    paths = exp.Array(expressions=[exp.Literal.string(str(f)) for f in files])
    named = [exp.PropertyEQ(this=exp.to_identifier(n), expression=v) for n, v in options.items()]
    return exp.select("*").from_(exp.Anonymous(this=function, expressions=[paths, *named]))


def _csv_header(file: Path) -> tuple[str, tuple[str, ...]]:
    """The delimiter and the names in the first line."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            first = lines.readline()
            delimiter = max(_DELIMITERS, key=_outside_quotes(first).count)
            lines.seek(0)
            names = tuple(next(csv.reader(lines, delimiter=delimiter), []))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EngineError(f"{file.name} is not a readable CSV file in UTF-8") from error
    if not names:
        raise EngineError(
            f"{file.name} is empty", hint="A CSV file needs a first line with the column names."
        )
    return delimiter, names


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2])


def _csv_reader(files: Sequence[Path], delimiter: str, names: Sequence[str]) -> exp.Select:
    """Everything is text. The columns get names by position here, because a header may hold any text."""
    columns = [
        exp.PropertyEQ(this=exp.to_identifier(f"c{n}"), expression=exp.Literal.string("VARCHAR"))
        for n in range(len(names))
    ]
    return _reader(
        "read_csv",
        files,
        auto_detect=exp.false(),
        header=exp.true(),
        delim=exp.Literal.string(delimiter),
        quote=exp.Literal.string('"'),
        escape=exp.Literal.string('"'),
        nullstr=exp.Array(expressions=[exp.Literal.string(""), exp.Literal.string("\\N")]),
        allow_quoted_nulls=exp.false(),
        max_line_size=exp.Literal.number(_LONGEST_LINE),
        buffer_size=exp.Literal.number(_LONGEST_LINE),  # else it grows with the longest line
        columns=exp.Struct(expressions=columns),
    )
