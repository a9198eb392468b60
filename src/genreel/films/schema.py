"""How an index of films lies in its file, a SQLite database."""

from __future__ import annotations

APPLICATION = 0x67724631  # "grF1", in the header of the file
VERSION = 1

PART_BITS = 20
"""Titles of a part, as a power of two: postings hold a title's place in its part."""

MAX_PARTS = 64
"""Of an index: 67 million titles. IMDb's films have some 20 million."""

# An index whose tables or indexes read otherwise is refused: whoever changes them changes VERSION.
# `genres` is JSON: taxonomy → genres. `people` are separated by "|". `votes` is NULL where unknown.
TABLES = """
CREATE TABLE source (name TEXT, format TEXT, films INTEGER, made TEXT);
CREATE TABLE film (
    number INTEGER PRIMARY KEY, id TEXT, title TEXT, year INTEGER, genres TEXT, plot TEXT,
    people TEXT, votes INTEGER, imdb TEXT, tmdb TEXT
);
CREATE TABLE title (
    number INTEGER PRIMARY KEY, film INTEGER, kind INTEGER, text TEXT, squeezed TEXT
);
CREATE TABLE part (
    number INTEGER PRIMARY KEY, titles INTEGER, norms BLOB
);
CREATE TABLE trigram (
    key INTEGER, part INTEGER, count INTEGER, titles BLOB, PRIMARY KEY (key, part)
) WITHOUT ROWID;
"""

INDEXES = """
CREATE INDEX IF NOT EXISTS film_id ON film (id);
CREATE INDEX IF NOT EXISTS film_imdb ON film (imdb) WHERE imdb IS NOT NULL;
CREATE INDEX IF NOT EXISTS film_tmdb ON film (tmdb) WHERE tmdb IS NOT NULL;
CREATE INDEX IF NOT EXISTS title_film ON title (film);
CREATE INDEX IF NOT EXISTS title_squeezed ON title (squeezed);
"""
