"""What a layer is: its tensors, the shape it gives, the work it does. Everything that counts reads it here."""
