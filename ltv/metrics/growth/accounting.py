"""Growth accounting: where the customers and the revenue of each period came from, and where those of the last went."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from ltv import engine
from ltv.errors import ParameterError
from ltv.metrics import intervals
from ltv.metrics.periods import every_period, first_days, whole
from ltv.orders.log import Orders
from ltv.orders.newcomers import Truncation, find_truncation
from ltv.units import Unit, period_index

STATES = ("new", "retained", "resurrected")


def growth_accounting(orders: Orders, *, period: str | Unit = "month") -> pd.DataFrame:
    """Customers with an order in each calendar period, by where they come from, and those who did not return.

    new: first order in the period; retained: an order in the period before too; resurrected: not in the one before,
    but in an earlier one; churned: an order in the period before and none in this one. Exactly:
    active = active before + new + resurrected − churned.

    `estimate` is the quick ratio (new + resurrected) ÷ churned with the interval (90 %) of a ratio of rates; inf where
    nobody churned. By period (its first day): estimate, low, high, n (active), before, new, retained, resurrected,
    churned, known (False where the window does not hold this period and the one before, or where customers of an
    export that begins late only look new).
    """
    unit = Unit.of(period)
    moves = _moves(orders, unit)
    frame = pd.DataFrame({"n": moves["active"], "before": moves["active"].shift(fill_value=0)})
    for state in STATES:
        frame[state] = moves[state]
    frame["churned"] = moves["leaving"].shift(fill_value=0)
    frame = frame.astype(int)
    quick = intervals.odds(frame["new"] + frame["resurrected"], frame["churned"])
    return _framed(orders, frame, quick, unit)


def revenue_accounting(orders: Orders, *, period: str | Unit = "month") -> pd.DataFrame:
    """Revenue of each calendar period, explained from that of the period before.

    revenue = before + new + resurrected + expansion − contraction − churned, where the customers retained brought
    expansion (those who spent more) or contraction (less), and churned is what the others had brought before.

    `estimate` is the quick ratio (new + resurrected + expansion) ÷ (contraction + churned); it carries no interval,
    for a few large customers may decide it. Revenue is that of orders, net of the refunds that undo them; `refunds` are
    the others, on their own day. By period: estimate, low, high (nan), n (customers), revenue, before, new, retained,
    resurrected, expansion, contraction, churned, refunds, known.
    """
    unit = Unit.of(period)
    moves = _moves(orders, unit)
    frame = pd.DataFrame({"n": moves["active"].astype(int), "revenue": moves["revenue"]})
    frame["before"] = frame["revenue"].shift(fill_value=0.0)
    for state in (*STATES, "expansion", "contraction"):
        frame[state] = moves[state if state in ("expansion", "contraction") else f"{state}_revenue"]
    frame["churned"] = moves["leaving_revenue"].shift(fill_value=0.0)
    frame["refunds"] = _other_refunds(orders, unit).reindex(frame.index, fill_value=0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        gained = frame["new"] + frame["resurrected"] + frame["expansion"]
        quick = gained / (frame["contraction"] + frame["churned"])
    return _framed(orders, frame, (quick, np.nan, np.nan), unit)


def _framed(orders: Orders, frame: pd.DataFrame, quick: Any, unit: Unit) -> pd.DataFrame:
    held = whole(orders, frame.index, unit)
    known = held & np.append(False, held[:-1])
    if (late := _late(orders)) is not None:
        known &= frame.index.to_numpy() > period_index(late.before - dt.timedelta(days=1), unit)
    ratio = {
        name: np.where(known, value, np.nan) for name, value in zip(("estimate", "low", "high"), quick, strict=True)
    }
    shown = pd.concat([pd.DataFrame(ratio, index=frame.index), frame], axis="columns").assign(known=known)
    return shown.set_index(first_days(frame.index, unit))


def _late(orders: Orders) -> Truncation | None:
    """What shows that the export begins late, where its old customers were kept and look new."""
    return find_truncation(orders.table, orders.until) if orders.policy.old_customers == "keep" else None


def _visits(orders: Orders, unit: Unit) -> ir.Table:
    """One row per customer and period with an order: revenue, the periods before and after, and how they came."""
    t = orders.table
    t = t.mutate(period=engine.period_index(t.day, unit), born=engine.period_index(t.first_day, unit))
    each = t.group_by("customer", "period", "born").aggregate(revenue=t.value.sum().cast(engine.MONEY))
    mine = ibis.window(group_by="customer", order_by="period")
    each = each.mutate(
        last=each.period.lag().over(mine),
        last_revenue=each.revenue.lag().over(mine),
        following=each.period.lead().over(mine),
    )
    state = ibis.cases(
        (each.period == each.born, "new"), (each["last"] == each.period - 1, "retained"), else_="resurrected"
    )
    stays = each.following.fill_null(-1) == each.period + 1
    return each.mutate(state=state, leaves=~stays)


def _moves(orders: Orders, unit: Unit) -> pd.DataFrame:
    """By period, every one the window touches: customers and revenue by state, and of those who do not come back next."""
    t = _visits(orders, unit)
    zero = ibis.literal(0).cast(engine.MONEY)
    change = (t.state == "retained").ifelse(t.revenue - t.last_revenue, zero)
    sums = {
        "active": t.count(),
        "revenue": t.revenue.sum(),
        "leaving": t.leaves.sum(),
        "leaving_revenue": t.leaves.ifelse(t.revenue, zero).sum(),
        "expansion": ibis.greatest(change, zero).sum(),
        "contraction": ibis.greatest(-change, zero).sum(),
    }
    for state in STATES:
        sums[state] = (t.state == state).sum()
        sums[f"{state}_revenue"] = (t.state == state).ifelse(t.revenue, zero).sum()
    moves = engine.run(t.group_by("period").aggregate(**sums)).set_index("period")
    return moves.reindex(every_period(orders, unit), fill_value=0)


def _other_refunds(orders: Orders, unit: Unit) -> pd.Series:
    """Refunds that undo no order of the log, by period; below zero."""
    if orders.refunds is None:
        return pd.Series(dtype=float)
    t = orders.refunds.filter(~orders.refunds.matched)
    t = t.mutate(period=engine.period_index(t.day, unit))
    return engine.run(t.group_by("period").aggregate(value=t.value.sum())).set_index("period")["value"]


def brought_next(orders: Orders, *, period: str | Unit = "month", periods: int = 6) -> pd.DataFrame:
    """Revenue that customers bring from a period on, the period itself included, by how they came into it.

    Tells what a resurrected customer is worth beside a new and a retained one. Only periods that the window holds for
    the whole of the `periods` to follow count. A customer may be resurrected more than once, so the interval (90 %) is
    that of a ratio of sums over customers. By state: estimate (per customer and entry), low, high, n (entries),
    customers, first (revenue of the entering period itself), known.
    """
    if periods < 1:
        raise ParameterError(f"periods= is the number of periods to follow, 1 or more, not {periods!r}")
    unit = Unit.of(period)
    t = _visits(orders, unit)
    ahead = ibis.range_window(group_by="customer", order_by="period", preceding=0, following=periods - 1)
    t = t.mutate(ahead=t.revenue.sum().over(ahead).cast(engine.MONEY))
    here = every_period(orders, unit)
    held = here[whole(orders, here, unit)]
    followed = held[held + periods - 1 <= held.max(initial=-1)]
    t = t.filter(t.period.isin([int(index) for index in followed])) if len(followed) else t.filter(ibis.literal(False))
    each = t.group_by("customer", "state").aggregate(y=t.ahead.sum(), m=t.count(), first=t.revenue.sum())
    y, m = each.y.cast(engine.MONEY), each.m.cast("decimal(9, 0)")  # sums of decimals do not depend on their order
    rows = engine.run(
        each.group_by("state").aggregate(
            y=each.y.sum(),
            m=each.m.sum(),
            yy=engine.product(y, y).sum(),
            ym=engine.product(y, m).sum(),
            mm=(m * m).sum(),
            customers=each.count(),
            first=each["first"].sum(),
        )
    ).set_index("state")
    rows = rows.reindex(list(STATES), fill_value=0)
    mean, se = intervals.ratio(*(rows[name] for name in ("y", "m", "yy", "ym", "mm", "customers")))
    low, high = intervals.positive_mean(mean, se)
    frame = pd.DataFrame({"estimate": mean, "low": low, "high": high, "n": rows["m"].astype(int)}, index=rows.index)
    first = rows["first"] / rows["m"].where(rows["m"] > 0)
    return frame.assign(customers=rows["customers"].astype(int), first=first, known=frame["n"] > 0)
