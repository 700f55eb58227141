"""What an activation does to what goes into it, in one line each."""

from __future__ import annotations

EFFECT = {
    "sigmoid": "σ takes each entry of {z} into (0, 1)",
    "tanh": "tanh takes each entry of {z} into (-1, 1)",
    "relu": "ReLU keeps what is positive in {z} and sets the rest to 0",
    "leaky-relu": "LeakyReLU keeps what is positive in {z} and takes a hundredth of the rest",
    "hard-sigmoid": "hardσ takes each entry of {z} into [0, 1] by a straight line from -3 to 3",
    "softplus": "softplus takes each entry of {z} into (0, ∞), like ReLU without its kink",
    "elu": "ELU keeps what is positive in {z} and bends the rest towards -1",
    "selu": "SELU scales what is positive in {z} by 1.0507 and bends the rest towards -1.7581",
    "gelu": "GELU multiplies each entry of {z} by the share of a standard normal distribution below it",
    "gelu-tanh": "the tanh form of GELU multiplies each entry of {z} by nearly the share of a standard normal "
    "distribution below it",
    "silu": "SiLU multiplies each entry of {z} by its own sigmoid",
    "mish": "Mish multiplies each entry of {z} by the tanh of its softplus",
    "softsign": "softsign takes each entry of {z} into (-1, 1), more slowly than tanh",
    "hardtanh": "hardtanh keeps what lies between -1 and 1 in {z} and cuts the rest off at these two",
    "relu6": "ReLU6 keeps what lies between 0 and 6 in {z} and cuts the rest off at these two",
    "hard-swish": "hardswish multiplies each entry of {z} by its hard sigmoid: 0 below -3, the entry itself above 3",
    "exp": "e to the power of each entry of {z}: always positive",
    "identity": "the activation is the identity: {z} passes as it is",
    "softmax": "softmax makes the entries of {z} positive and lets them sum to 1: probabilities",
}
