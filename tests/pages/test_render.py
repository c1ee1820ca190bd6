"""One report: rendered for real on tiny notebooks, and every way in which a run lies or fails."""

import json
import sys

import nbformat
import pytest

from ltv.pages import checking
from ltv.pages.kernels import ThisPython
from ltv.pages.notebooks import notebook_path
from ltv.pages.render import render
from ltv.pages.running import NotebookError, execute

from .conftest import HEADLINE

BAR = """
from IPython.display import display
display({'application/vnd.jupyter.widget-view+json': {}, 'text/plain': 'FloatProgress(value=0.0)'}, raw=True)
"""


def test_a_notebook_becomes_a_page(notebook, tmp_path):
    data = tmp_path / "a folder" / "orders & more.csv"
    data.parent.mkdir()
    data.write_text("x")
    path = notebook(
        HEADLINE,
        "import sys, warnings\nwarnings.warn('not for ' + 'readers')\nprint(sys.version_info[:2], '<b>')",
        "x",
        BAR,
        "Cards([Card('Value', '$12', numbers=(12.0, 10.0, 15.0))])",
        "Grade('warn', 'It missed.')",
        parameters="x: int = 1\norders: str = 'cdnow'\nwhen: str | None = None",
    )
    given = {"x": 41_234, "orders": str(data), "when": None}
    record = render(path, given, tmp_path / "out")
    html = (tmp_path / "out" / "tiny.html").read_text("utf-8")
    assert (record.status, record.file, record.error) == ("done", "tiny.html", "")
    assert checking.check_page(html) == []
    assert '<h1><span class="title">Tiny report</span> Half of them stay.</h1>' in html
    assert "<title>Tiny report: Half of them stay.</title>" in html
    assert "41234" in html  # the value of a cell: execute_result is defined
    assert "&lt;b&gt;" not in html.partition("<details")[0]  # what a cell prints is not for readers
    assert "FloatProgress" not in html.partition("<details")[0]
    assert "not for readers" not in html
    assert str(tmp_path) not in html
    assert "data-ltv" not in html
    assert record.headline["covers"] == "all"
    assert record.cards[0]["numbers"] == [12.0, 10.0, 15.0]
    assert record.grade["tone"] == "warn"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["tiny.html"]


def test_the_same_bytes_twice(notebook, tmp_path):
    path = notebook(HEADLINE)
    records = [render(path, {"x": 2}, tmp_path / out) for out in ("one", "two")]
    assert records[0].sha256 == records[1].sha256
    assert records[0].key == records[1].key


@pytest.mark.parametrize(
    ("cells", "given", "message"),
    [
        (["1"], {"y": 1}, "takes no parameter y"),
        (["import sys\nsys.exit(0)", "1"], {"x": 1}, "SystemExit in code cell 3 of 4"),
        (["1", "import sys\nsys.exit(0)"], {"x": 1}, "SystemExit in code cell 4 of 4"),
        (["import os\nos.kill(os.getpid(), 9)", "1"], {"x": 1}, "ended before its time"),
        (["import os\nos._exit(0)"], {"x": 1}, "ended before its time"),
        (["1 / 0"], {"x": 1}, "ZeroDivisionError: division by zero"),
        (
            ["from ltv.errors import DataError\nraise DataError('orders', ['empty'])"],
            {"x": 1},
            "orders: 1 fault\n  empty",
        ),
    ],
    ids=["unknown", "exit", "last-exit", "killed", "os-exit", "error", "ours"],
)
def test_a_run_that_lies_or_fails_is_caught(notebook, tmp_path, cells, given, message):
    out = tmp_path / "out"
    out.mkdir()
    (out / "tiny.html").write_text("the last good page")
    record = render(notebook(*cells), given, out)
    assert record.status == "failed"
    assert message in record.error
    assert "Traceback" not in record.error
    assert (out / "tiny.html").read_text() == "the last good page"
    assert nbformat.read(out / record.failed_notebook, as_version=4).cells


def test_an_unsound_page_is_not_published(notebook, tmp_path):
    source = "from IPython.display import HTML\nHTML('<img src=\"http://example.org/x.png\">')"
    record = render(notebook(source), {}, tmp_path / "out")
    assert record.error.startswith("the page is not sound: ")
    assert not (tmp_path / "out" / "tiny.html").exists()


def test_a_failure_keeps_what_is_known_of_the_last_good_page(notebook, tmp_path):
    good = render(notebook(HEADLINE), {}, tmp_path / "out")
    bad = render(notebook("1/0"), {}, tmp_path / "out", earlier=good)
    assert (bad.status, bad.file, bad.headline) == ("failed", "tiny.html", good.headline)
    again = render(notebook(HEADLINE), {}, tmp_path / "out", earlier=bad)
    assert (again.status, again.error, again.failed_notebook) == ("done", "", "")
    assert not (tmp_path / "out" / "failed" / "tiny.ipynb").exists()


def test_what_a_killed_notebook_had_shown_is_kept(notebook, tmp_path):
    source = notebook("print('so far')", "import os\nos.kill(os.getpid(), 9)")
    record = render(source, {}, tmp_path / "out")
    assert "so far" in (tmp_path / "out" / record.failed_notebook).read_text()


def test_secrets_in_a_failed_notebook_are_not_kept(notebook, tmp_path):
    record = render(notebook("raise ValueError('postgresql://ann:s3cret@db/x')"), {}, tmp_path)
    assert "s3cret" not in record.error
    assert "s3cret" not in (tmp_path / record.failed_notebook).read_text()


def test_without_a_parameters_cell_nothing_is_taken(notebook):
    with pytest.raises(NotebookError, match="takes no parameter x"):
        execute(notebook("1", parameters=None), {"x": 1})


def test_a_kernel_that_dies_before_it_answers_is_told_at_once(notebook, monkeypatch):
    spec = ThisPython.kernel_spec.fget

    def broken(manager):
        found = spec(manager)
        found.argv = [sys.executable, "-c", "raise SystemExit('no room')"]
        return found

    monkeypatch.setattr(ThisPython, "kernel_spec", property(broken))
    with pytest.raises(NotebookError, match="ended before its time") as caught:
        execute(notebook("1"), {"x": 1})
    assert "no room" in caught.value.details


def test_the_kernel_is_this_python_whatever_kernels_are_installed(monkeypatch, tmp_path):
    wrong = tmp_path / "kernels" / "python3"
    wrong.mkdir(parents=True)
    (wrong / "kernel.json").write_text(json.dumps({"argv": ["/bin/false"], "display_name": "no", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert ThisPython(kernel_name="python3").kernel_spec.argv[0] == sys.executable


def test_a_report_without_a_notebook_is_named():
    with pytest.raises(Exception, match="there is no notebook 'nothing'"):
        notebook_path("nothing")
