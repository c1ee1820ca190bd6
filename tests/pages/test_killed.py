"""A batch killed at random moments: nothing half-written, and the end is that of a quiet run.

LTV_SEGMENTS=20 LTV_KILLS=20 is the long version; it takes a quarter of an hour.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pandas as pd
import psutil
import pytest

from ltv.pages.checking import check_page

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="signals")]
SEGMENTS, KILLS = int(os.environ.get("LTV_SEGMENTS", 6)), int(os.environ.get("LTV_KILLS", 8))


@pytest.fixture
def command(tmp_path, monkeypatch):
    """A batch of one report over the segments of a made-up log."""
    monkeypatch.setenv("LTV_CACHE", str(tmp_path / "cache"))
    rng = random.Random(7)
    lines = [
        (f"c{i}", str(day.date()), rng.choice(["10.00", "25.50", "7.25"]), f"s{i % SEGMENTS}")
        for i in range(SEGMENTS * 40)
        for day in sorted(rng.sample(list(pd.date_range("2024-01-01", "2025-06-30")), rng.choice([1, 2, 5])))
    ]
    pd.DataFrame(lines, columns=["who", "day", "paid", "channel"]).to_csv(tmp_path / "orders.csv", index=False)
    columns = ["--orders", str(tmp_path / "orders.csv"), "--customer", "who", "--date", "day", "--amount", "paid"]
    return [sys.executable, "-m", "ltv", "batch", "--by", "channel", "--reports", "retention", *columns, "--resume"]


def _pages(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.html"))}


def _everything_is_whole(folder):
    for name, page in _pages(folder).items():
        assert check_page(page.decode()) == [], name
    if (folder / "manifest.json").exists():
        for record in json.loads((folder / "manifest.json").read_text())["reports"]:
            assert record["status"] == "done"
            assert (folder / record["file"]).is_file()


def test_a_batch_killed_at_any_moment_resumes_to_the_same_end(command, tmp_path):
    quiet, torn = tmp_path / "quiet", tmp_path / "torn"
    started = time.monotonic()
    subprocess.run([*command, "--out", str(quiet)], check=True, capture_output=True)
    length = time.monotonic() - started
    # Long enough for pages to appear, short enough for kills to hit every stage.
    window = length * max(1 / 3, 2 / KILLS)
    rng = random.Random(11)
    for _ in range(KILLS):
        run = subprocess.Popen([*command, "--out", str(torn)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            run.wait(timeout=rng.uniform(0, window))
        except subprocess.TimeoutExpired:
            family = psutil.Process(run.pid).children(recursive=True)
            run.send_signal(signal.SIGKILL)
            run.wait()
            psutil.wait_procs(family, timeout=60)
            assert not [it for it in family if it.is_running() and it.status() != psutil.STATUS_ZOMBIE]
        _everything_is_whole(torn)
    subprocess.run([*command, "--out", str(torn)], check=True, capture_output=True)
    assert _pages(torn) == _pages(quiet)
    assert not list(torn.rglob("*.part"))
