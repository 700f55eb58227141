"""The expressions: one class an operation."""
