"""Intervals hold the truth as often as they say: counted over simulations, within exact 99.9 % binomial bands."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import ltv
from ltv import models
from ltv.metrics import intervals
from ltv.metrics.cohort_retention.modelled import probability_in_age


def nominal(hits, runs, level=0.90):
    return stats.binomtest(int(hits), runs, level).pvalue > 0.001


def test_published_differences():
    # Newcombe (1998), Stat. Med. 17, 873: 56/70 against 48/80; 17, 2635 and Altman et al. (2000), table 6.2, for pairs.
    assert intervals.newcombe(48, 80, 56, 70, level=0.95) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert intervals.newcombe_paired(14, 0, 5, 22, level=0.95) == pytest.approx((0.011, 0.226), abs=6e-4)
    assert intervals.newcombe_paired(36, 2, 12, 0, level=0.95)[1] > 0.3


def test_differences_cover():
    rng, runs = np.random.default_rng(1), 4000
    p, q = rng.uniform(0.02, 0.6, (2, runs))
    low, high = intervals.newcombe(rng.binomial(80, p), 80, rng.binomial(150, q), 150)
    # Method 10 is known to be a little conservative on average over shares.
    assert 0.89 < ((low <= q - p) & (q - p <= high)).mean() < 0.93
    hits = 0
    for _ in range(1500):
        cells = rng.dirichlet([2, 1, 1.5, 6])
        both, first, second, neither = rng.multinomial(120, cells)
        bounds = intervals.newcombe_paired(both, first, second, neither)
        hits += bounds[0] <= cells[2] - cells[1] <= bounds[1]
    assert 0.88 < hits / 1500 < 0.94


def test_ratios_of_counts_and_counts_cover():
    rng, runs = np.random.default_rng(2), 4000
    gain, loss = rng.uniform(20, 200, (2, runs))
    _, low, high = intervals.odds(rng.poisson(gain), rng.poisson(loss))
    assert nominal(((low <= gain / loss) & (gain / loss <= high)).sum(), runs)
    low, high = intervals.poisson(rng.poisson(gain))
    assert nominal(((low <= gain) & (gain <= high)).sum(), runs)


def test_ratio_of_sums_covers_and_equals_its_definition():
    rng, hits, runs = np.random.default_rng(3), 0, 2000
    for _ in range(runs):
        x = rng.gamma(2, 10, 400)
        y = x * 0.3 * rng.gamma(1.5, 1 / 1.5, 400)
        value, se = intervals.ratio(y.sum(), x.sum(), (y * y).sum(), (x * y).sum(), (x * x).sum(), 400)
        low, high = intervals.positive_mean(value, se)
        hits += low <= 0.3 <= high
    assert value == pytest.approx(y.sum() / x.sum())
    assert se == pytest.approx((y - value * x).std(ddof=1) * 400**0.5 / x.sum(), rel=1e-3)
    assert 0.88 < hits / runs < 0.92


def test_kaplan_and_meier_cover_under_censoring(read):
    rng, hits, runs = np.random.default_rng(4), 0, 200
    from ltv.metrics.cohort_retention.repeats import _curve

    truth = 0.5 * -np.expm1(-60 / 40)
    for _ in range(runs):
        wait = np.where(rng.random(250) < 0.5, np.ceil(rng.exponential(40, 250)), np.inf)
        watched = rng.integers(1, 120, 250)
        days = np.minimum(wait, watched).astype(int)
        log = pd.DataFrame({"days": days, "orders": (wait <= watched).astype(int), "gone": 1})
        curve = _curve(log.groupby("days", as_index=False).sum())
        row = ltv.share_by(curve, days=[60]).iloc[0]
        hits += row["low"] <= truth <= row["high"]
    assert nominal(hits, runs)


def _cohorts(rng, size, share, alike):
    k = rng.binomial(size, rng.beta(share * alike, (1 - share) * alike)) if alike else rng.binomial(size, share)
    months = pd.date_range("2024-01-01", periods=len(size), freq="MS").date
    index = pd.MultiIndex.from_product([months, [1]], names=["cohort", "age"])
    low, high = intervals.wilson(k, size)
    return pd.DataFrame({"estimate": k / size, "low": low, "high": high, "n": size, "active": k, "known": True}, index)


@pytest.mark.parametrize("alike", [None, 60.0])
def test_a_trend_is_found_only_as_often_as_stated(alike):
    rng, runs = np.random.default_rng(5), 200
    flat = [
        ltv.retention_trend(_cohorts(rng, rng.integers(80, 1500, 14), np.full(14, 0.2), alike), age=1)
        for _ in range(runs)
    ]
    # Chance cannot be less than binomial, which makes the test a little cautious where that is all there is.
    quiet = sum(not trend.moved for trend in flat)
    assert nominal(quiet, runs) if alike else 0.90 <= quiet / runs < 0.97
    # Rising from 15 % to 25 % on the logit scale: the interval of the change holds it, and p is small.
    line = 1 / (1 + np.exp(-np.linspace(np.log(0.15 / 0.85), np.log(0.25 / 0.75), 14)))
    rising = [ltv.retention_trend(_cohorts(rng, rng.integers(80, 1500, 14), line, alike), age=1) for _ in range(runs)]
    held = sum(trend.low <= 0.10 <= trend.high for trend in rising)
    assert nominal(held, runs) if alike else 0.90 <= held / runs < 0.97
    assert np.mean([trend.p < 0.1 for trend in rising]) > 0.5


def test_a_trend_without_overdispersion_is_plain_logistic_regression():
    from scipy import optimize, special

    cells = _cohorts(np.random.default_rng(11), np.array([100, 300, 200, 150, 120, 500]), np.full(6, 0.3), None)
    cells["active"] = [29, 91, 63, 46, 39, 161]  # closer to a line than chance would have it
    trend = ltv.retention_trend(cells, age=1)
    assert trend.correlation == 0
    days = (
        pd.to_datetime(pd.Index(cells.index.get_level_values("cohort")))
        .to_numpy()
        .astype("datetime64[D]")
        .astype(float)
    )
    x, k, n = (days - days[0]) / (days[-1] - days[0]), cells["active"].to_numpy(), cells["n"].to_numpy()

    def loss(theta):
        eta = theta[0] + theta[1] * x
        return -(k * special.log_expit(eta) + (n - k) * special.log_expit(-eta)).sum()

    best = special.expit(optimize.minimize(loss, [0.0, 0.0], tol=1e-10).x @ [[1, 1], [0, 1]])
    assert trend.change == pytest.approx(best[1] - best[0], abs=1e-5)
    for few, age in ((cells.iloc[:3], 1), (cells, 7), (cells.assign(active=0), 1)):
        unknown = ltv.retention_trend(few, age=age)
        assert not unknown.known
        assert not unknown.moved
        assert "4 are needed" in unknown.why


def test_rate_and_mix_cover():
    rng, hits, runs = np.random.default_rng(6), np.zeros(3), 300
    weight, share = np.array([[0.5, 0.5], [0.7, 0.3]]), np.array([[0.2, 0.4], [0.25, 0.45]])
    truth = [0.05, 0.2 * 0.225 - 0.2 * 0.425, 0.31 - 0.30]
    for _ in range(runs):
        n = np.array([rng.multinomial(size, row) for size, row in zip((500, 700), weight, strict=True)])
        frame = pd.DataFrame(
            {"active": rng.binomial(n, share).ravel(), "n": n.ravel(), "known": True},
            index=pd.MultiIndex.from_product([["old", "new"], ["a", "b"], [1]], names=["cohort", "channel", "age"]),
        )
        split = ltv.mix_split(frame, "old", "new", by="channel", age=1)
        hits += (split["low"] <= truth) & (truth <= split["high"])
    assert all(nominal(hit, runs) for hit in hits), hits


FAMILIES = [
    models.BGNBD(0.243, 4.414, 0.793, 2.426),
    models.MBGNBD(0.525, 6.183, 0.891, 1.614),
    models.NBD(0.385, 12.07),
    models.ParetoNBD(0.553, 10.578, 0.606, 11.669),
]


@pytest.mark.parametrize("model", FAMILIES, ids=lambda model: model.title)
def test_probability_of_an_order_in_an_age_is_what_its_paths_do(model):
    rng, n = np.random.default_rng(8), 200_000
    nothing = np.zeros(n)
    who, when = model.future_orders(rng, 60.0, x=nothing, t_x=nothing, T=nothing)
    for start in (0.0, 4.0, 52.0):
        share = len(np.unique(who[(when > start) & (when <= start + 4.35)])) / n
        truth = float(probability_in_age(model, start, 4.35))
        assert abs(share - truth) < 4 * (truth * (1 - truth) / n) ** 0.5
    assert probability_in_age(model, 0.0, 9.0) == pytest.approx(1 - model.pmf(0, 9.0), rel=1e-8)


def _shop(seed, model, customers=1500, days=500):
    """Orders of customers born over 300 days, whose repeat orders follow `model` in weeks."""
    rng = np.random.default_rng(seed)
    nothing = np.zeros(customers)
    born = rng.integers(0, 300, customers)
    who, when = model.future_orders(rng, days / 7, x=nothing, t_x=nothing, T=nothing)
    day = np.append(born, born[who] + np.ceil(when * 7).astype(int))
    log = pd.DataFrame({"who": np.append(np.arange(customers), who).astype(str), "paid": 1, "day": day})
    log["when"] = pd.Timestamp("2023-01-01") + pd.to_timedelta(log["day"], unit="D")
    return ltv.read_orders(log[log["day"] < days], customer="who", date="when", amount="paid", until="2024-05-14")


def test_projected_cells_hold_what_happens():
    hits, runs = [], 5
    for seed in range(runs):
        whole = _shop(seed, FAMILIES[0])
        before, _ = ltv.split(whole, at="2023-10-31")
        customers = ltv.summarize(before)
        projected = ltv.projected_retention(customers, ltv.fit(ltv.BGNBD, customers), cohort="month", ages=6, draws=60)
        truth = ltv.retention(whole)
        asked = projected[~projected["known"]].join(truth["estimate"].rename("truth"))
        hits += ((asked["low"] - 1e-9 <= asked["truth"]) & (asked["truth"] <= asked["high"] + 1e-9)).tolist()
        known = projected[projected["known"]]
        pd.testing.assert_series_equal(known["estimate"], ltv.retention(before).loc[known.index, "estimate"])
    # Cells of one run share its parameters and its customers, so the band is wider than for that many coins.
    assert len(hits) >= 80
    assert 0.80 < np.mean(hits) <= 0.98, np.mean(hits)
