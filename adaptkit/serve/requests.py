"""From the bytes of a request to prepared rows and their examples, or to an error that says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adaptkit.data.rows import listed, shortened
from adaptkit.data.strict_json import Parser, in_words
from adaptkit.errors import AdaptkitError
from adaptkit.export.prediction import encoded, tokens_of
from adaptkit.serve.accepted import row_of_values

if TYPE_CHECKING:
    from adaptkit.export.predictor import Predictor
    from adaptkit.task import Example, Row

MOST_WAITING = 10_000
"""The most rows that wait to be computed; more requests are answered with 503."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one request may have at most."""

    body: int = 2**20
    """Bytes."""

    rows: int = 256
    tokens: int = 2**16
    """Tokens of all rows together."""


class RequestError(Exception):
    """A request that is refused, with the status of the answer."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True)
class Work:
    """The rows of one request, ready to be computed."""

    rows: Sequence[Row]
    examples: Sequence[Example]


def work_of(body: bytes, predictor: Predictor, limits: Limits) -> Work:
    """The rows of a request.

    Raises:
        RequestError: the body is not as OpenAPI says, the task refuses a row, or a limit is exceeded.
    """
    name, items = _items(document_of(body))
    if len(items) > limits.rows:
        message = f"{len(items):,} {name}; at most {limits.rows:,} are allowed in one request"
        raise RequestError(422, "too-many-rows", message)
    rows = [_row(predictor, f"{name}[{number}]", item, name) for number, item in enumerate(items)]
    try:
        examples = encoded(predictor.model, predictor.task, rows)
    except AdaptkitError as error:
        raise RequestError(422, "cannot-encode", str(error)) from error
    tokens = sum(map(tokens_of, examples))
    if tokens > limits.tokens:
        message = f"{tokens:,} tokens; at most {limits.tokens:,} are allowed in one request"
        raise RequestError(413, "too-many-tokens", message)
    return Work(rows, examples)


def document_of(body: bytes) -> Mapping[str, Any]:
    """The JSON object of a request's body; raises RequestError."""
    try:
        text = body.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        where = f"byte 0x{body[error.start]:02x} at byte offset {error.start}"
        raise RequestError(400, "not-utf8", f"{where} is not UTF-8") from None
    try:
        value, problem, end = Parser().parse(text, 0)
    except (ValueError, RecursionError) as error:
        raise RequestError(400, "not-json", in_words(error)) from None
    if end < len(text):
        problem = f"{shortened(text[end : end + 80])} after the end of the JSON value"
    if problem:
        raise RequestError(400, "not-json", problem)
    if not isinstance(value, dict):
        raise RequestError(422, "not-an-object", 'the body is not an object such as {"texts": ["a text"]}')
    return value


def _items(document: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """ "texts" or "rows", and the list under it."""
    if set(document) not in ({"texts"}, {"rows"}):
        message = f'the keys are {listed(sorted(document), 5) or "none"}; expected either "texts" or "rows"'
        raise RequestError(422, "bad-keys", message)
    ((name, items),) = document.items()
    kind, what = (str, "texts") if name == "texts" else (dict, "objects")
    if not isinstance(items, list) or not items:
        raise RequestError(422, "not-a-list", f"{name} is {shortened(items)}; expected a list of {what}")
    for number, item in enumerate(items):
        if not isinstance(item, kind):
            message = f"{name}[{number}] is {shortened(item)}; expected a list of {what}"
            raise RequestError(422, "bad-item", message)
    return name, items


def _row(predictor: Predictor, origin: str, item: Any, name: str) -> Row:
    task = predictor.task
    try:
        if name == "texts":
            return predictor.row_of(item)
        return row_of_values(task, origin, item)
    except (ValueError, AdaptkitError) as error:
        raise RequestError(422, "bad-row", f"{origin}: {error}") from error
