"""Cohort retention, customer lifetime value and CAC payback, with an interval on everything.

Names are loaded when they are first used, so that `import ltv` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_WHERE = {
    "ltv.errors": ("DataError", "FitError", "LtvError", "ParameterError", "UnitError"),
    "ltv.units": ("Horizon", "Rate", "Unit", "annual"),
    "ltv.models": (
        "BGNBD",
        "Fit",
        "GammaGamma",
        "KnownValue",
        "MBGNBD",
        "NBD",
        "OrderValues",
        "ParetoNBD",
        "Patterns",
        "fit",
        "fit_worth",
        "independence",
    ),
    "ltv.orders.costs": ("Costs", "read_costs", "read_orders_and_costs"),
    "ltv.orders": ("Customers", "Orders", "Policy", "read_orders", "split", "summarize"),
    "ltv.metrics.backtests.backtesting": ("Backtest", "backtest"),
    "ltv.metrics.backtests.grading": ("Grade", "grade"),
    "ltv.metrics.backtests.outlooks": ("Outlook", "choose", "forecast"),
    "ltv.metrics.backtests.rolling": ("calendar_shocks",),
    "ltv.metrics.backtests.tracking": ("track",),
    "ltv.metrics.cac_payback.asordered": ("fit_order_values",),
    "ltv.metrics.cac_payback.campaigns": ("review",),
    "ltv.metrics.cac_payback.channels": ("ChannelPayback", "channel_payback"),
    "ltv.metrics.cac_payback.acquisition": ("Acquisition", "acquisition"),
    "ltv.metrics.cac_payback.marginal": ("marginal_cac",),
    "ltv.metrics.cac_payback.payback": ("affordable", "payback"),
    "ltv.metrics.cac_payback.projection": ("Projection", "project"),
    "ltv.metrics.cac_payback.refunding": ("RefundCurve", "refund_curve"),
    "ltv.metrics.cac_payback.reviewing": ("Review", "review_channels"),
    "ltv.metrics.cac_payback.sensitivity": ("lag_sensitivity", "margin_sensitivity"),
    "ltv.metrics.cohort_retention.beside": ("Beside", "model_beside"),
    "ltv.metrics.cohort_retention.cohort_tables": ("average_retention", "retention"),
    "ltv.metrics.cohort_retention.cohorts": ("cohort_length", "period_length"),
    "ltv.metrics.cohort_retention.comparisons": (
        "compare",
        "halve_cohorts",
        "mix_split",
        "same_customers",
        "two_spans",
    ),
    "ltv.metrics.cohort_retention.modelled": ("modelled_repeats", "modelled_retention", "projected_retention"),
    "ltv.metrics.cohort_retention.repeats": ("median_days", "share_by", "time_to_order"),
    "ltv.metrics.cohort_retention.revenue": ("cumulative_value", "revenue_by_cohort", "revenue_retention"),
    "ltv.metrics.cohort_retention.trends": ("Trend", "retention_trend"),
    "ltv.metrics.growth.accounting": ("brought_next", "growth_accounting", "revenue_accounting"),
    "ltv.metrics.growth.activity": ("active_customers", "core_metric", "metric_change", "order_counts"),
    "ltv.metrics.lifetime_value.scoring": ("score", "write_scores"),
    "ltv.metrics.lifetime_value.value": ("equity", "likely_to_order", "value", "value_by_recency"),
    "ltv.metrics.lifetime_value.winback": ("win_back",),
    "ltv.metrics.quality": ("funnel", "largest_customers", "revenue_by_decile", "rows_by_day"),
}
PUBLIC = {name: module for module, names in _WHERE.items() for name in names}
__all__ = sorted(PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module 'ltv' has no attribute {name!r}")
    found = getattr(importlib.import_module(PUBLIC[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
