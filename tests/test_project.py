"""The shape of the project itself: arrows of import, a light import, versions said once."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import ltv

ROOT = Path(__file__).parents[1]
FLOORS = [
    "errors",
    "secrets",
    "units",
    "names",
    "cache",
    "engine",
    "inputs",
    "models",
    "simulate",
    "orders",
    "metrics",
    "plots",
    "pages",
    "cli",
]
PLOTS_KNOW = {"errors", "units", "names", "plots"}


def _imports(path):
    """The floors that a file imports from, wherever in the file the import stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "ltv":
            homes = [
                ltv.PUBLIC.get(alias.name, f"ltv.{alias.name}") for alias in node.names if alias.name != "__version__"
            ]
            names = [node.module] if node.module != "ltv" else homes
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.split(".")[0] == "ltv"]
        else:
            continue
        yield from (name.split(".")[1] for name in names if "." in name)


def _files():
    package = ROOT / "ltv"
    return [
        path
        for path in package.rglob("*.py")
        if path.relative_to(package).parts[0] not in ("__init__.py", "__main__.py")
    ]


@pytest.mark.parametrize("path", _files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_from_lower_floors_to_upper_ones_only(path):
    here = path.relative_to(ROOT / "ltv").parts[0].removesuffix(".py")
    assert here in FLOORS, f"{here} has no floor"
    for floor in _imports(path):
        assert floor in FLOORS, f"{path.name} imports ltv.{floor}, which has no floor"
        assert FLOORS.index(floor) <= FLOORS.index(here), f"{path.name} ({here}) imports from {floor}, below it"
        if here == "plots":
            assert floor in PLOTS_KNOW, f"a picture knows frames and units, not {floor}"


def test_importing_ltv_is_light():
    heavy = ["matplotlib", "papermill", "pyspark", "lifetimes", "pandas", "scipy", "ibis"]
    code = f"import sys, ltv; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there():
    for name in ltv.__all__:
        assert getattr(ltv, name) is not None, name
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = ltv.nonsense


def test_environment_and_pyproject_bound_the_same_versions():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [line for group in project["optional-dependencies"].values() for line in group]
    bounds = {r.name: str(r.specifier) for r in map(Requirement, project["dependencies"] + extras)}
    bounds |= {"python": project["requires-python"], "pip": ""}
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    named = [Requirement(line) for line in conda if isinstance(line, str)]
    for requirement in named:
        name = requirement.name.removesuffix("-base")
        assert str(requirement.specifier) == bounds[name], f"{name} is bounded differently in environment.yml"
    users = {"jupyter", "pandas", "lifetimes", "matplotlib", "seaborn", "papermill", "pytest"}
    assert users <= {requirement.name.removesuffix("-base") for requirement in named}


def test_the_lock_pins_every_dependency_and_names_no_registry():
    lock = (ROOT / "requirements.lock").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    for extra in ("lab", "test", "lint", "build"):
        wanted += project["optional-dependencies"][extra]
    pinned = {line.split("==")[0] for line in lock.splitlines() if "==" in line and not line.startswith((" ", "#"))}
    for requirement in map(Requirement, wanted):
        assert requirement.name.lower() in pinned, f"{requirement.name} is not in the lock: make lock"
    assert "://" not in lock
    assert "--index-url" not in lock


def test_the_lock_of_spark_fits_beside_the_other_one():
    lock = (ROOT / "requirements-spark.lock").read_text()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    pins = dict(line.rstrip(" \\").split("==") for line in lock.splitlines() if "==" in line)
    for requirement in map(Requirement, extras["spark"]):
        assert pins[requirement.name] in requirement.specifier, "make lock"
    both = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if line.split("==")[0] in pins]
    assert not both, "a package pinned in both locks"
    assert lock.count("--hash=sha256:") >= len(pins)
    assert "://" not in lock
