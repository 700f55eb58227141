"""Model code read as it stands: Keras and PyTorch scripts become layers; nothing of them is imported or run."""
