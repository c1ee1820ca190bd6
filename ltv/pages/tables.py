"""Frames as real HTML tables: headers with scope, a caption, and nothing that needs a script to be read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from html import escape
from typing import Any

import pandas as pd

from ltv.pages import formats as written
from ltv.pages.blocks import Block, sentence
from ltv.units import period_names

LONG = 40  # rows above which a table scrolls in a box of its own
UNSHOWN = ["known", "reached"]  # what pictures and words need of a frame
PERIODS = {"cohort", "period"}  # levels of an index that hold first days
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Table(Block):
    """A frame, index first. NaN reads as `missing` says; `low` and `high` become one interval column.

    `formats` gives columns a kind ("money:EUR", "percent:1", "integer", "number:2", "text"), `labels` a heading.
    An interval is written like the column before it. Columns `known` and `reached` are not shown. Raises ValueError
    for a format or a label of a column that is not there.

    >>> Table(pd.DataFrame({"buyers": [3]}, index=["May"]), "Buyers").plain()
    '     buyers\\nMay       3'
    """

    frame: pd.DataFrame
    caption: str
    _: KW_ONLY
    formats: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    id: str = ""
    interval: str = "90% interval"
    missing: str = "not yet known"

    def __post_init__(self) -> None:
        names = {*map(str, self.frame.columns), *map(str, self.frame.index.names)}
        if extra := [name for name in (*self.formats, *self.labels) if name not in names]:
            raise ValueError(f"the table has no column {', '.join(extra)}; it has {', '.join(sorted(names))}")

    def html(self) -> str:
        columns = _columns(self.frame.drop(columns=UNSHOWN, errors="ignore"), self.formats, _unknown(self.missing))
        names = ["" if name is None else str(name) for name in self.frame.index.names]
        heads = "".join(_head(self.labels.get(name, name)) for name in names)
        heads += "".join(c.head(self.labels.get(c.name, self.interval if c.low else c.name)) for c in columns)
        rows = "".join(
            f"<tr>{head}{''.join(c.cells[i] for c in columns)}</tr>"
            for i, head in enumerate(row_heads(self.frame.index))
        )
        caption = f"<caption><span>{sentence(self.caption)}</span></caption>"
        table = f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        kind = "ltv-table ltv-long" if len(self.frame) > LONG else "ltv-table"
        return scrolling(kind, table, name=self.id, label=self.caption)

    def plain(self) -> str:
        return self.frame.to_string()


@dataclass(frozen=True)
class _Column:
    """One column on the page, written; `low` marks an interval, which is two columns to a machine."""

    name: str
    cells: list[str]
    numeric: bool = True
    low: bool = False

    def head(self, label: str) -> str:
        shown = escape(heading(label))
        split = f' data-split="{shown}: low|{shown}: high"' if self.low else ""
        return f'<th scope="col"{" class=ltv-number" if self.numeric else ""}{split}>{shown}</th>'


def _unknown(why: str) -> str:
    """The cell of a number that there is not."""
    mark = f'<span aria-hidden="true">{written.UNKNOWN}</span><span class="ltv-hidden">{escape(why)}</span>'
    return f'<td class="ltv-number ltv-unknown">{mark}</td>'


def _columns(frame: pd.DataFrame, kinds: Mapping[str, str], unknown: str) -> list[_Column]:
    columns: list[_Column] = []
    show: written.Show = written.number
    for name in map(str, frame.columns):
        if name == "high" and "low" in frame:
            continue
        if name == "low" and "high" in frame:
            show = written.column(frame["low"], kinds["low"]) if "low" in kinds else show
            spans = [_span(low, high, show, unknown) for low, high in zip(frame["low"], frame["high"], strict=True)]
            columns.append(_Column(name, spans, low=True))
            continue
        show = written.column(frame[name], kinds.get(name, ""))
        numeric = show is not written.text
        columns.append(_Column(name, [_cell(value, show, numeric, unknown) for value in frame[name]], numeric))
    return columns


def _cell(value: Any, show: written.Show, numeric: bool, unknown: str) -> str:
    if written.unknown(value):
        return unknown
    raw = f' class="ltv-number" data-value="{float(value):.10g}"' if numeric else ""
    return f"<td{raw}>{escape(show(value))}</td>"


def _span(low: float, high: float, show: written.Show, unknown: str) -> str:
    if written.unknown(low) and written.unknown(high):
        return unknown
    raw = f'data-value="{low:.10g}" data-split="{low:.10g}|{high:.10g}"'
    return f'<td class="ltv-number" {raw}>{escape(written.interval(low, high, show))}</td>'


def scrolling(kind: str, table: str, *, name: str, label: str, below: str = "") -> str:
    """A table in a box that scrolls sideways on a narrow screen, by keyboard too."""
    name = name or re.sub(r"\W+", "-", label.lower()).strip("-")[:40] or "table"
    box = f'<div class="ltv-scroll" tabindex="0" role="region" aria-label="{escape(label)}">{table}</div>'
    return f'<div class="{kind}" id="{escape(name)}">{box}{below}</div>'


def row_heads(index: pd.Index) -> list[str]:
    """The heading cells of each row, one per level of the index; periods that begin with a month go by its name."""
    levels = [index.get_level_values(level) for level in range(index.nlevels)]
    texts = [
        period_names(level) if name in PERIODS else map(written.text, level)
        for name, level in zip(index.names, levels, strict=True)
    ]
    return [_row_head(row) for row in zip(*texts, strict=True)]


def _row_head(texts: Sequence[str]) -> str:
    kinds = ["ltv-day" if _DAY.fullmatch(text) else "ltv-words" if len(text) > 12 else "" for text in texts]
    return "".join(
        f'<th scope="row"{f" class={kind}" if kind else ""}>{escape(text)}</th>'
        for text, kind in zip(texts, kinds, strict=True)
    )


def heading(name: str) -> str:
    """A column's name as a heading: "order_value" reads "Order value"."""
    text = str(name).replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def _head(label: str) -> str:
    shown = escape(heading(label)) if label else '<span class="ltv-hidden">Row</span>'
    return f'<th scope="col">{shown}</th>'
