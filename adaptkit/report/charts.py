"""The coordinates of the charts: learning curves, learning rate against score, and runs with new seeds.

The HTML template turns them into SVG. Points without a finite score are left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median, stdev
from typing import Generic, TypeVar

from adaptkit.report import formatting
from adaptkit.study.confirmation import Candidate, Confirmation
from adaptkit.study.record import TrialRecord

WIDTH, HEIGHT = 520.0, 320.0
LEFT, RIGHT, TOP, BOTTOM = 54.0, 16.0, 30.0, 44.0
LANES_LEFT = 124.0
"""The place where the lanes of runs with new seeds begin, beside their names."""


@dataclass(frozen=True)
class Tick:
    """A position on an axis, and its label."""

    at: float
    label: str


@dataclass(frozen=True)
class Curve:
    """One trial's scores over its epochs."""

    trial: TrialRecord
    points: str
    """``x,y x,y ...``, as in an SVG polyline."""

    end: tuple[float, float]
    winner: bool


@dataclass(frozen=True)
class Dot:
    """One trial's score at its learning rate. ``batch`` is the shade for its batch size."""

    trial: TrialRecord
    x: float
    y: float
    batch: int
    winner: bool
    outside: bool
    """Whether the score is outside the chart's range, so that the mark is at the edge."""


Mark = TypeVar("Mark")


@dataclass(frozen=True)
class Chart(Generic[Mark]):
    """The marks and axes of a chart."""

    marks: Sequence[Mark]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    legend: Sequence[tuple[str, int]] = ()
    """Each batch size and its shade."""

    outside: int = 0


def learning_curves(trials: Sequence[TrialRecord], winner: int | None) -> Chart[Curve] | None:
    """Scores over epochs for every trial with at least two rungs. The winner is last, so it is on top."""
    kept = {
        trial.number: [(rung.epoch, rung.score) for rung in trial.rungs if math.isfinite(rung.score)]
        for trial in trials
    }
    drawn = [trial for trial in trials if len(kept[trial.number]) > 1]
    if not drawn:
        return None
    drawn.sort(key=lambda trial: trial.number == winner)
    scores = [value for trial in drawn for _, value in kept[trial.number]]
    epochs = [epoch for trial in drawn for epoch, _ in kept[trial.number]]
    x, y = _Axis(0.0, max(epochs), LEFT, WIDTH - RIGHT), _padded(min(scores), max(scores), _last(scores))
    curves = []
    for trial in drawn:
        places = [(x.at(epoch), y.at(value)) for epoch, value in kept[trial.number]]
        points = " ".join(f"{across:.1f},{down:.1f}" for across, down in places)
        curves.append(Curve(trial, points, places[-1], trial.number == winner))
    return Chart(curves, x.ticks(6), y.ticks(6))


def rate_scatter(trials: Sequence[TrialRecord], winner: int | None, direction: str) -> Chart[Dot] | None:
    """Learning rate (logarithmic) against score. Outliers are put at the edge."""
    drawn = [
        trial
        for trial in trials
        if formatting.finite(trial.score) and trial.hyperparameters.get("learning_rate", 0) > 0
    ]
    if not drawn:
        return None
    drawn.sort(key=lambda trial: trial.number == winner)
    rates = [math.log10(trial.hyperparameters["learning_rate"]) for trial in drawn]
    scores = [trial.score for trial in drawn if trial.score is not None]
    low, high = _without_outliers(scores, direction)
    x, y = _rate_axis(min(rates), max(rates)), _padded(low, high, _last(scores))
    sizes = sorted({trial.hyperparameters.get("batch_size", 0.0) for trial in drawn})
    dots = []
    for trial, rate, value in zip(drawn, rates, scores, strict=True):
        batch = _shade(sizes.index(trial.hyperparameters.get("batch_size", 0.0)), len(sizes))
        inside = low <= value <= high
        height = y.at(min(max(value, low), high)) if inside else y.edge(value)
        dots.append(Dot(trial, x.at(rate), height, batch, trial.number == winner, not inside))
    legend = [(f"{size:g}", _shade(place, len(sizes))) for place, size in enumerate(sizes) if size]
    return Chart(dots, _rate_ticks(x), y.ticks(6), legend, sum(dot.outside for dot in dots))


LANE = 34.0
"""The height of a configuration's lane in the chart of runs with new seeds."""


