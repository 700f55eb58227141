"""Formulas as they are typed: read by a small grammar, never evaluated as Python, and built into expressions."""
