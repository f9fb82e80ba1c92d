"""What the driver shows of a worker."""

from __future__ import annotations

from adaptkit.distributed.messages import Process
from adaptkit.distributed.seat import Seat


def test_a_line_names_device_process_and_trials() -> None:
    seat = Seat(0, "cpu")
    seat.become("starting")
    assert seat.in_words() == "worker 1 (cpu): starting"
    seat.process = Process(pid=12, created=0.0, node="a")
    seat.trials = {3, 1}
    seat.become("training")
    assert seat.in_words() == "worker 1 (cpu), process 12: training 1, 3"
