"""What `ltv check` makes of exports as services write them: the right columns, the right money, a command that runs."""

import shlex
import subprocess
import sys

import pandas as pd
import pytest

from ltv import cli
from ltv.inputs import headings
from ltv.orders.proposal import check_orders
from ltv.pages import catalog, segments
from ltv.pages.story import quality

# name → (rows as text, orders, customers, revenue)
NATIVE = {
    "Shopify": (
        """Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Refunded Amount,Payment Method
#3,a@x.org,paid,EUR,20.00,5.00,3.00,25.00,2024-03-20 10:00:00,1,Pen,10.00,0.00,card
#3,a@x.org,,,,,,,2024-03-20 10:00:00,1,Gift card,10.00,,
#2,b@x.org,voided,EUR,9.00,0.00,1.00,9.00,2024-02-01 10:00:00,1,Pen,9.00,0.00,card
#1,a@x.org,partially_refunded,EUR,30.00,0.00,4.00,30.00,2024-01-02 10:00:00,3,Pen,10.00,10.00,card
""",
        2, 1, 45.0,
    ),
    "Stripe, payments": (
        """id,Description,Created (UTC),Amount,Amount Refunded,Currency,Status,Customer ID,Customer Email,Captured
ch_1,,2024-01-02 10:00:00,19.00,0.00,eur,Paid,cus_1,a@x.org,true
ch_2,,2024-02-02 10:00:00,19.00,5.00,eur,Paid,cus_1,a@x.org,true
ch_3,,2024-02-03 10:00:00,50.00,0.00,eur,Failed,cus_2,b@x.org,false
""",
        2, 1, 33.0,
    ),
    "Woo": (
        """Order Number,Order Status,Order Date,Email (Billing),Country Code (Billing),Order Refund Amount,Order Total Amount,SKU,Item Name,Item Cost
501,Completed,2025-03-15 07:09,a@x.org,DE,0.00,87.90,S1,Pen,9.50
501,Completed,2025-03-15 07:09,a@x.org,DE,0.00,87.90,S2,Ink,32.00
502,Processing,2025-04-03 06:02,a@x.org,DE,4.40,44.40,S1,Pen,15.00
503,Failed,2025-04-04 06:02,b@x.org,DE,0.00,10.00,S1,Pen,10.00
""",
        2, 1, 127.9,
    ),
    "Customer/Order/Coupon": (
        """order_id,order_number,date,status,order_total,refunded_total,order_currency,customer_id,billing_email,billing_country
1,1001,2024-01-02 10:00:00,completed,20.00,0,GBP,0,a@x.org,GB
2,1002,2024-01-03 10:00:00,processing,30.00,10,GBP,0,b@x.org,FR
3,1003,2024-01-04 10:00:00,cancelled,99.00,0,GBP,0,b@x.org,FR
""",
        2, 2, 40.0,
    ),
    "analytics": (
        """Date,Order #,Status,Customer,Customer type,Product(s),Items sold,Coupon(s),N. Revenue
2024-01-02 10:00:00,1001,completed,Ann A,new,Pen,1,,20.00
2024-02-02 10:00:00,1002,completed,Ann A,returning,Pen,1,,30.00
""",
        2, 1, 50.0,
    ),
    "Square, transactions": (
        """Date,Time,Time Zone,Gross Sales,Discounts,Net Sales,Gift Card Sales,Tax,Tip,Partial Refunds,Total Collected,Source,Transaction ID,Event Type,Location,Customer ID,Customer Name
2024-01-02,10:00:00,Pacific Time (US & Canada),$20.00,-$2.00,$18.00,$0.00,$1.00,$3.00,$0.00,$22.00,POS,T1,Payment,Main,C1,Ann
2024-01-05,10:00:00,Pacific Time (US & Canada),$10.00,$0.00,$10.00,$0.00,$1.00,$0.00,$0.00,$11.00,POS,T2,Payment,Main,C1,Ann
2024-01-06,10:00:00,Pacific Time (US & Canada),-$5.00,$0.00,-$5.00,$0.00,$0.00,$0.00,$0.00,-$5.00,POS,T3,Refund,Main,C1,Ann
2024-01-06,11:00:00,Pacific Time (US & Canada),$7.00,$0.00,$7.00,$0.00,$0.00,$0.00,$0.00,$7.00,POS,T4,Payment,Main,,
""",
        2, 1, 23.0,
    ),
    "Square, items": (
        """Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,Discounts,Net Sales,Tax,Transaction ID,Payment ID,Event Type,Location,Customer ID,Customer Name
2024-01-02,10:00:00,Pacific,Tea,Cup,2,Regular,S1,,$8.00,$0.00,$8.00,$1.00,T1,P1,Payment,Main,C1,Ann
2024-01-02,10:00:00,Pacific,Tea,Cake,1,Regular,S2,,$4.00,-$1.00,$3.00,$1.00,T1,P1,Payment,Main,C1,Ann
2024-01-09,10:00:00,Pacific,Tea,Cup,1,Regular,S1,,$4.00,$0.00,$4.00,$1.00,T2,P2,Payment,Main,C2,Bob
""",
        2, 2, 15.0,
    ),
    "PayPal": (
        """Date,Time,TimeZone,Name,Type,Status,Currency,Gross,Fee,Net,From Email Address,To Email Address,Transaction ID,Balance
2024-01-31,10:00:00,PST,Ann,Express Checkout Payment,Completed,USD,"1,500.00",-58.80,"1,441.20",a@x.org,me@shop.org,T1,1441.20
2024-02-14,10:00:00,PST,Ann,Express Checkout Payment,Completed,USD,20.00,-1.00,19.00,a@x.org,me@shop.org,T2,1460.20
2024-02-15,10:00:00,PST,,General Withdrawal,Completed,USD,"-1,460.20",0.00,"-1,460.20",a@x.org,,T3,0.00
2024-02-16,10:00:00,PST,Bob,Express Checkout Payment,Pending,USD,99.00,-3.00,96.00,b@x.org,me@shop.org,T4,0.00
""",
        2, 1, 1520.0,
    ),
    "Amazon, orders": (
        "\\t".join(["amazon-order-id", "purchase-date", "order-status", "sales-channel", "sku", "quantity", "currency", "item-price", "item-tax", "item-promotion-discount", "buyer-email", "ship-country"]).replace("\\t", "\t") + "\n"
        "1\t2024-01-02T10:00:00+00:00\tShipped\tAmazon.de\tS1\t2\tEUR\t40.00\t6.00\t5.00\ta@m.org\tDE\n"
        "1\t2024-01-02T10:00:00+00:00\tShipped\tAmazon.de\tS2\t1\tEUR\t10.00\t1.00\t0.00\ta@m.org\tDE\n"
        "2\t2024-02-02T10:00:00+00:00\tCancelled\tAmazon.de\tS2\t1\tEUR\t10.00\t1.00\t0.00\ta@m.org\tDE\n"
        "3\t2024-02-03T10:00:00+00:00\tShipped\tAmazon.fr\tS2\t1\tEUR\t10.00\t1.00\t0.00\tb@m.org\tFR\n",
        2, 2, 55.0,
    ),
    "Magento 2, orders": (
        """ID,Purchase Point,Purchase Date,Bill-to Name,Ship-to Name,Grand Total (Base),Grand Total (Purchased),Status,Customer Email,Customer Group,Total Refunded
000001,Main,2024-01-02 10:00:00,Ann,Ann,$20.00,$20.00,complete,a@x.org,General,$5.00
000002,Main,2024-02-02 10:00:00,Ann,Ann,$30.00,$30.00,processing,a@x.org,General,$0.00
000003,Main,2024-02-03 10:00:00,Bob,Bob,$99.00,$99.00,canceled,b@x.org,General,$0.00
""",
        2, 1, 45.0,
    ),
    "Magento 2, table": (
        """entity_id,increment_id,status,state,customer_email,created_at,updated_at,base_grand_total,grand_total,base_total_refunded,base_currency_code
1,000001,complete,complete,a@x.org,2024-01-02 10:00:00,2024-05-01 10:00:00,20.0000,22.0000,5.0000,EUR
2,000002,pending_payment,new,b@x.org,2024-02-02 10:00:00,2024-05-01 10:00:00,30.0000,33.0000,,EUR
""",
        1, 1, 15.0,
    ),
    "BigCommerce": (
        """Order ID,Customer ID,Customer Name,Customer Email,Order Date,Order Status,Subtotal (inc tax),Tax Total,Order Total (inc tax),Order Total (ex tax),Order Currency Code
100,0,Ann,a@x.org,2024-01-02,Completed,18.00,2.00,20.00,18.00,AUD
101,0,Bob,b@x.org,2024-01-03,Shipped,27.00,3.00,30.00,27.00,AUD
102,0,Bob,b@x.org,2024-01-04,Declined,27.00,3.00,30.00,27.00,AUD
""",
        2, 2, 50.0,
    ),
    "Lightspeed": (
        """Date,Receipt Number,Line Type,Customer Code,Customer Name,Quantity,Subtotal,Sales Tax,Total,Paid,Register,Status
2024-01-02 10:00:00,1,Sale,C1,Ann,2,18.00,2.00,20.00,20.00,Front,Closed
2024-01-02 10:00:00,1,Sale Line,C1,Ann,2,18.00,2.00,20.00,,Front,Closed
2024-01-02 10:00:00,1,Payment,C1,Ann,,0.00,0.00,0.00,20.00,Front,Closed
2024-01-03 10:00:00,2,Sale,C1,Ann,1,9.00,1.00,10.00,10.00,Front,Voided
""",
        1, 1, 18.0,
    ),
    "RevenueCat": (
        """rc_original_app_user_id,store_transaction_id,country,platform,product_identifier,start_time,end_time,store,is_trial_period,is_sandbox,refunded_at,price_in_usd
u1,t1,DE,ios,pro,2024-01-01 10:00:00,2024-01-08 10:00:00,app_store,true,false,,0
u1,t2,DE,ios,pro,2024-01-08 10:00:00,2024-02-08 10:00:00,app_store,false,false,,9.99
u2,t3,US,android,pro,2024-01-09 10:00:00,2024-02-09 10:00:00,play_store,false,false,,9.99
""",
        2, 2, 19.98,
    ),
    "Etsy, sold order items": (
        """Sale Date,Item Name,Buyer,Quantity,Price,Coupon Code,Discount Amount,Order Shipping,Item Total,Currency,Transaction ID,Listing ID,Ship Country,Order ID
2024-08-14,Card,ann1,2,5.00,,1.00,4.50,10.00,USD,4001,9001,US,7001
2024-08-14,Cup,ann1,1,9.00,,0.00,4.50,9.00,USD,4002,9002,US,7001
2024-09-14,Cup,bob2,1,9.00,,0.00,4.50,9.00,USD,4003,9002,CA,7002
""",
        2, 2, 27.0,
    ),
    "Etsy, sold orders": (
        """Sale Date,Order ID,Buyer User ID,Full Name,Number of Items,Currency,Order Value,Discount Amount,Shipping,Sales Tax,Order Total,Status,Order Net
2024-08-14,7001,ann1,Ann,2,USD,19.00,1.00,4.50,0.00,22.50,Complete,20.00
2024-09-14,7002,ann1,Ann,1,USD,9.00,0.00,4.50,0.00,13.50,Complete,12.00
""",
        2, 1, 36.0,
    ),
    "No known export: columns by name": (  # a log of events
        """profile_id,event,event_time,value
a,Placed Order,2024-01-02 10:00:00,20
a,Viewed Product,2024-01-01 10:00:00,0
b,Placed Order,2024-01-05 10:00:00,30
b,Refunded Order,2024-01-06 10:00:00,30
""",
        2, 2, 50.0,
    ),
}  # fmt: skip


