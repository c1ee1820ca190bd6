"""A whole shop from a seed: channels of known value and cost, refunds, an export that begins late. In chunks, any size."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ltv.models import BGNBD, GammaGamma
from ltv.simulate.customers import simulate_customers
from ltv.units import Unit

_ORDERS = GammaGamma(6.25, 3.74, 15.44)
CHUNK = 250_000
"""Customers simulated at once. It is part of the seed: another size gives another shop."""


@dataclass(frozen=True)
class Channel:
    """Customers who come the same way: how they buy, what their orders are worth, and what each costs to acquire."""

    name: str
    share: float
    cac: float
    buying: BGNBD
    order_value: GammaGamma = _ORDERS

    def value(self, days: float, margin: float) -> float:
        """True expected margin of a customer up to this age, first order included, undiscounted, before refunds."""
        orders = 1 + float(self.buying.expected_orders(days / Unit.WEEK.days))
        return margin * orders * float(self.order_value.expected_order_value())


@dataclass(frozen=True)
class Shop:
    """What a simulated shop is. Parameters of channels are per week; customers come evenly from `opened` to `until`.

    The export holds orders from `since` to `until`; those before it are cut off, which makes old customers look new,
    and those up to `beyond` days after it are kept apart to be forecast. `refunds` is the share of orders given
    back, a third of them in part, after a mean of `refund_days`; ad money falls on the day the customer comes.
    """

    channels: tuple[Channel, ...]
    customers: int
    opened: dt.date
    since: dt.date
    until: dt.date
    beyond: int = 0
    margin: float = 0.30
    refunds: float = 0.05
    refund_days: float = 12.0
    countries: tuple[tuple[str, float], ...] = (("DE", 0.5), ("FR", 0.3), ("NL", 0.2))

    @property
    def days(self) -> int:
        return (self.until - self.opened).days


@dataclass(frozen=True)
class Chunk:
    """Some customers of a shop: their exported orders, the orders hidden behind `until`, and the truth of each."""

    orders: pd.DataFrame
    hidden: pd.DataFrame
    truth: pd.DataFrame


_GOOD, _FAIR, _POOR = BGNBD(0.9, 10, 0.7, 3.2), BGNBD(0.6, 10, 0.9, 2.8), BGNBD(0.25, 12, 1.6, 2.0)
DEMO = Shop(
    channels=(
        Channel("search", 0.34, 22.0, _GOOD),
        Channel("social", 0.26, 17.0, _FAIR),
        Channel("affiliates", 0.20, 9.0, BGNBD(0.4, 11, 1.1, 2.4)),
        Channel("tv", 0.196, 45.0, _POOR),  # never pays back
        Channel("podcast", 0.004, 25.0, _GOOD),  # too small to judge
    ),
    customers=14_000,
    opened=dt.date(2023, 7, 1),
    since=dt.date(2024, 1, 1),
    until=dt.date(2025, 12, 31),
)
"""Two years of a shop that is half a year older than its export."""


def simulate_shop(shop: Shop, seed: int) -> Iterator[Chunk]:
    """The shop chunk by chunk; the same seed gives the same rows.

    `orders` and `hidden`: order (number), customer, date, amount (below zero for refunds), channel, country. `truth`:
    customer, channel, country, acquired (true first day), cac, and old (acquired before the export begins).

    >>> from dataclasses import replace
    >>> chunk = next(simulate_shop(replace(DEMO, customers=500), seed=1))
    >>> len(chunk.truth), set(chunk.truth.channel) <= {"search", "social", "affiliates", "tv", "podcast"}
    (500, True)
    """
    for number, first in enumerate(range(0, shop.customers, CHUNK)):
        rng = np.random.default_rng([seed, number])
        yield _chunk(shop, rng, first, min(CHUNK, shop.customers - first))


def _chunk(shop: Shop, rng: np.random.Generator, first: int, size: int) -> Chunk:
    which = rng.choice(len(shop.channels), size, p=_shares([c.share for c in shop.channels]))
    country = rng.choice(len(shop.countries), size, p=_shares([share for _, share in shop.countries]))
    born = rng.integers(0, shop.days + 1, size)
    buying = BGNBD(*_columns([c.buying for c in shop.channels], which))
    values = GammaGamma(*_columns([c.order_value for c in shop.channels], which))
    *_, day, who = simulate_customers(rng, buying, born, shop.days + shop.beyond)
    who, day = np.concatenate([np.arange(size), who]), np.concatenate([born, day])
    nothing = np.zeros(size)
    amount = np.maximum(values.draw_order_values(rng, who, x=nothing, mean=nothing), 0.01).round(2)
    rows = _with_refunds(shop, rng, pd.DataFrame({"who": who, "day": day, "amount": amount}))
    names = np.array([c.name for c in shop.channels], object)[which]
    lands = np.array([name for name, _ in shop.countries], object)[country]
    rows = rows.sort_values(["day", "who"], ignore_index=True, kind="stable")
    log = pd.DataFrame(
        {
            "order": rows["order"] + first * 1000,
            "customer": rows["who"] + first,
            "date": _dates(shop, rows["day"]),
            "amount": rows["amount"],
            "channel": names[rows["who"]],
            "country": lands[rows["who"]],
        }
    )
    truth = pd.DataFrame({"customer": np.arange(size) + first, "channel": names, "country": lands})
    truth["acquired"] = _dates(shop, born)
    truth["cac"] = np.array([c.cac for c in shop.channels])[which]
    truth["old"] = truth["acquired"] < pd.Timestamp(shop.since)
    end, start = pd.Timestamp(shop.until), pd.Timestamp(shop.since)
    return Chunk(log[log["date"].between(start, end)], log[log["date"] > end], truth)


def _with_refunds(shop: Shop, rng: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """The orders, numbered, and a negative line for each that is given back, in whole or in part."""
    rows = rows.assign(order=np.arange(len(rows)))
    back = rows[rng.random(len(rows)) < shop.refunds].copy()
    part = np.where(rng.random(len(back)) < 1 / 3, rng.uniform(0.2, 0.8, len(back)), 1.0)
    back["amount"] = -np.maximum((back["amount"] * part).round(2), 0.01)
    back["day"] = back["day"] + np.floor(rng.exponential(shop.refund_days, len(back))).astype(int)
    return pd.concat([rows, back], ignore_index=True)


def write_shop(shop: Shop, folder: Path, *, seed: int) -> dict[str, Path]:
    """Write orders, hidden orders, truth (Parquet) and costs (CSV) into a folder, a chunk at a time; name → file.

    `costs`: date, channel, amount, one row per channel and day with customers of the export.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    files = {name: folder / f"{name}.parquet" for name in ("orders", "hidden", "truth")}
    writers: dict[str, Any] = {}
    costs = []
    try:
        for chunk in simulate_shop(shop, seed):
            for name, path in files.items():
                table = pa.Table.from_pandas(getattr(chunk, name), preserve_index=False)
                if name not in writers:
                    writers[name] = pq.ParquetWriter(path, table.schema)
                writers[name].write_table(table)
            new = chunk.truth[~chunk.truth["old"]]
            costs.append(new.groupby(["acquired", "channel"])["cac"].sum())
    finally:
        for writer in writers.values():
            writer.close()
    total = pd.concat(costs).groupby(level=[0, 1]).sum().rename("amount").rename_axis(["date", "channel"])
    files["costs"] = folder / "costs.csv"
    total.reset_index().round({"amount": 2}).to_csv(files["costs"], index=False, date_format="%Y-%m-%d")
    return files


def plain_shop(customers: int, *, until: dt.date = dt.date(2025, 12, 31)) -> Shop:
    """One channel, no refunds, an export that begins with the business: what benchmarks measure on.

    >>> plain_shop(10).customers
    10
    """
    channel = Channel("all", 1.0, 20.0, BGNBD(0.5, 9.0, 0.8, 2.5))
    opened = until - dt.timedelta(days=730)
    return replace(
        DEMO, channels=(channel,), customers=customers, opened=opened, since=opened, until=until, refunds=0.0
    )


def _shares(weights: list[float]) -> np.ndarray:
    return np.asarray(weights) / np.sum(weights)


def _columns(families: list[Any], which: np.ndarray) -> list[np.ndarray]:
    """The parameters of each row's family, one array per parameter."""
    return [np.array(column)[which] for column in zip(*(family.parameters() for family in families), strict=True)]


def _dates(shop: Shop, day: Any) -> pd.Series:
    stamps = np.datetime64(shop.opened, "D") + np.asarray(day, dtype="timedelta64[D]")
    return pd.Series(stamps.astype("datetime64[s]"))
