"""Losses of classifiers: what they share."""
