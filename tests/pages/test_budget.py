"""Pages that would be too large: what is shed, what is said, and that they are made."""

import pytest

from ltv.pages.budget import within
from ltv.pages.checking import LARGEST, check_page
from ltv.pages.render import render

from .conftest import HEADLINE

LONG = """
import pandas as pd
from ltv.pages import Table
Table(pd.DataFrame({'orders': range(9000)}, index=pd.Index(range(9000), name='day')), 'Orders by day')
"""
WIDE = "Table(pd.DataFrame({f'column {i}': ['x' * 90] * 3 for i in range(3000)}), 'A wide table')"


def test_a_small_page_stays_as_it_is():
    assert within("<p>" + "x" * 1000) == "<p>" + "x" * 1000


def test_a_page_of_long_and_wide_tables_is_made_and_says_what_is_left_out(notebook, tmp_path):
    record = render(notebook(HEADLINE, LONG, WIDE), {}, tmp_path)
    assert (record.status, record.error) == ("done", "")
    html = (tmp_path / record.file).read_text("utf-8")
    assert check_page(html) == []
    assert len(html.encode()) <= LARGEST
    assert html.count("last of 9000 rows: with all of them the page would be too large)") == 1
    assert 'data-value="0"' in html
    assert 'data-value="8999"' in html
    assert "Left out, for the page would be too large: the table “A wide table”" in html


@pytest.mark.parametrize("rows", [30, 5000])
def test_rows_are_counted_once_however_often_they_are_cut(rows):
    body = "".join(f"<tr><td>{i}</td></tr>" for i in range(rows))
    page = f"<table><caption><span>Days</span></caption><tbody>{body}</tbody></table>"
    shed = within(page, 500)
    assert shed.count("<tr>") == 20
    assert f"Days (the 10 first and 10 last of {rows} rows:" in shed
    assert "<td>0</td>" in shed
    assert f"<td>{rows - 1}</td>" in shed


def test_a_picture_gives_way_to_its_description():
    picture = '<svg role="img"><title id="a">Half &amp; half.</title>' + "<path/>" * 900 + "</svg>"
    assert within(f"<figure>{picture}</figure>", 2000) == (
        '<figure><p class="ltv-note">Left out, for the page would be too large: the picture “Half &amp; half.”</p></figure>'
    )
