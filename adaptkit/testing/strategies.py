"""The kit for strategies: what trains, trials together and alone, and saving, on five encoder families."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from torch import nn

from adaptkit.engine.trial_stack import layout_of, read_slot
from adaptkit.strategies.apply import adapted
from adaptkit.strategies.registry import ill_formed
from adaptkit.strategy import Strategy
from adaptkit.system.quiet import quiet
from adaptkit.task import Example, Row, Task
from adaptkit.tasks.classification import classification_metric, most_probable_class
from adaptkit.tasks.examples import text_examples
from adaptkit.testing import saving, training
from adaptkit.testing.families import FAMILIES, write_family
from adaptkit.testing.findings import Finding, Nonconformity, failed
from adaptkit.testing.fixtures import Fixtures
from adaptkit.testing.undisturbed import undisturbed

GOOD, BAD = ("bright", "merry", "kind", "warm"), ("grey", "bleak", "cold", "bitter")
THINGS = ("the river", "an old boat", "this long street", "our neighbour", "a letter", "the market square")

ROWS: list[Row] = [
    {"text": f"{thing} was {words[place % 4]} {'and quiet ' * (place % 3)}today", "label": label}
    for place, thing in enumerate(THINGS)
    for label, words in (("good", GOOD), ("bad", BAD))
]
"""Texts of different lengths, with two classes."""

Check = Callable[[Strategy, Fixtures], None]


class FamilyFixtures(Fixtures):
    """A classification of texts by a tiny encoder of one family."""

    family = "bert"

    @cached_property
    def encoder(self) -> Path:
        """The folder of the tiny encoder."""
        return write_family(self.folder / "encoder", self.family, self.texts)


def check_strategy(strategy: Strategy) -> list[Finding]:
    """Run every check of the kit on a strategy, on the CPU, with tiny random encoders of five families.

    Args:
        strategy: what the plugin's factory returns.
    """
    wrong = ill_formed(strategy)
    if wrong:
        fix = "Correct these arguments of Strategy."
        return [Finding(check="parts", state="failed", problem="; ".join(wrong), fix=fix)]
    found = [Finding(check="parts", state="passed")]
    with undisturbed(), quiet():
        for family in FAMILIES:
            found += _of_family(strategy, family)
    return found


def assert_strategy_conforms(strategy: Strategy) -> None:
    """Raise an AssertionError that lists every failed check. Call it in a plugin's test."""
    wrong = [one for one in check_strategy(strategy) if one.state == "failed"]
    if wrong:
        lines = [f"  {one.check}: {one.problem}\n    {one.fix}" for one in wrong]
        raise AssertionError(f"strategy {strategy.name!r} fails {len(wrong)} checks\n" + "\n".join(lines))


def _of_family(strategy: Strategy, family: str) -> list[Finding]:
    """The findings of one family; after a failed check the others are skipped."""
    found: list[Finding] = []
    with tempfile.TemporaryDirectory() as folder:
        fixtures = FamilyFixtures(_task(), ROWS, Path(folder))
        fixtures.family = family
        for name, check in CHECKS.items():
            found.append(_finding(f"{family}: {name}", partial(check, strategy, fixtures)))
            if found[-1].state == "failed":
                break
    return found


def _finding(name: str, run: Callable[[], None]) -> Finding:
    try:
        run()
    except Exception as error:  # any error of the plugin is a finding
        return failed(name, error)
    return Finding(check=name, state="passed")


def _what_trains(strategy: Strategy, fixtures: Fixtures) -> None:
    """The head trains, the encoder as the strategy says, and every trial starts with the same values."""
    loaded = fixtures.loaded()
    head = {id(p) for name, p in loaded.module.named_parameters() if name in loaded.newly_initialized}
    encoder = {id(p) for p in loaded.module.parameters()} - head
    module = adapted(loaded, strategy)
    trained = {id(p) for p in module.parameters() if p.requires_grad}
    if not trained - head and strategy.trains_encoder:
        raise Nonconformity(
            "nothing but the head trains",
            expected="parameters of the encoder, or new ones, unless trains_encoder is False",
            next_step="Name them in trained, or set requires_grad in adapt; or set trains_encoder=False.",
        )
    if trained & encoder and not strategy.trains_encoder:
        raise Nonconformity(
            "parameters of the encoder train, and trains_encoder is False",
            expected="an encoder that keeps its weights",
            next_step="Set trains_encoder=True.",
        )
    if not _head_trains(module, loaded.newly_initialized):
        raise Nonconformity(
            "the head does not train, or only a part of it",
            expected="every parameter of AdaptableModel.head among those that train",
            next_step="Set requires_grad of the head's parameters in adapt.",
        )
    again = adapted(fixtures.loaded(), strategy)
    if not bool((_start(module) == _start(again)).all()):
        raise Nonconformity(
            "two calls of adapt start with different values",
            expected="the same values for the same model and torch.manual_seed",
            next_step="Draw random numbers from torch's generator only.",
        )


def _start(module: nn.Module) -> Any:
    """Where a trial starts: ``[P]``."""
    return read_slot(module, layout_of(module))


def _head_trains(module: nn.Module, head: frozenset[str]) -> bool:
    """Whether each parameter of the head trains, under its own name or that of a wrapper."""
    trained = [name.split(".") for name, p in module.named_parameters() if p.requires_grad]
    return all(any(_is_part(name.split("."), of) for of in trained) for name in head)


def _is_part(name: list[str], of: list[str]) -> bool:
    """Whether the parts of a name occur in this order in another name."""
    rest = iter(of)
    return all(part in rest for part in name)


def _together(strategy: Strategy, fixtures: Fixtures) -> None:
    """Trials that are trained together have the same results as each alone."""
    training.together(strategy)(fixtures)


def _round_trip(strategy: Strategy, fixtures: Fixtures) -> None:
    """A trained model gives the same outputs after it is saved and loaded."""
    saving.round_trip(strategy)(fixtures)


CHECKS: Mapping[str, Check] = {
    "what trains": _what_trains,
    "trained together": _together,
    "save and load": _round_trip,
}
"""Name → check, for each family."""


def _task() -> Task:
    from transformers import DataCollatorWithPadding

    def encode(rows: Any, tokenizer: Any, labels: Any, max_length: int) -> list[Example]:
        places = {label: place for place, label in enumerate(labels)}
        return text_examples(
            rows, tokenizer, max_length, "text", target=lambda row: places.get(row.get("label", ""))
        )

    return Task(
        name="moods", columns={"text": "a text", "label": "its mood"}, head="sequence-classification",
        encode=encode, decode=most_probable_class, metric=classification_metric,
        collator=DataCollatorWithPadding,
    )  # fmt: skip
