"""Genres of one's own: named and described by a person, learnt from a few yes and no."""
