import pytest

from recon.compare import Side, Spec
from recon.compare.totals import control_totals
from recon.model import Column
from recon.wiring import comparer
from tests.compare.tables import Bench, table


class Totalling:
    """Control totals of small tables on one real engine."""

    def __init__(self, engine, folder):
        self.engine, self._bench = engine, Bench(engine, folder)

    def all(self, baseline, candidate, *, keys=(), rules=None, declared=((), ()), segment="", **options):
        refs = self._bench.attach(baseline, "baseline"), self._bench.attach(candidate, "candidate")
        sides = [
            Side(table=ref, columns=tuple(Column(name=n, type=k) for n, k in columns))
            for ref, columns in zip(refs, declared, strict=True)
        ]
        spec = Spec(keys=tuple(keys), rules=rules or {})
        return control_totals(self.engine, spec, *sides, segment=segment, **options)

    def column(self, one, other=None, *, rule=None, declared=("", "")):
        """The totals of one column `v`, given as (kind, values) on each side."""
        types = tuple((("v", d),) if d else () for d in declared)
        rules = {"v": rule} if rule else {}
        [totals] = self.all(table(v=one), table(v=other or one), rules=rules, declared=types)
        return totals


@pytest.fixture(scope="session")
def totals(tmp_path_factory):
    with comparer() as engine:
        yield Totalling(engine, tmp_path_factory.mktemp("totals"))
