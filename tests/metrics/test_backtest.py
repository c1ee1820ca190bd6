"""The back-test on CDNOW, on logs of known truth, and with everything after the origin scrambled."""

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import ltv
from ltv.errors import DataError
from ltv.metrics.backtests import bands
from ltv.metrics.backtests.bands import band, group_totals
from ltv.metrics.backtests.baselines import baselines
from ltv.metrics.backtests.conformal import conformal, levels
from ltv.metrics.backtests.forecasts import modelled
from ltv.metrics.backtests.holdouts import hold_out
from ltv.metrics.backtests.outlooks import halfway
from ltv.metrics.backtests.scores import lead, log_scores
from ltv.models import BGNBD, MBGNBD, NBD, GammaGamma, ParetoNBD, Patterns, compare, fit
from ltv.models.family import age_shift, along
from ltv.models.special import log_nodes
from ltv.simulate import first_days, simulate_customers, simulate_orders
from ltv.units import Unit

SPEND = GammaGamma(6.25, 3.74, 15.44)


@pytest.fixture(scope="module")
def cdnow():
    return ltv.backtest(ltv.read_orders("cdnow_sample"), at="1997-09-30")


def log_of(truth, *, seed, customers=1500, days=420, arrivals=120):
    start = dt.date(2024, 1, 1)
    frame = simulate_orders(
        np.random.default_rng(seed), truth, SPEND, customers=customers, start=start, acquisition_days=arrivals,
        until=start + dt.timedelta(days=days - 1),
    )  # fmt: skip
    until = start + dt.timedelta(days=days - 1)
    return ltv.read_orders(frame, customer="customer", date="date", amount="amount", until=until)


def test_cdnow_scores(cdnow):
    """The family chosen before the origin, and the limits that its forecast keeps to (39 and 39 weeks)."""
    scores, table = cdnow.scores, cdnow.compared.table
    chosen = scores.iloc[0]
    assert cdnow.family is BGNBD
    assert cdnow.reason.startswith("Family chosen on the orders from 1997-05-18 to 1997-09-30.")
    assert chosen["log_score"] * 2357 == pytest.approx(table.loc["BG/NBD", "log_score"])
    assert cdnow.compared.chosen is MBGNBD  # in hindsight
    assert chosen["rmse"] <= 1.61
    assert chosen["mae"] < 0.70
    assert chosen["actual"] == 1882
    assert scores.loc["NBD", "bias"] == pytest.approx(0.216, abs=0.01)  # .557 by a fit to the whole past
    assert scores.loc["all zero", "mae"] == pytest.approx(0.798, abs=0.001)  # as published for an all-zero forecast
    total = cdnow.grade.total
    assert total.loc["raw", "estimate"] == pytest.approx(1739, abs=1)  # 1,653 by a fit to the whole past
    assert total.loc["raw", "low"] <= 1882 <= total.loc["raw", "high"]
    assert total.loc["widened", "low"] <= 1882 <= total.loc["widened", "high"]


def test_cdnow_is_forecast_better_by_a_model_than_without(cdnow):
    assert cdnow.beats_naive
    assert cdnow.rival == "RFM-cell mean"
    assert cdnow.against.loc["NBD", "low"] > 0
    assert cdnow.gini[cdnow.family.title] > 0.6
    assert cdnow.deciles["lift"].iloc[0] > 4
    assert cdnow.faults() == []
    assert cdnow.faults(most=0.05) == ["the total of orders was -7.6% off, more than 5%"]
    assert cdnow.revenue.loc["model", "rmse"] == cdnow.revenue["rmse"].min()
    assert cdnow.newcomers.empty
    assert cdnow.brier["skill"].gt(0.1).all()
    assert len(cdnow.reliability.loc[30]) >= 5


