"""Kept results: found again, never trusted when broken, never needed; and the segments of a log."""

import multiprocessing
import os
import random
import time

import pandas as pd
import pytest

import ltv
from ltv import cache
from ltv.errors import DataError
from ltv.models import fitting
from ltv.orders import kept, reading

LINES = {
    "who": ["a", "a", "b", "b", "c", "d"],
    "day": ["2026-01-01", "2026-02-01", "2026-01-05", "2026-03-01", "2026-01-09", "2026-02-02"],
    "paid": ["10", "20", "30", "40", "50", "60"],
    "channel": ["ads", "mail", "mail", "ads", "ads", None],
}
COLUMNS = {"customer": "who", "date": "day", "amount": "paid"}


@pytest.fixture
def log(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    path = tmp_path / "orders.csv"
    pd.DataFrame(LINES).to_csv(path, index=False)
    return path


@pytest.fixture
def reads(monkeypatch):
    """Count how often a log is really read."""
    seen, read = [], reading.read_orders
    monkeypatch.setattr(reading, "read_orders", lambda *given, **named: seen.append(given) or read(*given, **named))
    return seen


def _rows(orders):
    return orders.table.order_by("customer", "day").to_pandas()


def test_a_log_is_read_once_and_comes_back_equal(log, reads):
    first, again = (ltv.read_orders(log, **COLUMNS, margin=0.3, by=["channel"]) for _ in range(2))
    assert len(reads) == 1
    pd.testing.assert_frame_equal(_rows(first), _rows(again))
    pd.testing.assert_frame_equal(first.audit, again.audit)
    assert first.table.schema() == again.table.schema()
    assert again.describe() == first.describe()
    assert (again.since, again.by, again.fingerprint) == (first.since, first.by, first.fingerprint)


@pytest.mark.parametrize("change", ["content", "argument", "version", "code", "libraries"])
def test_whatever_a_log_depends_on_makes_it_another(log, reads, monkeypatch, change):
    ltv.read_orders(log, **COLUMNS)
    if change == "content":
        log.write_text(log.read_text().replace("60", "61"))
    if change == "version":
        monkeypatch.setattr(cache, "__version__", "9")
    if change == "code":
        monkeypatch.setattr(cache, "_code", lambda: "edited")
    if change == "libraries":
        monkeypatch.setattr(cache, "_libraries", lambda: ["duckdb 9"])
    orders = ltv.read_orders(log, **COLUMNS, currency="EUR" if change == "argument" else "USD")
    assert len(reads) == 2
    assert orders.size["revenue"] == (211 if change == "content" else 210)


@pytest.mark.parametrize("damage", ["deleted", "cut", "emptied", "no facts"])
def test_a_damaged_cache_costs_time_only(log, reads, damage):
    ltv.read_orders(log, **COLUMNS)
    (place,) = cache.folder().iterdir()
    for file in place.iterdir():
        if damage == "deleted" or (damage == "no facts" and file.name == kept.FACTS):
            file.unlink()
        elif damage != "no facts":
            file.write_bytes(file.read_bytes()[: 40 if damage == "cut" else 0])
    assert ltv.read_orders(log, **COLUMNS).size["revenue"] == 210
    assert len(reads) == 2
    assert ltv.read_orders(log, **COLUMNS).size["revenue"] == 210
    assert len(reads) == 2


def _flip(path, rng):
    content = bytearray(path.read_bytes())
    bit = rng.randrange(8 * len(content))
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


def test_no_flipped_bit_of_a_kept_log_is_loaded(log, reads):
    first = ltv.read_orders(log, **COLUMNS, by=["channel"])
    (place,) = cache.folder().glob("orders-*")
    rng = random.Random(3)
    for turn in range(40):
        _flip(rng.choice(sorted(place.iterdir())), rng)
        again = ltv.read_orders(log, **COLUMNS, by=["channel"])
        assert len(reads) == 2 + turn
        pd.testing.assert_frame_equal(_rows(first), _rows(again))
    assert cache.refusals() >= 40


def test_no_flipped_bit_of_a_kept_fit_is_loaded(monkeypatch, tmp_path):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    patterns = ltv.Patterns(x=[0, 1, 4], t_x=[0, 9, 30], T=[39, 39, 39], n=[50, 30, 20], unit=ltv.Unit.WEEK)
    whole = ltv.fit(ltv.NBD, patterns)
    (place,) = tmp_path.glob("fit-*")
    rng = random.Random(4)
    made, fit = [], fitting.fit
    monkeypatch.setattr(fitting, "fit", lambda *given, **named: made.append(1) or fit(*given, **named))
    for _ in range(20):
        _flip(rng.choice(sorted(place.iterdir())), rng)
        assert ltv.fit(ltv.NBD, patterns).model == whole.model
    assert len(made) == 20


@pytest.mark.skipif(os.name != "posix", reason="rights are others on Windows")
@pytest.mark.parametrize("trouble", ["open place", "open home", "foreign", "link", "more", "renamed", "sums"])
def test_what_others_could_have_written_is_made_again(log, reads, monkeypatch, trouble):
    ltv.read_orders(log, **COLUMNS)
    (place,) = cache.folder().glob("orders-*")
    if trouble == "open place":
        place.chmod(0o777)
    if trouble == "open home":
        cache.folder().chmod(0o775)
    if trouble == "foreign":
        stranger = os.getuid() + 1
        monkeypatch.setattr(os, "getuid", lambda: stranger)
    if trouble == "link":
        place.rename(log.parent / "elsewhere")
        place.symlink_to(log.parent / "elsewhere")
    if trouble == "more":
        (place / "more.parquet").write_bytes((place / "table.parquet").read_bytes())
    if trouble == "renamed":  # the whole result of another log
        other = ltv.read_orders(log, **COLUMNS, currency="EUR")
        (theirs,) = (it for it in cache.folder().glob("orders-*") if it != place)
        assert other.currency == "EUR"
        place.rename(log.parent / "elsewhere")
        theirs.rename(place)
        reads.pop()
    if trouble == "sums":
        (place / cache.SUMS).unlink()
    orders = ltv.read_orders(log, **COLUMNS)
    assert (orders.currency, orders.size["revenue"], len(reads)) == ("USD", 210, 2)


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_a_lock_that_is_a_link_empties_no_file(log, tmp_path):
    ltv.read_orders(log, **COLUMNS)
    (place,) = cache.folder().glob("orders-*")
    dear = tmp_path / "dear"
    dear.write_text("kept")
    place.rename(tmp_path / "gone")
    (cache.folder() / f".lock-{place.name}").symlink_to(dear)
    assert ltv.read_orders(log, **COLUMNS).size["revenue"] == 210
    assert dear.read_text() == "kept"


def test_a_file_that_changes_while_it_is_read_is_read_again_or_refused(log, monkeypatch):
    read, times = reading.read_orders, []

    def slowly(*given, **named):
        orders = read(*given, **named)
        if len(times) < most:
            times.append(1)
            with log.open("a") as file:
                file.write("e,2026-03-02,70,tv\n")
        return orders

    monkeypatch.setattr(reading, "read_orders", slowly)
    most = 1
    assert ltv.read_orders(log, **COLUMNS).size["revenue"] == 280
    most, times[:] = 9, []
    with pytest.raises(DataError, match="being written to"):
        ltv.read_orders(log, **COLUMNS, currency="EUR")
    most = 0
    assert ltv.read_orders(log, **COLUMNS, currency="EUR").size["revenue"] == 420


def test_orders_outlive_the_cache_they_came_from(log):
    ltv.read_orders(log, **COLUMNS)
    orders = ltv.read_orders(log, **COLUMNS)
    for file in [file for place in cache.folder().iterdir() for file in place.iterdir()]:
        file.unlink()
    assert orders.size["orders"] == 6


def test_a_folder_that_cannot_be_written_costs_time_only(log, reads, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "file"))
    assert ltv.read_orders(log, **COLUMNS).size["revenue"] == 210
    assert len(reads) == 1


