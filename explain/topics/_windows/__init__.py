"""How windows that slide are worked: convolution, pooling, stamps, and their shapes."""