def test_cdnow_bands_learn_from_their_errors(cdnow):
    widened = cdnow.coverage.xs("totals", level="level")
    assert (widened["widened_90"] >= widened["raw_90"]).all()
    assert widened.loc[("orders", 30), "n"] == 8
    rolled = cdnow.rolled.reset_index()
    assert (rolled.loc[rolled["at"] < dt.date(1997, 12, 1), "tau"] == 0.12).all()  # nothing to learn from yet
    assert cdnow.widening("orders", 30).learned
    assert cdnow.widening().tau > 0.12
    apart = rolled[rolled["cohort"] != "all"].groupby(["what", "days", "at"])[["estimate", "actual", "n"]].sum()
    whole = rolled[rolled["cohort"] == "all"].set_index(["what", "days", "at"])[["estimate", "actual", "n"]]
    pd.testing.assert_frame_equal(apart.sort_index(), whole.sort_index(), check_dtype=False)


def test_calendar_shocks_are_measured_where_the_log_is_long_enough(cdnow, four):
    found = ltv.calendar_shocks(cdnow.holdout.log, cdnow.family)
    assert (found.origins, found.learned) == (6, True)
    assert 0.12 < found.tau < 0.25  # CDNOW's total was 16 % off
    assert not ltv.calendar_shocks(four, cdnow.family).learned


def test_conformal_levels_cover_although_the_model_is_wrong(cdnow):
    """NBD, which lets nobody leave, at levels learned from half of the customers, holds nine tenths of the others."""
    cells = cdnow.holdout.cells
    n = cells["n"].to_numpy()
    half = np.random.default_rng(0).binomial(n, 0.5)
    taught, tested = (SimpleNamespace(cells=cells.assign(n=part)) for part in (half, n - half))
    nbd = modelled(cdnow.compared.fits["NBD"].model, cdnow.holdout)
    table = conformal(nbd, tested, levels(nbd, taught))
    assert abs(table["raw"] - 0.9).max() > 0.1
    for _, row in table.iterrows():
        low, high = stats.binom(int(row["n"] / 2), 0.9).ppf([0.0005, 0.9995]) / int(
            row["n"] / 2
        )  # both halves are random
        assert low <= row["conformal"] <= high
    assert (table["covered"] >= table["conformal"] - 1e-9).all()
    assert table["up_to"].is_monotonic_increasing
    assert cdnow.conformal["n"].sum() == 2357


@pytest.mark.parametrize(("origin", "learned"), [("1997-09-30", False), ("1998-03-31", True)])
def test_nothing_after_the_origin_reaches_a_forecast(origin, learned):
    """Every order after the origin is moved, multiplied and given to somebody else; forecasts, the choice of the family
    and the width of the bands stay bit for bit."""
    frame = ltv.read_orders("cdnow_sample").table.to_pandas()[["customer", "day", "value"]]
    frame["day"] = pd.to_datetime(frame["day"])
    late = frame["day"] > origin
    rng, left = np.random.default_rng(0), (pd.Timestamp("1998-06-30") - pd.Timestamp(origin)).days
    other = frame.copy()
    known = frame.loc[~late, "customer"].unique()
    other.loc[late, "customer"] = rng.choice(known, late.sum())
    other.loc[late, "day"] = pd.Timestamp("1998-06-30") - pd.to_timedelta(rng.integers(0, left, late.sum()), unit="D")
    other.loc[late, "value"] = rng.integers(1, 900, late.sum())
    seen = []
    for rows in (frame, other):
        log = ltv.read_orders(rows, customer="customer", date="day", amount="value", until="1998-06-30")
        test = ltv.backtest(log, at=origin, horizons=["30 days"])
        n = test.holdout.cells.groupby(["frequency", "recency_days", "age_days", "lately"])["n"].sum()
        naive = [(one.name, float(n.index.size), _by_history(test, one)) for one in baselines(test.holdout)]
        rolled = test.rolled.reset_index()
        past = rolled[[day <= dt.date.fromisoformat(origin) for day in rolled["at"]]]
        claims = past.drop(columns=["actual", "log_error", "tau", *[c for c in past if c.startswith("wide_")]])
        seen.append(
            (
                n,
                naive,
                test.grade.total.loc["raw", ["estimate", "low", "high"]],
                claims,
                _by_history(test, test.forecast),
                pd.Series({"family": test.family.title, "reason": test.reason, "tau": test.grade.tau}),
                ltv.grade(log, at=origin, draws=50).total[["estimate", "low", "high"]],
            )
        )
    assert (seen[0][-2]["tau"] != 0.12) == learned
    for first, second in zip(*seen, strict=True):
        if isinstance(first, list):
            for (name, size, one), (again, same, two) in zip(first, second, strict=True):
                assert (name, size) == (again, same)
                pd.testing.assert_series_equal(one, two)
        else:
            (pd.testing.assert_frame_equal if isinstance(first, pd.DataFrame) else pd.testing.assert_series_equal)(
                first, second
            )


