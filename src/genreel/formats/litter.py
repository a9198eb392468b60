"""What systems and NAS devices leave in every folder: thumbnails, dustbins, marks of their own."""

from __future__ import annotations

import re

_NAMES = frozenset(
    (
        # Synology, QNAP, Asustor, NetApp
        *("@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "@tmp", "@sharebin"),
        *("@__thumb", "@transcode", "@download", "@synologydrive", "~snapshot", "@adata"),
        # Windows
        *("$recycle.bin", "recycler", "recycled", "system volume information", "thumbs.db"),
        *("ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "$extend", "msdownld.tmp"),
        # macOS, Linux, Android
        *(
            "__macosx",
            "icon\r",
            "network trash folder",
            "temporary items",
            "thevolumesettingsfolder",
        ),
        *("lost+found", "lost.dir"),
    )
)
_PATTERN = re.compile(r"found\.\d{3}|~\$.*|synophoto_thumb_.*|synoindex_.*")


def is_litter(name: str) -> bool:
    """Whether a file or folder of that name is nobody's movie: hidden ones, and those above."""
    name = name.casefold()
    return name.startswith(".") or name in _NAMES or _PATTERN.fullmatch(name) is not None


def has_litter(path: str) -> bool:
    """Whether a relative path, with slashes of any kind, leads through litter."""
    return any(is_litter(part) for part in re.split(r"[\\/]", path) if part not in ("", "."))
