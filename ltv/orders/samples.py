"""Order logs to try things on. CDNOW comes with the installed `lifetimes` package; nothing is downloaded."""

from __future__ import annotations

import datetime as dt
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ltv.errors import DataError


@dataclass(frozen=True)
class Sample:
    """A whitespace-separated purchase log inside the `lifetimes` package."""

    name: str
    file: str
    columns: tuple[str, ...]
    until: dt.date
    header_lines: int = 0

    def rows(self) -> pd.DataFrame:
        """Every row as text: customer, date (yyyymmdd), quantity, amount."""
        return pd.read_csv(
            _dataset(self.file),
            sep=r"\s+",
            header=None,
            skiprows=self.header_lines,
            names=list(self.columns),
            dtype=str,
        )


def _dataset(name: str) -> Path:
    # Found, not imported: importing lifetimes costs a second, changes pandas options and needs pkg_resources.
    found = importlib.util.find_spec("lifetimes")
    if found is None or not found.submodule_search_locations:
        raise DataError("orders (cdnow)", ["file  comes with the package lifetimes; pip install lifetimes"])
    return Path(found.submodule_search_locations[0]) / "datasets" / name


CDNOW_END = dt.date(1998, 6, 30)
SAMPLES = {
    "cdnow": Sample("CDNOW", "CDNOW_master.txt", ("customer", "date", "quantity", "amount"), CDNOW_END, 1),
    "cdnow_sample": Sample(
        "CDNOW, a tenth of the customers",
        "CDNOW_sample.txt",
        ("master", "customer", "date", "quantity", "amount"),
        CDNOW_END,
    ),
}
