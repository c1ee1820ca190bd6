"""What a growth team reads. Frames in, frames out, with the columns estimate, low, high, n and known."""

from ltv.metrics.backtests.backtesting import Backtest, backtest
from ltv.metrics.backtests.grading import Grade, grade
from ltv.metrics.backtests.rolling import calendar_shocks
from ltv.metrics.backtests.tracking import track
from ltv.metrics.cac_payback.asordered import fit_order_values
from ltv.metrics.cac_payback.campaigns import review
from ltv.metrics.cac_payback.channels import ChannelPayback, channel_payback
from ltv.metrics.cac_payback.costs import Acquisition, Costs, acquisition, read_costs
from ltv.metrics.cac_payback.marginal import marginal_cac
from ltv.metrics.cac_payback.payback import affordable, payback
from ltv.metrics.cac_payback.projection import Projection, project
from ltv.metrics.cac_payback.refunding import RefundCurve, refund_curve
from ltv.metrics.cac_payback.reviewing import Review, review_channels
from ltv.metrics.cac_payback.sensitivity import lag_sensitivity, margin_sensitivity
from ltv.metrics.cohort_retention.beside import Beside, model_beside
from ltv.metrics.cohort_retention.cohort_tables import average_retention, retention
from ltv.metrics.cohort_retention.cohorts import cohort_length
from ltv.metrics.cohort_retention.comparisons import compare, halve_cohorts, mix_split, same_customers, two_spans
from ltv.metrics.cohort_retention.modelled import modelled_repeats, modelled_retention, projected_retention
from ltv.metrics.cohort_retention.repeats import median_days, share_by, time_to_order
from ltv.metrics.cohort_retention.revenue import cumulative_value, revenue_by_cohort, revenue_retention
from ltv.metrics.cohort_retention.trends import Trend, retention_trend
from ltv.metrics.growth.accounting import brought_next, growth_accounting, revenue_accounting
from ltv.metrics.growth.activity import active_customers, core_metric, metric_change, order_counts
from ltv.metrics.lifetime_value.scoring import score, write_scores
from ltv.metrics.lifetime_value.value import equity, likely_to_order, value, value_by_recency
from ltv.metrics.lifetime_value.winback import win_back
from ltv.metrics.quality import funnel, largest_customers, revenue_by_decile, rows_by_day

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
