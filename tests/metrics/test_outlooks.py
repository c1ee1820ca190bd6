"""The forecast that every report uses: what it rests on, what it is for, and what it must not see."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import ltv
from ltv.errors import FitError
from ltv.metrics.backtests.outlooks import choose, forecast, halfway
from ltv.metrics.cac_payback.channel_runs import simulate_channels
from ltv.metrics.cac_payback.projection import Terms
from ltv.metrics.lifetime_value.scoring import score_log
from ltv.models import BGNBD, NBD, GammaGamma, ParetoNBD, fit
from ltv.orders.cost_cells import WHOLE
from ltv.orders.log import split
from ltv.simulate import simulate_orders
from ltv.units import Unit

SPEND = GammaGamma(6.25, 3.74, 15.44)


@pytest.fixture(scope="module")
def sample():
    return ltv.read_orders("cdnow_sample")


def test_what_was_known_halfway_is_the_log_up_to_its_middle(sample):
    customers = ltv.summarize(sample)
    middle = sample.since + (sample.until - sample.since) // 2
    then = ltv.summarize(split(sample, at=middle)[0]).patterns
    for name in ("x", "t_x", "T", "n"):
        assert_allclose(getattr(halfway(customers), name), getattr(then, name))


def test_a_part_of_the_customers_was_halfway_what_that_part_was(read):
    rows = [("a", "2024-01-01", 1), ("a", "2024-02-01", 1), ("b", "2024-01-08", 1), ("c", "2024-05-01", 1)]
    customers = ltv.summarize(read(rows, until="2024-05-31"))
    t = customers.table
    only = type(customers)(t.filter(t.customer != "a"), customers.orders, customers.unit)
    assert halfway(customers).n.tolist() == [1, 1]
    assert halfway(only).x.tolist() == [0]
    assert halfway(only).T.tolist() == [68 / 7]  # 8 January to 16 March 2024, the middle


@pytest.mark.parametrize(("days", "there"), [(56, True), (55, False)])
def test_a_log_under_eight_weeks_has_no_middle(read, days, there):
    until = dt.date(2024, 1, 1) + dt.timedelta(days=days)
    log = read([("a", "2024-01-01", 1), ("b", "2024-01-02", 1)], until=str(until))
    assert (halfway(ltv.summarize(log)) is not None) is there


def test_the_known_are_forecast_by_the_second_half_and_newcomers_by_all(sample):
    customers = ltv.summarize(sample)
    made = forecast(customers, ParetoNBD)
    assert made.known.model == fit(ParetoNBD, customers.patterns, given=halfway(customers)).model
    assert made.new.model == fit(ParetoNBD, customers.patterns).model
    since = " Fitted to what customers did after 1997-09-30, given what was known of them by then."
    assert made.reason == "Pareto/NBD was asked for." + since
    chosen, (family, why) = forecast(customers), choose(sample)
    assert (chosen.family, chosen.reason) == (family, why + since)


def test_a_second_half_in_which_nobody_came_back_leaves_the_whole_past(read):
    rows = [(f"c{i}", f"2024-01-{i:02}", 5) for i in range(1, 29)]
    rows += [(f"c{i}", "2024-02-10", 5) for i in range(1, 12)]
    customers = ltv.summarize(read(rows, until="2024-06-30"))
    made = forecast(customers, BGNBD)
    assert made.known.model == made.new.model == fit(BGNBD, customers.patterns).model
    assert made.reason == "BG/NBD was asked for."


def test_nobody_is_forecast_to_stay_for_ever_by_the_luck_of_a_trial():
    """Customers without any leaving, where NBD is the truth: a family whose customers may leave is taken, and comes close."""
    truth, start = NBD(1.2, 9.0), dt.date(2024, 1, 1)
    frame = simulate_orders(np.random.default_rng(2), truth, SPEND, customers=800, start=start, acquisition_days=90,
        until=start + dt.timedelta(days=364))  # fmt: skip
    customers = ltv.summarize(ltv.read_orders(frame, customer="customer", date="date", amount="amount"))
    made, p = forecast(customers), customers.patterns
    assert made.family is not NBD
    rows = {"x": p.x, "t_x": p.t_x, "T": p.T}
    assert made.known.model.expected_orders(26, **rows) @ p.n == pytest.approx(
        truth.expected_orders(26, **rows) @ p.n, rel=0.05
    )


def test_nothing_that_can_be_fitted_is_refused(read):
    with pytest.raises(FitError, match="no family fits"):
        forecast(ltv.summarize(read([("a", "2024-01-01", 1), ("b", "2024-01-02", 1)], until="2024-12-31")))


def test_a_forecast_of_the_past_does_not_see_what_came_after(sample):
    at = "1997-12-31"
    table = sample.table.to_pandas()[["customer", "day", "value"]]
    forged = pd.concat([table[table["day"] <= pd.Timestamp(at)]] + [
        pd.DataFrame({"customer": table["customer"].unique(), "day": day, "value": 1.0})
        for day in pd.date_range("1998-01-02", "1998-06-28", freq="3D")
    ])  # fmt: skip
    logs = [ltv.read_orders(one, customer="customer", date="day", amount="value") for one in (table, forged)]
    first, second = (forecast(ltv.summarize(split(log, at=at)[0])) for log in logs)
    assert first.reason == second.reason
    assert first.known.model == second.known.model
    assert first.new.model == second.new.model


def test_a_shop_whose_customers_slowed_down_is_not_forecast_by_its_old_pace():
    """300 customers with an order every 6 days on average for 200 days, then every 18: the next 100 days bring a third."""
    rng, rows = np.random.default_rng(7), []
    for who in range(300):
        days = np.flatnonzero(rng.random(501) < np.where(np.arange(501) < 200, 1 / 6, 1 / 18))
        rows += [(f"c{who}", dt.date(2023, 1, 1) + dt.timedelta(days=int(day)), 1.0) for day in {0, *days.tolist()}]
    frame = pd.DataFrame(rows, columns=["c", "d", "m"])
    whole = ltv.read_orders(frame, customer="c", date="d", amount="m", until="2024-05-16")
    customers = ltv.summarize(split(whole, at=dt.date(2023, 1, 1) + dt.timedelta(days=400))[0])
    p, came = customers.patterns, int((pd.to_datetime(frame["d"]) > "2024-02-05").sum())
    made = forecast(customers, NBD)
    known, new = (one.model.expected_orders(100 / 7, x=p.x, t_x=p.t_x, T=p.T) @ p.n for one in (made.known, made.new))
    assert known / came == pytest.approx(1, abs=0.12)
    assert new / came > 1.4


def test_every_report_has_the_same_forecast(sample, tmp_path):
    """Score, grade, review, channels and what stands beside retention, each by the outlook of the customers it is about."""
    customers = ltv.summarize(sample)
    made, worth = forecast(customers), ltv.fit_worth(customers)
    score_log(sample, tmp_path / "scores.parquet")
    mine = ltv.score(customers, made.known, worth).to_pandas().sort_values("customer", ignore_index=True)
    written = pd.read_parquet(tmp_path / "scores.parquet").sort_values("customer", ignore_index=True)
    assert_allclose(written["orders"].to_numpy(float), mine["orders"].to_numpy(float))
    graded, past = ltv.grade(sample, at="1997-12-31"), ltv.summarize(split(sample, at="1997-12-31")[0])
    p, then = past.patterns, forecast(past)
    ahead = then.known.model.expected_orders(graded_weeks := 181 / 7, x=p.x, t_x=p.t_x, T=p.T) @ p.n
    assert graded_weeks == pytest.approx((sample.until - dt.date(1997, 12, 31)).days / 7)
    assert graded.forecast == pytest.approx(ahead)
    terms = Terms.of("12 months", 0.1, (6,), 10, 0)
    runs = simulate_channels(customers, None, cohort=Unit.MONTH, family=None, terms=terms)
    assert runs.fits[WHOLE][0].model == made.known.model
    assert runs.new[WHOLE].model == made.new.model
    assert ltv.model_beside(customers).fits[0].model == made.new.model
