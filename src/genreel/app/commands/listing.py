"""All commands, under the headings of `genreel --help`."""

from __future__ import annotations

import importlib
import keyword
from typing import Any

from genreel.app.commands.flags import Command

GROUPS = {
    "Tell genres": {
        "predict": "tell the genres of movies",
        "read": "read what is printed on posters, for the column lettering of a catalogue",
        "films": "make an index of known films, by which posters are identified",
        "identify": "tell which known films posters are of, by what is printed on them",
        "teach": "teach a genre of your own from a few movies that have it",
        "similar": "find the movies of a catalogue that are most like one",
    },
    "Your library": {
        "import": "make a catalogue of movies that are kept in another format",
        "clean": "find what is wrong with a catalogue's posters, plots and genres",
        "audit": "find genres that look wrong or are missing, and entries that are doubled",
        "apply": "write genres to where other programs look for them",
        "watch": "classify the posters that land in a folder",
        "remote": "give genres to the movies of a media server by its API",
        "undo": "put back what the last apply or watch changed, but for files edited since",
    },
    "Review and sell": {
        "serve": "review films in a browser, and answer other programs",
        "shop": "make a shop to browse: pages of posters by genre, decade and collection",
    },
    "Make and measure models": {
        "recipes": "list the recipes, or show one",
        "split": "split a catalogue so that every genre keeps its share",
        "train": "train a recipe on a catalogue and write its bundle",
        "evaluate": "measure a bundle on a labelled catalogue",
        "calibrate": "choose a bundle's calibration and thresholds anew",
        "compare": "train recipes on one split and compare them",
        "eras": "train a recipe on each decade and measure it on every other",
        "colours": "find the dominant colours of posters by genre and period",
    },
    "Help": {
        "doctor": "say what is installed, what is missing and the remedy",
        "completion": "make your shell complete commands and flags",
    },
}
"""Heading of `genreel --help` → commands → what they do; each is a file of this folder."""

COMMANDS = {name: text for commands in GROUPS.values() for name, text in commands.items()}


def load(name: str) -> Command[Any]:
    """A command by its name, from its file."""
    file = f"{name}_" if keyword.iskeyword(name) else name
    command: Command[Any] = importlib.import_module(f"genreel.app.commands.{file}").COMMAND
    return command
