"""Signs and codes of currencies, as they stand beside amounts, in headings and in columns of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping

_KNOWN = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP "
    "CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD "
    "IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR "
    "MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP "
    "SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF "
    "YER ZAR ZMW"
)
CODES = frozenset(_KNOWN.split())
_DOLLARS = "USD ARS AUD BBD BMD BND BSD BZD CAD CLP COP FJD GYD HKD JMD KYD LRD MXN NAD NZD SBD SGD SRD TTD TWD UYU XCD"
DOLLARS = tuple(_DOLLARS.split())
SIGNS: dict[str, tuple[str, ...]] = {
    "$": DOLLARS, "¥": ("JPY", "CNY"), "kr": ("SEK", "NOK", "DKK", "ISK"), "Rs": ("INR", "PKR", "LKR", "NPR", "MUR"),
    "€": ("EUR",), "£": ("GBP",), "₹": ("INR",), "₩": ("KRW",), "₽": ("RUB",), "₺": ("TRY",), "₫": ("VND",), "฿": ("THB",),
    "₪": ("ILS",), "₴": ("UAH",), "₦": ("NGN",), "₱": ("PHP",), "₸": ("KZT",), "₡": ("CRC",), "元": ("CNY",), "円": ("JPY",),
    "zł": ("PLN",), "Kč": ("CZK",), "Ft": ("HUF",), "lei": ("RON",), "руб": ("RUB",), "RM": ("MYR",), "Rp": ("IDR",), "Fr": ("CHF",),
    "US$": ("USD",), "R$": ("BRL",), "A$": ("AUD",), "AU$": ("AUD",), "C$": ("CAD",), "CA$": ("CAD",), "NZ$": ("NZD",),
    "HK$": ("HKD",), "NT$": ("TWD",), "S$": ("SGD",), "MX$": ("MXN",), "CN¥": ("CNY",), "RMB": ("CNY",), "JP¥": ("JPY",),
}  # fmt: skip
"""What stands beside an amount → the codes that it can mean, the usual one first."""
MARK = "|".join(re.escape(mark) for mark in sorted((*SIGNS, *CODES), key=lambda mark: (-len(mark), mark)))
"""An expression of any of them, case aside."""
_FOLDED = {mark.casefold(): codes for mark, codes in SIGNS.items()}
_WORDS = {"ALL", "TOP", "TRY", "CUP", "PEN", "COP", "MOP", "GEL", "BAM", "SOS", "RON"}
"""Codes that are words too: in a heading they count in capitals only."""
_WHOLE, _THOUSANDTHS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF", "BHD IQD JOD KWD LYD OMR TND"
_PLACES = dict.fromkeys(_WHOLE.split(), 0) | dict.fromkeys(_THOUSANDTHS.split(), 3)


def codes_of(mark: str) -> tuple[str, ...]:
    """The codes that a sign or a code can mean; what is neither is a name of its own.

    >>> codes_of("usd"), codes_of("€"), codes_of("¥"), codes_of("points")
    (('USD',), ('EUR',), ('JPY', 'CNY'), ('points',))
    """
    plain = mark.strip().rstrip(".")
    return (plain.upper(),) if plain.upper() in CODES else _FOLDED.get(plain.casefold(), (plain,))


def places(code: str) -> int:
    """Decimal places of a currency's smallest unit: two but for a few."""
    return _PLACES.get(code, 2)


def currency_of_heading(name: str) -> str | None:
    """The one currency that a column's heading names, None where it names none, or several.

    >>> currency_of_heading("Total (EUR)"), currency_of_heading("amount_usd"), currency_of_heading("Betrag in €")
    ('EUR', 'USD', 'EUR')
    >>> currency_of_heading("All orders"), currency_of_heading("Top seller")
    (None, None)
    """
    words = re.findall(r"[A-Za-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))
    bracketed = re.findall(r"[(\[]\s*([A-Za-z]{3})\s*[)\]]", name)
    found = [word for word in words if word in CODES] + [word.upper() for word in (*bracketed, *words[-1:])]
    codes = {code for code in found if code in CODES and (code not in _WORDS or code in words)}
    codes |= {codes_of(sign)[0] for sign in SIGNS if not sign.isascii() and sign in name and len(codes_of(sign)) == 1}
    return codes.pop() if len(codes) == 1 else None


def one_currency(
    marks: Mapping[str, int], codes: Mapping[str, int], given: str | None
) -> tuple[str | None, str | None]:
    """(the currency, the fault) of rows with these marks beside amounts and codes in a column (→ rows).

    Both are None where nothing says what it is. A sign of several currencies agrees with any of them.
    """
    found = {mark: codes_of(mark) for mark in (*codes, *marks)}
    sure = {meant[0] for meant in found.values() if len(meant) == 1}
    open_ = {mark: meant for mark, meant in found.items() if len(meant) > 1}
    beside = {codes_of(mark)[0] for mark in marks if len(codes_of(mark)) == 1}
    apart = any(meant[0] not in beside for mark, meant in open_.items() if beside and mark in marks and mark != "kr")
    agreed = set.intersection(*(set(meant) for meant in found.values())) if found else set()
    rows: dict[str, int] = {}
    for mark in (*codes, *marks):
        label = found[mark][0] if len(found[mark]) == 1 else mark
        rows[label] = rows.get(label, 0) + codes.get(mark, 0) + marks.get(mark, 0)
    if len(sure) > 1 or apart or (found and not agreed):
        listed = ", ".join(f"{label} {n:,}" for label, n in sorted(rows.items()))
        return None, f"currency {len(rows)} currencies in one log ({listed} rows): convert them, or read them apart"
    wanted = codes_of(given)[0] if given else None
    if not found:
        return wanted, None
    if wanted and wanted not in agreed:
        return None, f"currency the rows are in {' and '.join(rows)}, but currency={given}"
    if wanted:
        return wanted, None
    meant = [code for code in next(iter(found.values())) if code in agreed]
    if len(meant) > 1 and "$" not in found:
        listed = " or ".join(f'currency="{code}"' for code in meant)
        return None, f"currency {', '.join(open_)} is the sign of {', '.join(meant)}; pass {listed}"
    return meant[0], None
