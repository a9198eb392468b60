"""Plots as word pieces: the very numbers that BERT's own tokenizer gives."""

from __future__ import annotations

import io
import json
import unicodedata
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from genreel.catalogue import Movie
from genreel.errors import BundleError, InputError
from genreel.features import collate, load_feature
from genreel.features.pieces import PAD, SPECIAL, Pieces, PieceSettings, basic_words
from genreel.features.text import MAX_CHARACTERS

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,!?'\"-[]()&;ßøσлж中文"
WORDS = "ghost train night un ##believ ##able ##s ##ing the σοφια ##σ sheriff"
PIECES = [*SPECIAL, *LETTERS, *(f"##{c}" for c in LETTERS[:36]), *WORDS.split()]


def made(**changes: Any) -> Pieces:
    return Pieces(PieceSettings(**changes), PIECES)


def reference(length: int) -> Tokenizer:
    """The tokenizers library's BERT, uncased, with the same vocabulary."""
    vocabulary = {piece: i for i, piece in enumerate(PIECES)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(
        ("[SEP]", PIECES.index("[SEP]")), ("[CLS]", PIECES.index("[CLS]"))
    )
    tokenizer.enable_truncation(length)
    return tokenizer


def spelt(feature: Pieces, plot: str) -> list[str]:
    row = feature.read(Movie("a", plot=plot))
    assert row is not None and row.dtype == np.int32
    return [feature.pieces[i] for i in row]


def library_words(text: str) -> list[str]:
    normal = normalizers.BertNormalizer().normalize_str(text)
    return [word for word, _ in pre_tokenizers.BertPreTokenizer().pre_tokenize_str(normal)]


def test_the_longest_pieces_first() -> None:
    assert spelt(made(), "Unbelievable TRAINS.") == [
        *("[CLS]", "un", "##believ", "##able", "train", "##s", ".", "[SEP]")
    ]


def test_a_word_that_cannot_be_spelt_is_unknown_as_a_whole() -> None:
    assert spelt(made(), "the ghostж night") == ["[CLS]", "the", "[UNK]", "night", "[SEP]"]
    assert spelt(made(), "the " + "a" * 101) == ["[CLS]", "the", "[UNK]", "[SEP]"]
    assert "[UNK]" not in spelt(made(), "the " + "a" * 100)


def test_accents_case_and_control_characters_go() -> None:
    assert basic_words("Çé\u200b\u0000 E\u0301T\tÉ\nΣΟΦΙΑΣ") == ["ce", "et", "e", "σοφιασ"]
    assert basic_words("中文 no-one's") == ["中", "文", "no", "-", "one", "'", "s"]


def test_html_is_read_and_brackets_are_mere_brackets() -> None:
    assert spelt(made(), "train &amp; ghost") == ["[CLS]", "train", "&", "ghost", "[SEP]"]
    said = spelt(made(), "the [SEP] [PAD]")
    assert said.count("[SEP]") == 1 and said[-1] == "[SEP]" and "[PAD]" not in said


def test_a_long_plot_keeps_its_beginning_and_its_end_mark() -> None:
    assert spelt(made(length=4), "the ghost train") == ["[CLS]", "the", "ghost", "[SEP]"]
    assert len(spelt(made(length=5), "unbelievable " * 50)) == 5


TEXT = st.text(
    st.one_of(
        st.sampled_from(list(LETTERS + LETTERS.upper() + "  \t\n\u00a0\u2028éǺıİǅﬁΣς—“”…¿\u200d")),
        st.characters(max_codepoint=0x2FF),
        st.characters(min_codepoint=0x370, max_codepoint=0x4FF, categories=["L", "P", "S", "Z"]),
        st.characters(min_codepoint=0x3000, max_codepoint=0xD7A3, categories=["Lo", "P"]),
    ),
    max_size=80,
)


@settings(max_examples=400, deadline=None)
@given(TEXT, st.integers(3, 40))
@example("ÀÉ̂ ﬁn ǅ İstanbul ΌΣΟΣ 𐐀 𝔸 🎬! 고질라 ㄱ 豈 \ud7ff\ufffd", 40)
@example("a\u0903\u0300\u0301\u0327b q\u0323\u0307", 40)
def test_the_same_numbers_as_the_tokenizers_library(text: str, length: int) -> None:
    expected = reference(length).encode(text.replace("&", " ")).ids
    movie = Movie("a", plot=text.replace("&", " "))  # "&" may start an entity, which we read
    if all(i == PIECES.index("[UNK]") for i in expected[1:-1]):
        if movie.has("plot"):
            with pytest.raises(InputError, match="no word that the model knows"):
                made(length=length).read(movie)
        return
    if not movie.has("plot"):  # marks alone
        return
    row = made(length=length).read(movie)
    assert row is not None and row.tolist() == expected


def test_every_character_is_taken_as_the_library_takes_it() -> None:
    """But for those that Unicode gained after the tables of the library were made."""
    other = {
        code
        for code in range(0x2E80)
        if basic_words(f"a{chr(code)}b") != library_words(f"a{chr(code)}b")
    }
    assert len(other) < 160 and min(other) > 0x500
    assert not other & set(range(0x2000, 0x2E00))
    late = [chr(code) for code in range(0x3000, 0xD800, 7) if chr(code).isalnum()]
    marked = [c for c in late if unicodedata.category(c)[0] in "LN"]
    assert [c for c in marked if basic_words(c) != library_words(c)] == []


def test_lone_halves_of_a_character_are_dropped() -> None:
    assert basic_words("gh\ud800ost") == ["ghost"]


def test_batches_are_padded_behind_and_hold_only_what_is_there() -> None:
    feature = made()
    films = [Movie("a", plot="the ghost"), Movie("b"), Movie("c", plot="a train, the night")]
    rows = [feature.read(movie) for movie in films]
    arrays = feature.collate(rows)
    assert arrays["rows"].tolist() == [0, 2]
    assert arrays["ids"].dtype == arrays["rows"].dtype == np.int64
    assert arrays["ids"].shape == (2, 7)
    assert arrays["ids"][0, 4:].tolist() == [PAD] * 3 and PAD not in arrays["ids"][1]
    nobody = feature.collate([None, None])
    assert nobody["ids"].shape == (0, 1) and nobody["rows"].shape == (0,)
    both = collate({"text": feature}, {"text": rows})
    assert set(both) == {"text.ids", "text.rows", "present"}
    assert both["present"][:, 1].tolist() == [1, 0, 1]


@pytest.mark.parametrize("plot", ["ща щё", "\u200b", "ж" * 200])
def test_a_plot_that_cannot_be_spelt(plot: str) -> None:
    with pytest.raises(InputError) as caught:
        made().read(Movie("a", plot=plot))
    assert str(caught.value) == "plot holds no word that the model knows; give it in English"
    assert made(input="title").read(Movie("a", title=plot)) is None


def test_a_plot_as_long_as_a_book() -> None:
    with pytest.raises(InputError, match="shorten it"):
        made().read(Movie("a", plot="the " * (MAX_CHARACTERS // 4 + 1)))


def test_what_was_spelt_once_is_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genreel.features.pieces._CACHED_WORDS", 3)
    feature = made()
    plot = "the ghost train sings at night in the train"
    assert spelt(feature, plot) == spelt(made(), plot)
    assert len(feature._spellings) <= 3


def test_through_a_file_and_back() -> None:
    feature = made(length=9, input="title", encoder="some-encoder")
    file = io.BytesIO()
    np.savez(file, **feature.state())
    file.seek(0)
    with np.load(file, allow_pickle=False) as state:
        again = load_feature("pieces", json.loads(json.dumps(feature.settings())), dict(state))
    assert isinstance(again, Pieces)
    assert (again.pieces, again.settings()) == (PIECES, feature.settings())
    assert (again.length, again.input, again.encoder) == (9, "title", "some-encoder")


def test_a_feature_like_another_shares_its_pieces() -> None:
    plot = made()
    title = load_feature("pieces", made(length=5, input="title", like="plot").settings(), {}, plot)
    assert isinstance(title, Pieces)
    assert title.pieces is plot.pieces
    assert (title.input, title.length, plot.input, plot.length) == ("title", 5, "plot", 256)
    row = title.read(Movie("a", title="the ghost train sings at night"))
    assert row is not None and len(row) == 5


@pytest.mark.parametrize(
    ("settings", "state"),
    [
        ({"length": 3, "width": 4}, made().state()),
        (made().settings(), {}),
        (made().settings(), {"pieces": np.frombuffer(b"[UNK]\n[PAD]\n[CLS]\n[SEP]", np.uint8)}),
        (made().settings(), {"pieces": np.frombuffer(b"[PAD]\n[UNK]\n[CLS]", np.uint8)}),
    ],
)
def test_a_bundle_that_does_not_fit(settings: dict[str, Any], state: dict[str, Any]) -> None:
    with pytest.raises(BundleError, match="feature 'pieces' has wrong settings"):
        load_feature("pieces", settings, state)
