"""Senses that need an extra: each turns an input into something a model reads."""
