"""A recipe: what to build, in TOML. The default model and each published system are one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import tomli_w

from genreel.errors import InputError, RecipeError, VocabularyError
from genreel.features import KINDS as FEATURE_KINDS
from genreel.lab.model import ModelSpec
from genreel.lab.settings import nearest, pick, settings_from
from genreel.naming import check_genres
from genreel.toml import parse_toml, read_toml
from genreel.vocabulary import VOCABULARIES, Vocabulary

_FOLDER = Path(__file__).parent / "recipes"

PRECISIONS = ("float32", "float16", "int8")
"""What the weights of a bundle may be kept in."""


@dataclass(frozen=True)
class DataSettings:
    """Which movies of a catalogue a recipe is about, in every part of the split.

    Attributes:
        years: first and last year of release; (0, 0) takes all.
        first_genres: only so many of a movie's genres count, the first that its source lists; 0
            takes all. TMDb lists the most prominent first.
        main_genre: only the first that is listed counts, and only movies where the vocabulary has
            it.
        one_genre: only movies with exactly one genre of the vocabulary.
        balanced: of movies with one genre, as many of each genre, the first of the split.
        at_most: so many movies of each part, the first of the split; 0 takes all.
        shares: of the movies in train, valid and test, where no split is given.
        presumed: how much, in training, a genre that is unknown of a movie with mixed genres
            counts as absent, in [0, 1]; see `examples.presume_absent`.
    """

    years: tuple[int, int] = (0, 0)
    first_genres: int = 0
    main_genre: bool = False
    one_genre: bool = False
    balanced: bool = False
    at_most: int = 0
    shares: tuple[float, float, float] = (0.8, 0.1, 0.1)
    presumed: float = 0.0


@dataclass(frozen=True)
class Head:
    """The keys of a recipe besides its `features` and `model`.

    Attributes:
        id: its name, that of its file.
        title: one line that says what it is.
        source: where it was published.
        command, cost: how it is trained, and what that takes.
        vocabulary: a key of VOCABULARIES.
        genres: a vocabulary of one's own, in place of that one.
        seed: of everything random.
        threshold: assign every genre from this score on; 0 chooses thresholds on valid.
        precision: of the bundle's weights: "float32", "float16" (half the size) or "int8" (about
            a quarter; products with matrices in integers).
        data: which movies it is about.
        notes: what the source leaves open, and what we chose there.
        differs: what differs from the source, in a line.
        reported: the source's figures, as it prints them.
        ours: our figures, with the command that gave them.
    """

    id: str
    title: str
    source: str
    command: str
    cost: str
    vocabulary: str = "default"
    genres: tuple[str, ...] = ()
    seed: int = 0
    threshold: float = 0.0
    precision: str = "float32"
    data: DataSettings = DataSettings()
    notes: str = ""
    differs: str = ""
    reported: dict[str, Any] = field(default_factory=dict)
    ours: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Recipe:
    """A recipe, with every key checked.

    Attributes:
        head: what it is, where it is from, what it reported.
        vocabulary: the genres it tells apart.
        features: name → (kind, settings).
        model: what to fit.
        text: it as TOML, with overrides applied and other recipes that it names spelled out.
        overrides: what was changed, as "path.to.key=value".
    """

    head: Head
    vocabulary: Vocabulary
    features: Mapping[str, tuple[str, Any]]
    model: ModelSpec
    text: str
    overrides: tuple[str, ...] = field(default=(), compare=False)

    def builds(self) -> dict[str, Any]:
        """The keys that decide what is trained; what only describes it is left out."""
        return builds(self.text)


_DESCRIBES = ("title", "source", "command", "cost", "notes", "differs", "reported", "ours")


def builds(text: str) -> dict[str, Any]:
    """A recipe's TOML as a table, without the keys that only describe it."""
    return {k: v for k, v in parse_toml(text).items() if k not in _DESCRIBES}


def recipe_files() -> dict[str, Path]:
    """Name → file of each recipe of the package, by name: genreel's own and, in the folder
    `published`, the published systems.
    """
    return {path.stem: path for path in sorted(_FOLDER.rglob("*.toml"), key=lambda p: p.stem)}


def recipe_names() -> list[str]:
    """Names of the recipes of the package, in alphabetical order."""
    return list(recipe_files())