@dataclass(frozen=True)
class Lane:
    """One configuration: its runs, their mean, and one standard deviation to each side of it."""

    candidate: Candidate
    y: float
    runs: Sequence[tuple[float, float]]
    """The place and the score of each run."""

    mean: float
    start: float
    end: float


def run_lanes(confirmation: Confirmation | None) -> Chart[Lane] | None:
    """A lane for each configuration that has a score: a dot for each run, their mean and deviation."""
    drawn = [one for one in confirmation.candidates if one.scores] if confirmation else []
    if not drawn:
        return None
    spreads = [_spread(one) for one in drawn]
    ends = [value for one, spread in zip(drawn, spreads, strict=True) for value in (*one.scores, *spread)]
    margin = (max(ends) - min(ends)) * 0.06 or abs(max(ends)) * 0.05 or 0.5
    last = _last([score for one in drawn for score in one.scores])
    x = _Axis(min(ends) - margin, max(ends) + margin, LANES_LEFT, WIDTH - RIGHT, last)
    lanes = []
    for place, (one, (low, high)) in enumerate(zip(drawn, spreads, strict=True)):
        runs = [(x.at(score), score) for score in one.scores]
        lanes.append(Lane(one, LANE * (place + 0.7), runs, x.at(fmean(one.scores)), x.at(low), x.at(high)))
    return Chart(lanes, x.ticks(6), ())


def _spread(one: Candidate) -> tuple[float, float]:
    """One standard deviation below and above the mean."""
    mean, deviation = fmean(one.scores), stdev(one.scores) if len(one.scores) > 1 else 0.0
    return mean - deviation, mean + deviation


SHADES = 6


def _shade(position: int, count: int) -> int:
    """The shade for one of ``count`` ordered values; the values are spread over all shades."""
    return 0 if count == 1 else round(position * (SHADES - 1) / (count - 1))


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float
    start: float
    """The coordinate of ``low``."""

    end: float
    last: float = math.inf
    """The largest value that has a label."""

    def at(self, value: float) -> float:
        spread = self.high - self.low
        part = (value - self.low) / spread if spread > 0 else 0.5
        return self.start + part * (self.end - self.start)

    def edge(self, value: float) -> float:
        return self.start - 6 if value < self.low else self.end + 6

    def ticks(self, most: int) -> list[Tick]:
        step = _step(self.high - self.low, most)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(min(self.high, self.last) / step + 1e-9)
        places = max(0, -math.floor(math.log10(step) + 1e-9))
        return [Tick(self.at(n * step), f"{n * step:.{places}f}") for n in range(first, last + 1)]


def _step(spread: float, most: int) -> float:
    """A round step (1, 2 or 5 times a power of ten) that gives at most ``most`` ticks."""
    if spread <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(spread / most))
    return next(power * factor for factor in (1, 2, 5, 10, 20) if spread / (power * factor) <= most)


def _padded(low: float, high: float, last: float = math.inf) -> _Axis:
    margin = (high - low) * 0.06 or abs(high) * 0.05 or 0.5
    return _Axis(low - margin, high + margin, HEIGHT - BOTTOM, TOP, last)


def _last(scores: Sequence[float]) -> float:
    """The largest label: 1 if no score is higher, because most metrics have no higher ones."""
    return 1.0 if max(scores) <= 1 else math.inf


def _rate_axis(low: float, high: float) -> _Axis:
    margin = max((high - low) * 0.06, 0.12, (0.5 - (high - low)) / 2)  # at least half a decade, so one tick
    return _Axis(low - margin, high + margin, LEFT, WIDTH - RIGHT)


def _rate_ticks(axis: _Axis) -> list[Tick]:
    """Ticks at 1, 2 and 5 times each power of ten; only at the powers if the axis spans more than three."""
    factors = (1, 2, 5) if axis.high - axis.low <= 3 else (1,)
    powers = range(math.floor(axis.low), math.ceil(axis.high) + 1)
    marks = [(math.log10(factor) + power, f"{factor}e{power}") for power in powers for factor in factors]
    return [Tick(axis.at(place), label) for place, label in marks if axis.low <= place <= axis.high]


def _without_outliers(scores: Sequence[float], direction: str) -> tuple[float, float]:
    """The range without outliers: those more than three times as far from the median as the best score."""
    low, high = min(scores), max(scores)
    middle = median(scores)
    if direction == "maximize":
        return min(score for score in scores if score >= middle - 3 * (high - middle)), high
    return low, max(score for score in scores if score <= middle + 3 * (middle - low))
