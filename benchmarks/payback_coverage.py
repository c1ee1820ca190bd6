"""Coverage of payback and of margin by cohort and channel, on shops whose customers are followed past the export.

    python -m benchmarks.payback_coverage --seeds 100        # writes benchmarks/results/payback_coverage.md

Each seed is a demo shop. The report sees the export; the truth is what the same customers do afterwards. Only cells not yet
paid back are counted (what has happened is not forecast), and the seed is the cluster. Well specified: the
families that drew the customers, raw 90 % bands. Misspecified: order rates fall by a quarter after the export, widened bands.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

import ltv
from ltv.metrics.channels import ChannelPayback, channel_payback
from ltv.metrics.costs import acquisition, read_costs
from ltv.simulate import DEMO, simulate_shop

NEVER, SMALL = "tv", "podcast"
MONTH = 365.25 / 12
HORIZON = int(np.ceil(36 * MONTH))
RESULT = Path(__file__).parent / "results" / "payback_coverage.md"


@dataclass(frozen=True)
class Export:
    """What the report sees of a shop (orders and costs of its new customers), and what it does not (later orders)."""

    orders: pd.DataFrame
    costs: pd.DataFrame
    later: pd.DataFrame


def export(seed: int, customers: int) -> Export:
    """The demo shop of a seed without refunds, its customers followed 36 months beyond the export."""
    shop = replace(DEMO, customers=customers, refunds=0.0, beyond=HORIZON + 1)
    (chunk,) = simulate_shop(shop, seed)
    new = chunk.truth[~chunk.truth["old"]]
    costs = new.groupby(["acquired", "channel"], as_index=False)["cac"].sum()
    costs.columns = ["date", "channel", "amount"]
    mine = [frame[frame["customer"].isin(new["customer"])] for frame in (chunk.orders, chunk.hidden)]
    return Export(mine[0], costs.assign(date=costs["date"].dt.strftime("%Y-%m-%d")), mine[1])


def judged(shop: Export, *, draws: int = 200, tau: float = 0.0) -> ChannelPayback:
    """What the report says of the export alone; without calendar shocks unless `tau` is given."""
    log = ltv.read_orders(
        shop.orders,
        customer="customer",
        date="date",
        amount="amount",
        by=["channel"],
        until=DEMO.until,
        margin=DEMO.margin,
        policy=ltv.Policy(old_customers="keep"),
    )
    return channel_payback(ltv.summarize(log), acquisition(log, read_costs(shop.costs)), draws=draws, tau=tau)


def truth(shop: Export) -> pd.DataFrame:
    """Margin per customer at 12 and 24 months of age and the day of payback, by (cohort, channel), had one waited."""
    orders = pd.concat([shop.orders, shop.later], ignore_index=True)
    first = orders.groupby("customer")["date"].transform("min")
    orders = orders.assign(age=(orders["date"] - first).dt.days, cohort=first.dt.to_period("M").dt.start_time.dt.date)
    orders = orders[orders["age"] <= HORIZON]
    orders["margin"] = orders["amount"] * DEMO.margin * 1.1 ** (-orders["age"] / 365.25)
    rows = {}
    for key, cell in orders.groupby(["cohort", "channel"]):
        by_day = np.bincount(cell["age"], cell["margin"], minlength=HORIZON + 1).cumsum() / cell["customer"].nunique()
        rows[key] = {"path": by_day, "margin_12": by_day[int(12 * MONTH)], "margin_24": by_day[int(24 * MONTH)]}
    return pd.DataFrame.from_dict(rows, orient="index")


def held(found: ChannelPayback, true: pd.DataFrame) -> pd.DataFrame:
    """Per cell not yet paid back: whether each band held what happened, and P(paid by) beside whether it was."""
    cells = found.cells[~found.cells["known"] & (found.cells["cac"] > 0)]
    rows = []
    for key, cell in cells.iterrows():
        path = true.loc[key, "path"]
        reached = np.flatnonzero(path >= cell["cac"])
        months = reached[0] / MONTH if len(reached) else np.inf
        # Days are the unit: half a day of slack turns months back into the days they came from.
        slack = 0.5 / MONTH
        row = {"payback": cell["low"] - slack <= months <= cell["high"] + slack or (months == cell["high"])}
        for age in (12, 24):
            low, high = cell[f"margin_{age}_low"], cell[f"margin_{age}_high"]
            forecast = high - low > 1e-9  # what every customer of a cell has lived through is no forecast
            row[f"margin {age}"] = float(low <= true.loc[key, f"margin_{age}"] <= high) if forecast else np.nan
            row |= {f"said {age}": cell[f"paid_by_{age}"], f"happened {age}": float(months <= age)}
        rows.append(row | {"channel": key[1]})
    return pd.DataFrame(rows)


def slower(shop: Export, share: float = 0.25) -> Export:
    """The same shop with a share of the later orders never made: something happened to all customers at once."""
    keep = np.random.default_rng(0).random(len(shop.later)) >= share
    return replace(shop, later=shop.later[keep])


def summary(rows: pd.DataFrame) -> dict[str, str]:
    """Coverage with its standard error over seeds, and the Brier score of P(paid by)."""
    shown = {"cells": f"{len(rows):,}"}
    for name in ("margin 12", "margin 24", "payback"):
        by_seed = rows[rows[name].notna()].astype({name: float}).groupby("seed")[name].agg(["sum", "count"])
        share = by_seed["sum"].sum() / by_seed["count"].sum()
        error = np.sqrt(((by_seed["sum"] - share * by_seed["count"]) ** 2).sum()) / by_seed["count"].sum()
        shown[name] = f"{share:.3f} ± {error:.3f}"
    for age in (12, 24):
        shown[f"Brier {age}"] = f"{((rows[f'said {age}'] - rows[f'happened {age}']) ** 2).mean():.3f}"
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--customers", type=int, default=4_000)
    options = parser.parse_args()
    arms: dict[str, list[pd.DataFrame]] = {
        "well specified, raw band": [],
        "a quarter fewer later orders, widened band": [],
    }
    started, never, small = time.perf_counter(), 0, 0
    for seed in range(options.seeds):
        shop = export(seed, options.customers)
        found = judged(shop)
        never += found.channels.loc[NEVER, "verdict"].startswith("not within 36 months")
        small += SMALL in found.too_small
        rows = (held(found, truth(shop)), held(judged(shop, tau=0.12), truth(slower(shop))))
        for arm, part in zip(arms.values(), rows, strict=True):
            arm.append(part.assign(seed=seed))
        print(f"{seed + 1} of {options.seeds} seeds, {time.perf_counter() - started:.0f} s", flush=True)
    table = pd.DataFrame({name: summary(pd.concat(rows)) for name, rows in arms.items()}).T
    lines = [
        "# Coverage of payback by cohort and channel",
        "",
        f"`python -m benchmarks.payback_coverage --seeds {options.seeds} --customers {options.customers}`; 90 % bands, cells not yet paid back; "
        "± is one standard error with the seed as the cluster.",
        "",
        "| arm | " + " | ".join(table.columns) + " |",
        "|---" * (len(table.columns) + 1) + "|",
        *(f"| {name} | " + " | ".join(row) + " |" for name, row in table.iterrows()),
        "",
        f"The channel that never pays back was named so in {never} of {options.seeds} shops, the small one called too small "
        f"in {small}.",
    ]
    RESULT.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
