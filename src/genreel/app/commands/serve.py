"""genreel serve."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from genreel.app.commands import DONE, sensing, shared, values
from genreel.app.commands.flags import Command, flag, switch
from genreel.app.service.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Options:
    """Which store and bundle to serve, where, to whom and at what cost."""

    store: str | None = shared.store_flag()
    model: str = shared.model_flag()
    decide: str = shared.decide_flag("", "as the store does, a new one sure")
    films: Path | None = sensing.films_flag()
    read: bool | None = sensing.serving_read_flag()
    accept: float | None = sensing.accept_flag()
    own: Path | None = sensing.serving_own_flag()
    names: str | None = shared.names_flag()
    host: str = flag(Settings.host, "(default: %(default)s)")
    port: int = flag(Settings.port, "(default: %(default)s)", values.port)
    token: str | None = flag(
        None, "what every request must carry (default: $GENREEL_TOKEN, or a new one where needed)"
    )
    waiting: int = flag(
        Settings.waiting,
        "films that may wait for a prediction; more are answered 429 (default: %(default)s)",
        values.positive,
        metavar="N",
    )
    max_body: int = flag(Settings.max_body, "bytes of a request", values.positive, metavar="N")
    full_pixels: int = flag(
        Settings.full_pixels,
        "pixels up to which a poster is kept to be looked at closely; 0: none (default: "
        "%(default)s)",
        values.natural,
        metavar="N",
    )
    fetch_urls: bool = switch("fetch posters from public addresses where Label Studio names them")
    label_studio: str | None = flag(
        None,
        "fetch files that were uploaded to this Label Studio, with the token $LABEL_STUDIO_API_KEY",
        values.web_address,
        metavar="URL",
    )


def run(options: Options) -> int:
    """Serves the review pages and the API until it is stopped."""
    shared.need("app")
    import secrets

    from genreel.app.server.application import listen
    from genreel.app.server.application import run as serve
    from genreel.app.service.opening import open_service
    from genreel.app.store.database import safe_url
    from genreel.progress import say

    token = os.environ.get("GENREEL_TOKEN", "") if options.token is None else options.token
    senses = sensing.serving_senses(options.films, options.read, options.accept)
    settings = Settings(
        films=senses.films,
        accept=senses.accept,
        read=senses.needs_reading,
        own=options.own,
        host=options.host,
        port=options.port,
        token=token,
        waiting=options.waiting,
        max_body=options.max_body,
        full_pixels=options.full_pixels,
        fetch_urls=options.fetch_urls,
        label_studio=options.label_studio or "",
        decide=options.decide,
        names=shared.names_of(options.names),
        label_studio_token=os.environ.get("LABEL_STUDIO_API_KEY", ""),
    )
    is_new_token = not settings.loopback and not settings.token
    if is_new_token:
        settings = replace(settings, token=secrets.token_urlsafe(24))
    store = shared.store_of(options.store)
    with listen(settings.host, settings.port) as socket:  # first, as the model takes seconds
        service = open_service(options.model, store, settings)
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        port = socket.getsockname()[1]

        def announce() -> None:
            if is_new_token:
                say(f"token: {settings.token}")
            say(f"films of {safe_url(store)} on http://{host}:{port}/ (Ctrl+C stops it)")

        serve(service, socket, announce)
    return DONE


COMMAND = Command(
    Options,
    run,
    "It listens on this machine alone unless --host says otherwise; then it asks for a token.",
)
