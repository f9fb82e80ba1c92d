"""How a study was done: what was searched and trained, on what device, and how long it took."""

from __future__ import annotations

from adaptkit.report import formatting
from adaptkit.study.ranges import plain_range
from adaptkit.study.record import StudySummary

POOLINGS = {
    "mean": "one linear layer on the mean of the tokens' states",
    "first": "one linear layer on the first token's state",
    "normalized-mean": "one linear layer on the mean of the tokens' states, divided by its length",
    "normalized-first": "one linear layer on the first token's state, divided by its length",
    "pair": "one linear layer on both texts, each the mean of its tokens' states, and on their comparison",
}
"""What a head does that pools the tokens' states itself."""


def setting(summary: StudySummary) -> list[tuple[str, str]]:
    """What was searched and trained, and how, as pairs of name and value."""
    facts = [
        (f"searched {formatting.in_words(name)}", plain_range(text)) for name, text in summary.space.items()
    ]
    facts += [
        *_head(summary),
        *_layers(summary),
        *_rows(summary),
        *_loss(summary),
        *_trained(summary),
        *_together(summary),
        *_measured(summary),
        *_fast_paths(summary),
    ]
    if summary.total_parameters:  # until the model is loaded, the device may be "auto"
        facts.append(("device", f"{summary.device}, {summary.precision}"))
    if summary.encoder_passes is not None:
        facts.append(("encoder", _encoder(summary.encoder_passes, summary.features_reused)))
    if summary.peak_memory_bytes:
        facts.append(("peak memory", formatting.size(summary.peak_memory_bytes)))
    return facts


def is_solved(summary: StudySummary) -> bool:
    """Whether the heads are solved, and not trained in steps."""
    return "l2" in summary.space


def phases(summary: StudySummary) -> list[str]:
    """The time spent, phase by phase: "data 3.1 s", "train 5 min 12 s"."""
    spent = [(name, seconds) for name, seconds in summary.seconds.items() if seconds > 0]
    return [f"{name} {formatting.duration(seconds)}" for name, seconds in spent]


def _head(summary: StudySummary) -> list[tuple[str, str]]:
    """How the head pools the tokens' states, and whether it was solved."""
    how = POOLINGS.get(summary.pooling, "")
    if not how and summary.head == "sequence-classification":
        how = "pools as the checkpoint's own architecture does"
    solved = "solved by L-BFGS with an L2 penalty, not trained in steps" if is_solved(summary) else ""
    text = "; ".join(part for part in (how, solved) if part)
    return [*([("head", text)] if text else []), *_choice_of_pooling(summary)]


def _choice_of_pooling(summary: StudySummary) -> list[tuple[str, str]]:
    """What the ways to pool scored, if one had to be chosen."""
    scores = ", ".join(f"{name} {score:.4f}" for name, score in summary.pooling_scores.items())
    chosen = f"{summary.pooling}, the best in cross-validation by {summary.metric}: {scores}"
    return [("pooling", chosen)] if scores else []


def _layers(summary: StudySummary) -> list[tuple[str, str]]:
    """How many of the encoder's layers are used, if not all."""
    return [("layers", f"the first {summary.layers} of the encoder")] if summary.layers else []


def _rows(summary: StudySummary) -> list[tuple[str, str]]:
    """Which dev rows scored the trials, if not the same for all."""
    if not summary.reshuffle:
        return []
    return [("dev rows", "split off anew for each trial; confirmation runs have those of the default trial")]


def _loss(summary: StudySummary) -> list[tuple[str, str]]:
    """The weights of the classes in the loss, and label smoothing, where they are used."""
    facts = [("class weights", summary.class_weights)] if summary.class_weights != "none" else []
    smoothing = summary.label_smoothing
    return facts + ([("label smoothing", f"{smoothing:g}")] if smoothing else [])


def _trained(summary: StudySummary) -> list[tuple[str, str]]:
    """How much of the model is trained, once that is known."""
    if not summary.total_parameters:
        return []
    part = formatting.share(summary.trained_parameters / summary.total_parameters)
    trained, total = formatting.count(summary.trained_parameters), formatting.count(summary.total_parameters)
    rest = _vocabulary(summary.occurring_tokens)
    return [("trained", f"{trained} of {total} parameters ({part}) in each trial{rest}")]


def _together(summary: StudySummary) -> list[tuple[str, str]]:
    """How many trials are trained together, once that is known."""
    if not summary.parallel_trials:
        return []
    each = f" in each of {summary.workers} worker processes" if summary.workers > 1 else ""
    population = f"{formatting.in_trials(summary.parallel_trials)} in one population{each}"
    one_pass = (
        f"{summary.trials_per_pass} in one forward pass, at most {summary.micro_batch} examples of each"
    )
    facts = [("parallel trials", f"{population}, {one_pass}")]
    return facts + ([("not together because", summary.not_together)] if summary.not_together else [])


def _fast_paths(summary: StudySummary) -> list[tuple[str, str]]:
    """The fast paths in use, if any."""
    if not summary.fast_paths:
        return []
    names = ", ".join(formatting.in_words(name) for name in summary.fast_paths)
    return [("fast paths", f"{names} (faster code for the same numbers)")]


def _vocabulary(tokens: int | None) -> str:
    """Which token embeddings are trained, if not all."""
    if tokens is None:
        return ""
    return f"; of the token embeddings only the {formatting.count(tokens)} whose tokens occur"


def _measured(summary: StudySummary) -> list[tuple[str, str]]:
    """The measurements that decided how many trials are trained together."""
    if not summary.speeds:
        return []
    speeds = ", ".join(f"{rows}: {formatting.count(round(speed))}" for rows, speed in summary.speeds.items())
    return [
        ("memory per trial", formatting.size(summary.bytes_a_trial)),
        ("examples/s", f"by trials in one forward pass: {speeds}"),
    ]


def _encoder(passes: int, reused: int) -> str:
    """How often the frozen encoder read the data, and how many features were reused."""
    if passes == 0:
        return "features of an earlier study reused"
    times = "once" if passes == 1 else f"{formatting.count(passes)} times"
    rest = f"; features of {formatting.count(reused)} examples reused" if reused else ""
    return f"read the data {times} for all trials{rest}"
