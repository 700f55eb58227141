"""What an activation does to what goes into it, in one line each."""

from __future__ import annotations

EFFECT = {
    "sigmoid": "σ takes each entry of {z} into (0, 1)",
    "tanh": "tanh takes each entry of {z} into (-1, 1)",
    "relu": "ReLU keeps what is positive in {z} and sets the rest to 0",
    "leaky-relu": "LeakyReLU keeps what is positive in {z} and takes a hundredth of the rest",
    "hard-sigmoid": "hardσ takes each entry of {z} into [0, 1] by a straight line from -3 to 3",
    "softplus": "softplus takes each entry of {z} into (0, ∞), like ReLU without its kink",
    "identity": "the activation is the identity: {z} passes as it is",
    "softmax": "softmax makes the entries of {z} positive and lets them sum to 1: probabilities",
}
