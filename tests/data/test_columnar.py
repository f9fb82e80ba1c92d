from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adaptkit.data.columnar import BATCH_ROWS
from adaptkit.data.rows import RawRow
from adaptkit.errors import DataError

ReadFile = Callable[..., list[RawRow]]

CLASSES = datasets.ClassLabel(names=["neg", "pos"])


def test_parquet_gives_plain_values_and_numbered_rows(tmp_path: Path, read_file: ReadFile) -> None:
    path = tmp_path / "f.parquet"
    values = [{"text": "é", "tags": ["a", "b"], "score": 0.5}, {"text": None, "tags": [], "score": None}]
    pq.write_table(pa.Table.from_pylist(values), path)
    assert read_file(path) == [RawRow(f"{path} row 1", values[0]), RawRow(f"{path} row 2", values[1])]


def test_rows_are_numbered_over_batches(tmp_path: Path, read_file: ReadFile) -> None:
    path = tmp_path / "f.parquet"
    pq.write_table(pa.table({"n": range(2 * BATCH_ROWS + 1)}), path)
    rows = read_file(path)
    assert [row.values["n"] for row in rows] == list(range(2 * BATCH_ROWS + 1))
    assert rows[-1].origin == f"{path} row {2 * BATCH_ROWS + 1}"


def labelled() -> datasets.Dataset:
    features = datasets.Features(
        {
            "text": datasets.Value("string"),
            "label": CLASSES,
            "tags": datasets.List(CLASSES),
            "inner": {"label": CLASSES, "n": datasets.Value("int64")},
        }
    )
    rows = [
        {"text": "x", "label": 1, "tags": [0, 1], "inner": {"label": 0, "n": 1}},
        {"text": "y", "label": -1, "tags": None, "inner": None},
    ]
    return datasets.Dataset.from_list(rows, features=features)


NAMED = [
    {"text": "x", "label": "pos", "tags": ["neg", "pos"], "inner": {"label": "neg", "n": 1}},
    {"text": "y", "label": None, "tags": None},
]


def check_named(rows: list[RawRow]) -> None:
    assert [{name: row.values[name] for name in want} for row, want in zip(rows, NAMED, strict=True)] == NAMED


def test_class_numbers_become_names_in_a_saved_data_set(tmp_path: Path, read_file: ReadFile) -> None:
    labelled().save_to_disk(tmp_path / "saved")
    rows = read_file(tmp_path / "saved")
    check_named(rows)
    assert rows[1].origin == f"{tmp_path / 'saved'}/train row 2"


def test_class_numbers_become_names_in_parquet_of_datasets(tmp_path: Path, read_file: ReadFile) -> None:
    labelled().to_parquet(tmp_path / "f.parquet")
    check_named(read_file(tmp_path / "f.parquet"))


def test_a_class_number_without_a_name_is_a_bad_row(tmp_path: Path, read_file: ReadFile) -> None:
    path = tmp_path / "f.parquet"
    schema = datasets.Features({"label": CLASSES}).arrow_schema
    pq.write_table(pa.table({"label": pa.array([0, 7, 1])}, schema=schema), path)
    assert [row.values.get("label") for row in read_file(path)] == ["neg", None, "pos"]
    assert "class number" in read_file(path)[1].problem


@pytest.mark.parametrize("damage", ["empty", "truncated", "pointer", "flipped"])
def test_a_damaged_parquet_file_is_refused(tmp_path: Path, read_file: ReadFile, damage: str) -> None:
    path = tmp_path / "f.parquet"
    pq.write_table(pa.table({"text": [str(n) for n in range(5000)]}), path, compression="zstd")
    complete = path.read_bytes()
    path.write_bytes(
        {
            "empty": b"",
            "truncated": complete[: len(complete) // 2],
            "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
            "flipped": complete[:40] + bytes(byte ^ 255 for byte in complete[40:200]) + complete[200:],
        }[damage]
    )
    with pytest.raises(DataError, match=r"f\.parquet: ") as caught:
        read_file(path)
    assert caught.value.code == ("not-rows" if damage == "pointer" else "unreadable-file")


def test_the_libraries_are_imported_only_when_needed(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["x"]}), tmp_path / "f.parquet")
    program = (
        "import sys; from pathlib import Path\n"
        "import adaptkit.data.load, adaptkit.data.sources\n"
        "heavy = {'torch', 'transformers', 'datasets', 'pyarrow', 'numpy', 'sklearn'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "from adaptkit.data.columnar import parquet_rows\n"
        f"assert list(parquet_rows(Path({str(tmp_path / 'f.parquet')!r})))[0].values == {{'text': 'x'}}\n"
        "assert not {'torch', 'transformers', 'datasets'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
