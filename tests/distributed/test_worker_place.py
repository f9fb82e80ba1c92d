"""What the driver shows of a worker."""

from __future__ import annotations

from adaptkit.distributed.messages import Process
from adaptkit.distributed.worker_place import WorkerPlace


def test_a_line_names_device_process_and_trials() -> None:
    place = WorkerPlace(0, "cpu")
    place.become("starting")
    assert place.in_words() == "worker 1 (cpu): starting"
    place.process = Process(pid=12, created=0.0, node="a")
    place.trials = {3, 1}
    place.become("training")
    assert place.in_words() == "worker 1 (cpu), process 12: training 1, 3"
