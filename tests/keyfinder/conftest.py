import pytest

from recon.compare import Side
from recon.compare.keyfinder import explain_duplicates, extend_keys, propose_keys
from recon.model import Column
from recon.wiring import comparer
from tests.compare.tables import Bench


class Keys:
    """Ask for keys of small tables on one real engine."""

    def __init__(self, engine, folder):
        self.engine, self._bench = engine, Bench(engine, folder)

    def side(self, data, name="baseline", declared=()):
        columns = tuple(Column(name=n, type=k) for n, k in declared)
        return Side(table=self._bench.attach(data, name), columns=columns)

    def propose(self, baseline, candidate=None, *, declared=((), ()), **options):
        one = self.side(baseline, "baseline", declared[0])
        other = None if candidate is None else self.side(candidate, "candidate", declared[1])
        return propose_keys(self.engine, one, other, **options)

    def extend(self, baseline, candidate, *keys, **options):
        sides = self.side(baseline), self.side(candidate, "candidate")
        return extend_keys(self.engine, *sides, keys, **options)

    def explain(self, data, *keys, **options):
        return explain_duplicates(self.engine, self.side(data), keys, **options)


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    with comparer() as engine:
        yield Keys(engine, tmp_path_factory.mktemp("keys"))
