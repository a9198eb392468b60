"""Networks of torch, and how they are trained."""
