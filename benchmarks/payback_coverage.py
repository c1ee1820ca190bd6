"""Coverage of payback and of margin by cohort and channel, on shops whose customers are followed past the export.

    python -m benchmarks.payback_coverage --seeds 100        # writes benchmarks/results/payback_coverage.md

Each seed is a demo shop. The report sees the export; the truth is what the same customers do afterwards. Only cells not yet
paid back are counted (what has happened is not forecast), and the seed is the cluster. Well specified: the families that
drew the customers, raw 90 % bands, without and with refunds. Misspecified: order rates fall by a quarter after the
export, widened bands.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

import ltv
from ltv.metrics.cac_payback.acquisition import Acquisition, acquisition
from ltv.metrics.cac_payback.channel_runs import ChannelRuns, simulate_channels
from ltv.metrics.cac_payback.channels import NEVER as SURE
from ltv.metrics.cac_payback.payback import passage, settled
from ltv.metrics.cac_payback.projection import TARGETS, Projection, Terms
from ltv.metrics.lifetime_value.futures import SHOCK_SD, shocks
from ltv.orders.costs import read_costs
from ltv.simulate import DEMO, Shop, simulate_shop
from ltv.units import Unit, period_start

NEVER, SMALL = "tv", "podcast"
MONTH = Unit.MONTH.days
HORIZON = int(np.ceil(36 * MONTH))
AGES = (3, 6, 12, 24)
ROUNDING = 1e-6
RESULT = Path(__file__).parent / "results" / "payback_coverage.md"
ARMS = ("well specified", "well specified, a tenth refunded", "a quarter fewer later orders, widened band")


@dataclass(frozen=True)
class Export:
    """What the report sees of a shop (orders and costs of its new customers), and what it does not (later orders)."""

    orders: pd.DataFrame
    costs: pd.DataFrame
    later: pd.DataFrame


def export(seed: int, customers: int, *, refunds: float = 0.0) -> Export:
    """The demo shop of a seed, its customers followed 36 months beyond the export."""
    shop: Shop = replace(DEMO, customers=customers, refunds=refunds, beyond=HORIZON + 1)
    (chunk,) = simulate_shop(shop, seed)
    new = chunk.truth[~chunk.truth["old"]]
    costs = new.groupby(["acquired", "channel"], as_index=False)["cac"].sum()
    costs.columns = ["date", "channel", "amount"]
    mine = [frame[frame["customer"].isin(new["customer"])] for frame in (chunk.orders, chunk.hidden)]
    return Export(mine[0], costs.assign(date=costs["date"].dt.strftime("%Y-%m-%d")), mine[1])


def judged(shop: Export, *, draws: int = 200, seed: int = 0) -> tuple[ChannelRuns, Acquisition]:
    """What the report makes of the export alone, without calendar shocks."""
    log = ltv.read_orders(
        shop.orders,
        customer="customer",
        date="date",
        amount="amount",
        order="order",
        by=["channel"],
        until=DEMO.until,
        margin=DEMO.margin,
        policy=ltv.Policy(old_customers="keep"),
    )
    acquired = acquisition(log, read_costs(shop.costs))
    terms = replace(Terms.of("36 months", 0.10, TARGETS, draws, seed), tau=0.0)
    runs = simulate_channels(ltv.summarize(log), "channel", cohort=acquired.cohort, family=ltv.BGNBD, terms=terms)
    return runs, acquired


def truth(shop: Export) -> dict[tuple[object, str], np.ndarray]:
    """Margin per customer by day of age, by (cohort, channel), had one waited; refunds on the day of their order."""
    lines = pd.concat([shop.orders, shop.later], ignore_index=True)
    day = lines.groupby("order")["date"].transform("min")
    lines = lines.assign(date=day).groupby(["order", "customer", "channel", "date"], as_index=False)["amount"].sum()
    # An order refunded whole on its own day is none, here as in the log.
    gone = (lines["amount"] == 0) & ~lines["order"].isin(_refunded_later(shop))
    lines = lines[~gone]
    first = lines.groupby("customer")["date"].transform("min")
    age = (lines["date"] - first).dt.days
    lines = lines.assign(age=age, cohort=first.dt.to_period("M").dt.start_time.dt.date)[age <= HORIZON]
    lines["margin"] = lines["amount"] * DEMO.margin * 1.1 ** (-lines["age"] / 365.25)
    return {
        key: np.bincount(cell["age"], cell["margin"], minlength=HORIZON + 1).cumsum() / cell["customer"].nunique()
        for key, cell in lines.groupby(["cohort", "channel"])
    }


def _refunded_later(shop: Export) -> pd.Index:
    lines = pd.concat([shop.orders, shop.later], ignore_index=True)
    days = lines.groupby("order")["date"].agg(["min", "max"])
    return days.index[days["max"] > days["min"]]


def held(
    found: ChannelRuns, acquired: Acquisition, true: dict[tuple[object, str], np.ndarray], *, tau: float
) -> pd.DataFrame:
    """Per cell not yet paid back: whether each band held what happened, its randomised PIT, and P(paid by) beside truth."""
    rng, rows = np.random.default_rng(0), []
    for name, run in found.runs.items():
        for group, label in enumerate(found.cohorts[name]):
            key = (period_start(int(label), acquired.cohort), name)
            cac, projection = float(acquired.cells.loc[key, "estimate"]), run.projection(group)
            if cac > 0 and key in true and not settled(projection, passage(projection.paths, cac)):
                rows.append(_row(_with_shocks(projection, tau), cac, true[key], rng) | {"channel": name})
    return pd.DataFrame(rows)


def _with_shocks(projection: Projection, tau: float) -> np.ndarray:
    return replace(projection, shocks=shocks(len(projection.paths), 0, tau=tau)).widened() if tau else projection.paths


def _row(paths: np.ndarray, cac: float, happened: np.ndarray, rng: np.random.Generator) -> dict[str, float]:
    times, time_ = passage(paths, cac), float(passage(happened[None], cac)[0])
    row: dict[str, float] = {"beyond": float(np.isinf(times).mean())}
    for age in (12, 24):
        drawn, came = paths[:, int(age * MONTH)], happened[int(age * MONTH)]
        if np.ptp(drawn) > 1e-9:  # what every customer of a cell has lived through is no forecast
            low, high = np.quantile(drawn, (0.05, 0.95))
            # Few customers often bring nothing more: the end of a band is then what happened, but for rounding.
            inside = low - ROUNDING <= came <= high + ROUNDING
            row |= {f"margin {age}": float(inside), f"pit margin {age}": _pit(drawn, came, rng)}
    low, high = np.quantile(times, (0.05, 0.95), method="inverted_cdf")
    if np.isfinite(low):  # a cell said not to pay back within the horizon has no day to be right about
        months = [np.ceil(day / MONTH) for day in (low, time_, high)]
        row |= {"payback, days": float(low <= time_ <= high)}
        row |= {"payback, months": float(months[0] <= months[1] <= months[2]), "pit payback": _pit(times, time_, rng)}
    else:
        row["not within 36 months"] = float(np.isinf(time_))
    for age in AGES:
        row |= {f"said {age}": float((times <= age * MONTH).mean()), f"happened {age}": float(time_ <= age * MONTH)}
    return row


def _pit(drawn: np.ndarray, came: float, rng: np.random.Generator) -> float:
    """The randomised rank of what happened among the draws, between 0 and 1; beyond the horizon is one value."""
    same = np.isclose(drawn, came, rtol=0, atol=ROUNDING)
    below = ((drawn < came) & ~same).sum()
    return float((below + rng.random() * (same.sum() + 1)) / (drawn.size + 1))


def slower(shop: Export, share: float = 0.25) -> Export:
    """The same shop with a share of the later orders never made: something happened to all customers at once."""
    keep = np.random.default_rng(0).random(len(shop.later)) >= share
    return replace(shop, later=shop.later[keep])


def clustered(rows: pd.DataFrame, name: str) -> tuple[float, float]:
    """Mean of a column and its standard error, the seed as the cluster."""
    by_seed = rows[rows[name].notna()].groupby("seed")[name].agg(["sum", "count"])
    share = by_seed["sum"].sum() / by_seed["count"].sum()
    return share, float(np.sqrt(((by_seed["sum"] - share * by_seed["count"]) ** 2).sum()) / by_seed["count"].sum())


COVERED = ("margin 12", "margin 24", "payback, days", "payback, months")


def coverage(rows: pd.DataFrame) -> dict[str, str]:
    """Coverage with its standard error."""
    return {"shops": f"{rows['seed'].nunique()}", "cells": f"{len(rows):,}"} | {
        name: "{:.3f} ± {:.3f}".format(*clustered(rows, name)) for name in COVERED
    }


def brier(rows: pd.DataFrame) -> dict[str, str]:
    """Brier score of P(paid by), beside that of the share that was: what a forecaster knowing only it would score."""
    shown = {}
    for age in AGES:
        said, came = rows[f"said {age}"], rows[f"happened {age}"]
        shown[f"{age} months"] = f"{((said - came) ** 2).mean():.3f} ({came.mean() * (1 - came.mean()):.3f})"
    return shown


def reliability(rows: pd.DataFrame) -> dict[str, str]:
    """Of the cells given a probability of being paid by 3, 6, 12 or 24 months: how many were."""
    said = np.concatenate([rows[f"said {age}"] for age in AGES])
    came = np.concatenate([rows[f"happened {age}"] for age in AGES])
    shown = {}
    for low, high in ((0.0, 0.0), (0.0, 0.1), (0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.0), (1.0, 1.0)):
        here = said == low if low == high else (said > low) & (said <= high) & (said < 1)
        label = f"{low:.0%}" if low == high else f"{low:.0%}–{high:.0%}"
        shown[label] = f"{came[here].mean():.0%} of {here.sum():,}" if here.any() else "none"
    return shown


def tenths(rows: pd.DataFrame) -> pd.DataFrame:
    """Share of randomised PIT values in each tenth: .10 everywhere where the forecast is right."""
    names = [name for name in rows if name.startswith("pit ")]
    shares = {name[4:]: np.histogram(rows[name].dropna(), 10, (0, 1))[0] / rows[name].count() for name in names}
    frame = pd.DataFrame(shares, index=[f"{k / 10:.1f}–{(k + 1) / 10:.1f}" for k in range(10)]).T
    return frame.map(lambda share: f"{share:.3f}")


def markdown(frame: pd.DataFrame, corner: str) -> list[str]:
    lines = [f"| {corner} | " + " | ".join(frame.columns) + " |", "|---" * (len(frame.columns) + 1) + "|"]
    return [*lines, *(f"| {name} | " + " | ".join(row) + " |" for name, row in frame.iterrows()), ""]


def report(arms: dict[str, list[pd.DataFrame]], named: pd.DataFrame, customers: int) -> str:
    rows = {name: pd.concat(parts) for name, parts in arms.items() if parts}
    seeds = len(named)
    over = lambda summary: pd.DataFrame({name: summary(part) for name, part in rows.items()}).T  # noqa: E731
    first = rows[ARMS[0]]
    never = first[first["channel"] == NEVER]
    lines = [
        "# Coverage of payback by cohort and channel",
        "",
        f"`python -m benchmarks.payback_coverage --seeds {seeds} --customers {customers}`; 90 % bands, cells not yet paid back; "
        "± is one standard error with the seed as the cluster. Payback: cells that are not said to stay beyond 36 months.",
        "",
        *markdown(over(coverage), "arm"),
        "Brier score of P(paid back by); in brackets that of knowing only how many are.",
        "",
        *markdown(over(brier), "arm"),
        "Reliability: of the cells given this probability of being paid back by 3, 6, 12 or 24 months, so many were.",
        "",
        *markdown(over(reliability), "arm"),
        f"Randomised PIT by tenths, {ARMS[0]} (.100 each where a forecast is right).",
        "",
        *markdown(tenths(first), "forecast"),
        f'The channel that never pays back is "not within 36 months" in {named["never"].sum()} of {seeds} shops and in '
        f"{(never['beyond'] >= SURE).mean():.1%} of its {len(never):,} cohorts; of all cells said so, of any channel, "
        f"{first['not within 36 months'].mean():.1%} were not; no other channel is in "
        f"{seeds - named['wrongly'].sum()} of {seeds}; the small one is called too small in {named['small'].sum()}.",
    ]
    return "\n".join(lines) + "\n"


def names(found: ChannelRuns, acquired: Acquisition) -> dict[str, bool]:
    """Which channels are named as what they are."""
    never = {}
    for name, run in found.runs.items():
        cost = acquired.cells.xs(name, level="channel")
        times = passage(run.projection().paths, cost["cost"].sum() / cost["customers"].sum())
        never[name] = np.isinf(times).mean() >= SURE
    wrongly = any(said for name, said in never.items() if name != NEVER)
    return {"never": never[NEVER], "wrongly": wrongly, "small": SMALL in found.too_small}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--customers", type=int, default=4_000)
    parser.add_argument("--to", type=Path, default=RESULT)
    options = parser.parse_args()
    arms: dict[str, list[pd.DataFrame]] = {name: [] for name in ARMS}
    started, named = time.perf_counter(), []
    for seed in range(options.seeds):
        shop = export(seed, options.customers)
        found = judged(shop, seed=seed)
        named.append(names(*found))
        parts = {ARMS[0]: held(*found, truth(shop), tau=0.0), ARMS[2]: held(*found, truth(slower(shop)), tau=SHOCK_SD)}
        if seed % 2 == 0:  # the second fit takes as long again
            refunded = export(seed, options.customers, refunds=0.10)
            parts[ARMS[1]] = held(*judged(refunded, seed=seed), truth(refunded), tau=0.0)
        for arm, part in parts.items():
            arms[arm].append(part.assign(seed=seed))
        print(f"{seed + 1} of {options.seeds} seeds, {time.perf_counter() - started:.0f} s", flush=True)
        if (seed + 1) % 5 == 0 or seed + 1 == options.seeds:
            options.to.write_text(report(arms, pd.DataFrame(named), options.customers))
    print(options.to.read_text())


if __name__ == "__main__":
    main()
