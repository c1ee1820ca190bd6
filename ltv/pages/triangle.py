"""The cohort heat map, as a table."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from html import escape

import numpy as np
import pandas as pd

from ltv.pages import formats as written
from ltv.pages.blocks import Block, sentence
from ltv.pages.colours import RAMP
from ltv.pages.tables import heading, row_heads, scrolling

ROOMY = 17  # ages; more of them stand closer, so that two years are seen without scrolling


@dataclass(frozen=True)
class Triangle(Block):
    """Shares by cohort (rows) and age (columns) as a heat map.

    `counts` are the cohorts' customers. Where `known` is False a share is not final: the cell is hatched, `hatched` says
    why, and its first words are read out with the number. NaN is a cell that nobody has reached yet: it stays empty.
    """

    shares: pd.DataFrame
    counts: pd.Series
    known: pd.DataFrame | None = None
    caption: str = ""
    _: KW_ONLY
    age: str = "age"
    digits: int = 0
    hatched: str = "Not final: only part of the cohort is this old"
    id: str = ""

    @classmethod
    def of(cls, cells: pd.DataFrame, caption: str, *, age: str = "age", digits: int = 0) -> Triangle:
        """From cells by (cohort, age) with the columns estimate, n and known, as `ltv.retention` returns them.

        Only a part of a cohort has lived through some ages (n is below the cohort's): those cells are not final.
        """
        shares = cells["estimate"].where(cells["known"]).unstack()
        reached = cells["n"].unstack()
        counts = reached.max(axis="columns")
        return cls(shares, counts, reached.eq(counts, axis="index"), caption, age=age, digits=digits)

    def html(self) -> str:
        # Ages at which everybody counts by definition would leave the rest without colour.
        shares = self.shares.to_numpy(float)
        top = float(np.quantile(telling, 0.95)) if (telling := shares[shares < 1]).size else 1.0
        final = np.ones(self.shares.shape, bool) if self.known is None else self.known.to_numpy(bool)
        open_ = ~final & ~np.isnan(shares)
        ages = "".join(f'<th scope="col">{escape(str(age))}</th>' for age in self.shares.columns)
        cohort = escape(heading(str(self.shares.index.name or "cohort")))
        heads = f'<th scope="col">{cohort}</th><th scope="col" class="ltv-number">Customers</th>{ages}'
        rows = zip(row_heads(self.shares.index), self.counts.astype(int), shares, open_, strict=True)
        body = "".join(
            f'<tr>{head}<td class="ltv-number" data-value="{n}">{n:,}</td>'
            f"{''.join(self._cell(*cell, top) for cell in zip(values, unfinished, strict=True))}</tr>"
            for head, n, values, unfinished in rows
        )
        caption = f"<caption><span>{sentence(self.caption)}</span></caption>"
        table = f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
        legend = self._legend(top, bool(open_.any()))
        kind = "ltv-triangle" + " ltv-dense" * (self.shares.shape[1] > ROOMY)
        return scrolling(kind, table, name=self.id, label=self.caption, below=legend)

    def plain(self) -> str:
        return self.shares.map(lambda share: "" if np.isnan(share) else written.percent(share, self.digits)).to_string()

    def _cell(self, share: float, unfinished: bool, top: float) -> str:
        if np.isnan(share):
            return "<td></td>"
        shown = written.number(100 * share, self.digits)
        if unfinished:
            why = escape(self.hatched.partition(":")[0].lower())
            return f'<td class="ltv-open" data-value="{share:.5g}">{shown}<span class="ltv-hidden"> {why}</span></td>'
        return f'<td class="ltv-q{shade(share / top if top else 0.0)}" data-value="{share:.5g}">{shown}</td>'

    def _legend(self, top: float, unfinished: bool) -> str:
        steps = "".join(f'<i class="ltv-q{step}"></i>' for step in range(len(RAMP)))
        text = f"<span>Percent of the cohort, by {escape(self.age)}.</span>"
        ramp = f'<span class="ltv-ramp" aria-hidden="true">0% {steps} {100 * top:.0f}% or more</span>'
        hatch = f'<span><i class="ltv-open"></i> {escape(self.hatched)}.</span>'
        return f'<p class="ltv-legend">{text}{ramp}{hatch if unfinished else ""}</p>'


def shade(share: float) -> int:
    """The step of the ramp for a value between 0 and 1; beyond 1 it is the last.

    >>> shade(0.0), shade(0.55), shade(1.2)
    (0, 5, 9)
    """
    return int(np.clip(share * len(RAMP), 0, len(RAMP) - 1))
