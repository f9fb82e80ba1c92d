"""Files and folders are written atomically, also on a full disk and when the process is killed."""

import json
import math
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from adaptkit.errors import StudyError
from adaptkit.system.files import (
    atomic_file,
    atomic_folder,
    current_folder,
    new_folder,
    repair_folder,
    write_bytes,
    write_json,
    write_text,
    write_user_text,
)


def test_a_file_is_written_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "ä\n")
    write_text(tmp_path / "a.txt", "ö\n")
    assert (tmp_path / "a.txt").read_bytes() == "ö\n".encode()
    assert os.listdir(tmp_path) == ["a.txt"]


def test_json_holds_no_numbers_that_are_not_finite(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"a": [math.nan, 1.5], "b": {"c": (math.inf,)}, "d": True})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": [None, 1.5], "b": {"c": [None]}, "d": True}


def test_a_failure_in_between_leaves_the_old_file(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")
    with suppress(RuntimeError), atomic_file(tmp_path / "a.txt") as partial:
        partial.write_text("half")
        raise RuntimeError
    assert (tmp_path / "a.txt").read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_bytes(pipe, b"report")
    assert os.read(reader, 100) == b"report"
    os.close(reader)
    assert pipe.is_fifo()


def test_the_system_error_is_part_of_the_message(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"gone.*No such file") as caught:
        write_text(tmp_path / "gone" / "a.txt", "a")
    assert caught.value.code == "cannot-write"
    with pytest.raises(StudyError, match="Is a directory"):
        write_text(tmp_path, "a")


def test_a_full_disk_leaves_the_old_file_and_says_what_to_do(tiny_disk: Path) -> None:
    path = tiny_disk / "a.bin"
    write_bytes(path, b"old")
    with pytest.raises(StudyError, match=r"a\.bin cannot be written: No space left.*Free some space"):
        write_bytes(path, bytes(2_000_000))
    assert os.listdir(tiny_disk) == ["a.bin"]
    assert path.read_bytes() == b"old"
    write_bytes(path, bytes(900_000))  # the partial file has been removed


def test_safetensors_on_a_full_disk_gives_the_same_error(tiny_disk: Path) -> None:
    with pytest.raises(StudyError, match="No space left"), atomic_file(tiny_disk / "a.safetensors") as path:
        safetensors.numpy.save_file({"weight": np.zeros(500_000)}, path)
    assert os.listdir(tiny_disk) == []


def fill(folder: Path, content: str) -> None:
    with atomic_folder(folder) as new:
        (new / "one").write_text(content)
        (new / "deep").mkdir()
        (new / "deep" / "two").write_text(content)


def contents(folder: Path) -> set[str]:
    return {(folder / "one").read_text(), (folder / "deep" / "two").read_text()}


def test_a_folder_is_replaced_completely(tmp_path: Path) -> None:
    best = tmp_path / "best"
    fill(best, "1")
    (best / "three").write_text("only in the old one")
    fill(best, "2")
    assert contents(best) == {"2"}
    assert not (best / "three").exists()
    assert os.listdir(tmp_path) == ["best"]


def test_a_full_disk_leaves_the_old_folder(tiny_disk: Path) -> None:
    fill(tiny_disk / "best", "1")
    with pytest.raises(StudyError, match="best cannot be written: No space left"):
        fill(tiny_disk / "best", "2" * 2_000_000)
    assert contents(tiny_disk / "best") == {"1"}
    assert os.listdir(tiny_disk) == ["best"]


BESIDE = (".mine.old", ".mine.new", ".mine.partial", ".mine.tmp", "mine.new", "mine~")


@pytest.fixture
def beside(tmp_path: Path) -> Callable[[], dict[str, str]]:
    """The user's own files, named as temporary files are: a function that reads them again."""
    for name in BESIDE[:3]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis.txt").write_text(f"in {name}")
    for name in BESIDE[3:]:
        (tmp_path / name).write_text(name)

    def read() -> dict[str, str]:
        files = (path for path in tmp_path.rglob("*") if path.is_file())
        found = {path.relative_to(tmp_path).as_posix(): path.read_text() for path in files}
        return {name: text for name, text in found.items() if not name.startswith("mine/")}

    return read


@pytest.mark.parametrize("there_before", [True, False])
def test_a_new_folder_touches_nothing_beside_it(
    beside: Callable[[], dict[str, str]], tmp_path: Path, there_before: bool
) -> None:
    before = beside()
    if there_before:
        (tmp_path / "mine").mkdir()
    with suppress(RuntimeError), new_folder(tmp_path / "mine") as new:
        (new / "one").write_text("half")
        raise RuntimeError
    assert (tmp_path / "mine").exists() == there_before
    with new_folder(tmp_path / "mine") as new:
        (new / "one").write_text("1")
    assert (tmp_path / "mine" / "one").read_text() == "1"
    assert beside() == before
    assert sorted(os.listdir(tmp_path)) == sorted(["mine", *BESIDE])


def test_a_new_folder_never_replaces_content(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it")
    with pytest.raises(StudyError, match="mine cannot be written"), new_folder(tmp_path / "mine") as new:
        (new / "one").write_text("1")
    assert os.listdir(tmp_path) == ["mine"]
    assert os.listdir(tmp_path / "mine") == ["thesis.txt"]


def test_a_file_of_the_user_touches_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / ".a.html.partial").write_text("mine")
    write_user_text(tmp_path / "a.html", "old")
    write_user_text(tmp_path / "a.html", "caf\udce9")
    assert (tmp_path / "a.html").read_text() == "caf\\udce9"
    assert (tmp_path / ".a.html.partial").read_text() == "mine"
    assert len(os.listdir(tmp_path)) == 2
    with pytest.raises(StudyError, match="/dev/full cannot be written: No space left"):
        write_user_text(Path("/dev/full"), "report")


def killed_at_system_call(count: int, work: Callable[[], None]) -> bool:
    """Do the work in a process that dies by SIGKILL before its n-th call that touches a file."""
    calls = 0

    def count_down(event: str, arguments: object) -> None:
        nonlocal calls
        if event in ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree", "os.scandir"):
            calls += 1
            if calls == count:
                os.kill(os.getpid(), signal.SIGKILL)

    def run() -> None:
        sys.addaudithook(count_down)
        work()

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


@pytest.mark.parametrize("there_before", [True, False])
def test_a_killed_writer_leaves_the_old_or_the_new_folder(tmp_path: Path, there_before: bool) -> None:
    seen = set()
    for count in range(1, 200):
        best = tmp_path / str(count) / "best"
        best.parent.mkdir()
        if there_before:
            fill(best, "old")
        killed = killed_at_system_call(count, lambda best=best: fill(best, "new"))
        found = [contents(current_folder(best)) if current_folder(best).exists() else set()]
        repair_folder(best)
        found.append(contents(best) if best.exists() else set())
        assert all(one in ({"old"} if there_before else set(), {"new"}) for one in found)
        assert [name for name in os.listdir(best.parent) if name != "best"] == []
        fill(best, "next")
        assert contents(best) == {"next"}
        seen.add(frozenset(found[1]))
        if not killed:
            break
    assert not killed, "not every step was tried"
    assert count > 8
    assert seen == {frozenset({"old"} if there_before else ()), frozenset({"new"})}
