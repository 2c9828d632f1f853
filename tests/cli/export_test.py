"""srwm export and srwm import, with numpy as the other program.

Usage: export_test.py SRWM"""

import json
import os
import struct
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

SRWM = sys.argv[1]
SPEC = {"name": "small", "data": {"glyphs": {"train_classes": 12, "val_classes": 5, "test_classes": 5, "images_per_class": 4}},
        "protocol": {"n_way": 3}, "model": {"vision": {"channels": 4}, "core": {"layers": 1, "heads": 2, "hidden": 16}},
        "train": {"steps": 4, "batch": 2}, "validation": {"every": 2, "batches": 1}, "test": {"episodes": 20}}


def srwm(*arguments):
    return subprocess.run([SRWM, *arguments], capture_output=True, text=True, check=False, timeout=120)


class Export(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.run_folder, cls.spec = cls.path("run"), cls.path("spec.json")
        with open(cls.spec, "w", encoding="utf-8") as file:
            json.dump(SPEC, file)
        done = srwm("train", "--config", cls.spec, "--run-dir", cls.run_folder, "--threads", "1")
        assert done.returncode == 0, done.stderr
        cls.best = os.path.join(cls.run_folder, "checkpoints", "best.h5")
        cls.weights = cls.weights_of(cls.best)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder.name, name)

    @staticmethod
    def weights_of(checkpoint):
        found = {}
        with h5py.File(checkpoint) as file:
            file["model"].visititems(lambda name, item: found.update({name: item[()]}) if hasattr(item, "shape") else None)
        return found

    def succeed(self, *arguments):
        done = srwm(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def check(self, arrays):
        self.assertEqual(set(arrays), set(self.weights))
        for name, array in arrays.items():
            self.assertEqual(array.dtype, np.float32)
            np.testing.assert_array_equal(array, self.weights[name])

    def check_import(self, exported, *options):
        self.succeed("import", exported, "--out", self.path("back.h5"), *options)
        self.check(self.weights_of(self.path("back.h5")))

        def accuracy(checkpoint):
            printed = self.succeed("eval", "--checkpoint", checkpoint, "--json", "--threads", "1")
            return json.loads(printed)["accuracy"]

        self.assertEqual(accuracy(self.path("back.h5")), accuracy(self.best))

    def test_npz(self):
        printed = self.succeed("export", "--run", self.run_folder, "--out", self.path("model.npz"))
        self.assertIn(f"{len(self.weights)} tensors", printed)
        with np.load(self.path("model.npz"), allow_pickle=False) as content:
            arrays = {name: content[name] for name in content.files}
        metadata = json.loads(bytes(arrays.pop("__metadata__")))
        self.check(arrays)
        self.assertEqual(json.loads(metadata["spec"])["protocol"]["n_way"], 3)
        self.assertIn(metadata["step"], ("2", "4"))
        self.check_import(self.path("model.npz"))

    def test_safetensors(self):
        self.succeed("export", "--checkpoint", self.best, "--out", self.path("model.safetensors"))
        with open(self.path("model.safetensors"), "rb") as file:
            header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
            numbers = file.read()
        metadata = header.pop("__metadata__")
        self.assertTrue(all(isinstance(value, str) for value in metadata.values()))
        self.assertEqual(json.loads(metadata["spec"])["name"], "small")
        arrays, places = {}, []
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            arrays[name] = np.frombuffer(numbers[begin:end], "<f4").reshape(entry["shape"])
            places.append((begin, end))
        self.assertEqual([end for _, end in sorted(places)], [begin for begin, _ in sorted(places)][1:] + [len(numbers)])
        self.check(arrays)
        self.check_import(self.path("model.safetensors"))

    def test_arrays_that_numpy_wrote(self):
        np.savez(self.path("numpy.npz"), **self.weights)
        self.check_import(self.path("numpy.npz"), "--config", self.spec)
        doubles = {name: value.astype(np.float64) for name, value in self.weights.items()}
        np.savez(self.path("doubles.npz"), **doubles)
        self.check_import(self.path("doubles.npz"), "--config", self.spec)
        np.savez_compressed(self.path("small.npz"), **self.weights)
        done = srwm("import", self.path("small.npz"), "--out", self.path("no.h5"), "--config", self.spec)
        self.assertEqual(done.returncode, 3)
        self.assertIn("is compressed; write it with numpy.savez", done.stderr)
        fortran = {name: np.asfortranarray(value) for name, value in self.weights.items()}
        np.savez(self.path("fortran.npz"), **fortran)
        done = srwm("import", self.path("fortran.npz"), "--out", self.path("no.h5"), "--config", self.spec)
        self.assertEqual(done.returncode, 3)
        self.assertIn("no array of numbers in the order of C", done.stderr)
        self.assertFalse(os.path.exists(self.path("no.h5")))

    def test_equal_bytes(self):
        for name in ("a.npz", "b.npz", "a.safetensors", "b.safetensors"):
            self.succeed("export", "--checkpoint", self.best, "--out", self.path(name))
        for ending in ("npz", "safetensors"):
            with open(self.path(f"a.{ending}"), "rb") as one, open(self.path(f"b.{ending}"), "rb") as other:
                self.assertEqual(one.read(), other.read())

    def test_formats_by_name(self):
        done = srwm("export", "--checkpoint", self.best, "--out", self.path("weights"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("Name the format with --format", done.stderr)
        self.succeed("export", "--checkpoint", self.best, "--out", self.path("weights"), "--format", "npz")
        self.check_import(self.path("weights"), "--format", "npz")
        done = srwm("export", "--checkpoint", self.best, "--out", self.best)
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
