from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.helpers.program import called


def test_the_list() -> None:
    rows = {row["name"]: row for row in json.loads(called("tasks", "--json").out)["tasks"]}
    assert rows["ner"]["distribution"] == "adaptkit-ner"
    assert rows["ner"]["entry_point"] == "adaptkit_ner:ner"
    shown = called("tasks")
    assert shown.code == 0
    assert all(f"\n{name} " in shown.out for name in ("ner", "text-classification"))
    assert max(map(len, shown.out.splitlines())) <= 80
    assert len(shown.out.splitlines()) == 1 + len(rows), "one line per task"


def test_one_task() -> None:
    about = json.loads(called("tasks", "ner", "--json").out)
    assert about["metric"] == "f1"
    assert about["metric is"] == "strict F1 over entities (words and type) of the decoded, valid tag sequence"
    assert set(about["columns"]) == {"tokens", "tags"}
    assert "tag_column" in about["options"]
    assert about["a sample"] is True
    shown = called("tasks", "ner")
    assert shown.code == 0
    assert "any other" in shown.out
    assert "tag_column: " not in shown.out
    assert "tag_column (int | None, default None)" in shown.out
    assert "decoding ('viterbi' or 'argmax', default 'viterbi')" in shown.out


def test_the_forms_of_a_task_with_an_example_of_each() -> None:
    about = json.loads(called("tasks", "ner", "--json").out)
    assert about["forms"][0]["suffix"] == ".conll"
    assert all(form["name"] and form["example"] for form in about["forms"])
    shown = called("tasks", "ner").out
    lines = shown[shown.index("The data may have any of these forms:") :].splitlines()
    assert max(map(len, lines)) <= 80
    joined = " ".join(" ".join(lines).split())
    for form in about["forms"]:
        first = " ".join(form["example"].split("\n")[0].split())
        assert f"({form['suffix']})" in joined
        assert first.replace(" ", "") in joined.replace(" ", "")


def test_an_unknown_task() -> None:
    answer = called("tasks", "nerr")
    assert answer.code == 2
    assert "'nerr'" in answer.err
    assert "'ner'" in answer.err


MISTAKEN = """
from pathlib import Path
from transformers import DataCollatorWithPadding
from adaptkit import Task, classification_metric, most_probable_class
from adaptkit_text_classification.texts import encode

def decode(outputs, examples, labels):
    raise RuntimeError("\\x1b[31m[bold]no such\\u202e piece " + "in any of the shapes that were given " * 9)

def mistaken(*, crash: bool = True) -> Task:
    return Task(
        name="mistaken", columns={"text": "a text", "label": "a class"}, head="sequence-classification",
        encode=encode, decode=decode if crash else most_probable_class, metric=classification_metric,
        collator=DataCollatorWithPadding,
    )
"""


