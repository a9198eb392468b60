"""genreel teach."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from genreel.app.commands import DONE, shared
from genreel.app.commands.flags import Command, argument, flag, mandatory
from genreel.app.commands.values import positive


@dataclass(frozen=True, kw_only=True)
class Options:
    """Which genre to learn, and from which movies."""

    name: str = argument("NAME", "of the genre", str)
    catalogue: Path = argument(
        "CATALOGUE",
        "a table or its folder, a media library, or a folder of posters; movies whose genres name "
        "the genre are examples, and those with other genres are examples of what it is not",
        Path,
    )
    out: Path = mandatory(
        "file of your own genres; those that are in it stay", Path, metavar="FILE"
    )
    description: str = flag("", "what such a movie is about, in a sentence or two", metavar="TEXT")
    parent: str = flag("", "a genre that every such movie has, too", metavar="GENRE")
    model: str = shared.model_flag()
    language: str = shared.language_flag("all plots")
    suggest: int = flag(
        5, "movies to name that it is surest of (default: %(default)s)", positive, metavar="N"
    )


def run(options: Options) -> int:
    """Learns a genre of one's own from a catalogue."""
    from genreel.app.sources import library_at
    from genreel.memo import predict_vectors
    from genreel.naming import check_description, check_new
    from genreel.own.file import read_own, write_own
    from genreel.own.genre import OwnGenre
    from genreel.own.predicting import bundle_id, read_words
    from genreel.own.teaching import suggest, teach, verdicts_of, with_genre
    from genreel.own.traits import traits_of
    from genreel.own.vocabulary import OwnVocabulary
    from genreel.predictor import Predictor
    from genreel.progress import progress, say

    name = check_new(options.name, ())
    genre = OwnGenre(name, check_description(options.description), options.parent)
    movies = list(library_at(options.catalogue))
    predictor = Predictor(options.model)
    old = OwnVocabulary(bundle_id(predictor))
    if options.out.exists():
        old = read_own(options.out)
    new = replace(old, genres=with_genre(old.genres, genre))
    new.check(bundle_id(predictor), predictor.genres)
    pairs = progress(
        predict_vectors(predictor, movies, options.language), "reading", shared.length(movies)
    )
    traits = traits_of((prediction for _, prediction in pairs), predictor.genres)
    verdicts = verdicts_of(name, movies)
    genre = teach(genre, read_words(predictor, genre), traits, verdicts)
    write_own(replace(new, genres=with_genre(old.genres, genre)), options.out)
    figure = genre.figure
    say(f"{name}: {figure.yes:,} yes, {figure.no:,} no; {genre.what_it_is_worth()}")
    surest, _ = suggest(genre.scores(traits), verdicts, options.suggest)
    if surest:
        say("surest of: " + ", ".join(movies[i].title or movies[i].id for i in surest))
    return DONE


COMMAND = Command(
    Options,
    run,
    "A genre begins with its name and description, and learns from every movie that names it, or\n"
    "names others. It is given to movies once its examples show that it is more often right than\n"
    "wrong; till then it is only suggested.\n\n"
    "examples:\n"
    "  genreel teach 'Spaghetti Western' movies.csv --out own.json --parent Western \\\n"
    "      --description 'A drifter with a gun between two gangs, in a town of dust.'\n"
    "  genreel predict posters/ --own own.json",
)
