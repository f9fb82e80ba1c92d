"""The check with hostile rows: unusual texts that users have and that authors forget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from adaptkit.data.encode import collate
from adaptkit.errors import AdaptkitError
from adaptkit.system.devices import peak_since_restart, restart_peak_memory
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
    "a word that the tokenizer removes": "\u200b",
    "such a word among others": "one \u200b two",
}
"""Name → the text that replaces one in a row."""

ENTRIES = 5000

MOST_BYTES = 256 * 2**20
"""The most memory for one hostile row: several times what adaptkit's own tasks take."""

FIX = (
    "Reject such a row in prepare with a ValueError that says what is wrong, or handle it in encode, decode "
    "and merge_windows: every row needs at least one example, even a row without words."
)


SHORTEN = (
    "Shorten long texts before the tokenizer pairs them, because it pairs every token that it cuts off: "
    "adaptkit.shortened(texts, tokenizer, max_length)."
)


def hostile_rows(fixtures: Fixtures) -> None:
    """Each hostile row is rejected by prepare with ValueError, or can be trained on and predicted."""
    for name, raw in _hostile(fixtures):
        before = restart_peak_memory()
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
        _refuse_large(name, peak_since_restart() - before)


def _refuse_large(name: str, taken: int) -> None:
    """Raise Nonconformity for too much memory: the next row is longer and might end the process."""
    if taken > MOST_BYTES:
        raise Nonconformity(
            f"a row with {name} took {taken / 2**20:,.0f} MiB of memory",
            expected=f"at most {MOST_BYTES / 2**20:.0f} MiB",
            next_step=SHORTEN,
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
    message = f"{type(error).__name__}: {error}"
    if isinstance(error, AdaptkitError):
        message = f"{error.problem}, expected {error.expected}" if error.expected else error.problem
    return Nonconformity(
        f"a row with {name}: {part} failed: {message[:300]}",
        expected="ValueError from prepare, or one prediction",
        next_step=FIX,
    )


def _hostile(fixtures: Fixtures) -> Iterator[tuple[str, Row]]:
    """Rows with a hostile text in one column, and in all columns: ``(description, row)``."""
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
    """The text, in place of a text or of the first text in a list."""
    return text if isinstance(value, str) else [text, *value[1:]]


def _many(raw: Row, length: int) -> dict[str, Any]:
    """Every list of this length, repeated to `ENTRIES` entries, so that each entry keeps its answer."""
    return {
        name: [value[position % length] for position in range(ENTRIES)]
        for name, value in raw.items()
        if isinstance(value, (list, tuple)) and len(value) == length
    }
