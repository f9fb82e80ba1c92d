"""Good rows of each first-party task, so simple that a tiny encoder learns them, and how files hold them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

Row = dict[str, Any]

NAMES = ("Amina", "Boris", "Clara", "Dmitri", "Elena", "Farid", "Zoë")
SURNAMES = ("Abe", "Costa", "Ivanov", "Lind", "Nowak")
TOWNS = ("Varna", "Ghent", "Turku", "Porto", "Leeds")
OTHERS = ("the", "train", "was", "late", "again", "near", "a", "small", "window", "and", "café", "said")
TOPICS = {
    "food": ("bread", "soup", "cheese", "plum"),
    "sport": ("goal", "match", "race", "referee"),
    "music": ("song", "choir", "drum", "violin"),
}
QUESTION = ("who", "where", "which", "of", "these", "is", "perhaps", "never", "has", "there", "?", ".", ",")
TOPIC_WORDS = tuple(word for words in TOPICS.values() for word in words)
WORDS = (*NAMES, *SURNAMES, *TOWNS, *OTHERS, *QUESTION, *TOPIC_WORDS, *TOPICS)


@dataclass(frozen=True)
class Good:
    """A task, its rows, and the formats that its files have."""

    task: str
    label: str
    """The column of the answer."""

    make: Callable[[Random, int], Row]
    """A row; the number makes every class as frequent as any other."""

    formats: tuple[str, ...]

    def rows(self, count: int, seed: int) -> list[Row]:
        """The same rows for the same seed."""
        draw = Random(seed)
        return [self.make(draw, number) for number in range(count)]


def _sentence(draw: Random, *words: str) -> str:
    mixed = [*draw.choices(OTHERS, k=draw.randrange(3, 7)), *words]
    draw.shuffle(mixed)
    return " ".join(mixed)


def _topic(draw: Random, number: int) -> Row:
    topic = sorted(TOPICS)[number % len(TOPICS)]
    return {"text": _sentence(draw, *draw.sample(TOPICS[topic], 2)), "label": topic}


def _topics(draw: Random, number: int) -> Row:
    chosen = [topic for place, topic in enumerate(sorted(TOPICS)) if (number + 1) >> place & 1]
    words = [word for topic in chosen for word in draw.sample(TOPICS[topic], 2)]
    return {"text": _sentence(draw, *words), "labels": chosen}


def _pair(draw: Random, number: int) -> Row:
    name, thing = draw.choice(NAMES), draw.choice(TOPIC_WORDS)
    relation, hypothesis = (
        ("entailment", f"{name} has a {thing}"),
        ("neutral", f"perhaps {name} is late"),
        ("contradiction", f"{name} never has a {thing}"),
    )[number % 3]
    return {
        "premise": f"{_sentence(draw)} {name} has the {thing}",
        "hypothesis": hypothesis,
        "label": relation,
    }


def _alike(draw: Random, number: int) -> Row:
    """The score is how many of the four words of the second sentence are on the topic of the first, food."""
    shared = number % 5
    others = [word for word in TOPIC_WORDS if word not in TOPICS["food"]]
    second = [*draw.sample(TOPICS["food"], shared), *draw.sample(others, 4 - shared)]
    return {
        "sentence1": _sentence(draw, *draw.sample(TOPICS["food"], 2)),
        "sentence2": " ".join(draw.sample(second, 4)),
        "score": float(shared),
    }


def _choice(draw: Random, number: int) -> Row:
    choices = [f"the {draw.choice(TOPICS[topic])}" for topic in ("food", "sport", "music")]
    right = choices[0]
    draw.shuffle(choices)
    return {
        "question": f"{_sentence(draw)} . which of these is food ?",
        "choices": choices,
        "answer": "ABC"[choices.index(right)],
    }


def _answer(draw: Random, number: int) -> Row:
    name = draw.choice(NAMES)
    context = f"{_sentence(draw)} {name} {_sentence(draw)} ."
    answers = {"text": [name], "answer_start": [context.index(f"{name} ")]}
    return {"question": f"{_sentence(draw)} . who was there ?", "context": context, "answers": answers}


def _entities(draw: Random, number: int) -> Row:
    words = [(word, "O") for word in draw.choices(OTHERS, k=draw.randrange(4, 8))]
    person = [(draw.choice(NAMES), "B-PER"), (draw.choice(SURNAMES), "I-PER")][: 1 + number % 2]
    at = draw.randrange(1, len(words))
    words = [*words[:at], *person, *words[at:], (draw.choice(TOWNS), "B-LOC"), (".", "O")]
    return {"tokens": [word for word, _ in words], "tags": [tag for _, tag in words]}


GOOD = (
    Good("text-classification", "label", _topic, ("csv", "jsonl")),
    Good("multi-label", "labels", _topics, ("csv", "jsonl")),
    Good("nli", "label", _pair, ("csv", "jsonl")),
    Good("similarity", "score", _alike, ("csv", "jsonl")),
    Good("multiple-choice", "answer", _choice, ("jsonl",)),
    Good("qa", "answers", _answer, ("jsonl", "json")),
    Good("ner", "tags", _entities, ("conll", "spans")),
)


def written(rows: Sequence[Row], form: str) -> str:
    """The text of a file with these rows, in one of the formats of `Good.formats`."""
    if form == "csv":
        return _table(rows)
    if form == "conll":
        return "\n\n".join("\n".join(map("\t".join, _tagged(row))) for row in rows) + "\n"
    if form == "json":
        return json.dumps(_squad(rows), ensure_ascii=False, indent=1)
    lines = rows if form == "jsonl" else [with_spans(row) for row in rows]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in lines)


def suffix(form: str) -> str:
    """The suffix of a file of a format."""
    return ".jsonl" if form == "spans" else f".{form}"


def with_spans(row: Row) -> Row:
    """A row with tagged words, as a text and its entities. Other rows stay as they are."""
    words, tags = row.get("tokens"), row.get("tags")
    if not isinstance(words, list) or not isinstance(tags, list) or not all(map(_is_text, [*words, *tags])):
        return row
    spans: list[Row] = []
    at = 0
    for word, tag in zip(words, tags, strict=False):
        end = at + len(word)
        if tag.startswith("B-"):
            spans.append({"start": at, "end": end, "label": tag[2:]})
        elif tag.startswith("I-") and spans:
            spans[-1]["end"] = end
        at = end + 1
    others = {name: value for name, value in row.items() if name not in ("tokens", "tags")}
    return {"text": " ".join(words), "entities": spans, **others}


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _table(rows: Sequence[Row]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return stream.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return "|".join(map(str, value))
    return "" if value is None else str(value)


def _tagged(row: Row) -> Iterable[tuple[str, ...]]:
    columns = [list(map(str, value)) if isinstance(value, list) else [str(value)] for value in row.values()]
    longest = max((len(column) for column in columns), default=0)
    return [tuple(column[at] for column in columns if at < len(column)) for at in range(longest)]


def _squad(rows: Sequence[Row]) -> Row:
    return {
        "version": "1.1",
        "data": [{"title": "all", "paragraphs": [_paragraph(*one) for one in enumerate(rows)]}],
    }


def _paragraph(number: int, row: Row) -> Row:
    rest = {name: value for name, value in row.items() if name not in ("context", "answers")}
    question = {"id": str(number), **rest}
    if "answers" in row:
        question["answers"] = _squad_answers(row["answers"])
    return {**({"context": row["context"]} if "context" in row else {}), "qas": [question]}


def _squad_answers(answers: Any) -> Any:
    """A list of answers, as SQuAD has it, if the answers are still in the form of `_answer`."""
    if not isinstance(answers, dict) or not all(isinstance(one, list) for one in answers.values()):
        return answers
    return [dict(zip(answers, values, strict=True)) for values in zip(*answers.values(), strict=False)]
