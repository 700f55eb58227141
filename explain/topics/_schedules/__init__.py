"""Learning rates over the epochs: what their table and plot are made of."""