@pytest.fixture
def mistaken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task whose decode fails, installed as its own distribution."""
    information = tmp_path / "adaptkit_mistaken-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: adaptkit-mistaken\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[adaptkit.tasks]\nmistaken = adaptkit_mistaken:mistaken\n")
    (tmp_path / "adaptkit_mistaken.py").write_text(MISTAKEN)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "adaptkit_mistaken", raising=False)


def test_a_task_that_conforms() -> None:
    answer = called("tasks", "--check", "text-classification")
    assert answer.code == 0, answer.out + answer.err
    lines = answer.out.splitlines()
    assert "passed   loss: un-reduced" in lines
    assert "skipped  collator: padded labels (the answers are not padded)" in lines
    assert lines[-1].endswith(" passed, 0 failed, 5 skipped")
    assert max(map(len, lines)) <= 80


def test_a_task_that_does_not(mistaken: None, data_folder: Path) -> None:
    """The rows are the user's. The plugin's error message is shown without control characters."""
    answer = called("tasks", "--check", "mistaken", "--data", data_folder / "text-classification")
    assert answer.code == 2
    lines = answer.out.splitlines()
    at = lines.index("failed   decode")
    assert "RuntimeError: \\x1b[31m[bold]no such\\u202e piece" in " ".join(lines[at + 1 :]).replace("  ", "")
    assert "\x1b" not in answer.out
    assert "\u202e" not in answer.out
    assert max(map(len, lines)) <= 80
    assert "skipped  metric (needs 'decode', which failed)" in lines
    assert "1 failed" in lines[-1]


def test_the_result_of_a_check_as_json(mistaken: None) -> None:
    answer = called("tasks", "--check", "mistaken", "--json")
    assert answer.code == 2
    found = json.loads(answer.out)
    assert (found["task"], found["conforms"]) == ("mistaken", False)
    (failed,) = [one for one in found["checks"] if one["state"] == "failed"]
    assert failed["check"] == "rows"
    assert "has no sample" in failed["problem"]
    assert "--data FILE" in failed["fix"]


def test_a_check_with_an_option_of_the_task(mistaken: None, data_folder: Path) -> None:
    data = data_folder / "text-classification" / "train.csv"
    answer = called("tasks", "--check", "mistaken", "--data", data, "--option", "crash=false", "--json")
    found = {one["check"]: one["state"] for one in json.loads(answer.out)["checks"]}
    assert found["decode"] == "passed"
    assert "crash" in called("tasks", "--check", "mistaken", "--option", "clash=false").err


def test_a_check_of_an_unknown_task() -> None:
    answer = called("tasks", "--check", "nerr")
    assert answer.code == 2
    assert "'ner'" in answer.err
    assert answer.out == ""


def test_a_new_task(tmp_path: Path) -> None:
    written = called("tasks", "--new", "inbox", "--to", tmp_path, "--json")
    assert written.code == 0, written.err
    result = json.loads(written.out)
    assert result["folder"] == str(tmp_path / "adaptkit-inbox")
    assert all(Path(file).is_file() for file in result["files"])
    shown = called("tasks", "--new", "outbox", "--to", tmp_path)
    assert "adaptkit tune --task outbox" in shown.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--new", "../inbox"], "'../inbox' is not a valid name"),
        (["--new", "ner"], "the task 'ner' already exists, in adaptkit-ner"),
        (["--new", "inbox", "ner"], "Give only one of NAME, --check and --new"),
        (["--new", "inbox", "--check", "ner"], "Give only one of NAME, --check and --new"),
    ],
)
def test_a_new_task_that_cannot_be_created(arguments: list[str], message: str, tmp_path: Path) -> None:
    answer = called("tasks", *arguments, "--to", tmp_path / "to")
    assert answer.code == 2
    assert message in answer.err
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize(
    "arguments", [("--to", "here"), ("--data", "rows.csv"), ("ner", "--option", "spans=false")]
)
def test_an_option_without_the_one_it_needs(arguments: tuple[str, ...]) -> None:
    answer = called("tasks", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert "need --" in answer.err.replace("needs", "need")


def plugin(site: Path, name: str, code: str) -> None:
    """Installs a distribution ``stall-NAME`` with a task of this name."""
    information = site / f"stall_{name}-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: stall-{name}\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[adaptkit.tasks]\n{name} = stall_{name}:task\n")
    if code:
        (site / f"stall_{name}.py").write_text(code)


def test_the_output_of_a_plugin_goes_to_standard_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin(
        tmp_path,
        "loud",
        "print('hello')\nfrom adaptkit_text_classification import text_classification as task\n",
    )
    monkeypatch.syspath_prepend(tmp_path)
    answer = called("tasks", "loud", "--json")
    assert json.loads(answer.out)["metric"] == "accuracy"
    assert answer.err == "hello\n"


def test_a_broken_plugin_is_reported_and_others_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin(tmp_path, "gone", "")
    plugin(tmp_path, "exits", "import sys\nsys.exit(3)\n")
    monkeypatch.syspath_prepend(tmp_path)
    rows = {row["name"]: row for row in json.loads(called("tasks", "--json").out)["tasks"]}
    assert rows["gone"]["problem"] == "the module 'stall_gone' does not exist; reinstall stall-gone"
    assert rows["exits"]["problem"] is None, "only an import could show it"
    assert rows["ner"]["problem"] is None
    shown = " ".join(called("tasks").out.split())
    assert "gone stall-gone 1.0 broken: the module" in shown
    for name, reason in (("gone", "No module named 'stall_gone'"), ("exits", "it called sys.exit(3)")):
        answer = called("tasks", name)
        assert answer.code == 2
        assert f"the task '{name}' of stall-{name} 1.0" in answer.err
        assert reason in answer.err
