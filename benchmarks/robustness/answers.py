"""Changes of the answers of rows, before they are written: of labels, numbers, offsets and tags."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from benchmarks.robustness.good import Good, Row, with_spans
from benchmarks.robustness.rows import SYMPTOM, Change, Rows


def swap_labels(rows: Rows, draw: Random, good: Good) -> Rows:
    """The answers of two rows."""
    one, other = draw.sample(range(len(rows)), 2)
    rows[one][good.label], rows[other][good.label] = rows[other][good.label], rows[one][good.label]
    return rows


def mix_labels(rows: Rows, draw: Random, good: Good) -> Rows:
    """The answers of all rows in another order."""
    answers = draw.sample([row[good.label] for row in rows], len(rows))
    return [{**row, good.label: answer} for row, answer in zip(rows, answers, strict=True)]


def shift_labels(rows: Rows, draw: Random, good: Good) -> Rows:
    """Each row has the answer of the row before."""
    answers = [row[good.label] for row in rows]
    return [{**row, good.label: answer} for row, answer in zip(rows, [answers[-1], *answers], strict=False)]


def conflict(rows: Rows, draw: Random, good: Good) -> Rows:
    """A row twice, the second time with the answer of another."""
    one, other = draw.sample(range(len(rows)), 2)
    return [*rows, {**rows[one], good.label: rows[other][good.label]}]


def label_change(change: Callable[[str], str], share: float) -> Callable[[Rows, Random, Good], Rows]:
    """Change the spelling of labels, in a share of the rows, or in at least one."""

    def changed(rows: Rows, draw: Random, good: Good) -> Rows:
        chosen = set(draw.sample(range(len(rows)), max(1, int(share * len(rows)))))
        return [
            {**row, good.label: spelled(row[good.label], change)} if at in chosen else row
            for at, row in enumerate(rows)
        ]

    return changed


def spelled(answer: Any, change: Callable[[str], str]) -> Any:
    """The answer with each label in it spelled in another way; a number as text."""
    if isinstance(answer, list):
        return [one if one == "O" else spelled(one, change) for one in answer]
    if isinstance(answer, dict):
        return {name: spelled(value, change) if name == "text" else value for name, value in answer.items()}
    return change(str(answer))


def set_label(value: Any, share: float) -> Callable[[Rows, Random, Good], Rows]:
    """Replace the answer, in a share of the rows, or in at least one."""

    def changed(rows: Rows, draw: Random, good: Good) -> Rows:
        chosen = set(draw.sample(range(len(rows)), max(1, int(share * len(rows)))))
        return [{**row, good.label: value} if at in chosen else row for at, row in enumerate(rows)]

    return changed


def swap_two_labels(rows: Rows, draw: Random, good: Good) -> Rows:
    """Two classes have each other's name, everywhere."""
    names = sorted({str(one)[-3:] if good.task == "ner" else str(one) for one in _labels(rows, good)} - {"O"})
    if len(names) < 2:
        return mix_labels(rows, draw, good)
    one, other = draw.sample(names, 2)

    def renamed(text: str) -> str:
        return text.replace(one, "\0").replace(other, one).replace("\0", other)

    return [{**row, good.label: spelled(row[good.label], renamed)} for row in rows]


def rename_label(rows: Rows, draw: Random, good: Good) -> Rows:
    """A class has a name that is in no other file."""
    names = sorted({str(one) for one in _labels(rows, good)} - {"O"})
    old = draw.choice(names)
    return [
        {**row, good.label: spelled(row[good.label], lambda text: "B-NEW" if text == old else text)}
        for row in rows
    ]


def drop_label(rows: Rows, draw: Random, good: Good) -> Rows:
    """No row of one class is left."""
    gone = draw.choice(sorted({str(row[good.label]) for row in rows}))
    return [row for row in rows if str(row[good.label]) != gone] or rows[:1]


def number_labels(rows: Rows, draw: Random, good: Good) -> Rows:
    """The classes have numbers instead of names."""
    names = sorted({str(one) for one in _labels(rows, good)})
    return [{**row, good.label: spelled(row[good.label], lambda text: str(names.index(text)))
             if good.task != "qa" else 0} for row in rows]  # fmt: skip


def _labels(rows: Sequence[Row], good: Good) -> list[Any]:
    answers = [row[good.label] for row in rows]
    return [one for answer in answers for one in (answer if isinstance(answer, list) else [answer])]


def _scale_numbers(rows: Rows, draw: Random, good: Good) -> Rows:
    factor = draw.choice([0.2, 20, -1, 1000])
    return [{**row, "score": row["score"] * factor} for row in rows]


def _one_outlier(rows: Rows, draw: Random, good: Good) -> Rows:
    draw.choice(rows)["score"] = draw.choice([1e9, -50.0, 400.0, float("nan"), float("inf")])
    return rows


def _decimal_commas(rows: Rows, draw: Random, good: Good) -> Rows:
    return [{**row, "score": str(row["score"]).replace(".", ",")} for row in rows]


def _shift_spans(rows: Rows, draw: Random, good: Good) -> Rows:
    by = draw.choice([-2, -1, 1, 2])
    return [_with_spans(row, lambda start, end: (start + by, end + by)) for row in rows]


def _shift_one_span(rows: Rows, draw: Random, good: Good) -> Rows:
    at, by = draw.randrange(len(rows)), draw.choice([-1, 1])
    rows[at] = _with_spans(rows[at], lambda start, end: (start + by, end + by))
    return rows


def _inclusive_ends(rows: Rows, draw: Random, good: Good) -> Rows:
    return [_with_spans(row, lambda start, end: (start, end - 1)) for row in rows]


