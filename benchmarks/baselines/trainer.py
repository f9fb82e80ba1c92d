"""transformers' Trainer as its own examples use it: a new head, all weights trained, no search.

The rate is Trainer's default, the batch that of the examples. Ten epochs are more than their three, as
there are only some hundred rows here.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.baselines.alternatives import encoder_folder
from benchmarks.baselines.data_sets import Row

RATE, BATCH_SIZE, EPOCHS, WARMUP = 5e-5, 16, 10, 0.1
MOST_TOKENS = 128


def scores(
    task: str, train: Sequence[Row], test: Sequence[Row], seed: int, model: str = ""
) -> dict[str, float]:
    """The scores of one run on the test rows, named as adaptkit names them."""
    folder = model or encoder_folder()
    if task == "ner":
        return _tags(train, test, seed, folder)
    if task == "qa":
        return _spans(train, test, seed, folder)
    return _texts(task, train, test, seed, folder)


def _texts(task: str, train: Sequence[Row], test: Sequence[Row], seed: int, folder: str) -> dict[str, float]:
    """One text or two, with a class or a number each."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, DataCollatorWithPadding

    regression = task == "similarity"
    labels = [] if regression else sorted({row[-1] for row in train})
    places = {label: place for place, label in enumerate(labels)}
    tokenizer = AutoTokenizer.from_pretrained(folder)

    def encoded(rows: Sequence[Row]) -> list[dict[str, Any]]:
        texts = [[row[side] for row in rows] for side in range(len(rows[0]) - 1)]
        inputs = tokenizer(*texts, truncation=True, max_length=MOST_TOKENS)
        answers = [float(row[-1]) if regression else places[row[-1]] for row in rows]
        return [
            {"labels": answer, **{name: values[number] for name, values in inputs.items()}}
            for number, answer in enumerate(answers)
        ]

    outputs = _trained(
        lambda: AutoModelForSequenceClassification.from_pretrained(folder, num_labels=len(labels) or 1),
        DataCollatorWithPadding(tokenizer), encoded(train), encoded(test), seed,
    )  # fmt: skip
    if regression:
        return _correlations(outputs[:, 0], [float(row[-1]) for row in test])
    return _agreement([row[-1] for row in test], [labels[place] for place in outputs.argmax(1)])


def _correlations(outputs: NDArray[np.float32], true: Sequence[float]) -> dict[str, float]:
    from scipy.stats import pearsonr, spearmanr

    return {"pearson": float(pearsonr(outputs, true)[0]), "spearman": float(spearmanr(outputs, true)[0])}


def _agreement(true: Sequence[str], predicted: Sequence[str]) -> dict[str, float]:
    from sklearn.metrics import accuracy_score, f1_score

    return {
        "accuracy": float(accuracy_score(true, predicted)),
        "macro_f1": float(f1_score(true, predicted, average="macro", zero_division=0)),
    }


def _tags(train: Sequence[Row], test: Sequence[Row], seed: int, folder: str) -> dict[str, float]:
    """A tag on the first piece of each word."""
    from seqeval.metrics import f1_score, precision_score, recall_score
    from transformers import (
        AutoModelForTokenClassification,
        AutoTokenizer,
        DataCollatorForTokenClassification,
    )

    sides = [[_words(block) for (block,) in rows] for rows in (train, test)]
    names = sorted({tag for words in sides[0] for _, tag in words})
    tokenizer = AutoTokenizer.from_pretrained(folder)
    examples = [[_example(tokenizer, words, names) for words in side] for side in sides]
    inputs = [[example for example, _ in side] for side in examples]
    outputs = _trained(
        lambda: AutoModelForTokenClassification.from_pretrained(folder, num_labels=len(names)),
        DataCollatorForTokenClassification(tokenizer),
        inputs[0],
        inputs[1],
        seed,
    )
    true = [[tag for _, tag in words] for words in sides[1]]
    predicted = [
        [names[row[at[word]]] if word in at else "O" for word in range(len(tags))]
        for (_, at), row, tags in zip(examples[1], outputs.argmax(-1), true, strict=True)
    ]
    pairs = {"f1": f1_score, "precision": precision_score, "recall": recall_score}
    return {name: float(score(true, predicted)) for name, score in pairs.items()}


def _spans(train: Sequence[Row], test: Sequence[Row], seed: int, folder: str) -> dict[str, float]:
    """The answer in the context of each question."""
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer, DataCollatorWithPadding

    from benchmarks.baselines import trainer_spans

    tokenizer = AutoTokenizer.from_pretrained(folder)
    (inputs, _), (asked, offsets) = (trainer_spans.encoded(tokenizer, rows) for rows in (train, test))
    outputs = _trained(
        lambda: AutoModelForQuestionAnswering.from_pretrained(folder),
        DataCollatorWithPadding(tokenizer), inputs, asked, seed,
    )  # fmt: skip
    return dict(trainer_spans.scores(outputs, offsets, test))


def _example(
    tokenizer: Any, sentence: Sequence[tuple[str, str]], names: Sequence[str]
) -> tuple[dict[str, Any], dict[int, int]]:
    """The inputs of a sentence, and word → the place of its first piece, of the words not cut off."""
    words = [word for word, _ in sentence]
    inputs = tokenizer(words, is_split_into_words=True, truncation=True, max_length=MOST_TOKENS)
    first: dict[int, int] = {}
    for place, word in enumerate(inputs.word_ids()):
        if word is not None:
            first.setdefault(word, place)
    labels = [-100] * len(inputs["input_ids"])
    for word, place in first.items():
        tag = sentence[word][1]
        labels[place] = names.index(tag) if tag in names else -100
    return {**inputs, "labels": labels}, first


def _words(block: str) -> list[tuple[str, str]]:
    lines = (line.split() for line in block.splitlines() if line.strip())
    return [(parts[0], parts[-1]) for parts in lines]


def _trained(
    model: Any, collator: Any, train: Sequence[dict[str, Any]], test: Sequence[dict[str, Any]], seed: int
) -> NDArray[np.float32]:
    """The outputs for the test rows after training: ``[rows, ...]``, or ``[2, rows, tokens]`` for spans."""
    from transformers import Trainer, TrainingArguments, set_seed

    set_seed(seed)
    order = random.Random(seed).sample(range(len(train)), len(train))
    with tempfile.TemporaryDirectory() as folder:
        settings = TrainingArguments(
            folder, learning_rate=RATE, per_device_train_batch_size=BATCH_SIZE, num_train_epochs=EPOCHS,
            per_device_eval_batch_size=64, warmup_steps=WARMUP, seed=seed, use_cpu=True, save_strategy="no",
            report_to=[], disable_tqdm=True, logging_strategy="no",
        )  # fmt: skip
        trainer: Any = Trainer(  # a list is a data set, which its types do not say
            model=model(), args=settings, data_collator=collator, train_dataset=[train[at] for at in order]
        )
        trainer.train()
        outputs = trainer.predict(list(test)).predictions
    return np.asarray(outputs)
