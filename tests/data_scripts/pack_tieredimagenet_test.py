"""data_scripts/pack_tieredimagenet.py on small pickles with the layout of the real ones."""

import os
import pickle
import unittest
from unittest import mock

from packing import PackerTest, image_file, noise

import numpy as np

import pack_tieredimagenet

CLASSES = {"train": 5, "val": 2, "test": 3}
IMAGES = {"train": 30, "val": 11, "test": 20}
AT_A_TIME = 8


class PackTieredImageNet(PackerTest):
    def setUp(self):
        super().setUp()
        for name, value in (("CLASSES", CLASSES), ("IMAGES", IMAGES), ("AT_A_TIME", AT_A_TIME)):
            patch = mock.patch.object(pack_tieredimagenet, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        self.images, self.labels = {}, {}
        for split, count in IMAGES.items():
            self.images[split] = noise(count, count, 84, 84, 3) // 64 * 64
            general = [b"dog", b"tool"]
            self.labels[split] = {b"label_specific": np.arange(count, dtype=np.int32) * CLASSES[split] // count,
                                  b"label_general": np.arange(count, dtype=np.int32) % 2, b"label_general_str": general,
                                  b"label_specific_str": [f"{split} {c}".encode() for c in range(CLASSES[split])]}
        self.folder_name = self.path("tiered-imagenet")

    def files(self, split):
        """What imencode gives: a column of bytes for each image."""
        return [np.frombuffer(image_file(image, "PNG"), np.uint8)[:, None] for image in self.images[split]]

    def write_split(self, split, files=None, protocol=2):
        files = self.files(split) if files is None else files
        self.write(f"tiered-imagenet/{split}_images_png.pkl", pickle.dumps(files, protocol))
        self.write(f"tiered-imagenet/{split}_labels.pkl", pickle.dumps(self.labels[split], protocol))

    def write_all(self, **options):
        for split in IMAGES:
            self.write_split(split, **options)

    def pack(self):
        return self.run_packer(pack_tieredimagenet.main, "--pickles", self.folder_name)

    def refused(self, pattern):
        self.refuses(pattern, pack_tieredimagenet.main, "--pickles", self.folder_name)

    def test_content(self):
        for protocol in (2, 4):
            self.write_all(protocol=protocol)
            self.assertIn("5 / 2 / 3 classes, 30 / 11 / 20 images of 84 x 84 x 3", self.pack())
            splits, attributes = self.packed()
            for split in IMAGES:
                images, labels, names = splits[split]
                np.testing.assert_array_equal(images, self.images[split])
                np.testing.assert_array_equal(labels, self.labels[split][b"label_specific"])
                self.assertEqual(names, [f"{split} {c}" for c in range(CLASSES[split])])
            pixels = self.images["train"] / 255
            np.testing.assert_allclose(attributes["mean"], pixels.mean(axis=(0, 1, 2)))
            np.testing.assert_allclose(attributes["std"], pixels.std(axis=(0, 1, 2)))

    def test_incomplete(self):
        self.refused("There is no .*train_images_png.pkl")
        self.write_all()
        self.write_split("val", self.files("val")[:-1])
        self.refused("val: there are 10 images but 11 labels")
        self.write_split("val", self.files("val") + self.files("val"))
        self.refused("val: there are more than 11 images, one for each label")
        self.labels["val"][b"label_specific_str"].pop()
        self.write_split("val")
        self.refused("val_labels.pkl has 1 classes and 11 images; the split val has 2 and 11")
        os.remove(self.path("tiered-imagenet", "test_labels.pkl"))
        self.labels["val"][b"label_specific_str"].append(b"more")
        self.write_split("val")
        self.refused("There is no .*test_labels.pkl")

    def test_truncated(self):
        self.write_all()
        path = self.path("tiered-imagenet", "test_images_png.pkl")
        os.truncate(path, os.path.getsize(path) // 2)
        self.refused("test_images_png.pkl .* it is truncated")

    def test_wrong_labels(self):
        for label in (-1, 2):
            self.labels["val"][b"label_specific"][0] = label
            self.write_all()
            self.refused("val_labels.pkl: labels go from")
        self.labels["val"][b"label_specific"] = np.zeros(11, np.int32)
        self.write_split("val")
        self.refused("val_labels.pkl: the class val 1 has no image")
        self.labels["val"][b"label_specific"] = [1.5, 2]
        self.write_split("val")
        self.refused("val_labels.pkl has no label_specific of integers")

    def test_other_things_for_images(self):
        self.write_all()
        for files, pattern in (([7] * 11, "image 0 in .*val_images_png.pkl is not a PNG file"),
                               ([np.zeros((20, 1), np.uint8)], "image 0 in .*val_images_png.pkl is not a whole image"),
                               ([np.frombuffer(image_file(noise(1, 20, 30, 3), "PNG"), np.uint8)],
                                "image 0 in .* is 30 x 20 pixels; expected 84 x 84"), ({}, "holds no list")):
            self.write_split("val", files)
            self.refused(pattern)

    def test_hostile_pickle(self):
        class Shell:
            def __reduce__(shell):
                return os.system, (f"touch {self.path('trace')}",)

        self.write_all()
        self.write_split("val", self.files("val")[:3] + [Shell()])
        self.refused("val_images_png.pkl is not data alone: it asks for posix.system")
        self.assertFalse(os.path.exists(self.path("trace")))


if __name__ == "__main__":
    unittest.main()
