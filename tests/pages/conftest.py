"""Tiny notebooks: one parameters cell, then the cells of the test."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from ltv.pages.blocks import Block
from ltv.pages.notebooks import notebook_path

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


@pytest.fixture
def shown_by() -> Callable[..., list[str]]:
    """What the cells of a report's notebook show with these parameters, run in this process."""

    def run(name: str, **given: object) -> list[str]:
        shown: list[object] = []
        scope: dict[str, object] = {}
        for cell in nbformat.read(notebook_path(name), as_version=4).cells:
            if cell.cell_type != "code":
                continue
            *body, last = ast.parse(cell.source).body
            body = body if isinstance(last, ast.Expr) else [*body, last]
            exec(compile(ast.Module(body, []), name, "exec"), scope)
            if isinstance(last, ast.Expr):
                shown.append(eval(compile(ast.Expression(last.value), name, "eval"), scope))
            if "parameters" in cell.metadata.get("tags", []):
                scope |= given
        return [block.html() for block in shown if isinstance(block, Block)]

    return run
