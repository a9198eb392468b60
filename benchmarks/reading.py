"""How well posters are read, and which of them are identified.

    python benchmarks/reading.py [identification|dealer|speed|memory]

identification: lettering of the part test, against MovieLens and all titles of movies.csv: share
of posters whose film comes first (of films that are equally probable the index's first one does;
"without order" one of them is drawn), and in the first five; share that is accepted, and how many
of those are right; share that is accepted, wrongly, once its film is taken out of the index; CPU
milliseconds a poster. All posters, those of films before 1980, and each with the default bundle's
opinion of picture (in large/) and lettering. Where the film is taken out, also how often the film
that is accepted has the very same title: a remake. → benchmarks/results/identification.csv

dealer: a poster and nothing else, of the test part in large/, with its lettering: genres by the
default bundle from the picture, with lettering, and with the index as well, by the thresholds
of both decisions. The index has titles of
movies.csv without their genres, so a lookup gives MovieLens' genres; the truth is TMDb's and
IMDb's. Macro F1 over 22 genres, share of given tags that are right, tags a film.
→ benchmarks/results/dealer.csv

speed: a million made-up titles: how long the index takes, its size, and CPU milliseconds a poster.
→ benchmarks/results/films.csv

memory: resident memory after a tenth and after all of a run over posters of large/, which come
again and again: 300 that are read, and 5,000 with lettering that are predicted and looked up; CPU
seconds a poster, those that are read scaled to 300 × 450 before. → benchmarks/results/reading.csv

Real films come from $GENREEL_DATA (default ../shared/data); the indexes of them are kept
in the cache.
"""

from __future__ import annotations

import csv
import os
import random
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from ranker import build_once, data_folder, read_lettering, real_index

from genreel.catalogue import LETTERING, Catalogue, Movie
from genreel.films.building import Builder
from genreel.films.film import Film
from genreel.films.films import Films
from genreel.films.lookup import predict_with_films
from genreel.films.ranker import load_ranker
from genreel.films.sources import FilmSource
from genreel.films.titles import squeeze
from genreel.lettering import Lettering, Line
from genreel.prediction import Prediction
from genreel.predictor import Predictor
from genreel.reading.posters import with_lettering
from genreel.vocabulary import GENRES, Vocabulary

RESULTS = Path(__file__).parent / "results"
LENIENT = 0.84
"""A probability at which more posters are accepted, and more of them wrongly."""

Mask = NDArray[np.bool_]


def main(part: str = "identification") -> None:
    """Measures, prints and writes a table."""
    if part == "dealer":
        write("dealer.csv", list(measure_dealer()))
    elif part == "memory":
        write("reading.csv", list(measure_memory()))
    elif part == "speed":
        write("films.csv", [measure_speed()])
    else:
        write("identification.csv", list(measure_identification()))


def write(name: str, rows: list[dict[str, Any]]) -> None:
    """Writes a table of benchmarks/results and prints it."""
    with (RESULTS / name).open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print((RESULTS / name).read_text(), end="")


@dataclass(frozen=True)
class Answer:
    """What was said about a poster: with its film in the index, and without.

    Attributes:
        year: of its film.
        place: of its film among the candidates, from 0; None: it is none of them.
        share: chance that it comes first if films of equal probability are drawn.
        probability: of the first candidate.
        absent: the same, with its film taken out.
        is_remake: whether that first candidate has the very same title.
        seconds: of CPU time, with its film.
    """

    year: int | None
    place: int | None
    share: float
    probability: float
    absent: float
    is_remake: bool
    seconds: float


def measure_identification() -> Iterator[dict[str, Any]]:
    """A row for each group of posters and each evidence."""
    films = Films(real_index())
    for name, scores in (("lettering", {}), ("lettering and model", read_scores())):
        answers = list(answer(films, scores))
        for group, last in (("all", 2100), ("before 1980", 1979)):
            chosen = [one for one in answers if (one.year or 2100) <= last]
            for accept in (float(load_ranker().accept), LENIENT):
                yield {"evidence": name, "films": group, **figures(chosen, accept)}


