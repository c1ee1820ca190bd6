"""DuckDB = Spark: the same orders, customers, patterns and scores, and every trap where engines differ."""

import datetime as dt
import os
from decimal import Decimal

import ibis
import numpy as np
import pandas as pd
import pytest

import ltv
from ltv import engine
from ltv.inputs import dates
from ltv.metrics.cac_payback.asordered import as_ordered
from ltv.metrics.cac_payback.refunding import refund_curve
from ltv.simulate import DEMO, write_shop

# Spark has warnings of its own with pandas 3, which are shown, not raised; what comes out is compared here.
pytestmark = [pytest.mark.spark, pytest.mark.filterwarnings("default")]
sql = pytest.importorskip("pyspark.sql", reason="needs the extra ltv[spark]")


@pytest.fixture(scope="session")
def spark():
    options = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.driver.memory": "2g",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.codegen.wholeStage": "false",  # a few rows are computed sooner than code for them is compiled
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
    }
    builder = sql.SparkSession.builder.master("local[1]").appName("ltv-tests")
    for name, value in options.items():
        builder = builder.config(name, value)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def engines(spark):
    return {"duckdb": engine.connect(), "spark": ibis.pyspark.connect(spark)}


def both(engines, frame, expression):
    """An expression of a table, computed by both engines."""
    return [engine.run(expression(engine.from_frame(connection, frame))) for connection in engines.values()]


def same(pair):
    pd.testing.assert_frame_equal(
        *(frame.astype(object).where(frame.notna(), None) for frame in pair), check_dtype=False
    )
    return pair[0]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    from dataclasses import replace

    return write_shop(replace(DEMO, customers=1500), tmp_path_factory.mktemp("shop"), seed=5)


@pytest.fixture(scope="module")
def logs(spark, shop):
    columns = {
        "customer": "customer",
        "date": "date",
        "amount": "amount",
        "order": "order",
        "by": ["channel"],
        "margin": 0.3,
    }
    more = {"until": DEMO.until, "policy": ltv.Policy(wholesale=0.99, zero="drop")}
    return [ltv.read_orders(shop["orders"], on=on, **columns, **more) for on in (None, spark)]


def test_orders_refunds_and_audit_agree_to_the_last_digit(logs):
    for name, keys in (("table", ["customer", "day"]), ("refunds", ["customer", "day", "refunded_on", "value"])):
        one, two = (getattr(log, name).order_by(*keys).to_pandas() for log in logs)
        same([frame[sorted(frame)] for frame in (one, two)])
        assert isinstance(one["value"].iloc[0], Decimal)
    pd.testing.assert_frame_equal(logs[0].audit, logs[1].audit)
    assert (logs[0].since, logs[0].until, logs[0].signs) == (logs[1].since, logs[1].until, logs[1].signs)
    one, two = (
        ltv.split(log, at="2025-03-31")[0].ledger.order_by("customer", "day", "value").to_pandas() for log in logs
    )
    same([one, two])


def test_customers_and_patterns_agree(logs):
    one, two = (ltv.summarize(log) for log in logs)
    pd.testing.assert_frame_equal(one.frame(), two.frame(), check_dtype=False)
    for name in ("x", "t_x", "T", "n"):
        np.testing.assert_array_equal(getattr(one.patterns, name), getattr(two.patterns, name))
    np.testing.assert_array_equal(one.order_values.mean, two.order_values.mean)


# What the pages ask of the rows. Counts and decimals are equal to the last digit, so shares and intervals are too.
QUESTIONS = {
    "on": lambda log: ltv.retention(log, by="channel"),
    "calendar weeks": lambda log: ltv.retention(log, period="week", cohort="month", clock="calendar"),
    "on or after": lambda log: ltv.retention(log, kind="on or after", through=6),
    "followed as far as they lived": lambda log: ltv.retention(log, kind="on or after", active="2 orders"),
    "brackets": lambda log: ltv.retention(log, kind=(0, 1, 3, 6), active="50 USD", cohort="channel"),
    "net revenue": lambda log: ltv.revenue_retention(log),
    "gross revenue": lambda log: ltv.revenue_retention(log, kind="gross", cohort="all"),
    "margin by age": lambda log: ltv.cumulative_value(log),
    "layers": lambda log: ltv.revenue_by_cohort(log),
    "accounting": lambda log: ltv.growth_accounting(log),
    "accounting by week": lambda log: ltv.growth_accounting(log, period="week"),
    "revenue accounting": lambda log: ltv.revenue_accounting(log),
    "brought next": lambda log: ltv.brought_next(log, periods=3),
    "Kaplan-Meier": lambda log: ltv.time_to_order(log),
    "activity": lambda log: ltv.active_customers(log),
    "orders per customer": lambda log: ltv.order_counts(log),
    "commerce": lambda log: ltv.core_metric(log),
    "usage": lambda log: ltv.core_metric(log, business="usage"),
    "same customers": lambda log: ltv.same_customers(
        log, first=("2025-01-01", "2025-03-31"), second=("2025-04-01", "2025-06-30")
    ),
    "deciles": lambda log: ltv.revenue_by_decile(log),
    "funnel": lambda log: ltv.funnel(log),
    "largest": lambda log: ltv.largest_customers(log),
}


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
def test_metrics_agree_to_the_last_digit(logs, ask):
    pd.testing.assert_frame_equal(*map(ask, logs), check_exact=True)


