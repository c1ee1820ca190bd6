"""Who stays, cohort by cohort: the share of customers who are active at an age, unfinished cells left out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import ibis
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ltv import engine
from ltv.errors import ParameterError
from ltv.metrics import intervals
from ltv.metrics.cohort_retention.cohorts import SMALL, Active, Grid, lay_out
from ltv.orders.log import Orders
from ltv.units import Unit

KINDS = ("on", "on or after")
Ages = NDArray[np.int64]


def retention(
    orders: Orders,
    *,
    period: str | Unit = "month",
    cohort: str | Unit | None = None,
    by: str | None = None,
    clock: str = "anniversary",
    kind: str | Sequence[int] = "on",
    active: str | Active = "1 order",
    through: int | None = None,
) -> pd.DataFrame:
    """Share of each acquisition cohort that is active at each age.

    `cohort`: a calendar unit of the first order (default: `period`), "all", or a start attribute of the log; `by`
    splits cohorts by a start attribute. On the anniversary clock age k is the days [k, k+1) · period of a customer's
    own life; on the calendar clock it is the k-th calendar period after that of the first order. Age 0 holds the
    first order. `active`: "1 order", "3 orders", or revenue such as "50 EUR", within the age.

    `kind` says when a customer must be active: "on" the age; in a bracket of ages, as edges (0, 1, 3, 6) for 0, 1–2
    and 3–5; or "on or after" it, up to the age `through`. Without `through` each cohort is followed as far as all of
    it has lived: such shares are lower bounds, fall with the age, and are marked as not `known`.

    Only customers who have lived through the whole of an age count in it, above and below the line. Returns a frame
    by (by, cohort, age): estimate, low, high (Wilson, 90 %), n (customers), active, through (the last age looked at),
    known, small (n below 30), customers (all of the cohort, however young). Raises ParameterError.
    """
    grid = Grid.of(orders, period=period, cohort=cohort, by=by, clock=clock)
    rule = Active.of(active, orders.currency)
    if through is not None and kind != "on or after":
        raise ParameterError('through= is the last age of kind="on or after"; the other kinds have their own')
    if isinstance(kind, str) and kind not in KINDS:
        raise ParameterError(f"kind= is one of {', '.join(KINDS)}, or the edges of brackets, not {kind!r}")
    if kind == "on or after":
        cells = _after_cells(grid, rule, through)
    else:
        cells = _bracket_cells(grid, rule, None if kind == "on" else _edges(kind))  # type: ignore[arg-type]
    return _with_shares(cells, certain=rule == Active())


def average_retention(cells: pd.DataFrame) -> pd.DataFrame:
    """Retention by age over all cohorts, weighted by customers, unknown cells left out.

    `cells` is what `retention` returns. The interval lets cohorts differ by more than chance. By age: estimate, low,
    high, n (customers), cohorts, known.
    """
    rows = {}
    for age, group in cells[cells["known"] & (cells["n"] > 0)].groupby(level="age"):
        everybody = bool(age == 0 and (group["low"] == 1).all())
        share = (1.0, 1.0, 1.0) if everybody else intervals.clustered_share(group["active"], group["n"])
        rows[age] = (*share, int(group["n"].sum()), len(group), True)
    names = ["estimate", "low", "high", "n", "cohorts", "known"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=names).rename_axis("age")


def _with_shares(cells: pd.DataFrame, *, certain: bool) -> pd.DataFrame:
    """Shares and intervals; age 0 is `certain` where the first order alone makes a customer active."""
    cells["estimate"] = cells["active"] / cells["n"].where(cells["n"] > 0)
    low, high = intervals.wilson(cells["active"], cells["n"])
    one = certain & (cells.index.get_level_values("age") == 0)
    for name, bound in (("low", low), ("high", high)):
        cells[name] = np.where(cells["estimate"].notna(), np.where(one, 1.0, bound), np.nan)
    cells["small"] = cells["n"] < SMALL
    whole = cells.astype({"n": int, "active": int, "through": int, "known": bool, "customers": int})
    return whole[["estimate", "low", "high", "n", "active", "through", "known", "small", "customers"]]


def _edges(kind: Sequence[int]) -> list[int]:
    edges = list(kind)
    if len(edges) < 2 or any(int(edge) != edge or edge < 0 for edge in edges) or edges != sorted(set(edges)):
        raise ParameterError(f"brackets are rising whole ages such as (0, 1, 3, 6), not {tuple(edges)!r}")
    return [int(edge) for edge in edges]


def _bracket_cells(grid: Grid, rule: Active, edges: list[int] | None) -> pd.DataFrame:
    """Active customers per bracket of ages; without edges every age is its own bracket."""
    births, rows = grid.births(), grid.rows()
    whole = max(int(births["complete"].max()), 0)
    spans = list(pairwise(edges if edges else range(whole + 1)))
    if edges:
        cases = [((rows.age >= start) & (rows.age < end), start) for start, end in spans]
        rows = rows.mutate(age=ibis.cases(*cases).cast("int64"))
        rows = rows.filter(rows.age.notnull())
    ages = np.array([start for start, _ in spans], np.int64)
    ends = np.array([end for _, end in spans], np.int64)
    lived = births["complete"].to_numpy()[:, None] >= ends
    counts = engine.run(_active(grid, rows, rule))
    matrix = lay_out(counts, births, ages)["active"]
    n = births["n"].to_numpy()[:, None]
    cells = grid.sum(births, ages, n=lived * n, active=lived * matrix, customers=np.ones_like(lived) * n)
    last = pd.Series(ends - 1, index=ages)
    cells["through"] = cells.index.get_level_values("age").map(last)
    return cells.assign(known=cells["n"] > 0)


def _active(grid: Grid, rows: ibis.expr.types.Table, rule: Active) -> ibis.expr.types.Table:
    """Active customers by (key…, age)."""
    keys = [*grid.keys, "age"]
    if rule == Active():
        once = rows.select("customer", *keys).distinct()  # half the time of counting distinct customers
        return once.group_by(*keys).aggregate(active=once.count())
    each = rows.group_by("customer", *keys).aggregate(orders=rows.count(), value=rows.value.sum())
    enough = each.filter(rule.holds(each.orders, each.value))
    return enough.group_by(*keys).aggregate(active=enough.count())


def _after_cells(grid: Grid, rule: Active, through: int | None) -> pd.DataFrame:
    """Customers active at an age or later, up to the last age of the follow-up, which is equal for a whole cohort."""
    births = grid.births()
    group = [births.index.get_level_values(name) for name in grid.by] + [births["cohort"].to_numpy()]
    own = births["complete"].groupby(group).transform("min") - 1
    limit = own if through is None else pd.Series(through, index=births.index)
    followed = ((births["complete"] > limit) & (limit >= 0)).to_numpy()[:, None]
    ages = np.arange(max(int(limit.max()), -1) + 1)
    last = lay_out(engine.run(_last_ages(grid, rule, births, limit)), births, ages)["customers"]
    within = (ages <= limit.to_numpy()[:, None]) & followed
    still = within * last[:, ::-1].cumsum(axis=1)[:, ::-1]
    n = births["n"].to_numpy()[:, None]
    cells = grid.sum(births, ages, n=within * n, active=still, customers=np.ones_like(within) * n)
    whole = pd.Series(np.where(followed[:, 0], limit, -1)).groupby([np.asarray(g) for g in group]).max()
    cells["through"] = whole.reindex(cells.index.droplevel("age")).to_numpy()
    return cells.assign(known=(cells["n"] > 0) & (through is not None))


def _last_ages(grid: Grid, rule: Active, births: pd.DataFrame, limit: pd.Series) -> ibis.expr.types.Table:
    """Customers by (key…, age), the last age from which on they are still active enough within the follow-up."""
    rows = grid.rows()
    bounds = engine.from_frame(grid.orders.connection, limit.rename("limit").astype("int64").reset_index())
    rows = rows.inner_join(bounds, grid.keys)
    rows = rows.filter(rows.age <= rows["limit"])
    if rule != Active():
        to_come = ibis.window(group_by="customer", order_by=ibis.desc("day"), preceding=(None, 0))
        rows = rows.mutate(orders=rows.count().over(to_come), coming=rows.value.sum().over(to_come))
        rows = rows.filter(rule.holds(rows.orders, rows.coming))
    each = rows.group_by("customer", *grid.keys).aggregate(age=rows.age.max())
    return each.group_by(*grid.keys, "age").aggregate(customers=each.count())