def printed(said):
    """The parameters of the command that a check prints last."""
    words = shlex.split(said.splitlines()[-1])
    assert words[:3] == ["ltv", "report", "all"]
    return {
        flag.removeprefix("--").replace("-", "_"): value for flag, value in zip(words[3::2], words[4::2], strict=True)
    }


@pytest.mark.parametrize("name", NATIVE)
def test_a_native_export_is_known_and_its_command_reads_it(name, tmp_path, monkeypatch, capsys):
    text, orders, customers, revenue = NATIVE[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "export.csv").write_text(text, encoding="utf-8")
    cli.main(["check", "export.csv"])
    said = capsys.readouterr().out
    assert name in said.splitlines()[0]
    told = catalog.check("data_quality", printed(said))
    size = segments.read(vars(told)).size
    assert (size["orders"], size["customers"]) == (orders, customers)
    assert size["revenue"] == pytest.approx(revenue)


def test_every_heading_of_the_table_that_a_column_plays_is_one_that_identifies_or_may_be_absent():
    for export in headings.EXPORTS:
        assert set(export.columns) <= {"customer", "date", "amount", "order", "product", "status", "refunded", "discount", "currency_column"}  # fmt: skip
        assert headings.recognise(name.split("|")[0] for name in export.known_by) is export


