"""A batch over segments of a real log, by a tiny notebook: skipped, resumed, kept, compared with the run before."""

import json
import os
import subprocess
import sys

import pandas as pd
import pytest

from ltv.errors import LtvError, ParameterError
from ltv.pages.batch import Settings, Watch, preview, run_batch, segments_of
from ltv.pages.checking import check_page
from ltv.pages.index import write_index
from ltv.pages.locking import alone_in
from ltv.pages.plan import Plan, Segment
from ltv.pages.records import read_records
from ltv.pages.segments import find, size
from ltv.pages.terminal import counted

COLUMNS = {"customer": "who", "date": "day", "amount": "paid"}
CELLS = [
    "import ltv\nfrom ltv.pages import Card, Cards, Headline\nfrom ltv.pages.changes import closed_months\n"
    "from ltv.pages.blocks import Provenance\n"
    "log = ltv.read_orders(orders, customer=customer, date=date, amount=amount, segment=segment)",
    "Headline(f'{log.size[\"orders\"]} orders.', log.source, str(log.until))",
    "paid = log.size['revenue']\nCards([Card('Revenue', f'{paid:.0f}', 'about', numbers=(paid, paid - 1, paid + 1))])",
    "Provenance({}, closed=closed_months(log))",
]
PARAMETERS = "orders: str = ''\ncustomer = date = amount = ''\nsegment: dict | None = None"
HOSTILE = ["ads", "<b>m/..", "電子報\u202e"]


@pytest.fixture
def shop(tmp_path, monkeypatch, notebook):
    """A log of three segments with hostile names, and the batch of a tiny report over them."""
    monkeypatch.setenv("LTV_CACHE", str(tmp_path / "cache"))
    log = tmp_path / "orders.csv"
    days = ["2026-01-05", "2026-02-10", "2026-03-15"]
    lines = [(f"{i}{channel}", day, "10", channel) for i, channel in enumerate(HOSTILE) for day in days[: i + 1]]
    pd.DataFrame(lines, columns=["who", "day", "paid", "channel"]).to_csv(log, index=False)
    path = notebook(*CELLS, parameters=PARAMETERS)

    def segments(*names):
        plan = Plan([], segments=[(name, {}) for name in names]).of()
        given = COLUMNS | {"orders": str(log)}
        return [
            Segment({str(path): given | {"segment": {"channel": name}}}, it.title, it.folder)
            for name, it in zip(names, plan, strict=True)
        ]

    return log, segments


