"""Wrong options, data or studies: one message, exit code 2, no traceback, and nothing is written."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.data import sentences, write_conll, write_csv
from tests.helpers.faulty_plugin import write_plugin
from tests.helpers.program import Answer, adaptkit, called

BAD_OPTIONS = [
    (["--task", "no-such-task"], ["no-such-task", "adaptkit tasks"]),
    (["--strategy", "prompt"], ["'prompt'", "frozen", "lora", "full"]),
    (["--metric", "bleu"], ["'bleu'", "f1", "--metric"]),
    (["--lr", "1e-3", "1e-5"], ["0.001", "1e-05", "lowest rate first"]),
    (["--lr", "0", "1e-5"], ["--lr 0 1e-05: ", "more than 0"]),
    (["--lr", "fast", "faster"], ["'fast'", "float"]),
    (["--batch-size", "0"], ["--batch-size 0: ", "at least 1"]),
    (["--batch-size", "8;16"], ["'8;16'", "8,16,32"]),
    (["--trials", "0"], ["--trials 0", "at least 1"]),
    (["--epochs", "nan"], ["--epochs nan", "at most 1000"]),
    (["--timeout", "soon"], ["'soon'", "30m"]),
    (["--trials", "1" + "0" * 30], ["--trials 1000", "at most 100000"]),
    (["--trials", "9" * 5000], ["--trials", "not a valid integer"]),
    (["--epochs", "1e300"], ["--epochs 1e+300", "at most 1000"]),
    (["--epochs", "-inf"], ["--epochs -inf", "more than 0"]),
    (["--timeout", "9" * 400 + "d"], ["--timeout inf: ", "at most 31622400"]),
    (["--timeout", "1000000h"], ["--timeout 3600000000s: ", "at most 31622400"]),
    (["--timeout", "0s"], ["--timeout 0s: ", "more than 0"]),
    (["--batch-size", "8,10000000000000"], ["10000000000000", "at most 1000000"]),
    (["--evals-per-epoch", "1000000000"], ["--evals-per-epoch 1000000000", "at most 1000"]),
    (["--parallel-trials", "1" + "0" * 25], ["--parallel-trials 1000", "at most 10000"]),
    (["--max-length", "1" + "0" * 25], ["--max-length 1000", "at most 1000000"]),
    (["--strategy", "lora", "--lora-rank", "1000000000"], ["--lora-rank 1000000000", "at most 10000"]),
    (["--seed", "1" + "0" * 30], ["--seed 1000", "less than 4294967296"]),
    (["--parallel-trials", "all"], ["'all'", "auto"]),
    (["--lora-rank", "0"], ["--lora-rank 0"]),
    (["--dev-fraction", "1"], ["--dev-fraction 1", "less than 1"]),
    (["--device", "cuda:99"], ["cuda:99", "--device cpu"]),
    (["--device", "tpu"], ["'tpu'", "cuda:N"]),
    (["--option", "colour=red"], ["colour", "token_column"]),
    (["--option", "colour"], ["'colour'", "KEY=VALUE"]),
    (["--model", "/nowhere/model"], ["/nowhere/model", "config.json"]),
    (["--study", "../../x"], ["../../x", "letters"]),
    (["--study", "x" * 600], ["xxx…", "100"]),
    (["--study", ""], ["''", "letters"]),
    (["--study", "a\x1b[31mb"], ["letters"]),
]


@pytest.fixture
def command(tiny_folder: Path, data_folder: Path, tmp_path: Path) -> list[object]:
    return [
        "tune", "--task", "ner", "--data", data_folder / "ner", "--model", tiny_folder, "--device", "cpu",
        "--trials", "1", "--epochs", "1", "--studies", tmp_path / "studies",
    ]  # fmt: skip


def refused(answer: Answer, *words: str) -> None:
    assert answer.code == 2, answer
    assert answer.out == ""
    assert "Traceback" not in answer.err
    assert "\x1b" not in answer.err
    assert len(answer.err) < 6000
    for word in words:
        assert word in answer.err


@pytest.mark.parametrize(
    ("options", "words"), BAD_OPTIONS, ids=[" ".join(bad)[:40] for bad, _ in BAD_OPTIONS]
)
def test_a_bad_option(options: list[str], words: list[str], command: list[object], tmp_path: Path) -> None:
    refused(called(*command, *options), *words)
    assert os.listdir(tmp_path) == []


def test_no_gpu(command: list[object], tmp_path: Path) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    refused(called(*command, "--device", "cuda"), "'cuda'", "0 CUDA devices", "--device cpu")
    assert os.listdir(tmp_path) == []


def broken(folder: Path, name: str, at: int, line: str) -> Path:
    """Valid rows, with the line number ``at`` replaced."""
    path = write_conll(folder / name, sentences(20, 9))
    lines = path.read_text(encoding="utf-8").split("\n")
    lines[at - 1] = line
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_bad_data(tiny_folder: Path, data_folder: Path, tmp_path: Path) -> None:
    """In its own process, as for a user."""
    train = broken(tmp_path, "train.conll", 3, "boats")
    answer = adaptkit("tune", "--task", "ner", "--data", train, "--model", tiny_folder, cwd=tmp_path)
    refused(answer, f"{train}:3", "1 column")
    assert not (tmp_path / "studies").exists()


def bad_data() -> Iterator[tuple[str, Callable[[Path], list[object]], list[str]]]:
    def missing(folder: Path) -> list[object]:
        return ["--data", folder / "trian.conll"]

    def unknown_label(folder: Path) -> list[object]:
        train = write_conll(folder / "train.conll", sentences(20, 1))
        return ["--train", train, "--dev", broken(folder, "dev.conll", 1, "near\tB-SHIP")]

    def bad_tag(folder: Path) -> list[object]:
        return ["--data", broken(folder, "train.conll", 1, "near\tPER")]

    def no_utf8(folder: Path) -> list[object]:
        (folder / "train.conll").write_bytes(b"near\tO\n\xff\xfe\tO\n")
        return ["--data", folder / "train.conll"]

    def empty(folder: Path) -> list[object]:
        (folder / "train.conll").write_text("")
        return ["--data", folder / "train.conll"]

    def wrong_column(folder: Path) -> list[object]:
        rows = [("near", "glad"), ("far", "sad")]
        path = write_csv(folder / "train.csv", rows, header=("sentence", "mood"))
        return ["--task", "text-classification", "--data", path]

    def one_class(folder: Path) -> list[object]:
        path = write_csv(folder / "train.csv", [("near", "glad"), ("far", "glad")])
        return ["--task", "text-classification", "--data", path]

    yield "missing file", missing, ["trian.conll"]
    yield "unknown label in dev", unknown_label, ["dev.conll:1", "SHIP", "PER"]
    yield "a tag of no scheme", bad_tag, ["train.conll:1", "'PER'"]
    yield "no UTF-8", no_utf8, ["train.conll", "UTF-8"]
    yield "empty", empty, ["train.conll", "rows"]
    yield "wrong column", wrong_column, ["'text'", "'sentence'", "--column"]
    yield "one class", one_class, ["'glad'", "2 different labels"]


@pytest.mark.parametrize(
    ("case", "make", "words"), list(bad_data()), ids=lambda one: one if type(one) is str else ""
)
def test_invalid_data(
    case: str, make: Callable[[Path], list[object]], words: list[str], tiny_folder: Path, tmp_path: Path
) -> None:
    given = make(tmp_path)
    studies = tmp_path / "studies"
    refused(called("tune", "--task", "ner", "--model", tiny_folder, *given, "--studies", studies), *words)
    assert not studies.exists()


def test_a_studies_folder_that_cannot_be_written(command: list[object], tmp_path: Path) -> None:
    studies = tmp_path / "studies"
    studies.mkdir()
    studies.chmod(0o500)
    if os.access(studies, os.W_OK):
        pytest.skip("this user can write everywhere")
    refused(called(*command), str(studies), "--studies")


def test_a_file_in_place_of_the_studies_folder(command: list[object], tmp_path: Path) -> None:
    (tmp_path / "studies").write_text("mine")
    refused(called(*command), str(tmp_path / "studies"), "is a file")
    assert (tmp_path / "studies").read_text() == "mine"


@pytest.fixture
def copied(tuned: Callable[[str, str], Any], tmp_path: Path) -> Path:
    """A copy of a finished study, in its own studies folder."""
    study = tuned("ner", "full")
    return Path(shutil.copytree(study.folder.path, tmp_path / "studies" / study.folder.name))


@pytest.fixture
def again(copied: Path, tiny_folder: Path, data_folder: Path) -> list[object]:
    """The command line of the copied study."""
    return [
        "tune", "--task", "ner", "--data", data_folder / "ner", "--model", tiny_folder, "--strategy", "full",
        "--trials", "2", "--epochs", "3", "--lr", "2e-3", "2e-2", "--batch-size", "4", "--device", "cpu",
        "--option", "decoding=argmax", "--study", copied.name, "--studies", copied.parent,
    ]  # fmt: skip


def content(study: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(study)): path.read_bytes()
        for path in study.rglob("*")
        if path.is_file() and path.name != "lock"
    }


def test_other_settings_for_the_same_name(again: list[object], copied: Path) -> None:
    before = content(copied)
    changes = ["--lr", "1e-4", "1e-3", "--metric", "precision", "--strategy", "lora", "--seed", "4"]
    answer = called(*again, *changes)
    refused(answer, "learning rate", "metric: f1 → precision", "strategy: full → lora", "seed: 0 → 4")
    assert answer.err.count("was started with other settings") == 1
    assert content(copied) == before


def test_other_data_for_the_same_name(again: list[object], copied: Path, tmp_path: Path) -> None:
    before = content(copied)
    other = write_conll(tmp_path / "other.conll", sentences(30, 77))
    answer = called(*again, "--data", other)
    refused(answer, "data: from ", f"; now from {other}")
    old, arrow, new = answer.err.partition("(fingerprint ")[2].split()[:3]
    assert (len(old), arrow, len(new.partition(")")[0])) == (12, "→", 12)
    assert content(copied) == before


def test_a_flipped_bit_in_the_winner(copied: Path) -> None:
    weights = copied / "best" / "model.safetensors"
    bits = bytearray(weights.read_bytes())
    bits[-100] ^= 1
    weights.write_bytes(bits)
    refused(called("predict", copied, "the river"), "model.safetensors")
    refused(called("predict", copied / "best", "the river"), "model.safetensors")


def test_a_flipped_bit_in_the_kept_weights(copied: Path, tmp_path: Path) -> None:
    for weights in copied.glob("trials/*.safetensors"):
        bits = bytearray(weights.read_bytes())
        bits[-100] ^= 1
        weights.write_bytes(bits)
    refused(called("export", copied, "--to", tmp_path / "to"), ".safetensors")
    assert not (tmp_path / "to").exists()


def test_a_truncated_database(again: list[object], copied: Path) -> None:
    """It is reported, copied, and rebuilt from the records. Then the study continues."""
    database = copied / "study.db"
    damaged = database.read_bytes()[:5000]
    database.write_bytes(damaged)
    before = {name: data for name, data in content(copied).items() if name.startswith("trials/0")}
    answer = called(*again, "--trials", "3")
    assert answer.code == 0, answer.err
    assert "study.db was damaged" in answer.err
    assert (copied / "study.db.broken-1").read_bytes() == damaged
    now = content(copied)
    assert {name: now[name] for name in before if name.endswith(".json")} == {
        name: data for name, data in before.items() if name.endswith(".json")
    }
    with sqlite3.connect(database) as connection:
        assert connection.execute("select count(*) from trials where state = 'COMPLETE'").fetchone() == (3,)
    connection.close()


def test_every_trial_fails(
    command: list[object], data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a plugin whose loss is NaN."""
    monkeypatch.syspath_prepend(write_plugin(tmp_path / "site"))
    ruinous = ["--task", "faulty", "--data", data_folder / "text-classification", "--option", "part=nan"]
    answer = called(*command, *ruinous, "--strategy", "full", "--trials", "2", "--study", "ruined")
    study = tmp_path / "studies" / "ruined"
    assert answer.code == 1
    assert "diverged" in answer.err
    assert "Traceback" not in answer.err
    report = called("report", study)
    assert report.code == 0
    assert "Every trial failed" in report.out
    assert "diverged" in report.out
    assert not (study / "best").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with too little space for a study."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=320k", "tmpfs", str(disk)]
    if not shutil.which("mount") or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root can mount")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk(command: list[object], small_disk: Path) -> None:
    given = [*command, "--studies", small_disk / "studies", "--study", "full", "--trials", "4"]
    answer = called(*given)
    assert answer.code == 2, answer.err
    assert "Traceback" not in answer.err
    assert str(small_disk / "studies" / "full") in answer.err
    assert "pace" in answer.err
    kept = {path.name: path.read_bytes() for path in small_disk.glob("studies/full/trials/0*.json")}
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    answer = called(*given, "--json")
    assert answer.code == 0, answer.err
    now = {path.name: path.read_bytes() for path in small_disk.glob("studies/full/trials/0*.json")}
    assert {name: now[name] for name in kept} == kept
