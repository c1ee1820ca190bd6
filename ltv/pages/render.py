"""One report: notebook and parameters in, one page out, and a record of what happened."""

from __future__ import annotations

import hashlib
import re
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import nbformat

from ltv.pages.budget import within
from ltv.pages.changes import told_before
from ltv.pages.checking import check_page
from ltv.pages.environment import legible
from ltv.pages.export import export, render_failure
from ltv.pages.notebooks import heading, notebook_path
from ltv.pages.records import Record, id_of, key_of, now, publish, shared, shared_parameters
from ltv.pages.running import NotebookError, execute
from ltv.secrets import hidden, hide, hide_known, learn


def render(
    name: str | Path,
    parameters: Mapping[str, Any],
    out: Path,
    *,
    earlier: Record | None = None,
    folder: str = "",
    segment: str = "",
) -> Record:
    """Run a notebook with these parameters and put its page into `folder` within `out`.

    A page appears only when every cell ran and the page passes its own check; otherwise the last good one stays
    (`earlier` is its record), and in `out/failed` lie a page that says why and the notebook as far as it came. Raises
    ParameterError when there is no such notebook; everything that goes wrong later is in the record.
    """
    notebook, started = notebook_path(name), time.monotonic()
    learn(parameters)
    key, place = key_of(notebook, parameters), id_of(folder, notebook.stem)
    blank = Record(notebook.stem, heading(notebook), "failed", "", folder, segment)
    before = told_before(earlier, key)
    try:
        html, found = _page(notebook, parameters, segment=segment, before=before)
    except NotebookError as error:
        record = _failed(error, out, place, earlier or blank)
    else:
        publish(out / f"{place}.html", html)
        for kept in (out / "failed" / f"{place}.ipynb", out / "failed" / f"{place}.html"):
            kept.unlink(missing_ok=True)
        digest = hashlib.sha256(html.encode()).hexdigest()
        made = replace(blank, status="done", key=key, file=f"{place}.html", sha256=digest, before=before)
        record = replace(made, **found)
    told = shared_parameters(parameters)
    return replace(record, segment=segment, parameters=told, made=now(), seconds=round(time.monotonic() - started, 2))


def _page(
    notebook: Path, parameters: Mapping[str, Any], *, segment: str, before: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The checked page of a notebook. Raises NotebookError."""
    with tempfile.TemporaryDirectory(prefix="ltv-", ignore_cleanup_errors=True) as links:
        parameters = {name: legible(value, Path(links)) for name, value in parameters.items()}
        done = execute(notebook, parameters)
    for cell in done.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.source = hide(cell.source)
    html, found = export(done.copy(), segment=segment, before=before)
    # A page is shared; the folders of the machine that made it are nobody's business.
    for value in parameters.values():
        if isinstance(value, str) and Path(value).is_absolute() and len(Path(value).parts) > 2:
            html = html.replace(escape(value), escape(Path(value).name)).replace(value, Path(value).name)
    html = within(hide_known(html))
    if faults := check_page(html):
        raise NotebookError("the page is not sound: " + "; ".join(faults), notebook=done)
    return html, found


def _failed(error: NotebookError, out: Path, place: str, last: Record) -> Record:
    """Keep what there is of a failed run, beside the last good page."""
    kept, page = f"failed/{place}.ipynb", f"failed/{place}.html"
    title, message = last.title, shared(str(error))
    publish(out / kept, nbformat.writes(nbformat.from_dict(hidden(error.notebook))) if error.notebook else "")
    details = shared(re.sub(r"\x1b\[[0-9;]*m", "", error.details))
    publish(out / page, render_failure(title, message, details, Path(kept).name))
    return replace(last, title=title, status="failed", error=message, failed_notebook=kept, failed_page=page)
