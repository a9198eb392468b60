"""Tells which language a text is written in, so that a model is not asked what it cannot read.

Two kinds of evidence: the script of the letters, and, for scripts that many languages share, how
many of the words are function words ("the", "und", "los") of each language. Such words make up a
third to a half of running text in nearly every language (Zipf 1935; for identification: Damashek
1995, Lui & Baldwin 2012). Names and titles hold few of them: where the evidence is thin the answer
is None, never a guess.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from genreel.characters import unescape, word_bytes, words_of
from genreel.errors import InputError
from genreel.function_words import WORDS
from genreel.word_table import WordTable

# Characters that are looked at: the first lines tell a language as well as the whole text.
_LENGTH = 500

# Texts whose words are in memory together.
_AT_ONCE = 1000

# A text is in a language of the Latin script where at least so many of its words, and at least
# this share of them, are function words of that language, which must have so many times the
# evidence for English. Chosen on English plots (0.09 % of 31,785 are refused, and nearly all of
# those are in another language) and on plots of 13 other languages.
_FEWEST_WORDS = 3
_SMALLEST_SHARE = 0.1
_MARGIN = 1.3

# Surely English, without a look at other languages. Running English has a share of 0.4 to 0.5.
_ENGLISH_SHARE = 0.3

# With so many words in small letters (names have capitals) and no function word of English
# among all its words, a text is not English, whatever it is.
_WORDS_WITHOUT = 10

OTHER = "und"
"""ISO 639-2's code for a language that is not determined: running text in none of the table."""

NAMES: Mapping[str, str] = {
    "af": "Afrikaans",
    "am": "Amharic",
    "ar": "Arabic",
    "az": "Azerbaijani",
    "be": "Belarusian",
    "bg": "Bulgarian",
    "bn": "Bengali",
    "ca": "Catalan",
    "cs": "Czech",
    "cy": "Welsh",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "eo": "Esperanto",
    "es": "Spanish",
    "et": "Estonian",
    "eu": "Basque",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "ga": "Irish",
    "gl": "Galician",
    "gu": "Gujarati",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "hu": "Hungarian",
    "hy": "Armenian",
    "id": "Indonesian",
    "is": "Icelandic",
    "it": "Italian",
    "ja": "Japanese",
    "ka": "Georgian",
    "kk": "Kazakh",
    "km": "Khmer",
    "kn": "Kannada",
    "ko": "Korean",
    "lo": "Lao",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "mk": "Macedonian",
    "ml": "Malayalam",
    "mn": "Mongolian",
    "ms": "Malay",
    "my": "Burmese",
    "nl": "Dutch",
    "no": "Norwegian",
    "or": "Odia",
    "pa": "Punjabi",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "si": "Sinhala",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sq": "Albanian",
    "sr": "Serbian",
    "sv": "Swedish",
    "sw": "Swahili",
    "ta": "Tamil",
    "te": "Telugu",
    "th": "Thai",
    "tl": "Tagalog",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "zh": "Chinese",
    OTHER: "an unknown language",
}
"""ISO 639-1 code → English name, of every language that can be the answer."""

_OLD_CODES = {"nb": "no", "nn": "no", "iw": "he", "in": "id", "fil": "tl", "cmn": "zh"}

# Languages whose short texts are easily taken for each other.
_FAMILIES = (
    *({"es", "pt", "gl", "ca", "fr", "it", "ro"}, {"da", "no", "sv"}, {"af", "nl"}, {"cs", "sk"}),
    *({"hr", "sl", "sr"}, {"be", "bg", "mk", "ru", "sr", "uk"}, {"id", "ms"}, {"az", "tr"}),
    *({"ar", "fa", "ur"}, {"ja", "zh"}, {"kk", "mn", "ru"}),
)

