from __future__ import annotations

from collections.abc import Callable

from adaptkit.data.duplicates import duplicate_warnings
from adaptkit.data.rows import Rows
from adaptkit.task import Task

MakeTask = Callable[..., Task]


def rows_of(*texts: str) -> Rows:
    values = [{"text": text, "label": "ab"[number % 2]} for number, text in enumerate(texts)]
    return Rows(values, [f"f:{line}" for line in range(1, len(values) + 1)], "f")


def test_rows_of_train_found_in_another_split_are_counted(make_task: MakeTask) -> None:
    train = rows_of("Where is it?", ":)", "fine")
    dev = rows_of("new", "where  is it", ":(", "Fine!")
    (warning,) = duplicate_warnings(make_task(), {"train": train, "dev": dev, "test": rows_of("other")})
    assert warning.startswith("2 of the 4 dev rows are also training rows")


def test_words_in_lists_are_compared_too(make_task: MakeTask) -> None:
    task = make_task(columns={"tokens": "words", "tags": "tags"}, answers=("tags",), labels_of=None)
    train = Rows([{"tokens": ["A", "b"], "tags": ["O", "X"]}], ["f:1"], "f")
    same = Rows([{"tokens": ["a", "b", "."], "tags": ["O", "O", "O"]}], ["g:1"], "g")
    assert len(duplicate_warnings(task, {"train": train, "test": same})) == 1
