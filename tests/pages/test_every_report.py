"""All reports of one small shop, from the command line: sound pages, escaped names, and no customer on any of them."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pytest

from ltv.pages import catalog
from ltv.pages.checking import check_page
from ltv.simulate import DEMO, write_shop

pytestmark = pytest.mark.slow
MARKUP = '<b>tv</b> & "co"'


def _report(place, out, *words, **environment):
    command = [sys.executable, "-m", "ltv", "report", *words, "--out", str(place / out), "-j", "1"]
    command += ["--orders", str(place / "orders.parquet"), "--customer", "customer", "--date", "date"]
    command += ["--amount", "amount"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | environment)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    place = tmp_path_factory.mktemp("shop")
    write_shop(replace(DEMO, customers=700), place, seed=3)
    orders = pd.read_parquet(place / "orders.parquet")
    orders["customer"] = "who" + orders["customer"].astype(str) + "who"
    orders["channel"] = orders["channel"].replace("tv", MARKUP)
    orders.to_parquet(place / "orders.parquet")
    costs = pd.read_csv(place / "costs.csv")
    costs.assign(channel=costs["channel"].replace("tv", MARKUP)).to_csv(place / "costs.csv", index=False)
    _report(place, "out", "all", "-p", f"costs={place / 'costs.csv'}", "-p", "by=channel")
    return {path.stem: path.read_text("utf-8") for path in (place / "out").glob("*.html")}, place / "out"


def test_every_report_is_a_sound_page(pages):
    found, _ = pages
    assert set(found) == {*catalog.reports(), "index"}
    for name, page in found.items():
        assert check_page(page) == [], name


def test_no_customer_stands_on_a_page(pages):
    found, out = pages
    for name, page in found.items():
        assert re.findall(r".{30}who\d+who.{30}", page) == [], name
    assert "who1" not in json.dumps(json.loads((out / "manifest.json").read_text()))


def test_names_from_the_data_are_escaped(pages):
    found, _ = pages
    for name in ("retention", "channels"):
        assert MARKUP not in found[name]
        assert "&lt;b&gt;tv&lt;/b&gt;" in found[name]


def test_a_page_without_a_cache_is_the_same_to_the_byte(pages):
    found, out = pages
    _report(out.parent, "again", "payback", LTV_CACHE="")
    assert (out.parent / "again" / "payback.html").read_text("utf-8") == found["payback"]
