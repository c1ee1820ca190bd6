"""Exports in other languages: their headings, the words of their statuses, and what no table knows is said."""

import pandas as pd
import pytest

from ltv.errors import DataError, ParameterError
from ltv.orders import read_orders
from ltv.orders.proposal import check_orders

# Headings of order, customer, date, amount, status; the words for paid and cancelled; an amount of 12.50.
EXPORTS = {
    "German": (
        "Bestellnummer Kundennummer Bestelldatum Gesamtbetrag Zahlungsstatus",
        "bezahlt",
        "storniert",
        "12,50 €",
    ),
    "French": ("N°_commande N°_client Date_de_commande Montant_TTC Statut", "Payée", "Annulée", "12,50 €"),
    "Spanish": ("Pedido ID_de_cliente Fecha_de_compra Importe_total Estado", "Pagado", "Cancelado", "12,50 €"),
    "Italian": ("Numero_ordine Codice_cliente Data_ordine Totale Stato", "pagato", "annullato", "€ 12,50"),
    "Dutch": ("Ordernummer Klantnummer Besteldatum Bedrag Status", "betaald", "geannuleerd", "€ 12,50"),
    "Polish": ("Nr_zamówienia Klient Data_zamówienia Kwota Status", "opłacone", "anulowane", "12,50 zł"),
    "Portuguese": ("Pedido Cliente Data_do_pedido Valor_total Situação", "Pago", "Cancelado", "R$ 12,50"),
    "Russian": ("Номер_заказа ID_клиента Дата_заказа Сумма Статус", "Оплачен", "Отменён", "12,50 руб."),
    "Chinese": ("订单编号 会员编号 下单时间 实付金额 订单状态", "已支付", "已取消", "12.50"),
    "Japanese": ("注文番号 会員ID 注文日時 合計金額 ステータス", "支払済み", "キャンセル", "12.50"),
}


@pytest.mark.parametrize("language", EXPORTS)
def test_orders_called_off_are_none_in_any_language(language):
    headings, paid, cancelled, amount = EXPORTS[language]
    rows = [(f"R{i}", f"c{i % 5}", f"2024-01-{i + 1:02d}", amount, paid if i % 4 else cancelled) for i in range(24)]
    found = check_orders(pd.DataFrame(rows, columns=[h.replace("_", " ") for h in headings.split()]))
    assert list(found.columns) == ["customer", "date", "amount", "order", "status"], found
    assert found.orders.size["orders"] == 18
    assert found.orders.size["revenue"] == 225.0
    assert found.orders.audit.loc["cancelled", "rows"] == 6


def log(**more):
    rows = {"customer": [f"c{i % 5}" for i in range(20)], "date": [f"2024-01-{i + 1:02d}" for i in range(20)]}
    return pd.DataFrame(rows | {"amount": "12.50"} | more)


def test_a_status_is_known_by_its_words_whatever_its_heading_and_one_nobody_knows_is_said():
    found = check_orders(log(how=["paid", "failed"] * 10))
    assert found.columns["status"] == "how"
    assert found.orders.size["orders"] == 10
    assert "status" not in check_orders(log(gift=["yes", "no"] * 10)).columns
    unknown = check_orders(log(status=["blue", "green"] * 10))
    assert '"status" says blue; green, and every row counts as an order' in unknown.notes[0]


def test_money_is_found_by_its_looks_and_else_the_numbers_are_named():
    renamed = log().rename(columns={"amount": "xyz"})
    assert check_orders(renamed).columns["amount"] == "xyz"
    assert 'Numbers stand in "xyz"' in check_orders(renamed.assign(xyz=[str(7 + i) for i in range(20)])).notes[0]
    packed = log(properties='{"value": 3}').drop(columns="amount")
    assert '"properties" holds several values in one cell' in check_orders(packed).notes[0]


def test_rows_that_are_no_orders_need_no_amount():
    rows = log(status=["paid"] * 17 + ["failed", "cancelled", "pending"])
    rows.loc[17:, "amount"] = ["", "N/A", None]
    assert check_orders(rows).orders.size["revenue"] == 17 * 12.5
    rows.loc[0, "amount"] = "N/A"
    assert "1 of 20 rows" in check_orders(rows).faults[0]


def test_a_total_is_not_multiplied_by_a_quantity():
    rows = log(quantity="2").rename(columns={"amount": "Order Total"})
    named = {"customer": "customer", "date": "date", "amount": "Order Total"}
    with pytest.raises(ParameterError, match="is the total of an order: leave quantity= out"):
        read_orders(rows, **named, quantity="quantity")
    price = log(Menge="2").rename(columns={"amount": "Einzelpreis"})
    assert check_orders(price).orders.size["revenue"] == 500.0
    assert "quantity" not in check_orders(price.rename(columns={"Einzelpreis": "Total price"})).columns


def test_bills_once_a_month_leave_no_gap_and_a_missing_file_does():
    months = pd.date_range("2022-01-01", periods=24, freq="MS")
    bills = pd.DataFrame(
        [(f"c{i}", str(day)[:10], "9.99") for day in months for i in range(30)], columns=["customer", "date", "amount"]
    )
    named = {"customer": "customer", "date": "date", "amount": "amount"}
    assert not [sign for sign in read_orders(bills, **named).signs if "No row at all" in sign]
    away = bills[~bills["date"].between("2022-06-01", "2022-12-31")]
    assert [sign for sign in read_orders(away, **named).signs if "No row at all" in sign]


def test_text_of_another_script_is_refused_with_the_encoding_that_reads_it(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("客户ID,下单时间,金额\nA1,2024年01月03日,12.50\n", encoding="gb18030")
    with pytest.raises(DataError, match="encoding=, such as gb18030"):
        check_orders(path)
    assert check_orders(path, encoding="gb18030").columns == {
        "customer": "客户ID",
        "date": "下单时间",
        "amount": "金额",
    }
    path.write_text("Nº;Größe;Käufer\n", encoding="cp1252")
    from ltv.inputs import plain

    assert plain.is_western(path)


def test_a_sample_is_checked_by_its_name():
    assert check_orders("cdnow_sample").command() == "ltv report all --orders cdnow_sample"


def test_the_currency_of_a_heading_stands_in_the_command():
    found = check_orders(log().rename(columns={"amount": "Total (EUR)"}))
    assert "--currency EUR" in found.command()


def test_lines_filled_from_their_order_are_counted():
    rows = pd.DataFrame(
        [("1", "a", "2024-01-01", "5"), ("1", "", "", "3"), ("2", "b", "2024-01-02", "4")],
        columns=["order", "customer", "date", "amount"],
    )
    named = {name: name for name in rows.columns}
    assert "leave their customer or day empty take it from the other lines of their order: 1 in all" in " ".join(
        read_orders(rows, **named).signs
    )
