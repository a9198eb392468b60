"""A shop to browse: movies as a folder of pages that any web space serves as they are."""
