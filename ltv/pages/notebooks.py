"""Where the notebooks are, and what they are called."""

from __future__ import annotations

import json
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


def heading(path: Path) -> str:
    """The title of a notebook, its first level-one heading; without one, the name of its file."""
    cells = json.loads(path.read_text("utf-8")).get("cells", [])
    texts = ["".join(cell.get("source", "")) for cell in cells if cell.get("cell_type") == "markdown"]
    return next((text.partition("\n")[0][2:].strip() for text in texts if text.startswith("# ")), path.stem)
