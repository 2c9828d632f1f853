"""experiments/run_table.sh and run_variants.sh, and experiments/slurm/ with a Slurm that is only pretended; all of them as
they are in a clone, in an installation and in an unpacked tarball.

Usage: run_table_test.py SRWM EXPERIMENTS_DIR BUILD_DIR|none CMAKE"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

SRWM, EXPERIMENTS, BUILD, CMAKE = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
# A name with all that trips programs over names.
ODD = os.fsdecode(b"~ it's a \"new\nline\" $HOME \xff %a")

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
        more = {"SRWM": SRWM, **more}
        return subprocess.Popen([EXPERIMENTS / name, *options], cwd=self.root, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, errors="surrogateescape",
                                env={**os.environ, "OMP_NUM_THREADS": "1", **more})

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
        self.assertIn("Run the same command again to continue", err)

    def test_tells_of_runs_that_fail_and_runs_the_others(self):
        self.write_spec("a", data={"dataset": "none"})
        code, out, err = self.run_table("--seeds", "1")
        self.assertEqual(code, 3, out + err)
        self.assertIn("exit code 3", err)
        self.assertIn("--run-dir", err)
        self.assertIn("| B | 1 of 1 |", out)
        self.assertIn("none", (self.runs / "small-a-s1/output.txt").read_text())

    def test_runs_in_folders_of_any_name(self):
        odd = self.root / ODD
        self.table = self.table.rename(odd)
        self.runs = odd / "runs"
        code, out, err = self.run_table("--jobs=2", "--seeds=1")
        self.assertEqual(code, 0, err)
        self.assertIn("| B | 1 of 1 |", out)
        self.assertEqual(sorted(path.name for path in self.runs.iterdir()), ["small-a-s1", "small-b-s1"])

    def test_home_after_an_equals_sign(self):
        process = self.script("run_table.sh", self.table, "--runs-dir=~/my runs", "--seeds", "1", HOME=str(self.root / "home"))
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        self.assertTrue((self.root / "home/my runs/small-a-s1/DONE").exists())

    def stop_by(self, signal_number, **options):
        """Starts a table of two runs that take long, ends the script by a signal and waits for both runs to end."""
        for row in "ab":
            self.write_spec(row, train={**SPEC["train"], "steps": 10_000_000})
        process = self.script("run_table.sh", self.table, "--runs-dir", self.runs, "--jobs", "2", "--seeds", "1", **options)
        folders = [self.runs / f"small-{row}-s1" for row in "ab"]
        wait_until(lambda: all((folder / "metrics.jsonl").exists() and (folder / "metrics.jsonl").stat().st_size
                               for folder in folders))
        process.send_signal(signal_number)
        out, err = process.communicate(timeout=60)
        for folder in folders:
            wait_until(lambda folder=folder: "Stopped" in (folder / "output.txt").read_text())
            self.assertTrue((folder / "checkpoints/latest.h5").exists())
        return process.returncode, err

    def test_every_signal_that_means_end_stops_the_runs(self):
        for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1):
            with self.subTest(number):
                code, err = self.stop_by(number)
                self.assertEqual(code, 75, err)
                shutil.rmtree(self.runs)

    @unittest.skipUnless(shutil.which("setpriv"), "there is no setpriv, which lets children end with their parent")
    def test_runs_end_with_a_script_that_is_killed(self):
        code, _ = self.stop_by(signal.SIGKILL)
        self.assertEqual(code, -signal.SIGKILL)

    def test_runs_end_when_nobody_reads_what_is_printed(self):
        process = self.script("run_table.sh", self.table, "--runs-dir", self.runs, "--jobs", "1", "--seeds", "1")
        for _ in range(2):
            process.stdout.readline()
        process.stdout.close()  # the next line, which says that b begins, has no reader
        process.wait(timeout=60)
        process.stderr.close()
        self.assertEqual(process.returncode, 75)
        self.assertTrue((self.runs / "small-a-s1/DONE").exists())
        self.assertFalse((self.runs / "small-b-s1").exists())

    def test_help(self):
        for name in ("run_table.sh", "run_variants.sh", "slurm/submit.sh"):
            process = self.script(name, "--help")
            out, err = process.communicate(timeout=60)
            self.assertEqual((process.returncode, err), (0, ""))
            self.assertIn(Path(name).name, out)

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
        self.assertIn("train %", done.stdout)
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

    def test_refuses_lists_that_are_wrong(self):
        for lines, words in ((["a: a.json", "b: b.json", "a: b.json"], "Lines 1 and 3 of .* have the same name, a"),
                             (["a: a.json", "", "b:b.json"], "Line 3 of .* is not 'NAME: SPEC"),
                             (["a: a.json 'train.batch=3"], "a quote without an end"), (["../x: a.json"], "Line 1 of"),
                             (["# nothing"], "lists nothing to run"), (["\xff\xfea\0:\0"], "Line 1 of")):
            self.write_list(*lines)
            code, _, err = self.run_variants()
            self.assertEqual(code, 2, lines)
            self.assertRegex(err, words)
        self.write_list("a: a.json", "b: b.json")
        code, _, err = self.run_variants("a", "b", "a")
        self.assertEqual(code, 2)
        self.assertIn("a is named twice", err)
        self.assertFalse(self.runs.exists())

    def test_lists_of_other_systems(self):
        (self.table / "my a.json").write_text((self.table / "a.json").read_text())
        (self.table / "variants.txt").write_bytes(b"\xef\xbb\xbfa: 'my a.json' train.batch=3\r\n# x\r\n\r\nb: b.json")
        code, _, err = self.run_variants()
        self.assertEqual(code, 0, err)
        self.assertEqual(self.spec_of("a")["train"]["batch"], 3)
        self.assertTrue((self.runs / "b/DONE").exists())

    def test_stops_on_a_signal_and_goes_on(self):
        self.write_list("long: a.json train.steps=1000000")
        process = self.start()
        wait_until(lambda: (self.runs / "long/checkpoints/latest.h5").exists())
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 75, out + err)
        self.assertIn("Run the same command again to continue", err)
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
            program.write_text(f'#!/bin/sh\nprintf \'%s\\n\' "$@" >"{self.root}/{name}.called"\n'
                               f'for last in "$@"; do :; done; printf %s "$last" >"{self.root}/{name}.last"\n')
            program.chmod(0o755)
        self.environment = {"PATH": f"{self.root}/bin:{os.environ['PATH']}"}

    def called(self, name):
        path = self.root / f"{name}.called"
        return path.read_text(errors="surrogateescape").splitlines() if path.exists() else None

    def submit(self, *options):
        process = self.script("slurm/submit.sh", self.table, "--runs-dir", self.runs, *options, **self.environment)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        return out

    def start_task(self, number):
        """As Slurm does it: a copy of the script, elsewhere."""
        copy = self.root / "slurm_script"
        shutil.copy(EXPERIMENTS / "slurm/array.sbatch", copy)
        commands = (self.root / "sbatch.last").read_text(errors="surrogateescape")
        return self.script(copy, commands, SLURM_ARRAY_TASK_ID=str(number), SLURM_ARRAY_JOB_ID="7", SRWM="/nowhere/srwm",
                           **self.environment)

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

    def test_options_for_training_are_split_as_a_shell_does(self):
        data = self.root / ODD
        data.mkdir()
        quoted = "'" + str(data).replace("'", "'\\''") + "'"
        self.runs = self.root / ODD / "runs"
        self.submit("--seeds=1", "--train", f"--data-dir {quoted} --threads 1")
        task = self.start_task(1)
        out, err = task.communicate(timeout=60)
        self.assertEqual(task.returncode, 0, out + err)
        self.assertTrue((self.runs / "small-a-s1/DONE").exists())
        self.assertIn("%%a/runs/slurm-%A_%a.txt", "\n".join(self.called("sbatch")))
        process = self.script("slurm/submit.sh", self.table, "--train", "--data-dir 'x", **self.environment)
        self.assertIn("a quote in it has no end", process.communicate(timeout=60)[1])
        self.assertEqual(process.returncode, 2)
        process = self.script("slurm/submit.sh", self.table, "--train", "--threads 1 '--seed' 3", **self.environment)
        self.assertIn("--seed makes a run that would not be counted", process.communicate(timeout=60)[1])

    def test_without_slurm(self):
        for program in ("bash", "env", "dirname", "readlink", "basename", "sed"):
            os.symlink(shutil.which(program), self.root / "bin" / program)
        (self.root / "bin/sbatch").unlink()
        process = self.script("slurm/submit.sh", self.table, "--runs-dir", self.runs, PATH=str(self.root / "bin"))
        self.assertRegex(process.communicate(timeout=60)[1], "There is no sbatch: submit from a machine that has Slurm")
        self.assertEqual(process.returncode, 4)
        self.assertFalse(self.runs.exists())

    def test_a_submission_that_fails_leaves_no_list(self):
        (self.root / "bin/sbatch").write_text("#!/bin/sh\nexit 3\n")
        process = self.script("slurm/submit.sh", self.table, "--runs-dir", self.runs, **self.environment)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 3)
        self.assertEqual(list(self.runs.iterdir()), [])

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


class RanksOfSlurm(unittest.TestCase):
    """srun and scontrol are stand-ins: the one ends as it is told, the other writes down how it was called."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)
        self.write("srun", 'echo "$@" >called; if [ -n "$CHECKPOINT" ]; then sleep 0.1; mkdir -p "$CHECKPOINT"; '
                           'touch "$CHECKPOINT/latest.h5"; fi; exit "$CODE"')
        self.write("scontrol", 'echo "$@" >queued')

    def write(self, name, script):
        (self.root / name).write_text(f"#!/bin/sh\n{script}\n")
        (self.root / name).chmod(0o755)

    def is_queued_again(self, code, checkpoint="", restarts=0):
        (self.root / "queued").unlink(missing_ok=True)
        done = subprocess.run(
            [EXPERIMENTS / "slurm/ranks.sbatch", "srwm", "train", "--config", "x.json", "--run-dir", "my run"],
            cwd=self.root, capture_output=True, text=True, check=False,
            env={**os.environ, "PATH": f"{self.root}:{os.environ['PATH']}", "SLURM_JOB_ID": "7", "CODE": str(code),
                 "CHECKPOINT": checkpoint, "SLURM_RESTART_COUNT": str(restarts)})
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn("srwm train --config x.json --run-dir my run --resume", (self.root / "called").read_text())
        return (self.root / "queued").exists()

    def test_goes_back_into_the_queue_where_another_start_helps(self):
        self.assertTrue(self.is_queued_again(75))
        self.assertTrue(self.is_queued_again(76))
        for code in (0, 2, 3, 4, 5, 70):
            self.assertFalse(self.is_queued_again(code, "my run/checkpoints"))

    def test_a_step_that_slurm_has_killed_comes_back_if_it_has_come_on(self):
        self.assertFalse(self.is_queued_again(137))
        self.assertTrue(self.is_queued_again(137, "my run/checkpoints"))
        self.assertFalse(self.is_queued_again(137, "another/checkpoints"))

    def test_does_not_come_back_for_ever(self):
        self.assertFalse(self.is_queued_again(76, restarts=100))

    def test_refuses_to_run_outside_of_a_job(self):
        environment = {name: value for name, value in os.environ.items() if name != "SLURM_JOB_ID"}
        done = subprocess.run([EXPERIMENTS / "slurm/ranks.sbatch", "srwm", "train"], capture_output=True, text=True,
                              check=False, env=environment)
        self.assertEqual(done.returncode, 2)
        self.assertIn("submit it with sbatch", done.stderr)


