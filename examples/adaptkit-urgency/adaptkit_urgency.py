"""How much two texts mean the same, from 0 to 5, as an adaptkit task."""

import numpy as np

from adaptkit import Example, Metric, Scores, Task


def prepare(row):
    texts = {side: str(row[side]) for side in ("first", "second")}
    if row.get("score") is None:
        return texts  # a row to be predicted
    score = float(row["score"])
    if not 0 <= score <= 5:
        raise ValueError(f"score = {score}; expected a number from 0 to 5")
    return {**texts, "score": score}


def encode(rows, tokenizer, labels, max_length):
    firsts, seconds = [row["first"] for row in rows], [row["second"] for row in rows]
    batch = tokenizer(firsts, seconds, truncation=True, max_length=max_length)
    inputs = [{name: batch[name][i] for name in batch} for i in range(len(rows))]
    answers = [{"labels": row["score"]} if "score" in row else {} for row in rows]
    return [Example(row=i, inputs={**inputs[i], **answers[i]}) for i in range(len(rows))]


def squared_error(outputs, batch):
    losses = (outputs["logits"].float().squeeze(-1) - batch["labels"]) ** 2  # [batch]
    return losses, losses.new_ones(losses.shape)


def correlation(predictions, rows):
    return Scores(values={"pearson": float(np.corrcoef(predictions, [row["score"] for row in rows])[0, 1])})


def similarity() -> Task:
    from transformers import DataCollatorWithPadding

    return Task(
        name="similarity", columns={"first": "a text", "second": "a text", "score": "from 0 to 5"},
        answers=["score"], labels_of=None, prepare=prepare, encode=encode,
        head="sequence-classification", config_overrides={"num_labels": 1}, collator=DataCollatorWithPadding,
        loss=squared_error, decode=lambda outputs, examples, labels: outputs["logits"][:, 0].tolist(),
        metric=Metric(name="pearson", direction="maximize", compute=correlation),
        parse=lambda text: dict(zip(("first", "second"), text.split(" | ", 1), strict=True)),
    )  # fmt: skip
