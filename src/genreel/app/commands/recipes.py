"""genreel recipes."""

from __future__ import annotations

from dataclasses import dataclass

from genreel.app.commands import DONE
from genreel.app.commands.flags import Command, argument
from genreel.app.commands.shared import need


@dataclass(frozen=True, kw_only=True)
class Options:
    """The recipe to show, or none."""

    name: str | None = argument("NAME", "the recipe to show", str, nargs="?")


def run(options: Options) -> int:
    """Lists the recipes, or shows one."""
    need("lab")
    from genreel.lab.recipe import load_recipe, recipe_names

    if options.name:
        print(load_recipe(options.name).text)
        return DONE
    recipes = [load_recipe(name) for name in recipe_names()]
    width = max(len(recipe.head.id) for recipe in recipes)
    for recipe in recipes:
        print(f"{recipe.head.id:<{width}}  {recipe.head.title} ({recipe.head.source})")
    return DONE


COMMAND = Command(Options, run)
