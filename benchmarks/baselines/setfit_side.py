"""SetFit as its paper uses it: pairs of texts in one epoch, then logistic regression; one thread.

It runs in an environment of its own, since it needs an older transformers:
``pip install setfit==1.2.0 torch==2.13.0 "transformers<5"``. The settings are those of Tunstall et al. 2022
(https://arxiv.org/abs/2209.11055): 20 pairs of either kind for each text, batches of 16, rate 2e-5.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence

ITERATIONS, BATCH_SIZE, RATE = 20, 16, 2e-5


def scores(
    train: Sequence[Sequence[str]], test: Sequence[Sequence[str]], seed: int, folder: str
) -> dict[str, float]:
    """The scores on the test rows; rows are ``(text, label)``."""
    from datasets import Dataset
    from setfit import SetFitModel, Trainer, TrainingArguments
    from sklearn.metrics import accuracy_score, f1_score

    labels = sorted({label for _, label in train})
    model = SetFitModel.from_pretrained(folder, labels=labels)
    rows = {"text": [text for text, _ in train], "label": [labels.index(label) for _, label in train]}
    with tempfile.TemporaryDirectory() as outputs:
        arguments = TrainingArguments(
            output_dir=outputs, num_iterations=ITERATIONS, batch_size=BATCH_SIZE, num_epochs=1,
            body_learning_rate=RATE, seed=seed, save_strategy="no", report_to="none",
            show_progress_bar=False,
        )  # fmt: skip
        Trainer(model=model, args=arguments, train_dataset=Dataset.from_dict(rows)).train()
    predicted = list(model.predict([text for text, _ in test], show_progress_bar=False))
    true = [label for _, label in test]
    return {
        "accuracy": float(accuracy_score(true, predicted)),
        "macro_f1": float(f1_score(true, predicted, average="macro", zero_division=0)),
    }


if __name__ == "__main__":
    print(json.dumps(scores(*json.load(sys.stdin))))
