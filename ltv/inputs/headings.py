"""Exports of shops and payment services, known by their headings: one row of data for each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

TOTAL_NOTE = "The total of an order includes shipping and tax."
GIFT = r"\bgift[ _-]?(?:card|certificate|voucher)s?\b"


@dataclass(frozen=True)
class Export:
    """One kind of file.

    `known_by`: headings that it has, "a|b" where versions differ. `columns`: part → heading, the first that is there and
    not empty. `drop`: values of the product column that are no sales. `by`: attributes worth a segment. `looks`: (headings,
    pattern, sentence): rows to count and name. `instead`: columns to take where the currency column holds several.
    `missing`: what it cannot say, and which export can.
    """

    name: str
    known_by: tuple[str, ...]
    columns: Mapping[str, str]
    policy: Mapping[str, str] = field(default_factory=dict)
    by: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    looks: tuple[tuple[str, str, str], ...] = ()
    instead: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    missing: str = ""


# Headings as the services' help pages and public sample files show them; a shop may add or leave out others.
EXPORTS = (
    Export(
        "Shopify, orders",
        ("Name", "Email", "Financial Status", "Lineitem quantity", "Lineitem name", "Created at", "Total"),
        {
            "customer": "Email|Phone|Billing Phone",
            "date": "Created at",
            "amount": "Total",
            "order": "Name",
            "status": "Financial Status",
            "refunded": "Refunded Amount",
            "currency_column": "Currency",
        },
        policy={"totals": "order"},
        by=("Source", "Shipping Country|Billing Country"),
        notes=(
            "An order's further lines leave its totals empty: each total counts once.",
            TOTAL_NOTE + " -p amount=Subtotal leaves both out.",
        ),
        looks=(
            ("Lineitem name", GIFT, "sell gift cards: money now, goods later"),
            ("Payment Method", "gift", "were paid by gift card: sold once as a card, once as goods"),
            ("Payment Method", "bogus|test", "were paid by the test gateway: no money came in"),
            ("Tags|Email", r"\btest\b", "are called test"),
        ),
    ),
    Export(
        "Stripe, payments",
        ("id", "Created (UTC)|Created date (UTC)", "Amount", "Amount Refunded", "Currency", "Status", "Captured"),
        {
            "customer": "Customer ID|Customer Email",
            "date": "Created (UTC)|Created date (UTC)",
            "amount": "Amount",
            "order": "id",
            "status": "Status",
            "refunded": "Amount Refunded",
            "currency_column": "Currency",
        },
        instead={
            "amount": "Converted Amount",
            "refunded": "Converted Amount Refunded",
            "currency_column": "Converted Currency",
        },
        notes=("Amounts are before Stripe's fees, and include tax.",),
        looks=(
            ("Mode", "test", "are test payments: -p policy takes them out only by status, so filter the export"),
            ("Dispute Status", "lost", "were lost in a dispute: that money went back and stands in no refund"),
        ),
    ),
    Export(
        "Stripe, charges of the API",
        ("id", "amount", "amount_refunded", "created", "currency", "status"),
        {
            "customer": "customer|customer_id|receipt_email|billing_details_email|billing_email",
            "date": "created",
            "amount": "amount",
            "order": "id",
            "status": "status",
            "refunded": "amount_refunded",
            "currency_column": "currency",
        },
        options={"minor_units": "true"},
        notes=("Amounts are before Stripe's fees, in cents: -p minor_units=false where they are in whole units.",),
        looks=(("livemode", "^(?:false|f|0)$", "are test charges (livemode is false)"),),
    ),
    Export(
        "WooCommerce, orders with their lines (Advanced Order Export)",
        ("Order Number", "Order Status", "Order Date", "Email (Billing)", "Order Total Amount"),
        {
            "customer": "Email (Billing)|Customer User ID",
            "date": "Order Date",
            "amount": "Order Total Amount",
            "order": "Order Number",
            "status": "Order Status",
            "refunded": "Order Refund Amount",
            "currency_column": "Order Currency|Currency",
        },
        policy={"totals": "order"},
        by=("Country Code (Billing)", "Payment Method Title"),
        notes=("The order's total stands on each of its lines: it counts once.", TOTAL_NOTE),
        looks=(("Item Name", GIFT, "sell gift cards: money now, goods later"),),
    ),
    Export(
        "WooCommerce, orders (Import Export Suite, Customer/Order/Coupon Export)",
        (
            "order_id",
            "order_number|order_number_formatted",
            "order_date|date",
            "status",
            "order_total",
            "order_currency",
        ),
        {
            "customer": "billing_email|customer_email|customer_id",
            "date": "order_date|date",
            "amount": "order_total",
            "order": "order_number|order_number_formatted|order_id",
            "status": "status",
            "refunded": "refunded_total|total_refunded",
            "currency_column": "order_currency",
        },
        policy={"totals": "order"},
        by=("billing_country",),
        notes=(TOTAL_NOTE, "customer_id is 0 for every guest, so customers are told apart by their e-mail."),
    ),
    Export(
        "WooCommerce, analytics of orders",
        ("Date", "Order #", "Status", "Customer", "N. Revenue|Net Sales|N. revenue", "Customer type|Items sold"),
        {
            "customer": "Customer",
            "date": "Date",
            "amount": "N. Revenue|Net Sales",
            "order": "Order #",
            "status": "Status",
        },
        by=("Attribution|Origin",),
        notes=(
            "Customers are told apart by name only: two of one name are one. An export with e-mails is surer.",
            "Net revenue leaves out shipping and tax.",
        ),
    ),
    Export(
        "Square, transactions",
        ("Date", "Gross Sales", "Net Sales", "Total Collected", "Transaction ID", "Event Type"),
        {
            "customer": "Customer ID|Customer Reference ID|Customer Name",
            "date": "Date",
            "amount": "Net Sales",
            "order": "Transaction ID",
        },
        by=("Location", "Source"),
        notes=(
            "Net sales leave out tax, tips and gift cards sold; refunds are rows of their own.",
            "Sales without a customer on file cannot be followed.",
        ),
    ),
    Export(
        "Square, items",
        ("Date", "Item", "Qty", "Gross Sales", "Net Sales", "Transaction ID", "Event Type"),
        {
            "customer": "Customer ID|Customer Reference ID|Customer Name",
            "date": "Date",
            "amount": "Net Sales",
            "order": "Transaction ID",
            "product": "SKU|Item",
        },
        by=("Location", "Channel"),
        notes=(
            "Net sales are of the whole line, without tax; refunds are rows of their own.",
            "Sales without a customer on file cannot be followed.",
        ),
        looks=(("Item|Category", GIFT, "sell gift cards: money now, goods later"),),
    ),
    Export(
        "PayPal, activity",
        ("Date", "Type", "Status", "Currency", "Gross", "Fee", "Net", "From Email Address", "Transaction ID"),
        {
            "customer": "From Email Address",
            "date": "Date",
            "amount": "Gross",
            "order": "Transaction ID",
            "product": "Type",
            "status": "Status",
            "currency_column": "Currency",
        },
        policy={
            "not_products": "General Withdrawal; User Initiated Withdrawal; General Currency Conversion; "
            "Bank Deposit to PP Account; General Account Adjustment; Account Hold for Open Authorization; "
            "Reversal of General Account Hold; Hold on Balance for Dispute Investigation; Payment Review Hold; "
            "Payment Review Release; Partner Fee; Chargeback Fee; General Authorization; Void of Authorization; "
            "Invoice Sent; Request Sent; Order"
        },
        by=("Country|Country Code",),
        notes=(
            "Gross is before PayPal's fee. Withdrawals, conversions, holds and invoices sent are no sales.",
            "Refunds that name the shop as sender find no order of that sender and are left out, counted.",
        ),
    ),
    Export(
        "Amazon, orders or shipments",
        ("amazon-order-id", "purchase-date", "sku", "item-price", "currency"),
        {
            "customer": "buyer-email|buyer-id|buyer-name",
            "date": "purchase-date",
            "amount": "item-price",
            "order": "amazon-order-id",
            "product": "sku",
            "status": "order-status",
            "currency_column": "currency",
            "discount": "item-promotion-discount",
        },
        by=("sales-channel", "ship-country"),
        notes=("The price of an item is that of its whole line, without tax and shipping.",),
        missing="This report names no buyer, so nobody can be followed: take the Amazon Fulfilled Shipments report, "
        "whose buyer-email stays the same for a buyer.",
    ),
    Export(
        "Amazon, settlement",
        ("settlement-id", "transaction-type", "order-id", "posted-date"),
        {"date": "posted-date", "amount": "amount|price-amount", "order": "order-id", "currency_column": "currency"},
        missing="A settlement says what Amazon pays out and names no buyer: take the Amazon Fulfilled Shipments report, "
        "whose buyer-email stays the same for a buyer.",
    ),
    Export(
        "Magento 2, orders",
        ("ID", "Purchase Date", "Bill-to Name", "Grand Total (Base)", "Status"),
        {
            "customer": "Customer Email|Bill-to Name",
            "date": "Purchase Date",
            "amount": "Grand Total (Base)",
            "order": "ID",
            "status": "Status",
            "refunded": "Total Refunded",
        },
        by=("Customer Group", "Purchase Point"),
        notes=("Grand totals include shipping and tax, in the currency of the whole shop.",),
    ),
    Export(
        "Magento 2, table sales_order",
        ("increment_id", "base_grand_total", "customer_email", "created_at", "status"),
        {
            "customer": "customer_email",
            "date": "created_at",
            "amount": "base_grand_total",
            "order": "increment_id",
            "status": "status",
            "refunded": "base_total_refunded",
            "currency_column": "base_currency_code",
        },
        options={"time_zone": "UTC"},
        notes=("Grand totals include shipping and tax, in the currency of the whole shop.",),
    ),
    Export(
        "BigCommerce, orders",
        ("Order ID", "Order Date", "Order Status", "Customer Email|Customer ID", "Order Total (inc tax)"),
        {
            "customer": "Customer Email|Customer ID",
            "date": "Order Date",
            "amount": "Order Total (inc tax)",
            "order": "Order ID",
            "status": "Order Status",
            "refunded": "Refund Amount|Refunded Amount|Total Refunded",
            "currency_column": "Order Currency Code|Currency Code",
        },
        policy={"totals": "order"},
        by=("Channel Name|Order Source", "Billing Country"),
        notes=('The total includes shipping and tax. -p "amount=Order Total (ex tax)" leaves tax out.',),
    ),
    Export(
        "Lightspeed Retail (X-Series), sales",
        ("Date", "Receipt Number", "Line Type", "Customer Code", "Total"),
        {
            "customer": "Customer Code|Customer Name",
            "date": "Date",
            "amount": "Subtotal|Total",
            "order": "Receipt Number",
            "product": "Line Type",
            "status": "Status",
        },
        policy={"not_products": "Sale Line; Payment"},
        by=("Register|Outlet",),
        notes=(
            "The row of a sale is its sum: the rows of its lines and payments are left out.",
            "The subtotal leaves out tax.",
        ),
    ),
    Export(
        "RevenueCat, transactions",
        ("rc_original_app_user_id", "store_transaction_id", "start_time", "price_in_usd|price_usd"),
        {
            "customer": "rc_original_app_user_id",
            "date": "start_time|purchase_date",
            "amount": "price_in_usd|price_usd",
            "order": "store_transaction_id",
            "product": "product_identifier",
        },
        policy={"zero": "drop"},
        by=("store|platform", "country"),
        options={"currency": "USD"},
        notes=("Trials cost nothing and are no orders. Prices are before the store's commission.",),
        looks=(
            ("is_sandbox", "^(?:true|t|1)$", "are sandbox purchases: no money came in; leave them out of the export"),
            ("refunded_at", ".", "were refunded; where their price is not 0, leave them out of the export"),
            ("is_trial_period", "^(?:true|t|1)$", "are trials"),
        ),
    ),
    Export(
        "Etsy, sold order items",
        ("Sale Date", "Item Name", "Buyer", "Quantity", "Price", "Item Total", "Order ID"),
        {
            "customer": "Buyer",
            "date": "Sale Date",
            "amount": "Item Total",
            "discount": "Discount Amount",
            "order": "Order ID",
            "product": "Listing ID|SKU",
            "currency_column": "Currency",
        },
        by=("Ship Country",),
        notes=("Item totals leave out shipping and sales tax.",),
    ),
    Export(
        "Etsy, sold orders",
        ("Sale Date", "Order ID", "Order Value", "Order Total", "Order Net"),
        {
            "customer": "Buyer User ID|Buyer|Full Name",
            "date": "Sale Date",
            "amount": "Order Total",
            "order": "Order ID",
            "status": "Status",
            "currency_column": "Currency",
        },
        by=("Ship Country",),
        notes=(TOTAL_NOTE, "Refunds stand in Adjusted Order Total, which this total does not follow."),
    ),
    Export(
        "eBay, orders",
        ("Order Number", "Buyer Username", "Sold For", "Total Price", "Sale Date"),
        {
            "customer": "Buyer Username",
            "date": "Sale Date",
            "amount": "Total Price",
            "order": "Order Number",
            "product": "Custom Label|Item Number",
        },
        by=("Buyer Country|Ship To Country",),
        notes=(TOTAL_NOTE,),
    ),
)

EVENTS = ("event", "eventname", "eventtype", "metric", "metricname", "activity", "action")
BOUGHT = (
    "placedorder", "orderplaced", "placeorder", "ordercompleted", "completedorder", "purchase", "purchased", "ordercreated",
    "checkoutcompleted", "ecommercepurchase", "orderpaid", "paidorder", "purchasecompleted", "transaction", "initialpurchase",
    "renewal",
)  # fmt: skip
"""Names of the event that is an order in logs that hold others as well (Klaviyo, Segment, GA4, RevenueCat)."""


def plain(name: str) -> str:
    """A heading without case, signs and spaces."""
    return re.sub(r"[\W_]+", "", name).lower()


def recognise(headings: Iterable[str]) -> Export | None:
    """The export with these headings, None where it is none that is known; the one known by the most headings wins.

    >>> recognise(["Sale Date", "Order ID", "Order Value", "Order Total", "Order Net", "SKU"]).name
    'Etsy, sold orders'
    """
    there = {plain(name) for name in headings}
    fitting = [
        export
        for export in EXPORTS
        if all(any(plain(version) in there for version in name.split("|")) for name in export.known_by)
    ]
    return max(fitting, key=lambda export: len(export.known_by), default=None)


def find(name: str, headings: Iterable[str]) -> list[str]:
    """The headings of a file that "a|b" names, the first version first."""
    exact = {plain(heading): heading for heading in headings}
    return [exact[plain(version)] for version in name.split("|") if plain(version) in exact]
