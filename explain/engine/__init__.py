"""How it is worked: expressions, their SymPy form, their NumPy value, the chain rule, the answer."""
