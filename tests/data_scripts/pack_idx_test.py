"""data_scripts/pack_idx.py on small files made here."""

import gzip
import os
import struct
import unittest

from packing import HTML, PackerTest, noise

import numpy as np

import pack_idx

COUNTS = {"train": 40, "test": 20}
PREFIX = {"train": "train", "test": "t10k"}


def idx(array, kind=8):
    return struct.pack(f">HBB{array.ndim}I", 0, kind, array.ndim, *array.shape) + array.tobytes()


def labels_of(split):
    return np.random.default_rng(COUNTS[split]).permutation(np.arange(COUNTS[split]) % 10).astype(np.uint8)


def images_of(split):
    return noise(COUNTS[split], COUNTS[split], 6, 5)


def files(prefix="", zipped=True, prefixes=PREFIX):
    """{name: bytes} of the four files."""
    found = {}
    for split, name in prefixes.items():
        for kind, array in (("images-idx3", images_of(split)), ("labels-idx1", labels_of(split))):
            content = idx(array)
            found[f"{prefix}{name}-{kind}-ubyte{'.gz' if zipped else ''}"] = gzip.compress(content) if zipped else content
    return found


class PackIdx(PackerTest):
    def pack(self, given, *more):
        return self.run_packer(pack_idx.main, "--idx", given, *more)

    def refused(self, pattern, changes, *more):
        """The four files with changes {name without .gz: content, or None to leave the file out}."""
        for name in os.listdir(self.path("in")) if os.path.isdir(self.path("in")) else ():
            os.remove(self.path("in", name))
        content = {**files(zipped=False), **changes}
        given = self.write_folder("in", {name: some for name, some in content.items() if some is not None})
        self.refuses(pattern, pack_idx.main, "--idx", given, *more)

    def check(self, transpose=False):
        splits, attributes = self.packed()
        self.assertEqual(sorted(splits), ["test", "train"])
        for split, (images, labels, names) in splits.items():
            expected = images_of(split).transpose(0, 2, 1) if transpose else images_of(split)
            np.testing.assert_array_equal(images, expected[..., None])
            np.testing.assert_array_equal(labels, labels_of(split))
            self.assertEqual(names, splits["train"][2])
        return splits["train"][2], attributes

    def test_gzipped_raw_folders_and_archives_are_the_same(self):
        printed = self.pack(self.write_folder("a", files()))
        self.assertIn("10 / 10 classes, 40 / 20 images of 6 x 5 x 1\npixels sha256 ", printed)
        names, attributes = self.check()
        self.assertEqual(names, [str(digit) for digit in range(10)])
        self.assertEqual(self.warnings, "")
        images = images_of("train") / 255
        np.testing.assert_allclose([attributes["mean"], attributes["std"]], [[images.mean()], [images.std()]])
        raw = {name.replace("-idx", ".idx"): content for name, content in files(zipped=False).items()}
        for given in (self.write_folder("b", raw), self.write_zip("c.zip", files("gzip/")), self.write_tar("d.tgz", raw)):
            self.assertEqual(self.pack(given), printed)
            self.check()

    def test_published_names_and_statistics(self):
        given = self.write_folder("a", files())
        self.pack(given, "--dataset", "fashion_mnist")
        names, attributes = self.check()
        self.assertEqual((names[0], names[9]), ("T-shirt/top", "ankle boot"))
        self.assertIn("there are 40 / 20 images; fashion_mnist as published has 60000 / 10000", self.warnings)
        fashion = attributes["mean"], attributes["std"]
        self.pack(given, "--dataset", "mnist")
        mnist = self.packed()[1]
        self.assertEqual(fashion, (mnist["mean"], mnist["std"]))
        np.testing.assert_allclose([mnist["mean"][0], mnist["std"][0]], [0.13066047, 0.30810788], rtol=1e-12)
        self.assertEqual(len(pack_idx.DATASETS["emnist"].classes), 62)

    def test_one_set_of_several(self):
        both = {**files("emnist-byclass-", prefixes={"train": "train", "test": "test"}),
                **files("emnist-letters-", prefixes={"train": "train", "test": "test"})}
        given = self.write_zip("gzip.zip", both)
        for part in ("byclass", "emnist-byclass"):
            self.pack(given, "--part", part, "--transpose")
            self.check(transpose=True)
        self.refuses("has 2 files of the train images: emnist-byclass-train.*, emnist-letters-train.*. Name one set with --part",
                     pack_idx.main, "--idx", given)
        self.refuses("has no digits-train-images-idx3-ubyte, gzipped or not", pack_idx.main, "--idx", given, "--part", "digits")

    def test_labels_that_do_not_start_at_0(self):
        shifted = {f"{PREFIX[split]}-labels-idx1-ubyte": idx(labels_of(split) + 1) for split in PREFIX}
        self.pack(self.write_folder("a", {**files(zipped=False), **shifted}))
        self.assertEqual(self.check()[0], [str(label) for label in range(1, 11)])

    def test_missing_files(self):
        self.refused("in has no t10k-labels-idx1-ubyte, gzipped or not", {"t10k-labels-idx1-ubyte": None})
        self.refuses("nowhere cannot be read: No such file", pack_idx.main, "--idx", self.path("nowhere"))

    def test_other_things_instead_of_a_file(self):
        name = "train-images-idx3-ubyte"
        self.refused(f"{name} in .* is not an IDX file: it starts with '<!DOCTYPE html>': probably a web page", {name: HTML})
        self.refused("is not an IDX file: it starts with '<!DOCTYPE html>'", {name: gzip.compress(HTML)})
        self.refused("is not an IDX file: it is empty", {name: b""})
        self.refused("holds numbers of type 0x0d; expected bytes, 0x08", {name: idx(images_of("train"), 13)})
        self.refused("has arrays of 4 axes, where images have 3", {name: idx(images_of("train")[..., None])})
        page = self.write("page.zip", HTML)
        self.refuses("page.zip is neither a folder nor a zip or tar archive", pack_idx.main, "--idx", page)

    def test_images_and_labels_swapped(self):
        self.refused("train-images.* has arrays of 1 axes, where images have 3: these are labels",
                     {"train-images-idx3-ubyte": idx(labels_of("train")), "train-labels-idx1-ubyte": idx(images_of("train"))})
        self.refused("train-labels.* has arrays of 3 axes, where labels have 1: these are images",
                     {"train-labels-idx1-ubyte": idx(images_of("train"))})

    def test_wrong_counts(self):
        name = "train-images-idx3-ubyte"
        whole = idx(images_of("train"))
        self.refused("has 1215 bytes instead of the 1216 of 40 x 6 x 5 images: it is truncated", {name: whole[:-1]})
        self.refused("has 1217 bytes instead of the 1216 of 40 x 6 x 5 images: it is damaged", {name: whole + b"x"})
        self.refused("has 10 bytes instead of", {name: whole[:10]})
        self.refused("train-images.* holds no images", {name: idx(np.zeros((0, 6, 5), np.uint8))})
        self.refused("has 39 train images but 40 labels of them", {name: idx(images_of("train")[1:])})
        self.refused("has train images of 5 x 6 pixels but test images of 6 x 5",
                     {name: idx(np.ascontiguousarray(images_of("train").transpose(0, 2, 1)))})

    def test_wrong_labels(self):
        labels = labels_of("test")
        labels[3] = 77
        self.refused("The label 77 is in one of train and test only", {"t10k-labels-idx1-ubyte": idx(labels)})
        self.refused("test: labels go from 0 to 77; expected 0 to 9", {"t10k-labels-idx1-ubyte": idx(labels)},
                     "--dataset", "mnist")

    def test_truncated_gzip(self):
        content = gzip.compress(idx(images_of("train")))
        for damaged in (content[:-20], content[:6], content[:40] + b"xxxx" + content[44:]):
            self.refused("train-images.* cannot be unpacked .*: it is truncated or damaged; download it again",
                         {"train-images-idx3-ubyte": damaged})

    def test_damage_is_never_a_bug(self):
        chance = np.random.default_rng(4)
        for _ in range(60):
            changed = {}
            for name, content in files(zipped=bool(chance.integers(2))).items():
                content = bytearray(content)
                for _ in range(chance.integers(0, 4)):
                    content[chance.integers(min(len(content), chance.choice([8, 2000])))] = chance.integers(256)
                changed[name] = bytes(content)
            self.ends_well(pack_idx.main, "--idx", self.write_zip("changed.zip", changed), "--out", self.out)


if __name__ == "__main__":
    unittest.main()
