"""What the topics on language models share: tables of probabilities, their vocabulary, and how they are told."""
