"""A shop that never was: two years of orders and costs of five channels whose truth is known.

One channel never pays back, one is too small to judge, one is organic. Used by `make demo` and by the tests of coverage,
which also look at what the same customers do after the export ends.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ltv.models import BGNBD

START = dt.date(2024, 7, 1)
MONTHS = 24
MARGIN = 0.40


@dataclass(frozen=True)
class Channel:
    """How many customers a month a channel brings, what they are like, and what each of them costs.

    `value` is the mean of a customer's order values, itself Gamma distributed over customers (shape 4).
    """

    name: str
    monthly: float
    buying: BGNBD
    value: float
    cac: float


CHANNELS = (
    Channel("affiliate", 0.4, BGNBD(r=0.6, alpha=9, a=0.8, b=2.5), 38.0, 20.0),
    Channel("direct", 90, BGNBD(r=0.9, alpha=9, a=0.7, b=3.0), 42.0, 0.0),
    Channel("newsletter", 60, BGNBD(r=0.8, alpha=8, a=0.6, b=3.0), 36.0, 24.0),
    Channel("search", 120, BGNBD(r=0.5, alpha=9, a=0.8, b=2.4), 40.0, 34.0),
    Channel("social", 100, BGNBD(r=0.25, alpha=12, a=1.1, b=2.0), 30.0, 45.0),
)


@dataclass(frozen=True)
class DemoShop:
    """Orders (customer, date, amount, channel) and costs (date, channel, amount) up to and including `until`.

    `later` are the orders that the same customers make in the `hidden` days after it.
    """

    orders: pd.DataFrame
    costs: pd.DataFrame
    later: pd.DataFrame
    until: dt.date


def demo_shop(seed: int = 0, *, months: int = MONTHS, hidden: int = 0, scale: float = 1.0) -> DemoShop:
    """The shop of a seed; `scale` multiplies its customers, `hidden` is how many days beyond the export are simulated.

    >>> shop = demo_shop(scale=0.1)
    >>> sorted(shop.orders["channel"].unique())
    ['affiliate', 'direct', 'newsletter', 'search', 'social']
    """
    rng = np.random.default_rng(seed)
    end = (pd.Timestamp(START) + pd.DateOffset(months=months) - pd.Timedelta(days=1)).date()
    last = (end - START).days
    orders, costs = [], []
    for channel in CHANNELS:
        born = np.sort(rng.integers(0, last + 1, max(4, round(channel.monthly * months * scale))))
        orders.append(_orders(rng, channel, born, last + hidden))
        if channel.cac:
            costs.append(_costs(rng, channel, born, last))
    everything = pd.concat(orders, ignore_index=True)
    everything = everything.sort_values(["day", "customer"], ignore_index=True)
    known = everything["day"] <= last
    return DemoShop(
        orders=_dated(everything[known]), costs=_dated(pd.concat(costs)), later=_dated(everything[~known]), until=end
    )


def _orders(rng: np.random.Generator, channel: Channel, born: np.ndarray, last: int) -> pd.DataFrame:
    nobody = np.zeros(len(born))
    who, when = channel.buying.future_orders(rng, last / 7, x=nobody, t_x=nobody, T=nobody)
    day = np.concatenate([born, born[who] + np.ceil(when * 7).astype(np.int64)])
    owner = np.concatenate([np.arange(len(born)), who])
    level = channel.value * 3 / rng.gamma(4, 1, len(born))
    amount = np.maximum(np.round(level[owner] * rng.gamma(6, 1 / 6, len(owner)), 2), 0.01)
    names = np.array([f"{channel.name}-{number:05d}" for number in range(len(born))])
    frame = pd.DataFrame({"customer": names[owner], "day": day, "amount": amount, "channel": channel.name})
    return frame[frame["day"] <= last]


def _costs(rng: np.random.Generator, channel: Channel, born: np.ndarray, last: int) -> pd.DataFrame:
    """Daily spend: what the customers of the month cost, spread unevenly over its days."""
    days = np.arange(last + 1)
    dates = pd.Timestamp(START) + pd.to_timedelta(days, unit="D")
    month = (dates.year * 12 + dates.month).to_numpy()
    spend = np.zeros(last + 1)
    for period in np.unique(month):
        inside = month == period
        share = rng.gamma(5, 1, inside.sum())
        spend[inside] = channel.cac * np.isin(born, days[inside]).sum() * share / share.sum()
    return pd.DataFrame({"day": days, "channel": channel.name, "amount": np.round(spend, 2)})


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    dates = (pd.Timestamp(START) + pd.to_timedelta(frame["day"], unit="D")).dt.strftime("%Y-%m-%d")
    return frame.assign(date=dates).drop(columns="day").reset_index(drop=True)
