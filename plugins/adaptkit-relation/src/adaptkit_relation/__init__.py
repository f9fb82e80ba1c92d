"""Relation extraction as an adaptkit task: how two entities that are marked in a text are related.

A new token stands before and after each entity, and the head reads the states of the tokens before them
("entity markers, entity start": Baldini Soares et al. 2019, https://arxiv.org/abs/1906.03158).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import adaptkit
from adaptkit import Example, Row, Task

MARKS = {"<e1>": "[E1]", "</e1>": "[/E1]", "<e2>": "[E2]", "</e2>": "[/E2]"}
"""As entities are marked in the data, and the new tokens in their place."""


def prepare(row: Row) -> Row:
    """The row's text and label; raises ValueError unless each entity is marked once."""
    text = adaptkit.required_text(row, "text", "sentence")
    places = [text.find(mark) for mark in MARKS]
    once = all(text.count(mark) == 1 and token not in text for mark, token in MARKS.items())
    if not once or places[0] > places[1] or places[2] > places[3]:
        raise ValueError(f"text = {text!r:.80}; expected <e1>one</e1> and <e2>another</e2> entity")
    name = adaptkit.first_column(row, ("label", "relation"))
    return {"text": text, "label": adaptkit.only_class(row[name])} if name in row else {"text": text}


def encode(rows: Sequence[Row], tokenizer: Any, labels: Sequence[str], max_length: int) -> list[Example]:
    """An example for each row; of a text that is too long, the tokens that are nearest to a mark."""
    examples = []
    for position, row in enumerate(rows):
        text = row["text"]
        for mark, token in MARKS.items():
            text = text.replace(mark, token)
        whole = tokenizer(text, verbose=False, return_special_tokens_mask=True)
        fixed = set(tokenizer.convert_tokens_to_ids(list(MARKS.values())))
        places = [place for place, one in enumerate(whole["input_ids"]) if one in fixed]
        ends = whole.pop("special_tokens_mask")
        near = [0 if end else min(abs(place - one) for one in places) for place, end in enumerate(ends)]
        kept = sorted(sorted(range(len(near)), key=near.__getitem__)[:max_length])
        inputs: dict[str, Any] = {name: [values[place] for place in kept] for name, values in whole.items()}
        first = tokenizer.convert_tokens_to_ids(["[E1]", "[E2]"])
        inputs["starts"] = [inputs["input_ids"].index(one) for one in first]
        if "label" in row:
            inputs["labels"] = labels.index(row["label"])
        examples.append(Example(row=position, inputs=inputs))
    return examples


def head(config: Any, labels: Sequence[str]) -> Any:
    """Dropout and a linear layer on the states of the two tokens before the entities."""
    import torch

    class TwoEntities(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.dropout = torch.nn.Dropout(0.1)
            self.out = torch.nn.Linear(2 * config.hidden_size, len(labels))

        def forward(self, hidden: torch.Tensor, mask: torch.Tensor, starts: torch.Tensor) -> torch.Tensor:
            places = starts.unsqueeze(-1).expand(-1, -1, hidden.shape[-1])  # [batch, 2, width]
            logits: torch.Tensor = self.out(self.dropout(hidden.gather(1, places).flatten(1)))
            return logits  # [batch, labels]

    return TwoEntities()


def relation() -> Task:
    """The relation of two entities, which a text marks as ``<e1>Ada</e1> knows <e2>Bo</e2>``."""
    from transformers import DataCollatorWithPadding

    metric = replace(adaptkit.classification_metric, name="macro_f1", others={"accuracy": "maximize"})
    columns = {"text": "a text with <e1>one</e1> and <e2>another</e2> entity", "label": "their relation"}
    return Task(
        name="relation", columns=columns, target_columns=("label", "relation"), prepare=prepare,
        encode=encode, collator=DataCollatorWithPadding, head=head, head_inputs=("starts",),
        new_tokens=tuple(MARKS.values()), decode=adaptkit.most_probable_class,
        metric=replace(metric, groups_title="relation", description="mean F1 of the relations"),
        baseline=adaptkit.class_baselines("text"), sample=Path(__file__).parent / "sample",
    )  # fmt: skip
