"""How recurrent networks are worked: their cells, weights, sequences, and their equations in symbols."""