def recipe_heads() -> list[Head]:
    """The heads of the recipes of the package, by name; their models are neither read nor checked,
    which takes the libraries that train them.
    """
    heads = []
    for name, path in recipe_files().items():
        table = _read(path)
        head = {key: value for key, value in table.items() if key not in ("features", "model")}
        heads.append(settings_from(Head, head, f"recipe {name}"))
    return heads


def recipe_text(name: str) -> str:
    """A recipe of the package as TOML, the parts that name another one spelled out; unchecked.

    Raises:
        RecipeError: no such recipe.
    """
    table = _read(name)
    _spell_out(table, f"recipe {name}", check=False)
    return tomli_w.dumps(table)


def load_recipe(name_or_path: str | Path, overrides: Sequence[str] = ()) -> Recipe:
    """Reads and checks a recipe.

    Args:
        name_or_path: the name of one of the package, or a .toml file.
        overrides: "path.to.key=value" (see `override`).

    Raises:
        RecipeError: no such recipe, not TOML, an unknown key or kind (the nearest is offered),
            a wrong type, or a combination that cannot work.
    """
    table = _read(name_or_path)
    where = f"recipe {Path(name_or_path).stem}"
    _spell_out(table, where)
    for assignment in overrides:
        override(table, assignment)
    return replace(_check(table, where), overrides=tuple(overrides))


def _check(table: Mapping[str, Any], where: str) -> Recipe:
    head_table = {k: v for k, v in table.items() if k not in ("features", "model")}
    head = settings_from(Head, head_table, where)
    vocabulary = _vocabulary(head, where)
    if head.precision not in PRECISIONS:
        hint = nearest(head.precision, PRECISIONS)
        raise RecipeError(f"{where}: unknown precision {head.precision!r}; {hint}")
    features = {}
    for name, entry in _mapping(table.get("features", {}), f"{where}.features").items():
        at = f"{where}.features.{name}"
        kind, entry = _kind(entry, at)
        features[name] = (kind, settings_from(pick(FEATURE_KINDS, kind, at).Settings, entry, at))
    model = _model(table.get("model"), features, f"{where}.model")
    extra = set(features) - set(features_read(model))
    if extra:
        raise RecipeError(f"{where}: feature {min(extra)!r} is read by no model; remove it")
    return Recipe(head, vocabulary, features, model, tomli_w.dumps(table))


def _vocabulary(head: Head, where: str) -> Vocabulary:
    """The recipe's own genres, or a vocabulary that it names."""
    if not head.genres:
        return pick(VOCABULARIES, head.vocabulary, f"{where}.vocabulary")
    try:
        return Vocabulary(check_genres(head.genres))
    except VocabularyError as error:
        raise RecipeError(f"{where}.genres: {error}") from None


def _read(name_or_path: str | Path) -> dict[str, Any]:
    path = Path(name_or_path)
    if path.suffix != ".toml":
        files = recipe_files()
        if str(name_or_path) not in files:
            raise RecipeError(f"no recipe {str(name_or_path)!r}; {nearest(path.stem, files)}")
        path = files[str(name_or_path)]
    try:
        table = read_toml(path)
    except OSError as error:
        raise RecipeError(f"recipe {path}: {error.strerror}; check the path") from None
    except InputError as error:
        raise RecipeError(f"recipe {path}: {error}") from None
    if "model" not in table:
        raise RecipeError(f"recipe {path.stem}: no [model]; add one")
    return table


def _spell_out(
    table: dict[str, Any], where: str, inside: tuple[str, ...] = (), check: bool = True
) -> None:
    """Replaces every part that names a recipe by that recipe's model, and adds its features."""
    for parts, name in list(_naming(table["model"])):
        source = parts[name]["recipe"]
        if set(parts[name]) != {"recipe"} or not isinstance(source, str):
            raise RecipeError(f"{where}: part {name!r} may name another recipe and nothing else")
        if source in inside:
            raise RecipeError(
                f"{where}: part {name!r} names {source!r}, which it is itself part of"
            )
        other = _read(source)
        _spell_out(other, f"recipe {source}", (*inside, source), check)
        if check:
            _check(other, f"recipe {source}")
        mine = _mapping(table.setdefault("features", {}), f"{where}.features")
        names: dict[str, str] = {}
        # What is like another feature comes after it, and follows it to its new name.
        for feature, entry in sorted(
            other.get("features", {}).items(), key=lambda item: "like" in item[1]
        ):
            new = feature
            if "like" in entry:
                entry = {**entry, "like": names.get(entry["like"], entry["like"])}
            while mine.setdefault(new, entry) != entry:  # another feature goes by that name
                new = f"{name}-{new}"
            names[feature] = new
        parts[name] = _with_features(other["model"], names)


