"""PyTorch's recurrent modules, their cells, and attention.

Source: PyTorch documentation, torch.nn: Recurrent Layers and Transformer Layers.
"""

from __future__ import annotations

from functools import partial

from explain.code.arguments import Bound
from explain.code.kinds import Kind
from explain.code.parts import NotReadError, SlipError
from explain.layers.attention import MultiHeadAttention
from explain.layers.base import Layer, Size
from explain.layers.cells import RecurrentCell
from explain.layers.recurrent import Cell, Recurrent
from explain.layers.simple import Dense, Normalisation, Pointwise
from explain.layers.stacked import Stacked


def _word(cell: Cell, units: Size, both: bool, bias: bool) -> str:
    return f"{cell} {units}" + (" bidirectional" if both else "") + ("" if bias else " no bias")


def _recurrent(cell: Cell, bound: Bound) -> Layer:
    if bound.has("proj_size"):
        bound.only("proj_size", (0,), "projections of the hidden state are not read; leave it out")
    units, layers = bound.extent("hidden_size"), bound.size("num_layers")
    if layers > MOST:
        raise NotReadError(f"{bound.called} has num_layers = {layers}: at most {MOST} layers in one are read")
    both, bias = bound.flag("bidirectional"), bound.flag("bias")
    one = Recurrent(cell, units, 2 if bias else 0, both, every=True, word=_word(cell, units, both, bias))
    return one if layers == 1 else Stacked([one] * layers, f"{layers} × {one.word}")


def _cell(cell: Cell, bound: Bound) -> Layer:
    units, bias = bound.extent("hidden_size"), bound.flag("bias")
    return RecurrentCell(cell, units, 2 if bias else 0, f"{cell} cell {units}" + ("" if bias else " no bias"))


def _heads(width: int, heads: int, bias: bool, called: str) -> MultiHeadAttention:
    if width % heads:
        raise SlipError(f"{called} has a width of {width}, which its {heads} heads do not divide; take a divisor")
    return MultiHeadAttention(heads, width // heads, width // heads, bias, f"attention {heads} heads")


def _attention(bound: Bound) -> Layer:
    width = bound.size("embed_dim")
    for name, allowed in (("kdim", (None, width)), ("vdim", (None, width)), ("add_bias_kv", (False,))):
        bound.only(name, allowed, "this setting is not read; leave it out")
    return _heads(width, bound.size("num_heads"), bound.flag("bias"), bound.called)


def _encoder_layer(bound: Bound) -> Layer:
    """Attention and two dense layers, each with layer normalisation; the skips around them have no parameters."""
    width, wide, bias = bound.size("d_model"), bound.size("dim_feedforward"), bound.flag("bias")
    attention = _heads(width, bound.size("nhead"), bias, bound.called)
    norm = Normalisation(False, "layernorm", shift=bias)
    inner, outer = Dense(wide, bias, f"dense {wide}"), Dense(width, bias, f"dense {width}")
    layers = [attention, norm, inner, Pointwise("relu"), outer, norm]
    return Stacked(layers, f"encoder {width} heads {attention.heads} inside {wide}")


def _encoder(bound: Bound) -> Layer:
    layer, norm, count = bound.value("encoder_layer"), bound.value("norm"), bound.size("num_layers")
    if not isinstance(layer, Stacked):
        raise NotReadError(f"{bound.called} takes a TransformerEncoderLayer that is read")
    if count > MOST:
        raise NotReadError(f"{bound.called} has num_layers = {count}: at most {MOST} layers in one are read")
    last = [norm] if isinstance(norm, Layer) else []
    return Stacked([layer] * count + last, f"{count} × {layer.word}")


MOST = 200
SETTINGS = "bias=True, batch_first=False, dropout=0.0, bidirectional=False"
CELL = "input_size, hidden_size, bias=True"
ENCODER = "d_model, nhead, dim_feedforward=2048, dropout=0.1, activation=None, layer_norm_eps=1e-05, "
ENCODER += "batch_first=False, norm_first=False, bias=True"
HEADS = "embed_dim, num_heads, dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False, kdim=None, vdim=None, "
HEADS += "batch_first=False"
STEPS = "input_size, hidden_size, num_layers=1, "
RECURRENT: dict[str, Kind] = {
    "RNN": Kind(f"{STEPS}nonlinearity='tanh', {SETTINGS}", partial(_recurrent, "rnn"), "input_size"),
    "LSTM": Kind(f"{STEPS}{SETTINGS}, proj_size=0", partial(_recurrent, "lstm"), "input_size"),
    "GRU": Kind(f"{STEPS}{SETTINGS}", partial(_recurrent, "gru"), "input_size"),
    "RNNCell": Kind(CELL + ", nonlinearity='tanh'", partial(_cell, "rnn"), "input_size"),
    "LSTMCell": Kind(CELL, partial(_cell, "lstm"), "input_size"),
    "GRUCell": Kind(CELL, partial(_cell, "gru"), "input_size"),
    "MultiheadAttention": Kind(HEADS, _attention, "embed_dim"),
    "TransformerEncoderLayer": Kind(ENCODER, _encoder_layer, "d_model"),
    "TransformerEncoder": Kind(
        "encoder_layer, num_layers, norm=None, enable_nested_tensor=True, mask_check=True", _encoder, "encoder_layer"
    ),
}
