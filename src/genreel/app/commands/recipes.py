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
    from genreel.lab.recipe import load_recipe, recipe_heads, recipe_text

    if options.name:
        # A file of the user's is checked, which takes seconds; ours are by our tests.
        is_file = options.name.endswith(".toml")
        print(load_recipe(options.name).text if is_file else recipe_text(options.name))
        return DONE
    heads = recipe_heads()
    width = max(len(head.id) for head in heads)
    for head in heads:
        print(f"{head.id:<{width}}  {head.title} ({head.source})")
    return DONE


COMMAND = Command(Options, run)
