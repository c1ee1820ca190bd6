"""Pictures of frames. Statistics come in as frames, axes go out."""

from ltv.plots.curves import (
    affordable_cac,
    cumulative,
    payback_curve,
    retention_curve,
    tracking,
    value_by_recency,
)
from ltv.plots.theme import theme

__all__ = [
    "affordable_cac",
    "cumulative",
    "payback_curve",
    "retention_curve",
    "theme",
    "tracking",
    "value_by_recency",
]
