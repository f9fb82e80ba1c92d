"""Closed, full and endless streams, and bytes that are not UTF-8: named, and nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import pytest

from tests.helpers.data import moods, write_csv
from tests.helpers.program import Answer, called, environment

ASCII = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
"""A locale whose encoding is ASCII, which Python is kept from replacing."""

ENDLESS = """
import os
os.write(1, b"kind\\n" * 600)
while True:
    os.write(1, b"a" * 65536)
"""


@pytest.fixture
def study(tuned: Callable[[str, str], Any]) -> Path:
    return Path(tuned("text-classification", "full").folder.path)


def run(
    *arguments: object, closed: tuple[int, ...] = (), locale: Mapping[str, str] = {}, **streams: Any
) -> Answer:
    """Run the program in a process of its own, with these descriptors closed."""

    def close() -> None:
        for descriptor in closed:
            os.close(descriptor)

    chosen: dict[str, int | IO[bytes]] = {
        "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams
    }  # fmt: skip
    command = [sys.executable, "-m", "adaptkit", *[os.fsencode(str(one)) for one in arguments]]
    done = subprocess.run(
        command, env=environment(**locale), preexec_fn=close, check=False, timeout=120, **chosen
    )  # type: ignore[call-overload]
    return Answer(done.returncode, (done.stdout or b"").decode(), (done.stderr or b"").decode())


def refused(answer: Answer, code: int, *words: str) -> None:
    assert answer.code == code, answer
    assert "Traceback" not in answer.err
    assert "unexpected" not in answer.err
    assert "Exception ignored" not in answer.err
    for word in words:
        assert word in answer.err


@pytest.fixture
def full() -> Any:
    with open("/dev/full", "wb", buffering=0) as device:
        yield device


@pytest.mark.parametrize("arguments", [["report"], ["report", "--json"], ["studies"], ["--help"]])
def test_standard_output_is_full(arguments: list[str], study: Path, full: IO[bytes]) -> None:
    where = ["--studies", study.parent] if arguments != ["--help"] else []
    answer = run(*arguments, *where, stdout=full)
    refused(answer, 1, "standard output cannot be written: No space left on device")


def test_standard_output_is_closed(study: Path) -> None:
    answer = run("report", study, closed=(1,))
    refused(answer, 1, "standard output cannot be written: it is closed")


@pytest.mark.parametrize("options", [[], ["--debug"]])
def test_the_reader_of_standard_output_is_gone(options: list[str], study: Path) -> None:
    """Nothing is said about it, as after ``| head`` of other programs."""
    read, write = os.pipe()
    os.close(read)
    answer = run(*options, "report", study, "--json", stdout=write)
    os.close(write)
    assert (answer.code, answer.err) == (141, "")


def test_predictions_on_a_full_disk(study: Path, full: IO[bytes]) -> None:
    refused(run("predict", study, "the bright boats", stdout=full), 1, "standard output", "No space left")


def test_standard_error_is_full(study: Path, full: IO[bytes]) -> None:
    answer = run("predict", study, "the bright boats", "--json", stderr=full)
    assert answer.code == 0
    assert "label" in json.loads(answer.out)


def test_all_streams_are_closed(study: Path, tmp_path: Path) -> None:
    """No file takes the place of a closed stream: the report is as it is otherwise."""
    assert run("report", study, "--html", tmp_path / "a.html", closed=(0, 1, 2)).code == 0
    assert run("report", study, "--html", tmp_path / "b.html").code == 0
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_a_study_is_complete_although_nothing_can_be_printed(
    tiny_folder: Path, data_folder: Path, tmp_path: Path, full: IO[bytes]
) -> None:
    answer = run(
        "tune", "--task", "text-classification", "--data", data_folder / "text-classification", "--model",
        tiny_folder, "--strategy", "frozen", "--trials", 1, "--device", "cpu", "--study", "mine",
        "--studies", tmp_path, stdout=full,
    )  # fmt: skip
    refused(answer, 1, "standard output cannot be written", "adaptkit report")
    answer = called("report", "mine", "--studies", tmp_path, "--json")
    assert json.loads(answer.out)["study"]["state"] == "finished"


def test_standard_input_is_closed(study: Path) -> None:
    refused(run("predict", study, closed=(0,)), 2, "standard input is closed", "--file")


def test_standard_input_that_cannot_be_read(study: Path, tmp_path: Path) -> None:
    with (tmp_path / "written").open("wb") as only_written:
        answer = run("predict", study, stdin=only_written)
    refused(answer, 2, "standard input cannot be read")


def test_an_endless_line_on_standard_input(study: Path) -> None:
    with open("/dev/zero", "rb", buffering=0) as endless:
        answer = run("predict", study, stdin=endless)
    refused(answer, 2, "standard input, line 1", "longer than 16,777,216 bytes")


@pytest.mark.slow
def test_an_endless_pipe_after_good_lines(study: Path) -> None:
    """The lines before are predicted; a writer without an end does not fill the memory."""
    source = subprocess.Popen([sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE)
    assert source.stdout is not None
    answer = run("predict", study, "--json", stdin=source.stdout)
    source.stdout.close()
    source.kill()
    source.wait()
    refused(answer, 2, "standard input, line 601")
    assert len(answer.out.splitlines()) == 600


@pytest.mark.parametrize("source", ["/dev/zero", "large"])
def test_an_endless_configuration(source: str, tmp_path: Path) -> None:
    if source == "large":
        source = str(tmp_path / "large.toml")
        with open(source, "wb") as file:
            file.truncate(2**40)  # without taking the space
    answer = called("tune", "--config", source)
    refused(answer, 2, source, "larger than 67,108,864 bytes")


@pytest.mark.parametrize(
    "content", ["a = " + "[" * 100_000, "[search]\ntrials = ", "search = 3", "\xff", "seed = nan"]
)
def test_a_configuration_that_cannot_be_read(content: str, tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(content.encode("latin-1"))
    answer = called("tune", "--config", path, "--studies", tmp_path / "studies")
    refused(answer, 2, str(path))
    assert not (tmp_path / "studies").exists()


@pytest.mark.parametrize(
    ("text", "before", "place"),
    [
        (b"kind\nab\xffc\n", 1, "line 2: byte 0xff at byte offset 7"),
        (b"caf\xe9\n", 0, "line 1: byte 0xe9 at byte offset 3"),
        (b"\xed\xa0\x80", 0, "line 1: byte 0xed at byte offset 0"),
        (b"good\n\xf0\x9f\x98", 1, "line 2: byte 0xf0 at byte offset 5"),
    ],
)
def test_standard_input_that_is_not_utf8(text: bytes, before: int, place: str, study: Path) -> None:
    answer = called("predict", study, "--json", stdin=text)
    refused(answer, 2, f"standard input, {place} is not UTF-8")
    assert len(answer.out.splitlines()) == before


@pytest.mark.parametrize("locale", [{}, {"LC_ALL": "C"}, ASCII], ids=["UTF-8", "C", "ASCII"])
@pytest.mark.parametrize("argument", [b"caf\xe9", b"\xff\xfe"])
def test_an_argument_that_is_not_utf8(argument: bytes, locale: Mapping[str, str], study: Path) -> None:
    answer = run("predict", study, os.fsdecode(argument), locale=locale)
    at = 3 if argument.startswith(b"c") else 0
    refused(answer, 2, f"argument 3 is not UTF-8: byte 0x{argument[at]:02x} at byte offset {at}")


def test_a_current_folder_that_is_not_utf8(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(folder)
    monkeypatch.chdir(os.fsdecode(folder))
    at = len(folder) - 1
    answer = called("tune", "--task", "ner")
    refused(answer, 2, f"the path of the current folder is not UTF-8: byte 0xe9 at byte offset {at}")
    assert os.listdir(folder) == []


@pytest.mark.slow
def test_texts_and_paths_mean_the_same_under_any_locale(study: Path, tmp_path: Path) -> None:
    """The same texts from arguments, a file with such a name, and a pipe, in an ASCII terminal."""
    words = ["ein gütiges Boot", "東京 bright"]
    file = write_csv(tmp_path / "Sätze.csv", [(word, "calm") for word in words])
    shutil.copytree(study, copied := tmp_path / "Stüdie")
    usual = [json.loads(line) for line in run("predict", study, *words, "--json").out.splitlines()]
    for arguments in ([*words], ["--file", file]):
        answer = run("predict", copied, "--json", *arguments, locale=ASCII)
        assert answer.code == 0, answer
        assert [json.loads(line) for line in answer.out.splitlines()] == usual
    texts = tmp_path / "texts"
    texts.write_text("\n".join(words), encoding="utf-8")
    with texts.open("rb") as pipe:
        answer = run("predict", copied, "--json", stdin=pipe, locale=ASCII)
    assert [json.loads(line) for line in answer.out.splitlines()] == usual


def test_a_byte_order_mark_in_a_pipe_is_no_text(study: Path) -> None:
    text = moods(1, 1)[0][0]
    with_mark = called("predict", study, "--json", stdin=b"\xef\xbb\xbf" + text.encode() + b"\r\n")
    assert with_mark.out == called("predict", study, "--json", text).out
