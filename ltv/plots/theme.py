"""One look for every picture: a context, never a global setting. Colours are colour-blind safe and distinct in grey."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import matplotlib as mpl
from matplotlib.font_manager import fontManager

INK, MUTED, PALE = "#1f2933", "#6b7785", "#c9d1da"
DATA, MODEL, MONEY, ALARM = "#1f2933", "#0072b2", "#009e73", "#d55e00"  # Okabe & Ito (2008) where coloured
COHORTS = ("#8dafd0", "#4075a6", "#143a61")  # one hue: the palest still stands out as a line

FAMILIES = (
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK TC",
    "Noto Sans CJK JP",
    "Noto Sans CJK KR",
    "Noto Sans SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "PingFang SC",
    "Hiragino Sans",
    "Microsoft YaHei",
    "Yu Gothic",
    "Malgun Gothic",
    "SimHei",
)
"""The first draws what it can, the others what it has no letters for: each must be named, and absent ones are not."""

STYLE: Any = {
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.labelcolor": INK,
    "axes.edgecolor": PALE,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": PALE,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.bottom": False,
    "ytick.left": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "figure.figsize": (8.4, 4.2),
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "date.converter": "concise",
    "legend.frameon": False,
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "ltv",
}


@cache
def families() -> list[str]:
    """The families of `FAMILIES` that are installed here."""
    there = {font.name for font in fontManager.ttflist}
    return [name for name in FAMILIES if name in there] or ["sans-serif"]


@contextmanager
def theme() -> Iterator[None]:
    """Draw inside this context: the settings of `STYLE`, undone at the end. Text is drawn as written: `$` is no formula."""
    with mpl.rc_context(STYLE | {"font.family": families()}):
        yield