def _bytes(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.html"))}


def test_segments_of_any_name_are_made_skipped_resumed_and_compared(shop, tmp_path):
    log, segments = shop
    out, heard = tmp_path / "out", []
    made = segments(*HOSTILE, "nobody")
    records = run_batch(made, out, Settings(keep=2), Watch(done=heard.append), least=1)
    assert [record.status for record in records].count("done") == 3
    (skipped,) = [record for record in records if record.status == "skipped"]
    assert skipped.error == "no customer was acquired here"
    assert len(heard) == 4
    listing = (out / "index.html").read_text("utf-8")
    assert check_page(listing) == []
    assert counted(records) == "4 reports: 3 made, 1 skipped"
    for text in (
        "1 segment skipped",
        "no customer was acquired here",
        "4 reports, 1 skipped",
        "&lt;b&gt;m/..",
        "電子報",
        'data-search="Find a segment"',
        "2026-03-15",
    ):
        assert text in listing
    assert "\u202e" not in listing
    assert all(path.is_relative_to(out) for path in out.rglob("*"))
    pages = _bytes(out)
    for name, page in pages.items():
        assert check_page(page.decode()) == [], name

    # Nothing is stale: nothing is made. A page that was altered or deleted is made again, to the same bytes.
    again = run_batch(made[:3], out, Settings(resume=True), least=1)
    assert {record.made for record in again} == {record.made for record in records if record.status == "done"}
    assert {record.status for record in again} == {"kept"}
    assert {record.status for record in read_records(out).values()} == {"done", "skipped"}
    rows = preview(made, out, Settings(resume=True), least=1)
    assert [why for _, why in rows] == ["1 of 1 are still right"] * 3 + ["no customer was acquired here"]
    assert not any(segment.reports for segment, _ in rows)
    (out / "ads" / "tiny.html").write_text("half")
    next((out).glob("b-m-*/tiny.html")).unlink()
    run_batch(made, out, Settings(resume=True), least=1)
    reports = [name for name in pages if name.endswith("tiny.html") and not name.startswith("runs")]
    assert [_bytes(out)[name] for name in reports] == [pages[name] for name in reports]

    # A closed month restated and a figure outside its interval are said, once, and stay said.
    log.write_text(log.read_text().replace("0ads,2026-01-05,10", "0ads,2026-01-05,25"))
    for _ in range(2):
        run_batch(made[:1], out)
        page = (out / "ads" / "tiny.html").read_text()
        assert "Since the last run" in page
        assert "<strong>Revenue</strong> is 25, above its earlier interval: 10 (about)" in page
        assert "The closed month 2026-01 was <strong>restated</strong>: revenue of 10.00 is now 25.00." in page
    assert (out / "runs").is_dir()


def test_a_restated_month_is_said(shop, tmp_path):
    log, segments = shop
    made = segments("電子報\u202e")
    run_batch(made, tmp_path / "out")
    log.write_text(log.read_text("utf-8").replace("2026-02-10,10,電", "2026-02-10,12,電"), "utf-8")
    run_batch(made, tmp_path / "out")
    (page,) = (tmp_path / "out").glob("*/tiny.html")
    assert "closed month 2026-02 was <strong>restated</strong>: revenue of 10.00 is now 12.00." in page.read_text()


def test_segments_are_found_in_the_log_largest_first(shop):
    log, _ = shop
    given = COLUMNS | {"orders": str(log)}
    assert sorted(value["channel"] for value in find(given, ["channel"])) == sorted(HOSTILE)
    assert size(given | {"segment": {"channel": "ads"}}) == 1
    assert size(given | {"segment": {"channel": "tv"}}) == 0
    plan = Plan(["retention"], parameters=given, by=["channel"])
    assert {segment.title for segment in segments_of(plan, Settings())} == {"ads", "<b>m/..", "電子報"}
    with pytest.raises(LtvError, match="chanel"):
        segments_of(Plan(["retention"], parameters=given, by=["chanel"]), Settings())


def test_runs_are_kept_and_the_oldest_go(shop, tmp_path):
    _, segments = shop
    run_batch(segments("ads"), tmp_path / "out")
    (record,) = read_records(tmp_path / "out").values()
    for second in range(4):
        object.__setattr__(record, "made", f"2026-01-01T00:00:0{second}+00:00")
        write_index(tmp_path / "out", {record.id: record}, keep=2)
    runs = sorted((tmp_path / "out" / "runs").iterdir())
    assert [run.name for run in runs] == ["2026-01-01T000002Z", "2026-01-01T000003Z"]
    assert (runs[0] / "ads" / "tiny.html").read_bytes() == (tmp_path / "out" / "ads" / "tiny.html").read_bytes()
    # The list leads to the run before this one, and a list that was kept to none: the folders are not beside it.
    listing, kept = ((place / "index.html").read_text("utf-8") for place in (tmp_path / "out", runs[1]))
    assert check_page(listing) == check_page(kept) == []
    assert '<a href="runs/2026-01-01T000002Z/index.html">2026-01-01 00:00</a>' in listing
    assert "T000003Z" not in listing
    assert "runs/" not in kept


@pytest.mark.skipif(os.name != "posix", reason="Windows has no lock on a folder")
def test_two_runs_do_not_share_a_folder(tmp_path):
    with alone_in(tmp_path), pytest.raises(LtvError, match="another run is writing"):
        run_batch([], tmp_path)
    run_batch([], tmp_path)


def test_the_command_plans_without_making(shop, tmp_path):
    log, _ = shop
    words = ["--orders", str(log), "--customer", "who", "--date", "day", "--amount", "paid", "--reports", "retention"]
    run = [sys.executable, "-m", "ltv", "batch", "--by", "channel", *words, "--out", str(tmp_path / "out")]
    said = subprocess.run([*run, "--dry-run"], capture_output=True, text=True, check=True).stdout
    assert "電子報" in said
    assert not (tmp_path / "out").exists()
    small = subprocess.run([*run, "--dry-run", "--least", "5"], capture_output=True, text=True, check=True).stdout
    assert small.count("nothing (1 customer is fewer than 5)") == 3
    nothing = subprocess.run([*run, "--only", "tv"], capture_output=True, text=True, check=False)
    assert nothing.returncode == 2
    assert "fits no segment" in nothing.stderr
    told = subprocess.run([*run, "--json", "--least", "5"], capture_output=True, text=True, check=False)
    assert told.returncode == 0
    assert {record["status"] for record in json.loads(told.stdout)} == {"skipped"}


def test_two_reports_of_one_place_are_refused(tmp_path, notebook):
    one, other = notebook("1", name="tiny"), notebook("1", name="Tiny")
    with pytest.raises(ParameterError, match="'ads/tiny' is there twice"):
        run_batch([Segment({str(one): {}, str(other): {}}, "Ads", "ads")], tmp_path / "out")
