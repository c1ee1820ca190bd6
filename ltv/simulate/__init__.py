"""Customers, order logs and whole shops whose truth is known."""

from ltv.simulate.customers import first_days, simulate_customers, simulate_orders, simulate_patterns
from ltv.simulate.shops import DEMO, Channel, Shop, plain_shop, simulate_shop, write_shop

__all__ = [
    "DEMO",
    "Channel",
    "Shop",
    "first_days",
    "plain_shop",
    "simulate_customers",
    "simulate_orders",
    "simulate_patterns",
    "simulate_shop",
    "write_shop",
]
