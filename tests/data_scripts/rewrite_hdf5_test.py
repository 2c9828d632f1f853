"""data_scripts/rewrite_hdf5.py: a file with other filters becomes one that every HDF5 library reads."""

import os
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

SRWM = sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else None
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data_scripts", "rewrite_hdf5.py")


def write_dataset(path, **options):
    images = np.random.default_rng(1).integers(0, 256, (6, 16, 16, 1), np.uint8)
    with h5py.File(path, "w") as file:
        file.attrs.update({"srwm_format": "classes", "format_version": 1, "generator": "test", "name": "mine",
                           "mean": [0.5], "std": [0.25]})
        for split in ("train", "val", "test"):
            group = file.create_group(split)
            group.attrs.update({"classes": 2, "images": 6})
            group.create_dataset("images", data=images, **options)
            group.create_dataset("labels", data=np.repeat(np.arange(2, dtype=np.int32), 3))
            group.create_dataset("class_names", data=["a", "b"])
    return images


class RewriteHdf5(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = lambda name: os.path.join(folder.name, name)

    def rewrite(self, *names):
        return subprocess.run([sys.executable, SCRIPT, *map(self.path, names)], capture_output=True, text=True)

    def inspect(self, name):
        return subprocess.run([SRWM, "data", "inspect", self.path(name)], capture_output=True, text=True)

    def test_srwm_names_the_filter_and_the_cure_that_it_names_works(self):
        images = write_dataset(self.path("lzf.h5"), compression="lzf")
        refused = self.inspect("lzf.h5")
        self.assertEqual(refused.returncode, 3)
        self.assertIn("/train/images is compressed with lzf (HDF5 filter 32000), which this HDF5 library cannot read",
                      refused.stderr)
        self.assertIn(f"data_scripts/rewrite_hdf5.py {self.path('lzf.h5')} OUT.h5", refused.stderr)
        self.assertNotIn("damaged", refused.stderr)
        self.assertEqual(self.rewrite("lzf.h5", "gzip.h5").returncode, 0)
        read = self.inspect("gzip.h5")
        self.assertEqual(read.returncode, 0, read.stderr)
        with h5py.File(self.path("gzip.h5")) as file:
            self.assertEqual(file.attrs["name"], "mine")
            np.testing.assert_array_equal(file["train/images"], images)
            self.assertEqual(file["train/images"].compression, "gzip")

    def test_the_other_filters_of_hdf5_itself_need_no_cure(self):
        for name, options in {"gzip": {"compression": "gzip"}, "shuffle": {"shuffle": True, "fletcher32": True},
                              "scale": {"scaleoffset": 0}}.items():
            with self.subTest(name):
                write_dataset(self.path(name), chunks=(1, 16, 16, 1), **options)
                read = self.inspect(name)
                self.assertEqual(read.returncode, 0, read.stderr)

    def test_what_cannot_be_rewritten_is_one_sentence(self):
        self.assertIn("cannot be read as an HDF5 file", self.rewrite("none.h5", "x.h5").stderr)
        write_dataset(self.path("a.h5"))
        self.assertEqual(self.rewrite("a.h5", "a.h5").returncode, 2)
        with h5py.File(self.path("a.h5"), "a") as file:
            file["link"] = h5py.ExternalLink("gone.h5", "/x")
        result = self.rewrite("a.h5", "b.h5")
        self.assertEqual(result.returncode, 3)
        self.assertIn("/link is a link to something that is not there", result.stderr)
        self.assertFalse(os.path.exists(self.path("b.h5")))

    def test_a_virtual_dataset_without_its_source_is_refused(self):
        write_dataset(self.path("source.h5"))
        layout = h5py.VirtualLayout((6, 16, 16, 1), np.uint8)
        layout[:] = h5py.VirtualSource("source.h5", "train/images", (6, 16, 16, 1))
        with h5py.File(self.path("virtual.h5"), "w") as file:
            file.create_virtual_dataset("x", layout)
        self.assertEqual(self.rewrite("virtual.h5", "whole.h5").returncode, 0)
        os.remove(self.path("source.h5"))
        self.assertIn("its source file source.h5 is not there", self.rewrite("virtual.h5", "x.h5").stderr)
        with h5py.File(self.path("whole.h5")) as file:
            self.assertGreater(file["x"][()].std(), 0)


if __name__ == "__main__":
    unittest.main()
