"""How chains of layers are worked: shapes, counts, values."""
