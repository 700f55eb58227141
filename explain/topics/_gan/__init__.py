"""What the topics of generative adversarial networks share."""
