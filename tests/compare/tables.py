"""Two small tables as Parquet files, compared by the real engine."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

from recon.compare import Side, Spec, compare
from recon.model import Column, TableRef

ARROW = {
    "tinyint": pa.int8(),
    "utinyint": pa.uint8(),
    "int": pa.int32(),
    "smallint": pa.int16(),
    "bigint": pa.int64(),
    "ubigint": pa.uint64(),
    "bool": pa.bool_(),
    "double": pa.float64(),
    "float": pa.float32(),
    "text": pa.string(),
    "date": pa.date32(),
    "ts": pa.timestamp("us"),
    "ms": pa.timestamp("ms"),
    "ns": pa.timestamp("ns"),
    "tz": pa.timestamp("us", "UTC"),
    "time": pa.time64("us"),
    "binary": pa.binary(),
    "null": pa.null(),
    "list": pa.list_(pa.int64()),
    "struct": pa.struct([("a", pa.int64()), ("b", pa.string())]),
    "map": pa.map_(pa.string(), pa.int64()),
    "uuid": pa.uuid(),
    "duration": pa.duration("us"),
    "wide": pa.decimal256(50, 2),
    "wides": pa.list_(pa.decimal256(50, 2)),
    "structs of wides": pa.list_(pa.struct([("a", pa.decimal256(50, 2))])),
}

_number = itertools.count()


def arrow(kind: str) -> pa.DataType:
    """`decimal(p,s)` or a name of ARROW."""
    if kind.startswith("decimal("):
        precision, scale = kind[8:-1].split(",")
        return pa.decimal128(int(precision), int(scale))
    return ARROW[kind]


def column(kind: str, values) -> pa.Array:
    """Decimals may be given as text."""
    if kind.startswith("decimal("):
        values = [None if v is None else Decimal(v) for v in values]
    if kind == "uuid":
        return pa.ExtensionArray.from_storage(pa.uuid(), pa.array(values, pa.binary(16)))
    return pa.array(values, arrow(kind))


def table(**columns) -> pa.Table:
    """name=(kind, values)."""
    return pa.Table.from_arrays([column(k, v) for k, v in columns.values()], list(columns))


class Bench:
    """An engine and a folder in which tables are written and compared."""

    def __init__(self, engine, folder):
        self.engine, self.folder = engine, folder

    def attach(self, data: pa.Table, name: str) -> TableRef:
        file = self.folder / f"t{next(_number)}.parquet"
        pq.write_table(data, file)
        ref = TableRef("sides", name)
        self.engine.attach(ref, [str(file)])
        return ref

    def compare(
        self,
        baseline,
        candidate,
        *,
        keys=(),
        rules=None,
        declared=((), ()),
        differences=None,
        exact=False,
        **spec,
    ):
        b, c = self.attach(baseline, "baseline"), self.attach(candidate, "candidate")
        sides = [
            Side(table=ref, columns=tuple(Column(name=n, type=k) for n, k in columns))
            for ref, columns in zip((b, c), declared, strict=True)
        ]
        wanted = Spec(keys=tuple(keys), rules=rules or {}, **spec)
        return compare(self.engine, wanted, *sides, differences=differences, exact=exact)

    def cells(self, one, other, *, rule=None, declared=("", "")):
        """Compare two lists of values, (kind, values) each, row by row under a key `k`; the result."""
        frames = [table(k=("int", list(range(len(v)))), v=(kind, v)) for kind, v in (one, other)]
        types = tuple((("v", d),) if d else () for d in declared)
        return self.compare(*frames, keys=["k"], rules={"v": rule} if rule else {}, declared=types)


def value(result, name="v"):
    """The result of one column."""
    return next(c for c in result.columns if c.name == name)


def kinds(result, name="v"):
    """Its kinds of difference with their counts."""
    return {c.cause: c.cells for c in value(result, name).causes}