# Letters that only one language of the table writes, as ranges of a regular expression. Kana
# marks Japanese, which also writes the Han characters that stand for Chinese.
_LETTERS: Mapping[str, str] = {
    "am": "\u1200-\u139f",
    "bn": "\u0980-\u09ff",
    "el": "\u0370-\u03ff\u1f00-\u1fff",
    "gu": "\u0a80-\u0aff",
    "he": "\u0590-\u05ff",
    "hi": "\u0900-\u097f",
    "hy": "\u0530-\u058f",
    "ja": "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f",
    "ka": "\u10a0-\u10ff",
    "km": "\u1780-\u17ff",
    "kn": "\u0c80-\u0cff",
    "ko": "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af",
    "lo": "\u0e80-\u0eff",
    "ml": "\u0d00-\u0d7f",
    "my": "\u1000-\u109f",
    "or": "\u0b00-\u0b7f",
    "pa": "\u0a00-\u0a7f",
    "si": "\u0d80-\u0dff",
    "ta": "\u0b80-\u0bff",
    "te": "\u0c00-\u0c7f",
    "th": "\u0e00-\u0e7f",
    "zh": "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f",
}

# Japanese mixes Han characters and kana; so many kana of them, and a text is Japanese.
_KANA = 0.05

# Fewer letters of a script than these are no evidence: a name, a word on a sign.
_FEWEST_LETTERS = 8

_CYRILLIC = ("ru", "uk", "be", "bg", "sr", "mk", "kk", "mn")
_ARABIC = ("ar", "fa", "ur")

# Not the letters of an abbreviation: "U.N.C.L.E." has no "e".
_WORD = re.compile(r"(?<![^\W\d_]\.)\b[^\W\d_]+\b(?!\.[^\W\d_])")
_INNER_DOT = re.compile(r"\.[A-Za-z]")
_LATIN_LETTER = re.compile(r"[A-Za-z\u00aa-\u024f\u1e00-\u1eff]")
_OTHER_LETTER = re.compile(r"[^\W\d_A-Za-z\u00aa-\u024f\u1e00-\u1eff]")
_CYRILLIC_LETTER = re.compile(r"[\u0400-\u052f]")
_ARABIC_LETTER = re.compile(r"[\u0600-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufeff]")
_ENGLISH = frozenset(WORDS["en"].split())


@functools.cache
def _own_letters() -> dict[str, re.Pattern[str]]:
    return {code: re.compile(f"[{ranges}]") for code, ranges in _LETTERS.items()}


@functools.cache
def _english_table() -> WordTable:
    return WordTable(sorted(_ENGLISH))


@functools.cache
def _weights(script: str) -> dict[str, list[tuple[str, float]]]:
    """Word -> languages it speaks for, with the weight: 1 over the root of their number.

    Args:
        script: "latin", "cyrillic" or "arabic".
    """
    others = {"cyrillic": _CYRILLIC, "arabic": _ARABIC}
    codes = others.get(script) or [code for code in WORDS if code not in _CYRILLIC + _ARABIC]
    languages: dict[str, list[str]] = {}
    for code in codes:
        for word in set(WORDS[code].split()):
            languages.setdefault(word, []).append(code)
    return {
        word: [(code, len(speakers) ** -0.5) for code in speakers]
        for word, speakers in languages.items()
    }


def languages_of(texts: Sequence[str]) -> list[str | None]:
    """`language_of` of each of many texts, most of which are English, in two thirds of the time."""
    if len(texts) > _AT_ONCE:
        half = len(texts) // 2
        return languages_of(texts[:half]) + languages_of(texts[half:])
    # What it looks at first: the beginnings of those in ASCII, and how much of them is English.
    starts = [text[:_LENGTH] if text[:_LENGTH].isascii() else "" for text in texts]
    starts = ["" if "&" in start else start for start in starts]
    text, number = _english_table().find([word_bytes(start) for start in starts])
    words = np.bincount(text, minlength=len(texts))
    english = np.bincount(text[number >= 0], minlength=len(texts)) - [*map(_count_doubtful, starts)]
    is_english = (english >= _FEWEST_WORDS) & (english >= _ENGLISH_SHARE * words)
    return [
        "en" if is_sure else language_of(text)
        for text, is_sure in zip(texts, is_english.tolist(), strict=True)
    ]


