"""How much goes into one forward pass. It decides memory and speed, not results.

A micro-step is cut into passes over some slots and some examples. Gradients are sums, so the cut changes
nothing but the numbers that dropout draws, because all passes share one generator. When memory runs out, the
pass that failed has changed nothing in the slots, and is repeated in smaller parts.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

OUT_OF_MEMORY: tuple[type[BaseException], ...] = (torch.OutOfMemoryError, MemoryError, RuntimeError)
"""The errors that may mean that memory ran out; `is_out_of_memory` decides."""

SAID_OF_MEMORY = (
    "can't allocate memory",
    "std::bad_alloc",
    "could not create a primitive",  # oneDNN's complete message when it runs out of memory
    "ALLOC_FAILED",  # cuBLAS's and cuDNN's status
)
"""Parts of the messages of RuntimeErrors that mean that memory ran out; each part of torch has its own."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the error says that the device or the machine ran out of memory."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in SAID_OF_MEMORY)


@dataclass(kw_only=True)
class BatchLimits:
    """The size of one pass."""

    slots: int
    """Trials in one pass."""

    examples: int
    """Examples of each trial in one pass, at most."""

    tokens: int = 2**30
    """Tokens of all its trials in one pass, at most. One example is always allowed."""

    scoring_shrink: int = 1
    """Scoring batches are divided by this."""

    times_shrunk: int = 0

    def examples_of(self, length: int, slots: int) -> int:
        """The examples of each of ``slots`` trials in one pass, at ``length`` tokens each, with padding."""
        return max(1, min(self.examples, self.tokens // (length * slots)))

    def shrink(self, examples: int) -> bool:
        """Halves the slots, or with one slot the ``examples`` that did not fit. False at one example."""
        if self.slots > 1:
            self.slots //= 2
        elif examples > 1:
            self.examples = examples // 2
        else:
            return False
        self._release()
        return True

    def shrink_scoring(self) -> bool:
        """Makes the scoring batches smaller, then the slots fewer. False if neither is possible."""
        if self.scoring_shrink < 2**14:
            self.scoring_shrink *= 4
        elif self.slots > 1:
            self.slots //= 2
        else:
            return False
        self._release()
        return True

    def _release(self) -> None:
        self.times_shrunk += 1
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
