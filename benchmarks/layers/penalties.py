"""The penalty of a solved head on tokens, by the number of training sentences: layer 3 of 6.

    python -m benchmarks.layers.penalties --data FOLDER

Prints the test score of each penalty in points, as a Markdown table. Fewer sentences are a part of more.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks.baselines.data_sets import READERS, subset
from benchmarks.layers.run import logits_of, score_of, solved, states_of, words_of
from benchmarks.ner_lora.run import SETS, TAGS, tags

SENTENCES, TEST_SENTENCES = (200, 600, 1500), "700"
PENALTIES = (3e-4, 1e-3, 2e-3, 5e-3, 1e-2)
LAYER = 2


def main(arguments: Sequence[str]) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.layers.penalties")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default=",".join(SETS))
    options = parser.parse_args(arguments)
    print(f"| data set | sentences | {' | '.join(f'{l2:g}' for l2 in PENALTIES)} |")
    print(f"|---|--:{'|--:' * len(PENALTIES)}|")
    for name in options.sets.split(","):
        for line in lines(options.data, name):
            print(line, flush=True)


def lines(folder: Path, name: str) -> list[str]:
    """A line of the table for each number of sentences."""
    reader = tags if name == TAGS else READERS[name][2]
    rows = (("train", str(max(SENTENCES))), ("test", TEST_SENTENCES))
    train, test = ([words_of(block) for (block,) in subset(reader(folder, part), of, 0)] for part, of in rows)
    states, unseen = (states_of(sentences)[:, LAYER] for sentences in (train, test))  # each [words, width]
    score = score_of(test, accuracy=name == TAGS)
    found = []
    for count in SENTENCES:
        its = [tag for words in train[:count] for _, tag in words]
        names = sorted(set(its))
        answers = torch.tensor([names.index(tag) for tag in its])  # [words]
        heads = (solved(states[: len(its)], answers, len(names), l2) for l2 in PENALTIES)
        predicted = [logits_of(unseen, *head).argmax(-1).tolist() for head in heads]
        scores = [100 * score([names[tag] for tag in one]) for one in predicted]
        found.append(f"| {name} | {count:,} | {' | '.join(f'{one:.1f}' for one in scores)} |")
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
