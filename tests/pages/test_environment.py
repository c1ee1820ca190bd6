"""Pages are made whatever the environment they are made in, and are the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ltv.pages.checking import check_page

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="shells and names of POSIX")]
LINES = "who,day,paid\n" + "".join(f"c{i % 9},2024-0{1 + i % 6}-{10 + i % 18},10.5\n" for i in range(60))
HOSTILE = {
    "MPLBACKEND": "nonsense",
    "PYTHONWARNINGS": "error",
    "HOME": "/proc/nothing",
    "TMPDIR": "/proc/nothing",
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONHASHSEED": "7",
    "COLUMNS": "1",
}


def _report(orders: bytes, out: Path, shell: str = '"$@"', **environment: str) -> str:
    columns = ["--customer", "who", "--date", "day", "--amount", "paid", "--margin", "0.5", "--currency", "USD"]
    words = [sys.executable, "-m", "ltv", "report", "data_quality", "--orders", orders, *columns, "--out", str(out)]
    kept = {name: value for name, value in os.environ.items() if name not in ("XDG_CACHE_HOME", "HOME")}
    run = ["sh", "-c", f"exec {shell}", "sh", *words]
    done = subprocess.run(run, capture_output=True, env=kept | environment, check=False)
    assert b"Traceback" not in done.stderr
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    page = (out / "data_quality.html").read_text("utf-8")
    assert check_page(page) == []
    return page


def test_a_page_is_the_same_in_a_hostile_environment(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(LINES)
    plain = _report(os.fsencode(path), tmp_path / "plain", HOME=str(tmp_path))
    assert _report(os.fsencode(path), tmp_path / "hostile", **HOSTILE) == plain
    assert _report(os.fsencode(path), tmp_path / "closed", shell='"$@" <&- >&-', HOME=str(tmp_path)) == plain


def test_a_file_whose_name_is_not_utf_8_has_a_page(tmp_path):
    path = os.fsencode(tmp_path) + b"/caf\xe9.csv"
    Path(os.fsdecode(path)).write_text(LINES)
    page = _report(path, tmp_path / "out", HOME=str(tmp_path))
    assert "café.csv" in page
    assert str(tmp_path) not in page
