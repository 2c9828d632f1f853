"""experiments/run_table.sh and run_variants.sh, and experiments/slurm/ with a Slurm that is only pretended.

Usage: run_table_test.py SRWM EXPERIMENTS_DIR"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

SRWM, EXPERIMENTS = sys.argv[1], Path(sys.argv[2])

SPEC = {
    "data": {"dataset": "glyphs", "glyphs": {"train_classes": 12, "val_classes": 5, "test_classes": 5,
                                             "images_per_class": 4}},
    "protocol": {"n_way": 3},
    "model": {"vision": {"channels": 4}, "core": {"layers": 1, "heads": 2, "hidden": 16, "ff_factor": 2}},
    "train": {"steps": 20, "batch": 2, "report_every": 5},
    "validation": {"every": 10, "batches": 2}, "checkpoint": {"every": 5}, "test": {"episodes": 20}}

AGENT = {
    "task": "rl",
    "env": {"games": ["signpost"], "settings": ["frame_size=16"], "actors": 4},
    "agent": {"channels": [4], "features": 8, "layers": 1, "heads": 2, "hidden": 8, "ff_inner": 8},
    "train": {"steps": 160, "unroll": 5, "batch": 4, "report_every": 2}, "checkpoint": {"every": 3},
    "test": {"episodes": 2, "envs": 2, "first_levels": [1000]}}


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        time.sleep(0.02)


class TableTest(unittest.TestCase):
    spec = SPEC

    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)
        self.root = Path(self.scratch.name)
        self.table = self.root / "a table"  # a blank, since shells trip over them
        self.table.mkdir()
        self.runs = self.root / "runs"
        for row in "ab":
            self.write_spec(row)
        (self.table / "table.json").write_text(
            json.dumps({"title": "Small", "seeds": [1, 2], "rows": {"a": "A", "b": "B"}}))

    def write_spec(self, row, **changes):
        (self.table / f"{row}.json").write_text(json.dumps({"name": f"small-{row}", **self.spec, **changes}))

    def script(self, name, *options, **more):
        """Runs a script of experiments/; `more` goes into its environment."""
        return subprocess.Popen([EXPERIMENTS / name, *options], cwd=self.root, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env={**os.environ, "SRWM": SRWM, "OMP_NUM_THREADS": "1", **more})

    def run_table(self, *options):
        process = self.script("run_table.sh", self.table, "--runs-dir", self.runs, *options)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def stopped_while(self, runs, is_done):
        """What a table of two runs prints that is stopped while one of them runs and the other is done."""
        process = self.script("run_table.sh", self.table, "--runs-dir", self.runs, "--jobs", "2", "--seeds", "1")
        metrics = self.runs / runs / "metrics.jsonl"
        wait_until(lambda: metrics.exists() and metrics.stat().st_size > 0 and (self.runs / is_done / "DONE").exists())
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 75, out + err)
        return out, err

    def report(self, *options):
        return subprocess.run([SRWM, "report", self.table, "--runs-dir", self.runs, *options], text=True, check=True,
                              capture_output=True).stdout


class RunTable(TableTest):
    def test_runs_what_is_missing_and_nothing_else(self):
        code, out, err = self.run_table("--jobs", "2", "--", "--threads", "1")
        self.assertEqual(code, 0, err)
        self.assertIn("4 runs are missing", out)
        self.assertIn("| A | 2 of 2 |", out)
        self.assertIn("| B | 2 of 2 |", out)
        results = {path: path.stat().st_mtime_ns for path in self.runs.glob("*/result.json")}
        self.assertEqual(len(results), 4)
        code, out, err = self.run_table("--seeds", "1-3")
        self.assertEqual(code, 0, err)
        self.assertIn("2 runs are missing", out)
        self.assertTrue((self.runs / "small-a-s3/DONE").exists())
        self.assertEqual(results, {path: path.stat().st_mtime_ns for path in results})

    def test_stops_on_a_signal_and_goes_on(self):
        self.write_spec("a", train={**SPEC["train"], "steps": 1000000})
        out, err = self.stopped_while(runs="small-a-s1", is_done="small-b-s1")
        self.assertIn("A, seed 1: unfinished", out)
        self.assertTrue((self.runs / "small-a-s1/checkpoints/latest.h5").exists())
        self.assertIn("The same command goes on", err)

    def test_tells_of_runs_that_fail_and_runs_the_others(self):
        self.write_spec("a", data={"dataset": "none"})
        code, out, err = self.run_table("--seeds", "1")
        self.assertEqual(code, 3, out + err)
        self.assertIn("exit code 3", err)
        self.assertIn("--run-dir", err)
        self.assertIn("| B | 1 of 1 |", out)
        self.assertIn("none", (self.runs / "small-a-s1/output.txt").read_text())

    def test_refuses_what_it_does_not_know(self):
        code, _, err = self.run_table("--", "--set", "train.batch=3")
        self.assertEqual(code, 2)
        self.assertIn("would not be counted", err)
        for options in (["--jobs", "0"], ["--job", "2"], ["x"]):
            code, _, err = self.run_table(*options)
            self.assertEqual(code, 2, options)
            self.assertIn("run_table.sh TABLE", err)
        code, _, err = self.run_table("--seeds", "x")
        self.assertEqual(code, 2)
        self.assertIn("--seeds x", err)


class RunTableOfAgents(TableTest):
    """Of the built-in games, at the smallest size."""
    spec = AGENT

    def test_stops_and_prints_what_there_is(self):
        self.write_spec("b", train={**AGENT["train"], "steps": 100_000_000})
        out, _ = self.stopped_while(runs="small-b-s1", is_done="small-a-s1")
        self.assertIn("| A | 1 of 1 |", out)
        self.assertIn("B, seed 1: unfinished", out)
        self.assertIn("### Mean return, test 1", out)

    def test_goes_on(self):
        self.run_table("--seeds", "1", "--", "--max-seconds", "1e-9")
        self.assertTrue((self.runs / "small-a-s1/checkpoints/latest.h5").exists())
        code, out, err = self.run_table("--seeds", "1")
        self.assertEqual(code, 0, err)
        self.assertIn("| B | 1 of 1 |", out)
        self.assertIn("Resuming at step", (self.runs / "small-a-s1/output.txt").read_text())

    def test_runs_each_game_by_itself(self):
        (self.table / "table.json").write_text(
            json.dumps({"title": "Small", "rows": {"a": "A"}, "games": ["signpost", "harvest"]}))
        code, out, err = self.run_table("--", "--threads", "1")
        self.assertEqual(code, 0, err)
        self.assertIn("| A | 2 of 2 |", out)
        self.assertIn("|  | signpost | harvest | mean |", out)
        report = json.loads(self.report("--format", "json"))
        self.assertEqual(report["rows"][0]["figures"]["test1"]["harvest"]["n"], 1)
        self.assertTrue((self.runs / "small-a_harvest-s1/DONE").exists())

    def test_sweeps(self):
        sweep = self.table / "sweep.json"
        sweep.write_text(json.dumps({"name": "s", "base": "a.json", "grid": {"optim.rate": [0.01, 0.001]}}))
        done = subprocess.run([SRWM, "sweep", sweep, "--local", "--runs-dir", self.runs, "--", "--threads", "1"],
                              text=True, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("train levels %", done.stdout)
        self.assertTrue((self.runs / "s-002-s1/DONE").exists())


class RunVariants(TableTest):
    def setUp(self):
        super().setUp()
        self.write_list("# small", "plain: a.json", "fast: a.json optim.rate=0.01 train.batch=3", "b: b.json")

    def write_list(self, *lines):
        (self.table / "variants.txt").write_text("\n".join(lines) + "\n")

    def start(self, *names):
        return self.script("run_variants.sh", self.table, self.runs, *names)

    def run_variants(self, *names):
        process = self.start(*names)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def spec_of(self, name):
        return json.loads((self.runs / name / "spec.json").read_text())

    def test_runs_all_with_their_settings(self):
        code, _, err = self.run_variants()
        self.assertEqual(code, 0, err)
        for name in ("plain", "fast", "b"):
            self.assertTrue((self.runs / name / "DONE").exists(), name)
        self.assertEqual((self.spec_of("fast")["optim"]["rate"], self.spec_of("fast")["train"]["batch"]), (0.01, 3))
        self.assertEqual(self.spec_of("plain")["train"]["batch"], 2)
        self.assertEqual(self.spec_of("b")["name"], "small-b")

    def test_runs_those_that_are_named(self):
        code, _, err = self.run_variants("b")
        self.assertEqual(code, 0, err)
        self.assertEqual([path.name for path in self.runs.iterdir()], ["b"])
        code, _, err = self.run_variants("fas")
        self.assertEqual(code, 2)
        self.assertIn("no line 'fas: ...'", err)

    def test_refuses_a_bad_line_before_anything_runs(self):
        self.write_list("plain: a.json", "bad: a.json optim.rat=0.01")
        code, _, err = self.run_variants()
        self.assertEqual(code, 2)
        self.assertIn("optim.rat", err)
        self.assertIn("'bad: a.json optim.rat=0.01'", err)
        self.assertFalse(self.runs.exists())

    def test_stops_on_a_signal_and_goes_on(self):
        self.write_list("long: a.json train.steps=1000000")
        process = self.start()
        wait_until(lambda: (self.runs / "long/checkpoints/latest.h5").exists())
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 75, out + err)
        self.assertIn("The same command goes on", err)
        self.write_list("long: a.json train.steps=20000")
        code, _, err = self.run_variants()
        self.assertEqual(code, 0, err)
        self.assertIn("Resuming at step", (self.runs / "long/output.txt").read_text())

    def test_tells_of_runs_that_fail_and_runs_the_others(self):
        self.write_list("bad: a.json data.dataset=none", "plain: a.json")
        code, out, err = self.run_variants()
        self.assertEqual(code, 3)
        self.assertIn("1 ended with an error, exit code 3", err)
        self.assertIn("\n  bad\n", err)
        self.assertIn("none", (self.runs / "bad/output.txt").read_text())
        self.assertTrue((self.runs / "plain/DONE").exists())
        self.assertRegex(out, r"\nplain +\d+\.\d+ % \+- ")


class Slurm(TableTest):
    """sbatch and scontrol are stand-ins that write down how they were called."""

    def setUp(self):
        super().setUp()
        (self.root / "bin").mkdir()
        for name in ("sbatch", "scontrol"):
            program = self.root / "bin" / name
            program.write_text(f'#!/bin/sh\nprintf \'%s\\n\' "$@" >"{self.root}/{name}.called"\n')
            program.chmod(0o755)
        self.environment = {"PATH": f"{self.root}/bin:{os.environ['PATH']}"}

    def called(self, name):
        path = self.root / f"{name}.called"
        return path.read_text().splitlines() if path.exists() else None

    def submit(self, *options):
        process = self.script("slurm/submit.sh", self.table, "--runs-dir", self.runs, *options, **self.environment)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        return out

    def start_task(self, number, *options):
        commands = self.called("sbatch")[-1 if not options else -1 - len(options)]
        return self.script("slurm/array.sbatch", commands, *options, SLURM_ARRAY_TASK_ID=str(number),
                           SLURM_ARRAY_JOB_ID="7", **self.environment)

    def test_submits_a_task_for_each_missing_run(self):
        self.run_table("--seeds", "1")
        self.submit("--", "--time=60")
        arguments = self.called("sbatch")
        self.assertEqual(arguments[0], "--array=1-2")
        self.assertIn("--time=60", arguments)
        task = self.start_task(2)
        out, err = task.communicate(timeout=60)
        self.assertEqual(task.returncode, 0, out + err)
        self.assertTrue((self.runs / "small-b-s2/DONE").exists())
        self.assertIsNone(self.called("scontrol"))

    def test_submits_nothing_where_nothing_is_missing(self):
        self.run_table("--seeds", "1")
        self.assertIn("Nothing is missing", self.submit("--seeds", "1"))
        self.assertIsNone(self.called("sbatch"))

    def stop_task(self, signal_number):
        self.write_spec("a", train={**SPEC["train"], "steps": 1000000})
        self.submit("--seeds", "1")
        task = self.start_task(1)
        metrics = self.runs / "small-a-s1/metrics.jsonl"
        wait_until(lambda: metrics.exists() and metrics.stat().st_size > 0)
        task.send_signal(signal_number)
        out, err = task.communicate(timeout=60)
        self.assertEqual(task.returncode, 75, out + err)
        self.assertTrue((self.runs / "small-a-s1/checkpoints/latest.h5").exists())

    def test_goes_back_into_the_queue_before_the_time_limit(self):
        self.stop_task(signal.SIGUSR1)
        self.assertEqual(self.called("scontrol"), ["requeue", "7_1"])

    def test_does_not_come_back_when_cancelled(self):
        self.stop_task(signal.SIGTERM)
        self.assertIsNone(self.called("scontrol"))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
