"""The rows of the retail cases of `etl_truth`, and what their procedures make of them."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal


def cut(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_DOWN)


# --- retail -----------------------------------------------------------------------------------------

STOCK = [(20240302, f"S{n}", n % 2, 0 if n % 5 == 2 else n * 3, n) for n in range(8)]
STOCK += [(20240303, "old", 1, 99, 9), (20240301, "S1", 1, 4, 4)]
MOVEMENTS = [(f"S{n % 11}", n % 2, date(2024, 3, 3 + n % 3), n % 7 - 3) for n in range(60)]


def stock() -> list[tuple]:
    out = [s for s in STOCK if s[0] < 20240303]
    before = {(s[1], s[2]): s[3] for s in STOCK if s[0] == 20240302 and s[3]}
    for key, day in ((20240303, date(2024, 3, 3)), (20240304, date(2024, 3, 4))):
        moved: Counter = Counter()
        for sku, store, on, quantity in MOVEMENTS:
            if on == day:
                moved[sku, store] += quantity
        both = {place: before.get(place, 0) + moved.get(place, 0) for place in before.keys() | moved.keys()}
        out += [(key, *place, on_hand, moved.get(place, 0)) for place, on_hand in both.items()]
        before = {place: on_hand for place, on_hand in both.items() if on_hand}
    return out


SALES = [
    (n // 2, None if n % 19 == 7 else n * 7 % 13, date(2023, 3, 1) + timedelta(days=n * 9),
     Decimal(n * 4567 % 9000 - (3000 if n % 8 == 0 else 0)) / 100, ["web", "WEB ", "shop", "", None][n % 5])
    for n in range(70)
]  # fmt: skip
TODAY = date(2024, 6, 30)


def rfm() -> list[tuple]:
    totals = {}
    for who in {s[1] for s in SALES if s[1] is not None}:
        mine = [s for s in SALES if s[1] == who and date(2023, 6, 30) < s[2] <= TODAY]
        if sum(s[3] for s in mine) > 0:
            last = max(s[2] for s in mine)
            totals[who] = (last, (TODAY - last).days, len({s[0] for s in mine}), sum(s[3] for s in mine))

    def tiles(order: Callable[[int], object]) -> dict[int, int]:
        ranked = sorted(totals, key=order)
        size, more = divmod(len(ranked), 4)
        edges = [(size + 1) * min(t, more) + size * max(t - more, 0) for t in range(1, 5)]
        return {who: bisect_right(edges, n) + 1 for n, who in enumerate(ranked)}

    r = tiles(lambda w: (-totals[w][1], w))
    f = tiles(lambda w: (totals[w][2], w))
    m = tiles(lambda w: (totals[w][3], w))
    out = []
    for who, (last, recency, frequency, monetary) in totals.items():
        channels = sorted({c.rstrip().lower() for _, w, _, _, c in SALES if w == who and c and c.rstrip()})
        label = ["lost", "cooling", "steady", "best"][(r[who] + f[who] + m[who]) // 4]
        out.append((who, f"{last:%Y-%m}", recency, frequency, monetary, r[who], f[who], m[who],
                    100 * r[who] + 10 * f[who] + m[who], label, "/".join(channels) or "n/a",
                    cut(monetary / frequency, 6)))  # fmt: skip
    return out


LINES = [
    (1, "a-1;05.02.2024;12,50;EUR"), (2, "# comment;;;"), (3, "A-1;2024-02-05;13.00;"), (4, ";01.01.2024;1;EUR"),
    (5, "b-2;31.02.2024;1.00;EUR"), (6, "b-2;28.02.2024;x;EUR"), (7, " c-3 ;13.04.2024; 7 ;USD"),
    (8, "d-4;01.05.2024;-3;EUR"), (9, None), (10, "e-5;02.03.2024"), (11, "f-6;06.07.2024;99.999;CHF"),
]  # fmt: skip
PRICES = [
    ("A-1", date(2024, 2, 5), Decimal("9.00"), "EUR", 0),
    ("F-6", date(2024, 1, 1), Decimal("90.00"), "CHF", 0),
]


def prices() -> list[tuple]:
    return [
        ("A-1", date(2024, 2, 5), Decimal("13.00"), "EUR", 3),
        ("F-6", date(2024, 1, 1), Decimal("90.00"), "CHF", 0),
        ("C-3", date(2024, 4, 13), Decimal("7.00"), "USD", 7),
        ("F-6", date(2024, 7, 6), Decimal("100.00"), "CHF", 11),
    ]


def rejects() -> list[tuple]:
    return [(4, "no sku"), (5, "bad date"), (6, "bad price"), (8, "negative"), (10, "bad price")]


def price_log() -> list[tuple]:
    return [("reject", 5, None), ("upsert", 3, None), ("upsert", 8134, "Divide by zero error encountered.")]


NORTH = [
    (1, Decimal("100.00")),
    (2, Decimal("200.00")),
    (3, Decimal("33.33")),
    (4, Decimal("0.00")),
    (5, None),
]
SOUTH = [(7, Decimal("50.00")), (8, Decimal("50.00")), (9, Decimal("50.00"))]
PROMOS = [(1, "StoreNorth", Decimal("1000.00"), "n"), (2, "StoreSouth", Decimal("100.00"), "s"),
          (3, "StoreEast", Decimal("500.00"), "e"), (4, "StoreNorth", Decimal("0.07"), "n")]  # fmt: skip


def promo_shares() -> list[tuple]:
    out = []
    for promo, table, budget, _ in PROMOS:
        stores = [s for s in {"StoreNorth": NORTH, "StoreSouth": SOUTH}.get(table, []) if s[1]]
        total = sum(t for _, t in stores)
        shares = {s: cut(budget * t / total, 2) for s, t in stores}
        rest = budget - sum(shares.values())
        largest = min((s for s, t in stores if t == max(x for _, x in stores)), default=None)
        for store, turnover in stores:
            rank = 1 + sum(t > turnover for _, t in stores)
            extra = rest if store == largest else Decimal(0)
            out.append((promo, store, shares[store] + extra, rank, bool(extra)))
    return out
