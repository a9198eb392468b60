"""The index of known films, and which of them a poster is."""
