"""Whole answers against their definitions in twenty digits: integrals over what is not known of a customer, edges included."""

from __future__ import annotations

import mpmath as mp
import pytest

from ltv.models import BGNBD, MBGNBD, NBD, ParetoNBD

NEAR = 1e-7
# Each line: the parameters, then x, t_x, T and the horizon.
DROPOUT_AT_ORDERS = [
    ((0.243, 4.414, 0.793, 2.426), (2, 30.43, 38.86), 39.0),
    ((0.2, 3.0, 0.3, 0.4), (0, 0.0, 20.0), 200.0),  # x = 0 with a + b < 1
    ((0.2, 3.0, 0.4, 0.6), (0, 0.0, 5.0), 20.0),  # a + b = 1
    ((0.2, 3.0, 0.4, 0.6 + NEAR), (0, 0.0, 5.0), 20.0),
    ((0.2, 3.0, 0.4, 0.6 - NEAR), (1, 2.0, 5.0), 20.0),
    ((0.5, 8.0, 1.0, 2.0), (3, 12.0, 30.0), 52.0),  # a = 1
    ((0.5, 8.0, 1.0 + NEAR, 2.0), (3, 12.0, 30.0), 52.0),
    ((0.5, 8.0, 1.0 - NEAR, 2.0), (3, 12.0, 30.0), 52.0),
    ((0.5, 8.0, 1.0 + 1e-12, 1.0), (0, 0.0, 30.0), 52.0),
    ((0.8, 6.0, 60.0, 140.0), (4, 20.0, 30.0), 52.0),  # everybody leaves alike
    ((300.0, 900.0, 0.8, 2.5), (6, 20.0, 30.0), 52.0),  # everybody buys alike
    ((0.3, 0.02, 0.5, 2.0), (1, 0.003, 0.006), 2600.0),  # an hour against fifty years
    ((1.5, 2.0, 3.0, 5.0), (5000, 499.0, 500.0), 40.0),
]
DROPOUT_IN_TIME = [
    ((0.553, 10.578, 0.606, 11.669), (2, 30.43, 38.86), 39.0),
    ((0.5, 8.0, 1.0, 8.0), (0, 0.0, 30.0), 52.0),  # s = 1 and α = β
    ((0.5, 8.0, 1.0 + NEAR, 8.0 + NEAR), (3, 4.0, 30.0), 52.0),
    ((0.5, 8.0, 1.0 - NEAR, 8.0 - NEAR), (3, 4.0, 30.0), 52.0),
    ((0.5, 8.0, 1.0 + 1e-12, 8.0 + 1e-12), (3, 4.0, 30.0), 52.0),
    ((0.5, 4.0, 1.0, 9.0), (1, 30.0, 30.0), 52.0),
    ((0.8, 6.0, 150.0, 9000.0), (4, 20.0, 30.0), 52.0),
    ((300.0, 900.0, 0.8, 12.0), (6, 20.0, 30.0), 52.0),
    ((0.3, 0.02, 0.5, 3.0), (1, 0.003, 0.006), 2600.0),
    ((1.5, 2.0, 3.0, 50.0), (5000, 499.0, 500.0), 40.0),
]
COUNTS, RATE, AHEAD = (0, 1, 3, 40), 0.002, 13.0


class Customer:
    """What is known of one customer, and what follows: λ ~ Gamma(R, A) while alive."""

    def __init__(self, parameters, history, t):
        self.r, self.alpha, *self.dropout = map(mp.mpf, parameters)
        self.x, self.t_x, self.T, self.t = history[0], *map(mp.mpf, (*history[1:], t))
        self.R, self.A = self.r + self.x, self.alpha + self.T

    def poisson(self, k, t):
        """P(k orders in t) of someone who stays."""
        z = t / (self.A + t)
        return mp.rf(self.R, k) / mp.factorial(k) * (1 - z) ** self.R * z**k

    def log_rate(self):
        return mp.loggamma(self.R) - mp.loggamma(self.r) + self.r * mp.log(self.alpha)


class AtOrders(Customer):
    """(M)BG/NBD: after each order, and with `at_birth` once before the first, the customer leaves with probability p."""

    def __init__(self, at_birth, *given):
        super().__init__(*given)
        self.at_birth = at_birth
        self.a, self.b = self.dropout
        self.B = self.b + self.x + at_birth
        stays = -self.R * mp.log(self.A)
        left = self.x > 0 or at_birth
        log_odds = mp.log(self.a) - mp.log(self.B - 1) + self.R * mp.log(self.A / (self.alpha + self.t_x))
        self.alive = 1 / (1 + mp.exp(log_odds)) if left else mp.mpf(1)
        share = mp.log(mp.beta(self.a, self.B)) - mp.log(mp.beta(self.a, self.b))
        self.log_likelihood = self.log_rate() + stays + share - mp.log(self.alive)

    def thinned(self, power, u):
        """E[(1 + pu/A)^(−power)] over p ~ Beta(a, B)."""
        return mp.hyp2f1(power, self.a, self.a + self.B, -u / self.A)

    def alive_after(self, u):
        return self.alive * self.thinned(self.R, u)

    def discounted(self, t, rate):
        # λ e^(−λpu) over Gamma(R, A) is R/A (1 + pu/A)^(−R−1).
        return self.alive * decaying(lambda u: self.R / self.A * self.thinned(self.R + 1, u), t, rate, self.A)

    def pmf(self, k):
        z = self.t / (self.A + self.t)
        stayed = mp.beta(self.a, self.B + k) / mp.beta(self.a, self.B) * self.poisson(k, self.t)
        went = (
            mp.beta(self.a + 1, self.B + k - 1) / mp.beta(self.a, self.B) * mp.betainc(k, self.R, 0, z, True)
            if k
            else 0
        )
        return self.alive * (stayed + went) + (0 if k else 1 - self.alive)


