"""The words of column names that speak for a part, and those that speak against it, in the languages of exports."""

from __future__ import annotations

import re
import unicodedata

# The surest first, written as `fold` writes them.
WORDS = {
    "customer": "customerid customer userid user clientid client buyerid buyer uid memberid member accountid playerid player "
    "subscriberid subscriber contactid contact patientid guestid visitorid profileid householdid email emailaddress mail who id "
    "kundennummer kundenid kundennr kunde numclient idclient clienteid cliente codicecliente klantnummer klant klientid klient "
    "клиент клиента покупатель kundnummer kund 客户id 客户编号 会员编号 会员id 用户id 买家id 客户 会员 用户 买家 顾客 "
    "会員id 会員番号 顧客id 顧客番号 顧客 会員 お客様",
    "date": "orderdate orderedat dateordered invoicedate purchasedate transactiondate saledate createdat created date paidat "
    "timestamp datetime eventtime buyts ts day when time bestelldatum kaufdatum auftragsdatum rechnungsdatum buchungsdatum datum "
    "fechapedido fechacompra fecha datecommande datapedido dataordine besteldatum orderdatum datazamowienia data дата "
    "下单时间 下单日期 订单时间 订单日期 支付时间 付款时间 购买时间 创建时间 日期 时间 注文日時 注文日 購入日 日付",
    "amount": "netrevenue netamount netsales revenue sales amount total ordervalue ordertotal grandtotal value paid spend subtotal "
    "gross unitprice price umsatz gesamtbetrag rechnungsbetrag nettobetrag bruttobetrag betrag bestellwert gesamtsumme summe "
    "gesamtpreis einzelpreis preis montant prixtotal prix importe preciototal precio valortotal valor preco importo totale prezzo "
    "bedrag totaal prijs kwota wartosc suma cena сумма стоимость итого цена belopp "
    "实付金额 支付金额 订单金额 成交金额 总金额 金额 单价 合計金額 金額 合計 単価",
    "quantity": "quantity qty units count menge anzahl stueckzahl cantidad quantite quantidade quantita aantal ilosc количество "
    "数量",
    "order": "orderid ordernumber orderno invoiceno invoiceid invoice transactionid receipt order bestellnummer auftragsnummer "
    "bestellung rechnungsnummer pedido ncommande commande numeroordine ordine ordernummer zamowienia номерзаказа заказ "
    "订单号 订单编号 订单id 注文番号 注文id",
    "product": "productid sku stockcode itemid product item artikelnummer artikel produkt producto produit produto prodotto товар "
    "商品编号 商品id 商品",
    "currency_column": "currency currencycode waehrung wahrung moneda devise moeda valuta waluta валюта 币种 通貨",
    "status": "orderstatus financialstatus paymentstatus status state zahlungsstatus bestellstatus auftragsstatus estado estatus "
    "statut etat situacao stato statuszamowienia статус 订单状态 支付状态 状态 ステータス 注文状態 支払状況",
    "refunded": "refundedamount amountrefunded refundamount totalrefunded refundedtotal refunded erstattet 退款金额 返金額",
    "cost": "cogs costofgoods cost",
    "discount": "discount discountamount",
    "tax": "tax vat taxamount",
}
# Words that speak against a part although another word of the name speaks for it.
AGAINST = {
    "customer": "order invoice transaction receipt line item product sku session event payment charge ship shipment name type "
    "segment group city country zip postal note since phone card agent status count coupon store shop location message device "
    "nombre nome nom telefon telefono telephone seit gruppe grupo groupe pedido commande ordine 名 名称 姓名 电话 类型 订单",
    "date": "updated modified changed shipped fulfilled delivered cancelled canceled refunded birth birthday dob expires expiry "
    "due signup registered joined first last closed end until promised exported envio entrega livraison expedition naissance "
    "nacimiento nascimento spedizione consegna nascita доставки рождения 发货 收货 完成 生日 注册 更新 退款 発送 配送 生年",
    "amount": "id year month zip postal phone latitude longitude rate percent pct share count fee fees shipping refund refunded "
    "discount balance points weight rank age score number no tip delivery due outstanding budget items versand rabatt steuer "
    "envio frete livraison iva descuento desconto remise sconto доставки скидка 退款 优惠 运费 折扣 税 返金 送料 割引",
    "cost": "shipping delivery per acquisition ad ads marketing",
    "tax": "rate percent number exempt id name",
    "discount": "code percent rate name coupon",
    "refunded": "at date on reason",
    "quantity": "returned refunded stock",
}
UNIT_PRICE = re.compile("price|preis|prix|preci?o|prezzo|prijs|cena|цена|单价|単価")
WHOLE_PRICE = re.compile("total|gesamt|extended|sum|totaa|итог|总")
"""Names of amounts that are multiplied by a quantity, but for those of whole lines or orders."""


def fold(text: str) -> str:
    """Text without case and accents.

    >>> fold("N° commande Payée"), fold("opłacone Größe")
    ('n° commande payee', 'oplacone grosse')
    """
    apart = unicodedata.normalize("NFKD", text.casefold().replace("ł", "l"))
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def split(name: str) -> list[str]:
    """The words of a column's name."""
    return [piece for piece in re.split(r"[\W_]+", fold(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))) if piece]


def rank(part: str, name: str) -> int | None:
    """How sure a column's name is of this part: 0 for the surest word, None without one.

    >>> rank("customer", "Customer ID"), rank("amount", "买家实付金额") is not None, rank("order", "Total")
    (0, True, None)
    """
    words = _FOLDED[part]
    pieces = split(name)
    if "".join(pieces) in words:
        return words.index("".join(pieces))
    joined = {"".join(pieces[i:j]) for i in range(len(pieces)) for j in range(i + 1, len(pieces) + 1)}
    fits = (i for i, word in enumerate(words) if word in joined or (_unspaced(word) and word in "".join(pieces)))
    return min((len(words) + i for i in fits), default=None)


def speaks_against(part: str, name: str) -> bool:
    """Whether a word of a column's name says that it is not this part."""
    pieces = split(name)
    return any(word in pieces or (_unspaced(word) and word in "".join(pieces)) for word in _AGAINST.get(part, ()))


def is_unit_price(name: str) -> bool:
    """Whether an amount of this name is of one piece.

    >>> is_unit_price("Unit Price"), is_unit_price("Einzelpreis"), is_unit_price("Total price"), is_unit_price("Sales")
    (True, True, False, False)
    """
    plain = fold(name)
    return bool(UNIT_PRICE.search(plain) and not WHOLE_PRICE.search(plain))


def _unspaced(word: str) -> bool:
    """Whether a word is of a script that puts no spaces between words."""
    return bool(re.search("[\u3040-\u30ff\u4e00-\u9fff]", word))


_FOLDED = {part: [fold(word) for word in words.split()] for part, words in WORDS.items()}
_AGAINST = {part: [fold(word) for word in words.split()] for part, words in AGAINST.items()}
