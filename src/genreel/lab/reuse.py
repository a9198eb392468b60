"""Which parts of a bundle a recipe can take as they are, in place of training them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from genreel.bundle import bundle_folder, read_bundle
from genreel.errors import RecipeError
from genreel.features import Feature
from genreel.lab.graphs.extraction import part_graph
from genreel.lab.model import ModelSpec
from genreel.lab.models.exported import Exported
from genreel.lab.recipe import Recipe, load_recipe


def reusable_parts(
    recipe: Recipe, bundle: str | Path, features: Mapping[str, Feature]
) -> dict[str, Exported]:
    """The networks of a bundle that a recipe asks for, settings and all: part → its model.

    Raises:
        BundleError: the bundle cannot be used.
        RecipeError: it holds no such part.
    """
    folder = bundle_folder(bundle)
    made = load_recipe(folder / "recipe.toml")
    model = read_bundle(folder).model
    parts = {
        name: Exported(part_graph(model, number), part.features, features)
        for number, (name, part) in enumerate(made.model.parts.items())
        if part.kind == "network"
        and _defines(recipe, recipe.model.parts.get(name)) == _defines(made, part)
    }
    if not parts:
        raise RecipeError(f"bundle {bundle} holds no network that recipe {recipe.head.id} asks for")
    return parts


def _defines(recipe: Recipe, part: ModelSpec | None) -> object:
    """All that decides what a part learns."""
    return part and (part, [recipe.features[name] for name in part.features])
