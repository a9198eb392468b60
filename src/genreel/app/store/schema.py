"""The store's tables, and how an older store is brought up to date."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from genreel.errors import StoreDamaged, StoreError
from genreel.folding import fold, sort_key
from genreel.lettering import parse_lettering

SOURCES = ("person", "file", "lookup", "model")
"""Who may say something about a film's genre, the most trusted first."""

STATES = ("new", "skipped", "reviewed", "accepted")
"""Of a film: nobody looked yet; somebody left it for later; a person decided; a person accepted
the genres that it had, together with those of other films. Nothing is learnt from these: the model
would learn from itself."""

WAITING = ("new", "skipped")
"""States of the films that are to be reviewed."""

IDENTITIES = ("identified", "unsure", "unknown")
"""Of a film that an index was asked about; see `identity`."""

metadata = sa.MetaData()

# Posters are kept as re-encoded by us, so that nothing that was sent is ever served back, and
# inside the database, so that several servers and one backup see the same.
posters = sa.Table(
    "posters",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

# Larger ones of the same pictures, to be looked at closely; encoded by us, too.
full_posters = sa.Table(
    "full_posters",
    metadata,
    sa.Column("digest", sa.ForeignKey("posters.digest", ondelete="CASCADE"), primary_key=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

films = sa.Table(
    "films",
    metadata,
    sa.Column("id", sa.String(200), primary_key=True),
    # From being added to being deleted. A film that is added again under the same id has another.
    sa.Column("life", sa.String(200), nullable=False, server_default="", index=True),
    sa.Column("title", sa.Text, nullable=False, default=""),
    sa.Column("year", sa.Integer),
    sa.Column("plot", sa.Text, nullable=False, default=""),
    # Of the plot, as somebody told; empty: as the plot tells.
    sa.Column("language", sa.String(10), nullable=False, server_default="", default=""),
    sa.Column("poster", sa.String(64), sa.ForeignKey("posters.digest")),
    sa.Column("path", sa.Text, nullable=False, default=""),  # the poster's file, where known
    sa.Column("problem", sa.Text, nullable=False, default=""),
    sa.Column("extra", sa.JSON),  # columns of its table that are the person's own: price, sku
    sa.Column("lettering", sa.Text),  # of the poster, as JSON; NULL where nobody has read it
    # Which known film it is, as JSON; one of IDENTITIES; and who says so, a lookup or a person.
    sa.Column("identified", sa.JSON(none_as_null=True)),
    sa.Column("identity", sa.String(10), nullable=False, server_default="", index=True),
    sa.Column("identity_by", sa.String(10), nullable=False, server_default=""),
    sa.Column("state", sa.String(10), nullable=False, default="new", index=True),
    sa.Column("version", sa.Integer, nullable=False, default=1),  # grows with every edit
    # Which senses the model had of it, as `cases` calls that: its thresholds follow from it.
    sa.Column("case_name", sa.String(60), key="case", nullable=False, server_default=""),
    sa.Column("correction", sa.String(80), nullable=False, default=""),  # that made the scores
    sa.Column("added", sa.Float, nullable=False, index=True),  # seconds since 1970, as all times
    # What is compared (see `folding`), worked out whenever title or plot change. Both databases
    # sort it by code points, whatever the language of the server.
    sa.Column("title_key", _KEY, nullable=False, server_default="", default=""),
    sa.Column("search_text", sa.Text, nullable=False, server_default="", default=""),
    # What follows is worked out from the opinions whenever they change.
    sa.Column("margin", sa.Float, index=True),  # the least distance of a score to its threshold
    sa.Column("doubt", sa.Float, nullable=False, default=0.0),  # expected number of wrong labels
    sa.Column("labels", sa.Integer, nullable=False, default=0),  # genres that the film has
)

opinions = sa.Table(
    "opinions",
    metadata,
    sa.Column("film", sa.ForeignKey("films.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("genre", sa.String(40), primary_key=True),
    sa.Column("source", sa.String(10), primary_key=True),
    sa.Column("verdict", sa.Boolean, nullable=False),
    sa.Column("score", sa.Float),  # the model's, corrected by what was learnt
    sa.Column("raw", sa.Float),  # the model's own
    sa.Column("threshold", sa.Float),  # the model's, corrected likewise
    sa.Column("raw_threshold", sa.Float),  # the model's own, for what the film came with
    # Whether the model finds no genre of the film likelier (see `decide`).
    sa.Column("likeliest", sa.Boolean, nullable=False, server_default=sa.false(), default=False),
    # The version of the model, or the name of the person.
    sa.Column("version", sa.String(80), key="by", nullable=False, default=""),
    sa.Column("time", sa.Float, nullable=False),
)

# The genres that films have, after everybody's opinion: so that browsing counts no opinions.
decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("film", sa.ForeignKey("films.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("genre", sa.String(40), primary_key=True, index=True),
    sa.Column("source", sa.String(10), nullable=False),
)

# Genres of a person's own, and those of the bundle that a person renamed or hid. One that was
# deleted stays, so that undo brings it back, with all that people said of it.
genres = sa.Table(
    "genres",
    metadata,
    sa.Column("genre", sa.String(40), primary_key=True),  # as opinions have it; never changes
    sa.Column("name", sa.String(40), nullable=False),  # what it is called
    sa.Column("is_own", sa.Boolean, nullable=False),
    sa.Column("is_hidden", sa.Boolean, nullable=False, default=False),
    sa.Column("is_deleted", sa.Boolean, nullable=False, default=False),
    sa.Column("description", sa.Text, nullable=False, default=""),
    sa.Column("parent", sa.String(40), nullable=False, default=""),
    sa.Column("added", sa.Float, nullable=False),
    sa.Column("version", sa.Integer, nullable=False, default=1),  # grows with every act of a person
    sa.Column("learnt", sa.JSON(none_as_null=True)),  # see `genres.Learnt`
)

# What a bundle makes of films, which genres of one's own are learnt from (see `own.traits`).
traits = sa.Table(
    "traits",
    metadata,
    sa.Column("film", sa.ForeignKey("films.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("bundle", sa.String(80), nullable=False),
    sa.Column("scores", sa.LargeBinary),  # float32, little-endian; the others are float16
    sa.Column("plot", sa.LargeBinary),
    sa.Column("poster", sa.LargeBinary),
)

# No foreign key: what happened to a film outlives it.
events = sa.Table(
    "events",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("time", sa.Float, nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("film", sa.String(200), index=True),
    sa.Column("life", sa.String(200), index=True),  # of the film
    sa.Column("source", sa.String(10), nullable=False),
    # The version of the model, or the name of the person.
    sa.Column("version", sa.String(80), key="by", nullable=False, default=""),
    sa.Column("before", sa.JSON),
    sa.Column("after", sa.JSON),
    sa.Column("undoes", sa.Integer, unique=True),
    # What was done to many films at once, and is undone at once.
    sa.Column("batch", sa.String(40), index=True),
    sqlite_autoincrement=True,
)

# Films that were deleted, each under the event that says so; see `trash`.
trash = sa.Table(
    "trash",
    metadata,
    sa.Column("event", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("time", sa.Float, nullable=False, index=True),
    sa.Column("film", sa.JSON, nullable=False),  # its row
    sa.Column("opinions", sa.JSON, nullable=False),  # their rows
    sa.Column("poster", sa.String(64), sa.ForeignKey("posters.digest")),
)

corrections = sa.Table(
    "corrections",
    metadata,
    sa.Column("version", sa.String(80), primary_key=True),
    sa.Column("time", sa.Float, nullable=False),
    sa.Column("previous", sa.String(80), nullable=False),
    sa.Column("weights", sa.JSON, nullable=False),
    sa.Column("figures", sa.JSON, nullable=False),
)

# Files of watched folders: what was taken, so that nothing is taken twice.
watched = sa.Table(
    "watched",
    metadata,
    sa.Column("folder", sa.String(500), primary_key=True),
    sa.Column("path", sa.String(500), primary_key=True),
    sa.Column("signature", sa.Text, nullable=False),  # sizes and times of its files
    sa.Column("digest", sa.String(64), nullable=False, index=True),
    sa.Column("film", sa.String(200), nullable=False),
)

settings = sa.Table(
    "settings",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("value", sa.JSON, nullable=False),
)


MAX_SORTED, MAX_SEARCHED = 1_000, 100_000
"""Characters of a title and of a plot that count; some of Unicode become 18 each."""


def text_keys(film: Mapping[Any, Any]) -> dict[str, str]:
    """What a film is sorted and searched by, of its id, title and plot; where it has no title, of
    what is printed large on its poster.
    """
    title, plot = film["title"][:MAX_SORTED], film["plot"][:MAX_SEARCHED]
    if not title and film.get("lettering"):
        title = parse_lettering(film["lettering"]).title()
    texts = (title, plot, film["id"])
    return {
        "title_key": sort_key(title or film["id"].rpartition("/")[2]),
        "search_text": fold("\n".join(texts)),
    }


Migration = Callable[[sa.Connection], Any]


def _add_lives(connection: sa.Connection) -> None:
    """Version 2: films have lives, and a trash."""
    trash.create(connection, checkfirst=True)
    for table in (films, events):
        columns = {column["name"] for column in sa.inspect(connection).get_columns(table.name)}
        if "life" in columns:  # `create_all` has just made it
            continue
        rule = "NOT NULL DEFAULT ''" if table is films else ""
        connection.execute(sa.text(f"ALTER TABLE {table.name} ADD COLUMN life VARCHAR(200) {rule}"))
        for index in table.indexes:
            index.create(connection, checkfirst=True)
    # The films of an old store live under their ids; what came after their last deletion is theirs.
    connection.execute(films.update().values(life=films.c.id))
    older = events.alias()
    deletion = sa.select(sa.func.max(older.c.id)).where(
        older.c.film == events.c.film, older.c.kind == "delete"
    )
    is_of_this_life = events.c.id > sa.func.coalesce(deletion.scalar_subquery(), 0)
    is_alive = events.c.film.in_(sa.select(films.c.id))
    connection.execute(events.update().where(is_alive, is_of_this_life).values(life=events.c.film))
    # Nothing joins the genres that a file names (see `decide`): these films are settled anew.
    ids = sa.select(opinions.c.film).where(opinions.c.source == "file")
    connection.execute(films.update().where(films.c.id.in_(ids)).values(correction="stale"))


def _add_extra(connection: sa.Connection) -> None:
    """Version 3: films keep the columns of their table that genreel does not know."""
    columns = {column["name"] for column in sa.inspect(connection).get_columns("films")}
    if "extra" not in columns:
        connection.execute(sa.text("ALTER TABLE films ADD COLUMN extra JSON"))


def _add_keys(connection: sa.Connection) -> None:
    """Version 4: films have languages, and what they are searched and sorted by."""
    columns = {column["name"] for column in sa.inspect(connection).get_columns("films")}
    for name in ("language", "title_key", "search_text"):
        if name not in columns:
            kind = films.c[name].type.compile(connection.dialect)
            rule = f"{kind} NOT NULL DEFAULT ''"
            connection.execute(sa.text(f"ALTER TABLE films ADD COLUMN {name} {rule}"))
    texts = sa.select(films.c.id, films.c.title, films.c.plot).order_by(films.c.id).limit(1000)
    rows = connection.execute(texts).mappings().all()
    while rows:
        for row in rows:
            update = films.update().where(films.c.id == row["id"])
            connection.execute(update.values(text_keys(row)))
        rows = connection.execute(texts.where(films.c.id > rows[-1]["id"])).mappings().all()


def _add_lettering(connection: sa.Connection) -> None:
    """Version 5: films have the lettering of their posters, and may be identified."""
    columns = {column["name"] for column in sa.inspect(connection).get_columns("films")}
    for name, kind in (
        ("lettering", "TEXT"),
        ("identified", "JSON"),
        ("identity", "VARCHAR(10) NOT NULL DEFAULT ''"),
        ("identity_by", "VARCHAR(10) NOT NULL DEFAULT ''"),
    ):
        if name not in columns:
            connection.execute(sa.text(f"ALTER TABLE films ADD COLUMN {name} {kind}"))
    [index] = [one for one in films.indexes if "identity" in one.columns]
    index.create(connection, checkfirst=True)


def _add_batches(connection: sa.Connection) -> None:
    """Version 6: events of many films belong together; posters can be looked at closely."""
    full_posters.create(connection, checkfirst=True)
    columns = {column["name"] for column in sa.inspect(connection).get_columns(events.name)}
    if "batch" not in columns:
        connection.execute(sa.text("ALTER TABLE events ADD COLUMN batch VARCHAR(40)"))
        for index in events.indexes:
            index.create(connection, checkfirst=True)


def _add_decisions(connection: sa.Connection) -> None:
    """Version 7: films keep their likeliest genre, and know the case their thresholds are of."""
    for table, name, rule in (
        (films, "case_name", "VARCHAR(60) NOT NULL DEFAULT ''"),
        (opinions, "likeliest", f"BOOLEAN NOT NULL DEFAULT {sa.false().compile(connection)}"),
    ):
        columns = {column["name"] for column in sa.inspect(connection).get_columns(table.name)}
        if name not in columns:
            connection.execute(sa.text(f"ALTER TABLE {table.name} ADD COLUMN {name} {rule}"))
    plot = sa.case((films.c.plot == "", "poster only"), else_="both")
    no_poster = sa.case((films.c.plot == "", "title and year"), else_="plot only")
    case = sa.case((films.c.poster.is_not(None), plot), else_=no_poster)
    connection.execute(films.update().values(case=case, correction="stale"))


def _add_names(connection: sa.Connection) -> None:
    """Version 8: films without a title are sorted and searched by what their posters say."""
    columns = (films.c.id, films.c.title, films.c.plot, films.c.lettering)
    query = sa.select(*columns).where(films.c.title == "", films.c.lettering.is_not(None))
    for row in connection.execute(query).mappings().all():
        update = films.update().where(films.c.id == row["id"])
        connection.execute(update.values(text_keys(row)))


def _add_genres(connection: sa.Connection) -> None:
    """Version 9: a store has genres of its own."""
    for table in (genres, traits):
        table.create(connection, checkfirst=True)


# Number n brings a store from version n to n + 1. Never change one that was released: add one.
# The first makes all tables as they are today, so later ones look at what there is.
MIGRATIONS: tuple[Migration, ...] = (
    metadata.create_all,
    _add_lives,
    _add_extra,
    _add_keys,
    _add_lettering,
    _add_batches,
    _add_decisions,
    _add_names,
    _add_genres,
)


def migrate(connection: sa.Connection, steps: Sequence[Migration] = MIGRATIONS) -> None:
    """Brings a store to the newest version; to be called inside a transaction that can write.

    Raises:
        StoreError: the store was last opened by a newer genreel.
    """
    if connection.dialect.name == "postgresql":  # two servers may start at the same moment
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(7021974)"))
    version = _version(connection)
    if version > len(steps):
        raise StoreError(
            f"the store has version {version}, this genreel knows {len(steps)}; upgrade genreel"
        )
    for step in steps[version:]:
        step(connection)
    if version < len(steps):
        connection.execute(settings.delete().where(settings.c.name == "schema"))
        connection.execute(settings.insert().values(name="schema", value=len(steps)))


def _version(connection: sa.Connection) -> int:
    """The version of a store; 0 for an empty one."""
    if not sa.inspect(connection).has_table("settings"):
        return 0
    try:
        query = sa.select(settings.c.value).where(settings.c.name == "schema")
        version = connection.execute(query).scalar_one_or_none()
    except ValueError:  # no JSON
        version = ""
    if version is None:
        return 0
    if type(version) is not int:
        raise StoreDamaged("the store is damaged (setting 'schema'); put back a copy")
    return version
