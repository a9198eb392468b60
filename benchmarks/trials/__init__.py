"""What was tried for the default model: a file per group of rows of `tried.py`."""