def _naming(model: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """The parts of a model, however deep, that name a recipe: the table each is in, its key."""
    parts = model.get("parts", {}) if isinstance(model, dict) else {}
    for name, part in parts.items() if isinstance(parts, dict) else ():
        if isinstance(part, dict) and "recipe" in part:
            yield parts, name
        else:
            yield from _naming(part)


def _with_features(model: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A model's table with its features, and those of its parts and towers, renamed."""
    copy = dict(model)
    if "features" in model:
        copy["features"] = [names.get(feature, feature) for feature in model["features"]]
    if "parts" in model:
        copy["parts"] = {k: _with_features(part, names) for k, part in model["parts"].items()}
    if "towers" in model:
        copy["towers"] = {
            k: {**tower, "feature": names.get(tower.get("feature", ""), tower.get("feature"))}
            for k, tower in model["towers"].items()
        }
    return copy


def _model(table: Any, features: Mapping[str, Any], where: str) -> ModelSpec:
    from genreel.lab.models import KINDS

    kind, table = _kind(table, where)
    model_class = pick(KINDS, kind, where)
    parts = {
        name: _model(part, features, f"{where}.parts.{name}")
        for name, part in _mapping(table.pop("parts", {}), f"{where}.parts").items()
    }
    names = settings_from(_Names, {"features": table.pop("features", [])}, where).features
    for name in names:
        pick(features, name, f"{where}.features")
    spec = ModelSpec(kind, names, settings_from(model_class.Settings, table, where), parts)
    problem = model_class.problem(spec, {name: features[name][0] for name in names})
    if problem:
        raise RecipeError(f"{where}: {problem}")
    return spec


@dataclass(frozen=True)
class _Names:
    """The key `features` of a model, checked as any other setting is."""

    features: tuple[str, ...]


def _mapping(table: Any, where: str) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise RecipeError(f"{where}: must be a table, not {table!r}")
    return table


def _kind(table: Any, where: str) -> tuple[str, dict[str, Any]]:
    if not isinstance(table, Mapping) or not isinstance(table.get("kind"), str):
        raise RecipeError(f"{where}: must be a table with a kind")
    rest = dict(table)
    return rest.pop("kind"), rest


def features_read(model: ModelSpec) -> Iterator[str]:
    """Names of the features that a model and its parts read."""
    yield from model.features
    for part in model.parts.values():
        yield from features_read(part)


def override(table: dict[str, Any], assignment: str) -> None:
    """Sets a key of a recipe's table in place.

    Args:
        table: the recipe as TOML gives it.
        assignment: "path.to.key=value", the value in TOML. The path starts at the top, or
            names the end of one: "training.epochs=3" sets it in every table `training`.

    Raises:
        RecipeError: it is not of that form, or nothing in the recipe ends with that path.
    """
    path, equals, value = assignment.partition("=")
    *tables, key = path.strip().split(".")
    if not equals or not key:
        raise RecipeError(f"--set {assignment!r}: expected path.to.key=value")
    try:
        new = parse_toml(f"value = {value}")["value"]
    except InputError:
        new = value.strip()  # a bare word is text
    matches = [t for at, t in _tables(table) if at[len(at) - len(tables) :] == tuple(tables)]
    exact = [t for at, t in _tables(table) if at == tuple(tables)]
    if not matches:
        places = [".".join(at) for at, _ in _tables(table) if at]
        raise RecipeError(
            f"--set {assignment!r}: no table {'.'.join(tables)!r} in the recipe; "
            f"{nearest('.'.join(tables), places)}"
        )
    for match in exact or matches:
        match[key] = new


def _tables(
    table: dict[str, Any], at: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    yield at, table
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _tables(value, (*at, key))