@unittest.skipIf(BUILD == "none", "this build makes libsrwm_cuda.so, which may not be there yet")
class Installed(TableTest):
    """The scripts find the program that they came with, however they are started."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.tree = Path(folder.name).resolve()
        subprocess.run([CMAKE, "--install", BUILD, "--prefix", cls.tree / "usr"], check=True, stdout=subprocess.DEVNULL)
        # A tarball has a launcher before the program; a clone has neither.
        shutil.copytree(cls.tree / "usr", cls.tree / "tarball", symlinks=True)
        (cls.tree / "tarball/libexec").mkdir()
        (cls.tree / "tarball/bin/srwm").rename(cls.tree / "tarball/libexec/srwm")
        launcher = (EXPERIMENTS.parent / "packaging/launcher.sh").read_text()
        (cls.tree / "tarball/bin/srwm").write_text(launcher.replace("@GLIBC_FLOOR@", "2.0").replace("@MACHINE@", os.uname().machine))
        (cls.tree / "tarball/bin/srwm").chmod(0o755)
        shutil.copytree(EXPERIMENTS, cls.tree / "clone/experiments")
        (cls.tree / "clone/build/release/apps/srwm").mkdir(parents=True)
        os.symlink(SRWM, cls.tree / "clone/build/release/apps/srwm/srwm")

    def start(self, script, *arguments, **environment):
        bare = {key: value for key, value in os.environ.items() if key != "SRWM"}
        return subprocess.run([script, *arguments], cwd=self.root, text=True, capture_output=True, check=False, timeout=60,
                              env={**bare, "OMP_NUM_THREADS": "1", **environment})

    def check(self, done, program):
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("| A | 1 of 1 |", done.stdout)
        command = json.loads((self.runs / "small-a-s1/result.json").read_text()).get("command", program)
        self.assertIn(Path(program).name, str(command))

    def table_of(self, place, **environment):
        script = self.tree / place / "run_table.sh"
        shutil.rmtree(self.runs, ignore_errors=True)
        return self.start(script, self.table, "--runs-dir", self.runs, "--seeds", "1", **environment)

    def test_tables(self):
        for place in ("usr/share/srwm/experiments", "tarball/share/srwm/experiments", "clone/experiments"):
            with self.subTest(place):
                self.check(self.table_of(place), "srwm")

    def test_the_program_of_the_path(self):
        """Whatever names it: the script must not take its own function for it."""
        for environment in ({"SRWM": "srwm"}, {}):
            shutil.copytree(EXPERIMENTS, self.root / "alone/experiments", dirs_exist_ok=True)
            done = self.start(self.root / "alone/experiments/run_table.sh", self.table, "--runs-dir", self.runs, "--seeds", "1",
                              PATH=f"{self.tree}/usr/bin:{os.environ['PATH']}", **environment)
            self.check(done, "srwm")
        done = self.start(self.root / "alone/experiments/run_table.sh", self.table, SRWM="nowhere")
        self.assertEqual((done.returncode, done.stderr), (4, "run_table.sh: There is no program 'nowhere'. Build it "
                                                             "with make, or name it in the variable SRWM.\n"))

    def test_through_a_link_and_by_the_name_of_a_table(self):
        os.symlink(self.tree / "usr/share/srwm/experiments/run_table.sh", self.root / "run")
        done = self.start(self.root / "run", "games_signpost", "--runs-dir", self.runs, "--seeds", "1", "--", "--unknown")
        self.assertIn("runs are missing.", done.stdout)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)

    def test_submissions(self):
        (self.root / "bin").mkdir()
        (self.root / "bin/sbatch").write_text("#!/bin/sh\nfor list; do :; done\ncat \"$list\"\n")
        (self.root / "bin/sbatch").chmod(0o755)
        for place, program in (("usr/share/srwm/experiments", "usr/bin/srwm"), ("tarball/share/srwm/experiments", "tarball/bin/srwm"),
                               ("clone/experiments", "clone/build/release/apps/srwm/srwm")):
            done = self.start(self.tree / place / "slurm/submit.sh", self.table, "--runs-dir", self.runs, "--seeds", "1",
                              PATH=f"{self.root}/bin:{os.environ['PATH']}")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"\n{self.tree / program} train-fewshot --config ", done.stdout)

    def test_data_scripts(self):
        scripts = self.tree / "usr/share/srwm/data_scripts"
        for script in sorted(scripts.glob("pack_*.py")):
            done = subprocess.run([sys.executable, "-B", script, "--help"], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(list(scripts.glob("**/__pycache__")), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
