"""The penalty of a head that is solved for a number from one vector: stsb, the two texts read together.

    python -m benchmarks.heads.penalty --data FOLDER

scikit-learn's ridge regression has the same objective as `adaptkit.engine.objective` with squared error. It
reads BERT's pooled output, standardised, is fitted on 1,500 training rows and scored on the dev rows.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.baselines.alternatives import encoder_folder
from benchmarks.baselines.data_sets import Row, stsb, subset

PENALTIES = (1e-3, 5e-3, 2e-2, 5e-2, 1e-1, 2e-1, 5e-1, 1.0, 5.0)


def main(arguments: Sequence[str]) -> None:
    """Prints a Markdown table of the squared error and the correlation with each penalty."""
    from scipy.stats import pearsonr
    from sklearn.linear_model import Ridge

    parser = argparse.ArgumentParser(prog="python -m benchmarks.heads.penalty")
    parser.add_argument("--data", type=Path, required=True)
    folder = parser.parse_args(arguments).data
    train, dev = subset(stsb(folder, "train"), "1500", 0), stsb(folder, "dev")
    read, unseen = _pooled(train), _pooled(dev)  # [rows, width]
    mean, scale = read.mean(0), read.std(0)
    scores, wanted = (np.array([float(row[-1]) for row in rows]) for rows in (train, dev))
    print("| L2 penalty | squared error | Pearson's correlation |\n|--:|--:|--:|")
    for penalty in PENALTIES:
        head = Ridge(alpha=penalty * len(train) / 2).fit((read - mean) / scale, scores)
        found = head.predict((unseen - mean) / scale)
        error, correlation = ((found - wanted) ** 2).mean(), pearsonr(found, wanted)[0]
        print(f"| {penalty:g} | {error:.3f} | {correlation:.3f} |")


def _pooled(rows: Sequence[Row]) -> Any:
    """The output of BERT's pooler for each pair of texts, ``[rows, width]``."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(encoder_folder())
    encoder = AutoModel.from_pretrained(encoder_folder()).eval()
    found = []
    with torch.inference_mode():
        for start in range(0, len(rows), 64):
            one, other, _ = zip(*rows[start : start + 64], strict=True)
            batch = tokenizer(one, other, padding=True, truncation=True, max_length=128, return_tensors="pt")
            found.append(encoder(**batch).pooler_output)
    return torch.cat(found).numpy()


if __name__ == "__main__":
    main(sys.argv[1:])
