"""What the pages, the API and the watched folder share; knows no web framework."""
