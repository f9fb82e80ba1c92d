"""Files as people have them, each read by the task that it is for, with the outcome that is expected."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import datasets
import pytest

from adaptkit.config import DataConfig
from adaptkit.data.load import Dataset, load
from adaptkit.errors import DataError
from adaptkit.tasks import registry

Load = Callable[..., Dataset]

NAMES = [("Nadia", "Holm"), ("Per", "Lund"), ("Ines", "Roca"), ("Kofi", "Asante")]
PLACES = ["Torv", "Aalst", "Girona", "Tema"]
SENTENCES = [[*name, "walks", "to", place, "."] for name in NAMES for place in PLACES]
TAGS = ["B-PER", "I-PER", "O", "O", "B-LOC", "O"]
TYPES = ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")


@pytest.fixture
def load_file(tmp_path: Path) -> Load:
    """Loads a file with this content for a task."""

    def load_content(task: str, name: str, content: bytes | str, **given: Any) -> Dataset:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        made = registry.load(task, given.pop("options", {}))
        return load(made, DataConfig(data=str(path), **given), 0)

    return load_content


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def columns(spell: Callable[[str], str], end: str = "") -> str:
    sentences = (
        "".join(f"{word}\t{spell(tag)}{end}\n" for word, tag in zip(sentence, TAGS, strict=True))
        for sentence in SENTENCES
    )
    return "\n".join(sentences)


def marked(sentence: list[str]) -> tuple[str, list[dict[str, Any]]]:
    """The text of a sentence with its entities, each with its own text."""
    text = " ".join(sentence)
    parts = {"PER": " ".join(sentence[:2]), "LOC": sentence[4]}
    return text, [
        {"start": text.index(part), "end": text.index(part) + len(part), "label": label, "text": part}
        for label, part in parts.items()
    ]


def test_nested_entities(load_file: Load) -> None:
    rows = []
    for sentence in SENTENCES:
        text, entities = marked(sentence)
        rows.append({"text": text, "entities": [{"start": 0, "end": 3, "label": "PART"}, *entities]})
    with pytest.raises(DataError, match="--option overlaps=outermost"):
        load_file("ner", "f.jsonl", lines(rows))
    data = load_file("ner", "f.jsonl", lines(rows), options={"overlaps": "outermost"})
    assert data.labels == TYPES
    assert "16 entities that overlap others, in 16 rows, left out" in data.read_as["train"]
    assert "B-PART" in load_file("ner", "f.jsonl", lines(rows), options={"overlaps": "first"}).labels


@pytest.mark.parametrize(
    ("spell", "found", "types"),
    [
        (lambda tag: tag.partition("-")[2] or "O", "tags are IO, written as in PER", TYPES),
        (lambda tag: tag.replace("-", "_"), "tags are BIO, written as in B_PER", TYPES),
        (lambda tag: "-".join(reversed(tag.split("-"))), "tags are BIO, written as in PER-B", TYPES),
        (lambda tag: tag.replace("B-LOC", "S-LOC").replace("I-PER", "E-PER"), "tags are BIOES", TYPES),
        (
            lambda tag: tag.lower() if tag != "O" else tag, "tags are BIO, written as in b-PER",
            ("O", "B-loc", "I-loc", "B-per", "I-per"),
        ),
    ],
)  # fmt: skip
def test_the_spelling_of_tags(
    load_file: Load, spell: Callable[[str], str], found: str, types: tuple[str, ...]
) -> None:
    data = load_file("ner", "f.conll", columns(spell))
    assert (data.labels, data.read_as["train"]) == (types, found)
    assert [len(row["tags"]) for row in data.train.values] == [6] * len(data.train)


@pytest.mark.parametrize("name", ["f.txt", "f.conll", "f.tsv", "f"])
def test_a_tab_at_the_end_of_every_line(load_file: Load, name: str) -> None:
    assert load_file("ner", name, columns(str, end="\t")).labels == TYPES


def test_numbers_as_tags(load_file: Load, tmp_path: Path) -> None:
    numbers = [TYPES.index(tag) for tag in TAGS]
    rows = [{"tokens": sentence, "ner_tags": numbers} for sentence in SENTENCES]
    with pytest.raises(DataError, match="--option tag_names=O,B-PER"):
        load_file("ner", "f.json", lines(rows))
    assert load_file("ner", "f.json", lines(rows), options={"tag_names": ",".join(TYPES)}).labels == TYPES
    feature = datasets.Sequence(datasets.ClassLabel(names=list(TYPES)))
    features = datasets.Features({"tokens": datasets.Sequence(datasets.Value("string")), "ner_tags": feature})
    datasets.Dataset.from_list(rows, features=features).to_parquet(tmp_path / "f.parquet")
    data = load(registry.load("ner"), DataConfig(data=str(tmp_path / "f.parquet")), 0)
    assert data.labels == TYPES
    datasets.Dataset.from_list(rows, features=features).save_to_disk(tmp_path / "saved")
    assert load(registry.load("ner"), DataConfig(data=str(tmp_path / "saved")), 0).labels == TYPES


def test_offsets_of_utf_16(load_file: Load) -> None:
    rows = []
    for sentence in SENTENCES:
        text, entities = marked(["🎉", *sentence][1:])
        shifted = [{**one, "start": one["start"] + 3, "end": one["end"] + 3} for one in entities]
        rows.append({"text": f"🎉 {text}", "entities": shifted})
    with pytest.raises(DataError, match="would fit if they counted UTF-16 code units"):
        load_file("ner", "f.jsonl", lines(rows))


@pytest.mark.parametrize("task", ["text-classification", "nli", "multi-label"])
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_whole_numbers_are_one_label(load_file: Load, tmp_path: Path, task: str, suffix: str) -> None:
    texts = {"nli": ("premise", "hypothesis")}.get(task, ("text",))
    column = {"multi-label": "labels"}.get(task, "label")
    rows = [{name: f"{name} {number}" for name in texts} for number in range(12)]
    given: list[Any] = [1.0, 0.0] * 6
    if suffix == "jsonl":
        given = [1.0, 0, "1.0", "0", 1, 0.0] * 2
    if task == "multi-label" and suffix == "jsonl":
        given = [[one] for one in given]
    if task == "multi-label" and suffix == "parquet":
        given = [[one] for one in given]
    rows = [{**row, column: label} for row, label in zip(rows, given, strict=True)]
    if suffix == "csv":
        header = ",".join(rows[0])
        content: bytes | str = "\n".join([header, *(",".join(map(str, row.values())) for row in rows)])
    elif suffix == "jsonl":
        content = lines(rows)
    else:
        datasets.Dataset.from_list(rows).to_parquet(tmp_path / "rows")
        content = (tmp_path / "rows").read_bytes()
    assert load_file(task, f"f.{suffix}", content).labels == ("0", "1")


def test_whole_numbers_as_answers_and_tags(load_file: Load) -> None:
    rows = [{"question": f"q{n}", "choices": ["a", "b"], "answer": [1.0, "0.0"][n % 2]} for n in range(8)]
    answers = {row["answer"] for row in load_file("multiple-choice", "f.jsonl", lines(rows)).train.values}
    assert answers == {0, 1}
    tagged = [{"tokens": s, "tags": [float(TYPES.index(tag)) for tag in TAGS]} for s in SENTENCES]
    data = load_file("ner", "f.jsonl", lines(tagged), options={"tag_names": ",".join(TYPES)})
    assert data.labels == TYPES


@pytest.mark.parametrize("task", ["text-classification", "nli"])
def test_numbers_as_labels_with_names(load_file: Load, task: str) -> None:
    texts = {"nli": ("premise", "hypothesis")}.get(task, ("text",))
    rows = [{**{name: f"{name} {n}" for name in texts}, "label": float(n % 2)} for n in range(8)]
    options = {"label_names": "bad,good"}
    assert load_file(task, "f.jsonl", lines(rows), options=options).labels == ("bad", "good")
    rows[3]["label"] = 2
    with pytest.raises(DataError, match="label = 2; expected a number from 0 to 1"):
        load_file(task, "f.jsonl", lines(rows), options=options)


def test_columns_of_0_and_1(load_file: Load) -> None:
    rows = "".join(f"text {n},{n % 2},{n // 2 % 2}\n" for n in range(16))
    with pytest.raises(DataError, match="--option label_columns=A,B"):
        load_file("multi-label", "f.csv", f"text,noise,food\n{rows}")
    options = {"label_columns": "noise,food"}
    data = load_file("multi-label", "f.csv", f"text,noise,food\n{rows}", options=options)
    assert data.labels == ("food", "noise")


ANSWERED = {"question": "Who walks?", "context": "Nadia Holm walks.", "id": "1"}


@pytest.mark.parametrize(
    "answers",
    [
        [{"text": "Nadia Holm", "answer_start": "0"}],
        {"text": ["Nadia Holm"], "answer_start": ["0"]},
        {"text": ["Nadia Holm"], "answer_start": [0.0]},
        {"text": "Nadia Holm", "answer_start": 0},
        "{'text': ['Nadia Holm'], 'answer_start': [0]}",
        '{"text": ["Nadia Holm"], "answer_start": [0]}',
        "[{'text': 'Nadia Holm', 'start': 0}]",
    ],
)
@pytest.mark.parametrize("suffix", ["json", "jsonl"])
def test_answers_in_every_form(load_file: Load, answers: Any, suffix: str) -> None:
    rows = [{**ANSWERED, "context": f"Nadia Holm walks, {n}.", "answers": answers} for n in range(4)]
    data = load_file("qa", f"f.{suffix}", lines(rows))
    assert data.train.values[0]["answers"] == [{"text": "Nadia Holm", "start": 0}]


def test_answers_written_by_numpy_are_refused_as_such(load_file: Load) -> None:
    answers = "{'text': array(['Nadia Holm'], dtype=object), 'answer_start': array([0])}"
    with pytest.raises(DataError, match="written as text that cannot be read"):
        load_file("qa", "f.jsonl", lines([{**ANSWERED, "answers": answers}]))


def test_a_compressed_table_and_a_compressed_column_file(load_file: Load) -> None:
    table = "".join(f"text {n},{'ab'[n % 2]}\n" for n in range(8))
    data = load_file("text-classification", "f.csv.gz", gzip.compress(f"text,label\n{table}".encode()))
    assert data.labels == ("a", "b")
    assert load_file("ner", "f.conll.gz", gzip.compress(columns(str).encode())).labels == TYPES


def test_what_was_inferred_is_listed_by_split(load_file: Load, tmp_path: Path) -> None:
    (tmp_path / "dev.csv").write_text("Text,Label\nx,a\ny,b\n")
    (tmp_path / "train.csv").write_text("text;label\n" + "".join(f"t {n};{'ab'[n % 2]}\n" for n in range(8)))
    config = DataConfig(train=str(tmp_path / "train.csv"), dev=str(tmp_path / "dev.csv"))
    data = load(registry.load("text-classification"), config, 0)
    assert data.read_as == {
        "train": "a semicolon between fields",
        "dev": "the column 'Text' as 'text', the column 'Label' as 'label'",
    }


@pytest.mark.parametrize(
    ("name", "content", "task", "labels"),
    [
        ("f.csv", "sep=;\ntext;label\n{rows;}", "text-classification", ("a", "b")),
        ("f.jsonl", "text,label\n{rows,}", "text-classification", ("a", "b")),
        ("f.tsv", "Text;Labels\n{rows;}", "multi-label", ("a", "b")),
        ("f.txt", "text|label\n{rows|}", "text-classification", ("a", "b")),
        ("f.csv", "id,data,label\n{ids}", "text-classification", ("a", "b")),
    ],
)
def test_tables_that_their_name_does_not_describe(
    load_file: Load, name: str, content: str, task: str, labels: tuple[str, ...]
) -> None:
    for delimiter in ",;|":
        rows = "".join(f"text {n}{delimiter}{'ab'[n % 2]}\n" for n in range(8))
        content = content.replace(f"{{rows{delimiter}}}", rows)
    content = content.replace("{ids}", "".join(f"{n},text {n},{'ab'[n % 2]}\n" for n in range(8)))
    assert load_file(task, name, content).labels == labels


def test_json_lines_under_the_name_of_a_table(load_file: Load) -> None:
    rows = lines([{"text": f"text {n}", "label": "ab"[n % 2]} for n in range(8)])
    assert load_file("text-classification", "f.csv", rows).labels == ("a", "b")


@pytest.mark.parametrize("separator", [" ", ",", ", ", "|", ";"])
def test_zeros_and_ones_in_one_field(load_file: Load, separator: str) -> None:
    rows = [{"text": f"t {n}", "labels": separator.join(f"{n % 8:03b}")} for n in range(24)]
    assert load_file("multi-label", "f.jsonl", lines(rows)).labels == ("label_0", "label_1", "label_2")


@pytest.mark.parametrize("column", ["answer_text", "text", "answer"])
def test_answers_in_two_columns(load_file: Load, column: str) -> None:
    rows = "".join(f"Ada sleeps {n}.,Who?,{'0,Ada' if n % 2 else ','}\n" for n in range(8))
    data = load_file("qa", "f.csv", f"context,question,answer_start,{column}\n{rows}")
    answers = [row["answers"] for split in (data.train, data.dev) for row in split.values]
    assert answers.count([]) == 4
    assert answers.count([{"text": "Ada", "start": 0}]) == 4


def test_sentences_that_are_counted_in_each_document(load_file: Load) -> None:
    rows = "".join(f"d{n},1,Ada,B-PER\nd{n},1,sleeps{n},O\nd{n},2,Torv{n},B-LOC\n" for n in range(16))
    data = load_file("ner", "f.csv", f"doc_id,sent_id,word,tag\n{rows}")
    assert len(data.train) + len(data.dev) == 32
