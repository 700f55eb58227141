"""How `derivative` works: rules one by one, curvature, points, softmax."""
