"""The urgency of a message, from 1 (whenever you can) to 5 (immediately), as an adaptkit task."""

from adaptkit import Example, Metric, Scores, Task


def prepare(row):
    text, urgency = row["text"], row.get("urgency")
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"text = {text!r}; expected a message")
    if urgency is None:
        return {"text": text}  # a row to be predicted
    if str(urgency) not in set("12345"):
        raise ValueError(f"urgency = {urgency!r}; expected an integer from 1 to 5")
    return {"text": text, "urgency": int(urgency)}


def encode(rows, tokenizer, labels, max_length):
    examples = []
    for position, row in enumerate(rows):
        inputs = dict(tokenizer(row["text"], truncation=True, max_length=max_length))
        if "urgency" in row:  # four yes-or-no questions: is it above 1, above 2, above 3, above 4?
            inputs["labels"] = [float(row["urgency"] > level) for level in range(1, 5)]
        examples.append(Example(row=position, inputs=inputs))
    return examples


def loss(outputs, batch):
    from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

    losses = cross_entropy(outputs["logits"].float(), batch["labels"], reduction="none")  # [batch, 4]
    return losses, losses.new_ones(losses.shape)


def errors(predictions, rows):
    apart = [abs(one - row["urgency"]) for one, row in zip(predictions, rows, strict=True)]
    return Scores(values={"mean_error": sum(apart) / len(apart), "exact": apart.count(0) / len(apart)})


def urgency() -> Task:
    from transformers import DataCollatorWithPadding

    return Task(
        name="urgency", columns={"text": "a message", "urgency": "1 to 5"}, target_columns=["urgency"],
        labels_of=None, prepare=prepare, encode=encode, collator=DataCollatorWithPadding, loss=loss,
        head="sequence-classification", config_overrides={"num_labels": 4},
        decode=lambda outputs, examples, labels: (1 + (outputs["logits"] > 0).sum(-1)).tolist(),
        metric=Metric(name="mean_error", direction="minimize", compute=errors, others={"exact": "maximize"}),
    )  # fmt: skip