def test_a_report_of_a_service_without_buyers_says_which_has_them(tmp_path, capsys):
    header = "amazon-order-id\tpurchase-date\torder-status\tsku\tcurrency\titem-price\n"
    (tmp_path / "all.txt").write_text(header + "1\t2024-01-02T10:00:00+00:00\tShipped\tS1\tEUR\t40.00\n")
    with pytest.raises(SystemExit) as end:
        cli.main(["check", str(tmp_path / "all.txt")])
    assert end.value.code == 1
    assert "Amazon Fulfilled Shipments report" in capsys.readouterr().out


def charges(amount):
    row = {"id": "ch_1", "amount": amount, "amount_refunded": "0", "created": "2024-01-02 10:00:00", "currency": "eur"}
    return check_orders(pd.DataFrame([row | {"status": "succeeded", "customer": "cus_1", "paid": "true"}]))


def test_amounts_in_cents_are_read_as_cents_and_those_with_a_fraction_are_none():
    found = charges("1900")
    assert found.known == "Stripe, charges of the API"
    assert "minor_units=true" in found.command()
    assert (found.orders.size["revenue"], found.orders.currency) == (19.0, "EUR")
    assert charges("19.50").orders.size["revenue"] == 19.5


def log(count=120, **more):
    """A log of 40 customers with three orders each."""
    days = pd.date_range("2024-01-01", periods=count, freq="D").strftime("%Y-%m-%d")
    return pd.DataFrame({
        "order_id": range(1000, 1000 + count), "player_id": [i % 40 for i in range(count)], "date": days,
        "amount": [f"{5 + i % 7}.50" for i in range(count)],
    }).assign(**more)  # fmt: skip


