#!/usr/bin/env python3
"""A run on a disk that is really full, and on one that is mounted read-only: small file systems in memory.

Usage: full_disk_test.py SRWM
They are mounted in a mount namespace of this script's own, for which it starts itself again under unshare(1). Where that
is not allowed the test says so and ends with 77, which ctest counts as skipped.
"""
import os
import subprocess
import sys
import tempfile
import unittest

from kill_test import finish_and_compare
from small_run import Outcome, SmallRun

INSIDE = "SRWM_TEST_IN_NAMESPACE"
STOPPED = 75


def enter_namespace():
    namespace = ["unshare", "--user", "--mount", "--map-root-user"]
    trial = subprocess.run([*namespace, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, text=True,
                           check=False)
    if trial.returncode != 0:
        print(f"skipped: no file system can be mounted here: {trial.stderr.strip()}")
        sys.exit(77)
    os.environ[INSIDE] = "1"
    os.execvp(namespace[0], [*namespace, sys.executable, "-B", *sys.argv])


def mount(*options):
    subprocess.run(["mount", *options], check=True)


class SmallDisk(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="srwm_trust_")
        self.disk = os.path.join(self.temporary.name, "disk")
        os.mkdir(self.disk)
        mount("-t", "tmpfs", "-o", "size=16m", "tmpfs", self.disk)
        self.run_folder = os.path.join(self.disk, "run")
        self.small = SmallRun(SRWM, self.temporary.name, steps=300, keep=1000)

    def tearDown(self):
        subprocess.run(["umount", self.disk], check=True)
        self.temporary.cleanup()

    def whole(self):
        folder = os.path.join(self.temporary.name, "whole")
        self.assertEqual(self.small.finish(folder)[0], 0)
        return Outcome(folder)

    def check_refused(self, end, words):
        code, _, err = end
        self.assertEqual(code, 3, err)
        said = [line for line in err.splitlines() if line.startswith("srwm: ")]
        self.assertEqual(len(said), 1, err)
        for word in words:
            self.assertIn(word, said[0])
        print(said[0])

    def test_full(self):
        """Kept checkpoints fill the disk; room is made; the run goes on to the same end."""
        filler = os.path.join(self.disk, "filler")
        with open(filler, "wb") as file:
            file.write(bytes(15_500_000))
        self.check_refused(self.small.finish(self.run_folder), ["the disk is full", "checkpoint of step", "--resume"])
        self.check_refused(self.small.finish(self.run_folder, "--resume"),
                           ["the disk is full", "checkpoint of step", "--resume"])
        os.remove(filler)
        finish_and_compare(self.small, self.run_folder, self.whole(), "after a full disk")

    def test_read_only(self):
        """A disk that turns read-only between two sittings."""
        self.assertEqual(self.small.finish(self.run_folder, "--max-seconds", "0.05")[0], STOPPED)
        mount("-o", "remount,ro", self.disk)
        self.check_refused(self.small.finish(self.run_folder, "--resume"), ["the file system is read-only", "--run-dir"])
        self.check_refused(self.small.finish(os.path.join(self.disk, "new")), ["read-only", "--run-dir"])
        mount("-o", "remount,rw", self.disk)
        finish_and_compare(self.small, self.run_folder, self.whole(), "after a read-only disk")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if INSIDE not in os.environ:
        enter_namespace()
    SRWM = os.path.abspath(sys.argv.pop())
    unittest.main()
