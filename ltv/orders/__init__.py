"""Rows in, orders and customers out."""

from ltv.orders.customers import Customers, summarize
from ltv.orders.log import Orders, split
from ltv.orders.reading import read_orders

__all__ = ["Customers", "Orders", "read_orders", "split", "summarize"]
