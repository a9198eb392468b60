"""Which parts of a bundle a recipe can take as they are, in place of training them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from genreel.bundle import bundle_folder, read_bundle
from genreel.errors import RecipeError
from genreel.features import Feature
from genreel.lab.graphs.extraction import part_graph
from genreel.lab.model import ModelSpec
from genreel.lab.models.exported import Exported
from genreel.lab.recipe import Recipe, load_recipe


@dataclass(frozen=True)
class Reused:
    """What is taken from a bundle as it is.

    Attributes:
        graphs: part → its graph.
        features: those that these parts read.
    """

    graphs: Mapping[str, bytes]
    features: Mapping[str, Feature]

    def models(self, recipe: Recipe, features: Mapping[str, Feature]) -> dict[str, Exported]:
        """Part → its model, over all features of a recipe."""
        return {
            name: Exported(graph, recipe.model.parts[name].features, features)
            for name, graph in self.graphs.items()
        }


NOTHING = Reused({}, {})


def reusable(recipe: Recipe, name_or_path: str | Path) -> Reused:
    """The networks of a bundle that a recipe asks for, settings and all.

    Raises:
        BundleError: the bundle cannot be used.
        RecipeError: it holds no such part.
    """
    folder = bundle_folder(name_or_path)
    made = load_recipe(folder / "recipe.toml")
    bundle = read_bundle(folder)
    numbers = {
        name: number
        for number, (name, part) in enumerate(made.model.parts.items())
        if part.kind == "network"
        and recipe.vocabulary == made.vocabulary
        and _defines(recipe, recipe.model.parts.get(name)) == _defines(made, part)
    }
    if not numbers:
        raise RecipeError(
            f"bundle {name_or_path} holds no network that recipe {recipe.head.id} asks for"
        )
    names = {feature for part in numbers for feature in made.model.parts[part].features}
    return Reused(
        {name: part_graph(bundle.model, number) for name, number in numbers.items()},
        {name: bundle.features[name] for name in names},
    )


def _defines(recipe: Recipe, part: ModelSpec | None) -> object:
    """All that decides what a part learns."""
    return part and (part, [recipe.features[name] for name in part.features])
