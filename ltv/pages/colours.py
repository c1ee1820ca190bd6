"""The colours of a heat map: steps of one hue, and the ink that can be read on each. Loads nothing."""

from __future__ import annotations

from collections.abc import Sequence

# One hue from paper to ink, for a light and a dark screen.
RAMP = ("#f3f6fa", "#dfe8f2", "#c8d8e9", "#adc5de", "#8dafd0", "#6b97c0", "#4075a6", "#316699", "#1f4f7f", "#143a61")
DARK = ("#18212b", "#1c2c3c", "#21394f", "#274864", "#2e597b", "#376c94", "#4a8ab8", "#5b99c5", "#80b3d9", "#acd0ec")
INKS = ("#0b131b", "#ffffff")


def contrast(one: str, other: str) -> float:
    """The WCAG 2 contrast ratio of two colours.

    >>> round(contrast("#ffffff", "#000000"), 6)
    21.0
    """
    low, high = sorted(_luminance(colour) + 0.05 for colour in (one, other))
    return high / low


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def ink(background: str) -> str:
    """The better readable of the two inks on this colour."""
    return max(INKS, key=lambda colour: contrast(colour, background))


def ramp_css() -> str:
    """The rules that colour the cells of every triangle."""

    def rules(ramp: Sequence[str]) -> str:
        return "".join(f".ltv-q{i}{{background:{c};color:{ink(c)}}}" for i, c in enumerate(ramp))

    return f"{rules(RAMP)}@media screen and (prefers-color-scheme:dark){{{rules(DARK)}}}"