def test_without_a_folder_nothing_is_kept(log, reads, monkeypatch, tmp_path):
    monkeypatch.setenv(cache.VARIABLE, "")
    for _ in range(2):
        ltv.read_orders(log, **COLUMNS)
    assert len(reads) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["orders.csv"]


def test_a_fit_is_made_once_and_answers_the_same(monkeypatch, tmp_path):
    customers = ltv.summarize(ltv.read_orders("cdnow_sample"))
    plain = ltv.fit(ltv.BGNBD, customers)
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    ltv.fit(ltv.BGNBD, customers)
    monkeypatch.setattr(fitting, "fit", None)
    recalled = ltv.fit(ltv.BGNBD, customers)
    assert recalled.model == plain.model
    assert (recalled.sample == plain.sample).all()
    pd.testing.assert_frame_equal(recalled.estimates, plain.estimates)
    with pytest.raises(TypeError):
        ltv.fit(ltv.BGNBD, customers, seed=1)


def test_sweeping_takes_what_is_old_and_what_was_left_unfinished(monkeypatch, tmp_path):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    new, old = f"fit-{'a' * 32}", f"orders-{'b' * 32}"
    for name, days in {new: 1, old: 20, ".aside-new": 0, ".aside-old": 0.1, "letters": 400}.items():
        (tmp_path / name).mkdir()
        then = time.time() - days * 86_400
        os.utime(tmp_path / name, (then, then))
    cache.sweep()
    assert {path.name for path in tmp_path.iterdir()} == {new, ".aside-new", "letters"}


