#!/usr/bin/env python3
"""Small runs on several ranks, held against the same runs of one process: same bits, whatever happens to a rank.

Usage: ranks.py SRWM [--launchers threads,openmpi,mpich] [--cases N] [--ranks 2,3,4] [--stops N] [--kills N]
                [--freezes N] [--seed N]

Launchers that are not installed are left out, with a line that says so. Cases: so many kinds of runs, each on
--ranks ranks. Stops: runs that are signalled at a random moment, by way of the launcher, one rank or all, and resumed on
another number of ranks. Kills: likewise, but a random rank is killed with SIGKILL; all processes must be gone within
--seconds-to-end (5), and one of them must have said why. Then a rank is frozen (SIGSTOP), and one is given another
spec, or lacks the data.
"""
import argparse
import collections
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from small_run import SPEC, Outcome

STOPPED = 75

FEWSHOT = {**SPEC, "train": {**SPEC["train"], "steps": 40, "accumulate": 4}, "checkpoint": {"every": 4},
           "model": {**SPEC["model"], "vision": {"channels": 4, "dropout": 0.1}}, "optim": {"clip_norm": 0.5}}
SEQUENTIAL = {**FEWSHOT, "protocol": {"kind": "sequential", "n_way": 3, "k_shot": 2, "second_rotations": True},
              "train": {**FEWSHOT["train"], "steps": 12, "accumulate": 6}}
BOOTSTRAPPED = {**FEWSHOT, "protocol": {"n_way": 3, "queries": 2}, "bootstrap": {"kind": "kl", "future_shots": 1},
                "train": {**FEWSHOT["train"], "steps": 12}}
AGENT = {
    "task": "rl", "name": "trust",
    "env": {"library": "games", "games": ["signpost", "labyrinth"], "settings": ["frame_size=16"], "actors": 24},
    "agent": {"channels": [4, 4], "features": 16, "layers": 1, "heads": 2, "hidden": 16, "ff_inner": 16},
    "train": {"steps": 960, "unroll": 5, "batch": 4, "accumulate": 4, "report_every": 5},
    "checkpoint": {"every": 3}, "test": {"episodes": 2, "envs": 1, "levels": 10, "first_levels": [1000]}}
STREAM = {"datasets": ["glyphs"], "sizes": [4]}
RULE = {
    "task": "vsml", "name": "trust",
    "data": {**STREAM, "tasks": 6, "project": 0.5, "glyph_classes": 2,
             "glyphs": {"image_size": 16, "train_classes": 8, "val_classes": 4, "test_classes": 4,
                        "images_per_class": 6}},
    "episode": {"length": 8}, "model": {"message": 2, "state": 4},
    "train": {"steps": 12, "population": 6, "noise": 0.1, "report_every": 5},
    "validation": {**STREAM, "every": 4, "length": 8, "episodes": 3},
    "test": {**STREAM, "length": 8, "episodes": 5}, "checkpoint": {"every": 3}}
BACKWARD_RULE = {**RULE, "train": {"gradient": "backward", "steps": 12, "batch": 3, "accumulate": 4, "report_every": 5}}

# A feature that ranks could get wrong adds a row.
CASES = {"few-shot": FEWSHOT, "learning rule by evolution": RULE, "agents": AGENT, "sequential": SEQUENTIAL,
         "bootstrapped": BOOTSTRAPPED, "learning rule by backpropagation": BACKWARD_RULE}


def launcher_commands():
    """Command lines that start N ranks, by name; those of launchers that are there. Open MPI refuses root otherwise."""
    os.environ.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    found = {"threads": lambda n: []}
    if shutil.which("mpirun.openmpi"):
        found["openmpi"] = lambda n: ["mpirun.openmpi", "--oversubscribe", "--bind-to", "none", "-np", str(n)]
    if shutil.which("mpiexec.mpich"):
        found["mpich"] = lambda n: ["mpiexec.mpich", "-np", str(n)]
    return found


