"""The cells of the back-test's notebook, run here on small logs: every one shows a block with something to read."""

import ast
import dataclasses
import datetime as dt
import re
from pathlib import Path

import matplotlib as mpl
import nbformat
import numpy as np
import pytest

from ltv.models import BGNBD, GammaGamma
from ltv.pages import catalog
from ltv.pages.blocks import Block
from ltv.pages.tables import Table
from ltv.simulate import simulate_orders

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "backtest.ipynb"


def shown(**given):
    """The blocks that the notebook shows with these parameters, in order."""
    mpl.use("agg")
    names = {"__name__": "notebook"} | dataclasses.asdict(catalog.check("backtest", given))
    blocks = []
    for cell in [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"][1:]:
        *body, last = ast.parse(cell.source).body
        if not isinstance(last, ast.Expr):
            body.append(last)
        exec(compile(ast.Module(body, []), "cell", "exec"), names)
        if isinstance(last, ast.Expr):
            blocks.append(eval(compile(ast.Expression(last.value), "cell", "eval"), names))
    return [block for block in blocks if block is not None]  # a cell with nothing to say shows nothing


def test_every_cell_shows_a_block_on_cdnow():
    blocks = shown(orders="cdnow_sample", holdout="1997-09-30")
    assert all(isinstance(block, Block) and block.html() for block in blocks)
    text = " ".join(block.plain() for block in blocks)
    assert "BG/NBD forecast 1,739 repeat orders and 1,882 were made: −7.6%" in text
    assert "beats every forecast made without a model, the best of them (RFM-cell mean)" in text
    assert "Nobody was first seen in the holdout" in text
    assert "Widened band" in text


@pytest.mark.parametrize("horizons", ["20 days", "400 days"], ids=["short", "too long"])
def test_a_young_log_with_newcomers_is_told_too(tmp_path, horizons):
    log = simulate_orders(
        np.random.default_rng(0), BGNBD(0.8, 3.0, 0.9, 3.0), GammaGamma(6.2, 3.7, 15.4), customers=900,
        start=dt.date(2025, 1, 1), acquisition_days=110, until=dt.date(2025, 5, 1),
    )  # fmt: skip
    log.to_csv(tmp_path / "orders.csv", index=False)
    columns = {"customer": "customer", "date": "date", "amount": "amount", "until": "2025-05-01"}
    blocks = shown(orders=str(tmp_path / "orders.csv"), horizons=horizons, **columns)
    text = " ".join(block.plain() for block in blocks)
    assert "customers were first seen in the holdout and brought" in text
    said = " ".join(block.plain() for block in blocks if not isinstance(block, Table))
    assert not re.search(r"\bnan\b", said)
