"""Laws over random logs: shares, identities to the last cent, and nothing that depends on the order of rows or files."""

import numpy as np
import pandas as pd
import pytest

import ltv

NAMES = {"customer": "who", "date": "when", "amount": "paid", "until": "2024-03-01", "by": ["channel"]}
SEEDS = range(4)


@pytest.fixture(params=SEEDS)
def log(request, random_log):
    return random_log(request.param)


@pytest.fixture
def orders(log):
    return ltv.read_orders(log, **NAMES)


@pytest.mark.parametrize("clock", ["anniversary", "calendar"])
def test_on_or_after_never_rises_and_holds_what_is_on(orders, clock):
    whole = ltv.retention(orders, period="month", cohort="quarter", clock=clock, kind="on or after")
    known = whole[whole["n"] > 0]
    assert known["estimate"].between(0, 1).all()
    assert (known["estimate"].groupby(level="cohort").diff().dropna() <= 0).all()
    assert known["n"].groupby(level="cohort").nunique().eq(1).all()
    followed = ltv.retention(orders, cohort="all", clock=clock, kind="on or after", through=6).droplevel("cohort")
    on = ltv.retention(orders, cohort="all", clock=clock).droplevel("cohort").loc[6]
    assert followed.loc[6, ["n", "active"]].tolist() == on[["n", "active"]].tolist()


def test_brackets_lie_between_the_largest_and_the_sum_of_their_ages(orders):
    options = {"period": "month", "cohort": "all"}
    ages = ltv.retention(orders, **options).droplevel("cohort")
    edges = (0, 1, 3, 6)
    brackets = ltv.retention(orders, **options, kind=edges).droplevel("cohort")
    single = ltv.retention(orders, **options, kind=range(7)).droplevel("cohort")
    pd.testing.assert_frame_equal(single, ages.loc[:5])
    old = ltv.split(orders, at="2024-02-29")[0]  # a later day adds ages, and changes none that was known
    before = ltv.retention(old, **options).droplevel("cohort")
    assert (before["n"] <= ages.loc[before.index, "n"]).all()
    for start, row in brackets.iterrows():
        inside = ages.loc[start : row["through"]]
        assert inside["active"].min() * 0 <= row["active"] <= inside["active"].sum()
    assert brackets.loc[0, "active"] == ages.loc[0, "active"]


def test_asking_for_more_never_finds_more(orders):
    counts = [
        ltv.retention(orders, cohort="all", active=rule)["active"].to_numpy()
        for rule in ("1 order", "2 orders", "3 orders")
    ]
    assert (np.diff(counts, axis=0) <= 0).all()


def test_segments_and_cohorts_add_up_to_everybody(orders):
    for clock in ("anniversary", "calendar"):
        everybody = ltv.retention(orders, cohort="all", clock=clock).groupby(level="age")[["n", "active"]].sum()
        for options in ({"cohort": "channel"}, {"cohort": "week"}, {"cohort": "month", "by": "channel"}):
            parts = ltv.retention(orders, clock=clock, **options).groupby(level="age")[["n", "active"]].sum()
            pd.testing.assert_frame_equal(parts, everybody)


@pytest.mark.parametrize("period", ["day", "week", "month", "quarter", "year"])
def test_growth_adds_up_exactly(orders, log, period):
    people = ltv.growth_accounting(orders, period=period)
    assert (people["before"] + people["new"] + people["resurrected"] - people["churned"] == people["n"]).all()
    assert (people["new"] + people["retained"] + people["resurrected"] == people["n"]).all()
    assert people["new"].sum() == log["who"].nunique()
    money = ltv.revenue_accounting(orders, period=period)
    gains = money["new"] + money["resurrected"] + money["expansion"]
    explained = money["before"] + gains - money["contraction"] - money["churned"]
    cents = lambda amounts: (amounts * 100).round().astype("int64").tolist()  # noqa: E731
    assert cents(explained) == cents(money["revenue"])
    assert money["revenue"].sum() == pytest.approx(log["paid"].sum())
    layers = ltv.revenue_by_cohort(orders, period=period, cohort="quarter")["estimate"].groupby(level="period").sum()
    assert cents(layers) == cents(money.loc[layers.index, "revenue"])


def test_active_customers_are_those_that_a_count_finds(orders, log):
    frame = ltv.active_customers(orders)
    days = pd.to_datetime(log["when"])
    for at in ("2023-02-10", "2023-08-01", "2024-01-15", "2024-03-01"):
        end = pd.Timestamp(at)
        for name, width in (("daily", 1), ("weekly", 7), ("monthly", 28)):
            inside = (days <= end) & (days > end - pd.Timedelta(days=width))
            assert frame.loc[end.date(), name] == log.loc[inside, "who"].nunique(), (at, name)


