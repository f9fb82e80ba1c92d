"""What is said of workers that let others wait, and when they are taken for lost."""

from __future__ import annotations

from typing import Any

from adaptkit.distributed.wait_limits import WaitLimits
from adaptkit.distributed.watch import Watch
from adaptkit.distributed.worker_place import WorkerPlace
from tests.helpers.displays import Lines
from tests.helpers.populations import ListScheduler

LIMITS = WaitLimits(show_wait=10, start=300, show_silence=60, silence=900, silence_at_the_end=60)


def place(state: Any, silent: float) -> WorkerPlace:
    found = WorkerPlace(0, "cpu")
    found.become(state)
    found.since -= silent
    return found


def test_waits_are_explained_once() -> None:
    notes = Lines()
    watch = Watch(LIMITS, notes, lambda: "0 of 1 CPUs free")
    for state, silent in (("starting", 5), ("training", 50), ("waiting", 500)):
        watch.explain(place(state, silent))
    assert notes.notes == []
    for _ in range(2):
        watch.explain(place("starting", 11))
        watch.explain(place("training", 61))
    waits, silence = notes.notes
    assert "waits to start; the cluster has 0 of 1 CPUs free; after 300 seconds" in waits
    assert "no sign for 61 seconds; after 900 seconds it is taken for lost" in silence


def test_a_start_fails_after_its_time() -> None:
    watch = Watch(LIMITS, Lines(), str)
    assert [watch.start_failed(place("starting", silent)) for silent in (299, 301)] == [False, True]
    assert not watch.start_failed(place("training", 301))


def test_a_silent_worker_is_lost_sooner_when_time_is_up() -> None:
    watch, going, stopped = Watch(LIMITS, Lines(), str), ListScheduler([]), ListScheduler([])
    stopped.stop_after = 0
    training, silent = [place("training", one) for one in (59, 61, 901)], [False, True, True]
    assert [watch.is_silent(one) for one in training] == [False, False, True]
    assert [watch.is_silent(place("waiting", one)) for one in (59, 61, 901)] == silent
    assert [watch.is_silent_at_the_end(one, stopped) for one in training] == silent
    assert not any(watch.is_silent_at_the_end(one, going) for one in training)
    assert not watch.is_silent(place("starting", 901))
    assert not watch.is_silent_at_the_end(place("waiting", 901), stopped)
