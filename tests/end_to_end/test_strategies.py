"""Every strategy and task, from labelled rows to a folder that loads without adaptkit."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.data import SENTENCE
from tests.helpers.program import called, environment

STRATEGIES = ("frozen", "lora", "full")
TASKS = ("ner", "text-classification")

WITHOUT_ADAPTKIT = '''
"""Loads model folders without adaptkit, and prints their predictions."""
import json, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0].startswith("adaptkit"):
            raise ModuleNotFoundError(f"No module named {name!r}")

sys.meta_path.insert(0, Absent())
try:
    import adaptkit
except ModuleNotFoundError:
    pass
else:
    raise SystemExit("adaptkit must not be importable")

import transformers
transformers.logging.set_verbosity_error()

def model_of(folder, head, base):
    auto = getattr(transformers, head)
    if base is None:
        return auto.from_pretrained(folder)
    from peft import PeftModel
    config = transformers.AutoConfig.from_pretrained(folder)
    return PeftModel.from_pretrained(auto.from_pretrained(base, config=config), folder)

said = {}
for job in json.load(sys.stdin):
    tokenizer = transformers.AutoTokenizer.from_pretrained(job["folder"])
    settings = {"aggregation_strategy": "simple"} if job["task"] == "ner" else {"top_k": None}
    model = model_of(job["folder"], job["head"], job["base"]).eval()
    pipe = transformers.pipeline(job["task"], model=model, tokenizer=tokenizer, device="cpu", **settings)
    (found,) = pipe([job["text"]])
    said[job["name"]] = [{**one, "score": float(one["score"])} for one in found]
print(json.dumps(said))
'''

HEADS = {
    "ner": "AutoModelForTokenClassification",
    "text-classification": "AutoModelForSequenceClassification",
}


@pytest.fixture(scope="module")
def exported(tuned: Callable[[str, str], Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """For each kind of folder: the folder, its base model, and the output of ``adaptkit predict --json``."""
    to = tmp_path_factory.mktemp("exported")
    jobs: dict[str, Any] = {}
    for task in TASKS:
        for strategy, merge in (("frozen", False), ("full", False), ("lora", False), ("lora", True)):
            study = tuned(task, strategy)
            name = f"{task} {strategy}{' merged' if merge else ''}"
            folder = to / name.replace(" ", "-")
            options = ["--merge"] if merge else []
            answer = called("export", study.folder.path, "--to", folder, *options)
            assert answer.code == 0, answer.err
            answer = called("predict", folder, SENTENCE, "--json", "--device", "cpu")
            assert answer.code == 0, answer.err
            adapter = strategy == "lora" and not merge
            jobs[name] = {
                "name": name,
                "task": task,
                "folder": str(folder),
                "head": HEADS[task],
                "base": study.summary.model if adapter else None,
                "text": SENTENCE,
                "said": json.loads(answer.out),
            }
    return jobs


@pytest.fixture(scope="module")
def without_adaptkit(exported: dict[str, Any]) -> dict[str, Any]:
    """The predictions of transformers and peft for each folder, in a process without adaptkit."""
    answer = subprocess.run(
        [sys.executable, "-c", WITHOUT_ADAPTKIT], input=json.dumps(list(exported.values())), text=True,
        capture_output=True, check=False, env=environment(), timeout=120,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    said: dict[str, Any] = json.loads(answer.stdout)
    return said


KINDS = [f"{task} {kind}" for task in TASKS for kind in ("frozen", "full", "lora", "lora merged")]


@pytest.mark.parametrize("kind", KINDS)
def test_predictions_are_the_same_without_adaptkit(
    kind: str, exported: dict[str, Any], without_adaptkit: dict[str, Any]
) -> None:
    ours, theirs = exported[kind]["said"], without_adaptkit[kind]
    if kind.startswith("ner"):
        assert ours["entities"]
        assert [(one["label"], one["start"], one["end"]) for one in ours["entities"]] == [
            (one["entity_group"], one["start"], one["end"]) for one in theirs
        ]
        scores = [one["score"] for one in ours["entities"]]
        assert scores == pytest.approx([one["score"] for one in theirs], abs=1e-4)
    else:
        assert ours["label"] == theirs[0]["label"]
        assert ours["probabilities"] == pytest.approx(
            {one["label"]: one["score"] for one in theirs}, abs=1e-4
        )


@pytest.mark.parametrize("kind", KINDS)
def test_only_an_adapter_needs_its_base_model(kind: str, exported: dict[str, Any]) -> None:
    files = {path.name for path in Path(exported[kind]["folder"]).iterdir()}
    complete, adapter = "model.safetensors" in files, "adapter_model.safetensors" in files
    assert (complete, adapter) == ((False, True) if kind.endswith("lora") else (True, False))
    assert {"README.md", "adaptkit.json", "tokenizer.json", "config.json"} <= files


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_study_has_learnt_and_is_finished(
    task: str, strategy: str, tuned: Callable[[str, str], Any]
) -> None:
    study = tuned(task, strategy)
    assert study.summary.state == "finished"
    assert [trial.number for trial in study.trials] == [0, 1]
    assert study.summary.best == study.best.number
    assert study.best.rungs[-1].loss < study.best.rungs[0].loss
    assert set(study.summary.test) == set(study.best.values)
    assert study.model_folder is not None
    assert study.folder.report.exists()


@pytest.mark.parametrize("task", TASKS)
def test_the_exported_scores_are_those_of_the_search(task: str, tuned: Callable[[str, str], Any]) -> None:
    """Evaluating the folder on dev gives the trial's best score, so the weights are the same."""
    for strategy in STRATEGIES:
        study = tuned(task, strategy)
        answer = called("evaluate", study.folder.path, "--data", study.summary.data["dev"].source, "--json")
        assert answer.code == 0, answer.err
        assert json.loads(answer.out)["values"] == pytest.approx(study.best.values, abs=1e-6)
