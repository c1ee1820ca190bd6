"""Buying families and order values: the papers' formulas, fits with a status, posteriors without chains."""

from ltv.models.beta_geometric import BGNBD, MBGNBD
from ltv.models.comparison import Comparison, compare
from ltv.models.data import OrderValues, Patterns
from ltv.models.family import Family
from ltv.models.fitting import Fit
from ltv.models.gamma_gamma import GammaGamma
from ltv.models.known_value import KnownValue
from ltv.models.nbd import NBD
from ltv.models.order_values import Independence, compressed, independence, with_first_order
from ltv.models.pareto_nbd import ParetoNBD
from ltv.models.pooling import Pooled, pooled
from ltv.models.recalled import fit, fit_worth
from ltv.models.saving import load, save
from ltv.models.second_opinion import second_opinion
from ltv.models.status import Status

__all__ = [
    "BGNBD",
    "MBGNBD",
    "NBD",
    "Comparison",
    "Family",
    "Fit",
    "GammaGamma",
    "Independence",
    "KnownValue",
    "OrderValues",
    "ParetoNBD",
    "Patterns",
    "Pooled",
    "Status",
    "compare",
    "compressed",
    "fit",
    "fit_worth",
    "independence",
    "load",
    "pooled",
    "save",
    "second_opinion",
    "with_first_order",
]
