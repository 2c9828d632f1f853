#!/usr/bin/env python3
"""How much of its fair share of the processors srwm makes use of when other programs want them, too.

Fair share: the processor time that as many busy loops as srwm has threads get in its place, over what they get on the
idle machine. 100 % of it means: with half of the time, half of the idle speed. The machine has to be idle otherwise.

Prints a table in Markdown; ends with 1 if a row is below --aim."""
import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

BUSY = [sys.executable, "-c", "while True: pass"]
CGROUP = Path("/sys/fs/cgroup")


@dataclass
class Scenario:
    """Runs of srwm side by side, among `neighbors` other busy processes."""
    name: str
    neighbors: int = 0
    nice: int = 0
    quota: float = 0  # CPUs; 0: none
    runs: int = 1
    threads: int = 0  # --threads; 0: not given
    options: list = field(default_factory=list)

    @property
    def is_idle(self):
        return not (self.neighbors or self.nice or self.quota or self.threads or self.options) and self.runs == 1


def scenarios(cpus):
    several = list(range(1, 5))
    return [Scenario("idle"), Scenario("1 neighbor", neighbors=1), Scenario("2 neighbors", neighbors=2),
            Scenario("4 neighbors", neighbors=4), Scenario("nice 5, 1 neighbor", neighbors=1, nice=5),
            Scenario("a quota of 1.5 CPUs", quota=1.5), Scenario(f"{8 * cpus} threads asked for", threads=8 * cpus),
            Scenario(f"{8 * cpus} threads asked for, 1 neighbor", neighbors=1, threads=8 * cpus),
            Scenario("two runs side by side", runs=2),
            Scenario("--seeds 1-4", options=["--seeds", ",".join(map(str, several))])]


@contextlib.contextmanager
def processes(commands, **options):
    started = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options)
               for command in commands]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait()
            process.stderr.close()


def own_cgroup_v1(controller):
    """Where this process is in the tree of a controller, as a relative path."""
    for line in Path("/proc/self/cgroup").read_text(encoding="ascii").splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return path.lstrip("/")
    return ""


class Quota:
    """A cgroup with so many CPUs; needs the rights of an administrator."""

    def __init__(self, cpus):
        self.is_v2 = (CGROUP / "cgroup.controllers").exists()
        parent = CGROUP if self.is_v2 else CGROUP / "cpu" / own_cgroup_v1("cpu")
        self.folder = parent / f"srwm-contention-{os.getpid()}"
        self.folder.mkdir()
        if self.is_v2:
            (self.folder / "cpu.max").write_text(f"{int(cpus * 100000)} 100000")
        else:
            (self.folder / "cpu.cfs_period_us").write_text("100000")
            (self.folder / "cpu.cfs_quota_us").write_text(str(int(cpus * 100000)))

    def join(self):
        (self.folder / "cgroup.procs").write_text("0")  # "0": the process that writes it

    def remove(self):
        with contextlib.suppress(OSError):
            self.folder.rmdir()


def placement(scenario, quota):
    """What a process of the scenario does to itself before it starts."""
    def enter():
        if quota:
            quota.join()
        if scenario.nice:
            os.nice(scenario.nice)
    return enter


