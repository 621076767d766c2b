"""What ten procedures of telecom, insurance and retail must leave behind, reckoned in plain Python.

Each case has its input rows (as a CSV shows them, NULL is None), the procedure's parameters, and a function
that reckons the target's rows from them without a line of SQL.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from tests.tsql.etl_retail import (
    LINES,
    MOVEMENTS,
    NORTH,
    PRICES,
    PROMOS,
    SALES,
    SOUTH,
    STOCK,
    TODAY,
    cut,
    price_log,
    prices,
    promo_shares,
    rejects,
    rfm,
    stock,
)

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Case:
    """One procedure. `wrong`: the columns (or "rows") in which its wrong conversion differs."""

    inputs: dict[str, tuple[str, list[tuple]]]  # table -> column names, rows
    target: str
    keys: str
    truth: Callable[[], list[tuple]]
    wrong: set[str]
    procedure: str
    params: dict[str, object] = field(default_factory=dict)
    also: dict[str, Callable[[], list[tuple]]] = field(default_factory=dict)  # other tables that it fills


def end_of_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def months(a: date, b: date) -> int:
    return (b.year - a.year) * 12 + b.month - a.month


# --- telecom ----------------------------------------------------------------------------------------

TARIFFS = [("00", Decimal("0.5000"), 1), ("0049", Decimal("0.0450"), None), ("00491", Decimal("0.1995"), 2),
           ("0044", Decimal("0.3333"), 1), ("0", Decimal("0.0000"), None)]  # fmt: skip
DIALLED = ["+49 30 1234", "+49 151 77", "0044 20 7", "0800 100", "+1 202 5", "110", "0049151"]
CDRS = [
    (n, f"4917{n % 6}", DIALLED[n % 7], datetime(2024, 2 if n % 9 == 4 else 3, 1 + n % 28, n % 24, n % 60),
     None if n % 11 == 3 else -5 if n % 13 == 6 else n * 47 % 400)
    for n in range(1, 61)
]  # fmt: skip


def rated() -> list[tuple]:
    out = []
    for call, msisdn, dialled, started, seconds in CDRS:
        if started.month != 3:
            continue
        number = dialled.replace("+", "00").replace(" ", "")
        fits = sorted((t for t in TARIFFS if number.startswith(t[0])), key=lambda t: -len(t[0]))
        prefix, rate, least = fits[0] if fits else (None, None, None)
        minutes = 0
        if seconds is not None and seconds >= 0:
            minutes = max(math.ceil(seconds / 60), least or 0)
        amount = (minutes * (rate or Decimal(0))).quantize(CENT, ROUND_HALF_UP)
        band = None if amount == 0 else "low" if amount < 1 else "middle" if amount < 5 else "high"
        out.append((call, msisdn, prefix, minutes, amount, band, started.hour, 202403))
    return out


SUBSCRIBERS = [
    (n, date(2022 + n % 3, 1 + n * 5 % 12, 1 + n * 7 % 28), date(2024, 1 + n % 3, 9) if n % 4 == 1 else None,
     ["GOLD plus", "basic", None][n % 3]) for n in range(1, 13)
]  # fmt: skip
USAGE = [
    (1 + n * 5 % 14, date(2024, 1 + n % 3, 1 + n % 2 * 10), None if n % 17 == 5 else n * 31 % 500)
    for n in range(90)
]


def subscriber_months() -> list[tuple]:
    base = {}
    for m in (1, 2, 3):
        first = date(2024, m, 1)
        last = end_of_month(first)
        for who, joined, left, plan in SUBSCRIBERS:
            if joined <= last and (left is None or left >= first):
                used = [(d, mb) for s, d, mb in USAGE if s == who and first <= d <= last]
                base[who, last] = (
                    plan,
                    joined,
                    left,
                    sum(mb or 0 for _, mb in used),
                    len({d for d, _ in used}),
                )
    totals = Counter()
    for (_, last), (_, _, _, mb, _) in base.items():
        totals[last] += mb
    out = []
    for (who, last), (plan, joined, left, mb, days) in base.items():
        earlier = [(m, b[3]) for (s, m), b in base.items() if s == who and m < last]
        before = max(earlier)[1] if earlier else 0
        trend = "up" if mb > before else "silent" if mb == 0 else "down"
        share = (Decimal(mb) / totals[last]).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        churned = left is not None and left <= last
        shown = plan[0].upper() + plan[1:12].lower() if plan else None
        out.append((who, last, shown, mb, days, before, trend, months(joined, last), churned, share))
    return out


EVENTS = [
    (f"d{n % 4}", datetime(2024, 5, 1) + timedelta(minutes=n * 6 + (n // 9) * 47, seconds=n * 37 % 60),
     f"c{n * n % 5}" if n % 8 else f"a&{n % 3}", 0 if n % 5 == 2 else n * 1000) for n in range(60)
] + [("lone", datetime(2024, 5, 1, 3), "c1", 0), ("lone", None, "c9", 50)]  # fmt: skip


def sessions() -> list[tuple]:
    def boundary(a: datetime, b: datetime) -> int:
        return int((b.replace(second=0) - a.replace(second=0)).total_seconds()) // 60

    by_device = defaultdict(list)
    for device, at, cell, size in EVENTS:
        if at:
            by_device[device].append((at, cell, size))
    out = []
    for device, events in by_device.items():
        groups: list[list[tuple]] = []
        for event in sorted(events):
            if groups and boundary(groups[-1][-1][0], event[0]) <= 30:
                groups[-1].append(event)
            else:
                groups.append([event])
        for n, group in enumerate(groups, start=1):
            first, last, size = group[0], group[-1], sum(e[2] for e in group)
            if len(group) > 1 or size > 0:
                cells = ";".join(sorted({e[1] for e in group}))
                out.append((device, n, first[0], last[0], boundary(first[0], last[0]), len(group), size, cells,
                            first[1], last[1]))  # fmt: skip
    return out


# --- insurance --------------------------------------------------------------------------------------

POLICIES = [
    (f"P{n:03}", ["MOT", "HOM"][n % 2], date(2024, 1 + n % 5, 1 + n * 9 % 28), date(2024, 4 + n % 8, 5 + n * 7 % 20),
     Decimal(n * 12345) / 100 + Decimal("0.0003"), date(2024, 3 + n % 5, 1 + n % 27) if n % 3 == 0 else None)
    for n in range(1, 25)
]  # fmt: skip
THROUGH = date(2024, 8, 31)


def earned_premium() -> list[tuple]:
    out = []
    for number, line, begins, ends, premium, cancelled in POLICIES:
        if begins > THROUGH or ends < begins:
            continue
        term = (ends - begins).days + 1
        early = cancelled is not None and cancelled < ends
        last = cancelled if early else ends
        if last < begins:
            continue
        total = Decimal(0)
        for m in range(months(begins, last) + 1):
            first = date(begins.year + (begins.month - 1 + m) // 12, (begins.month - 1 + m) % 12 + 1, 1)
            if first > THROUGH:
                continue
            days = (min(last, end_of_month(first)) - max(begins, first)).days + 1
            earned = cut(cut(premium * days, 4) / term, 4)
            total += earned
            rest = (
                Decimal(0)
                if early and (cancelled.year, cancelled.month) == (first.year, first.month)
                else premium - total
            )
            out.append((number, line, first.year * 100 + first.month, days, earned, rest))
    return out


RATES = [("EUR", date(2020, 1, 1), Decimal("1.000000")), ("USD", date(2020, 1, 1), Decimal("0.912345")),
         ("USD", date(2022, 6, 1), Decimal("0.954321"))]  # fmt: skip
PAYMENTS = [
    (n % 14, date(2020 + n % 3, 1 + n * 5 % 12, 1 + n * 11 % 28),
     date(2020 + n % 3 + n % 4 // 2, 1 + (n * 5 % 12 + n) % 12, 15) if n % 6 else date(2024, 2, 15),
     Decimal(n * 7919 % 90000) / 100, ["EUR", "USD", "CHF"][n % 3 if n % 10 else 2]) for n in range(1, 61)
]  # fmt: skip
PAYMENTS = [p for p in PAYMENTS if p[2] >= p[1]]
PAYMENTS += [  # twelve months by the calendar, eleven whole ones
    (90, date(2021, 3, 20), date(2022, 3, 5), Decimal("1000.00"), "EUR"),
    (91, date(2021, 3, 20), date(2021, 3, 25), Decimal("10.00"), "EUR"),
    (92, date(2022, 7, 31), date(2023, 7, 1), Decimal("77.70"), "USD"),
]


def triangle() -> list[tuple]:
    paid: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    claims = defaultdict(set)
    for claim, accident, when, amount, currency in PAYMENTS:
        valid = [r for r in RATES if r[0] == currency and r[1] <= when]
        if not valid or not amount:
            continue
        rate = max(valid, key=lambda r: r[1])[2]
        development = months(accident, when) // 12 * 12
        paid[accident.year, development] += (amount * rate).quantize(CENT, ROUND_HALF_UP)
        claims[accident.year].add(claim)
    out = []
    for year in claims:
        steps = sorted(d for y, d in paid if y == year)
        running, total = {}, Decimal(0)
        for d in steps:
            total += paid[year, d]
            running[d] = total
        d0 = running.get(0)
        d12 = running.get(12, d0)
        d24 = running.get(24, d12)
        out.append((year, d0, d12, d24, len(claims[year]), total))
    return out


HOLDERS = [
    (1, "H1", "Ann", "Oslo", "gold", date(2023, 1, 1), date(9999, 12, 31), True),
    (2, "H2", "Bob", None, "none", date(2023, 1, 1), date(9999, 12, 31), True),
    (3, "H3", "Cho", "Bonn", "gold", date(2022, 1, 1), date(2022, 12, 31), False),
    (4, "H3", "Cho", "Köln", "gold", date(2023, 1, 1), date(9999, 12, 31), True),
    (5, "H4", "Dan", "Rome", "closing", date(2023, 1, 1), date(9999, 12, 31), True),
    (6, "H5", "Eve", "Lyon", "none", date(2023, 1, 1), date(9999, 12, 31), True),
]
STAGED = [
    ("H1", "Ann", "Oslo", "gold", datetime(2024, 2, 1)),
    ("H2", "Bob", "", None, datetime(2024, 2, 1)),
    ("H2", "Bob", "Bern", None, datetime(2024, 2, 2)),
    ("H3", "Cho", None, "gold", datetime(2024, 2, 1)),
    ("H6", "Fay", "Graz", None, datetime(2024, 2, 1)),
    ("  ", "Nobody", "Nowhere", None, datetime(2024, 2, 1)),
    (None, "Nobody", "Nowhere", None, datetime(2024, 2, 1)),
]
DAY = date(2024, 3, 1)


def newest() -> dict[str, tuple]:
    found: dict[str, tuple] = {}
    for number, name, city, segment, at in STAGED:
        if number and number.strip() and (number not in found or at > found[number][3]):
            found[number] = (name, city or None, segment or "none", at)
    return found


def holders() -> list[tuple]:
    fresh, out, opened = newest(), [], set()
    for row in HOLDERS:
        *front, _, current = row
        new = fresh.get(row[1])
        if current and new and new[:3] != row[2:5]:
            out.append((*front, DAY - timedelta(days=1), False))
        elif current and not new and row[4] == "closing":
            out.append((*front, DAY, False))
        else:
            out.append(row)
            opened |= {row[1]} if current else set()
    missing = sorted(n for n in fresh if n not in opened)
    for key, number in enumerate(missing, start=7):
        name, city, segment, _ = fresh[number]
        out.append((key, number, name, city, segment, DAY, date(9999, 12, 31), True))
    return out


def holder_log() -> list[tuple]:
    return [("H2", "closed", None, "Bern"), ("H3", "closed", "Köln", None), ("H4", "closed", "Rome", None)]


CASES = {
    "cdr_rating": Case(
        {"stg.Cdr": ("call_id,msisdn,dialled,started,seconds", CDRS), "dbo.Tariff": ("prefix,per_minute,minimum_minutes", TARIFFS)},
        "FactRated", "call_id", rated, {"minutes", "amount", "band"}, "usp_RateCalls", {"month": date(2024, 3, 17)}),
    "subscriber_months": Case(
        {"stg.Usage": ("subscriber,used_on,megabytes", USAGE), "dbo.Subscriber": ("subscriber,joined,left_on,plan_name", SUBSCRIBERS)},
        "SubscriberMonth", "subscriber,month_end", subscriber_months, {"active_days", "tenure_months"}, "usp_SubscriberMonths",
        {"from": date(2024, 1, 10), "to": date(2024, 3, 5)}),
    "network_sessions": Case(
        {"stg.Event": ("device,seen_at,cell,bytes", EVENTS)}, "Session", "device,session_no", sessions,
        {"minutes"}, "usp_Sessions"),
    "earned_premium": Case(
        {"dbo.Policy": ("policy_no,line,begins,ends,premium,cancelled", POLICIES)}, "EarnedPremium", "policy_no,month_key",
        earned_premium, {"earned", "unearned"}, "usp_EarnedPremium", {"through": THROUGH}),
    "claims_triangle": Case(
        {"stg.Payment": ("claim,accident,paid,amount,currency", PAYMENTS), "dbo.Rate": ("currency,valid_from,to_eur", RATES)},
        "Triangle", "accident_year", triangle, {"dev_0"}, "usp_Triangle"),
    "holder_history": Case(
        {"stg.Holder": ("holder_no,name,city,segment,changed_at", STAGED),
         "dbo.DimHolder": ("holder_key,holder_no,name,city,segment,valid_from,valid_to,is_current", HOLDERS)},
        "DimHolder", "holder_key", holders, {"valid_to", "is_current", "rows", "holder_no", "name", "city"}, "usp_HolderHistory", {"day": DAY},
        {"HolderLog": holder_log}),
    "stock_partitions": Case(
        {"stg.Movement": ("sku,store_no,moved_on,quantity", MOVEMENTS), "dbo.Stock": ("day_key,sku,store_no,on_hand,moved", STOCK)},
        "Stock", "day_key,sku,store_no", stock, {"rows"}, "usp_LoadDays", {"first": date(2024, 3, 3), "days": 2}),
    "customer_rfm": Case(
        {"stg.Sale": ("receipt,customer,sold_on,amount,channel", SALES)}, "CustomerRfm", "customer", rfm, {"channels"},
        "usp_CustomerRfm", {"today": TODAY}),
    "price_import": Case(
        {"stg.PriceLine": ("line_no,raw_line", LINES), "dbo.Price": ("sku,valid_from,price,currency,source_line", PRICES)},
        "Price", "sku,valid_from", prices, {"rows"}, "usp_ImportPrices", {}, {"PriceReject": rejects, "LoadLog": price_log}),
    "promo_allocation": Case(
        {"stg.Promo": ("promo_id,table_name,budget,region", PROMOS), "stg.StoreNorth": ("store,turnover", NORTH),
         "stg.StoreSouth": ("store,turnover", SOUTH)},
        "PromoShare", "promo_id,store", promo_shares, {"share", "is_rest"}, "usp_AllocatePromos"),
}  # fmt: skip
