"""The check with hostile rows: texts that a user will have, and that nobody thought of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adaptkit.data.encode import collate
from adaptkit.errors import AdaptkitError
from adaptkit.system.devices import peak_memory_bytes
from adaptkit.task import Row
from adaptkit.testing.findings import Nonconformity
from adaptkit.testing.fixtures import Fixtures, without_answers
from adaptkit.testing.predictions import predicted, refuse_unpresentable
from adaptkit.testing.tiny import MAX_LENGTH

TEXTS: Mapping[str, str] = {
    "an empty text": "",
    "white space": " \t\n ",
    "one word": "word",
    "1,000 words": " ".join(["word"] * 1000),
    "5,000 words": " ".join(["word"] * 5000),
    "one word of 5,000 letters": "w" * 5000,
    "emoji": "👩‍👩‍👧 🏳️‍🌈 👍🏽",
    "right-to-left": "\u0645\u0631\u062d\u0628\u0627 \u202e\u05e9\u05dc\u05d5\u05dd\u202c",
    "control characters": "a\x00b \x1b[31mred\x1b[0m \x7f",
    "a word of which the tokenizer leaves nothing": "\u200b",
    "such a word among others": "one \u200b two",
}
"""Name → text that is put in the place of a row's own."""

ENTRIES = 5000

MOST_BYTES = 256 * 2**20
"""Of memory, for one hostile row: several times what the tasks that come with adaptkit take."""

MEND = (
    "Refuse such a row in prepare with ValueError, saying what is wrong, or let encode, decode and merge "
    "take it: an example for every row, even one without any word."
)


SPARE = (
    "Cut long texts before the tokenizer pairs them, for it makes every pair of what it cuts off of both: "
    "adaptkit.shortened(texts, tokenizer, max_length)."
)


def hostile_rows(fixtures: Fixtures) -> None:
    """Each hostile row is refused by prepare with ValueError, or goes all the way through."""
    for name, raw in _hostile(fixtures):
        before = peak_memory_bytes("cpu")
        for how, row in (("", without_answers(fixtures.task, raw)), (" with its answer", raw)):
            try:
                prepared = fixtures.task.prepare(row)
            except ValueError:
                continue
            except Exception as error:
                raise _failure(f"{name}{how}", "prepare", error) from error
            try:
                _go_through(fixtures, prepared, labelled=bool(how))
            except Exception as error:
                raise _failure(f"{name}{how}", "what comes after prepare", error) from error
        _refuse_greedy(name, peak_memory_bytes("cpu") - before)


def _refuse_greedy(name: str, taken: int) -> None:
    """Raises Nonconformity for too much memory: the next row, five times as long, may end the process."""
    if taken > MOST_BYTES:
        raise Nonconformity(
            f"a row with {name} took {taken / 2**20:,.0f} MiB of memory",
            expected=f"at most {MOST_BYTES / 2**20:.0f} MiB",
            next_step=SPARE,
        )


def _go_through(fixtures: Fixtures, row: Row, *, labelled: bool) -> None:
    if labelled:
        _finite_loss(fixtures, row)
    rows = [fixtures.unlabelled[0], row, fixtures.unlabelled[-1]] if not labelled else [row]
    for one, prediction in zip(rows, predicted(fixtures, rows), strict=True):
        refuse_unpresentable(fixtures, one, prediction)


def _finite_loss(fixtures: Fixtures, row: Row) -> None:
    examples = fixtures.encoded([row])
    batch = collate(
        fixtures.task, examples, range(len(examples)), fixtures.model.tokenizer, MAX_LENGTH
    ).tensors
    losses, weights = fixtures.task.loss(fixtures.outputs(batch), batch)
    if not bool((losses * weights).isfinite().all()):
        raise Nonconformity("its weighted loss is not finite", expected="a finite loss")


def _failure(name: str, part: str, error: Exception) -> Nonconformity:
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, AdaptkitError):
        said = f"{error.problem}, expected {error.expected}" if error.expected else error.problem
    return Nonconformity(
        f"a row with {name}: {part} failed: {said[:300]}",
        expected="ValueError from prepare, or one prediction",
        next_step=MEND,
    )


def _hostile(fixtures: Fixtures) -> Iterator[tuple[str, Row]]:
    """Rows with a hostile text in the place of one column's own, and of all: ``(what it is, row)``."""
    raw = fixtures.raw_chosen[0]
    columns = [name for name in without_answers(fixtures.task, raw) if _holds_text(raw[name])]
    places = [*([column] for column in columns), *([columns] if len(columns) > 1 else [])]
    for name, text in TEXTS.items():
        for place in places:
            changed = {column: _put(raw[column], text) for column in place}
            yield f"{name} as {' and '.join(place)}", {**raw, **changed}
    for column in columns:
        if isinstance(raw[column], (list, tuple)):
            yield f"{ENTRIES:,} entries as {column}", {**raw, **_many(raw, len(raw[column]))}


def _holds_text(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return bool(value) and all(isinstance(one, str) for one in value)
    return isinstance(value, str)


def _put(value: Any, text: str) -> Any:
    """The text in the place of a text, or of the first one in a list."""
    return text if isinstance(value, str) else [text, *value[1:]]


def _many(raw: Row, length: int) -> dict[str, Any]:
    """Every list of this length, so that an answer for each entry stays one, gone through over and over."""
    return {
        name: [value[position % length] for position in range(ENTRIES)]
        for name, value in raw.items()
        if isinstance(value, (list, tuple)) and len(value) == length
    }
