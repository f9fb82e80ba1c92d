"""A cluster of several Ray nodes: one is lost, or has no resources for the workers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from adaptkit.distributed.wait_limits import WaitLimits
from adaptkit.distributed.workers import Workers
from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.types import Trial
from adaptkit.errors import AdaptkitError
from tests.distributed.test_workers import (
    counting,
    end_of,
    in_one_process,
    replaced,
    scores,
    trials,
    wait_for_training,
)
from tests.end_to_end.test_interrupted import Running, agrees_with_optuna
from tests.helpers.displays import Lines
from tests.helpers.models import TinyModels
from tests.helpers.number_task import number_rows
from tests.helpers.populations import HEADS, ListScheduler, make_training

HEAD = "token-classification"
TRIALS = [Trial(number=one, learning_rate=1e-2, batch_size=4, epochs=2, seed=one) for one in range(4)]


class Requeuing(ListScheduler):
    """Gives the trials of a lost worker again."""

    def on_worker_lost(self, numbers: Collection[int], *, suspect: bool) -> None:
        self.waiting += [trial for trial in TRIALS if trial.number in numbers]


@pytest.fixture
def cluster() -> Iterator[Callable[[int], Any]]:
    """Starts a head with this many CPUs; the result adds nodes."""
    from ray.cluster_utils import Cluster

    started: list[Any] = []

    def start(cpus: int) -> Any:
        started.append(Cluster(initialize_head=True, head_node_args={"num_cpus": cpus}))
        return started[0]

    yield start
    for one in started:
        one.shutdown()


@pytest.mark.slow
def test_a_lost_nodes_trials_are_trained_again(
    cluster: Callable[[int], Any], command: list[object], tmp_path: Path
) -> None:
    longer = [*replaced(command, epochs=12), "--confirm", 0]
    ray = cluster(1)
    other = ray.add_node(num_cpus=1)
    running = Running([*longer, "--ray", ray.address, "--devices", "cpu,cpu"], tmp_path)
    wait_for_training(running)
    ray.remove_node(other, allow_graceful=False)
    end_of(running)
    study = tmp_path / "studies" / "long"
    assert " is lost" in running.output()
    assert [one for one in trials(study) if "its machine was lost" in one["reason"]]
    assert len(counting(study)) == 4
    assert scores(study) == scores(in_one_process(longer, tmp_path / "alone"))
    agrees_with_optuna(study)


@pytest.mark.slow
def test_a_worker_without_resources_is_done_without(cluster: Callable[[int], Any]) -> None:
    training = make_training(TinyModels().load("bert", HEADS[HEAD]), "lora", HEAD, number_rows(12, HEAD))
    scheduler, lines = Requeuing(TRIALS), Lines()
    wait_limits = WaitLimits(show_wait=1, start=60)
    with Workers(["cpu", "cpu"], cluster(1).address, wait_limits) as workers:
        workers.train(training, 1, BatchLimits(slots=1, examples=4), scheduler, lines)
    assert sorted(scheduler.outcomes) == [0, 1, 2, 3]


@pytest.mark.slow
def test_without_any_resources_the_wait_ends(cluster: Callable[[int], Any]) -> None:
    training = make_training(TinyModels().load("bert", HEADS[HEAD]), "lora", HEAD, number_rows(12, HEAD))
    lines, wait_limits = Lines(), WaitLimits(show_wait=1, start=4)
    with (
        Workers(["cpu", "cpu"], cluster(0).address, wait_limits) as workers,
        pytest.raises(AdaptkitError, match="did not start in 4 seconds: 0 of 0 CPUs free") as ended,
    ):
        workers.train(training, 1, BatchLimits(slots=1, examples=4), Requeuing(TRIALS), lines)
    assert ended.value.code == "no-workers"
    assert any("waits to start; the cluster has 0 of 0 CPUs free" in line for line in lines.notes)