def _by_history(test, forecast):
    """The forecast of each history, without the outcome that splits its rows."""
    keys = ["frequency", "recency_days", "age_days", "lately"]
    return test.holdout.cells[keys].assign(mean=forecast.mean).groupby(keys)["mean"].max()


def lived(seed, customers=600):
    """Customers of known truth on day 210: their first days, repeat orders (day, who), patterns, and orders to day 420."""
    born = first_days(customers, 90)
    *_, day, who = simulate_customers(np.random.default_rng(seed), BGNBD(0.8, 6.0, 0.9, 3.0), born, 420)
    past = day <= 210
    x = np.bincount(who[past], minlength=customers).astype(float)
    last = born.astype(int).copy()
    last[who[past]] = day[past]
    patterns = Patterns(x, (last - born) / 7, (210 - born) / 7, np.ones(customers), Unit.WEEK)
    return born, (day, who), patterns, np.bincount(who[~past], minlength=customers)


def test_totals_and_cohorts_are_covered_where_the_model_is_true(monkeypatch):
    """60 logs whose family is known: 50 and 90 % bands of orders hold what came, total and thirds."""
    monkeypatch.setattr(bands, "PATHS", 20_000)
    inside = {key: [] for key in (("all", 50), ("all", 90), ("thirds", 50), ("thirds", 90))}
    groups = np.arange(600) // 200
    for seed in range(60):
        _, _, patterns, later = lived(seed)
        [totals] = group_totals(fit(BGNBD, patterns), patterns, groups, [30.0])
        came = np.append(np.bincount(groups, later), later.sum())
        for at in range(4):
            ends = band(totals, at, whole=True, tau=0.0)
            name = "all" if at == 3 else "thirds"
            inside[name, 90].append(ends["low"] <= came[at] <= ends["high"])
            inside[name, 50].append(ends["inner_low"] <= came[at] <= ends["inner_high"])
    for (name, level), held in inside.items():
        clusters = len(held) if name == "all" else len(held) / 2  # thirds of one log share its parameters
        low, high = stats.binom(int(clusters), level / 100).ppf([0.0005, 0.9995]) / int(clusters)
        assert low <= np.mean(held) <= high, (name, level, np.mean(held))


def test_the_grade_of_a_log_is_that_band():
    """From rows to grade: the forecast and the band whose coverage the test above holds, and the orders that came."""
    born, (day, who), patterns, later = lived(0)
    start, until = pd.Timestamp("2023-01-01"), dt.date(2024, 2, 25)  # day 420
    days = pd.to_timedelta(np.append(born, day), unit="D")
    rows = pd.DataFrame({"who": np.append(np.arange(born.size), who), "when": start + days, "paid": 1})
    log = ltv.read_orders(rows, customer="who", date="when", amount="paid", until=until)
    made = ltv.grade(log, BGNBD, at="2023-07-30", draws=100)  # day 210
    known = ltv.summarize(ltv.split(log, at="2023-07-30")[0])
    buying = fit(BGNBD, patterns, given=halfway(known))
    [totals] = group_totals(buying, patterns, np.zeros(600, dtype=int), [30.0])
    ends = band(totals, -1, whole=True, tau=0.0)
    assert made.actual == later.sum()
    assert made.forecast == pytest.approx(totals.mean[-1], rel=1e-9)
    raw = made.total.loc["raw", ["low", "high"]].tolist()
    assert raw == pytest.approx(
        [ends["low"], ends["high"]], abs=0.01 * made.forecast
    )  # rows in another order: other paths
    assert made.covered == (raw[0] <= later.sum() <= raw[1])


