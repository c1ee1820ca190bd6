"""Tiny notebooks: one parameters cell, then the cells of the test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

HEADLINE = "from ltv.pages import Card, Cards, Grade, Headline\nHeadline('Half of them **stay**.', 'all', '1998-06-30')"
Writer = Callable[..., Path]


@pytest.fixture
def notebook(tmp_path: Path) -> Writer:
    """Write a notebook of these code cells."""

    def write(*sources: str, name: str = "tiny", parameters: str | None = "x: int = 1  # a number") -> Path:
        cells = [new_markdown_cell("# Tiny report")]
        if parameters is not None:
            cells.append(new_code_cell(parameters, metadata={"tags": ["parameters"]}))
        cells += [new_code_cell(source) for source in sources]
        path = tmp_path / "notebooks" / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        for number, cell in enumerate(cells):
            cell["id"] = f"cell-{number}"
        nbformat.write(new_notebook(cells=cells), path)
        return path

    return write
