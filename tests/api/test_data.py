from __future__ import annotations

from pathlib import Path

import pytest

import adaptkit
from tests.helpers.data import write_csv

ROWS = [{"text": f"{word} {copy}", "label": word} for word in ("glad", "sad") for copy in range(10)]


def test_rows_in_memory_are_those_of_a_file(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "train.csv", [(row["text"], row["label"]) for row in ROWS])
    in_memory = adaptkit.check_data("text-classification", train=ROWS, dev=0.2)
    of_file = adaptkit.check_data("text-classification", train=path, dev_fraction=0.2)
    assert in_memory.fingerprint == of_file.fingerprint
    assert in_memory.splits["train"].labels == of_file.splits["train"].labels == {"glad": 8, "sad": 8}
    assert of_file.dev_from_train


def test_warnings_are_those_of_tune(tmp_path: Path) -> None:
    rows = [*ROWS, {"text": "glad 0", "label": "sad"}]
    (warning, *_) = adaptkit.check_data("text-classification", train=rows, dev=ROWS[:4]).warnings
    assert "different answers" in warning


def test_what_is_printed_is_one_line() -> None:
    rows = [*ROWS, {"text": "glad", "label": None}]
    found = adaptkit.check_data("text-classification", train=rows, dev=ROWS[:1], skip_bad_rows=True)
    assert (
        str(found) == "text-classification: rows: 20 in train, 1 in dev; 2 labels; 1 warning; 1 row left out"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"delimiter": ";"}, "delimiter"),
        ({"dev": 0.2, "dev_fraction": 0.3}, "dev_fraction"),
        ({"dev_fraction": 7}, "dev_fraction = 7"),
        ({"seed": "x"}, "seed"),
        ({"seed": -1}, "seed = -1"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(adaptkit.AdaptkitError, match=said):
        adaptkit.check_data("text-classification", train=ROWS, **arguments)  # type: ignore[arg-type]
