"""Where the notebooks are."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from ltv.errors import ParameterError


def notebook_path(name: str | Path) -> Path:
    """The notebook of a report: a path to one, or the name of one that comes with the package.

    Raises ParameterError when there is none.
    """
    if Path(name).suffix == ".ipynb" and Path(name).is_file():
        return Path(name).absolute()
    package = Path(str(files("ltv")))
    for folder in (package / "notebooks", package.parent / "notebooks"):
        if (path := folder / f"{name}.ipynb").is_file():
            return path
    raise ParameterError(f"there is no notebook {str(name)!r}")
