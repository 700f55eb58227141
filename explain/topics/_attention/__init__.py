"""What the topics of attention and of the transformer share."""