def test_the_customer_is_the_column_whose_values_come_back():
    assert check_orders(log()).columns == {
        "customer": "player_id", "date": "date", "amount": "amount", "order": "order_id",
    }  # fmt: skip
    account = log().rename(columns={"player_id": "account_id", "order_id": "booking_id"})
    assert check_orders(account).columns["customer"] == "account_id"
    constant = log(customer_id="shop").rename(columns={"player_id": "email"})
    assert check_orders(constant).columns["customer"] == "email"


def test_where_every_customer_has_one_order_it_is_said():
    once = log().drop(columns="player_id").rename(columns={"order_id": "customer_id"})
    assert "has one order" in check_orders(once).notes[-1]
    assert not check_orders(log()).notes


def test_empty_columns_years_and_later_dates_play_no_part():
    odd = log(email="", revenue="", updated_at="2024-06-01", total_year="2024", cost=None)
    assert check_orders(odd).columns == check_orders(log()).columns


def test_a_log_without_amounts_is_read_and_said():
    found = check_orders(log().drop(columns="amount"))
    assert "amount" not in found.columns
    assert found.orders.size["customers"] == 40
    assert "No column holds amounts" in found.notes[0]
    assert "--amount" not in found.command()
    assert found.question == ""


def test_channel_and_country_are_proposed_as_segments():
    found = check_orders(log(utm_source=["ads", "mail"] * 60, country=["DE", "FR", "IT"] * 40))
    assert found.by == {"utm_source": 2, "country": 3}
    assert "ltv batch --by utm_source,country" in repr(found)


def test_the_first_lines_say_what_a_rule_takes_away():
    status = ["failed"] * 30 + ["paid"] * 90
    lines = repr(check_orders(log(status=status))).splitlines()
    assert lines[1].startswith("120 rows: 90 orders of 40 customers")
    assert lines[2].startswith("  left out, not paid: 25.0% of rows (30) and ")
    said = quality.headline(check_orders(log(status=status)).orders).text
    assert "The rule that takes most, not paid, leaves out **25.0% of rows (30) and " in said


def test_a_file_of_headings_says_whose_they_are(tmp_path, capsys):
    (tmp_path / "s.csv").write_text(NATIVE["Shopify"][0].splitlines()[0] + "\n")
    with pytest.raises(SystemExit):
        cli.main(["check", str(tmp_path / "s.csv")])
    assert "none below the header (Shopify, orders)" in capsys.readouterr().err


def test_the_printed_command_runs_as_it_stands_for_hostile_names(tmp_path):
    names = {"player_id": "customer's = id", "amount": "total, $(net)", "date": "date ;", "order_id": 'order "no"'}
    path = tmp_path / "it's $HOME & co.csv"
    log().rename(columns=names).to_csv(path, index=False)
    run = {"capture_output": True, "text": True, "cwd": tmp_path}
    said = subprocess.run([sys.executable, "-m", "ltv", "check", path.name], check=True, **run).stdout
    command = said.splitlines()[-1].replace("ltv report all", f"{sys.executable} -m ltv report data_quality", 1)
    made = subprocess.run(["bash", "-c", command], check=False, **run)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "reports" / "data_quality.html").exists()
