"""The list of reports: `manifest.json` rendered as `index.html`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from urllib.parse import quote

from ltv.pages import catalog
from ltv.pages.export import render_list
from ltv.pages.records import Record, publish, write_records


def write_index(folder: Path, records: Mapping[str, Record]) -> None:
    """Write manifest and index of a folder, known reports first and in the order in which they are read."""
    order = catalog.reports()
    ranked = sorted(
        records.values(), key=lambda it: (order.index(it.name) if it.name in order else len(order), it.name)
    )
    write_records(folder, ranked)
    failed = sum(record.status == "failed" for record in ranked)
    covers = f"{len(ranked)} report{'s' * (len(ranked) != 1)}" + (
        f", {failed} failed in the last run" if failed else ""
    )
    shown = [asdict(record) | {"href": quote(record.file)} for record in ranked]
    publish(folder / "index.html", render_list("Customer reports", covers, shown))
