"""What the command line says: one line of progress, and tables of what was made or would be."""

from __future__ import annotations

import sys
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
        self.bar.update()

    def close(self) -> None:
        self.bar.close()


def summary(records: Sequence[Record], out: Path) -> str:
    rows = [("report", "status", "seconds", "page", "finding")]
    for record in records:
        page = str(out / record.file) if record.status == "done" else "-"
        rows.append((record.id, record.status, f"{record.seconds:.1f}", page, record.headline.get("text", "")))
    lines = [columns(rows), ""]
    for record in records:
        if record.status == "skipped":
            lines.append(f"{record.id} skipped: {record.error}")
        if record.status == "failed":
            kept = f"\n  as far as it came: {out / record.failed_notebook}" if record.failed_notebook else ""
            lines.append(f"{record.id} failed: {record.error}{kept}")
    return "\n".join([*lines, f"all reports: {out / 'index.html'}"])


def columns(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    return "\n".join(
        "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
        for row in rows
    )


def planned(segments: Sequence[Segment]) -> str:
    rows = [("segment", "folder", "reports")]
    rows += [(segment.title, segment.folder, ", ".join(segment.reports)) for segment in segments]
    return columns(rows)
