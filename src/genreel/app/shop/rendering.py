"""Pages as HTML, of one template that a person can change."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from posixpath import relpath
from urllib.parse import quote, urlsplit

from jinja2 import TemplateError, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from genreel.app.shop.items import Item
from genreel.app.shop.site import Page, Site
from genreel.errors import GenreelError, InputError

TEMPLATE = Path(__file__).parent / "shop.html"
"""The template that comes along; a person's own begins as a copy of it."""

SEARCH = Path(__file__).parent / "search.js"


@dataclass(frozen=True)
class Look:
    """What a person says of a shop.

    Attributes:
        title: of the shop.
        tagline: a line below it; perhaps empty.
        contact: an address of mail or of a page, for those who want to buy; perhaps empty.
        currency: of prices that are numbers, such as "EUR"; perhaps empty.
        url: where the shop will be; empty: not known. Then it has neither canonical addresses nor
            a site map.
        columns: further columns that customers see.

    Raises:
        InputError: `contact` or `url` is no address.
    """

    title: str = "Movie posters"
    tagline: str = ""
    contact: str = ""
    currency: str = ""
    url: str = ""
    columns: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.url and not _is_page(self.url):
            raise InputError(f"url {self.url[:80]!r} is no address; give one such as https://…")
        if self.contact and not self.contact_address:
            raise InputError(f"contact {self.contact[:80]!r} is neither mail nor https://…")

    @property
    def contact_address(self) -> str:
        """The contact as a link; empty where there is none."""
        if _is_page(self.contact):
            return self.contact
        mail = self.contact.removeprefix("mailto:").strip()
        is_mail = re.fullmatch(r"[^@\s:]+@[^@\s:]+", mail)
        return f"mailto:{quote(mail, safe='@+')}" if is_mail else ""

    def address(self, path: str) -> str:
        """The whole address of a file of the shop, where `url` is known."""
        path = "" if path == "index.html" else path
        return f"{self.url.rstrip('/')}/{quote(path)}" if self.url else ""

    def ask(self, item: Item) -> str:
        """Where a customer asks for a poster; empty where there is no contact."""
        address = self.contact_address
        if not address.startswith("mailto:"):
            return address
        subject = " ".join(filter(None, (item.name, f"({item.year})" if item.year else "")))
        subject = f"{subject}, {item.sku}" if item.sku else subject
        return f"{address}?subject={quote(subject)}"


def _is_page(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme in ("http", "https") and bool(parts.netloc)


# What a template may raise, however it goes wrong.
_FAILURES = (
    *(TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError),
    *(MemoryError, RecursionError),
)


class Renderer:
    """Renders the pages of one shop.

    Args:
        site: what there is.
        look: what a person says of it.
        template: a file as `TEMPLATE`; None: that one.

    Raises:
        GenreelError: the template cannot be read, or is none.
    """

    def __init__(self, site: Site, look: Look, template: Path | None = None) -> None:
        self.site, self.look = site, look
        self.file = template or TEMPLATE
        # Another person's template may come from anywhere: it renders, and can do nothing else.
        environment = SandboxedEnvironment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
        environment.globals.update(site=site, shop=look)
        try:
            self._template = environment.from_string(self.file.read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise GenreelError(f"cannot read the template {self.file} ({error})") from None
        except TemplateSyntaxError as error:
            raise self._problem(error, error.lineno) from None

    def page(self, page: Page) -> bytes:
        """A page; raises GenreelError where the template fails."""
        folder = str(PurePosixPath(page.path).parent)

        def link(path: str) -> str:
            return quote(relpath(path, folder))

        return self._render(page=page, link=link)

    def style(self) -> bytes:
        """The style sheet, which stands in the same template."""
        return self._render(page=Page("style", "style.css", "", ""), link=str)

    def search_index(self) -> bytes:
        """What the search looks through: a script, as a page that lies on a disk reads no JSON."""
        rows = [
            [
                item.name,
                item.year,
                item.path,
                item.picture.path(240) if item.picture else "",
                list(item.genres),
                item.price,
            ]
            for item in sorted(self.site.items, key=lambda item: item.sort_key)
        ]
        text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
        return f"const POSTERS = {text};\n".encode()

    def site_map(self, paths: list[str]) -> bytes:
        """The site map of sitemaps.org."""
        rows = "".join(f"<url><loc>{self.look.address(path)}</loc></url>\n" for path in paths)
        text = '<?xml version="1.0" encoding="UTF-8"?>\n'
        text += '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        return f"{text}{rows.replace('&', '&amp;')}</urlset>\n".encode()

    def _render(self, **values: object) -> bytes:
        try:
            text = self._template.render(**values)
        except _FAILURES as error:
            raise self._problem(error, _line(error)) from None
        return (text.strip() + "\n").encode("utf-8", "replace")

    def _problem(self, error: Exception, line: int | None) -> GenreelError:
        place = f"{self.file}, line {line}" if line else str(self.file)
        return GenreelError(f"{place}: {error}; correct the template")


def _line(error: Exception) -> int | None:
    """The line of the template in which an error was raised."""
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
