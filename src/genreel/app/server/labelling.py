"""Labelling configurations of Label Studio: which control holds genres, and what they say there.

As https://labelstud.io/tags/choices, /tags/choice and /tags/taxonomy have them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from genreel.errors import CatalogueError, GenreelError
from genreel.formats.xml import Document, Element
from genreel.vocabulary import known_spelling

MAX_BYTES = 2**16
"""Of a configuration."""

_MAX_CHOICES = 1000
_MAX_DEPTH = 20
_MAX_NAME = 200  # characters of a name, value or alias

ChoicePath = tuple[str, ...]
"""A choice as results name it, below those that it is nested in: values, or their aliases."""


@dataclass(frozen=True)
class Control:
    """A <Choices> or <Taxonomy>.

    Attributes:
        name, to_name: its own name, and that of what it labels.
        kind: "choices" or "taxonomy"; the type of its results.
        is_single: whether one choice may be made, not several.
        is_nested: whether a result holds the whole path of a choice.
        variable: of the task's data that lists further choices; empty where none does.
        paths: genre → its choice; None: it takes any genre, by genreel's name.
    """

    name: str = "genres"
    to_name: str = "poster"
    kind: str = "choices"
    is_single: bool = False
    is_nested: bool = False
    variable: str = ""
    paths: Mapping[str, ChoicePath] | None = None

    def for_task(self, data: Mapping[str, Any]) -> Control:
        """The control with the choices that the task's data lists for it."""
        options = data.get(self.variable) if self.variable else None
        if not isinstance(options, list):
            return self
        return replace(self, paths={**_paths(_options(options)), **(self.paths or {})})

    def value(self, genres: Sequence[str]) -> tuple[list[str], list[str] | list[list[str]]]:
        """Those of the genres that it can say, and the choices of its result.

        Args:
            genres: of a prediction, the surest first.
        """
        paths = {g: (g,) for g in genres} if self.paths is None else self.paths
        own = [genre for genre in genres if genre in paths]
        own = own[:1] if self.is_single else own
        if self.is_nested:
            return own, [list(paths[genre]) for genre in own]
        return own, [paths[genre][-1] for genre in own]


@dataclass(frozen=True)
class Configuration:
    """What genreel needs of a labelling configuration.

    Attributes:
        controls: that may hold genres.
        posters, plots: variables of a task's data that the page shows as an image, or as a text.
        objects: names of the tags that show them.
    """

    controls: Sequence[Control] = (Control(),)
    posters: Sequence[str] = ()
    plots: Sequence[str] = ()
    objects: frozenset[str] = field(default=frozenset())

    def control(self, data: Mapping[str, Any]) -> Control | None:
        """The control that names most genres; None where none does.

        Of several, the one that labels a poster or plot, then one that is called genre.
        """

        def rank(control: Control) -> tuple[int, bool, bool]:
            count = 1 if control.paths is None else len(control.paths)
            return count, control.to_name in self.objects, "genre" in control.name.lower()

        controls = [control.for_task(data) for control in self.controls]
        best = max(controls, key=rank, default=None)
        return None if best is None or best.paths == {} else best


def read_configuration(text: str) -> Configuration:
    """A labelling configuration; without one, results are for a control "genres" of "poster".

    Args:
        text: its XML.

    Raises:
        GenreelError: it is too long, not well formed, or has a DOCTYPE.
    """
    if not text.strip():
        return Configuration()
    data = text.encode(errors="replace")
    if len(data) > MAX_BYTES:
        raise GenreelError(f"label_config has more than {MAX_BYTES:,} bytes; shorten it")
    try:
        root = Document(data).root
    except CatalogueError as error:
        raise GenreelError(f"label_config: {error}") from None
    if root is None:
        raise GenreelError("label_config is no XML; give the project's labelling configuration")
    controls, objects = [], set()
    posters: list[str] = []
    plots: list[str] = []
    for element in root.walk():
        kind, attributes = _kind(element), _attributes(element)
        variable = attributes.get("value", "")
        if kind in ("choices", "taxonomy"):
            # Of a region, a choice says nothing about the movie.
            if attributes.get("perregion", "").lower() != "true":
                controls.append(_control(element))
        elif kind in ("image", "text", "hypertext") and variable.startswith("$"):
            (posters if kind == "image" else plots).append(variable[1:])
            objects.add(attributes.get("name", ""))
    return Configuration(controls, posters, plots, frozenset(objects))


def _control(element: Element) -> Control:
    kind, attributes = _kind(element), _attributes(element)
    variable = attributes.get("value", "")
    return Control(
        name=attributes.get("name", Control.name)[:_MAX_NAME],
        to_name=attributes.get("toname", Control.to_name).split(",")[0].strip()[:_MAX_NAME],
        kind=kind,
        is_single=kind == "choices" and attributes.get("choice", "single") != "multiple",
        is_nested=kind == "taxonomy" or attributes.get("allownested", "").lower() == "true",
        variable=variable[1:] if variable.startswith("$") else "",
        paths=_paths(_elements(element.children)),
    )


@dataclass(frozen=True)
class _Choice:
    value: str
    alias: str
    inside: Iterator[_Choice]


def _elements(elements: Iterable[Element]) -> Iterator[_Choice]:
    """<Choice> tags, in order; those in a <View> or the like too."""
    for element in elements:
        if _kind(element) == "choice":
            attributes = _attributes(element)
            value, alias = attributes.get("value", ""), attributes.get("alias", "")
            yield _Choice(value, alias, _elements(element.children))
        else:
            yield from _elements(element.children)


def _options(options: Iterable[Any]) -> Iterator[_Choice]:
    """The choices of a task's data: texts, or objects with value, alias and children."""
    for option in options:
        entry = option if isinstance(option, dict) else {"value": option}
        value, alias, inside = (entry.get(name) for name in ("value", "alias", "children"))
        yield _Choice(
            value if isinstance(value, str) else "",
            alias if isinstance(alias, str) else "",
            _options(inside if isinstance(inside, list) else ()),
        )


def _paths(choices: Iterator[_Choice]) -> dict[str, ChoicePath]:
    """Genre → the first choice that names it, by its value or else its alias."""
    paths: dict[str, ChoicePath] = {}
    levels: list[tuple[ChoicePath, Iterator[_Choice]]] = [((), choices)]
    for _ in range(_MAX_CHOICES):
        choice = next(levels[-1][1], None)
        while choice is None and len(levels) > 1:
            levels.pop()
            choice = next(levels[-1][1], None)
        if choice is None:
            break
        path = (*levels[-1][0], (choice.alias or choice.value)[:_MAX_NAME])
        names = map(known_spelling, (choice.value[:_MAX_NAME], choice.alias[:_MAX_NAME]))
        genre = next(filter(None, names), None)
        if genre:
            paths.setdefault(genre, path)
        if len(levels) < _MAX_DEPTH:
            levels.append((path, choice.inside))
    return paths


def _kind(element: Element) -> str:
    return element.name.lower()


def _attributes(element: Element) -> dict[str, str]:
    """Label Studio does not tell capitals in names of tags and attributes."""
    return {name.lower(): value for name, value in element.attributes.items()}
