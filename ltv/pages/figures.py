"""A matplotlib figure as inline SVG: the same bytes twice, text that stays text, and a description that states the finding."""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from html import escape
from typing import TYPE_CHECKING

from ltv.pages.blocks import Block, sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing


class Figure(Block):
    """A picture with `alt`, the finding for those who do not see it, and a caption under it.

    Takes a figure or one of its axes, draws it at once and closes it. Raises ValueError without alt text.
    """

    def __init__(self, picture: Drawing | Axes, alt: str, caption: str = "") -> None:
        if not alt.strip():
            raise ValueError("a figure needs alt text: the finding in one sentence")
        self.alt, self.caption = alt, caption
        self.id = "fig-" + hashlib.sha256((raw := _draw(picture)).encode() + alt.encode()).hexdigest()[:8]
        self.svg = _inline(raw, self.id, alt)

    def html(self) -> str:
        caption = f"<figcaption>{sentence(self.caption)}</figcaption>" if self.caption else ""
        canvas = f'<div class="ltv-canvas" tabindex="0" role="group" aria-label="Picture">{self.svg}</div>'
        return f'<figure class="ltv-figure" id="{self.id}">{canvas}{caption}</figure>'

    def plain(self) -> str:
        return f"[{self.alt}]"


def _draw(picture: Drawing | Axes) -> str:
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    figure = picture.get_figure(root=True) if hasattr(picture, "get_figure") else picture
    file = io.StringIO()
    with (
        mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "ltv", "text.parse_math": False}),
        warnings.catch_warnings(),
    ):
        # The browser draws the glyphs, not matplotlib's font.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)  # type: ignore[union-attr]
    plt.close(figure)  # type: ignore[arg-type]
    return file.getvalue()


def _inline(raw: str, prefix: str, alt: str) -> str:
    """The drawing without header, licence data, fonts and unused ids; the ids that are used become the page's own."""
    body = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<defs>\s*</defs>|<!--.*?-->", "", raw, flags=re.S)
    width, height = (float(size) for size in re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', body).groups())  # type: ignore[union-attr]
    body = body[body.index(">", body.index("<svg")) + 1 : body.rindex("</svg>")]
    used = set(re.findall(r"url\(#([^)]+)\)|xlink:href=\"#([^\"]+)\"", body))
    names = {name for pair in used for name in pair if name}
    body = re.sub(r"<[^!][^>]*>", lambda tag: _tag(tag[0], prefix, names), body)
    start = (
        f'<svg role="img" aria-labelledby="{prefix}-alt" viewBox="0 0 {width:.6g} {height:.6g}" '
        f'width="{width * 4 / 3:.0f}" height="{height * 4 / 3:.0f}" stroke-linejoin="round">'
    )
    return start + f'<title id="{prefix}-alt">{escape(alt)}</title>' + re.sub(r">\s+<", "><", body).strip() + "</svg>"


def _tag(tag: str, prefix: str, names: set[str]) -> str:
    tag = re.sub(r' id="([^"]*)"', lambda m: f' id="{prefix}-{m[1]}"' if m[1] in names else "", tag)
    tag = re.sub(r'xlink:href="#|url\(#', lambda m: ('href="#' if m[0][0] == "x" else "url(#") + prefix + "-", tag)
    tag = tag.replace("xlink:href", "href")
    # The page's font is wanted, and a hundredth of a point is enough.
    tag = re.sub(r"font-family:[^;\"]*;?\s*|; font-family:[^;\"]*", "", tag)
    return re.sub(r"(\.\d\d)\d+", r"\1", re.sub(r"\s*\n\s*", " ", tag)) if "data:" not in tag else tag
