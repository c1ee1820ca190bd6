"""Two segments or two periods side by side: the difference with its interval, and mix split from rate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable

import numpy as np
import pandas as pd
from scipy import special

from ltv import engine
from ltv.errors import DataError, ParameterError
from ltv.metrics import intervals
from ltv.orders.log import Orders


def compare(cells: pd.DataFrame, first: Hashable, second: Hashable, *, level: str = "cohort") -> pd.DataFrame:
    """Retention of `second` less that of `first`, two cohorts or segments of `cells`, at each age.

    Their other cohorts are pooled. `level` names the index level they are labels of: "cohort", or the attribute given as
    `by=`. The interval (90 %) is Newcombe's of two independent shares. By age: estimate, low, high, n (customers of
    both), first, second (the shares), known. Raises ParameterError for a label that is not there.
    """
    there = cells.index.get_level_values(level) if level in cells.index.names else pd.Index([])
    if absent := [str(label) for label in (first, second) if label not in there]:
        raise ParameterError(f"compare: no {level} {' and no '.join(absent)}; there are {_listed(there.unique())}")
    one, other = (_pooled(cells, there == label) for label in (first, second))
    one, other = one.align(other, join="inner", axis="index")
    low, high = intervals.newcombe(one["active"], one["n"], other["active"], other["n"])
    shares = {"first": one["active"] / one["n"], "second": other["active"] / other["n"]}
    columns = {"estimate": shares["second"] - shares["first"], "low": low, "high": high, "n": one["n"] + other["n"]}
    return pd.DataFrame(columns | shares, index=one.index).assign(known=True)


def _pooled(cells: pd.DataFrame, chosen: np.ndarray) -> pd.DataFrame:
    part = cells[chosen & cells["known"].to_numpy() & (cells["n"] > 0).to_numpy()]
    return part.groupby(level="age")[["active", "n"]].sum()


def _listed(labels: pd.Index) -> str:
    return ", ".join(map(str, labels[:12]))


def two_spans(orders: Orders, *, days: int = 90) -> tuple[tuple[str, str], tuple[str, str]]:
    """The last `days` of a log and as many to lay beside them: those of the year before, or else the ones just before.

    Raises DataError where the log holds neither after its first day.
    """
    last = orders.until - dt.timedelta(days=days - 1)
    for back in (365, days):
        start = last - dt.timedelta(days=back)
        if start > orders.since:
            end = start + dt.timedelta(days=days - 1)
            return (str(start), str(end)), (str(last), str(orders.until))
    raise DataError("two_spans", [f"window  does not hold {2 * days} days after its first"])


def same_customers(orders: Orders, *, first: tuple[str, str], second: tuple[str, str]) -> pd.DataFrame:
    """Share of the same customers with an order in a second span of days less that in a first one, both ends included.

    Customers acquired before the first span. The interval (90 %) is Newcombe's for pairs: customers are alike in both
    spans, and two independent samples would claim less than is known. One row: estimate, low, high, n, first, second
    (the shares), known. Raises DataError where a span is not in the window or nobody was a customer before the first.
    """
    spans = [[dt.date.fromisoformat(str(day)) for day in span] for span in (first, second)]
    ends = [day for span in spans for day in span]
    if any(start > end for start, end in spans) or min(ends) < orders.since or max(ends) > orders.until:
        raise DataError(
            "same_customers", [f"spans  must lie within {orders.since} to {orders.until}, start before end"]
        )
    t = orders.table.filter(orders.table.first_day < min(start for start, _ in spans))
    seen = [t.day.between(start, end).cast("int64").max() for start, end in spans]
    each = t.group_by("customer").aggregate(one=seen[0], other=seen[1])
    counts = engine.run(each.group_by("one", "other").aggregate(n=each.count())).set_index(["one", "other"])["n"]
    cells = {key: int(counts.get(key, 0)) for key in ((1, 1), (1, 0), (0, 1), (0, 0))}
    if not (n := sum(cells.values())):
        raise DataError("same_customers", ["first  nobody was a customer before it"])
    low, high = intervals.newcombe_paired(*cells.values())
    shares = [(cells[1, 1] + cells[pair]) / n for pair in ((1, 0), (0, 1))]
    row = {"estimate": shares[1] - shares[0], "low": low, "high": high, "n": n, "first": shares[0], "second": shares[1]}
    return pd.DataFrame([row | {"known": True}], index=pd.Index(["same customers"]))


def halve_cohorts(cells: pd.DataFrame, *, age: int) -> pd.DataFrame:
    """The cohorts of `cells` that have lived through an age, in order, as two cohorts of about as many customers.

    For `mix_split`: single cohorts are often too small to split. Labels are "first to last" of the cohorts in each half.
    Raises DataError where fewer than two cohorts are so old.
    """
    there = cells[(cells.index.get_level_values("age") == age) & cells["known"] & (cells["n"] > 0)]
    sizes = there.groupby(level="cohort")["n"].sum().sort_index()
    if len(sizes) < 2:
        raise DataError("halve_cohorts", [f"cohort  fewer than two have lived through age {age}"])
    late = (sizes.cumsum() - sizes / 2 > sizes.sum() / 2).to_numpy(copy=True)
    late[0], late[-1] = False, True
    named: dict[object, str] = {}
    for half in (sizes.index[~late], sizes.index[late]):
        label = f"{half[0]} to {half[-1]}" if len(half) > 1 else str(half[0])
        named |= dict.fromkeys(half, label)
    frame = there[["active", "n"]].reset_index()
    frame["cohort"] = frame["cohort"].map(named)
    return frame.groupby(list(cells.index.names), sort=False)[["active", "n"]].sum().assign(known=True)


def mix_split(cells: pd.DataFrame, first: Hashable, second: Hashable, *, by: str, age: int) -> pd.DataFrame:
    """The change of retention at one age between two cohorts, split into rate and mix of the segments `by`.

    `cells` as from `retention(by=…)`. Kitagawa (1955): rate is the change of each segment's share at the mean of both
    mixes, mix is the change of the segments' weights at the mean of both shares; they add up to the whole change.
    The intervals (90 %) treat customers of a cohort as drawn from a population; normal, for they are differences.
    Rows rate, mix, all; columns estimate, low, high, n, known. Raises DataError where a cohort has nobody that old.
    """
    table = cells.xs(age, level="age")
    table = table[table["known"] & (table["n"] > 0)]
    k, n = (table[name].unstack(by, fill_value=0) for name in ("active", "n"))
    if absent := [str(cohort) for cohort in (first, second) if cohort not in n.index]:
        raise DataError("mix_split", [f"cohort  nobody of {' or '.join(absent)} has lived through age {age}"])
    k, n = k.loc[[first, second]].to_numpy(float), n.loc[[first, second]].to_numpy(float)
    size = n.sum(axis=1)
    weight = n / size[:, None]
    # A segment without customers on one side has no share there: it keeps the other side's, and all its change is mix.
    share = np.divide(k, n, out=np.full_like(k, np.nan), where=n > 0)
    share = np.nan_to_num(np.where(np.isnan(share), share[::-1], share))
    middle, mean_share = weight.mean(axis=0), share.mean(axis=0)
    shift, change = weight[1] - weight[0], share[1] - share[0]
    chance = np.divide(share * (1 - share), n, out=np.zeros_like(n), where=n > 0).sum(axis=0)
    total = k.sum(axis=1) / size
    variances = (
        middle**2 @ chance + (_spread(weight, change) / size).sum() / 4,
        (_spread(weight, mean_share) / size).sum() + shift**2 @ chance / 4,
        (total * (1 - total) / size).sum(),
    )
    z = special.ndtri(intervals.tails()[1])
    values = (middle @ change, mean_share @ shift, total[1] - total[0])
    rows = [
        (value, value - z * variance**0.5, value + z * variance**0.5, int(size.sum()), True)
        for value, variance in zip(values, variances, strict=True)
    ]
    columns = ["estimate", "low", "high", "n", "known"]
    return pd.DataFrame(rows, index=pd.Index(["rate", "mix", "all"], name="part"), columns=columns)


def _spread(weight: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Variance of a segment's value over the customers of each cohort: what their multinomial mix adds."""
    return weight @ value**2 - (weight @ value) ** 2
