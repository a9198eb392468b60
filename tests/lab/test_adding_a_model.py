"""docs/adding-a-model.md does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from genreel.app.cli import main
from genreel.lab.networks.fusion import FUSIONS

HOME = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def page() -> str:
    return (HOME / "docs" / "adding-a-model.md").read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def trained(recipe: str, folder: Path) -> Path:
    path = folder / "my-gate.toml"
    path.write_text(recipe, encoding="utf-8")
    command = ["train", str(path), str(HOME / "samples"), "--out", str(folder / "my-gate")]
    shorter = ["--set", "features.plot.length=10"]  # an exported LSTM is traced word by word
    assert main([*command, *shorter]) == 0
    return folder / "my-gate"


def test_a_recipe_is_one_file(
    page: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [recipe] = blocks(page, "toml")
    bundle = trained(recipe, tmp_path)
    capsys.readouterr()
    told = ["--plot", "A sheriff rides into town.", "--model", str(bundle), "--format", "json"]
    assert main(["predict", *told]) == 0
    assert '"Western"' in capsys.readouterr().out


def test_a_fusion_is_a_class_and_a_line(page: str, tmp_path: Path) -> None:
    definition, line = blocks(page, "python")
    names = {"FUSIONS": FUSIONS}
    try:
        exec(definition + line, names)  # the page's own code
        fusion = FUSIONS["weighted"]([3, 5], 4)
        mapped = fusion([torch.ones(2, 3), torch.zeros(2, 5)])
        assert mapped.shape == (2, 4) and not torch.allclose(mapped[0], torch.zeros(4))
        [recipe] = blocks(page, "toml")
        bundle = trained(recipe.replace('"gmu"', '"weighted"'), tmp_path)
        assert 'kind = "weighted"' in (bundle / "recipe.toml").read_text(encoding="utf-8")
    finally:
        FUSIONS.pop("weighted", None)


def test_every_file_that_it_names_is_there(page: str) -> None:
    named = set(re.findall(r"`((?:lab|features|src|tests)/[\w/-]+(?:\.py|/))`", page))
    assert len(named) >= 5
    for name in named:
        assert any((root / name).exists() for root in (HOME, HOME / "src" / "genreel")), name