def processor_time(pid):
    """User and system time of a process, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def share_of_loops(scenario, quota, loops, seconds):
    """Processors that `loops` busy loops get in the place of srwm."""
    with processes([BUSY] * scenario.neighbors), \
            processes([BUSY] * loops, preexec_fn=placement(scenario, quota)) as started:
        time.sleep(0.3)
        before, start = sum(processor_time(process.pid) for process in started), time.monotonic()
        time.sleep(seconds)
        after, wall = sum(processor_time(process.pid) for process in started), time.monotonic() - start
    return (after - before) / wall


def rows_of(folder):
    rows = []
    for file in folder.rglob("metrics.jsonl"):
        lines = file.read_text(encoding="utf-8").splitlines()
        rows.append([json.loads(line) for line in lines if line.endswith("}")])
    return [[row for row in of_run if row.get("kind") == "train"] for of_run in rows]


def position(rows):
    return (rows[-1]["step"], rows[-1]["seconds"]) if rows else (0, 0.0)


class Srwm:
    def __init__(self, binary, spec, options, warm_up, seconds):
        self.binary, self.spec, self.options = binary, spec, options
        self.warm_up, self.seconds = warm_up, seconds

    def command(self, folder, scenario):
        threads = ["--threads", str(scenario.threads)] if scenario.threads else []
        return [self.binary, "train", "--config", self.spec, "--device", "cpu", "--run-dir", folder, *threads,
                *self.options, *scenario.options]

    def speed(self, scenario, quota):
        """Steps a second of all runs of the scenario together, in a stretch of training after a warm-up."""
        with tempfile.TemporaryDirectory() as folder:
            commands = [self.command(f"{folder}/run{i}", scenario) for i in range(scenario.runs)]
            with processes([BUSY] * scenario.neighbors), \
                    processes(commands, preexec_fn=placement(scenario, quota)) as started:
                before = self.wait(Path(folder), started, 0, self.warm_up)
                after = self.wait(Path(folder), started, max(step for step, _ in before), self.seconds)
        return sum((step - step_before) / (now - then)
                   for (step_before, then), (step, now) in zip(before, after) if now > then)

    def wait(self, folder, started, step, seconds):
        """Positions of the runs after so many seconds, once each of them has reported."""
        end, limit = time.monotonic() + seconds, time.monotonic() + 20 * seconds + 60
        while True:
            for process in started:
                if process.poll() is not None:
                    sys.exit(f"contention: srwm ended with {process.returncode}: {process.stderr.read()}")
            found = [position(rows) for rows in rows_of(folder)]
            if time.monotonic() >= end and found and all(at > step or seconds == 0 for at, _ in found):
                return found
            if time.monotonic() > limit:
                sys.exit("contention: no report of srwm for a long time.")
            time.sleep(0.05)


def measure(srwm, chosen, cpus):
    idle_speed, idle_share = None, None
    for scenario in chosen:
        try:
            quota = Quota(scenario.quota) if scenario.quota else None
        except OSError as error:
            yield scenario.name, None, f"not measured: {error.strerror}"
            continue
        try:
            share = share_of_loops(scenario, quota, cpus, min(3, srwm.seconds))  # srwm has a thread a processor
            speed = srwm.speed(scenario, quota)
        finally:
            if quota:
                quota.remove()
        if scenario.is_idle:
            idle_speed, idle_share = speed, share
        yield scenario.name, speed, (share / idle_share, speed / idle_speed)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("srwm", help="the program")
    parser.add_argument("spec", help="what it trains")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="handed to srwm")
    parser.add_argument("--seconds", type=float, default=8, help="of training that are measured, each")
    parser.add_argument("--warm-up", type=float, default=4, help="seconds before them")
    parser.add_argument("--only", action="append", metavar="NAME", help="scenarios whose name begins so, besides idle")
    parser.add_argument("--aim", type=float, default=0.8, help="of its fair share, least")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    cpus = len(os.sched_getaffinity(0))
    options = [word for pair in arguments.set for word in ("--set", pair)]
    srwm = Srwm(arguments.srwm, arguments.spec, options, arguments.warm_up, arguments.seconds)
    chosen = [scenario for scenario in scenarios(cpus) if scenario.is_idle or not arguments.only or
              any(scenario.name.startswith(name) for name in arguments.only)]
    print("| what else wants the processors | steps/s | of the idle speed | fair share | of the fair share |")
    print("|---|--:|--:|--:|--:|")
    missed = []
    for name, speed, outcome in measure(srwm, chosen, cpus):
        if speed is None:
            print(f"| {name} | {outcome} | | | |", flush=True)
            continue
        share, of_idle = outcome
        print(f"| {name} | {speed:,.1f} | {of_idle:.0%} | {share:.0%} | {of_idle / share:.0%} |", flush=True)
        if of_idle / share < arguments.aim:
            missed.append(name)
    if missed:
        print(f"contention: below {arguments.aim:.0%} of the fair share: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
