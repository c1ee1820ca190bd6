"""Running a notebook: papermill in a temporary folder, a kernel of this very interpreter, and no trust in exit codes."""

from __future__ import annotations

import ast
import logging
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbformat import NotebookNode
from papermill.engines import NBClientEngine, papermill_engines
from traitlets.config import Config

from ltv import errors
from ltv.errors import LtvError
from ltv.pages.kernels import LOG, ThisPython

# Unix sockets have short names; a longer temporary folder gets TCP ports instead.
_LONGEST_SOCKET = 80


class NotebookError(LtvError):
    """A notebook did not run to its end: `str` says why to a reader, `details` to a developer."""

    def __init__(self, message: str, *, details: str = "", notebook: NotebookNode | None = None) -> None:
        super().__init__(message)
        self.details, self.notebook = details, notebook


class _Stopped(Exception):
    """A run that did not end by itself, with the notebook as far as it came."""

    def __init__(self, notebook: NotebookNode) -> None:
        self.notebook = notebook


class _Engine(NBClientEngine):
    """papermill's own, but whoever stops it is told how far it came: nothing has to be saved after every cell."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> Any:
        try:
            return super().execute_managed_notebook(nb_man, kernel_name, **options)
        except Exception as error:
            raise _Stopped(nb_man.nb) from error


papermill_engines.register("ltv", _Engine)


def execute(source: Path, parameters: Mapping[str, Any]) -> NotebookNode:
    """The notebook after running with these parameters.

    Raises NotebookError when a parameter is not in its parameters cell, a cell failed or did not run, or the kernel
    died.
    """
    notebook = nbformat.read(source, as_version=4)
    if unknown := parameters.keys() - _declared(notebook):
        raise NotebookError(f"{source.name} takes no parameter {', '.join(sorted(unknown))}", notebook=notebook)
    logging.getLogger("papermill").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="ltv-", ignore_cleanup_errors=True) as folder:
        target = Path(folder) / source.name
        try:
            done = papermill.execute_notebook(
                source,
                target,
                dict(parameters),
                kernel_name="python3",
                language="python",
                engine_name="ltv",
                progress_bar=False,
                request_save_on_cell_execute=False,
                kernel_manager_class=ThisPython,
                shutdown_kernel="immediate",
                config=Config(ThisPython={"folder": folder} | _transport(folder)),
            )
        except papermill.PapermillExecutionError as error:
            raise _told(error, nbformat.read(target, as_version=4)) from None
        except _Stopped as stopped:
            # Whatever else happens here is a kernel that died or never came up.
            raise _ended(stopped, Path(folder)) from stopped
    if fault := _unfinished(done):
        raise NotebookError(fault, notebook=done)
    return done


def _declared(notebook: NotebookNode) -> set[str]:
    """The names that the cell tagged "parameters" sets."""
    sources = [cell.source for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    names: set[str] = set()
    for statement in ast.parse("\n".join(sources)).body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def _transport(folder: str) -> dict[str, str]:
    """Sockets of our own in place of TCP ports, which two kernels that start together can both be given."""
    prefix = str(Path(folder) / "k")
    if os.name != "posix" or len(prefix) > _LONGEST_SOCKET:
        return {}
    return {"transport": "ipc", "ip": prefix}


def _told(error: Any, notebook: NotebookNode) -> NotebookError:
    """An error of ours speaks for itself; any other is named, with its traceback for a developer."""
    ours = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, LtvError)}
    message = error.evalue if error.ename in ours else f"{error.ename}: {error.evalue}"
    return NotebookError(message, details="\n".join(error.traceback), notebook=notebook)


def _ended(stopped: _Stopped, folder: Path) -> NotebookError:
    """A kernel that is gone: the notebook as far as it came, and the kernel's own last words."""
    message = f"the notebook's process ended before its time ({stopped.__cause__}); was there enough memory?"
    log = folder / LOG
    words = log.read_text("utf-8", "replace") if log.exists() else ""
    return NotebookError(message, details=words, notebook=stopped.notebook)


def _unfinished(notebook: NotebookNode) -> str:
    """Why the run is not to be believed, or nothing: papermill takes sys.exit(0) and a dead kernel for success."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    for number, cell in enumerate(cells, 1):
        for output in cell.outputs:
            if output.output_type == "error":
                return f"{output.ename} in code cell {number} of {len(cells)} ended the notebook early"
        if cell.execution_count is None:
            return f"code cell {number} of {len(cells)} did not run"
    return ""
