"""What a browser makes of every page: no request, no error, readable by everybody, sortable, printable."""

import dataclasses
import json
import shutil
import subprocess
from pathlib import Path

import matplotlib.image
import pytest

from ltv.orders.samples import SAMPLES
from ltv.pages import catalog
from ltv.pages.batch import Settings, render_all, run_batch, segments_of
from ltv.pages.plan import Plan

pytestmark = pytest.mark.browser
HERE = Path(__file__).parent
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Every report that needs no file of costs, on a tenth of CDNOW; a list of segments with one that failed."""
    folder = tmp_path_factory.mktemp("pages")
    names = [name for name in catalog.reports() if name in catalog.runnable({})]
    reports = {name: dataclasses.asdict(catalog.check(name, {"orders": "cdnow_sample"})) for name in names}
    assert {record.status for record in render_all(reports, folder)} == {"done"}
    rows = SAMPLES["cdnow_sample"].rows().iloc[:800]
    rows["channel"] = rows["customer"].astype(int).mod(2).map({0: "ads", 1: "=<b>電子報"})
    rows.to_csv(folder / "orders.csv", index=False)
    given = {"orders": str(folder / "orders.csv"), "customer": "customer", "date": "date", "amount": "amount"}
    plan = Plan(["retention"], given, segments=[("too few", {"until": "1997-01-01"})], by=["channel"])
    run_batch(segments_of(plan, Settings()), folder / "segments")
    return folder


@pytest.fixture(scope="module")
def seen(pages):
    if CHROMIUM is None:
        pytest.skip("no Chromium")
    if not (HERE / "node_modules").is_dir():
        pytest.skip("no axe-core: npm ci in tests/browser")
    names = sorted(str(path.relative_to(pages)) for path in pages.rglob("*.html"))
    results = pages / "seen.json"
    look = ["node", str(HERE / "look.mjs"), CHROMIUM, str(pages), str(results), *names]
    done = subprocess.run(look, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(results.read_text())


def _faults(seen, what):
    return {f"{it['name']} ({it['mode']})": it[what] for it in seen if it[what]}


def test_every_page_was_opened_three_times(seen, pages):
    assert len(seen) == 3 * len(list(pages.rglob("*.html")))
    assert {"index.html", "ltv.html", "segments/index.html"} <= {it["name"] for it in seen}
    assert any(it["name"].startswith("segments/failed") for it in seen)


@pytest.mark.parametrize("what", ["console", "requests"])
def test_no_page_asks_for_anything_or_complains(seen, what):
    assert _faults(seen, what) == {}


def test_no_page_has_a_serious_finding(seen):
    serious = {
        f"{it['name']} ({it['mode']})": [found for found in it["axe"] if found["impact"] in ("serious", "critical")]
        for it in seen
    }
    assert {name: found for name, found in serious.items() if found} == {}


def test_no_page_is_wider_than_its_screen(seen):
    assert {f"{it['name']} ({it['mode']})": it["wider"] for it in seen if it["wider"] > 0} == {}


def test_no_page_is_blank(seen):
    for it in seen:
        picture = matplotlib.image.imread(it["screenshot"])[..., :3]
        assert picture.std() > 0.02, it["name"]


def test_tables_sort(seen):
    sorts = [sort for it in seen for sort in it.get("sorts", [])]
    assert len(sorts) > 5
    for sort in sorts:
        assert (sort["up"], sort["down"]) == ("ascending", "descending")
        assert sorted(sort["before"]) == sorted(sort["after"])


def test_exports_are_whole_and_inert(seen):
    exports = [export for it in seen for export in it.get("exports", [])]
    assert len(exports) > 5
    for export in exports:
        assert export["name"].endswith(".csv")
        assert export["text"].count("\r\n") >= 1
    (segments,) = [it for it in seen if it["name"] == "segments/index.html" and it["mode"] == "light"]
    assert "'=<b>電子報" in segments["exports"][0]["text"]
    assert "\n=" not in segments["exports"][0]["text"]


def test_segments_can_be_searched(seen):
    (segments,) = [it for it in seen if it["name"] == "segments/index.html" and it["mode"] == "light"]
    assert (segments["rows"], segments["found"]) == (3, 1)


def test_every_page_prints(seen):
    assert all(it["pdf"] > 5000 for it in seen if it["mode"] == "light")