def test_kaplan_and_meier_without_censoring_is_the_share_itself(orders, log):
    first_two = log.drop_duplicates(["who", "when"]).sort_values(["who", "when"]).groupby("who").head(2)
    pairs = first_two.groupby("who").filter(lambda rows: len(rows) == 2)
    curve = ltv.time_to_order(ltv.read_orders(pairs, **NAMES), numbers=[2]).loc[2]
    gaps = pairs.groupby("who")["when"].agg(lambda days: (max(days) - min(days)).days)
    for day, row in curve.iterrows():
        assert row["estimate"] == pytest.approx((gaps <= day).mean())


def test_gross_revenue_retention_is_never_above_net_or_one(orders):
    net, gross = (ltv.revenue_retention(orders, cohort="quarter", kind=kind) for kind in ("net", "gross"))
    assert (gross["estimate"].dropna() <= net["estimate"].dropna() + 1e-12).all()
    assert gross["estimate"].dropna().between(0, 1).all()


def everything(orders):
    yield ltv.retention(orders, clock="calendar", by="channel")
    yield ltv.retention(orders, period="week", cohort="month", active="30 USD")
    yield ltv.retention(orders, cohort="channel", kind="on or after", active="2 orders", through=5)
    yield ltv.revenue_retention(orders, kind="gross")
    yield ltv.revenue_by_cohort(orders)
    yield ltv.growth_accounting(orders, period="week")
    yield ltv.revenue_accounting(orders)
    yield ltv.brought_next(orders, periods=3)
    yield ltv.time_to_order(orders)
    yield ltv.active_customers(orders)
    yield ltv.order_counts(orders)
    yield ltv.core_metric(orders)
    yield ltv.same_customers(orders, first=("2023-06-01", "2023-07-31"), second=("2023-08-01", "2023-09-30"))


def test_the_order_of_rows_and_the_split_into_files_change_nothing(random_log, tmp_path):
    log = random_log(7)
    mixed = log.sample(frac=1, random_state=7)
    for number, part in enumerate(np.array_split(np.arange(len(mixed)), 3)):
        mixed.iloc[part].to_csv(tmp_path / f"part{number}.csv", index=False)
    whole, parts = ltv.read_orders(log, **NAMES), ltv.read_orders(tmp_path / "part*.csv", **NAMES)
    for one, other in zip(everything(whole), everything(parts), strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_every_frame_keeps_its_estimate_inside_its_interval(orders):
    for frame in everything(orders):
        seen = frame.dropna(subset=["estimate", *[name for name in ("low", "high") if name in frame]])
        if "low" in seen:
            assert (seen["low"] <= seen["estimate"] + 1e-12).all()
            assert (seen["estimate"] <= seen["high"] + 1e-12).all()
        assert {"estimate", "n", "known"} <= set(frame.columns)


def test_money_given_back_is_in_every_total(log):
    back = log.sample(25, random_state=1).assign(paid=-3.21)
    orders = ltv.read_orders(pd.concat([log, back]), **NAMES)
    total = float(orders.ledger.value.sum().to_pandas())
    assert total == pytest.approx(log["paid"].sum() - 25 * 3.21)
    assert ltv.revenue_by_cohort(orders)["estimate"].sum() == pytest.approx(total)
    money = ltv.revenue_accounting(orders)
    assert (money["refunds"] <= 0).all()
    assert money["revenue"].sum() + money["refunds"].sum() == pytest.approx(total)
    assert ltv.growth_accounting(orders)["new"].sum() == orders.size["customers"]


def test_periods_of_old_customers_who_look_new_are_not_judged():
    rng = np.random.default_rng(3)
    # 600 customers of old who order often, all first seen in the first month; 100 new ones a month, who seldom do.
    born = np.append(rng.integers(0, 30, 600), rng.integers(30, 400, 1300))
    often = np.append(rng.poisson(6, 600), rng.poisson(1, 1300))
    who = np.repeat(np.arange(1900), often)
    days = np.append(born, born[who] + rng.integers(1, 200, len(who)))
    log = pd.DataFrame({"who": np.append(np.arange(1900), who).astype(str), "paid": 1.0})
    log["when"] = pd.Timestamp("2023-01-01") + pd.to_timedelta(days, unit="D")
    names = {"customer": "who", "date": "when", "amount": "paid", "until": "2024-02-04"}
    whole = ltv.read_orders(log[days < 400], **names, policy=ltv.Policy(old_customers="keep"))
    people = ltv.growth_accounting(whole)
    assert people.loc[~people["known"], "new"].sum() >= 600
    assert people["known"].sum() >= 8
    assert whole.size["customers"] > ltv.read_orders(log[days < 400], **names).size["customers"]
