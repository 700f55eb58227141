"""How normalisation is worked: its mathematics once, for every choice of axes."""