class Cluster:
    """Runs specs on ranks in a folder of its own."""

    def __init__(self, srwm, launchers, rank_counts, folder):
        self.srwm, self.launchers, self.rank_counts, self.folder = srwm, launchers, rank_counts, folder
        self.runs = 0

    def spec_file(self, spec):
        path = os.path.join(self.folder, f"spec{self.runs}.json")
        self.runs += 1
        with open(path, "w", encoding="utf-8") as file:
            json.dump(spec, file)
        return path

    def new_run_folder(self):
        self.runs += 1
        return os.path.join(self.folder, f"run{self.runs}")

    def command(self, launcher, ranks, spec_file, run_folder, *more):
        threads = ["--ranks", str(ranks)] if launcher == "threads" else []
        start = self.launchers[launcher](ranks) if launcher != "threads" else []
        return [*start, self.srwm, "train", "--config", spec_file, "--device", "cpu",
                "--threads", "1", "--run-dir", run_folder, *threads, *more]

    def start(self, *arguments):
        return subprocess.Popen(self.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self, *arguments):
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"hangs: {' '.join(arguments[2:])}") from None
        return process.returncode, out, err

    def whole(self, spec_file):
        """What one process of one rank leaves."""
        run_folder = self.new_run_folder()
        code, _, err = self.finish("threads", 1, spec_file, run_folder)
        assert code == 0, err
        return Outcome(run_folder)

    def resume_and_compare(self, launcher, ranks, spec_file, run_folder, whole, what):
        code, _, err = self.finish(launcher, ranks, spec_file, run_folder, "--resume")
        if code != 0:
            raise AssertionError(f"{what}: the resumed run ended with {code}: {err}")
        if differences := whole.differences(Outcome(run_folder)):
            raise AssertionError(f"{what}: not the same as on one rank: {', '.join(differences)} ({run_folder})")
        shutil.rmtree(run_folder)


def rank_pids(run_folder):
    """The processes of a run: those with its folder on their command lines, but for the launchers."""
    pids = []
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                words = file.read().decode().split("\0")
        except (OSError, UnicodeDecodeError):
            continue
        if run_folder in words and os.path.basename(words[0]) == "srwm":
            pids.append(int(name))
    return sorted(pids)


def wait_for_ranks(run_folder, ranks, process):
    end = time.monotonic() + 60
    while len(pids := rank_pids(run_folder)) < ranks and process.poll() is None and time.monotonic() < end:
        time.sleep(0.005)
    return pids


def sentences(err):
    """What srwm itself says on stderr."""
    return [line for line in err.splitlines() if line.startswith("srwm: ")]


def check_cases(cluster, count):
    for name, spec in list(CASES.items())[:count]:
        spec_file = cluster.spec_file(spec)
        whole = cluster.whole(spec_file)
        for launcher in cluster.launchers:
            for ranks in cluster.rank_counts:
                run_folder = cluster.new_run_folder()
                cluster.resume_and_compare(launcher, ranks, spec_file, run_folder, whole,
                                           f"{name}, {launcher}, {ranks} ranks")
        print(f"{name}: the bits of one rank with {', '.join(cluster.launchers)}", flush=True)


