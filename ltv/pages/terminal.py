"""What the command line says: one line of progress, and tables of what was made or would be."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from ltv.pages.plan import Segment
from ltv.pages.records import Record


class Progress:
    """One line of progress over the reports: a bar on a terminal, a line per report in a log."""

    def __init__(self) -> None:
        from tqdm import tqdm

        self.bar = tqdm(unit="report", disable=not sys.stderr.isatty(), leave=False)

    def planned(self, count: int) -> None:
        self.bar.reset(total=count)

    def done(self, record: Record) -> None:
        if self.bar.disable:
            click.echo(f"{record.id}: {record.status}, {record.seconds:.1f} s", err=True)
        if record.status in ("kept", "skipped"):  # nothing was made: there is less to do
            self.bar.total = (self.bar.total or 1) - 1
            self.bar.refresh()
        else:
            self.bar.update()

    def close(self) -> None:
        self.bar.close()


def summary(records: Sequence[Record], out: Path) -> str:
    rows = [("report", "status", "seconds", "page", "finding")]
    for record in records:
        page = str(out / record.file) if record.status in ("done", "kept") else "-"
        seconds = f"{record.seconds:.1f}" if record.status in ("done", "failed") else "-"
        rows.append((record.id, record.status, seconds, page, record.headline.get("text", "")))
    lines = [columns(rows), ""]
    for (status, why), group in _alike(records).items():
        names = [record.id for record in group]
        lines.append(f"{', '.join(names[:5])}{_more(names)} {status}: {why}")
        lines += [f"  as far as it came: {out / it.failed_notebook}" for it in group[:5] if it.failed_notebook]
    return "\n".join([*lines, f"{counted(records)}. All reports: {out / 'index.html'}"])


def _alike(records: Sequence[Record]) -> dict[tuple[str, str], list[Record]]:
    """The reports that were not made, those of one reason together."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if record.status in ("failed", "skipped"):
            groups.setdefault((record.status, record.error), []).append(record)
    return groups


def _more(names: Sequence[str]) -> str:
    return f" and {len(names) - 5} more" if len(names) > 5 else ""


def counted(records: Sequence[Record]) -> str:
    """How many reports were asked for, and what became of them."""
    found = Counter[str](record.status for record in records)
    words = {"done": "made", "kept": "still right", "skipped": "skipped", "failed": "failed"}
    told = [f"{found[status]} {word}" for status, word in words.items() if found[status]]
    return f"{len(records)} report{'s' * (len(records) != 1)}: {', '.join(told) or 'nothing to do'}"


def columns(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    return "\n".join(
        "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in rows
    )


def planned(plan: Sequence[tuple[Segment, str]]) -> str:
    """What would be made, and of what nothing would be made."""
    rows = [("segment", "folder", "reports")]
    for segment, why in plan:
        made = ", ".join(segment.reports) or "nothing"
        rows.append((segment.title, segment.folder, f"{made} ({why})" if why else made))
    return columns(rows)
