"""The list of reports: `manifest.json` rendered as `index.html`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ltv.pages import catalog
from ltv.pages.export import render_list
from ltv.pages.history import RUNS, keep_run, runs, when
from ltv.pages.records import Record, publish, write_records
from ltv.pages.tables import scrolling

FIGURES = 5
_TONES = ("bad", "warn", "good", "plain")
_STATUS = {"failed": "failed", "skipped": "skipped", "done": "done"}


def write_index(folder: Path, records: Mapping[str, Record], *, keep: int = 0) -> None:
    """Write manifest and index of a folder; with `keep`, also keep this run and the `keep` − 1 before it."""
    ranked = ranked_records(records)
    write_records(folder, ranked)
    kept = keep_run(folder, keep, ranked, index=_page(ranked)) if keep else None
    earlier = [run for run in reversed(runs(folder)) if run != kept]
    publish(folder / "index.html", _page(ranked, [(f"{RUNS}/{run.name}/index.html", when(run)) for run in earlier]))


def _page(ranked: Sequence[Record], earlier: Sequence[tuple[str, str]] = ()) -> str:
    alone = _once([_shown(record) for record in ranked if not record.folder])
    rows = [list(group) for _, group in groupby(ranked, key=lambda it: (it.segment, it.folder))]
    rows = [row for row in rows if row[0].folder]
    skipped = [row for row in rows if all(record.status == "skipped" for record in row)]
    made = [row for row in rows if row not in skipped]
    segments = (_table(made) if made else "") + (_folded(skipped) if skipped else "")
    return render_list("Customer reports", _covers(ranked), alone, segments=segments, earlier=earlier)


def _once(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A reason or a grade that several reports share is told by the first of them; the others name it."""
    tellers: dict[str, str] = {}
    for record in shown:
        if (text := record["grade"].get("text")) and record["file"]:
            teller = tellers.setdefault(text, record["title"])
            if teller != record["title"]:
                record["grade"]["text"] = f"As for {teller}."
        if record["error"] and record["error"] in tellers:
            record["error"] = f"Why: as for {tellers[record['error']]}."
        elif record["error"]:
            tellers[record["error"]] = record["title"]
    return shown


def _folded(rows: Sequence[Sequence[Record]]) -> str:
    """The segments that were skipped, out of the way, those of one reason together."""
    reasons: dict[str, list[str]] = {}
    for row in rows:
        pages = " · ".join(_link(record) for record in row if record.file)
        name = escape(row[0].segment or row[0].folder) + (f" (earlier: {pages})" if pages else "")
        reasons.setdefault(row[0].error, []).append(name)
    items = "".join(f"<li>{', '.join(names)}: {escape(why)}</li>" for why, names in reasons.items())
    count = f"{len(rows)} segment{'s' * (len(rows) != 1)} skipped"
    return f'<details class="program"><summary>{count}</summary><ul>{items}</ul></details>'


def ranked_records(records: Mapping[str, Record]) -> list[Record]:
    """Segments by name, within each the known reports first and in the order in which they are read."""
    order = catalog.reports()
    rank = {name: i for i, name in enumerate(order)}
    return sorted(
        records.values(),
        key=lambda it: (it.folder != "", _natural(it.segment), it.folder, rank.get(it.name, len(order)), it.name),
    )


def _natural(name: str) -> list[str | int]:
    """A key that puts "week 9" before "week 10".

    >>> sorted(["week 10", "week 9", "ads"], key=_natural)
    ['ads', 'week 9', 'week 10']
    """
    return [int(part) if i % 2 else part for i, part in enumerate(re.split(r"([0-9]+)", name))]


def _covers(records: Sequence[Record]) -> str:
    count = Counter(record.status for record in records)
    words = [f"{len(records)} report{'s' * (len(records) != 1)}"]
    words += [f"{count['failed']} failed in the last run"] * bool(count["failed"])
    words += [f"{count['skipped']} skipped"] * bool(count["skipped"])
    return ", ".join(words)


def _shown(record: Record) -> dict[str, Any]:
    return asdict(record) | {"href": quote(record.file), "failed_href": quote(record.failed_page)}


def _table(rows: Sequence[Sequence[Record]]) -> str:
    """One row a segment: its reports, status, grade, key figures and the day its data end."""
    labels = Counter(label for row in rows for label in dict.fromkeys(card["label"] for card in _cards(row)))
    figures = [label for label, _ in labels.most_common(FIGURES)]
    graded = any(record.grade for row in rows for record in row)
    heads = ["Segment", "Status", "Reports", *(["Forecast"] if graded else [])]
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    head += "".join(f'<th scope="col" class="ltv-number">{escape(label)}</th>' for label in figures)
    head += '<th scope="col">Data up to</th>'
    body = "".join(f"<tr>{_row(row, figures, graded=graded)}</tr>" for row in rows)
    caption = f"<caption><span>{len(rows)} segment{'s' * (len(rows) != 1)}</span></caption>"
    table = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    box = scrolling("ltv-table ltv-list", table, name="segments", label="Segments")
    return box.replace('id="segments"', 'id="segments" data-search="Find a segment"', 1)


def _row(row: Sequence[Record], figures: Sequence[str], *, graded: bool) -> str:
    cards = {card["label"]: card for card in reversed(_cards(row))}
    status = next(word for word in _STATUS if any(record.status == word for record in row))
    why = next((record.error for record in row if record.status == status and record.error), "")
    note = f'<br><span class="ltv-note lines">{escape(why)}</span>' if why else ""
    as_of = max((record.headline.get("as_of", "") for record in row), default="")
    cells = [
        f'<th scope="row">{escape(row[0].segment or row[0].folder)}</th>',
        f"<td{' class=ltv-bad' if status == 'failed' else ''}>{_STATUS[status]}{note}</td>",
        f'<td class="ltv-links">{" · ".join(_link(record) for record in row)}</td>',
        *([_grade(row)] if graded else []),
        *(_figure(cards.get(label)) for label in figures),
        f'<td class="ltv-day">{escape(as_of) or "–"}</td>',
    ]
    return "".join(cells)


def _link(record: Record) -> str:
    title = escape(record.title)
    page = f'<a href="{quote(record.file)}">{title}</a>' if record.file else title
    if record.status != "failed":
        return page
    why = f'<a href="{quote(record.failed_page)}">why {title} failed</a>' if record.failed_page else "failed"
    return f"{page} ({why})"


def _grade(row: Sequence[Record]) -> str:
    grades = sorted((record.grade for record in row if record.grade), key=lambda grade: _TONES.index(grade["tone"]))
    return f'<td class="ltv-{escape(grades[0]["tone"])}">{escape(grades[0]["word"])}</td>' if grades else "<td>–</td>"


def _figure(card: Mapping[str, Any] | None) -> str:
    if card is None:
        return '<td class="ltv-number ltv-unknown">–</td>'
    raw = f' data-value="{card["numbers"][0]:.10g}"' if card["numbers"] else ""
    return f'<td class="ltv-number"{raw}>{escape(card["value"])}</td>'


def _cards(row: Sequence[Record]) -> list[Mapping[str, Any]]:
    """The first two key figures of each report that has a page."""
    return [card for record in row if record.file for card in record.cards[:2]]