def test_what_goes_back_and_what_was_ordered_agree(logs):
    one, two = (refund_curve(log) for log in logs)
    np.testing.assert_allclose(one.by_day, two.by_day, rtol=1e-12)
    assert (one.part, one.unmatched) == (two.part, two.unmatched)
    ordered = [as_ordered(ltv.summarize(log)) for log in logs]
    pd.testing.assert_frame_equal(*(some.frame() for some in ordered), check_dtype=False)
    np.testing.assert_array_equal(*(some.all_order_values.mean for some in ordered))


def test_scores_agree_and_are_written_by_the_engine(logs, tmp_path):
    customers = [ltv.summarize(log) for log in logs]
    buying, order_value = ltv.fit(ltv.BGNBD, customers[0]), ltv.fit(ltv.GammaGamma, customers[0])
    frames = []
    for name, some in zip("ab", customers, strict=True):
        ltv.write_scores(ltv.score(some, buying, order_value), tmp_path / f"{name}.parquet")
        frames.append(pd.read_parquet(tmp_path / f"{name}.parquet").sort_values("customer", ignore_index=True))
    pd.testing.assert_frame_equal(*frames, check_dtype=False, rtol=1e-9)


def test_the_day_of_an_instant_is_that_of_the_zone(engines):
    stamps = pd.date_range("2024-03-30", periods=200, freq="97min", tz="UTC")
    right = [day.date() for day in stamps.tz_convert("Asia/Taipei")]
    got = same(
        both(
            engines,
            pd.DataFrame({"at": stamps}),
            lambda t: t.select("at", day=engine.local_day(t["at"], "Asia/Taipei")).order_by("at").drop("at"),
        )
    )
    assert [pd.Timestamp(day).date() for day in got["day"]] == right


def test_days_and_months_are_subtracted_as_whole_numbers(engines):
    days = pd.DataFrame(
        {"a": [dt.date(2024, 1, 31), dt.date(1969, 12, 28)], "b": [dt.date(2024, 2, 27), dt.date(1970, 1, 5)]}
    )
    got = both(engines, days, lambda t: t.select(n=engine.day_number(t.b) - engine.day_number(t.a), **{u.value: engine.period_index(t.a, u) for u in ltv.Unit}).order_by("n"))  # fmt: skip
    assert same(got)["n"].tolist() == [8, 27]


def test_frames_arrive_with_their_nulls_and_numbers(engines):
    frame = pd.DataFrame({
        "text": pd.Series(["a", None], dtype="string"), "number": pd.Series([1, None], dtype="Int64"),
        "large": np.array([2**64 - 1, 0], np.uint64).astype(str), "at": pd.to_datetime(["2024-01-01T12:00Z", None]),
    })  # fmt: skip
    got = same(
        both(
            engines,
            frame,
            lambda t: t.aggregate(
                texts=t.text.count(), numbers=t.number.sum(), stamps=t["at"].count(), large=t.large.max()
            ),
        )
    )
    assert got.iloc[0].tolist() == [1, 1, 1, str(2**64 - 1)]


def test_money_is_exact_and_bad_money_is_null(engines):
    frame = pd.DataFrame({"paid": ["0.1", "0.2", "1e3", "nan", "x", "", None, "12345678901234.5678", "0.00005"]})
    got = same(
        both(engines, frame, lambda t: t.select("paid", money=engine.money(t.paid).cast("string")).order_by("paid"))
    )
    known = got.dropna(subset="paid").set_index("paid")["money"]
    assert known[["nan", "x", ""]].isna().all()
    assert known["12345678901234.5678"] == "12345678901234.5678"


@pytest.mark.parametrize(
    "form",
    [
        None,
        "day first",
        "%Y-%m-%d",
        "%Y%m%d",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d.%m.%Y",
        "%d/%m/%y",
        "%d %b %Y",
        "excel",
        "%G-W%V",
    ],
)
def test_dates_are_read_alike(engines, form):
    texts = ["2024-02-29", "2024-02-30", "2024-02-29 23:59", "2024-02-29T10:00:00Z", "20240229", "29/02/2024", "02/29/2024 10:00:01", "29.02.2024", "1/2/2024 7:05", "29 Feb 2024", "1/2/75", "2024-W09", "45351.75", "1709251199", "1:05 PM", "2/1/2024 1:05 PM", "", "x", None]  # fmt: skip
    same(
        both(
            engines,
            pd.DataFrame({"text": texts}),
            lambda t: t.select(
                "text",
                day=dates.parse_days(t.text, "Europe/Berlin", dates.choose_form(t, "text", "Europe/Berlin", form)[0]),
            ).order_by("text"),
        )
    )


