from __future__ import annotations

from collections.abc import Callable

import pytest

from adaptkit.data.rows import Rows
from adaptkit.errors import DataError

Read = Callable[..., Rows]

BRIDGE = "Nadia Holm crossed the bridge at Torv."


def test_spacys_pairs_and_rasa(read: Read) -> None:
    pairs = [[BRIDGE, {"entities": [[33, 37, "LOC"]]}], ["Nothing.", {"entities": []}]]
    assert [row["tags"][-2] for row in read("ner", pairs, labels=("O", "B-LOC", "I-LOC")).values] == [
        "B-LOC",
        "O",
    ]
    assert (
        read("text-classification", [[BRIDGE, {"cats": {"a": 0.0, "b": 1.0}}]], labels="ab").values[0][
            "label"
        ]
        == "b"
    )
    example = {
        "text": "to Torv",
        "intent": "go",
        "entities": [{"start": 3, "end": 7, "value": "torv", "entity": "city"}],
    }
    document = {"rasa_nlu_data": {"common_examples": [example]}}
    assert read("text-classification", document, labels=("go", "stay")).values[0]["label"] == "go"
    assert read("ner", document, labels=("O", "B-city", "I-city")).values[0]["tags"] == ["O", "B-city"]


RASA = """\
version: "3.1"
nlu:
- intent: go
  examples: |
    - to [Torv](city) now
    - over the [bridge]{"entity": "place", "value": "b1"}
- synonym: torv
  examples: |
    - Torv
- intent: stay
  examples:
  - text: |
      wait here
"""


def test_rasas_yaml(read: Read) -> None:
    rows = read("text-classification", RASA, name="nlu.yml", labels=("go", "stay"))
    assert [(row["text"], row["label"]) for row in rows.values] == [
        ("to Torv now", "go"), ("over the bridge", "go"), ("wait here", "stay"),
    ]  # fmt: skip
    assert rows.read_as == ("Rasa NLU",)
    marked = read("ner", RASA, name="nlu.yml", labels=("O", "B-city", "I-city", "B-place", "I-place"))
    assert [row["tags"] for row in marked.values] == [["O", "B-city", "O"], ["O", "O", "B-place"], ["O", "O"]]
    with pytest.raises(DataError, match="no list under the key 'nlu'; its keys are responses") as caught:
        read("ner", "responses: {}\n", name="domain.yml")
    assert caught.value.code == "not-rasa"
