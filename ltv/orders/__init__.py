"""Rows in, orders and customers out."""

from ltv.orders.customers import Customers, summarize
from ltv.orders.kept import only, read_orders
from ltv.orders.log import Orders, split
from ltv.orders.policy import Policy

__all__ = ["Customers", "Orders", "Policy", "only", "read_orders", "split", "summarize"]