def test_files_are_read_alike(spark, tmp_path):
    (tmp_path / "a.csv").write_text(
        'who;when;paid\n"Zoë; ""Z""";2024-01-31;1.234,50\n18446744073709551615;2024-02-01;2,25\n'
    )
    (tmp_path / "b.csv").write_text("who;when;paid\n7;2024-02-01;3,00\n")
    columns = {"customer": "who", "date": "when", "amount": "paid"}
    logs = [ltv.read_orders(tmp_path, on=on, **columns) for on in (None, spark)]
    same([log.table.order_by("customer").to_pandas() for log in logs])
    frame = spark.createDataFrame(pd.DataFrame({"who": ["a"], "when": ["2024-01-01"], "paid": [2.5]}))
    assert ltv.read_orders(frame, **columns).size["revenue"] == 2.5


def row(*cells):
    return dict(zip(("order", "who", "when", "paid", "state", "back"), cells, strict=True))


LINES = [
    *(row(str(i), f"c{i % 4}", f"2024-0{1 + i % 6}-1{i % 3}", f"{20 + i},50 €", "Paid", "") for i in range(12) for _ in "ab"),
    row("20", "Ann Lee", "2024-03-05", "1.200,00 €", "wc-completed", ""),
    row("20", "", "", "", "", ""),
    row("21", " ann\u00a0lee ", "2024-04-05", "(5,00 €)", "paid", ""),
    row("22", "ANN LEE\u200b", "2024-05-05", "EUR 40", "Partially_Refunded", "-15,00"),
    row("22", "ANN LEE\u200b", "2024-05-05", "40", "Partially_Refunded", "15,00 €"),
    row("23", "b", "2024-05-06", "70 €", "Voided", ""),
    row("24", "b", "2024-05-07", "80 €", "waiting", ""),
    row("25", "b", "2024-05-08", "90 €", "draft", ""),
    row("26", "b", "2024-05-09", "60 €", "paid", "60 €"),
]  # fmt: skip
PLAIN = [row("", f"c{i % 7}", f"2024-0{1 + i % 6}-15", f"{i}.25", "paid", "") for i in range(24)]
WRITTEN = ("2024-02-03T23:30:00-05:00", "1707004800", "1707004800000", "2024-02-03 23:59 UTC", "20240203", "45325.99",
           "3 Feb 2024", "Feb 3, 2024 11:59 PM", "27/02/2024", "2024-W05-6", "2999-01-01", "1970-01-01", "2024-02-04 01:00:00.123+0100")  # fmt: skip
CASES = {
    "totals, statuses and money back": (
        LINES,
        {"amount": "paid", "order": "order", "status": "state", "refunded": "back", "policy": {"ids": "tidy"}},
    ),
    "refunded in full, no order numbers": (
        [*PLAIN, row("", "c1", "2024-06-15", "$30.00", "refunded", ""), row("", "c2", "2024-06-15", "-2.25", "paid", ""),
         row("", "nobody?", "2024-06-01", "US$1,000", "paid", ""), row("", "nobody?", "2024-06-01", "US$1,000", "paid", "")],
        {"amount": "paid", "status": "state", "policy": {"status": ["Paid", "refunded"], "duplicates": "drop"}},
    ),
    "dates of every kind, no amounts": (
        [*PLAIN, *(row("", f"d{i}", text, "", "", "") for i, text in enumerate(WRITTEN))],
        {"time_zone": "Europe/Berlin"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_dirty_logs_are_read_alike(spark, tmp_path, case):
    rows, arguments = CASES[case]
    pd.DataFrame(rows).to_csv(tmp_path / "log.csv", index=False)
    one, two = (
        ltv.read_orders(tmp_path / "log.csv", on=on, customer="who", date="when", **arguments) for on in (None, spark)
    )
    pd.testing.assert_frame_equal(one.audit, two.audit)
    for name in ("since", "until", "currency", "alarms", "signs", "fingerprint"):
        assert getattr(one, name) == getattr(two, name), name
    same([log.table.order_by("customer", "day").to_pandas() for log in (one, two)])
    assert (one.refunds is None) == (two.refunds is None)
    if one.refunds is not None:
        keys = ("customer", "day", "refunded_on", "value")
        same([log.refunds.order_by(*keys).to_pandas()[[*keys, "lines"]] for log in (one, two)])
    same([ltv.summarize(log).table.order_by("customer").to_pandas() for log in (one, two)])


def test_a_form_of_dates_that_spark_has_not_is_refused(spark):
    frame = spark.createDataFrame(pd.DataFrame({"who": ["a"], "when": ["10:00 1 1 2024"], "paid": [2.5]}))
    with pytest.raises(ltv.ParameterError, match=r"on Spark a form is made of .*, not %j"):
        ltv.read_orders(frame, customer="who", date="when", amount="paid", date_format="%H:%M %j %Y")
