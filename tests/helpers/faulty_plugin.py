"""An installed task plugin of which one part does something wrong, as its options say."""

from __future__ import annotations

from pathlib import Path

DISTRIBUTION = "shop-faulty"

CODE = '''
import sys
from dataclasses import replace
from functools import wraps

from adaptkit_text_classification import text_classification


def wrong(kind):
    """What the part does instead of its work."""
    if kind.startswith("exit"):
        sys.exit(int(kind.removeprefix("exit") or 0))
    if kind == "none":
        return None
    if kind == "base":
        raise BaseException("no Exception")
    if kind == "huge":
        return 10**400
    raise {"key": KeyError, "value": ValueError, "memory": MemoryError}.get(kind, RuntimeError)("broke")


def broken(part, kind, calls):
    """The part, which goes wrong from its call of this number on."""
    done = []

    @wraps(part)
    def call(*arguments, **options):
        done.append(1)
        return wrong(kind) if len(done) > calls else part(*arguments, **options)

    return call


def lazy(part, kind):
    """The part as a generator that goes wrong while it is read."""

    def call(*arguments, **options):
        yield from list(part(*arguments, **options))[:1]
        wrong(kind)

    return call


def head(config, labels):
    import torch

    class Mean(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.out = torch.nn.Linear(config.hidden_size, len(labels))

        def forward(self, hidden, mask):
            return self.out(hidden.mean(1))

    return Mean()


def failing_head(kind, tokens):
    """A head that goes wrong on long batches, so not when it is tried on two short examples."""

    def make(config, labels):
        module = head(config, labels)
        forward = module.forward

        def called(hidden, mask):
            return wrong(kind) if hidden.shape[1] > tokens else forward(hidden, mask)

        module.forward = called
        return module

    return make


def not_a_number(loss):
    """The loss, all of whose values are NaN."""

    def call(outputs, batch):
        losses, weights = loss(outputs, batch)
        return losses * float("nan"), weights

    return call


VALUES = {
    "huge": 10**400, "endless": 10**5000, "bool": True, "text": "0.5", "none": None, "list": [0.5],
    "complex": 1j,
}


def scores(kind):
    from adaptkit import Scores

    if kind == "tensor":
        import torch

        return Scores(values={"macro_f1": torch.tensor(0.5)})
    return Scores(values={"macro_f1": VALUES[kind]})


def faulty(*, part: str = "", kind: str = "key", after: int = 0):
    task = text_classification()
    if part == "nan":
        return replace(task, loss=not_a_number(task.loss))
    if part == "score":
        compute = lambda predictions, rows: scores(kind)
        return replace(task, metric=replace(task.metric, compute=compute))
    if part == "metric":
        return replace(task, metric=replace(task.metric, compute=broken(task.metric.compute, kind, after)))
    if part == "collating":
        make = task.collator
        return replace(task, collator=lambda *given, **more: broken(make(*given, **more), kind, after))
    if part == "head":
        return replace(task, head=broken(head, kind, after))
    if part == "forward":
        return replace(task, head=failing_head(kind, 5 + after))
    if part == "calibrate":
        return replace(task, calibrate=broken(lambda predictions, rows: {}, kind, after))
    if part == "readers":
        def read(path):
            yield 1, {"text": "a", "label": "b"}
            wrong(kind)

        return replace(task, readers={".csv": read})
    if part.startswith("lazy "):
        name = part.removeprefix("lazy ")
        return replace(task, **{name: lazy(getattr(task, name), kind)})
    if part:
        return replace(task, **{part: broken(getattr(task, part), kind, after)})
    return task
'''


def write_plugin(site: Path) -> Path:
    """Write the distribution into a folder, which is to be on the path."""
    information = site / "shop_faulty-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {DISTRIBUTION}\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[adaptkit.tasks]\nfaulty = shop_faulty:faulty\n")
    (site / "shop_faulty.py").write_text(CODE)
    return site
