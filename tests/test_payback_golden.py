"""Payback by hand, from the file to the verdict, and margins of cells that add up to the log's to the cent."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import ltv
from ltv.units import Unit

COLUMNS = ["who", "when", "paid", "channel"]
MONTH = Unit.MONTH.days


def background(seed=1, customers=150):
    """Orders of another channel, so that the families can be fitted."""
    rng = np.random.default_rng(seed)
    born = rng.integers(0, 500, customers)
    nobody = np.zeros(customers)
    who, when = ltv.BGNBD(r=0.8, alpha=8, a=0.7, b=3).future_orders(rng, 100.0, x=nobody, t_x=nobody, T=nobody)
    day = np.concatenate([born, born[who] + np.ceil(when * 7).astype(int)])
    frame = pd.DataFrame({"who": np.concatenate([np.arange(customers), who]), "day": day})
    frame = frame[frame["day"] < 730].drop_duplicates()
    frame["when"] = (pd.Timestamp("2023-01-01") + pd.to_timedelta(frame["day"], unit="D")).dt.strftime("%Y-%m-%d")
    frame["paid"] = np.round(rng.gamma(5, 8, len(frame)) + 1, 2)
    return frame.assign(who="other" + frame["who"].astype(str), channel="other")[COLUMNS]


def judged(rows, costs, **options):
    """The report on these orders and costs, undiscounted, at a margin of one half."""
    log = pd.concat([background(), pd.DataFrame(rows, columns=COLUMNS)], ignore_index=True)
    orders = ltv.read_orders(
        log, customer="who", date="when", amount="paid", by=["channel"], until="2024-12-31", margin=0.5,
        policy=ltv.Policy(old_customers="keep"),
    )  # fmt: skip
    spend = ltv.read_costs(pd.DataFrame(costs, columns=["date", "channel", "amount"]))
    acquired = ltv.acquisition(orders, spend)
    return ltv.channel_payback(ltv.summarize(orders), acquired, discount=0.0, tau=0.0, draws=40, **options), orders


def cell(found, channel):
    return found.cells.loc[(dt.date(2023, 1, 1), channel)]


def test_one_cohort_and_two_channels():
    rows = [
        ("a", "2023-01-02", 60, "ads"), ("b", "2023-01-05", 20, "ads"), ("a", "2023-03-03", 80, "ads"),
        ("c", "2023-01-09", 100, "mail"),
    ]  # fmt: skip
    found, _ = judged(rows, [("2023-01-03", "ads", 60), ("2023-01-03", "mail", 40)])
    # ads: CAC 30; M(0) = (30 + 10) / 2 = 20, and 60 days later 20 + 40 / 2 = 40.
    ads, mail = cell(found, "ads"), cell(found, "mail")
    assert (ads["n"], ads["cac"], ads["verdict"].split(";")[0]) == (2, 30, "paid back")
    assert ads["estimate"] == ads["low"] == ads["high"] == pytest.approx(60 / MONTH)
    assert (ads["paid_by_3"], ads["margin_3"], ads["ltv_cac_3"]) == (1, 40, pytest.approx(4 / 3))
    # mail: CAC 40, M(0) = 50.
    assert (mail["cac"], mail["estimate"], mail["ltv_cac_12"]) == (40, 0, pytest.approx(50 / 40, rel=0.02))


def test_a_refund_after_payback_takes_it_back_until_margin_returns():
    rows = [
        ("a", "2023-01-02", 60, "ads"), ("b", "2023-01-02", 60, "ads"),
        ("a", "2023-02-01", 20, "ads"), ("a", "2023-04-12", -30, "ads"),  # fits no order: stays on its own day
        ("b", "2023-07-21", 20, "ads"),
    ]  # fmt: skip
    found, orders = judged(rows, [("2023-01-03", "ads", 70)])
    assert orders.refunds.filter(~orders.refunds.matched).count().to_pyarrow().as_py() == 1
    # M: 30 at first, 35 on day 30 (CAC 35), 27.50 on day 100, 32.50 on day 200.
    ads = cell(found, "ads")
    assert ads["first_crossing"] == pytest.approx(30 / MONTH)
    assert ads["estimate"] > 200 / MONTH
    assert ads["margin_3"] == pytest.approx(35)
    assert ads["margin_12"] == pytest.approx(32.5, rel=0.01)
    # With 20 more on day 250 M is 37.50, and stays.
    more = [*rows, ("b", "2023-09-09", 20, "ads")]
    back = cell(judged(more, [("2023-01-03", "ads", 70)])[0], "ads")
    assert back["estimate"] == pytest.approx(250 / MONTH)
    assert back["first_crossing"] == pytest.approx(30 / MONTH)


def test_no_cost_is_paid_back_at_once_and_missing_cost_is_not_zero():
    rows = [("a", "2023-01-02", 60, "walk-in"), ("b", "2023-01-02", 60, "ads"), ("c", "2023-02-02", 60, "ads")]
    found, _ = judged(rows, [("2023-02-03", "ads", 9), ("2022-06-01", "ads", 5), ("2025-03-01", "tv", 7)])
    walk_in, ads = cell(found, "walk-in"), cell(found, "ads")
    assert (walk_in["cac"], walk_in["estimate"], walk_in["paid_by_3"], walk_in["verdict"]) == (0, 0, 1, "organic")
    assert np.isnan(walk_in.get("ltv_cac_12", np.nan))
    assert np.isnan(ads["cac"])
    assert "missing" in ads["verdict"]
    assert found.cells.loc[(dt.date(2023, 2, 1), "ads"), "cac"] == 9
    assert found.acquisition.unmatched.set_index("channel")["cost"].to_dict() == {"ads": 5, "tv": 7}


def test_a_channel_whose_every_cohort_lacks_spend_has_no_cac_and_breaks_nothing():
    rows = [("a", "2023-01-02", 60, "ads"), ("b", "2023-02-02", 60, "ads")]
    found, _ = judged(rows, [("2023-06-03", "ads", 9)])
    assert np.isnan(found.channels.loc["ads", "cac"])
    assert "missing" in found.channels.loc["ads", "verdict"]
    assert found.acquisition.unmatched["cost"].sum() == 9


@pytest.mark.parametrize("seed", range(4))
def test_margin_of_all_cells_is_the_margin_of_the_log_to_the_cent(seed):
    rng = np.random.default_rng(seed)
    people, days = rng.integers(0, 40, 120), rng.integers(0, 700, 120)
    when = (pd.Timestamp("2023-01-01") + pd.to_timedelta(days, unit="D")).strftime("%Y-%m-%d")
    rows = [
        (f"p{who}", day, round(float(paid), 2), f"channel {who % 3}")
        for who, day, paid in zip(people, when, rng.normal(30, 25, 120), strict=True)
    ]
    found, orders = judged(rows, [(day, "channel 0", 100) for day in ("2023-01-03", "2023-05-20")])
    total = orders.ledger.margin.sum().to_pyarrow().as_py()
    names = found.channels.index.drop("all")
    shown = sum(found.projections[name].realised[-1] * found.channels.loc[name, "n"] for name in names)
    assert shown == pytest.approx(float(total), abs=0.005)
    whole = found.projections["all"]
    assert whole.realised[-1] * whole.customers == pytest.approx(float(total), abs=0.005)
    assert found.cells["n"].sum() == orders.size["customers"]
