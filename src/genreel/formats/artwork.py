"""Pictures of a media library that are no posters, by the names that servers and scrapers give."""

from __future__ import annotations

import re

FOLDERS = ("extrafanart", "extrathumbs", "backdrops")
"""Folders that hold nothing else."""

_KIND = (
    r"(animated)?fanart|backdrops?|tvbanner|banner|(hd|clear)?logo|clearart|characterart|keyart"
    r"|thumb|landscape|dis[ck](art)?|cdart"
)
_ARTWORK = re.compile(
    rf"(.+[-.])?({_KIND})([-_ ]?\d+)?|art|background|box(rear)?|menu"
    r"|season(\d+|-all|-specials)(-\w+)?"
)


def is_artwork(stem: str) -> bool:
    """Whether a picture, by its name without suffix, is a banner, a logo, fan art and so on."""
    return _ARTWORK.fullmatch(stem.casefold()) is not None
