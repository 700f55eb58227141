"""What the regression losses share: targets and predictions, how the losses of the entries become one number."""
