"""Networks of torch, and how they are trained. Torch is imported here and in `graphs/` only."""
