"""What stands beside payback by channel, in words: value at every age, the next customer's cost, other assumptions, the past."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ltv.metrics.cac_payback.channels import AGES, ChannelPayback
from ltv.metrics.cac_payback.marginal import marginal_cac
from ltv.metrics.cac_payback.reviewing import Review
from ltv.metrics.cac_payback.sensitivity import lag_sensitivity, margin_sensitivity
from ltv.orders import Orders
from ltv.orders.costs import Costs
from ltv.pages import blocks, formats
from ltv.pages.story.channels import ALL, each_and_all, largest
from ltv.pages.tables import Table


def at_ages(log: Orders, found: ChannelPayback) -> Table:
    """Margin, LTV:CAC, ROI and the chance of being paid back at 3, 6, 12 and 24 months, by channel and in total."""
    rows = {}
    for name, row in each_and_all(found).iterrows():
        for age in (age for age in AGES if f"margin_{age}" in row):
            paid = row["cac"] > 0
            rows[name, age] = {
                "margin": row[f"margin_{age}"], "low": row[f"margin_{age}_low"], "high": row[f"margin_{age}_high"],
                "undiscounted": row[f"margin_{age}_undiscounted"],
                "ltv_cac": row[f"ltv_cac_{age}"] if paid else np.nan,
                "roi": row[f"ltv_cac_{age}"] - 1 if paid else np.nan,
                "paid_by": row[f"paid_by_{age}"] if np.isfinite(row["cac"]) else np.nan,
            }  # fmt: skip
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame = frame.set_axis(pd.MultiIndex.from_tuples(frame.index, names=["channel", "months"]))
    return Table(
        frame,
        "Margin per customer by age, first order included",
        formats=dict.fromkeys(("margin", "undiscounted"), f"money:{log.currency}")
        | {"ltv_cac": "number:2", "roi": "percent:0", "paid_by": "percent:0"},
        labels={"ltv_cac": "LTV:CAC", "roi": "ROI", "paid_by": "paid back by then"},
    )


def marginal(log: Orders, found: ChannelPayback) -> Table:
    """What one more customer costs, or why that cannot be said."""
    frame = marginal_cac(found.acquisition)
    frame.loc[frame.index.isin(found.too_small) & frame["known"], "remark"] += "; too small to judge"
    return Table(
        frame,
        "CAC of one more customer: average CAC over the elasticity of customers to spend",
        formats=dict.fromkeys(("cac", "estimate"), f"money:{log.currency}"),
        labels={"n": "cohorts", "cac": "average CAC", "estimate": "one more customer", "remark": "how to read it"},
    )


def margins(log: Orders, found: ChannelPayback, target: int) -> Table:
    """Payback in months and affordable CAC of each channel with spend, if the margin were another."""
    paid = found.channels[found.channels["cac"] > 0].drop(index=ALL)
    may = found.affordable["estimate"].xs(target, level="months")
    columns: dict[str, pd.Series] = {}
    for name, cac in paid["cac"].items():
        table = margin_sensitivity(found.projections[str(name)], cac=cac, share=log.margin_share)
        for margin, months in table["estimate"].items():
            label = f"margin {formats.percent(margin, 0)}"
            columns.setdefault(f"{label}: months", pd.Series(dtype=float))[name] = months
            columns.setdefault(f"{label}: may cost", pd.Series(dtype=float))[name] = (
                may.get(name, np.nan) * margin / log.margin_share
            )
    frame = pd.DataFrame(columns, index=paid.index)
    kinds = {name: "number:1" if name.endswith("months") else f"money:{log.currency}" for name in frame}
    caption = f"Payback (∞: not within the horizon) and affordable CAC for {target} months, if the margin were another"
    return Table(frame, caption, formats=kinds)


def lags(log: Orders, found: ChannelPayback, costs: Costs) -> Table | blocks.Notes:
    """CAC and payback had customers come 0, 7 or 30 days after the spend."""
    sold = found.acquisition
    table = lag_sensitivity(log, costs, found.projections, channel=sold.channel, cohort=sold.cohort)
    if table.empty:
        return blocks.Notes("Lag from spend to first order", ["The costs are too short to try lags of 7 and 30 days."])
    frame = table[["cac", "estimate", "low", "high", "paid_by_12"]]
    return Table(
        frame,
        "If customers came so many days after the spend that brought them: CAC, and payback in months",
        formats={"cac": f"money:{log.currency}", "estimate": "number:1", "paid_by_12": "percent:0"},
        labels={"lag": "days", "cac": "CAC", "estimate": "payback", "paid_by_12": "paid back in 12 months"},
    )


def reviewed(log: Orders, found: ChannelPayback, review: Review) -> Table | blocks.Notes:
    """What was forecast then beside what has come since; channels too small to judge are left out of the count."""
    if review.cells.empty:
        return blocks.Notes("Forecast then, against now", [review.reason])
    judged = review.cells.drop(index=list(found.too_small), level="channel", errors="ignore")
    shown, of = largest(found, review.cells)
    frame = shown.drop(columns="cac").assign(covered=np.where(shown["covered"], "yes", "no"))
    return Table(
        frame,
        f"Margin per customer as forecast on {review.at}{of}, against what came: {judged['covered'].sum()} of {len(judged)} "
        "bands of channels large enough to judge held it",
        formats=dict.fromkeys(("estimate", "actual"), f"money:{log.currency}")
        | dict.fromkeys(("payback_then", "payback_now"), "number:1"),
        labels={
            "n": "customers",
            "age": "by month",
            "estimate": "forecast",
            "actual": "came",
            "covered": "in the band",
            "payback_then": "payback, as forecast (months)",
            "payback_now": "payback, as known now",
        },
    )


def accounts(log: Orders, found: ChannelPayback, costs: Costs) -> blocks.Notes:
    """Where the costs went and which customers have none: what is shown and what is listed add up to what was read."""
    show = lambda value: formats.money(value, log.currency)  # noqa: E731
    cells, lost = found.acquisition.cells, found.acquisition.unmatched["cost"].sum()
    missing, free = cells[~cells["known"]], cells[cells["known"] & (cells["cost"] == 0)]
    said = [
        f"{show(costs.total)} of costs were read: {show(cells['cost'].sum())} belongs to cohorts with customers, "
        + (f"{show(lost)} to none and is listed below." if lost else "and nothing is left over.")
    ]
    if costs.corrections:
        said.append(
            f"Corrections of {show(costs.corrections)} are in the costs; they lower the spend of their own days."
        )
    if len(missing):
        named = [f"{name} {cohort}" for cohort, name in missing.index[:6]]
        more = f" and {len(missing) - 6} more" if len(missing) > 6 else ""
        said.append(
            f"{missing['customers'].sum():,} customers came in cohorts of paid channels for which no spend is recorded "
            f"({', '.join(named)}{more}): they have no CAC. Are costs missing?"
        )
    if len(free):
        said.append(f"{free['customers'].sum():,} customers came by channels that cost nothing: their CAC is 0.")
    if log.truncation is not None:
        said.append(
            f"Customers {log.truncation}. They are left out; cohorts that came soon after may still hold old "
            "customers, which makes their CAC look too low."
        )
    spellings = found.acquisition.spellings
    return blocks.Notes("Costs and customers", [*costs.remarks, *said, *spellings.remarks, *spellings.questions])
