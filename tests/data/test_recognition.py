from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from adaptkit.data.options import AS_FOUND, ReadOptions
from adaptkit.data.recognition import has_header, is_elsewhere, is_recognised, is_word_table
from adaptkit.task import Task
from adaptkit.tasks import registry

MakeTask = Callable[..., Task]


@pytest.mark.parametrize(
    ("content", "recognised"),
    [
        ('{"text": "x"}\n{"text": "y"}\n', True),
        ('[{"text": "x"}]', True),
        ('["a text", "its label"]\n', True),
        ("text\tlabel\nx\ta\n", True),
        ("id;Text;note\n1;x;y\n", True),
        ("A text, and its label.\n", False),
        ("text\nx\n", False),
        ('{"other": 1}\n', False),
        ("[sic] he said\n", False),
        ("", False),
    ],
)
def test_content_that_is_no_text(tmp_path: Path, make_task: MakeTask, content: str, recognised: bool) -> None:
    (tmp_path / "f.txt").write_text(content)
    assert is_recognised(tmp_path / "f.txt", make_task(), (), AS_FOUND) == recognised
    assert is_recognised(tmp_path / "f.txt", make_task(), (), ReadOptions(delimiter="tab"))


def test_a_header_names_the_columns_of_the_task(make_task: MakeTask) -> None:
    task = make_task()
    assert has_header("label,text\n", task, ())
    assert has_header("TEXT|x\r\n", task, ())
    assert not has_header("label,other\n", task, ())
    assert has_header("label,other\n", task, ("other",))
    assert not has_header("label,other\n", task, ("1", "2"))


def test_words_in_columns_are_read_by_their_task() -> None:
    task = registry.load("ner")
    assert is_word_table("Sentence #,Word,Tag\n", task)
    assert not is_word_table("Sentence #,Word,Tag\n", registry.load("nli"))
    assert not is_elsewhere(".txt", "{\tO\nAda\tB-PER\n", task)
    assert not is_elsewhere(".conll", '"\tO\n', task)
    assert is_elsewhere(".conll", '{"tokens": ["Ada"], "tags": ["B-PER"]}\n', task)
    assert is_elsewhere(".tsv", "token\ttag\nAda\tB-PER\n", task)