def _swapped_ends(rows: Rows, draw: Random, good: Good) -> Rows:
    return [_with_spans(row, lambda start, end: (end, start)) for row in rows]


def _far_ends(rows: Rows, draw: Random, good: Good) -> Rows:
    at = draw.randrange(len(rows))
    rows[at] = _with_spans(rows[at], lambda start, end: (start + 500, end + 500))
    return rows


def byte_offsets(rows: Rows, draw: Random, good: Good) -> Rows:
    """Offsets that count the bytes of UTF-8."""

    def counted(row: Row) -> Row:
        text = row.get("context") or with_spans(row).get("text", "")
        return _with_spans(row, lambda start, end: (len(text[:start].encode()), len(text[:end].encode())))

    return [counted(row) for row in rows]


def _with_spans(row: Row, change: Callable[[int, int], tuple[int, int]]) -> Row:
    if "answers" in row:
        (text,), (start,) = row["answers"]["text"], row["answers"]["answer_start"]
        return {**row, "answers": {"text": [text], "answer_start": [change(start, start + len(text))[0]]}}
    spans = with_spans(row)
    moved = [(*change(one["start"], one["end"]), one["label"]) for one in spans["entities"]]
    names = ("start", "end", "label")
    return {**spans, "entities": [dict(zip(names, values, strict=True)) for values in moved]}


def _shift_tags(rows: Rows, draw: Random, good: Good) -> Rows:
    return [{**row, "tags": [row["tags"][-1], *row["tags"][:-1]]} for row in rows]


def _drop_tag(rows: Rows, draw: Random, good: Good) -> Rows:
    at = draw.randrange(len(rows))
    rows[at]["tags"] = rows[at]["tags"][:-1]
    return rows


def _without_prefixes(rows: Rows, draw: Random, good: Good) -> Rows:
    return [{**row, "tags": [tag.split("-")[-1] for tag in row["tags"]]} for row in rows]


def _inside_only(rows: Rows, draw: Random, good: Good) -> Rows:
    return [{**row, "tags": [tag.replace("B-", "I-") for tag in row["tags"]]} for row in rows]


def _suffix_tags(rows: Rows, draw: Random, good: Good) -> Rows:
    return [{**row, "tags": ["-".join(reversed(tag.split("-"))) for tag in row["tags"]]} for row in rows]


CASES: tuple[Callable[[str], str], ...] = (str.upper, str.lower, str.title, str.swapcase)
ENDS = (" ", "\u200b", "\xa0", "\t", "\u200e", "\ufeff")
GONE = f"label|answer|score|left out|{SYMPTOM}"


def _ending(end: str) -> Callable[[str], str]:
    return lambda text: text + end


CHANGES: dict[str, tuple[Change, str]] = {
    "swap the answers of two rows": (swap_labels, ""),
    "mix all answers": (mix_labels, SYMPTOM),
    "shift all answers by a row": (shift_labels, SYMPTOM),
    "a row twice with different answers": (conflict, ""),
    "empty an answer": (set_label("", 0), ""),
    "empty half of the answers": (set_label("", 0.5), GONE),
    "null as an answer": (set_label(None, 0), ""),
    "null as half of the answers": (set_label(None, 0.5), GONE),
    "an object as an answer": (set_label({"a": [1]}, 0), ""),
    "a very long answer": (set_label("x" * 5000, 0), ""),
}
"""For every task. Name → the change, and what a warning that names it has, as `rows.CHANGES`."""

VALID = ("mix all answers", "shift all answers by a row")
"""Changes after which each row is as it could be: only the score shows them."""

LABELS: dict[str, tuple[Change, str]] = {
    **{
        f"labels as {case.__name__}, {share:.0%}": (label_change(case, share), "label|spell|case")
        for case in CASES
        for share in (0, 0.5, 1)
    },
    **{
        f"labels ending in {end!a}, {share:.0%}": (
            label_change(_ending(end), share),
            "label|spell|space|invisible",
        )
        for end in ENDS
        for share in (0, 0.5, 1)
    },
    "swap two labels everywhere": (swap_two_labels, SYMPTOM),
    "rename a label": (rename_label, "never predicts|label"),
    "drop a label": (drop_label, "never predicts|label"),
    "numbers instead of labels": (number_labels, "label|tag"),
}
"""For tasks with labels."""

SPANS: dict[str, tuple[Change, str]] = {
    "shift all offsets": (_shift_spans, "inside|offset|word|answer"),
    "shift the offsets of a row": (_shift_one_span, ""),
    "offsets beyond the text": (_far_ends, ""),
    "offsets in bytes": (byte_offsets, "inside|offset|word|answer"),
}

OTHERS: dict[str, dict[str, tuple[Change, str]]] = {
    "similarity": {
        "scale the scores": (_scale_numbers, "scale|score"),
        "one score far outside": (_one_outlier, "score|outside"),
        "decimal commas": (_decimal_commas, "comma"),
    },
    "qa": SPANS,
    "spans": {
        **SPANS,
        "ends that are the last character": (_inclusive_ends, "inside|offset|word"),
        "start and end swapped": (_swapped_ends, ""),
    },
    "conll": {
        "shift all tags by a word": (_shift_tags, SYMPTOM),
        "drop the last tag of a row": (_drop_tag, ""),
        "tags without prefixes": (_without_prefixes, "scheme"),
        "I- instead of B-": (_inside_only, "scheme"),
        "prefixes at the end": (_suffix_tags, "scheme"),
    },
}
"""For a task or a format."""
