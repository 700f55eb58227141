"""What the topic of attention between an encoder and a decoder is made of."""
