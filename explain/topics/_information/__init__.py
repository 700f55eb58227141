"""Entropy, divergence and mutual information: sums of p log q, what they say, and where terms are 0 log 0."""