def test_a_segment_holds_whom_it_acquired_with_all_they_did(log):
    ads = ltv.read_orders(log, **COLUMNS, segment={"channel": "ads"})
    assert _rows(ads)["customer"].tolist() == ["a", "a", "c"]
    assert (ads.until, ads.source) == (ltv.read_orders(log, **COLUMNS).until, "orders.csv, channel = ads")
    assert ltv.read_orders(log, **COLUMNS, segment={"channel": ""}).size["revenue"] == 60
    whole = ltv.read_orders(log, **COLUMNS, by=["channel"])
    parts = [ltv.orders.only(whole, channel=value).size["revenue"] for value in ("ads", "mail", "")]
    assert sum(parts) == whole.size["revenue"]


def test_an_empty_segment_and_an_unknown_attribute_are_named(log):
    with pytest.raises(kept.EmptySegmentError, match="channel = tv"):
        ltv.read_orders(log, **COLUMNS, segment={"channel": "tv"})
    with pytest.raises(DataError, match="was not kept"):
        ltv.orders.only(ltv.read_orders(log, **COLUMNS), country="DE")


def _slowly(home, said):
    os.environ[cache.VARIABLE] = home
    load, save = lambda place: (place / "x").read_text(), lambda text, place: (place / "x").write_text(text)

    def compute():
        with said.open("a") as file:
            file.write("computed\n")
        time.sleep(0.5)
        return "result"

    assert cache.recall("step", compute=compute, load=load, save=save) == "result"


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such lock")
def test_two_that_want_the_same_compute_it_once(tmp_path):
    home, said = tmp_path / "cache", tmp_path / "said"
    context = multiprocessing.get_context("spawn")
    asking = [context.Process(target=_slowly, args=(str(home), said)) for _ in range(3)]
    for process in asking:
        process.start()
    for process in asking:
        process.join(60)
    assert [process.exitcode for process in asking] == [0, 0, 0]
    assert said.read_text() == "computed\n"
    assert [path.name for path in home.iterdir()] == ["step"]
