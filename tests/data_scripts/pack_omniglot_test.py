"""data_scripts/pack_omniglot.py on small archives made here."""

import contextlib
import io
import json
import os
import sys
import tempfile
import unittest
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data_scripts"))

import h5py
import numpy as np
from PIL import Image

import pack_omniglot
from srwm_pack import PackError, statistics

ALPHABETS = {"background": {"Greek": 3, "Tagalog": 2}, "evaluation": {"Oriya": 2}}
SPLIT = {"train": {"background": {"Greek": ["character01", "character03"]}},
         "val": {"background": {"Greek": ["character02"]}, "evaluation": {}},
         "test": {"evaluation": {"Oriya": ["character01", "character02"]}}}


def drawing(number):
    """A black column on white, 105 x 105, 1 bit, as the original files are."""
    pixels = np.full((105, 105), 255, np.uint8)
    pixels[:, 5 * (number % 20):5 * (number % 20) + 10] = 0
    file = io.BytesIO()
    Image.fromarray(pixels).convert("1").save(file, "PNG")
    return file.getvalue()


def drawings(part):
    """{path: bytes} of an archive."""
    return {f"images_{part}/{alphabet}/character{character:02}/{character:04}_{number + 1:02}.png": drawing(number)
            for alphabet, characters in ALPHABETS[part].items() for character in range(1, characters + 1)
            for number in range(20)}