def answer(films: Films, scores: Mapping[str, Mapping[str, float]]) -> Iterator[Answer]:
    """Answers for the posters of the part test whose film the index has."""
    for film_id, _, lettering in read_lettering(data_folder(), "test"):
        film = films.get(film_id)
        if film is None:
            continue
        opinion = scores.get(film_id)
        begin = time.process_time()
        there = films.identify(lettering, opinion)
        seconds = time.process_time() - begin
        without = films.identify_without(lettering, film_id, opinion)
        ids = [one.film for one in there.candidates]
        place = ids.index(film.id) if film.id in ids else None
        equal = [one.probability == there.probability for one in there.candidates]
        share = 0.0 if place is None or not equal[place] else 1 / sum(equal)
        others = without.candidates[:1]
        is_remake = any(squeeze(one.title) == squeeze(film.title) for one in others)
        yield Answer(
            film.year,
            place,
            share,
            there.probability,
            without.probability,
            is_remake,
            seconds,
        )


def figures(answers: list[Answer], accept: float) -> dict[str, Any]:
    """Shares of the answers, to three digits."""
    accepted = [one for one in answers if one.probability >= accept]
    remakes = [one.absent >= accept and one.is_remake for one in answers]
    return {
        "posters": len(answers),
        "first": round(float(np.mean([one.place == 0 for one in answers])), 3),
        "first_without_order": round(float(np.mean([one.share for one in answers])), 3),
        "in_five": round(float(np.mean([one.place is not None for one in answers])), 3),
        "accept": round(accept, 3),
        "accepted": round(len(accepted) / len(answers), 3),
        "precision": round(float(np.mean([one.place == 0 for one in accepted])), 3),
        "accepted_absent": round(float(np.mean([one.absent >= accept for one in answers])), 3),
        "remakes_absent": round(float(np.mean(remakes)), 3),
        "cpu_ms": round(1000 * float(np.mean([one.seconds for one in answers])), 1),
    }


def read_scores() -> dict[str, Mapping[str, float]]:
    """The default bundle's opinion of the posters of the part test."""
    folder = data_folder() / "large"
    movies = (
        Movie(film_id, poster=folder / f"{film_id}.jpg", lettering=lettering)
        for film_id, _, lettering in read_lettering(data_folder(), "test")
        if (folder / f"{film_id}.jpg").is_file()
    )
    return {one.id: one.scores for one in Predictor().predict_many(movies)}


# A poster and nothing else


def measure_dealer() -> Iterator[dict[str, Any]]:
    """A row for each kind of evidence."""
    films = Films(index_without_labels())
    letterings = {film_id: text for film_id, _, text in read_lettering(data_folder(), "test")}
    movies, truth = [], []
    for movie in Catalogue(data_folder() / "movies"):
        poster = data_folder() / "large" / f"{movie.id}.jpg"
        # The others' truth is MovieLens, as is the index.
        if movie.id in letterings and poster.is_file() and set(movie.genres) - {"movielens"}:
            movies.append(Movie(movie.id, poster=poster, lettering=letterings[movie.id]))
            truth.append({n: g for n, g in movie.genres.items() if n != "movielens"})
    labels, known = Vocabulary(GENRES).encode(truth)
    predictor = Predictor()
    pictures = [Movie(movie.id, poster=movie.poster) for movie in movies]
    ways: dict[str, Iterable[Prediction]] = {
        "picture": predictor.predict_many(pictures),
        "picture and lettering": predictor.predict_many(movies),
        "with films": predict_with_films(predictor, films, movies),
    }
    for name, stream in ways.items():
        predictions = list(stream)
        hidden = (LETTERING,) if name == "picture" else ()
        scores = np.array([[one.scores.get(g, 0.0) for g in GENRES] for one in predictions])
        accepted = [bool(one.identified and one.identified.film) for one in predictions]
        for decide in ("balanced", "sure"):
            limits = [predictor.thresholds((*p.missing, *hidden), decide) for p in predictions]
            given = [
                list(map(verdicts(*pair).get, GENRES))
                for pair in zip(predictions, limits, strict=True)
            ]
            yield {
                "evidence": name,
                "decide": decide,
                "posters": len(movies),
                **tag_figures(np.array(given, bool), labels > 0, known),
                **ranking_figures(scores, labels, known),
                "accepted": round(float(np.mean(accepted)), 3),
            }


