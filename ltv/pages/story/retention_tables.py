"""The tables of the retention report: who ordered again, revenue kept, segments, projected cohorts, win-back totals."""

from __future__ import annotations

import pandas as pd

from ltv.errors import DataError
from ltv.metrics.cohort_retention.beside import Beside
from ltv.metrics.cohort_retention.comparisons import compare, halve_cohorts, mix_split
from ltv.metrics.cohort_retention.repeats import share_by
from ltv.orders import Orders
from ltv.pages import blocks
from ltv.pages.tables import Table
from ltv.pages.triangle import Triangle


def triangle(cells: pd.DataFrame, caption: str, *, period: str) -> Triangle:
    """The cohort table with all customers of each cohort in the margin; a cell is final once all of them are so old."""
    seen = cells[cells["n"] > 0]
    shares, n = seen["estimate"].unstack(), seen["n"].unstack()
    customers = seen["customers"].groupby(level="cohort").max()
    return Triangle(shares, customers, n.eq(customers, axis="index"), caption, age=f"age in {period}s")


def next_order_table(waits: pd.DataFrame) -> Table:
    """Shares that ordered again by a few days, among those who reached the order before."""
    names = {2: "second order, of all customers", 3: "third order, of those who reached the second"}
    there = [number for number in names if number in waits.index.get_level_values("order")]
    frame = pd.concat({names[number]: share_by(waits.loc[number]) for number in there}, names=["order", "days"])
    labels = {"estimate": "share that ordered", "n": "still waiting"}
    return Table(frame, "Who has ordered again by when", formats={"estimate": "percent:1"}, labels=labels)


def revenue_table(net: pd.DataFrame, gross: pd.DataFrame, log: Orders) -> Table:
    """Net and gross revenue retention of all customers side by side."""
    frame = net[["estimate", "low", "high", "n"]].assign(gross=gross["estimate"], revenue=net["revenue"])
    return Table(
        frame.droplevel("cohort"),
        "Revenue of each age over that of age 0, first order included",
        formats={"estimate": "percent:1", "gross": "percent:1", "revenue": f"money:{log.currency}"},
        labels={"estimate": "net", "n": "customers"},
    )


def segments(cells: pd.DataFrame, *, by: str | None, period: str) -> blocks.Block:
    """Each segment's retention at the first age beside that of the largest one."""
    if by is None:
        return blocks.Notes(
            "No segments",
            [
                "None were asked for. The parameter by names a column, such as the channel of the first order, and compares its values."
            ],
        )
    ages = cells.index.get_level_values("age")
    first = cells[(ages == 1) & cells["known"]].droplevel(["cohort", "age"])
    if first.empty:
        return blocks.Notes("Segments", [f"Nobody has lived through {period} 1 yet."])
    base = first["n"].idxmax()
    rows = {name: compare(cells, base, name, level=by).loc[1] for name in first.index if name != base}
    against = pd.DataFrame.from_dict(rows, orient="index").reindex(first.index)
    frame = pd.DataFrame({"n": first["n"], "share": first["estimate"]}).join(against[["estimate", "low", "high"]])
    return Table(
        frame.sort_values("n", ascending=False).rename_axis(by),
        f"Active in {period} 1 by {by}, and the difference from {base}, the largest",
        formats={"share": "percent:1", "estimate": "points:1"},
        labels={"n": "customers", "share": "share active", "estimate": "difference"},
    )


def mix(cells: pd.DataFrame, *, by: str | None, period: str) -> blocks.Block:
    """Whether later cohorts differ because the segments changed or because their mix did."""
    if by is None:
        return blocks.Notes(
            "Mix or rate",
            [
                f"Later cohorts may stay longer only because more of them come from a better segment. With the parameter by, this "
                f"page splits the change of {period} 1 into the segments' own and that of their mix."
            ],
        )
    try:
        halves = halve_cohorts(cells, age=1)
    except DataError as fault:
        return blocks.Notes("Mix or rate", [f"Not yet known: {fault.faults[0].split('  ')[-1]}."])
    first, second = halves.index.unique("cohort")
    split = mix_split(halves, first, second, by=by, age=1)
    names = {"rate": "the segments' own change", "mix": "change of their mix", "all": "whole change"}
    return Table(
        split.rename(index=names).drop(columns="known"),
        f"Active in {period} 1, cohorts {second} against {first}: how much of the change is the mix of {by}",
        formats={"estimate": "points:1"},
        labels={"estimate": "change", "n": "customers"},
    )


def projected(model: Beside, *, period: str) -> blocks.Block:
    """The cohort table with the ages still to come filled in."""
    if model.projected.empty:
        return blocks.Notes("Nothing projected", [f"No model could be fitted: {model.why}"])
    cells = model.projected
    shares, known = cells["estimate"].unstack(), cells["known"].unstack()
    caption, hatched = "Share of each cohort with an order, by age", "Projected by the model"
    counts = cells["n"].groupby(level="cohort").max()
    return Triangle(shares, counts, known, caption, age=f"age in {period}s", hatched=hatched)


def win_back_table(model: Beside, log: Orders) -> blocks.Block:
    """Lapsed customers in totals: who returns unaided, and what one who returns is worth."""
    if model.lapsed.empty:
        return blocks.Notes("No win-back totals", [model.why])
    columns = ["n", "estimate", "low", "high", "returning", "value", "value_if_back", "days_since"]
    money = f"money:{log.currency}"
    return Table(
        model.lapsed[columns],
        "Lapsed customers and what they do unaided within 12 months",
        formats={
            "estimate": "percent:1",
            "returning": "integer",
            "value": money,
            "value_if_back": money,
            "days_since": "integer",
        },
        labels={
            "n": "customers",
            "estimate": "return unaided",
            "value": "their margin",
            "value_if_back": "margin of one who returns",
            "days_since": "median days since the last order",
        },
    )
