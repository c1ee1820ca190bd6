"""Pictures of frames. Statistics come in as frames, axes go out."""

from ltv.plots.backtest import calibration, leads, lift, past_errors, pit_bars
from ltv.plots.channels import affordable_and_paid, channel_curves, ltv_to_cac, payback_by_cohort
from ltv.plots.curves import (
    affordable_cac,
    cumulative,
    payback_curve,
    retention_curve,
    tracking,
    value_by_recency,
)
from ltv.plots.growth import active, gains_and_losses, layers, metric, orders_each
from ltv.plots.quality import revenue_shares, rows_each_day, rows_left
from ltv.plots.staying import next_order, retention_beside_model, trend
from ltv.plots.theme import theme

__all__ = [
    "active",
    "affordable_and_paid",
    "affordable_cac",
    "calibration",
    "channel_curves",
    "cumulative",
    "gains_and_losses",
    "layers",
    "leads",
    "lift",
    "ltv_to_cac",
    "metric",
    "next_order",
    "orders_each",
    "past_errors",
    "payback_by_cohort",
    "payback_curve",
    "pit_bars",
    "retention_beside_model",
    "retention_curve",
    "revenue_shares",
    "rows_each_day",
    "rows_left",
    "theme",
    "tracking",
    "trend",
    "value_by_recency",
]
