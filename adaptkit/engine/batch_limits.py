"""How much goes into one forward pass: an affair of memory and speed, not of results.

A micro-step is cut into passes over some slots and some examples; gradients are sums, so the cut
changes nothing but which numbers dropout draws, from the one generator that all passes share. When
memory runs out, the pass that failed has left no trace in the slots, and is cut finer.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

OUT_OF_MEMORY: tuple[type[BaseException], ...] = (torch.OutOfMemoryError, MemoryError, RuntimeError)
"""What running out of memory may be raised as; `is_out_of_memory` tells."""

SAID_OF_MEMORY = (
    "can't allocate memory",
    "std::bad_alloc",
    "could not create a primitive",  # oneDNN's whole message when memory runs out in it
    "ALLOC_FAILED",  # cuBLAS's and cuDNN's status
)
"""What a RuntimeError says when it was memory that ran out: the parts of torch each have their own words."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the error says that memory, the device's or the machine's, ran out."""
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
    """Tokens of all its trials in one pass, at most: many short examples or few long ones, one at least."""

    scoring_shrink: int = 1
    """Scoring batches are this many times smaller than they might be."""

    times_shrunk: int = 0

    def examples_of(self, length: int, slots: int) -> int:
        """The examples of each of ``slots`` trials in one pass, ``length`` tokens each, padding included."""
        return max(1, min(self.examples, self.tokens // (length * slots)))

    def shrink(self, examples: int) -> bool:
        """Halves the slots, or with one slot the ``examples`` that did not fit; False at one example."""
        if self.slots > 1:
            self.slots //= 2
        elif examples > 1:
            self.examples = examples // 2
        else:
            return False
        self._let_go()
        return True

    def shrink_scoring(self) -> bool:
        """Makes the scoring batches smaller, or with the smallest the slots fewer; False at the end."""
        if self.scoring_shrink < 2**14:
            self.scoring_shrink *= 4
        elif self.slots > 1:
            self.slots //= 2
        else:
            return False
        self._let_go()
        return True

    def _let_go(self) -> None:
        self.times_shrunk += 1
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
