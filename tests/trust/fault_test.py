#!/usr/bin/env python3
"""File systems that fail, clocks that jump, two processes on one run folder.

Usage: fault_test.py SRWM FAULT_LIBRARY [--every N] [--errors NAME,...] [TEST...]

After every fault: exit code 3, one sentence on stderr with cause and way on, and a run that is resumed once the fault is
gone ends like one that never met it. --every 1 puts the fault at each file operation in turn, 9 at every ninth.
"""
import argparse
import errno
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import unittest

from kill_test import fault_environment, finish_and_compare, operations
from small_run import Outcome, SmallRun

DATA, USAGE, STOPPED = 3, 2, 75
WORDS = {"ENOSPC": "the disk is full", "EDQUOT": "the disk quota is used up", "EROFS": "the file system is read-only",
         "EACCES": "permission denied", "EIO": "the disk reports an input/output error",
         "ESTALE": "the network file system has lost the file", "ENOTCONN": "the file system is no longer connected"}
OPTIONS = None


def complaints(err):
    """What srwm said of its end; the lines before it are progress, and warnings that a log could not be written."""
    return [line for line in err.splitlines() if line.startswith("srwm: ")]


class Trust(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="srwm_trust_")
        cls.folder = cls.temporary.name
        cls.run_folder = os.path.join(cls.folder, "run")
        cls.small = SmallRun(OPTIONS.srwm, cls.folder, steps=30)
        whole = os.path.join(cls.folder, "whole")
        assert cls.small.finish(whole)[0] == 0
        cls.whole = Outcome(whole)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def tearDown(self):
        shutil.rmtree(self.run_folder, ignore_errors=True)

    def start_and_wait_for_checkpoint(self):
        """A run without end that has written its first checkpoint."""
        process = self.small.start(self.run_folder, "--set", "train.steps=10000000")
        latest, end = os.path.join(self.run_folder, "checkpoints/latest.h5"), time.monotonic() + 30
        while not os.path.exists(latest) and time.monotonic() < end:
            time.sleep(0.01)
        self.assertTrue(os.path.exists(latest))
        return process


class FailingFiles(Trust):
    def check_fault(self, name, number, operation):
        environment = fault_environment(OPTIONS.library, self.run_folder, at=number, how=getattr(errno, name))
        code, _, err = self.small.finish(self.run_folder, "--resume", environment=environment)
        done = os.path.exists(os.path.join(self.run_folder, "DONE"))
        if code != 0:  # a fault at the very end of a complete run is none
            self.assertEqual(code, DATA, err)
            self.assertEqual(len(complaints(err)), 1, err)
            self.assertIn(WORDS[name], err)
            if "/log.txt" not in operation and not done:
                self.assertRegex(complaints(err)[0], "--resume|--run-dir|Cannot look for|Cannot read|cannot be")
        else:
            self.assertTrue(done)
        finish_and_compare(self.small, self.run_folder, self.whole, f"{name} from {operation} on")

    def test_every_operation(self):
        listed = operations(self.small, OPTIONS.library, self.folder, "--resume")
        faults = 0
        for name in OPTIONS.errors.split(","):
            for number, operation in enumerate(listed, start=1):
                # HDF5 once ended the process by SIGSEGV where the file of the best model could not be closed.
                if (number + len(name)) % OPTIONS.every == 0 or operation.endswith("close/checkpoints/best.h5"):
                    with self.subTest(error=name, operation=operation):
                        self.check_fault(name, number, operation)
                        faults += 1
        print(f"faults at file operations survived: {faults}")

    def test_resume_is_not_taken_for_a_start(self):
        """A file system that does not answer on resume must not make the run begin anew over what is there."""
        self.assertEqual(self.small.finish(self.run_folder, "--max-seconds", "0.01")[0], STOPPED)
        latest = os.path.join(self.run_folder, "checkpoints/latest.h5")
        with open(latest, "rb") as file:
            before = file.read()
        for number in range(1, 16):
            environment = fault_environment(OPTIONS.library, self.run_folder, at=number, how=errno.ESTALE)
            code, _, err = self.small.finish(self.run_folder, "--resume", environment=environment)
            self.assertEqual(code, DATA, err)
            self.assertEqual(len(complaints(err)), 1, err)
            self.assertIn(WORDS["ESTALE"], err)
            with open(latest, "rb") as file:
                self.assertEqual(file.read(), before)
        finish_and_compare(self.small, self.run_folder, self.whole, "lost at resume")

    def test_unwritable_place(self):
        if os.geteuid() == 0:
            place = "/proc/srwm"  # what nobody may write to, not even root
        else:
            place = os.path.join(self.run_folder, "locked")
            os.makedirs(self.run_folder)
            os.chmod(self.run_folder, 0o500)
        code, _, err = self.small.finish(place)
        self.assertEqual(code, DATA, err)
        self.assertEqual(len(complaints(err)), 1, err)
        self.assertIn("--run-dir", err)
        self.assertFalse(os.path.exists(place))

    def test_bad_start_leaves_no_folder(self):
        self.assertEqual(self.small.finish(self.run_folder, "--init-from", self.small.spec)[0], DATA)
        self.assertFalse(os.path.exists(self.run_folder))
        best = os.path.join(self.folder, "whole/checkpoints/best.h5")
        code, _, err = self.small.finish(self.run_folder, "--init-from", best, "--set", "model.core.hidden=32")
        self.assertEqual(code, DATA, err)
        self.assertFalse(os.path.exists(self.run_folder))


