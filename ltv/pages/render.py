"""One report: notebook and parameters in, one page out, and a record of what happened."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import replace
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from ltv.errors import ParameterError
from ltv.pages.blocks import public
from ltv.pages.checking import check_page
from ltv.pages.export import export
from ltv.pages.records import Record, key_of, now, publish
from ltv.pages.running import NotebookError, execute


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


def render(name: str | Path, parameters: Mapping[str, Any], out: Path, *, earlier: Record | None = None) -> Record:
    """Run a notebook with these parameters and put its page into the folder `out`.

    A page appears only when every cell ran and the page passes its own check; otherwise the last good one stays
    (`earlier` is its record) and the notebook as far as it came lies in `out/failed`. Raises ParameterError when
    there is no such notebook; everything that goes wrong later is in the record.
    """
    notebook, started = notebook_path(name), time.monotonic()
    name, key = notebook.stem, key_of(notebook, parameters)
    told = {item: public(value) if isinstance(value, str) else value for item, value in parameters.items()}
    try:
        html, found = _page(notebook, parameters)
    except NotebookError as error:
        kept = f"failed/{name}.ipynb"
        publish(out / kept, public(nbformat.writes(error.notebook)) if error.notebook else "")
        last = earlier or Record(name, _title(error.notebook) or name, "failed", key)
        record = replace(last, status="failed", key=key, error=public(str(error)), failed_notebook=kept)
    else:
        publish(out / f"{name}.html", html)
        (out / "failed" / f"{name}.ipynb").unlink(missing_ok=True)
        digest = hashlib.sha256(html.encode()).hexdigest()
        record = Record(name, found.pop("title"), "done", key, file=f"{name}.html", sha256=digest, **found)
    return replace(record, parameters=told, made=now(), seconds=round(time.monotonic() - started, 2))


def _page(notebook: Path, parameters: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The checked page of a notebook. Raises NotebookError."""
    done = execute(notebook, parameters)
    html, found = export(done.copy())
    # A page is shared; the folders of the machine that made it are nobody's business.
    for value in parameters.values():
        if isinstance(value, str) and Path(value).is_absolute() and len(Path(value).parts) > 2:
            html = html.replace(escape(value), escape(Path(value).name)).replace(value, Path(value).name)
    if faults := check_page(html):
        raise NotebookError("the page is not sound: " + "; ".join(faults), notebook=done)
    return html, found


def _title(notebook: NotebookNode | None) -> str:
    """The level-one heading of a notebook."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"] if notebook else []
    return next((source.partition("\n")[0][2:] for source in cells if source.startswith("# ")), "")
