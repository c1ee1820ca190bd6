"""The wheel carries all it needs: built, installed into an empty environment, and run from another folder."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def _run(*command, **options):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A virtual environment that holds the wheel alone and borrows its dependencies, but not this checkout."""
    place = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    _run(*pip, "wheel", ROOT, "--no-deps", "--no-build-isolation", "--no-index", "-w", place)
    (wheel,) = place.glob("ltv-*.whl")
    _run(sys.executable, "-m", "venv", "--without-pip", place / "env")
    python = place / "env" / "bin" / "python"
    _run(*pip, "--python", python, "install", "--no-deps", "--no-index", wheel)
    home = _run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout.strip()
    # A .pth file inside a borrowed folder is not read, so the editable install of this checkout stays out.
    (Path(home) / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    return place


def test_the_wheel_renders_a_report_from_another_folder(installed):
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    plain["JUPYTER_PATH"] = str(Path(sys.prefix) / "share" / "jupyter")  # nbconvert's data files are borrowed too
    where = _run(
        installed / "env" / "bin" / "python", "-c", "import ltv; print(ltv.__file__)", cwd=installed, env=plain
    )
    assert where.stdout.startswith(str(installed))
    ltv = installed / "env" / "bin" / "ltv"
    _run(ltv, "report", "retention", "--orders", "cdnow_sample", "--out", "out", cwd=installed, env=plain)
    page = (installed / "out" / "retention.html").read_text()
    assert "<h1" in page
    assert "2,357 customers" in page
    assert (installed / "out" / "index.html").exists()
