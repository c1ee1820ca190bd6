"""What customers are still worth: each of them, groups by recency, and all together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ltv import engine
from ltv.metrics import intervals
from ltv.metrics.lifetime_value.futures import SHOCK_SD, hold, shocks, totals
from ltv.metrics.lifetime_value.scoring import PATTERN, score
from ltv.models import Fit, Patterns
from ltv.orders.customers import Customers
from ltv.units import Horizon, Rate, annual

Array = NDArray[np.float64]
ONCE = "one order only"
RECENCY_DAYS = (30, 90, 180, 365)
CHUNK = 1 << 18  # draws × patterns held at once: in a few megabytes they stay near the processor


def value(
    customers: Customers,
    buying: Fit,
    order_value: Fit,
    *,
    horizon: str | Horizon = "12 months",
    discount: float | Rate = annual(0.10),
) -> pd.DataFrame:
    """Discounted margin each customer is expected to bring within `horizon`, indexed by customer id.

    Columns estimate, low, high (90 %, credible), n (repeat orders it rests on), known. For more customers than fit in
    memory write `score` from the engine instead.
    """
    scored = score(customers, buying, order_value, horizon=horizon, discount=discount)
    frame = engine.run(scored.select("customer", "value", "value_low", "value_high", "frequency").order_by("customer"))
    frame.columns = ["customer", "estimate", "low", "high", "n"]
    return frame.set_index("customer").assign(known=True)


@dataclass(frozen=True)
class Question:
    """What is asked of every pattern: value within `horizon`, discounted, at a margin, over draws of both fits."""

    customers: Customers
    buying: Fit
    order_value: Fit
    horizon: Horizon
    discount: Rate
    draws: int

    def blocks(self) -> Iterator[Block]:
        """The patterns a block at a time, with the draws of A and B, shape (draws, patterns of the block)."""
        patterns, unit = self.customers.patterns, self.customers.unit
        models, values = self.buying.draws(self.draws), self.order_value.draws(self.draws)
        span, delta = self.horizon.in_(unit), self.discount.per(unit)
        for rows, history in _parts(patterns, self.draws):
            worth = self.customers.orders.margin_share * models.discounted_orders(span, delta, **history)
            base, slope = values.shrinkage(history["x"])
            yield Block(rows, history, models, worth * base, worth * slope)


def _parts(patterns: Patterns, draws: int) -> Iterator[tuple[NDArray[np.int64], dict[str, Array]]]:
    """The patterns in parts of at most `CHUNK` draws × patterns: their rows, and their histories as a model reads them."""
    for rows in np.array_split(np.arange(len(patterns.x)), max(1, len(patterns.x) * draws // CHUNK)):
        yield rows, {"x": patterns.x[rows], "t_x": patterns.t_x[rows], "T": patterns.T[rows]}


@dataclass(frozen=True)
class Block:
    """Some patterns (`rows` of all) and the draws of A and B for them."""

    rows: NDArray[np.int64]
    history: dict[str, Array]
    models: Any
    a: Array
    b: Array


def value_by_recency(
    customers: Customers,
    buying: Fit,
    order_value: Fit,
    *,
    horizon: str | Horizon = "12 months",
    discount: float | Rate = annual(0.10),
    tau: float = SHOCK_SD,
    draws: int = 200,
) -> pd.DataFrame:
    """Mean value per customer by the days since the last order, one-time buyers apart.

    By group: estimate, low, high (90 %, of the mean, with calendar shocks of scale `tau`), n (customers), share (of the
    value of all), known.
    """
    question = Question(customers, buying, order_value, Horizon.of(horizon), Rate.of(discount), draws)
    patterns, t = customers.patterns, customers.table
    repeat = engine.run(
        t.filter(t.frequency > 0)
        .group_by(*PATTERN)
        .aggregate(means=(t.repeat_value.cast("float64") / t.frequency).sum())
    )
    t_x, T = _days(customers)
    keys = pd.MultiIndex.from_arrays([patterns.x.astype(int), t_x, T])
    means = repeat.set_index(PATTERN)["means"].reindex(keys, fill_value=0.0).to_numpy()
    group = _recency_groups(customers)
    sums = np.zeros((draws, len(RECENCY_DAYS) + 2))
    for block in question.blocks():
        worth = block.a * patterns.n[block.rows] + block.b * means[block.rows]
        for number in np.unique(group[block.rows]):
            sums[:, number] += worth[:, group[block.rows] == number].sum(axis=1)
    n = np.bincount(group, patterns.n, minlength=sums.shape[1])
    low, high = np.quantile(sums * shocks(draws, tau=tau)[:, None] / np.maximum(n, 1), intervals.tails(), axis=0)
    frame = pd.DataFrame(
        {
            "estimate": sums.mean(axis=0) / np.maximum(n, 1),
            "low": low,
            "high": high,
            "n": n.astype(int),
            "share": sums.mean(axis=0) / sums.mean(axis=0).sum(),
            "known": True,
        },
        index=pd.Index(_recency_names(), name="last order"),
    )
    return frame[frame["n"] > 0]


def likely_to_order(
    customers: Customers,
    buying: Fit,
    *,
    within: str | Horizon = "30 days",
    tau: float = SHOCK_SD,
    draws: int = 200,
    seed: int = 0,
) -> pd.DataFrame:
    """Share of customers who place at least one order within this time, by the days since the last order; last row: all.

    By group: estimate (the mean of P(order within t)), low, high (90 %, of the share that will be counted: parameters,
    chance and calendar shocks of scale `tau`), n (customers), known. Chance is binomial about the group's mean, which is
    a little too much where its customers differ.
    """
    patterns, group = customers.patterns, _recency_groups(customers)
    names = [*_recency_names(), "all"]
    models, sums = buying.draws(draws), np.zeros((draws, len(names)))
    for rows, history in _parts(patterns, draws):
        some = models.probability_order(Horizon.of(within).in_(customers.unit), **history) * patterns.n[rows]
        for number in np.unique(group[rows]):
            sums[:, number] += some[:, group[rows] == number].sum(axis=1)
    sums[:, -1] = sums.sum(axis=1)
    n = np.append(np.bincount(group, patterns.n, minlength=len(names) - 1), patterns.customers).astype(int)
    share = sums / np.maximum(n, 1)
    shaken = np.clip(share * shocks(draws, seed, tau=tau)[:, None], 0, 1)
    counted = np.random.default_rng([seed, 2]).binomial(n, shaken) / np.maximum(n, 1)
    low, high = np.quantile(counted, intervals.tails(), axis=0)
    columns = {"estimate": share.mean(axis=0), "low": low, "high": high, "n": n, "known": True}
    return pd.DataFrame(columns, index=pd.Index(names, name="last order"))[n > 0]


def _days(customers: Customers) -> list[NDArray[np.int64]]:
    """Recency and age of each pattern in whole days."""
    patterns, length = customers.patterns, customers.unit.days
    return [np.rint(np.asarray(column) * length).astype(np.int64) for column in (patterns.t_x, patterns.T)]


def _recency_groups(customers: Customers) -> NDArray[np.int64]:
    """The group of each pattern, as an index into `_recency_names`."""
    t_x, T = _days(customers)
    return np.where(customers.patterns.x == 0, 0, 1 + np.searchsorted(RECENCY_DAYS, T - t_x, side="left"))


def _recency_names() -> list[str]:
    ranges = pairwise([0, *RECENCY_DAYS])
    named = [f"repeater, {start + 1 if start else 0}–{end} days ago" for start, end in ranges]
    return [ONCE, *named, f"repeater, over {RECENCY_DAYS[-1]} days ago"]


def equity(
    customers: Customers,
    buying: Fit,
    order_value: Fit,
    *,
    horizon: str | Horizon = "12 months",
    discount: float | Rate = annual(0.10),
    tau: float = SHOCK_SD,
    draws: int = 200,
    seed: int = 0,
) -> pd.DataFrame:
    """Discounted margin that all these customers together bring within `horizon`: what the base is worth.

    Rows raw (parameters and chance) and widened (with calendar shocks of scale `tau` that all customers share);
    columns estimate, low, high (90 %, predictive), n.
    """
    span, rate = Horizon.of(horizon), Rate.of(discount)
    base, length = hold(customers), customers.unit.days
    worth = customers.orders.margin_share * totals(
        base,
        buying,
        order_value,
        span.in_(customers.unit),
        draws=draws,
        weight=lambda when: rate.discount(when * length),
        seed=seed,
    )
    bands = {"raw": worth, "widened": worth * shocks(draws, seed, tau=tau)}
    rows = {name: (worth.mean(), *np.quantile(band, intervals.tails()), base.size) for name, band in bands.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "low", "high", "n"])
