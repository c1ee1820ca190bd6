"""How good the data are: where rows and money went, day by day what came in, and how much hangs on few customers."""

from __future__ import annotations

import ibis
import pandas as pd

from ltv import engine
from ltv.orders.audit import IN
from ltv.orders.log import Orders
from ltv.orders.profile import USUAL_DAYS


def funnel(orders: Orders) -> pd.DataFrame:
    """From the input to the log, rule by rule: rows and money taken out by it, and what is left after it.

    By step ("read", each rule that took rows, "in the log"): rows, money, rows_left, money_left. Sums add up exactly:
    the last line holds what the log holds, refunds included.
    """
    audit = orders.audit
    out = audit.loc[audit["dropped"] & (audit["rows"] > 0), ["rows", "money"]]
    total = audit[["rows", "money"]].sum()
    left = total - out.cumsum()
    steps = pd.concat([out, left.add_suffix("_left")], axis=1)
    ends = {"read": total, "in the log": audit.loc[audit.index.isin(IN), ["rows", "money"]].sum()}
    rows = [
        pd.DataFrame([[end["rows"], end["money"]] * 2], columns=steps.columns, index=[name])
        for name, end in ends.items()
    ]
    frame = pd.concat([rows[0], steps, rows[1]]).round(4).rename_axis("step")
    return frame.astype({"rows": int, "rows_left": int})


def rows_by_day(orders: Orders) -> pd.DataFrame:
    """Input rows of every day from the first to the last, silent days included: rows, money, usual.

    `usual` is the median of the four weeks on either side. Rows without a day are in no line.
    """
    days = orders.days[orders.days.index.notna()]
    every = pd.date_range(days.index[0], days.index[-1], name="day")
    frame = days[["rows", "money"]].reindex(every, fill_value=0)
    usual = frame["rows"].rolling(2 * USUAL_DAYS + 1, center=True, min_periods=1).median()
    return frame.assign(usual=usual).astype({"rows": int})


def revenue_by_decile(orders: Orders) -> pd.DataFrame:
    """Share of revenue by tenth of customers, the best first: n (customers), revenue, estimate (share), top (the best customer's share).

    Customers of equal revenue are put in the order of their ids. With fewer than ten customers there are fewer tenths.
    """
    t = orders.table
    totals = t.group_by("customer").aggregate(revenue=t.value.sum())
    ranked = totals.mutate(decile=ibis.ntile(10).over(order_by=[totals.revenue.desc(), totals.customer]) + 1)
    sums = ranked.group_by("decile").aggregate(
        n=ranked.count(), revenue=ranked.revenue.sum(), best=ranked.revenue.max()
    )
    frame = engine.run(sums.order_by("decile")).set_index("decile")
    whole = frame["revenue"].sum() or 1.0
    return frame.assign(estimate=frame["revenue"] / whole, top=frame["best"] / whole).drop(columns="best")


def largest_customers(orders: Orders, *, count: int = 10) -> pd.DataFrame:
    """The customers with the most revenue: orders, lines, revenue, share of all. Wholesale, tests and nobodies show here."""
    t = orders.table
    totals = t.group_by("customer").aggregate(orders=t.count(), lines=t.lines.sum(), revenue=t.value.sum())
    frame = engine.run(totals.order_by(totals.revenue.desc(), totals.customer).limit(count)).set_index("customer")
    whole = float(engine.run(t.aggregate(revenue=t.value.sum()))["revenue"].iloc[0]) or 1.0
    return frame.assign(share=frame["revenue"] / whole).astype({"orders": int, "lines": int})
