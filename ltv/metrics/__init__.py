"""What a growth team reads. Frames in, frames out, with the columns estimate, low, high, n and known."""

from ltv.metrics.accounting import brought_next, growth_accounting, revenue_accounting
from ltv.metrics.activity import active_customers, core_metric, metric_change, order_counts
from ltv.metrics.asordered import fit_order_values
from ltv.metrics.backtesting import Backtest, backtest
from ltv.metrics.beside import Beside, model_beside
from ltv.metrics.campaigns import review
from ltv.metrics.channels import ChannelPayback, channel_payback
from ltv.metrics.cohort_tables import average_retention, retention
from ltv.metrics.cohorts import cohort_length
from ltv.metrics.comparisons import compare, halve_cohorts, mix_split, same_customers, two_spans
from ltv.metrics.costs import Acquisition, Costs, acquisition, read_costs
from ltv.metrics.grading import Grade, grade
from ltv.metrics.marginal import marginal_cac
from ltv.metrics.modelled import modelled_repeats, modelled_retention, projected_retention
from ltv.metrics.payback import affordable, payback
from ltv.metrics.projection import Projection, project
from ltv.metrics.quality import funnel, largest_customers, revenue_by_decile, rows_by_day
from ltv.metrics.refunding import RefundCurve, refund_curve
from ltv.metrics.repeats import median_days, share_by, time_to_order
from ltv.metrics.revenue import cumulative_value, revenue_by_cohort, revenue_retention
from ltv.metrics.reviewing import Review, review_channels
from ltv.metrics.rolling import calendar_shocks
from ltv.metrics.scoring import score, write_scores
from ltv.metrics.sensitivity import lag_sensitivity, margin_sensitivity
from ltv.metrics.tracking import track
from ltv.metrics.trends import Trend, retention_trend
from ltv.metrics.value import equity, likely_to_order, value, value_by_recency
from ltv.metrics.winback import win_back

__all__ = [
    "Acquisition",
    "Backtest",
    "Beside",
    "ChannelPayback",
    "Costs",
    "Grade",
    "Projection",
    "RefundCurve",
    "Review",
    "Trend",
    "acquisition",
    "active_customers",
    "affordable",
    "average_retention",
    "backtest",
    "brought_next",
    "calendar_shocks",
    "channel_payback",
    "cohort_length",
    "compare",
    "core_metric",
    "cumulative_value",
    "equity",
    "fit_order_values",
    "funnel",
    "grade",
    "growth_accounting",
    "halve_cohorts",
    "lag_sensitivity",
    "largest_customers",
    "likely_to_order",
    "margin_sensitivity",
    "marginal_cac",
    "median_days",
    "metric_change",
    "mix_split",
    "model_beside",
    "modelled_repeats",
    "modelled_retention",
    "order_counts",
    "payback",
    "project",
    "projected_retention",
    "read_costs",
    "refund_curve",
    "retention",
    "retention_trend",
    "revenue_accounting",
    "revenue_by_cohort",
    "revenue_by_decile",
    "revenue_retention",
    "review",
    "review_channels",
    "rows_by_day",
    "same_customers",
    "score",
    "share_by",
    "time_to_order",
    "track",
    "two_spans",
    "value",
    "value_by_recency",
    "win_back",
    "write_scores",
]
