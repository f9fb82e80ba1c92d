"""Computes the requests that wait together: while one batch is computed, the next one collects.

There is no waiting time to set: a request that comes alone is computed at once, and under load batches grow.
Texts are prepared and tokenised by one thread, and computed by another.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adaptkit.serve.requests import MOST_WAITING, Limits, RequestError, Work, work_of

if TYPE_CHECKING:
    from adaptkit.export.predictor import Predictor
    from adaptkit.task import Example, Row

MOST_TOGETHER = 128
"""Rows of requests that are computed together; a request with more is computed alone."""

Answer = list[dict[str, Any]]


class Batcher:
    """One model, and the requests that wait for it."""

    def __init__(
        self,
        predictor: Predictor,
        limits: Limits,
        observe: Callable[[int], None],
        together: int = MOST_TOGETHER,
    ) -> None:
        self.predictor, self.limits, self.observe, self.together = predictor, limits, observe, together
        self.waiting: deque[tuple[Work, asyncio.Future[Answer]]] = deque()
        self.rows_waiting = 0
        self._prepare = ThreadPoolExecutor(1, "adaptkit-prepare")
        self._compute = ThreadPoolExecutor(1, "adaptkit-compute")
        self._running: asyncio.Task[None] | None = None

    async def predict(self, body: bytes) -> Answer:
        """The predictions for the body of a request; raises RequestError."""
        loop = asyncio.get_running_loop()
        if self.rows_waiting > MOST_WAITING:
            raise RequestError(
                503, "overloaded", f"more than {MOST_WAITING:,} rows are waiting; try again later"
            )
        work = await loop.run_in_executor(self._prepare, work_of, body, self.predictor, self.limits)
        answer: asyncio.Future[Answer] = loop.create_future()
        self.waiting.append((work, answer))
        self.rows_waiting += len(work.rows)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        """Compute what waits, until nothing does."""
        loop = asyncio.get_running_loop()
        while self.waiting:
            group = self._next()
            self.observe(sum(len(work.rows) for work, _ in group))
            found = await loop.run_in_executor(self._compute, self._answers, [work for work, _ in group])
            for (_, answer), result in zip(group, found, strict=True):
                if answer.cancelled():  # the client has gone
                    continue
                if isinstance(result, Exception):
                    answer.set_exception(result)
                else:
                    answer.set_result(result)

    def _next(self) -> list[tuple[Work, asyncio.Future[Answer]]]:
        """The requests to compute together: as many as fit, and at least one."""
        group = [self.waiting.popleft()]
        rows = len(group[0][0].rows)
        while self.waiting and rows + len(self.waiting[0][0].rows) <= self.together:
            group.append(self.waiting.popleft())
            rows += len(group[-1][0].rows)
        self.rows_waiting -= rows
        return group

    def _answers(self, group: Sequence[Work]) -> list[Answer | Exception]:
        """The answer to each request. If they fail together, each is computed alone."""
        try:
            joined = joined_work(group)
            predictions = self.predictor.predictions_of(joined.rows, joined.examples)
            answers = iter(self.predictor.in_json(joined.rows, predictions))
            return [[next(answers) for _ in work.rows] for work in group]
        except Exception as error:
            if len(group) == 1:
                return [error]
        return [self._answers([work])[0] for work in group]

    def close(self) -> None:
        """End the threads, after what they are doing."""
        self._prepare.shutdown()
        self._compute.shutdown()


def joined_work(group: Sequence[Work]) -> Work:
    """The rows of several requests as those of one."""
    rows: list[Row] = []
    examples: list[Example] = []
    for work in group:
        examples += [replace(example, row=example.row + len(rows)) for example in work.examples]
        rows += work.rows
    return Work(rows, examples)
