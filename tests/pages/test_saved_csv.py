"""What the page's script writes into a saved CSV."""

import json
import shutil
import subprocess

import pytest

from ltv.pages.export import TEMPLATE

CELLS = {
    "plain": "plain",
    "a,b": '"a,b"',
    "a;b": '"a;b"',  # the delimiter of a spreadsheet that writes decimals with a comma
    "a\tb": '"a\tb"',
    'say "x"': '"say ""x"""',
    "two\nlines": '"two\nlines"',
}


@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
def test_a_cell_stays_one_cell_whatever_the_delimiter():
    script = "const document = {querySelectorAll: () => []};" + (TEMPLATE / "page.js").read_text("utf-8")
    told = f"{script}; console.log(JSON.stringify({json.dumps(list(CELLS))}.map(quoted)))"
    done = subprocess.run(["node", "-e", told], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == list(CELLS.values())
