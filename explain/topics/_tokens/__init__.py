"""How tokens are told apart: ids, names, and the vocabulary that joins them."""