class Interruptions:
    """Ends runs at random moments, resumes them on other numbers of ranks, compares."""

    def __init__(self, cluster, seed, seconds_to_end):
        self.cluster, self.random, self.seconds_to_end = cluster, random.Random(seed), seconds_to_end
        self.spec = cluster.spec_file(FEWSHOT | {"train": {**FEWSHOT["train"], "steps": 150}})
        self.whole = cluster.whole(self.spec)
        self.counts = collections.Counter()

    def start(self, launcher, run_folder):
        ranks = self.random.randint(2, 4)
        start = time.monotonic()
        process = self.cluster.start(launcher, ranks, self.spec, run_folder, "--resume", "--rank-timeout", "3")
        pids = wait_for_ranks(run_folder, 1 if launcher == "threads" else ranks, process)
        time.sleep(self.random.uniform(0, 1.5))
        self.after = time.monotonic() - start
        return process, pids

    def finish(self, launcher, run_folder, what):
        self.cluster.resume_and_compare(self.random.choice([*self.cluster.launchers, "threads"]), self.random.randint(1, 4),
                                        self.spec, run_folder, self.whole, what)

    def stop_once(self, launcher):
        run_folder = self.cluster.new_run_folder()
        process, pids = self.start(launcher, run_folder)
        whom = self.random.choice(["launcher", "one", "all"])
        targets = {"launcher": [process.pid], "one": [self.random.choice(pids or [process.pid])], "all": pids}[whom]
        for pid in targets:
            try:
                os.kill(pid, signal.SIGUSR1)
            except ProcessLookupError:
                pass
        try:
            _, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"{launcher}, USR1 to {whom} after {self.after:.2f} s: does not stop") from None
        # Before the handlers are there the signal ends a process by itself, and then the launcher or we all others.
        early = self.after < 1.0 or process.returncode == 0
        if process.returncode != STOPPED and not early:
            raise AssertionError(f"{launcher}, USR1 to {whom} after {self.after:.2f} s: {process.returncode}: {err}")
        if process.returncode == STOPPED and len(sentences(err)) != 1:
            raise AssertionError(f"{launcher}: not one sentence about the stop: {err}")
        self.counts[f"stopped by USR1 to {whom}, {launcher}: {process.returncode}"] += 1
        self.finish(launcher, run_folder, f"{launcher}, USR1 to {whom}")

    def kill_once(self, launcher):
        run_folder = self.cluster.new_run_folder()
        process, pids = self.start(launcher, run_folder)
        if not pids:
            process.communicate(timeout=60)
            return
        victim = self.random.choice(pids)
        trains = os.path.exists(os.path.join(run_folder, "checkpoints", "latest.h5"))
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            pass
        killed = time.monotonic()
        try:
            _, err = process.communicate(timeout=self.seconds_to_end)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{launcher}, rank killed after {self.after:.2f} s: not all gone after "
                                 f"{self.seconds_to_end} s") from None
        while rank_pids(run_folder) and time.monotonic() < killed + self.seconds_to_end:
            time.sleep(0.02)
        if left := rank_pids(run_folder):
            raise AssertionError(f"{launcher}, rank killed after {self.after:.2f} s: processes {left} are still there")
        if len(said := sentences(err)) > 1:
            raise AssertionError(f"{launcher}: more than one sentence: {err}")
        # Before MPI has started nobody of ours can tell, when all is done nobody misses a rank any more, and Hydra kills
        # the others before they have noticed.
        is_done = os.path.exists(os.path.join(run_folder, "DONE"))
        if trains and not is_done and not said and launcher == "openmpi":
            raise AssertionError(f"{launcher}: nobody says what has happened: {err}")
        about = "one sentence" if said else "the launcher's words alone"
        if is_done:
            about = "it had ended"
        self.counts[f"killed, {launcher}: {about}"] += 1
        self.finish(launcher, run_folder, f"{launcher}, a rank killed after {self.after:.2f} s")

    def freeze_once(self, launcher):
        run_folder = self.cluster.new_run_folder()
        long_run = self.cluster.spec_file(FEWSHOT | {"train": {**FEWSHOT["train"], "steps": 100_000}})
        process = self.cluster.start(launcher, 3, long_run, run_folder, "--rank-timeout", "2")
        pids = wait_for_ranks(run_folder, 3, process)
        time.sleep(2)
        frozen = self.random.choice(pids)
        os.kill(frozen, signal.SIGSTOP)
        begin = time.monotonic()
        try:
            _, err = process.communicate(timeout=20)
        finally:
            for pid in rank_pids(run_folder):
                os.kill(pid, signal.SIGKILL)
        seconds = time.monotonic() - begin
        said = [line for line in sentences(err) if "has not been heard of for" in line]
        if len(said) != 1 or process.returncode == 0:
            raise AssertionError(f"{launcher}, a frozen rank, after {seconds:.1f} s: {process.returncode}: {err}")
        self.counts[f"frozen, {launcher}: named within {seconds:.0f} s"] += 1


