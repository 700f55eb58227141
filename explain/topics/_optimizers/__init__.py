"""What the optimisers share: what they are given, the course of the steps, the table over them, the checks."""
