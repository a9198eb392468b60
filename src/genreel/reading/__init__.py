"""Senses that need an extra: they make of an input what a model, or a person, can use."""
