"""A plugin with its own head, from the data to a prediction, with every strategy."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

import adaptkit
from adaptkit.errors import TaskError
from adaptkit.export.loading import load_exported
from tests.helpers.data import moods, write_csv
from tests.helpers.program import called

PLUGIN = """
    from adaptkit_text_classification import text_classification
    from dataclasses import replace

    def printing(name, part):
        def called(*arguments):
            print(name, "prints")
            return part(*arguments)

        return called

    def head(config, labels):
        import torch

        class Pooling(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.weigh = torch.nn.Linear(config.hidden_size, 1)
                self.out = torch.nn.Linear(config.hidden_size, len(labels))
                self.scale = torch.nn.Parameter(torch.ones(len(labels)))

            def forward(self, hidden, mask):
                weights = self.weigh(hidden).squeeze(-1).masked_fill(mask == 0, -1e4).softmax(-1)
                return self.scale * self.out((weights.unsqueeze(-1) * hidden).sum(1))

        return Pooling()

    def moods(*, own: bool = True):
        print("plugin prints")
        task = text_classification()
        compute = printing("metric", task.metric.compute)
        return replace(
            task, name="moods", head=printing("head", head) if own else task.head,
            prepare=printing("prepare", task.prepare), encode=printing("encode", task.encode),
            decode=printing("decode", task.decode), metric=replace(task.metric, compute=compute),
            to_json=printing("to_json", task.to_json), parse_text=printing("parse_text", task.parse_text),
        )
"""


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of an installed distribution, on the path during the tests of this module."""
    site = tmp_path_factory.mktemp("site")
    information = site / "shop_moods-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: shop-moods\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[adaptkit.tasks]\nmoods = shop_moods:moods\n")
    (site / "shop_moods.py").write_text("\n".join(line[4:] for line in PLUGIN.splitlines()))
    sys.modules.pop("shop_moods", None)
    sys.path.insert(0, str(site))
    importlib.invalidate_caches()
    yield site
    sys.path.remove(str(site))
    sys.modules.pop("shop_moods", None)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three splits, large enough that a score above chance is no accident."""
    folder = tmp_path_factory.mktemp("data")
    for seed, (split, count) in enumerate({"train": 96, "dev": 48, "test": 96}.items()):
        write_csv(folder / f"{split}.csv", moods(count, seed))
    return folder


@pytest.fixture(scope="module")
def study(
    plugin: Path, tiny_folder: Path, data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Any]:
    studies = tmp_path_factory.mktemp("studies")
    made: dict[str, Any] = {}

    def of(strategy: str) -> Any:
        if strategy not in made:
            made[strategy] = adaptkit.tune(
                "moods", data=data, model=tiny_folder,
                strategy=strategy, trials=3, epochs=6, learning_rate=(5e-3, 3e-2), batch_sizes=(4,),  # type: ignore[arg-type]
                study=strategy, studies=studies, device="cpu",
            )  # fmt: skip
        return made[strategy]

    return of


@pytest.mark.parametrize("strategy", ["frozen", "lora", "full"])
def test_it_learns_and_is_exported(strategy: str, study: Callable[[str], Any]) -> None:
    done = study(strategy)
    assert done.summary.state == "finished"
    assert done.summary.test["accuracy"] > 0.4, "better than one guess in three, with random weights"
    described = json.loads((done.folder.best / "adaptkit.json").read_text())
    assert described["head_class"] == "the task's own"
    assert described["task"] == "moods"
    card = (done.folder.best / "README.md").read_text()
    assert "adaptkit.load(folder)" in card
    assert "the plugin of the task `moods`" in card


@pytest.mark.parametrize("strategy", ["frozen", "lora", "full"])
def test_it_is_loaded_and_predicts(strategy: str, study: Callable[[str], Any], data: Path) -> None:
    done = study(strategy)
    (said,) = adaptkit.load(done.folder.best, device="cpu").predict(["the old boats bleak today"])
    assert said["label"] in {"glad", "sad", "calm"}
    answer = called("predict", done.folder.path, "the old boats bleak today", "--json")
    assert json.loads(answer.out)["label"] == said["label"], answer.err
    answer = called("evaluate", done.folder.best, "--data", data / "test.csv", "--json")
    assert json.loads(answer.out)["values"]["accuracy"] == pytest.approx(done.summary.test["accuracy"])
    assert "model = adaptkit.load(folder)" in called("report", done.folder.path).out


def test_the_output_of_a_plugin_goes_to_standard_error(
    study: Callable[[str], Any], data: Path, tmp_path: Path
) -> None:
    folder = study("full").folder.best
    options = ["--model", study("full").summary.model, "--strategy", "full", "--trials", "1", "--epochs", "1"]
    always = {"plugin", "head", "encode", "decode"}
    answers = {
        ("prepare", "metric"): called(
            "tune", "--task", "moods", "--data", data, *options, "--studies", tmp_path, "--json"
        ),
        ("parse_text", "prepare", "to_json"): called("predict", folder, "boats", "--json"),
        ("to_json",): called("predict", folder, "--file", data / "test.csv", "--json"),
        ("metric",): called("evaluate", folder, "--data", data / "test.csv", "--json"),
        (): called("tasks", "--check", "moods", "--json"),
    }
    for parts, answer in answers.items():
        assert answer.code == 0, answer.err
        assert all(json.loads(line) for line in answer.out.splitlines() or [answer.out])
        assert all(f"{part} prints" in answer.err for part in {*parts, *always})
    exported = called("export", study("full").folder.path, "--to", tmp_path / "exported")
    first, *others = exported.out.splitlines()
    assert first == f"trial {study('full').best.number} of full is in {tmp_path / 'exported'}"
    assert others[-1] == f'  model = adaptkit.load("{tmp_path / "exported"}")'


def test_transformers_loads_the_encoder_from_the_folder(study: Callable[[str], Any]) -> None:
    folder = study("full").folder.best
    ids = torch.tensor([[2, 7, 9, 11, 3]])
    loaded = adaptkit.load(folder, device="cpu")
    ours: Any = load_exported(folder, loaded.task, loaded.description, "cpu").module
    with torch.no_grad():
        alone = transformers.AutoModel.from_pretrained(folder).eval()(input_ids=ids)[0]
        torch.testing.assert_close(alone, ours.base_model(input_ids=ids)[0])


def test_a_merged_adapter_is_a_complete_model(study: Callable[[str], Any], tmp_path: Path) -> None:
    answer = called("export", study("lora").folder.path, "--to", tmp_path / "merged", "--merge")
    assert answer.code == 0, answer.err
    assert not (tmp_path / "merged" / "adapter_config.json").exists()
    text = "the old boats bleak today"
    predicted = [
        adaptkit.load(folder, device="cpu").predict([text])[0]
        for folder in (tmp_path / "merged", study("lora").folder.best)
    ]
    assert predicted[0]["label"] == predicted[1]["label"]
    assert predicted[0]["probability"] == pytest.approx(predicted[1]["probability"], abs=1e-4)


def test_a_plugin_that_has_another_head_now_is_rejected(study: Callable[[str], Any], tmp_path: Path) -> None:
    folder = study("full").folder.best
    for name in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    described = json.loads((folder / "adaptkit.json").read_text())
    (tmp_path / "adaptkit.json").write_text(json.dumps({**described, "options": {"own": False}}))
    with pytest.raises(TaskError, match="'moods' uses 'sequence-classification'"):
        adaptkit.load(tmp_path, device="cpu")