def test_the_delta_method_agrees_with_simulated_draws(cdnow):
    """The band of a total against the one of the posterior's own futures, which takes a hundred times as long."""
    from ltv.metrics.lifetime_value.futures import hold, totals

    counts = totals(hold(cdnow.holdout.customers), cdnow.buying, None, cdnow.holdout.span, draws=800)
    raw = cdnow.grade.total.loc["raw"]
    assert raw["estimate"] == pytest.approx(counts.mean(), rel=0.01)
    assert (raw["high"] - raw["low"]) / np.diff(np.quantile(counts, [0.05, 0.95]))[0] == pytest.approx(1, abs=0.12)


@pytest.mark.parametrize("truth", [BGNBD(0.8, 6, 0.9, 3), MBGNBD(0.8, 6, 0.7, 2), ParetoNBD(0.8, 6, 0.6, 10)], ids=repr)
def test_the_regret_of_the_choice_is_at_most_one_standard_error(truth):
    """Chosen on one future of the same customers, judged on another: the best family is no more than 1 se ahead."""
    regrets, naive = [], []
    for seed in range(6):
        rng = np.random.default_rng([7, seed])
        x, t_x, T, *_ = simulate_customers(rng, truth, first_days(1500, 90), 270)
        patterns = Patterns(x, t_x, T, np.ones(1500), Unit.WEEK)
        first, second = (
            np.bincount(truth.future_orders(rng, 26.0, x=x, t_x=t_x, T=T)[0], minlength=1500) for _ in range(2)
        )
        # A second future is another life of the same customer only if the history leaves it open, as a posterior does.
        result = compare(patterns, first, 26.0)
        scores = {name: np.log(found.model.pmf(second, 26.0, x=x, t_x=t_x, T=T)) for name, found in result.fits.items()}
        best = max(scores, key=lambda name: scores[name].sum())
        gap = scores[best] - scores[result.chosen.title]
        regrets.append(gap.sum() / (np.sqrt(1500) * gap.std() if gap.std() else 1.0))
        naive.append((scores[result.chosen.title] - scores["NBD"]).sum())
    assert np.mean(regrets) <= 1
    assert min(naive) > 0


def test_dropout_is_told_from_none_when_it_is_strong_and_not_when_there_is_none():
    strong = ltv.backtest(log_of(BGNBD(0.8, 4.0, 1.0, 2.0), seed=0))
    assert strong.family is not NBD
    assert strong.against.loc["NBD", "low"] > 0
    for seed in range(3):
        table = ltv.backtest(log_of(NBD(0.8, 6.0), seed=seed, customers=600)).compared.table
        assert table.loc["NBD", "behind"] <= 2 * table.loc["NBD", "se"] + 1e-9
        chosen = table[table["chosen"]].iloc[0]
        assert chosen["forecast"] == pytest.approx(chosen["actual"], rel=0.1)


def test_the_naive_forecast_is_beaten_where_customers_differ_and_not_on_pure_noise():
    for seed in range(2):
        assert ltv.backtest(log_of(BGNBD(0.8, 4.0, 1.0, 2.0), seed=seed)).beats_naive
    won = []
    for seed in range(5):  # everyone orders at one rate, for ever: an average says all there is to say
        log = log_of(NBD(5e3, 5e3 * 8.0), seed=100 + seed, customers=600, arrivals=30)
        noise = ltv.backtest(log, at="2024-08-01", horizons=["150 days"])
        naive = [one for one in noise.others if one.naive]
        cells = noise.holdout.cells
        table = lead(noise.forecast, naive, cells["later"], cells["n"])
        won.append(table.loc["cohort average", "better"] == "yes")
        assert not noise.beats_naive or won[-1]
    assert sum(won) <= 1