def verdicts(prediction: Prediction, limits: Mapping[str, float]) -> dict[str, bool]:
    """Genre → whether it is given, by a lookup or by thresholds."""
    return {
        genre: genre in prediction.genres
        if prediction.source.get(genre) == "lookup"
        else score >= limits[genre]
        for genre, score in prediction.scores.items()
    }


def ranking_figures(
    scores: NDArray[np.float64], labels: NDArray[Any], known: NDArray[Any]
) -> dict[str, float]:
    """Macro ROC AUC and average precision, over known cells."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    cells = [(labels[known[:, g] > 0, g], scores[known[:, g] > 0, g]) for g in range(len(GENRES))]
    return {
        "macro_roc_auc": round(float(np.mean([roc_auc_score(*pair) for pair in cells])), 3),
        "macro_ap": round(float(np.mean([average_precision_score(*pair) for pair in cells])), 3),
    }


def tag_figures(given: Mask, labels: Mask, known: Mask) -> dict[str, float]:
    """Macro F1, share of tags that are right, and tags a film, over known cells."""
    right = (given & labels & known).sum(0)
    wrong, missing = (given & ~labels & known).sum(0), (~given & labels & known).sum(0)
    f1 = 2 * right / np.maximum(1, 2 * right + wrong + missing)
    precision = right.sum() / max(1, right.sum() + wrong.sum())
    tags = (given & known).sum() / len(given)
    return {
        "macro_f1": round(float(f1.mean()), 3),
        "right": round(float(precision), 3),
        "tags": round(float(tags), 2),
    }


def index_without_labels() -> Path:
    """An index of MovieLens, and of the titles of movies.csv without their genres."""
    data = data_folder()
    known, titles = (
        FilmSource(data / "films", "movielens"),
        FilmSource(data / "movies", "catalogue"),
    )
    bare = (replace(movie, genres={}) for movie in titles.movies())
    return build_once("dealer.db", (known, known.movies()), (titles, bare))


# Memory, over many posters

READ, LOOKED_UP = 300, 5_000
SIZE = (300, 450)


def measure_memory() -> Iterator[dict[str, Any]]:
    """A row for posters that are read, and one for those that are looked up."""
    folder = data_folder() / "large"
    rows = list(read_lettering(data_folder(), "valid", "test"))
    movies = [
        Movie(film_id, poster=folder / f"{film_id}.jpg", lettering=lettering)
        for film_id, _, lettering in rows
        if (folder / f"{film_id}.jpg").is_file()
    ]

    def scaled(movie: Movie) -> Movie:
        assert isinstance(movie.poster, Path)
        with Image.open(movie.poster) as image:
            small = image.convert("RGB").resize(SIZE, Image.Resampling.LANCZOS)
        return replace(movie, poster=small, lettering=None)

    yield measure_run("read", with_lettering(map(scaled, cycle(movies))), READ)
    films = Films(real_index())
    looked_up = predict_with_films(Predictor(), films, cycle(movies))
    yield measure_run("predicted and looked up", looked_up, LOOKED_UP)


def measure_run(name: str, stream: Iterator[Any], count: int) -> dict[str, Any]:
    """Takes `count` of a stream: memory after a tenth and at the end, CPU time of one."""
    consume(stream, count // 10)
    early, begin = resident_memory(), time.process_time()
    consume(stream, count - count // 10)
    seconds = (time.process_time() - begin) / (count - count // 10)
    return {
        "posters": count,
        "what": name,
        "mib_after_a_tenth": round(early / 2**20),
        "mib_at_the_end": round(resident_memory() / 2**20),
        "cpu_s": round(seconds, 3),
    }


def consume(stream: Iterator[Any], count: int) -> None:
    """Takes `count` of a stream and keeps none."""
    deque(islice(stream, count), maxlen=0)


def resident_memory() -> int:
    """Bytes of memory that this process holds, from /proc."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