class InTime(Customer):
    """Pareto/NBD: μ ~ Gamma(s, B) while alive."""

    def __init__(self, *given):
        super().__init__(*given)
        self.s, self.beta = self.dropout
        self.B = self.beta + self.T
        at = lambda y: mp.exp(self.R * mp.log(self.A / (self.alpha + y)) + self.s * mp.log(self.B / (self.beta + y)))  # noqa: E731
        scale = 1 / (self.R / (self.alpha + self.t_x) + (self.s + 1) / (self.beta + self.t_x))
        odds = spread(lambda u: self.s / (self.beta + self.t_x + u) * at(self.t_x + u), self.T - self.t_x, scale)
        self.alive = 1 / (1 + odds)
        stays = -self.R * mp.log(self.A) + self.s * mp.log(self.beta / self.B)
        self.log_likelihood = self.log_rate() + stays - mp.log(self.alive)

    def alive_after(self, u):
        return self.alive * (self.B / (self.B + u)) ** self.s

    def discounted(self, t, rate):
        return self.alive * decaying(lambda u: self.R / self.A * (1 + u / self.B) ** -self.s, t, rate, self.B)

    def pmf(self, k):
        density = lambda u: self.s / self.B * (1 + u / self.B) ** (-self.s - 1) * self.poisson(k, u)  # noqa: E731
        stayed = (1 + self.t / self.B) ** -self.s * self.poisson(k, self.t)
        scale = 1 / ((self.R + 1) / self.A + (self.s + 1) / self.B)
        return self.alive * (stayed + spread(density, self.t, scale)) + (0 if k else 1 - self.alive)


class Never(Customer):
    """NBD."""

    def __init__(self, *given):
        super().__init__(*given)
        self.alive = mp.mpf(1)
        self.log_likelihood = self.log_rate() - self.R * mp.log(self.A)

    def alive_after(self, u):
        return self.alive

    def discounted(self, t, rate):
        return decaying(lambda u: self.R / self.A, t, rate, self.A)

    def pmf(self, k):
        return self.poisson(k, self.t)


def spread(f, t, scale):
    """∫₀ᵗ f, in the logarithm of time from `scale` on."""
    return mp.quad(
        lambda w: f(scale * mp.expm1(w)) * scale * mp.exp(w), mp.linspace(0, mp.log1p(t / scale), 4), maxdegree=6
    )


def decaying(f, t, rate, scale):
    """∫₀ᵗ e^(−rate·u) f(u) du; to where nothing is left for t without end."""
    return spread(lambda u: mp.exp(-rate * u) * f(u), min(t, 90 / rate) if rate else t, scale)


CASES = [(family, kind, *line) for family, kind in ((BGNBD, 0), (MBGNBD, 1)) for line in DROPOUT_AT_ORDERS]
CASES += [(ParetoNBD, None, *line) for line in DROPOUT_IN_TIME]
CASES += [(NBD, None, line[0][:2], *line[1:]) for line in DROPOUT_IN_TIME[::3]]


@pytest.mark.parametrize(("family", "kind", "parameters", "history", "t"), CASES)
def test_every_answer_is_its_definition(family, kind, parameters, history, t):
    with mp.workdps(20 if history[0] < 1000 else 32):
        given = (parameters, history, t)
        exact = {ParetoNBD: InTime, NBD: Never}.get(family, lambda *it: AtOrders(kind, *it))(*given)
        model, rows = family(*parameters), dict(zip(("x", "t_x", "T"), history, strict=True))
        pairs = {
            "log-likelihood": (model.log_likelihood(**rows), exact.log_likelihood),
            "P(alive)": (model.probability_alive(**rows), exact.alive),
            "P(alive later)": (model.probability_alive(**rows, ahead=AHEAD), exact.alive_after(mp.mpf(AHEAD))),
            "orders": (model.expected_orders(t, **rows), exact.discounted(exact.t, mp.mpf(0))),
            "discounted": (model.discounted_orders(t, RATE, **rows), exact.discounted(exact.t, mp.mpf(RATE))),
            "for ever": (model.discounted_orders(float("inf"), RATE, **rows), exact.discounted(mp.inf, mp.mpf(RATE))),
            **{f"P({k} orders)": (model.pmf(k, t, **rows), exact.pmf(k)) for k in COUNTS},
            "P(order)": (model.probability_order(t, **rows), 1 - exact.pmf(0)),
        }
        for name, (own, true) in pairs.items():
            assert float(own) == pytest.approx(float(true), rel=1e-9, abs=1e-290), name
