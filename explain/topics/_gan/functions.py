"""Logarithms of a sigmoid and of what it leaves of 1, from the logit, so that they stay finite where it is saturated.

Source: PyTorch documentation, torch.nn.functional.logsigmoid and binary_cross_entropy_with_logits.
"""

from __future__ import annotations

from explain.engine.activations import softplus
from explain.engine.functions import EXP, LOG, SIGMOID
from explain.engine.nodes.functions import ScalarFunction
from explain.engine.notation import Word

# Named after the function they are made of: the rule that a page tells for softplus holds for them.
LOG_SIGMOID = ScalarFunction(
    "softplus",
    Word("log σ", r"\log \sigma"),
    lambda a: -softplus(-a),
    definition=lambda a: -LOG(1 + EXP(-a)),
    derivatives=[lambda a, _: SIGMOID(-a[0])],
    inline=True,
)
LOG_OTHER = ScalarFunction(
    "softplus",
    Word("log(1 - σ)", r"\log(1 - \sigma)"),
    lambda a: -softplus(a),
    definition=lambda a: -LOG(1 + EXP(a)),
    derivatives=[lambda a, _: -SIGMOID(a[0])],
    inline=True,
)