def check_odd_rank(cluster, launcher, spec, oddity, code, words):
    """Rank 1 is given something else by a wrapper, `oddity` in shell: all end with that code and one sentence."""
    run_folder, spec_file = cluster.new_run_folder(), cluster.spec_file(spec)
    wrapper = os.path.join(cluster.folder, "wrapper.sh")
    with open(wrapper, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\nif [ "${{OMPI_COMM_WORLD_RANK:-$PMI_RANK}}" = 1 ]; then {oddity}; fi\n'
                   f'exec {cluster.srwm} "$@"\n')
    os.chmod(wrapper, 0o755)
    command = cluster.command(launcher, 3, spec_file, run_folder)
    command[command.index(cluster.srwm)] = wrapper
    begin = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    # Hydra kills the other ranks when the first one ends, and may hand on the signal's number.
    codes = {code, signal.SIGKILL} if launcher == "mpich" else {code}
    if done.returncode not in codes or len(sentences(done.stderr)) != 1 or words not in done.stderr:
        raise AssertionError(f"{launcher}, on rank 1 {oddity}: {done.returncode}: {done.stderr}")
    if time.monotonic() - begin > 30:
        raise AssertionError(f"{launcher}, on rank 1 {oddity}: took {time.monotonic() - begin:.0f} s to end")


def check_odd_ranks(cluster, launcher):
    check_odd_rank(cluster, launcher, FEWSHOT, 'set -- "$@" --set optim.rate=0.5', 2, "The spec of rank 1 on")
    data = os.path.join(cluster.folder, "data")
    os.makedirs(data, exist_ok=True)
    subprocess.run([cluster.srwm, "data", "glyphs", "--out", os.path.join(data, "mine.h5"), "--train-classes", "8"],
                   check=True, capture_output=True)
    os.environ["SRWM_DATA"] = data
    check_odd_rank(cluster, launcher, FEWSHOT | {"data": {"dataset": "mine"}}, "SRWM_DATA=/nowhere", 3, "Rank 1 on")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("srwm")
    parser.add_argument("--launchers", default="threads,openmpi,mpich")
    parser.add_argument("--cases", type=int, default=len(CASES))
    parser.add_argument("--ranks", default="2,3,4")
    parser.add_argument("--stops", type=int, default=20)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--freezes", type=int, default=2)
    parser.add_argument("--seconds-to-end", type=float, default=5)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    there = launcher_commands()
    wanted = options.launchers.split(",")
    for name in wanted:
        if name not in there:
            print(f"{name} is not installed: left out")
    launchers = {name: there[name] for name in wanted if name in there}
    processes = [name for name in launchers if name != "threads"]
    with tempfile.TemporaryDirectory(prefix="srwm_ranks_") as folder:
        cluster = Cluster(options.srwm, launchers, list(map(int, options.ranks.split(","))), folder)
        check_cases(cluster, options.cases)
        if options.stops or options.kills or options.freezes:
            interruptions = Interruptions(cluster, options.seed, options.seconds_to_end)
            for i in range(options.stops if launchers else 0):
                interruptions.stop_once(list(launchers)[i % len(launchers)])
            for i in range(options.kills if processes else 0):
                interruptions.kill_once(processes[i % len(processes)])
            for i in range(options.freezes if processes else 0):
                interruptions.freeze_once(processes[i % len(processes)])
            for name, count in sorted(interruptions.counts.items()):
                print(f"{count} {name}")
        for launcher in processes:
            check_odd_ranks(cluster, launcher)
    return 0


if __name__ == "__main__":
    sys.exit(main())
