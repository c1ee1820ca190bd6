"""What the status of a payment or order says: whether it is an order at all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from ltv import engine
from ltv.orders.heading_words import fold

MOST = 200
"""A column with more values than this says something else."""
REFUNDED = (
    *("refunded", "fully refunded", "refund", "chargeback", "charged back", "erstattet", "reembolsado", "reembolsada"),
    *(
        "rembourse",
        "remboursee",
        "rimborsato",
        "terugbetaald",
        "estornado",
        "zwrocone",
        "возврат",
        "возвращен",
        "已退款",
    ),
    "返金済み",
)
"""Orders whose money came back in full."""
PARTLY = ("partially refunded", "partial refund", "partly refunded", "teilweise erstattet", "部分退款")
COUNTED = (
    *("paid", "partially paid", "complete", "completed", "succeeded", "success", "successful", "captured", "settled"),
    *("processing", "processed", "shipped", "partially shipped", "fulfilled", "partially fulfilled", "unfulfilled"),
    *("delivered", "closed", "approved", "active", "confirmed", "accepted", "invoiced", "picked up", "ready to ship"),
    *("awaiting fulfillment", "awaiting shipment", "awaiting pickup", "disputed", "won", "sold", "sale", "ok", "done"),
    *("true", "yes", "1", "bezahlt", "abgeschlossen", "versandt", "versendet", "geliefert", "zugestellt", "erledigt"),
    *("in bearbeitung", "teilweise bezahlt", "pagado", "pagada", "completado", "completada", "enviado", "enviada"),
    *("entregado", "procesando", "confirmado", "paye", "payee", "termine", "terminee", "expedie", "expediee", "livre"),
    *("livree", "validee", "en preparation", "en cours de traitement", "pago", "concluido", "entregue", "aprovado"),
    *(
        "pagato",
        "completato",
        "spedito",
        "consegnato",
        "evaso",
        "betaald",
        "voltooid",
        "verzonden",
        "afgerond",
        "geleverd",
    ),
    *("oplacone", "zaplacone", "oplacony", "zrealizowane", "wyslane", "dostarczone", "betald", "betalt", "skickad"),
    *("оплачен", "оплачено", "оплачена", "выполнен", "выполнено", "доставлен", "доставлено", "завершен", "отправлен"),
    *("已支付", "已付款", "已完成", "已发货", "待发货", "待收货", "已收货", "已签收", "交易成功", "支付成功", "已确认"),
    *("支払済み", "支払い済み", "入金済み", "発送済み", "配達済み", "完了"),
    *(*REFUNDED, *PARTLY),
)
RULES = {
    "not paid": (
        *("failed", "fail", "failure", "voided", "void", "pending", "pending payment", "payment pending", "unpaid"),
        *("not paid", "declined", "denied", "expired", "abandoned", "on hold", "authorized", "authorised", "error"),
        *(
            "authorization",
            "pending review",
            "incomplete",
            "requires payment method",
            "requires action",
            "uncollectible",
        ),
        *(
            "requires confirmation",
            "requires capture",
            "awaiting payment",
            "payment review",
            "payment error",
            "rejected",
        ),
        *("uncaptured", "blocked", "suspected fraud", "fraud", "open", "new", "past due", "overdue", "lost", "false"),
        *(
            "checkout draft",
            "partially authorized",
            "temporary",
            "manual verification required",
            "no",
            "0",
            "initiated",
        ),
        *(
            "offen",
            "unbezahlt",
            "ausstehend",
            "zahlung ausstehend",
            "fehlgeschlagen",
            "abgelehnt",
            "pendiente",
            "fallido",
        ),
        *("pago pendiente", "rechazado", "rechazada", "no pagado", "impagado", "en attente", "en attente de paiement"),
        *(
            "echoue",
            "echouee",
            "refuse",
            "refusee",
            "impaye",
            "impayee",
            "pendente",
            "recusado",
            "aguardando pagamento",
        ),
        *("in attesa", "fallito", "rifiutato", "non pagato", "mislukt", "geweigerd", "onbetaald", "openstaand"),
        *("nieoplacone", "oczekujace", "odrzucone", "не оплачен", "не оплачено", "неоплачен", "ожидает оплаты"),
        *(
            "отклонен",
            "待支付",
            "待付款",
            "未支付",
            "未付款",
            "支付失败",
            "付款失败",
            "未払い",
            "支払待ち",
            "入金待ち",
            "失敗",
        ),
    ),
    "cancelled": (
        *("cancelled", "canceled", "cancel", "cancelled reversal", "canceled reversal", "reversed", "deleted"),
        *("storniert", "storno", "abgebrochen", "annulliert", "cancelado", "cancelada", "anulado", "anulada", "annule"),
        *("annulee", "annullato", "annullata", "cancellato", "geannuleerd", "anulowane", "anulowany", "anulowano"),
        *("отменен", "отменено", "отменена", "已取消", "已关闭", "交易关闭", "取消", "キャンセル", "キャンセル済み"),
        *("取消済み", "avbruten", "makulerad"),
    ),
    "draft or trial": (
        *("draft", "quote", "quotation", "trial", "trialing", "free trial", "test", "trash", "estimate", "entwurf"),
        *("angebot", "borrador", "brouillon", "devis", "rascunho", "bozza", "черновик", "草稿", "试用", "下書き"),
    ),
}
"""Rule → statuses that are no order. What stands neither here nor in `COUNTED` counts, and is said."""
OTHER = "another status"
LEFT_OUT = frozenset(fold(word) for words in RULES.values() for word in words)
KNOWN = frozenset(map(fold, COUNTED)) | LEFT_OUT
COMMON = frozenset(
    (
        "true",
        "false",
        "yes",
        "no",
        "0",
        "1",
        "ok",
        "new",
        "active",
        "open",
        "closed",
        "test",
        "sale",
        "sold",
        "won",
        "lost",
        "done",
    )
)
"""Words that mean many things besides."""


def plain(status: str) -> str:
    """A status without case, marks and the prefixes of shop systems.

    >>> plain("wc-on-hold"), plain(" Partially_Refunded ")
    ('on hold', 'partially refunded')
    """
    words = fold(re.sub(r"[\s_\-]+", " ", status).strip())
    return re.sub(r"^wc ", "", words)


_REFUNDED, _PARTLY = frozenset(map(fold, REFUNDED)), frozenset(map(fold, PARTLY))
_RULE = {fold(word): rule for rule, words in RULES.items() for word in words}


def rule_of(status: str, counted: Sequence[str] = ()) -> str:
    """The rule that leaves rows of this status out, "" where they are orders; `counted` replaces the table of words."""
    word = plain(status)
    known = _RULE.get(word, "")
    if not counted:
        return known
    return "" if word in map(plain, counted) else known or OTHER


class Statuses:
    """The statuses of a log, as written, with their rows, and what each means."""

    def __init__(self, counts: Mapping[str, int], counted: Sequence[str] = ()) -> None:
        self.counts, self.counted = dict(counts), tuple(counted)

    def left_out(self) -> dict[str, list[str]]:
        """Rule → the statuses, as written, that it leaves out."""
        rules: dict[str, list[str]] = {}
        for status in self.counts:
            if rule := rule_of(status, self.counted):
                rules.setdefault(rule, []).append(status)
        return rules

    def none(self) -> list[str]:
        """Statuses, as written, that are no order."""
        return [status for found in self.left_out().values() for status in found]

    def refunded(self, rows: ir.Table) -> ir.Table:
        """Rows with what was given back, where only their status says that all of it was."""
        back = [status for status in self.counts if plain(status) in _REFUNDED and not rule_of(status, self.counted)]
        if not back or "refunded" in rows.columns:
            return rows
        whole = rows.status.isin(back).fill_null(False) & (rows.value > 0)
        return rows.mutate(refunded=whole.ifelse(rows.value, ibis.literal(0).cast(engine.MONEY)))

    def named(self, statuses: Sequence[str]) -> str:
        """Some statuses with their rows, the most frequent first."""
        most = sorted(statuses, key=lambda status: (-self.counts[status], status))
        listed = ", ".join(f"{status[:30]} {self.counts[status]:,}" for status in most[:5])
        return listed + (f" and {len(most) - 5} more" if len(most) > 5 else "")

    def signs(self, *, amounts_back: bool) -> list[str]:
        """What a reader should know: statuses that nobody knows, and refunds of an unknown part."""
        here = [status for status in self.counts if not rule_of(status, self.counted)]
        said = []
        unknown = [status for status in here if plain(status) not in KNOWN]
        if unknown and not self.counted:
            said.append(
                f"Rows of an unknown status count as orders ({self.named(unknown)} rows): "
                "Policy(status=[…]) names those that are."
            )
        partly = [status for status in here if plain(status) in _PARTLY]
        if partly and not amounts_back:
            rows = sum(self.counts[status] for status in partly)
            said.append(
                f"{rows:,} rows are refunded in part and count in full, for no column says how much came back: "
                "refunded= names it."
            )
        return said


def find_statuses(rows: ir.Table, column: str | None, counted: Sequence[str]) -> tuple[Statuses, list[str]]:
    """The statuses of typed rows; too many to be any, or none of those the policy counts, are a fault."""
    if column is None:
        return Statuses({}), []
    counts = rows.filter(rows.status.notnull()).group_by("status").aggregate(n=lambda t: t.count())
    frame = engine.run(counts.order_by("status").limit(MOST + 1))
    found = {str(row.status): int(row.n) for row in frame.itertuples()}
    if len(found) > MOST:
        return Statuses({}), [f'status   "{column}" has more than {MOST} different values: leave status= out']
    statuses = Statuses(found, counted)
    if absent := [word for word in counted if plain(word) not in map(plain, found)]:
        there = ", ".join(status[:30] for status in list(found)[:12]) or "none"
        return statuses, [
            f'status   "{column}" is nowhere {", ".join(map(repr, absent))} (policy.status); there are {there}'
        ]
    return statuses, []
