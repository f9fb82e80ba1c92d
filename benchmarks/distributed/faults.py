"""Kills workers, drivers and machines of a study at random times, and compares it with an undisturbed one.

python -m benchmarks.distributed.faults RESULT.jsonl [--workers N] [--drivers N] [--nodes N]

Each case is a study of its own, with two workers. Cases that RESULT.jsonl has are not repeated.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from benchmarks import records
from benchmarks.distributed.studies import TRIALS, Run, command, compared, inputs, is_alive

LONGEST_DELAY = 12.0
"""Seconds. Training takes about as long."""

FAULTS_IN_A_STUDY = 2
SHARE_IN_TRAINING = 0.75
IN_TRAINING = r"process \d+: training \d"

Case = dict[str, Any]


def wait(run: Run, draw: Random, earliest: str) -> None:
    """Wait for a random time: mostly from when trials train, else from when this is shown."""
    run.wait_for(IN_TRAINING if draw.random() < SHARE_IN_TRAINING else earliest)
    time.sleep(draw.uniform(0, LONGEST_DELAY))


def worker_killed(run: Run, draw: Random) -> bool:
    """Kill a worker at a random time, from the start of its process on; whether there was one."""
    wait(run, draw, r"worker \d+ \(cpu\), process")
    alive = run.workers()
    if alive:
        draw.choice(alive).kill()
    return bool(alive)


def driver_killed(run: Run, draw: Random) -> bool:
    """Kill the driver at a random time, from the start of Ray on; its workers have to end soon."""
    wait(run, draw, r"worker \d+ \(cpu\): starting")
    workers = run.workers()
    if run.process.poll() is not None:
        return False
    run.process.kill()
    run.end()
    until = time.monotonic() + 60
    while left := [one for one in workers if is_alive(one.pid)]:
        if time.monotonic() > until:
            raise SystemExit(f"workers outlive their driver: {left}")
        time.sleep(0.05)
    return True


class Nodes:
    """A Ray cluster on this machine: a head, and a node for each worker."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        self.cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
        self.nodes = [self.cluster.add_node(num_cpus=1) for _ in range(2)]

    def lost(self, run: Run, draw: Random) -> bool:
        """Lose a machine at a random time, and let another one join."""
        run.wait_for(r"worker \d+ \(cpu\), process")
        time.sleep(draw.uniform(0, LONGEST_DELAY))
        if run.process.poll() is not None:
            return False
        self.cluster.remove_node(self.nodes.pop(draw.randrange(2)), allow_graceful=False)
        self.nodes.append(self.cluster.add_node(num_cpus=1))
        return True


class Benchmark:
    """All cases, in one folder."""

    def __init__(self, result: Path, folder: Path) -> None:
        self.result, self.folder = result, folder
        self.model, self.data = inputs(folder)
        self.undisturbed = folder / "undisturbed" / "studies" / "one"
        if not self.undisturbed.exists():
            alone = Run(command(self.model, self.data, "--device", "cpu"), folder / "undisturbed")
            if alone.end() != 0:
                raise SystemExit(alone.output())

    def cases(
        self, kind: str, count: int, more: Sequence[object], inject: Callable[[Run, Random], bool]
    ) -> None:
        """Inject so many faults of this kind; a study that ends before its fault does not count."""
        done = [one for one in records.read(self.result) if one["kind"] == kind]
        faults, number = sum(one["faults"] for one in done), len(done)
        while faults < count:
            case = self.case(kind, number, more, inject, min(FAULTS_IN_A_STUDY, count - faults))
            records.add(self.result, case)
            faults, number = faults + case["faults"], number + 1

    def case(
        self,
        kind: str,
        number: int,
        more: Sequence[object],
        inject: Callable[[Run, Random], bool],
        count: int,
    ) -> Case:
        """One study with up to so many faults; when one ends it, the same command continues it."""
        folder, again = self.folder / f"{kind} {number}", command(self.model, self.data, *more)
        shutil.rmtree(folder, ignore_errors=True)
        draw, begun, faults = Random(f"{kind} {number}"), time.monotonic(), 0
        run = Run(again, folder)
        for _ in range(count):
            faults += inject(run, draw)
            if run.process.poll() not in (None, 0):
                run = Run(again, folder)
        run.end()
        seconds = round(time.monotonic() - begun)
        found = {"kind": kind, "case": number, "faults": faults, "seconds": seconds}
        case = {**found, **compared(run, self.undisturbed)}
        if as_promised(case):
            shutil.rmtree(folder)
        return case


def as_promised(case: Case) -> bool:
    """Whether the study is as if nothing had happened."""
    exact = (case["code"], case["counted"], case["duplicates"], case["state"]) == (0, TRIALS, 0, "finished")
    return exact and case["same trials"] and case["same winner"] and not case["traceback"]


def table(cases: list[Case]) -> str:
    """One line for each kind of fault."""
    lines = [
        "| fault | times | studies as undisturbed | trials counted | duplicates | trained again |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for kind in dict.fromkeys(case["kind"] for case in cases):
        its = [case for case in cases if case["kind"] == kind and case["faults"]]
        times = sum(case["faults"] for case in its)
        good, interrupted = sum(map(as_promised, its)), sum(case["interrupted"] for case in its)
        counted, twice = sum(case["counted"] for case in its), sum(case["duplicates"] for case in its)
        lines.append(
            f"| {kind} | {times} | {good} of {len(its)} | {counted} of {len(its) * TRIALS} | {twice} "
            f"| {interrupted} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run the cases that are missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("result", type=Path)
    parser.add_argument("--workers", type=int, default=20)
    parser.add_argument("--drivers", type=int, default=5)
    parser.add_argument("--nodes", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "adaptkit-faults")
    given = parser.parse_args()
    benchmark, local = Benchmark(given.result, given.folder), ["--devices", "cpu,cpu"]
    benchmark.cases("driver killed", given.drivers, local, driver_killed)
    benchmark.cases("worker killed", given.workers, local, worker_killed)
    if given.nodes:
        nodes = Nodes()
        more = ["--ray", nodes.cluster.address, "--devices", "cpu,cpu"]
        benchmark.cases("node lost", given.nodes, more, nodes.lost)
        nodes.cluster.shutdown()
    print(table(records.read(given.result)))


if __name__ == "__main__":
    main()
