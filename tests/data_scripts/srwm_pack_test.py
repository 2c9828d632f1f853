"""data_scripts/srwm_pack.py: what all packers share."""

import hashlib
import os
import resource
import signal
import subprocess
import sys
import unittest
from types import SimpleNamespace
from unittest import mock

from packing import PackerTest, noise

import numpy as np

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
    splits = {{{{"train": (blocks(), [0] * 9, ["a"]), "test": (blocks(), [0] * 9, ["b"])}}}}
    srwm_pack.write_class_dataset(arguments[0], "x", splits, "test")

command_line.run(main, "It is to be had from the moon.")
"""


class WriteClassDataset(PackerTest):
    def setUp(self):
        super().setUp()
        self.images = {split: noise(seed, 12, 5, 4, 3) for seed, split in enumerate(srwm_pack.SPLITS)}
        warned = mock.patch("srwm_pack.warn", side_effect=lambda text: self.warnings.append(text))
        warned.start()
        self.addCleanup(warned.stop)
        self.warnings = []

    def write_splits(self, without=None, **contents):
        splits = {split: (images, [0, 1, 1] * 4, ["a", "ü"]) for split, images in self.images.items() if split != without} | contents
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

    def test_labels_that_are_none(self):
        for labels, pattern in (([], "labels are .* expected whole numbers"), ([0.5] * 12, "labels are float64"),
                                ([0] * 11 + [2], "labels go from 0 to 2; expected 0 to 1, as there are 2 class names"),
                                ([-1] * 12, "labels go from -1"), ([0] * 12, "the class b has no images")):
            self.refused(pattern, test=(self.images["test"], labels, ["a", "b"]))
        for missing in ("train", "test"):
            with self.assertRaisesRegex(ScriptError, f"There is no split {missing}; a class dataset has train and test"):
                self.write_splits(without=missing)
        self.assertEqual(os.listdir(self.folder), [])

    def test_there_may_be_no_val(self):
        self.assertIn("2 / 2 classes, 12 / 12 images of 5 x 4 x 3", str(self.write_splits(without="val")))
        self.assertEqual(sorted(self.packed()[0]), ["test", "train"])
        self.images["test"][2] = self.images["train"][3]
        self.write_splits(without="val")
        self.assertEqual(self.warnings, ["2 images have the pixels of an image in another of the splits: in train/a and test/ü, say."])

    def test_statistics_that_are_none(self):
        splits = {split: (images, [0] * 12, [split]) for split, images in self.images.items()}
        for wrong in ({"mean": [0, np.nan, 0]}, {"mean": [0.5]}, {"std": [1, 0, 1]}, {"std": [1, np.inf, 1]}, {"std": 1}):
            with self.assertRaisesRegex(ScriptError, f"{list(wrong)[0]} is .*; expected 3 finite number.s."):
                write_class_dataset(self.out, "x", splits, "test", **wrong)
        self.assertEqual(os.listdir(self.folder), [])

    def test_blank_and_equal_images(self):
        labels = {split: (np.arange(12) % 3, [f"{split}{c}" for c in range(3)]) for split in srwm_pack.SPLITS}

        def write():
            self.warnings.clear()
            splits = {split: ([images[:5], images[5:]], *labels[split]) for split, images in self.images.items()}
            return write_class_dataset(self.out, "x", splits, "test")

        write()
        self.assertEqual(self.warnings, [])
        train, val, test = (self.images[split] for split in srwm_pack.SPLITS)
        train[4] = train[7] = (1, 2, 3)  # a color
        test[0] = 9
        val[1], val[4], val[8] = val[10], val[10], val[3]  # of the class 1, of 1; classes 2 and 0
        test[5] = train[3]
        write()
        self.assertEqual(self.warnings, [
            "2 of 12 images of train are blank (all pixels alike), the first of them in the class train1. Look at them: srwm data "
            "inspect FILE --sheet F.png.",
            "1 of 12 images of test are blank (all pixels alike), the first of them in the class test0. Look at them: srwm data "
            "inspect FILE --sheet F.png.",
            "2 images have the pixels of an image in another of the classes: in val/val0 and val/val2, say.",
            "2 images have the pixels of an image in another of the splits: in train/train0 and test/test2, say."])

    def test_equal_names_of_classes(self):
        self.write_splits()
        self.assertEqual(self.warnings, [])  # a labeled dataset
        self.write_splits(test=(self.images["test"], [0, 1, 1] * 4, ["c", "c"]))
        self.assertEqual(self.warnings, ["val and train have 2 class names in common, a first. Are they the same classes?",
                                         "two classes of test have the name c."])

    def test_names_that_are_no_text(self):
        self.write_splits(test=(self.images["test"], [0] * 12, ["\udcff"]))
        self.assertEqual(self.packed()[0]["test"][2], ["\\udcff"])

    def test_full_disk(self):
        with mock.patch("shutil.disk_usage", return_value=SimpleNamespace(free=700)):
            self.refused("packed.h5 cannot be written: 0 MB are needed, 0 MB are free", ScriptError)

    @staticmethod
    def limit(kilobytes):
        """What may be written to a file; a write beyond it fails as on a full disk."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, kilobytes * 1024))

    def test_files_that_cannot_be_written_to_their_end(self):
        """Wherever HDF5 meets it: no crash, no traceback, nothing left."""
        script = f"import sys; sys.path.insert(0, {os.path.join(HERE, '..', '..', 'data_scripts')!r})\n" \
                 "import numpy as np, command_line, srwm_pack\n" \
                 "part = lambda s: (np.random.default_rng(s).integers(0, 255, (40, 20, 20, 3)).astype(np.uint8), np.arange(40) % 2, " \
                 "[f'{s}a', f'{s}b'])\n" \
                 "command_line.run(lambda _: srwm_pack.write_class_dataset(sys.argv[1], 'x', {s: part(i) for i, s in " \
                 "enumerate(srwm_pack.SPLITS)}, 't'))"
        for kilobytes in (0, 1, 2, 4, 20, 48, 60, 96, 100, 140, 1000):
            done = subprocess.run([sys.executable, "-B", "-c", script, self.out], capture_output=True, text=True, check=False,
                                  preexec_fn=lambda kilobytes=kilobytes: self.limit(kilobytes))
            if kilobytes == 1000:
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(self.packed()[0]["test"][0].shape, (40, 20, 20, 3))
            else:
                self.assertEqual((done.returncode, done.stderr), (3, f"-c: {self.out} cannot be written: File too large.\n"))
                self.assertEqual(os.listdir(self.folder), [])

    def test_any_error_leaves_nothing(self):
        def blocks():
            yield self.images["test"][:6]
            raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt):
            self.write_splits(test=(blocks(), [0, 1, 1] * 4, ["a", "b"]))
        self.assertEqual(os.listdir(self.folder), [])


class Documentation(PackerTest):
    def test_the_example_runs_as_it_is_written(self):
        root = os.path.join(HERE, "..", "..")
        with open(os.path.join(root, "docs", "file_formats.md"), encoding="utf-8") as file:
            page = file.read()
        script = next(block for block in page.split("```python\n") if "write_class_dataset" in block and "import" in block)
        command = next(line for line in page.splitlines() if line.endswith("inspect mine.h5")).split("#")[0].split()
        self.assertEqual(command, ["PYTHONPATH=data_scripts", "python3", "mine.py"])
        self.write("mine.py", script.split("```")[0].encode())
        done = subprocess.run([sys.executable, "-B", "mine.py"], cwd=self.folder, text=True, capture_output=True, check=False,
                              env={**os.environ, "PYTHONPATH": os.path.abspath(os.path.join(root, "data_scripts"))})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("mine.h5: 60 / 20 / 20 classes, 1200 / 400 / 400 images of 28 x 28 x 1", done.stdout)
        self.out = self.path("mine.h5")
        self.assertEqual(self.packed()[0]["val"][2][19], "val19")


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
