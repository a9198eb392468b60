"""--refresh, of the commands that write NFO files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genreel.app.commands.flags import repeatable

if TYPE_CHECKING:
    from genreel.app.media.servers import Refresher


def refresh_flag() -> tuple[str, ...]:
    """--refresh; see `open_refresher`."""
    text = (
        "ask a server to read anew what changed: jellyfin=, emby=, plex= or kodi= and its "
        "address; its key is read from $GENREEL_JELLYFIN_KEY and the like"
    )
    return repeatable(text, metavar="KIND=ADDRESS")


def open_refresher(servers: tuple[str, ...]) -> Refresher:
    """What asks the servers of --refresh; MediaError where one has no key."""
    from genreel.app.media.servers import Refresher, parse_server
    from genreel.progress import say

    return Refresher(map(parse_server, servers), say)
