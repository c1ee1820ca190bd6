"""An executed notebook as one self-contained page, by nbconvert and the template beside this file."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters import markdown2html
from nbformat import NotebookNode
from traitlets.config import Config

from ltv.names import neutral
from ltv.pages.blocks import MIME, alarm_html, sentence
from ltv.pages.changes import changes
from ltv.pages.colours import ramp_css

TEMPLATE = Path(__file__).parent / "template"
WIDGET = "application/vnd.jupyter.widget-view+json"
SHOWN = ["text/html", "image/svg+xml", "image/png", "text/plain"]


class PageExporter(TemplateExporter):
    """nbconvert's exporter with the template of this package."""

    file_extension = ".html"
    output_mimetype = "text/html"

    def __init__(self, **options: Any) -> None:
        config = Config({"NbConvertBase": {"display_data_priority": SHOWN}})
        place = {"template_name": TEMPLATE.name, "extra_template_basedirs": [str(TEMPLATE.parent)]}
        super().__init__(config=config, **place, **options)
        self.register_filter("sentence", sentence)
        self.register_filter("covers", covers)


def export(
    notebook: NotebookNode, *, segment: str = "", before: Mapping[str, Any] | None = None
) -> tuple[str, dict[str, Any]]:
    """The page of an executed notebook, and what its blocks tell the manifest: title, headline, grade, cards, months.

    The first level-one heading is the page's name; level-two headings are its contents. With `before`, what the last
    run told, the page says what has changed.
    """
    record: dict[str, Any] = {"title": "", "headline": {}, "grade": {}, "cards": [], "closed": {}, "alarms": []}
    contents: list[tuple[str, str]] = []
    notebook.cells = _sections(notebook.cells)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.metadata["html"], title = _prose(cell.source, contents)
            record["title"] = record["title"] or title
        elif cell.cell_type == "code":
            _collect(cell, record)
    name, headline = " · ".join(filter(None, [record["title"] or "Report", segment])), record["headline"]
    page = furniture() | {
        "name": name,
        "title": f"{name}: {headline['text']}" if headline else name,
        "headline": headline,
        "covers": covers(headline),
        "alarms": alarm_html(record.pop("alarms")),
        "contents": contents if len(contents) > 2 else [],
        "program": _program(notebook.cells),
        "since": before.get("as_of", "") if before else "",
        "changes": changes(before, record) if before else [],
    }
    html, _ = _exporter().from_notebook_node(notebook, resources={"page": page})
    return neutral(html), record


def _sections(cells: Sequence[NotebookNode]) -> list[NotebookNode]:
    """The cells without headings whose section shows nothing: their blocks had nothing to say of this log."""
    kept: list[NotebookNode] = []
    section: list[NotebookNode] = []
    for cell in [*cells, None]:
        if cell is None or (cell.cell_type == "markdown" and cell.source.startswith("## ")):
            headed = bool(section) and section[0].cell_type == "markdown" and section[0].source.startswith("## ")
            blank = headed and not any(part.get("outputs") for part in section)
            kept += [part for part in section if part.cell_type == "code"] if blank else section
            section = []
        section += [cell] if cell is not None else []
    return kept


def render_list(
    name: str,
    covers: str,
    records: Sequence[dict[str, Any]],
    *,
    segments: str = "",
    earlier: Sequence[tuple[str, str]] = (),
) -> str:
    """The page that lists reports; `segments` is a table of those that have a folder of their own, `earlier` are the
    address and the time of runs that were kept."""
    return _render("list.html.j2", name, covers=covers, records=records, segments=segments, earlier=earlier)


def render_failure(name: str, message: str, details: str, notebook: str) -> str:
    """The page of a report that could not be made: why, in a reader's words, and folded away, a developer's."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", details)[-20_000:]
    return _render("failure.html.j2", name, message=message, details=plain, notebook=notebook)


def _render(template: str, name: str, **told: Any) -> str:
    page = furniture() | {"name": name, "title": name} | told
    return neutral(_exporter().environment.get_template(template).render(page=page))


@cache
def _exporter() -> PageExporter:
    """One for all pages of a process: its templates are compiled once."""
    return PageExporter()


@cache
def furniture() -> dict[str, str]:
    """What every page carries: the style, the script, and the hash that lets this script alone run."""
    script = (TEMPLATE / "page.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    style = re.sub(r"/\*.*?\*/\s*", "", (TEMPLATE / "page.css").read_text("utf-8"), flags=re.S)
    return {"style": style + ramp_css(), "script": script, "script_hash": f"sha256-{digest}"}


def _prose(source: str, contents: list[tuple[str, str]]) -> tuple[str, str]:
    """Markdown as HTML, its level-one heading apart; level-two headings are added to the contents."""
    html = re.sub(r'<a class="anchor-link".*?</a>', "", markdown2html(source))
    title = re.search(r"<h1[^>]*>(.*?)</h1>", html, flags=re.S)
    html = re.sub(r"<h1[^>]*>.*?</h1>", "", html, flags=re.S).strip()
    contents += [(anchor, _text(head)) for anchor, head in re.findall(r'<h2 id="([^"]*)">(.*?)</h2>', html, flags=re.S)]
    return html, _text(title[1]) if title else ""


def _text(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html)).strip()


def _collect(cell: NotebookNode, record: dict[str, Any]) -> None:
    """Move what the blocks of a cell tell into the record; the headline goes to the head of the page.

    What a cell printed, and progress bars, are for who runs the notebook, not for who reads the page.
    """
    shown = []
    for output in cell.outputs:
        if output.output_type == "stream" or WIDGET in output.get("data", {}):
            continue
        told = output.get("data", {}).get(MIME, {})
        record["cards"] += told.get("cards", [])
        record.update(
            {key: told[key] for key in ("headline", "grade", "closed", "alarms") if key in told and not record[key]}
        )
        if "text/html" in output.get("data", {}):
            html = re.sub(r'<style data-ltv="lab">.*?</style>', "", output.data["text/html"], flags=re.S)
            output.data["text/html"] = html
        if "headline" not in told:
            shown.append(output)
    cell.outputs = shown


def covers(headline: dict[str, str]) -> str:
    """What a finding rests on, in one line."""
    return " · ".join(filter(None, [headline.get("covers"), headline.get("as_of") and f"as of {headline['as_of']}"]))


def _program(cells: Sequence[NotebookNode]) -> list[str]:
    """The code in order; the default parameters give way to the ones that were injected."""
    tags = [cell.metadata.get("tags", []) for cell in cells]
    hidden = "parameters" if any("injected-parameters" in tag for tag in tags) else None
    return [
        cell.source
        for cell, tag in zip(cells, tags, strict=True)
        if cell.cell_type == "code" and hidden not in tag and cell.source.strip()
    ]
