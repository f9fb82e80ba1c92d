"""AutoIntent's presets on the same encoder, trained again on all rows after its search; one thread.

It runs in an environment of its own, since it needs an older transformers:
``pip install "autointent[sentence-transformers,transformers]==0.4.0" torch==2.13.0``. All but the encoder and
the seed is the preset's (https://github.com/deeppavlov/AutoIntent).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence


def scores(
    preset: str, train: Sequence[Sequence[str]], test: Sequence[Sequence[str]], seed: int, folder: str
) -> dict[str, float]:
    """The scores on the test rows; rows are ``(text, label)``."""
    from autointent import Dataset, Pipeline
    from autointent.configs import LoggingConfig, SentenceTransformerEmbeddingConfig
    from sklearn.metrics import accuracy_score, f1_score

    labels = sorted({label for _, label in train})
    rows = [{"utterance": text, "label": labels.index(label)} for text, label in train]
    pipeline = Pipeline.from_preset(preset, seed=seed + 1)  # 0 is refused
    pipeline.set_config(SentenceTransformerEmbeddingConfig(model_name=folder, use_cache=False))
    with tempfile.TemporaryDirectory() as outputs:
        pipeline.set_config(LoggingConfig(project_dir=outputs))
        pipeline.fit(Dataset.from_dict({"train": rows}), refit_after=True)
        found = pipeline.predict([text for text, _ in test])
    # It may predict that a text has none of the labels.
    predicted = ["" if one is None else labels[one] for one in found]
    true = [label for _, label in test]
    return {
        "accuracy": float(accuracy_score(true, predicted)),
        "macro_f1": float(f1_score(true, predicted, average="macro", zero_division=0, labels=labels)),
    }


if __name__ == "__main__":
    answer, sys.stdout = sys.stdout, sys.stderr  # AutoIntent prints, too
    os.environ["HF_HUB_OFFLINE"] = "1"
    print(json.dumps(scores(*json.load(sys.stdin))), file=answer)