def test_newcomers_are_forecast_from_their_arrivals():
    log = log_of(BGNBD(0.8, 6.0, 0.9, 3.0), seed=5, customers=4000, days=360, arrivals=300)
    test = ltv.backtest(log, BGNBD, at="2024-07-01", horizons=["60 days"])
    row = test.newcomers.loc["raw"]
    assert row["n"] + test.holdout.cells["n"].sum() == 4000
    assert row["low"] <= row["actual"] <= row["high"]
    assert test.newcomers.loc["widened", "high"] > row["high"]
    assert row["estimate"] == pytest.approx(row["actual"], rel=0.15)


def test_drift_is_named_when_new_customers_are_others_and_not_otherwise():
    start = dt.date(2024, 1, 1)
    rng = np.random.default_rng(0)
    both = []
    for number, (truth, offset) in enumerate([(BGNBD(0.8, 6.0, 0.9, 3.0), 0), (BGNBD(0.8, 11.0, 1.5, 2.5), 150)]):
        frame = simulate_orders(
            rng, truth, SPEND, customers=2500, start=start + dt.timedelta(days=offset), acquisition_days=150,
            until=dt.date(2025, 3, 1),
        )  # fmt: skip
        both.append(frame.assign(customer=frame["customer"].astype(str) + f"-{number}"))
    read = {"customer": "customer", "date": "date", "amount": "amount", "until": "2025-03-01"}
    moved = ltv.backtest(ltv.read_orders(pd.concat(both), **read), BGNBD).drift
    assert moved.warning
    assert moved.high < -0.1
    assert "no longer speak" in moved.text
    steady = ltv.backtest(log_of(BGNBD(0.8, 6.0, 0.9, 3.0), seed=1, customers=4000, arrivals=300), BGNBD).drift
    assert not steady.warning
    assert steady.p_value > 0.001
    assert len(steady.frame) > 2


def test_log_scores_of_cells_are_those_of_compare(cdnow):
    pairs, later = cdnow.holdout.pairs
    for title, found in cdnow.compared.fits.items():
        forecast = modelled(found.model, cdnow.holdout)
        cells = cdnow.holdout.cells
        assert cells["n"] @ log_scores(forecast, cells["later"]) == pytest.approx(
            cdnow.compared.table.loc[title, "log_score"]
        )
    assert pairs.n @ later == 1882


def test_customers_in_another_order_make_no_difference(cdnow):
    frame = ltv.read_orders("cdnow_sample").table.to_pandas()[["customer", "day", "value"]]
    mixed = frame.sample(frac=1, random_state=1)
    log = ltv.read_orders(mixed, customer="customer", date="day", amount="value", until="1998-06-30")
    again = ltv.backtest(log, at="1997-09-30")
    pd.testing.assert_frame_equal(again.scores, cdnow.scores)
    pd.testing.assert_frame_equal(again.conformal, cdnow.conformal)


def test_a_log_too_short_is_refused():
    frame = pd.DataFrame({"c": ["a", "a", "b"], "d": ["2025-01-01", "2025-01-09", "2025-01-11"], "v": [1, 1, 1]})
    log = ltv.read_orders(frame, customer="c", date="d", amount="v")
    with pytest.raises(DataError, match="too few"):
        ltv.backtest(log)
    assert hold_out(log, at="2025-01-08").cells["n"].sum() == 1


def test_the_curve_between_its_knots_is_the_curve():
    ages = np.arange(1100) / 7
    rng = np.random.default_rng(3)
    for family, centre in (
        (ltv.BGNBD, (0.24, 4.4, 0.8, 2.4)),
        (ltv.ParetoNBD, (0.1, 0.02, 0.3, 0.05)),
        (ltv.NBD, (0.3, 9)),
    ):
        population = family(*(value * np.exp(0.3 * rng.normal(size=(5, 1))) for value in centre))
        points, _ = log_nodes(ages, age_shift(population))
        assert ages.size > 2 * points.size
        for f in (population.expected_orders, lambda t, it=population: it.discounted_orders(t, 0.002)):
            np.testing.assert_allclose(along(f, ages, age_shift(population)), f(ages), rtol=1e-10)
