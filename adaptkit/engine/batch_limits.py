"""How much goes into one forward pass: an affair of memory and speed, not of results.

A micro-step is cut into passes over some rows and some examples; gradients are sums, so the cut
changes nothing but which numbers dropout draws, from the one generator that all passes share. When
memory runs out, the pass that failed has left no trace in the rows, and is cut finer.
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
class Passes:
    """The size of one pass."""

    rows: int
    """Trials in one pass."""

    examples: int
    """Examples of each trial in one pass, at most."""

    tokens: int = 2**30
    """Tokens of all its trials in one pass, at most: many short examples or few long ones, one at least."""

    scoring_shrink: int = 1
    """Scoring batches are this many times smaller than they might be."""

    retreats: int = 0

    def examples_of(self, length: int, rows: int) -> int:
        """The examples of each of ``rows`` trials in one pass, each of ``length`` tokens with its padding."""
        return max(1, min(self.examples, self.tokens // (length * rows)))

    def retreat(self, examples: int) -> bool:
        """Halves the rows, or with one row the ``examples`` that did not fit; False if there is one only."""
        if self.rows > 1:
            self.rows //= 2
        elif examples > 1:
            self.examples = examples // 2
        else:
            return False
        self._let_go()
        return True

    def retreat_scoring(self) -> bool:
        """Makes the scoring batches smaller, or with the smallest the rows fewer; False at the end."""
        if self.scoring_shrink < 2**14:
            self.scoring_shrink *= 4
        elif self.rows > 1:
            self.rows //= 2
        else:
            return False
        self._let_go()
        return True

    def _let_go(self) -> None:
        self.retreats += 1
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
