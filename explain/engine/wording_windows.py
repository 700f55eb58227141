"""Why a gradient comes back through a window as it does: convolution, its transposed, pooling."""

from __future__ import annotations

from explain.engine.nodes.base import Node
from explain.engine.nodes.channels import MapSums
from explain.engine.nodes.pooling import MaxBack, MeanBack
from explain.engine.nodes.window import Correlate, Gathering, Spreading


def sent_back(piece: Node, arriving: Node) -> str:
    """What a window sends back to its input, to its weights, and to its bias; empty for what is no window."""
    if isinstance(piece, MaxBack | MeanBack):
        return _to_windows(piece)
    if isinstance(piece, Spreading):
        axes = piece.layout.axes
        turned = all(axis.stride == 1 for axis in axes) and any(axis.kernel > 1 for axis in axes)
        how = "as it is" if piece.layout.flipped else "turned by 180°"
        same = f"; with stride 1 that is the kernel, {how}, slid over {{g}} with zeros around it" if turned else ""
        return (
            ", in every output whose window holds it: the gradient of each of these outputs comes back times the "
            "weight that lay on {x} there" + same
        )
    if isinstance(piece, Gathering) and piece.operands[1] is arriving:
        return (
            ", and each weight stands in every stamp: what arrives where it lies there is multiplied by the entry that "
            "stamped it, and added" + _exchanged(piece)
        )
    if isinstance(piece, Gathering):
        apart = max(axis.stride for axis in piece.layout.axes)
        steps = f" ({apart} apart: the stride)" if apart > 1 else ""
        return (
            f", and each weight is used at every place: the inputs that lay under it{steps} are multiplied by the "
            "gradients of their outputs and added" + _exchanged(piece)
        )
    if isinstance(piece, Correlate):
        stride = max(axis.stride for axis in piece.layout.axes)
        return (
            ", in the places of its stamp: what arrives there comes back times the weights that it was multiplied by, "
            f"an ordinary convolution over {{g}} with stride {stride}"
        )
    if isinstance(piece, MapSums):
        return ", in every place of whose map it is added: each map of {g} is added up"
    return ""


def _exchanged(piece: Gathering) -> str:
    """In the gradient of the weights what arrives is the kernel: steps of the dilation, entries a stride apart."""
    if all(axis.stride == axis.dilation for axis in piece.layout.axes):
        return ""
    return "; stride and dilation change places"


def _to_windows(piece: MaxBack | MeanBack) -> str:
    """What a pooled window sends back to its entries."""
    axes = piece.layout.axes
    overlaps = any(axis.stride < (axis.kernel - 1) * axis.dilation + 1 and axis.places > 1 for axis in axes)
    if isinstance(piece, MaxBack):
        added = ", and what an entry receives from several windows is added" if overlaps else ""
        return (
            "; the largest entry of a window passes through unchanged and no other entry moves the output: the "
            "gradient of each output goes to its winner as it is, all others receive 0" + added
        )
    count = piece.uniform
    share = f"1/{count}" if count is not None else "1/n"
    added = "; what an entry receives from several windows is added" if overlaps else ""
    return f", in whose windows every entry counts {share}: so much of the gradient of each output goes to it" + added
