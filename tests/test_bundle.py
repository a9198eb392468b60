"""A bundle is read whole, checked, or refused in one line; and written whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.parser
import pytest
from onnx import TensorProto, helper

import genreel.bundle
from genreel.bundle import (
    FILES,
    Bundle,
    bundle_folder,
    check_replaceable,
    open_bundle,
    read_bundle,
    seal,
    write_bundle,
)
from genreel.catalogue import Catalogue
from genreel.errors import BundleError, GenreelError
from genreel.features.text import Terms
from genreel.predictor import Predictor

SAMPLES = Path(__file__).parent.parent / "samples"
Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def folder(words_bundle: Path, tmp_path: Path) -> Path:
    """A copy of a bundle, to be damaged."""
    copy = tmp_path / "copy"
    shutil.copytree(words_bundle, copy)
    return copy


def refusal(folder: Path | str) -> str:
    """The one line with which a bundle is refused."""
    with pytest.raises(BundleError) as caught:
        Predictor(folder)
    message = str(caught.value)
    assert "\n" not in message
    return message


def change_config(folder: Path, change: Change) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_bytes())
    change(config)
    path.write_text(json.dumps(seal(config)))


def replace_file(folder: Path, name: str, data: bytes) -> None:
    """Another content, with the sha256 to match."""
    (folder / name).write_bytes(data)
    entry = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    change_config(folder, lambda config: config["files"].update({name: entry}))


def rewrite(bundle: Bundle, folder: Path, **changes: Any) -> None:
    """`bundle` written to `folder`."""
    values: dict[str, Any] = {
        "name": bundle.name,
        "vocabulary": bundle.vocabulary,
        "thresholds": bundle.thresholds,
        "cases": bundle.cases,
        "features": bundle.features,
        "model": bundle.model,
        "recipe": "id = 'again'\n",
        "metrics": {"test": {}},
        "card": "# Again\n",
    }
    write_bundle(folder, **{**values, **changes})


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


# Round trip


def test_round_trip_keeps_everything(tiny_bundle: Path, tmp_path: Path) -> None:
    first = read_bundle(tiny_bundle)
    rewrite(first, tmp_path / "again", thresholds=dict.fromkeys(first.vocabulary.genres, 0.1234567))
    again = read_bundle(tmp_path / "again")
    assert (again.name, again.vocabulary, again.model) == (
        first.name,
        first.vocabulary,
        first.model,
    )
    assert set(again.thresholds.values()) == {0.123457}, "six places are kept"
    assert again.features.keys() == first.features.keys()
    for name, feature in first.features.items():
        assert again.features[name].kind == feature.kind
        assert again.features[name].settings() == feature.settings()
        for key, array in feature.state().items():
            np.testing.assert_array_equal(again.features[name].state()[key], array)
    assert {path.name for path in (tmp_path / "again").iterdir()} == {"config.json", *FILES}
    assert (tmp_path / "again" / "recipe.toml").read_text() == "id = 'again'\n"
    assert json.loads((tmp_path / "again" / "metrics.json").read_text()) == {"test": {}}
    assert (tmp_path / "again" / "README.md").read_text() == "# Again\n"


def test_round_trip_predicts_the_same(words: Predictor, tmp_path: Path) -> None:
    rewrite(words.bundle, tmp_path / "again")
    plot = "A sheriff is hired to hold a town."
    assert Predictor(tmp_path / "again").predict(plot=plot) == words.predict(plot=plot)


def test_config_names_size_and_hash_of_every_other_file(words_bundle: Path) -> None:
    config = json.loads((words_bundle / "config.json").read_bytes())
    assert config["format"] == 2
    assert set(config["files"]) == set(FILES)
    for name, entry in config["files"].items():
        data = (words_bundle / name).read_bytes()
        assert entry == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_a_bundle_holds_no_pickle(tiny_bundle: Path) -> None:
    with np.load(tiny_bundle / "features.npz", allow_pickle=False) as arrays:
        assert {array.dtype.kind for array in arrays.values()} <= set("iuf")


# Where it is


def test_a_name_that_came_along(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(genreel.bundle, "SHIPPED", folder.parent)
    (folder.parent / ".hidden").mkdir()
    assert bundle_folder("copy") == folder
    assert refusal("other") == "no bundle at other; give a bundle's folder or one of: copy"
    assert "one of: copy" in refusal("../copy")


def test_no_bundle_came_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(genreel.bundle, "SHIPPED", tmp_path / "absent")
    assert "no bundle at default;" in refusal("default")


def test_a_path_that_cannot_be_is_one_line() -> None:
    assert "no bundle at xxx" in refusal("x" * 5000)


# Damage


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("where", [0.0, 0.5, 1.0])
def test_a_flipped_byte_is_noticed(folder: Path, name: str, where: float) -> None:
    data = bytearray((folder / name).read_bytes())
    data[int(where * (len(data) - 1))] ^= 1
    (folder / name).write_bytes(data)
    expected = f"bundle {folder}: {name} is damaged (sha256 differs); get the bundle again"
    assert refusal(folder) == expected


@pytest.mark.parametrize("name", FILES)
def test_another_length_is_noticed(folder: Path, name: str) -> None:
    with (folder / name).open("ab") as file:
        file.write(b"\n")
    assert f"{name} is damaged" in refusal(folder)


def test_languages_are_english_unless_the_config_says_others(folder: Path) -> None:
    assert read_bundle(folder).languages == ("en",)
    change_config(folder, lambda config: config.pop("languages"))
    assert read_bundle(folder).languages == ("en",)
    change_config(folder, lambda config: config.update({"languages": ["es", "de"]}))
    assert read_bundle(folder).languages == ("es", "de")
    for wrong in ([], ["xx"], "es", [3], None):
        change_config(folder, lambda config, wrong=wrong: config.update({"languages": wrong}))
        assert "config.json is wrong" in refusal(folder)


def test_the_movies_that_a_bundle_has_seen(trained_bundle: Path, tmp_path: Path) -> None:
    movies = list(Catalogue(SAMPLES))
    seen = read_bundle(trained_bundle).seen
    assert seen is not None and seen.counts() == {"train": 17, "valid": 6, "test": 6}
    assert [seen.part_of(movie) for movie in movies[15:25]] == (
        ["train"] * 2 + ["valid"] * 6 + ["test"] * 2
    )
    folder = tmp_path / "damaged"
    shutil.copytree(trained_bundle, folder)
    data = bytearray((folder / "movies.npy").read_bytes())
    data[-1] ^= 1
    (folder / "movies.npy").write_bytes(data)
    assert "movies.npy is damaged" in refusal(folder)
    (folder / "movies.npy").unlink()
    assert "movies.npy is missing" in refusal(folder)
    check_replaceable(trained_bundle)


@pytest.mark.parametrize("name", ["default", "fast"])
def test_the_bundles_that_come_along_do_not_know_their_movies(name: str) -> None:
    bundle = read_bundle(name)
    assert (bundle.seen, bundle.languages) == (None, ("en",))


def test_a_flipped_byte_in_the_config_is_noticed(folder: Path) -> None:
    path = folder / "config.json"
    whole = path.read_bytes()
    for i in range(0, len(whole), 7):
        data = bytearray(whole)
        data[i] ^= 1
        path.write_bytes(data)
        assert refusal(folder).startswith(f"bundle {folder}: ")


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert refusal(folder) == f"bundle {folder}: {name} is missing; get the bundle again"


def test_no_config(folder: Path) -> None:
    (folder / "config.json").unlink()
    assert refusal(folder) == f"bundle {folder}: has no config.json; is it a bundle?"


def test_a_file_over_the_limit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = (folder / "model.onnx").stat().st_size - 1  # the largest file of all
    monkeypatch.setattr(genreel.bundle, "MAX_FILE_BYTES", limit)
    assert f"model.onnx is over {limit:,} bytes; it is not loaded" in refusal(folder)


# config.json


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"{", "config.json is damaged"),
        (b"\xff\xfe\xfd", "config.json is damaged"),
        (b"", "config.json is damaged"),
        (b'{"format": ' + b"9" * 5000 + b"}", "config.json is damaged"),
        (b'{"a":' * 20_000, "config.json is damaged"),
        (b"[]", "names no format; is it a bundle of genreel?"),
        (b"null", "names no format; is it a bundle of genreel?"),
        (b'{"model_type": "bert"}', "names no format; is it a bundle of genreel?"),
        (b'{"format": "1"}', "names no format; is it a bundle of genreel?"),
        (b'{"format": true}', "names no format; is it a bundle of genreel?"),
        (b'{"format": 1}', "has format 1, this genreel reads format 2; train it again"),
        (b'{"format": 3}', "has format 3, this genreel reads format 2; upgrade genreel"),
        (b'{"format": 2}', "config.json is damaged (sha256 differs)"),
        (b" " * (2**20 + 1), "config.json is over 1,048,576 bytes"),
    ],
)
def test_config_of_no_use(folder: Path, content: bytes, expected: str) -> None:
    (folder / "config.json").write_bytes(content)
    assert expected in refusal(folder)


@pytest.mark.parametrize("value", [None, 1, "text", [], {}, [1], {"a": 1}, True])
@pytest.mark.parametrize("key", ["files", "features", "genres", "thresholds"])
def test_config_with_wrong_types(folder: Path, key: str, value: Any) -> None:
    change_config(folder, lambda config: config.update({key: value}))
    assert str(folder) in refusal(folder)


@pytest.mark.parametrize("key", ["files", "features", "genres", "thresholds", "name"])
def test_config_without_a_key(folder: Path, key: str) -> None:
    change_config(folder, lambda config: config.pop(key))
    assert f"config.json is wrong (KeyError: '{key}')" in refusal(folder)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "model.onnx.data", "", "config.json"])
def test_an_unexpected_file_is_not_even_read(folder: Path, name: str) -> None:
    entry = {"bytes": 0, "sha256": hashlib.sha256(b"").hexdigest()}
    change_config(folder, lambda config: config["files"].update({name: entry}))
    assert f"lists an unexpected file {name!r}" in refusal(folder)


@pytest.mark.parametrize("name", ["model.onnx", "features.npz"])
def test_a_file_that_must_be_listed(folder: Path, name: str) -> None:
    change_config(folder, lambda config: config["files"].pop(name))
    assert f"config.json lists no {name}" in refusal(folder)


@pytest.mark.parametrize("change", [{"bytes": "12"}, {"sha256": None}])
def test_a_file_entry_of_wrong_type(folder: Path, change: dict[str, Any]) -> None:
    change_config(folder, lambda config: config["files"]["model.onnx"].update(change))
    assert "model.onnx is damaged" in refusal(folder)


def test_thresholds_lack_a_genre(folder: Path) -> None:
    change_config(folder, lambda config: config["thresholds"].pop("Western"))
    assert "KeyError: 'Western'" in refusal(folder)


@pytest.mark.parametrize("value", [-0.1, 1.5, float("nan"), float("inf")])
def test_a_threshold_that_is_no_share(folder: Path, value: float) -> None:
    change_config(folder, lambda config: config["thresholds"].update(Drama=value))
    assert "a threshold outside [0, 1]" in refusal(folder)


def test_a_genre_twice(folder: Path) -> None:
    change_config(folder, lambda config: config["genres"].append("Drama"))
    assert "each only once" in refusal(folder)


def test_an_unknown_kind_of_feature(folder: Path) -> None:
    change_config(folder, lambda config: config["features"]["plot"].update(kind="os.system"))
    assert refusal(folder).endswith("unknown feature 'os.system'; upgrade genreel")


def test_an_unknown_setting_of_a_feature(folder: Path) -> None:
    change_config(folder, lambda config: config["features"]["plot"]["settings"].update(smell=1))
    assert "feature 'terms' has wrong settings" in refusal(folder)


def test_an_unknown_input_of_a_feature(folder: Path) -> None:
    change_config(
        folder, lambda config: config["features"]["plot"]["settings"].update(input="__class__")
    )
    told = "input must be one of plot, title, lettering, headline, year, not '__class__'"
    assert told in refusal(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"cases": [1]},
        {"cases": {"both": None}},
        {"cases": {"both": {"thresholds": []}}},
        {"cases": {"soundtrack only": {}}},
        {"thresholds": {"Drama": 10**400}},
        {"features": {"plot": {"kind": "terms", "settings": 3}}},
        {"features": {"plot": {"kind": ["terms"], "settings": {}}}},
    ],
)
def test_config_with_wrong_types_inside(folder: Path, change: dict[str, Any]) -> None:
    change_config(folder, lambda config: config.update(change))
    assert "; get the bundle again" in refusal(folder) or "; upgrade genreel" in refusal(folder)


def test_metrics_that_are_no_table(folder: Path) -> None:
    replace_file(folder, "metrics.json", b"{")
    assert "metrics.json is damaged" in refusal(folder)
    replace_file(folder, "metrics.json", b"[]")
    assert "metrics.json is no JSON object" in refusal(folder)


def test_a_mistake_of_genreels_own_is_not_blamed_on_the_bundle(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(*args: Any) -> None:
        raise AttributeError("a mistake in the code")

    monkeypatch.setattr(Terms, "load", mistaken)
    with pytest.raises(AttributeError, match="a mistake in the code"):
        read_bundle(folder)
    with pytest.raises(AttributeError, match="a mistake in the code"):
        open_bundle(folder, mistaken)


def test_genres_that_the_graph_does_not_score(folder: Path) -> None:
    change_config(folder, lambda config: config["genres"].pop())
    with pytest.raises(BundleError, match="the graph failed"):
        Predictor(folder).predict(plot="A sheriff is hired to hold a town.")


# features.npz


class _Evil:
    """Would be run by a pickle."""

    def __reduce__(self) -> Any:
        return (pytest.fail, ("a pickle was loaded",))


def test_a_pickle_among_the_arrays_is_refused(folder: Path) -> None:
    array = np.array([_Evil()], dtype=object)
    replace_file(folder, "features.npz", npz(**{"plot.words": array, "plot.idf": array}))
    assert "features.npz is damaged (Object arrays cannot be loaded" in refusal(folder)


def test_arrays_that_unpack_to_too_much(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = npz(**{"plot.idf": np.zeros(10**6, np.float32)})
    assert len(data) < 10_000
    replace_file(folder, "features.npz", data)
    monkeypatch.setattr(genreel.bundle, "MAX_ARRAY_BYTES", 10**6)
    assert "features.npz unpacks to 4,000,128 bytes; it is not loaded" in refusal(folder)


def _npy_header_promising(shape: str) -> bytes:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}".encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


@pytest.mark.parametrize(
    "member",
    [
        b"",
        b"no header of numpy",
        b"\x93NUMPY",
        _npy_header_promising("(1000000000000000,)"),
        _npy_header_promising("(-5,)"),
        _npy_header_promising("('x',)"),
    ],
)
def test_arrays_that_are_none(folder: Path, member: bytes) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("idf", "runs", "words"):
            archive.writestr(f"plot.{name}.npy", member)
    replace_file(folder, "features.npz", file.getvalue())
    message = refusal(folder)
    assert "features.npz is damaged" in message or "wrong settings" in message


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a zip"])
def test_features_that_are_no_archive(folder: Path, data: bytes) -> None:
    replace_file(folder, "features.npz", data)
    assert "features.npz is damaged" in refusal(folder)


def test_features_cut_or_garbled_inside(folder: Path) -> None:
    """With hashes to match, so that only the reader of the arrays stands in the way."""
    whole = (folder / "features.npz").read_bytes()
    for i in range(0, len(whole), 97):
        garbled = bytearray(whole)
        garbled[i] ^= 0x55
        replace_file(folder, "features.npz", bytes(garbled))
        try:
            read_bundle(folder)
        except BundleError as error:
            assert "\n" not in str(error)
    replace_file(folder, "features.npz", whole[: len(whole) // 2])
    assert "features.npz is damaged" in refusal(folder)


def test_arrays_of_a_feature_are_missing(folder: Path) -> None:
    replace_file(folder, "features.npz", npz(**{"plot.idf": np.ones(3, np.float32)}))
    assert "wrong settings ('runs')" in refusal(folder)


# model.onnx


@pytest.mark.parametrize("data", [b"", b"garbage", b"\x08\x0a" * 100])
def test_a_graph_that_is_none(folder: Path, data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    replace_file(folder, "model.onnx", data)
    assert ": model.onnx cannot be loaded (" in refusal(folder)
    assert capfd.readouterr() == ("", ""), "onnxruntime prints nothing of its own"


def graph(body: str, domains: str = "") -> onnx.ModelProto:
    return onnx.parser.parse_model(
        f'<ir_version: 10, opset_import: ["" : 18{domains}]>\n'
        f"graph (float[n, 4] present) => (float[n, 4] scores) {{ {body} }}"
    )


@pytest.mark.parametrize("place", ["initializer", "attribute"])
@pytest.mark.parametrize("location", ["values.bin", "../values.bin", "ABSOLUTE"])
def test_a_graph_that_points_outside_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch, place: str, location: str
) -> None:
    for where in (folder, folder.parent):
        (where / "values.bin").write_bytes(np.full(4, 7, np.float32).tobytes())
    monkeypatch.chdir(folder)  # where onnxruntime would look
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4])
    tensor.data_location = TensorProto.EXTERNAL
    path = str(folder.parent / "values.bin") if location == "ABSOLUTE" else location
    tensor.external_data.add(key="location", value=path)
    model = graph("scores = Add (present, w)")
    if place == "initializer":
        model.graph.initializer.append(tensor)
    else:
        model.graph.node.insert(0, helper.make_node("Constant", [], ["w"], value=tensor))
    replace_file(folder, "model.onnx", model.SerializeToString())

    def never(*args: Any) -> None:
        pytest.fail("the graph reached onnxruntime")

    monkeypatch.setattr("genreel.graph.onnxruntime.InferenceSession", never)
    expected = f"bundle {folder}: model.onnx refers to files outside itself; get it again"
    assert refusal(folder) == expected


def test_a_custom_operator_is_refused(folder: Path) -> None:
    model = graph("scores = evil.ops.Run (present)", ', "evil.ops" : 1')
    replace_file(folder, "model.onnx", model.SerializeToString())
    message = refusal(folder)
    assert ": model.onnx cannot be loaded (" in message
    assert "evil.ops" in message


@pytest.mark.parametrize(
    "model",
    [
        graph("other = Neg (present) scores = Neg (other)"),
        onnx.parser.parse_model(
            '<ir_version: 10, opset_import: ["" : 18]>\n'
            "graph (float[n, 4] unheard_of) => (float[n, 4] scores) {scores = Neg (unheard_of)}"
        ),
    ],
)
def test_a_graph_that_does_not_fit_the_features(folder: Path, model: onnx.ModelProto) -> None:
    replace_file(folder, "model.onnx", model.SerializeToString())
    with pytest.raises(BundleError, match="the graph failed"):
        Predictor(folder).predict(plot="A sheriff is hired to hold a town.")


@pytest.mark.parametrize(
    "body",
    [
        "seven = Constant <value_float = 7.0> () scores = Add (present, seven)",
        "three = Constant <value_float = -3.0> () scores = Add (present, three)",
        "no = Constant <value_float = 0.0> () zero = Mul (present, no) scores = Div (zero, zero)",
        "no = Constant <value_float = 0.0> () zero = Mul (present, no) one = Exp (zero) "
        "scores = Div (one, zero)",
    ],
)
def test_scores_that_are_no_probabilities(folder: Path, body: str) -> None:
    replace_file(folder, "model.onnx", graph(body).SerializeToString())
    change_config(folder, lambda config: config.update(cases={}))
    change_config(folder, lambda config: config["genres"].__delitem__(slice(4, None)))
    change_config(
        folder,
        lambda config: config.update(
            thresholds={genre: config["thresholds"][genre] for genre in config["genres"]}
        ),
    )
    predictor = Predictor(folder)
    with pytest.raises(BundleError, match=r"the graph failed \(its scores are not from 0 to 1\)"):
        predictor.predict(plot="A sheriff is hired to hold a town.")


def test_scores_may_miss_their_ends_by_rounding(folder: Path) -> None:
    body = "eps = Constant <value_float = 1.000001> () scores = Mul (present, eps)"
    replace_file(folder, "model.onnx", graph(body).SerializeToString())
    change_config(folder, lambda config: config.update(cases={}))
    change_config(folder, lambda config: config["genres"].__delitem__(slice(4, None)))
    change_config(
        folder,
        lambda config: config.update(
            thresholds={genre: config["thresholds"][genre] for genre in config["genres"]}
        ),
    )
    prediction = Predictor(folder).predict(plot="A sheriff is hired to hold a town.")
    assert max(prediction.scores.values()) == 1


# Sizes and depths


def test_words_are_counted_before_they_are_made(folder: Path) -> None:
    arrays = dict(np.load(folder / "features.npz"))
    arrays["plot.words"] = np.full(2 * 2**20, ord("\n"), np.uint8)
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    replace_file(folder, "features.npz", file.getvalue())
    assert "wrong settings (over 1,000,000 words)" in refusal(folder)


def test_features_that_take_all_memory_together(folder: Path) -> None:
    def add(config: dict[str, Any], entry: dict[str, Any]) -> None:
        config["features"] |= {f"more{i}": entry for i in range(60)}

    pixels = {"kind": "pixels", "settings": {"height": 4096, "width": 4096, "grey": False}}
    change_config(folder, lambda config: add(config, pixels))
    assert "its features keep over 67,108,864 bytes of a poster" in refusal(folder)


@pytest.mark.parametrize("name", ["metrics.json", "config.json"])
@pytest.mark.parametrize("depth", [500, 900, 990, 200_000])
def test_json_nested_without_end(folder: Path, name: str, depth: int) -> None:
    nested = '{"a":' + "[" * depth + "]" * depth + "}"
    if name == "config.json":
        (folder / name).write_text('{"format": 2, "x":' + nested + "}")
    else:
        replace_file(folder, name, nested.encode())
    try:
        read_bundle(folder)
    except BundleError as error:
        assert len(str(error)) < 500


def test_a_bundle_that_takes_more_memory_than_there_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(Terms, "load", full)
    assert refusal(folder).endswith("takes more memory than there is")


# Writing


def test_a_bundle_is_replaced(words: Predictor, folder: Path) -> None:
    rewrite(words.bundle, folder, name="second")
    assert read_bundle(folder).name == "second"
    assert [path.name for path in folder.parent.iterdir()] == ["copy"], "nothing is left beside it"


def test_a_folder_that_is_no_bundle_is_left_alone(words: Predictor, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(BundleError, match="is there and is no bundle; give another --out"):
        rewrite(words.bundle, tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_a_file_is_left_alone(words: Predictor, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(BundleError, match="is no bundle"):
        rewrite(words.bundle, tmp_path / "notes")
    assert (tmp_path / "notes").read_text() == "mine"


def test_another_tools_config_makes_no_bundle(words: Predictor, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "model.onnx").write_bytes(b"someone's weights")
    with pytest.raises(BundleError, match="is no bundle"):
        rewrite(words.bundle, tmp_path)
    assert (tmp_path / "model.onnx").read_bytes() == b"someone's weights"


def test_a_file_of_ones_own_in_a_bundle_is_not_lost(words: Predictor, folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(BundleError, match="is no bundle"):
        rewrite(words.bundle, folder)
    assert (folder / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("after", range(6))
def test_a_write_that_is_cut_short_leaves_the_old_bundle(
    words: Predictor, folder: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    write, written = genreel.files.write_whole, []

    def failing(path: Path, data: bytes) -> None:
        if len(written) == after:
            raise GenreelError("the disk is full")
        written.append(path)
        write(path, data)

    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr(genreel.files, "write_whole", failing)
    with pytest.raises(GenreelError, match="the disk is full"):
        rewrite(words.bundle, folder, name="second")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["copy"]


def test_a_write_that_is_cut_short_leaves_nothing_new(
    words: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(path: Path, data: bytes) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(genreel.files, "write_whole", failing)
    with pytest.raises(KeyboardInterrupt):
        rewrite(words.bundle, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_thresholds_must_cover_the_vocabulary(words: Predictor, tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        rewrite(words.bundle, tmp_path / "new", thresholds={"Drama": 0.5})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("inside", [True, False])
def test_operators_of_an_engine_are_refused(folder: Path, declared: bool, inside: bool) -> None:
    """onnxruntime runs com.microsoft, even undeclared; a bundle may hold none of it."""
    model = graph("scores = Identity (present)", ', "com.microsoft" : 1' if declared else "")
    node = helper.make_node("Gelu", ["present"], ["scores"], domain="com.microsoft")
    if inside:
        branch = helper.make_graph([node], "branch", [], [model.graph.output[0]])
        node = helper.make_node("If", ["c"], ["scores"], then_branch=branch, else_branch=branch)
    del model.graph.node[:]
    model.graph.node.append(node)
    replace_file(folder, "model.onnx", model.SerializeToString())
    assert ": model.onnx cannot be loaded (operators of com.microsoft)" in refusal(folder)
