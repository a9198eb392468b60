"""genreel shop."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from genreel.app.commands import DONE, SOME_FAILED, shared, values
from genreel.app.commands.flags import Command, UsageError, argument, flag, repeatable, switch

if TYPE_CHECKING:
    from genreel.app.shop.making import Made
    from genreel.catalogue import Movie

Collections = dict[str, Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is shown, where the shop is written, and what a person says of it."""

    source: str | None = argument(
        "SOURCE", "a store (a file, or postgresql://…), or a catalogue", str, nargs="?"
    )
    out: Path | None = flag(None, "the folder of the shop", Path, metavar="FOLDER")
    title: str = flag("Movie posters", "of the shop (default: %(default)s)")
    tagline: str = flag("", "a line below it")
    contact: str = flag("", "mail or page for those who want to buy", metavar="ADDRESS")
    currency: str = flag("", "of prices that are numbers, such as EUR", metavar="CODE")
    columns: tuple[str, ...] = repeatable(
        "a further column of yours that customers see", metavar="NAME"
    )
    url: str = flag(
        "", "where the shop will be: gives it a site map", values.web_address, metavar="URL"
    )
    template: Path | None = flag(None, "a template of your own", Path, metavar="FILE")
    show_template: bool = switch("print the template, to be changed")
    reviewed: bool = switch("of a store only films that a person has reviewed")
    shopify: Path | None = flag(None, "write Shopify's product CSV too", Path, metavar="FILE")
    woocommerce: Path | None = flag(
        None, "write WooCommerce's product CSV too", Path, metavar="FILE"
    )
