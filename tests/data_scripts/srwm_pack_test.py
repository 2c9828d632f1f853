"""data_scripts/srwm_pack.py: what all packers share."""

import hashlib
import os
import signal
import subprocess
import sys
import unittest
from types import SimpleNamespace
from unittest import mock

from packing import PackerTest, noise

import numpy as np

import command_line
import srwm_pack
from command_line import InputError, ScriptError
from srwm_pack import write_class_dataset

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPT = f"""
import sys, time
sys.path.insert(0, {os.path.join(HERE, "..", "..", "data_scripts")!r})
import numpy as np
import command_line, srwm_pack

def blocks():
    yield np.zeros((2, 4, 4, 1), np.uint8)
    print("writing", flush=True)
    {{what}}

def main(arguments):
    srwm_pack.write_class_dataset(arguments[0], "x", {{{{"train": (blocks(), [0] * 9, ["a"])}}}}, "test")

command_line.run(main, "It is to be had from the moon.")
"""


class WriteClassDataset(PackerTest):
    def setUp(self):
        super().setUp()
        self.images = {split: noise(seed, 12, 5, 4, 3) for seed, split in enumerate(srwm_pack.SPLITS)}

    def write_splits(self, **contents):
        splits = {split: (images, [0, 1, 1] * 4, ["a", "ü"]) for split, images in self.images.items()} | contents
        return write_class_dataset(self.out, "name", splits, "test")

    def refused(self, pattern, kind=InputError, **contents):
        with self.assertRaisesRegex(kind, pattern):
            self.write_splits(**contents)
        self.assertEqual(os.listdir(self.folder), [])

    def test_arrays_iterables_and_functions_are_the_same(self):
        summary = str(self.write_splits())
        with open(self.out, "rb") as file:
            expected = file.read()
        blocks = (self.images["train"][begin:begin + 5] for begin in (0, 5, 10))
        labels, names = [0, 1, 1] * 4, ["a", "ü"]
        self.assertEqual(str(self.write_splits(train=(blocks, labels, names),
                                               val=lambda: ([self.images["val"]], labels, names))), summary)
        with open(self.out, "rb") as file:
            self.assertEqual(file.read(), expected)

    def test_summary_and_statistics(self):
        summary = self.write_splits()
        splits, attributes = self.packed()
        self.assertEqual(splits["val"][2], ["a", "ü"])
        np.testing.assert_allclose(attributes["mean"], self.images["train"].mean(axis=(0, 1, 2)) / 255)
        np.testing.assert_allclose(attributes["std"], self.images["train"].std(axis=(0, 1, 2)) / 255)
        digest = hashlib.sha256(b"".join(self.images[split].tobytes() for split in srwm_pack.SPLITS)).hexdigest()
        self.assertEqual(str(summary), f"{self.out}: 2 / 2 / 2 classes, 12 / 12 / 12 images of 5 x 4 x 3\n"
                                       f"pixels sha256 {digest}")

    def test_images_that_do_not_fit(self):
        labels, names = [0, 1, 1] * 4, ["a", "ü"]
        for images, pattern in (([noise(1, 11, 5, 4, 3)], "test: there are 11 images but 12 labels"),
                                ([], "test: there are 0 images but 12 labels"),
                                ([noise(1, 13, 5, 4, 3)], "test: there are more than 12 images"),
                                ([noise(1, 6, 5, 4, 3), noise(1, 6, 4, 4, 3)], r"images 6 to 11 are uint8 \[4, 4, 3\]"),
                                ([np.zeros((12, 5, 4, 3))], "images 0 to 11 are float64")):
            self.refused(pattern, test=(images, labels, names))

    def test_full_disk(self):
        with mock.patch("shutil.disk_usage", return_value=SimpleNamespace(free=700)):
            self.refused("packed.h5 cannot be written: 0 MB are needed, 0 MB are free", ScriptError)
        error = OSError("Can't close file (file write failed: errno = 28, error message = 'No space left', buf = 0x9)")
        self.assertEqual(command_line.reason_of(error), "No space left")
        self.assertEqual(command_line.reason_of(OSError(13, "Permission denied")), "Permission denied")

    def test_any_error_leaves_nothing(self):
        def blocks():
            yield self.images["test"][:6]
            raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            self.write_splits(test=(blocks(), [0, 1, 1] * 4, ["a", "b"]))
        self.assertEqual(os.listdir(self.folder), [])


class Run(PackerTest):
    def start(self, what):
        command = [sys.executable, "-B", "-c", SCRIPT.format(what=what), self.out]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.assertEqual(process.stdout.readline(), "writing\n")
        return process

    def test_refusal(self):
        process = self.start("raise command_line.InputError('Half of it is missing.')")
        self.assertEqual(process.communicate()[1], "-c: Half of it is missing. It is to be had from the moon.\n")
        self.assertEqual(process.returncode, 3)
        process = self.start("raise command_line.ScriptError('The disk is full.')")
        self.assertEqual(process.communicate()[1], "-c: The disk is full.\n")
        self.assertEqual(os.listdir(self.folder), [])

    def test_signals(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            process = self.start("time.sleep(60)")
            self.assertNotEqual(os.listdir(self.folder), [])
            process.send_signal(number)
            self.assertEqual(process.communicate()[1], "")
            self.assertEqual(process.returncode, 128 + number)
            self.assertEqual(os.listdir(self.folder), [])


if __name__ == "__main__":
    unittest.main()
