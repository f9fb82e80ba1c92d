"""Whether trials together, each alone and a plain torch loop give the same model on this device.

    python -m benchmarks.gpu.parity cuda

Tiny models with random weights, for every encoder family and strategy; the same check as the tests make on
the CPU. Prints one JSON object as its last line.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from tests.helpers.models import FAMILIES, TinyModels
from tests.helpers.plain_training import assert_trained_as_in_plain_torch
from tests.helpers.populations import HEADS

STRATEGIES = ("frozen", "lora", "full")
HEAD = "sequence-classification"


def main(arguments: Sequence[str]) -> int:
    """Checks all families and strategies; 1 if any of them differs."""
    (device,) = arguments
    models, different = TinyModels(), {}
    for family in FAMILIES:
        for strategy in STRATEGIES:
            try:
                assert_trained_as_in_plain_torch(models.load(family, HEADS[HEAD]), strategy, HEAD, device)
            except Exception as error:  # of any kind: the others are checked all the same
                different[f"{family}, {strategy}"] = f"{type(error).__name__}: {error}"[:500]
    checked = len(FAMILIES) * len(STRATEGIES)
    print(json.dumps({"checked": checked, "equal": checked - len(different), "different": different}))
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
