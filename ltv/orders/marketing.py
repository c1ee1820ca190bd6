"""Which columns of a table are marketing costs: the exports of ad platforms, and the tables people keep by hand."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Headings as exports have them, without case, signs and currencies; the surest first.
WORDS = {
    "date": "date day reportingstarts week weekof weekstart weekstarting weekcommencing month yearmonth period startdate start "
    "starts dt statdate stattimeday bydate byday reportdate reportingdate segmentsdate dateday timeperiod quarter datum tag from von "
    "woche monat zeitraum fecha dia semana mes data jour mois semaine periode",
    "amount": "amountspent amountspend spend spent adspend adspends mediaspend marketingspend totalspend totalspent totalcost cost costs "
    "adcost adcosts mediacost marketingcost mediacosts marketingcosts grossspend netspend campaigncost kosten werbekosten "
    "ausgaben coste gasto gastos cout depense depenses spesa costo custo investimento investment amount betrag importe "
    "montant importo budget",
    "channel": "channel marketingchannel channelname source sourceid platform adplatform mediasource utmsource campaignsource sourcemedium "
    "defaultchannelgroup defaultchannelgrouping channelgroup channelgrouping network adnetwork medium utmmedium kanal canal "
    "canale quelle fuente publisher partner provider vendor campaigntype campaign campaignname utmcampaign accountname account",
}
STARTS = "reportingstarts startdate start starts weekstart weekstarting from von"
ENDS = "reportingends enddate end ends weekend weekending to until bis"
SPENT = WORDS["amount"].split()[: WORDS["amount"].split().index("amount")]
"""Words that mean money spent; "amount" alone is as often a price."""
PEOPLE = "customer|client|user|buyer|member|email|e-mail|kunde|order|invoice|transaction|receipt|quantity|sku|product"
CURRENCIES = (
    "USD EUR GBP JPY CNY INR AUD CAD CHF SEK NOK DKK PLN CZK HUF RON BGN TRY BRL MXN ARS CLP COP PEN KRW TWD HKD SGD MYR THB "
    "IDR PHP VND NZD ZAR NGN KES EGP AED SAR ILS RUB UAH KZT"
)
_CODE = re.compile(rf"(?<![A-Za-z])({'|'.join(CURRENCIES.split())})(?![A-Za-z])", re.IGNORECASE)


def plain(heading: str) -> str:
    """A heading without case, signs and currency: "Amount spent (EUR)" is "amountspent"."""
    return re.sub(r"[\W_]", "", _CODE.sub("", heading).lower())


def code_in(heading: str) -> str | None:
    """The currency that a heading names.

    >>> code_in("Amount spent (EUR)"), code_in("cost_usd"), code_in("Costs")
    ('EUR', 'USD', None)
    """
    found = _CODE.search(heading.replace("_", " "))
    return found[0].upper() if found else None


def recognise(headings: Sequence[str], part: str, *, but: Sequence[str] = ()) -> str | None:
    """The column that plays a part of costs, by its heading; None without one."""
    words = WORDS[part].split()
    ranked = [(words.index(plain(name)), name) for name in headings if name not in but and plain(name) in words]
    return min(ranked)[1] if ranked else None


def year_and_month(headings: Sequence[str]) -> tuple[str, str] | None:
    """The two columns that hold year and month, where a date is split so."""
    named = {plain(name): name for name in headings}
    year = next((named[word] for word in ("year", "jahr", "ano", "año", "annee", "anno") if word in named), None)
    part = next((named[word] for word in ("month", "monat", "mes", "mois", "mese", "quarter") if word in named), None)
    return (year, part) if year and part else None


def last_day(date: Sequence[str], headings: Sequence[str]) -> str | None:
    """The column with the last day of a row's span, where `date` is the one with its first."""
    if len(date) != 1 or plain(date[0]) not in STARTS.split():
        return None
    named = {plain(name): name for name in headings}
    return next((named[word] for word in ENDS.split() if word in named), None)


def looks_like_costs(headings: Sequence[str]) -> dict[str, str] | None:
    """The columns (date, amount, channel) of a table that is marketing costs, None where it is not or may be orders.

    >>> looks_like_costs(["Day", "Campaign name", "Amount spent (EUR)"])
    {'date': 'Day', 'amount': 'Amount spent (EUR)', 'channel': 'Campaign name'}
    >>> looks_like_costs(["customer", "date", "amount"]) is None
    True
    """
    split = year_and_month(headings)
    date = "+".join(split) if split else recognise(headings, "date")
    amount = recognise(headings, "amount", but=[date or ""])
    if date is None or amount is None or any(re.search(PEOPLE, name, re.IGNORECASE) for name in headings):
        return None
    channel = recognise(headings, "channel", but=[date, amount])
    if plain(amount) not in SPENT and channel is None:
        return None
    return {"date": date, "amount": amount} | ({"channel": channel} if channel else {})
