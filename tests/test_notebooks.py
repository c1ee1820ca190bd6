"""Notebooks are thin, carry no outputs, and their parameters cell is the dataclass that checks it."""

import ast
import dataclasses
from pathlib import Path

import nbformat
import pytest

from ltv.pages import catalog

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


def test_every_report_has_its_notebook():
    assert {path.stem for path in NOTEBOOKS} == set(catalog.reports())


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs_and_is_thin(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert "papermill" not in notebook.metadata
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        assert not cell.outputs
        assert cell.execution_count is None
    for cell in code[1:]:
        statements = ast.parse(cell.source).body
        assert len(statements) <= 6
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, (ast.FunctionDef, ast.Lambda, ast.For, ast.While, ast.ClassDef)), cell.source
            assert getattr(node, "attr", "") != "groupby"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_parameters_cell_is_the_dataclass(path):
    first = next(cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
    assert first.metadata["tags"] == ["parameters"]
    assert first.source == catalog.parameters_cell(path.stem)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_hands_every_common_parameter_to_the_reader(path):
    sources = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    (call,) = [
        node
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("read_orders", "read_orders_and_costs")
    ]
    handed = (
        {key.value for key in call.args[0].keys} if not call.keywords else {keyword.arg for keyword in call.keywords}
    )
    assert {field.name for field in dataclasses.fields(catalog.Parameters)} - {"orders"} <= handed


def test_reports_know_every_sample():
    from ltv.orders import samples
    from ltv.pages import forms

    assert set(forms.SAMPLES) == set(samples.SAMPLES)
