"""Old customers who look new because the log begins late (left truncation), found by how soon they reorder."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy import special

from ltv import engine
from ltv.units import EPOCH

EARLY, BLOCK = 90, 30
LATER_BLOCKS, LEAST = 4, 20
CERTAIN, RATIO = 0.99, 1.25


@dataclass(frozen=True)
class Truncation:
    """Customers first seen before `before` reorder `early` times within 90 days, later ones `later` times."""

    before: dt.date
    early: float
    later: float

    def __str__(self) -> str:
        return (
            f"first seen before {self.before}: {self.early:.2f} repeat orders within {EARLY} days against {self.later:.2f} "
            "of later customers, so the log begins late and many of them are not new; true first dates (acquired=) settle who is"
        )


def find_truncation(daily: ir.Table, until: dt.date) -> Truncation | None:
    """Whether the first cohorts of a log are partly old customers; None where not, or where it cannot be judged.

    `daily`: one row per customer and day with first_day. Cohorts are blocks of 30 days. A block is marked, from the first
    on, while it has a quarter more customers than is usual later, and they repeat a quarter more within 90 days, by
    more than the .99 quantile of Student's t (spread between blocks included). At least four later blocks of
    20 customers must have been seen for 90 days.

    Measured on simulated shops, 50 seeds each: of those half a year to four years older than their export it finds
    36–60 % with 1,000 customers, 62–98 % with 3,000, 98–100 % with 14,000. Of those exported from their first day it
    accuses none, and 0–6 % where the first month brought twice as many customers.
    """
    age = engine.day_number(daily.day) - engine.day_number(daily.first_day)
    early = daily.filter((age <= EARLY) & (daily.first_day <= until - dt.timedelta(days=EARLY)))
    counts = early.group_by("first_day").aggregate(
        n=(early.day == early.first_day).sum(), repeats=(early.day > early.first_day).sum()
    )
    return judge(engine.run(counts.order_by("first_day")), until)


def judge(births: pd.DataFrame, until: dt.date) -> Truncation | None:
    """`find_truncation` from the counts by first_day: n customers and their early repeats."""
    if births.empty:
        return None
    number = (pd.to_datetime(births["first_day"]) - pd.Timestamp(EPOCH)).dt.days.to_numpy()
    since = int(number[0])
    whole = ((until - EPOCH).days - EARLY - since + 1) // BLOCK
    blocks = births[["n", "repeats"]].groupby((number - since) // BLOCK).sum()
    blocks = blocks[(blocks["n"] >= LEAST) & (blocks.index < whole)]
    size, rate = blocks["n"].to_numpy(float), (blocks["repeats"] / blocks["n"]).to_numpy(float)
    marked = 0
    while marked < len(rate) - LATER_BLOCKS and (
        size[marked] > RATIO * np.median(size[marked + 1 :]) and stands_out(rate[marked:], size[marked:])
    ):
        marked += 1
    if not marked:
        return None
    old, new = blocks.iloc[:marked].sum(), blocks.iloc[marked:].sum()
    before = EPOCH + dt.timedelta(days=since + BLOCK * (int(blocks.index[marked - 1]) + 1))
    return Truncation(before, float(old["repeats"] / old["n"]), float(new["repeats"] / new["n"]))


def stands_out(rate: np.ndarray, size: np.ndarray) -> bool:
    """Whether the first of some rates lies above what the others lead to expect; each varies as 1/size.

    >>> size = np.array([900, 400, 300, 300, 300])
    >>> stands_out(np.array([1.51, .9, .7, .6, .57]), size), stands_out(np.array([.9, .7, .6, .57, .8]), size)
    (True, False)
    """
    later, n = rate[1:], size[1:]
    mean = float(later @ n / n.sum())
    variance = (n @ (later - mean) ** 2) / (later.size - 1) * (1 / size[0] + 1 / n.sum())
    return bool(rate[0] > RATIO * mean and rate[0] - mean > special.stdtrit(later.size - 1, CERTAIN) * variance**0.5)
