"""Several reports in spawned workers, their manifest and their list; and the command line above them."""

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from ltv import cli
from ltv.errors import LtvError
from ltv.pages import catalog
from ltv.pages.batch import Watch, render_all
from ltv.pages.checking import check_page
from ltv.pages.index import write_index
from ltv.pages.records import Record, publish, read_records
from ltv.pages.terminal import summary

from .conftest import HEADLINE

MURDER = """
import psutil
next(it for it in psutil.Process().parents() if "spawn_main" in " ".join(it.cmdline())).kill()
"""


def test_one_failure_does_not_stop_the_others_and_the_list_tells_it(notebook, tmp_path):
    out, heard = tmp_path / "out", []
    jobs = {
        str(notebook(HEADLINE, "Cards([Card('Value', '$12')])", name="good")): {"x": 1},
        str(notebook("1 / 0", name="bad & <b>")): {"x": 1},
        str(notebook(MURDER, name="murder")): {"x": 1},
    }
    first, second, third = jobs
    records = render_all({first: jobs[first], second: jobs[second]}, out, watch=Watch(done=heard.append))
    assert {record.name: record.status for record in records} == {"good": "done", "bad & <b>": "failed"}
    assert {record.name for record in heard} == {"good", "bad & <b>"}
    listing = (out / "index.html").read_text("utf-8")
    assert check_page(listing) == []
    for text in ('href="good.html"', "Half of them stay.", "$12", "1 failed in the last run", "division by zero"):
        assert text in listing
    assert [entry["status"] for entry in json.loads((out / "manifest.json").read_text())["reports"]] == [
        "failed",
        "done",
    ]
    # A worker that is killed fails its report only; earlier records stay in the list.
    (record,) = render_all({third: jobs[third]}, out)
    assert "ended from outside" in record.error
    assert set(read_records(out)) == {"good", "bad & <b>", "murder"}


def test_a_reason_that_reports_share_is_told_once(notebook, tmp_path):
    jobs = {str(notebook("1 / 0", name=name)): {} for name in ("one", "two", "three")}
    records = render_all(jobs, tmp_path)
    listing = (tmp_path / "index.html").read_text("utf-8")
    assert listing.count("ZeroDivisionError: division by zero") == 1
    assert listing.count("Why: as for Tiny report.") == 2
    said = summary(records, tmp_path)
    assert said.count("failed: ZeroDivisionError") == 1
    assert "3 reports: 3 failed" in said


def test_a_grade_that_reports_share_is_told_once(tmp_path):
    grade = {"word": "Rough", "tone": "warn", "text": "It forecast 8 orders; they made 9."}
    made = {
        name: Record(name, title, "done", name, file=f"{name}.html", grade=grade)
        for name, title in (("ltv", "Customer value"), ("payback", "Payback"), ("channels", "Payback by channel"))
    }
    write_index(tmp_path, made)
    listing = (tmp_path / "index.html").read_text("utf-8")
    assert listing.count(grade["text"]) == 1
    assert listing.count("<strong>Rough.</strong> As for Customer value.") == 2
    assert {it.grade["text"] for it in read_records(tmp_path).values()} == {grade["text"]}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch, number):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(type(tmp_path), "write_text", refuse)
    with pytest.raises(LtvError, match=f"{tmp_path} cannot be written: {os.strerror(number)}"):
        publish(tmp_path / "page.html", "x")
    monkeypatch.setattr(type(tmp_path), "mkdir", refuse)
    with pytest.raises(LtvError, match=f"out cannot be made: {os.strerror(number)}"):
        render_all({}, tmp_path / "out")


def test_a_broken_manifest_is_named(tmp_path):
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(LtvError, match="cannot be read"):
        read_records(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["report", "nothing"], "there is no report 'nothing'"),
        (["report", "payback", "-p", "cac=0", "--margin", "2"], "2 faults in the parameters"),
        (["report", "all", "--orders", "nowhere.csv"], "there is no file 'nowhere.csv'"),
        (["report", "ltv", "-p", "horizon=12"], "a number and a unit"),
        (["report", "ltv", "-p", "horizon"], "-p takes name=value"),
        (["report"], "Missing argument"),
        (["params", "pay"], "there is no report 'pay'"),
        (["repot"], "No such command"),
    ],
)
def test_what_cannot_be_run_is_refused_before_a_kernel_starts(capsys, monkeypatch, tmp_path, arguments, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == cli.NOTHING_RUN
    said = capsys.readouterr().err
    assert message in said
    assert "Traceback" not in said
    assert not list(tmp_path.iterdir())


def test_help_and_params_read_well(capsys):
    for arguments in (["--help"], ["report", "--help"], ["params", "payback"]):
        cli.main(arguments)
    said = capsys.readouterr().out
    for field in catalog.Parameters.__dataclass_fields__:
        assert "--" + field.replace("_", "-") in said
    assert "cost of acquiring one customer" in said


def test_help_needs_nothing_heavy():
    heavy = "import sys, ltv.cli; sys.exit(bool({'pandas', 'papermill', 'nbconvert', 'matplotlib'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", heavy], check=False).returncode == 0


def test_summary_names_page_and_failure(tmp_path, notebook):
    records = render_all({str(notebook("1/0")): {}}, tmp_path / "out")
    said = summary(records, tmp_path / "out")
    assert "tiny failed: ZeroDivisionError" in said
    assert "failed/tiny.ipynb" in said


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(
    ("how", "code"), [(signal.SIGINT, cli.INTERRUPTED), (signal.SIGTERM, cli.ENDED), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_a_run_that_is_ended_leaves_no_process_and_no_half_page(tmp_path, how, code):
    # A shell that starts the tests in the background (`make test &`) has them, and what they start, ignore an interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    run = subprocess.Popen(
        [sys.executable, "-m", "ltv", "report", "retention", "--out", str(tmp_path / "out")],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    children = _until_a_kernel_runs(run)
    os.killpg(run.pid, how) if how is signal.SIGINT else os.kill(run.pid, how)
    _, said = run.communicate(timeout=60)
    assert run.returncode == code
    assert "Traceback" not in said
    assert psutil.wait_procs(children, timeout=60)[1] == []
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def _until_a_kernel_runs(run: subprocess.Popen[str]) -> list[psutil.Process]:
    while run.poll() is None:
        children = psutil.Process(run.pid).children(recursive=True)
        with contextlib.suppress(psutil.NoSuchProcess):
            words = [" ".join(child.cmdline()) for child in children]
            # A forked kernel has the command line of the process it was forked from.
            if any("ipykernel_launcher" in it for it in words) or sum("forkserver" in it for it in words) > 1:
                return children
        time.sleep(0.05)
    raise AssertionError(f"no kernel came up: {run.communicate()[1]}")
