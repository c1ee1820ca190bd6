"""The page check: a sound page passes, and each broken promise is found."""

import pytest

from ltv.pages.checking import check_page
from ltv.pages.export import render_list

SOUND = render_list("Customer reports", "none yet", [])


def test_a_sound_page_has_no_fault():
    assert check_page(SOUND) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('<html lang="en">', "<html>", "no language"),
        ("<title>Customer reports</title>", "<title></title>", "no title"),
        ("<h1>", "<h2>", "0 level-one headings"),
        ("<main ", "<h1>two</h1><main ", "2 level-one headings"),
        ("<main ", '<img src="data:x"><main ', "no alt text"),
        ("<main ", "<svg></svg><main ", "no role or no description"),
        ("<main ", '<img alt="a" src="https://example.org/a.png"><main ', "leads outside"),
        ("<main ", '<link rel="stylesheet" href="a.css"><main ', "leads outside"),
        ("<main ", '<a href="https://example.org">x</a><main ', "leads outside"),
        ("<main ", '<a href="javascript:x">x</a><main ', "leads outside"),
        ("<main ", '<a href="#gone">x</a><main ', "leads nowhere"),
        ("<main ", '<p onclick="x()">x</p><main ', "script in an attribute"),
        ("<main ", '<p style="background:url(http://x)">x</p><main ', "asks for something outside"),
        ("<style>", "<style>@import 'a.css';", "asks for something outside"),
        ("<main ", "<p id=main>x</p><main ", "used 2 times"),
        ("<main ", "<table><tr><td>1</td></tr></table><main ", "no headers"),
        ("<main ", "<table><tr><th>a</th></tr></table><main ", "headers without scope"),
        ("<main ", '<table><tr><th scope="col">a</th></tr></table><main ', "no caption"),
        ("default-src 'none'; ", "", "no Content-Security-Policy"),
        ('"use strict";', '"use strict"; x();', "not named by its hash"),
        ("</main>", "x" * 410_000 + "</main>", "KB is more than"),
    ],
)
def test_a_broken_promise_is_found(old, new, fault):
    assert old in SOUND
    found = check_page(SOUND.replace(old, new, 1))
    assert any(fault in text for text in found), found


def test_a_link_beside_the_page_is_allowed():
    assert check_page(SOUND.replace("<main ", '<a href="ltv.html">LTV</a><main ', 1)) == []
