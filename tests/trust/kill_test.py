#!/usr/bin/env python3
"""Kills small runs, resumes them, and compares what they leave with an uninterrupted run.

Usage: kill_test.py SRWM FAULT_LIBRARY [--random N] [--every N] [--seed N] [--spec SPEC [--options ...]]

Random: runs are ended at random moments, or while a temporary file of a checkpoint is there, mostly by SIGKILL, else by
the signals that ask for a checkpoint; --random counts the ends, of which a run suffers several before it may finish.
Systematic: fault_library.cpp kills the run before its n-th file operation, for every --every-th n, once cleanly and
once with half a write gone out. 0 leaves one of the two out.

With --spec the random ends are those of another run than the small one; --options is followed by options of the
command that trains.
"""
import argparse
import collections
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time

from small_run import Outcome, SmallRun, TrainingRun

STOPPED = 75
GENTLE = [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2]


def wait_for_temporary(run_folder, process, seconds):
    """Until a checkpoint is being written, the process ends, or time is up. True for the first."""
    end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < end:
        try:
            if any(name.endswith(".tmp") for name in os.listdir(os.path.join(run_folder, "checkpoints"))):
                return True
        except FileNotFoundError:
            pass
    return False


class RandomEnds:
    def __init__(self, run, whole, seconds, seed):
        self.run, self.whole, self.seconds = run, whole, seconds
        self.random = random.Random(seed)
        self.counts = collections.Counter()

    def end_once(self, run_folder):
        """Starts or resumes the run and ends it somewhere. True if it has come to its own end meanwhile."""
        process = self.run.start(run_folder, "--resume")
        in_checkpoint = self.random.random() < 0.4
        # The runs that are to be met in a checkpoint are first let go on for a while.
        time.sleep(self.random.uniform(0, self.seconds) * (0.5 if in_checkpoint else 1))
        met = in_checkpoint and wait_for_temporary(run_folder, process, self.seconds)
        number = signal.SIGKILL if self.random.random() < 0.7 else self.random.choice(GENTLE)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
        if process.returncode == 0:
            return True
        # A gentle signal ends the process by itself before the handlers are there.
        expected = {-number} if number == signal.SIGKILL else {STOPPED, -number}
        if process.returncode not in expected:
            raise AssertionError(f"{number.name} ended the run with {process.returncode}: {err}")
        self.counts[number.name + (" in a checkpoint" if met else "")] += 1
        return False

    def end_many(self, total, folder):
        while sum(self.counts.values()) < total:
            run_folder = os.path.join(folder, "random")
            finished = False
            for _ in range(self.random.randint(1, 12)):
                finished = finished or self.end_once(run_folder)
            finish_and_compare(self.run, run_folder, self.whole, f"after {dict(self.counts)}")
            print(f"{sum(self.counts.values())} of {total} random ends", flush=True)  # hundreds of them take long


def finish_and_compare(run, run_folder, whole, what):
    code, _, err = run.finish(run_folder, "--resume")
    if code != 0:
        raise AssertionError(f"{what}: the resumed run ended with {code}: {err}")
    if differences := whole.differences(Outcome(run_folder)):
        raise AssertionError(f"{what}: not the same as without: {', '.join(differences)} ({run_folder})")
    shutil.rmtree(run_folder)


def fault_environment(library, run_folder, **more):
    return {"LD_PRELOAD": library, "SRWM_FAULT_FOLDER": run_folder,
            **{f"SRWM_FAULT_{name.upper()}": str(value) for name, value in more.items()}}


def operations(run, library, folder, *more):
    """The file operations of a whole run, in words; `more` are options of the command."""
    log, run_folder = os.path.join(folder, "operations"), os.path.join(folder, "counted")
    code, _, err = run.finish(run_folder, *more, environment=fault_environment(library, run_folder, log=log))
    assert code == 0, err
    shutil.rmtree(run_folder)
    with open(log, encoding="utf-8") as file:
        return [line.strip() for line in file]


def kill_at_operations(run, whole, library, folder, every):
    """Returns the number of kills, each followed by a resume and a comparison."""
    kills = 0
    for number, name in enumerate(operations(run, library, folder), start=1):
        if number % every != 0:
            continue
        for how in ["kill", "tear"] if " write/" in f" {name}" else ["kill"]:
            run_folder = os.path.join(folder, "systematic")
            code, _, err = run.finish(run_folder, environment=fault_environment(library, run_folder, at=number, how=how))
            if code != -signal.SIGKILL:
                raise AssertionError(f"operation {name} was to be the last one, but the run ended with {code}: {err}")
            kills += 1
            finish_and_compare(run, run_folder, whole, f"{how} at {name}")
    return kills


def given_run(options):
    with open(options.spec, encoding="utf-8") as file:
        name = "train-rl" if json.load(file).get("task") == "rl" else "train-fewshot"
    run = TrainingRun(options.srwm, options.spec, name, options.options)
    run.seconds = 3600
    return run


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("srwm")
    parser.add_argument("library")
    parser.add_argument("--random", type=int, default=10)
    parser.add_argument("--every", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--spec")
    parser.add_argument("--options", nargs=argparse.REMAINDER, default=[])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="srwm_trust_") as folder:
        if options.random > 0:
            run = given_run(options) if options.spec else SmallRun(options.srwm, folder, steps=300)
            start = time.monotonic()
            assert run.finish(os.path.join(folder, "whole"))[0] == 0
            ends = RandomEnds(run, Outcome(os.path.join(folder, "whole")), time.monotonic() - start, options.seed)
            ends.end_many(options.random, folder)
            total = ", ".join(f"{count} by {name}" for name, count in sorted(ends.counts.items()))
            print(f"random: {sum(ends.counts.values())} ends survived: {total}")
        if options.every > 0:
            run = SmallRun(options.srwm, folder, steps=30)
            assert run.finish(os.path.join(folder, "whole30"))[0] == 0
            kills = kill_at_operations(run, Outcome(os.path.join(folder, "whole30")), options.library, folder,
                                       options.every)
            print(f"systematic: {kills} kills at file operations survived")
    return 0


if __name__ == "__main__":
    sys.exit(main())