def language_of(text: str) -> str | None:
    """The language that a text is written in, as far as it tells.

    Args:
        text: a plot, a title, what is printed on a poster; of any length.

    Returns:
        A code of NAMES; OTHER for running text in none of these languages; None where the text
        is short, or holds too few words that tell.
    """
    if "&" in text[:_LENGTH]:  # of a page: "&#1064;" is one letter
        text = unescape(text[: 8 * _LENGTH])
    text = text[:_LENGTH]
    others = [] if text.isascii() else _OTHER_LETTER.findall(text)
    if others and len(others) > len(_LATIN_LETTER.findall(text)):
        return _language_of_letters(text[:200])
    # Most texts need no closer look. This one is the stricter: words with digits count as words.
    if text.isascii() and _is_english(words_of(text), _count_doubtful(text)):
        return "en"
    words = _WORD.findall(text)
    small = [word.lower() for word in words]
    if _is_english(small):
        return "en"
    strengths, counts = _evidence(small, _weights("latin"))
    of_english = strengths.pop("en", 0.0)
    likeliest = max(strengths, key=strengths.__getitem__, default=OTHER)
    if (
        counts[likeliest] >= max(_FEWEST_WORDS, _SMALLEST_SHARE * len(words))
        and strengths[likeliest] >= _MARGIN * of_english
    ):
        return likeliest if likeliest in NAMES else OTHER
    if not counts["en"] and sum(map(str.islower, words)) >= _WORDS_WITHOUT:
        return OTHER
    return "en" if counts["en"] > 1 and of_english > strengths.get(likeliest, 0.0) else None


def contradicts(text: str, code: str) -> bool:
    """Whether a text is surely in another language than `code`, and not in a near one of it.

    Args:
        text: a plot.
        code: of NAMES.
    """
    likeliest = language_of(text)
    if likeliest in (None, OTHER, code) or code == OTHER:
        return False
    return not any(likeliest in family and code in family for family in _FAMILIES)


def language_code(name: str) -> str:
    """The code of NAMES for what a person calls a language: "es", "es-MX", "Spanish".

    Args:
        name: a code of ISO 639-1 (a region behind it does not count), or an English name.

    Returns:
        A code; "" for blank text, and for several languages: a film's, not a plot's.

    Raises:
        InputError: no language of NAMES is called so.
    """
    plain = name.strip().casefold()
    if not plain or re.search(r"[,;|/]", plain):
        return ""
    code = re.split("[-_]", plain)[0]
    code = _OLD_CODES.get(code, code)
    by_name = {text.casefold(): key for key, text in NAMES.items()}
    if code not in NAMES and plain not in by_name:
        raise InputError(
            f"language {name.strip()[:40]!r} is not known; give a code such as en, es or zh, or "
            f"{OTHER} for one that is not among them"
        )
    return by_name.get(plain, code)


def _language_of_letters(text: str) -> str | None:
    """The language of a text most of whose letters are not Latin; None for a few letters only."""
    counts = {code: len(letter.findall(text)) for code, letter in _own_letters().items()}
    if counts["ja"] > _KANA * counts["zh"]:
        counts["ja"] += counts["zh"]
    counts["ru"] = len(_CYRILLIC_LETTER.findall(text))
    counts["ar"] = len(_ARABIC_LETTER.findall(text))
    code = max(counts, key=counts.__getitem__)
    if counts[code] < _FEWEST_LETTERS:
        return None
    script = {"ru": "cyrillic", "ar": "arabic"}.get(code)
    if script is None:
        return code
    # The commonest language of a script is the answer where no function word speaks for another.
    small = [word.lower() for word in _WORD.findall(text)]
    strengths, _ = _evidence(small, _weights(script))
    return max(strengths, key=strengths.__getitem__, default=code)


def _is_english(words: Sequence[str], doubtful: int = 0) -> bool:
    """Whether words in small letters, so many of which may be no words, are surely English."""
    count = sum(map(_ENGLISH.__contains__, words)) - doubtful
    return count >= _FEWEST_WORDS and count >= _ENGLISH_SHARE * len(words)


def _count_doubtful(text: str) -> int:
    """Number of words that may be none: beside a dot as in "U.S."."""
    return 2 * len(_INNER_DOT.findall(text))


def _evidence(
    words: Sequence[str], weights: Mapping[str, list[tuple[str, float]]]
) -> tuple[dict[str, float], Counter[str]]:
    """By language, the weight and the number of function words among `words` (small letters)."""
    strengths: dict[str, float] = {}
    counts: Counter[str] = Counter()
    for speakers in filter(None, map(weights.get, words)):
        for code, weight in speakers:
            strengths[code] = strengths.get(code, 0.0) + weight
            counts[code] += 1
    return strengths, counts
