"""Activation functions in words: what the definition says, and by which rules its derivative is found."""

from __future__ import annotations

ABOUT = {
    "sigmoid": "the logistic function: 1 is divided by a number that nears 1 for a large t and grows without bound "
    "for a very negative t, so the values lie between 0 and 1",
    "tanh": "e^t against e^-t: the larger one decides the sign, and the values lie between -1 and 1; it is "
    "2 σ(2t) - 1, a sigmoid stretched and moved",
    "relu": "rectified linear unit: a positive number passes, any other becomes 0",
    "leaky-relu": "a positive number passes; a negative one is made small instead of 0, so that a slope is left there; "
    "the larger of the two is the right one because the factor is below 1",
    "hard-sigmoid": "three straight lines in place of the sigmoid: 0 below -3, 1 above 3, (t + 3)/6 between",
    "softplus": "log(1 + e^t), a smooth ReLU; written so that no power is ever large: for t > 0, e^t is taken out of "
    "the logarithm and leaves t",
    "elu": "exponential linear unit: a positive number passes; below 0 the exponential levels off, so the mean of many "
    "values stays nearer to 0 than with ReLU",
    "selu": "a scaled ELU; its two constants were solved for so that mean 0 and variance 1 stay as they are from layer "
    "to layer",
    "gelu": "Gaussian error linear unit: t is multiplied by Φ(t), the probability that a standard normal number lies "
    "below t: a large t passes, a very negative one is set to almost 0",
    "gelu-tanh": "GELU with (1 + tanh)/2 in place of Φ(t), the probability that a standard normal number lies below t; "
    "the two differ by less than 0.001, and GPT-2 computes it so",
    "silu": "sigmoid linear unit, also called swish: t multiplied by its own sigmoid, a gate that t opens itself",
    "mish": "t multiplied by the tanh of its softplus: like SiLU a gate that t opens itself",
    "softsign": "t divided by 1 plus its size: between -1 and 1, reached slowly because no power is in it",
    "hardtanh": "three straight lines in place of tanh: -1 below -1, 1 above 1, t itself between",
    "relu6": "ReLU that is cut off at 6, so that the values fit into few bits",
    "hard-swish": "SiLU with the sigmoid replaced by straight lines: 0 below -3, t itself above 3",
    "exp": "always positive, and it grows without bound; in an output layer it makes a positive number of any number",
    "identity": "nothing is changed: the usual choice for the output of a regression",
}
DERIVED = {
    "sigmoid": "quotient rule: e^-t / (1 + e^-t)², which is 1 / (1 + e^-t) times e^-t / (1 + e^-t), that is σ times "
    "1 - σ",
    "tanh": "quotient rule: ((e^t + e^-t)² - (e^t - e^-t)²) / (e^t + e^-t)², which is 1 - tanh²",
    "relu": "t has the slope 1 and the constant 0 the slope 0: each holds where it is the larger one",
    "leaky-relu": "the two straight lines have the slope 1 above 0 and the small factor below 0",
    "hard-sigmoid": "a straight line with the slope 1/6 where the value lies between 0 and 1, constant elsewhere",
    "softplus": "chain rule: e^t / (1 + e^t), and divided by e^t above and below this is 1 / (1 + e^-t), the sigmoid",
    "elu": "t has the slope 1 above 0; below 0 the exponential is its own derivative and the constant falls away",
    "selu": "as of ELU, and the factor λ stays: λ above 0, λ α e^t below",
    "gelu": "product rule: 1 times Φ(t), plus t times the derivative of Φ, which is the normal density φ",
    "gelu-tanh": "product rule: 1 times 0.5 (1 + tanh), plus 0.5 t times the derivative of tanh, which is 1 - tanh² "
    "times the derivative of what stands inside (chain rule)",
    "silu": "product rule: σ(t) + t σ(t) (1 - σ(t)), with σ(t) in front of both",
    "mish": "product rule: 1 times tanh, plus t times the derivative of tanh, which is 1 - tanh² times σ, the "
    "derivative of softplus (chain rule)",
    "softsign": "quotient rule: (1 + |t| - t sign(t)) / (1 + |t|)², and t sign(t) is |t|",
    "hardtanh": "t itself between -1 and 1, constant elsewhere",
    "relu6": "t itself between 0 and 6, constant elsewhere",
    "hard-swish": "between -3 and 3 it is (t² + 3 t)/6 with the derivative t/3 + 1/2; 0 below, and 1 above",
    "exp": "the exponential function is its own derivative",
    "identity": "t itself has the derivative 1",
}
TITLES = {
    "sigmoid": "Sigmoid", "tanh": "Hyperbolic tangent", "relu": "ReLU", "leaky-relu": "Leaky ReLU",
    "hard-sigmoid": "Hard sigmoid", "softplus": "Softplus", "elu": "ELU", "selu": "SELU", "gelu": "GELU",
    "gelu-tanh": "GELU by tanh", "silu": "SiLU (swish)", "mish": "Mish", "softsign": "Softsign",
    "hardtanh": "Hard tanh", "relu6": "ReLU6", "hard-swish": "Hard swish", "exp": "Exponential",
    "identity": "Identity",
}  # fmt: skip