# Speed, on titles that no film has

TITLES, POSTERS = 1_000_000, 200


def measure_speed() -> dict[str, Any]:
    """Makes an index of a million titles and asks it for 200 posters."""
    chance = random.Random(0)
    words = made_up_words(chance, 30_000)
    titles = [made_up_title(chance, words) for _ in range(TITLES)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "films.db"
        begin, cpu = time.monotonic(), time.process_time()
        with Builder(path) as builder:
            builder.add(made_up_films(titles), "made up")
        built, build_cpu = time.monotonic() - begin, time.process_time() - cpu
        films = Films(path)
        seconds, right = [], 0
        for number in chance.sample(range(TITLES), POSTERS):
            lettering = poster(chance, words, titles[number])
            cpu_before = time.process_time()
            identification = films.identify(lettering)
            seconds.append(time.process_time() - cpu_before)
            right += any(one.title == titles[number] for one in identification.candidates)
        return {
            "titles": TITLES,
            "build_s": round(built),
            "build_cpu_s": round(build_cpu),
            "megabytes": round(path.stat().st_size / 1e6),
            "posters": POSTERS,
            "in_five": right / POSTERS,
            "cpu_ms_mean": round(1000 * float(np.mean(seconds)), 1),
            "cpu_ms_95_percent": round(1000 * float(np.quantile(seconds, 0.95)), 1),
        }


def made_up_words(chance: random.Random, count: int) -> list[str]:
    """Words of one to four syllables, the shorter ones first, as common words are short."""
    starts, vowels = "b c ch d f g h j k l m n p r s sh st t th v w tr".split(), "aeiou"
    ends = ["", "", "n", "r", "s", "l", "t", "nd"]

    def syllable() -> str:
        return chance.choice(starts) + chance.choice(vowels) + chance.choice(ends)

    words = {"".join(syllable() for _ in range(1 + n * 3 // count)) for n in range(count)}
    return sorted(words, key=lambda word: (len(word), word))


def drawn(chance: random.Random, words: list[str]) -> str:
    """A word; the first ones are the most frequent, as in any language (Zipf)."""
    return words[int(len(words) ** chance.random()) - 1]


def made_up_title(chance: random.Random, words: list[str]) -> str:
    """One to five words, every third time after an article."""
    names = [drawn(chance, words) for _ in range(chance.choice((1, 2, 2, 3, 3, 4, 5)))]
    return " ".join(["the"] * (chance.random() < 0.3) + names).title()


def made_up_films(titles: list[str]) -> Iterator[Film]:
    """A film of each title."""
    for number, title in enumerate(titles):
        film_id = f"tt{number:08}"
        genres = {"imdb": ("Drama", "War")}
        yield Film(film_id, title, 1920 + number % 105, genres, imdb=film_id)


def poster(chance: random.Random, words: list[str], title: str) -> Lettering:
    """A title in large letters, a slogan, names, and credits in small ones; a letter misread."""
    spoilt = chance.randrange(len(title))
    title = title[:spoilt] + "x" + title[spoilt + 1 :]

    def line(text: str, top: float, height: float) -> Line:
        width = min(0.95, len(text) * height * 0.8)
        return Line(text.upper(), 0.95, (1 - width) / 2, top, width, height)

    def sentence(count: int) -> str:
        return " ".join(drawn(chance, words) for _ in range(count))

    lines = [line(sentence(2), 0.03 + 0.03 * n, 0.025) for n in range(3)]
    lines += [line(sentence(7), 0.2, 0.02), line(title, 0.65, 0.08)]
    lines += [line(sentence(12), 0.8 + 0.02 * n, 0.012) for n in range(6)]
    return Lettering(tuple(lines))


if __name__ == "__main__":
    main(*sys.argv[1:])