class PackOmniglot(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.archives = {}
        for part in ALPHABETS:
            self.archives[part] = self.write_zip(part + ".zip", drawings(part))
        for split, parts in SPLIT.items():
            self.write(f"vinyals_{split}.json", json.dumps(parts).encode())
        self.out = os.path.join(self.folder, "omniglot.h5")

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def write_zip(self, name, files):
        path = os.path.join(self.folder, name)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for inner, content in files.items():
                archive.writestr(inner, content)
        return path

    def pack(self, *more, split=True):
        arguments = ["--background", self.archives["background"], "--evaluation", self.archives["evaluation"],
                     "--out", self.out, *more]
        if split:
            arguments += ["--split-dir", self.folder]
        with contextlib.redirect_stdout(io.StringIO()):
            pack_omniglot.main(arguments)

    def refused(self, pattern, *more, split=True):
        with self.assertRaisesRegex(PackError, pattern):
            self.pack(*more, split=split)
        left = [name for name in os.listdir(self.folder) if name.startswith("omniglot.h5")]
        self.assertEqual(left, [])

    def test_content(self):
        self.pack()
        with h5py.File(self.out) as file:
            self.assertEqual(file.attrs["srwm_format"], "classes")
            self.assertEqual(file.attrs["format_version"], 1)
            self.assertEqual(file.attrs["name"], "omniglot")
            np.testing.assert_allclose(file.attrs["mean"], [0.922])
            self.assertEqual(file["train/images"].shape, (40, 28, 28, 1))
            self.assertEqual(file["train/images"].dtype, np.uint8)
            self.assertEqual(list(file["train/labels"]), [0] * 20 + [1] * 20)
            self.assertEqual(list(file["train/class_names"].asstr()),
                             ["background/Greek/character01", "background/Greek/character03"])
            self.assertEqual(list(file["test/class_names"].asstr()),
                             ["evaluation/Oriya/character01", "evaluation/Oriya/character02"])
            self.assertEqual([file[s].attrs["classes"] for s in ("train", "val", "test")], [2, 1, 2])
            self.assertEqual([file[s].attrs["images"] for s in ("train", "val", "test")], [40, 20, 40])

    def test_strokes_are_bright_and_drawings_in_order(self):
        self.pack()
        with h5py.File(self.out) as file:
            images = file["val/images"][:]
        columns = images.astype(float).sum(axis=(1, 3)) @ np.arange(28) / images.astype(float).sum(axis=(1, 2, 3))
        np.testing.assert_allclose(columns, (5 * np.arange(20) + 5) * 28 / 105 - 0.5, atol=0.35)
        self.assertEqual(images.max(), 255)
        self.assertEqual(images.min(), 0)

    def test_rgb_of_another_size(self):
        self.pack("--rgb", "--size", "84")
        with h5py.File(self.out) as file:
            images = file["val/images"][:]
            self.assertEqual(len(file.attrs["std"]), 3)
        self.assertEqual(images.shape, (20, 84, 84, 3))
        np.testing.assert_array_equal(images[..., 0], images[..., 2])

    def test_folder_gives_what_the_archive_gives(self):
        self.pack()
        with h5py.File(self.out) as file:
            from_zip = file["train/images"][:]
        for part in ALPHABETS:
            with zipfile.ZipFile(self.archives[part]) as archive:
                archive.extractall(os.path.join(self.folder, "unpacked", part))
            self.archives[part] = os.path.join(self.folder, "unpacked", part)
        self.pack()
        with h5py.File(self.out) as file:
            np.testing.assert_array_equal(file["train/images"][:], from_zip)

    def test_equal_input_gives_equal_bytes(self):
        self.pack()
        with open(self.out, "rb") as file:
            first = file.read()
        self.pack()
        with open(self.out, "rb") as file:
            self.assertEqual(file.read(), first)

    def test_random_split(self):
        names = [f"background/Greek/character{i:04}" for i in range(1623)]
        split = pack_omniglot.random_split(names, 1)
        self.assertEqual([len(split[s]) for s in ("train", "val", "test")], [1028, 172, 423])
        self.assertEqual(sorted(split["train"] + split["val"] + split["test"]), names)
        self.assertEqual(split, pack_omniglot.random_split(list(reversed(names)), 1))
        self.assertNotEqual(split, pack_omniglot.random_split(names, 2))
        self.refused("hold 7 characters; a random split needs all 1623", split=False)

    def test_statistics(self):
        images = np.array([0, 255, 51, 102], np.uint8).reshape(2, 1, 2, 1)
        mean, std = statistics(images)
        np.testing.assert_allclose(mean, [0.4])
        np.testing.assert_allclose(std, [np.std([0, 1, 0.2, 0.4])])

    def test_web_page_instead_of_archive(self):
        self.archives["evaluation"] = self.write("page.zip", b"<!DOCTYPE html>\n<html>Not found")
        self.refused("page.zip is neither a folder nor a zip archive: it starts with '<!DOCTYPE html>': probably a web")

    def test_other_things_instead_of_archive(self):
        self.archives["background"] = self.write("empty.zip", b"")
        self.refused("it is empty")
        self.archives["background"] = os.path.join(self.folder, "nowhere.zip")
        self.refused("nowhere.zip cannot be read: No such file")
        self.archives["background"] = self.write_zip("other.zip", {"readme.txt": b"hello"})
        self.refused("has no drawings")

    def test_truncated_archive(self):
        with open(self.archives["background"], "rb") as file:
            whole = file.read()
        self.archives["background"] = self.write("cut.zip", whole[:len(whole) // 2])
        self.refused("cut.zip starts as a zip archive but has no end: it is truncated")

    def test_damaged_archive(self):
        with open(self.archives["background"], "rb") as file:
            whole = bytearray(file.read())
        for at in range(300, 3000, 100):
            whole[at] ^= 0xFF
        self.archives["background"] = self.write("damaged.zip", bytes(whole))
        self.refused("damaged")

    def test_picture_that_is_none(self):
        files = drawings("evaluation")
        files["images_evaluation/Oriya/character01/0001_05.png"] = b"not a picture"
        self.archives["evaluation"] = self.write_zip("spoilt.zip", files)
        self.refused("0001_05.png in .*spoilt.zip is not a whole image")

    def test_missing_class_and_missing_drawing(self):
        files = drawings("background")
        others = {name: content for name, content in files.items() if "character03" not in name}
        self.archives["background"] = self.write_zip("without.zip", others)
        self.refused("The character background/Greek/character03 of the split train is missing in .*without.zip")
        files.popitem()
        del files["images_background/Greek/character01/0001_07.png"]
        self.archives["background"] = self.write_zip("fewer.zip", files)
        self.refused("background/Greek/character01 has 19 drawings instead of 20")

    def test_wrong_lists(self):
        self.write("vinyals_val.json", json.dumps(SPLIT["train"]).encode())
        self.refused("background/Greek/character01 is in the splits train and val")
        self.write("vinyals_val.json", b"<html>")
        self.refused("vinyals_val.json is not a list of Omniglot characters")
        self.write("vinyals_val.json", b"[1, 2]")
        self.refused("vinyals_val.json is not a list of Omniglot characters")
        os.remove(os.path.join(self.folder, "vinyals_val.json"))
        self.refused("There is neither .*val.json nor .*vinyals_val.json")

    def test_folder_of_the_result_is_missing(self):
        self.out = os.path.join(self.folder, "nowhere", "o.h5")
        self.refused("o.h5 cannot be written")


if __name__ == "__main__":
    unittest.main()
