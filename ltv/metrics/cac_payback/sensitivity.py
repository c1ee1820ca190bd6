"""How far payback rests on what is assumed: the margin, and the time from spend to the first order it brings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pandas as pd

from ltv.metrics.cac_payback.acquisition import acquisition
from ltv.metrics.cac_payback.payback import payback
from ltv.metrics.cac_payback.projection import Projection
from ltv.orders.costs import Costs
from ltv.orders.log import Orders
from ltv.units import Unit

FACTORS = (0.8, 1.0, 1.2)
LAGS = (0, 7, 30)


def margin_sensitivity(
    projection: Projection, *, cac: float, share: float, factors: Sequence[float] = FACTORS
) -> pd.DataFrame:
    """Payback if the margin were another share of revenue than `share`: M(t) is proportional to it.

    By margin (share × factor, at most 1): the columns of `payback`. M·f reaches CAC when M reaches CAC ÷ f.
    """
    margins = [min(share * factor, 1.0) for factor in factors]
    rows = [payback(projection, cac=cac * share / margin) for margin in margins]
    return pd.concat(rows).set_axis(pd.Index(margins, name="margin"))


def lag_sensitivity(
    orders: Orders,
    costs: Costs,
    projections: Mapping[str, Projection],
    *,
    channel: str | None = "channel",
    cohort: str | Unit = "month",
    lags: Sequence[int] = LAGS,
) -> pd.DataFrame:
    """CAC and payback of each channel with spend, had its customers come so many days after the spend.

    By (channel, lag in days): cac, then the columns of `payback`. Only cohorts whose spend the costs hold
    under every lag count, so that the lags are compared on the same customers; where there are none, no rows.
    """
    starts = costs.daily.groupby("channel")["day"].min()
    rows = {}
    for lag in lags:
        cells = acquisition(orders, costs, channel=channel, cohort=cohort, lag={lag: 1.0}).cells
        cells = cells[cells["known"] & (cells["cost"] > 0)]
        for name, mine in cells.groupby(level="channel"):
            first = max(orders.since, starts[name] + dt.timedelta(days=max(lags)))
            whole = mine[mine.index.get_level_values("cohort") >= first]
            if len(whole):
                cac = whole["cost"].sum() / whole["customers"].sum()
                rows[name, lag] = payback(projections[name], cac=cac).iloc[0].to_dict() | {"cac": cac}
    if not rows:
        return pd.DataFrame()
    frame = pd.DataFrame.from_dict(rows, orient="index").sort_index()
    return frame.set_index(pd.MultiIndex.from_tuples(frame.index, names=["channel", "lag"]))