class Clocks(Trust):
    def check_times(self, spent):
        with open(os.path.join(self.run_folder, "metrics.jsonl"), encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        seconds = [line["seconds"] for line in lines]
        self.assertEqual(seconds, sorted(seconds))
        self.assertGreaterEqual(seconds[0], 0)
        self.assertLessEqual(seconds[-1], spent)
        for line in lines:
            if line["kind"] == "train":
                self.assertGreater(line["images_per_second"], 1)
                self.assertLess(line["images_per_second"], 1e6)
        with open(os.path.join(self.run_folder, "result.json"), encoding="utf-8") as file:
            wall_seconds = json.load(file)["wall_seconds"]
        self.assertTrue(0 < wall_seconds <= spent, wall_seconds)

    def test_jumps(self):
        """A day forward and back, from one look at the wall clock to the next."""
        for jump in (86400, -86400, 10**9):
            start = time.monotonic()
            environment = {"LD_PRELOAD": OPTIONS.library, "SRWM_CLOCK_JUMP": str(jump)}
            code, out, err = self.small.finish(self.run_folder, environment=environment)
            self.assertEqual(code, 0, err)
            self.check_times(time.monotonic() - start)
            self.assertNotRegex(out + err, r"\d+ (h|d) ")
            self.assertEqual(self.whole.differences(Outcome(self.run_folder)), [])
            shutil.rmtree(self.run_folder)

    def test_max_seconds(self):
        start = time.monotonic()
        environment = {"LD_PRELOAD": OPTIONS.library, "SRWM_CLOCK_JUMP": "86400"}
        code, _, err = self.small.finish(self.run_folder, "--max-seconds", "2", "--set", "train.steps=10000000",
                                         environment=environment)
        self.assertEqual(code, STOPPED, err)
        self.assertTrue(2 <= time.monotonic() - start < 20)


class TwoProcesses(Trust):
    def test_second_is_refused_until_the_first_is_gone(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            first = self.start_and_wait_for_checkpoint()
            for more in ([], ["--resume"]):
                code, _, err = self.small.finish(self.run_folder, *more)
                self.assertEqual(code, USAGE, err)
                self.assertEqual(len(complaints(err)), 1, err)
                self.assertIn(f"is in use by process {first.pid} on ", err)
            first.send_signal(number)
            first.communicate(timeout=60)
            self.assertEqual(first.returncode, STOPPED if number == signal.SIGTERM else -number)
            code, _, err = self.small.finish(self.run_folder, "--resume", "--set", "train.steps=10000000",
                                             "--max-seconds", "0.01")
            self.assertEqual(code, STOPPED, err)
            shutil.rmtree(self.run_folder)

    def test_without_locks(self):
        """Where the file system has no locks a warning says so, and the run is as good as any."""
        environment = {"LD_PRELOAD": OPTIONS.library, "SRWM_FAULT_FLOCK": str(errno.ENOLCK)}
        code, _, err = self.small.finish(self.run_folder, environment=environment)
        self.assertEqual(code, 0, err)
        self.assertIn("knows no locks", err)
        self.assertEqual(self.whole.differences(Outcome(self.run_folder)), [])


class Output(Trust):
    def test_full_standard_output(self):
        for command in ("--help", "--version", "config schema", "config show " + self.small.spec):
            with open("/dev/full", "w", encoding="utf-8") as full:
                process = self.small.start_command(command.split(), full)
            _, err = process.communicate(timeout=30)
            self.assertEqual(process.returncode, DATA, f"{command}: {err}")
            self.assertEqual(complaints(err), ["srwm: Cannot write to standard output: the disk is full."])


def main():
    global OPTIONS
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("srwm")
    parser.add_argument("library")
    parser.add_argument("--every", type=int, default=40)
    parser.add_argument("--errors", default="ENOSPC,EIO,ESTALE")
    OPTIONS, tests = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *tests])


if __name__ == "__main__":
    main()
