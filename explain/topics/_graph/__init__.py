"""How `backprop` works: the graph of a formula forward and backward, gate by gate."""
