"""Catalogues as other programs keep them: a file per format."""
