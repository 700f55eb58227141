"""What regularization and the losses with a margin need: parameters, strengths, distances."""
