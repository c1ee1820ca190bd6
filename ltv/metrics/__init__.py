"""What a growth team reads. Frames in, frames out, with the columns estimate, low, high, n and known."""

from ltv.metrics.backtest import Grade, grade, track
from ltv.metrics.payback import Projection, affordable, payback, project
from ltv.metrics.retention import average_retention, cumulative_value, retention
from ltv.metrics.value import equity, score, value, value_by_recency

__all__ = [
    "Grade",
    "Projection",
    "affordable",
    "average_retention",
    "cumulative_value",
    "equity",
    "grade",
    "payback",
    "project",
    "retention",
    "score",
    "track",
    "value",
    "value_by_recency",
]
