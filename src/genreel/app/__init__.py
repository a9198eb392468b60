"""What people and programs use: the command line, the review pages, the API, the watched folder."""
