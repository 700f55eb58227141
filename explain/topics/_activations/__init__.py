"""How activations, softmax and dropout are worked and told."""
