"""data_scripts/pack_omniglot.py on small archives made here."""

import io
import json
import os
import unittest
import zipfile

from packing import HTML, PackerTest, image_file

import numpy as np
from PIL import Image

import pack_omniglot
from command_line import ScriptError, UsageError
from srwm_pack import Statistics

ALPHABETS = {"background": {"Greek": 3, "Tagalog": 2}, "evaluation": {"Oriya": 2}}
SPLIT = {"train": {"background": {"Greek": ["character01", "character03"]}},
         "val": {"background": {"Greek": ["character02"]}, "evaluation": {}},
         "test": {"evaluation": {"Oriya": ["character01", "character02"]}}}


def drawing(number):
    """A black column on white, 105 x 105, 1 bit, as the original files are."""
    pixels = np.full((105, 105), 255, np.uint8)
    pixels[:, 5 * (number % 20):5 * (number % 20) + 10] = 0
    return image_file(pixels > 0, "PNG")


def drawings(part):
    """{path: bytes} of an archive."""
    return {f"images_{part}/{alphabet}/character{character:02}/{character:04}_{number + 1:02}.png": drawing(number)
            for alphabet, characters in ALPHABETS[part].items() for character in range(1, characters + 1)
            for number in range(20)}


class PackOmniglot(PackerTest):
    def setUp(self):
        super().setUp()
        self.archives = {part: self.write_zip(part + ".zip", drawings(part)) for part in ALPHABETS}
        for split, parts in SPLIT.items():
            self.write(f"vinyals_{split}.json", json.dumps(parts).encode())

    def arguments(self, *more, split=True):
        lists = ["--split-dir", self.folder] if split else []
        return ["--background", self.archives["background"], "--evaluation", self.archives["evaluation"], *lists, *more]

    def pack(self, *more):
        return self.run_packer(pack_omniglot.main, *self.arguments(*more))

    def refused(self, pattern, split=True):
        self.refuses(pattern, pack_omniglot.main, *self.arguments(split=split))

    def test_content(self):
        printed = self.pack()
        self.assertIn("2 / 1 / 2 classes, 40 / 20 / 40 images of 28 x 28 x 1\npixels sha256 ", printed)
        splits, attributes = self.packed()
        self.assertEqual((attributes["srwm_format"], attributes["format_version"]), ("classes", 1))
        self.assertEqual(attributes["name"], "packed")
        np.testing.assert_allclose(attributes["mean"], [0.922])
        images, labels, names = splits["train"]
        self.assertEqual((images.shape, images.dtype), ((40, 28, 28, 1), np.uint8))
        self.assertEqual(list(labels), [0] * 20 + [1] * 20)
        self.assertEqual(names, ["background/Greek/character01", "background/Greek/character03"])
        self.assertEqual(splits["test"][2], ["evaluation/Oriya/character01", "evaluation/Oriya/character02"])

    def test_strokes_are_bright_and_drawings_in_order(self):
        self.pack()
        images = self.packed()[0]["val"][0]
        columns = images.astype(float).sum(axis=(1, 3)) @ np.arange(28) / images.astype(float).sum(axis=(1, 2, 3))
        np.testing.assert_allclose(columns, (5 * np.arange(20) + 5) * 28 / 105 - 0.5, atol=0.35)
        self.assertEqual(images.max(), 255)
        self.assertEqual(images.min(), 0)

    def test_the_split_of_the_archives(self):
        printed = self.run_packer(pack_omniglot.main, *self.arguments("--split", "background", split=False))
        self.assertIn("5 / 2 classes, 100 / 40 images of 28 x 28 x 1", printed)
        splits, _ = self.packed()
        self.assertEqual(sorted(splits), ["test", "train"])
        self.assertEqual(splits["train"][2], [f"background/Greek/character0{i}" for i in (1, 2, 3)] +
                         ["background/Tagalog/character01", "background/Tagalog/character02"])
        self.assertRaisesRegex(UsageError, "--split and --split-dir both say", self.pack, "--split", "background")

    def test_plain_drawings(self):
        """Strokes dark, and of two neighbors at most, where antialiasing takes all that a pixel covers."""
        self.pack("--plain", "--size", "40")
        splits, attributes = self.packed()
        np.testing.assert_allclose([attributes["mean"], attributes["std"]], [[0.92206031], [0.26807651]], rtol=1e-12)
        drawn = np.full(105, 255.0)
        drawn[5 * 3:5 * 3 + 10] = 0
        positions = (np.arange(40) + 0.5) * 105 / 40 - 0.5
        expected = np.interp(positions, np.arange(105), drawn)
        row = splits["val"][0][3][14, :, 0]
        self.assertTrue(np.any((expected > 0) & (expected < 255)))
        np.testing.assert_allclose(row, expected, atol=1)

    def test_rgb_of_another_size(self):
        self.assertIn("images of 84 x 84 x 3", self.pack("--rgb", "--size", "84"))
        splits, attributes = self.packed()
        images = splits["val"][0]
        self.assertEqual(len(attributes["std"]), 3)
        self.assertEqual(images.shape, (20, 84, 84, 3))
        np.testing.assert_array_equal(images[..., 0], images[..., 2])

    def test_folder_gives_what_the_archive_gives(self):
        self.pack()
        from_zip = self.packed()[0]["train"][0]
        for part in ALPHABETS:
            with zipfile.ZipFile(self.archives[part]) as archive:
                archive.extractall(self.path("unpacked", part))
            self.archives[part] = self.path("unpacked", part)
        self.pack()
        np.testing.assert_array_equal(self.packed()[0]["train"][0], from_zip)

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
        statistics = Statistics()
        for pixels in ([0, 255], [51, 102]):
            statistics.add(np.array(pixels, np.uint8).reshape(2, 1, 1, 1))
        mean, std = statistics.mean_and_std()
        np.testing.assert_allclose(mean, [0.4])
        np.testing.assert_allclose(std, [np.std([0, 1, 0.2, 0.4])])

    def test_web_page_instead_of_archive(self):
        self.archives["evaluation"] = self.write("page.zip", HTML)
        self.refused("page.zip is neither a folder nor a zip or tar archive: it starts with '<!DOCTYPE html>': "
                     "probably a web page")

    def test_other_things_instead_of_archive(self):
        self.archives["background"] = self.write("empty.zip", b"")
        self.refused("it is empty")
        self.archives["background"] = self.path("nowhere.zip")
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
        os.remove(self.path("vinyals_val.json"))
        self.refused("There is neither .*val.json nor .*vinyals_val.json")

    def test_lists_that_name_a_character_twice(self):
        self.write("vinyals_test.json", json.dumps({"evaluation": {"Oriya": ["character01", "character01"]}}).encode())
        self.refused("The character evaluation/Oriya/character01 is twice: .*test.json and .*test.json")
        self.write("vinyals_test.json", b'{"evaluation": {"Oriya": ["character01"], "Oriya": ["character02"]}}')
        self.refused("test.json is not a list of Omniglot characters .*: 'Oriya' is there twice")
        for content in ({"evaluation": {"Oriya": "character01"}}, {"evaluation": {"Oriya": [1]}}, {"evaluation": ["x"]}, 3):
            self.write("vinyals_test.json", json.dumps(content).encode())
            self.refused("test.json is not a list of Omniglot characters")
        self.write("vinyals_test.json", b"[" * 100000)
        self.refused("test.json is not a list of Omniglot characters")

    def test_lists_as_other_systems_save_them(self):
        for encoding in ("utf-8-sig", "utf-16"):
            for split, parts in SPLIT.items():
                self.write(f"vinyals_{split}.json", json.dumps(parts, indent=1).replace("\n", "\r\n").encode(encoding))
            self.pack()
        self.assertIn("warning: the lists name 2 / 1 / 2 classes; the split of Vinyals et al. has 1028 / 172 / 423.",
                      self.warnings)

    def test_litter_does_not_count(self):
        self.pack()
        expected = self.packed()[0]["train"][0]
        for part in ALPHABETS:
            files = drawings(part)
            litter = {f"__MACOSX/{name.rsplit('/', 1)[0]}/._{name.rsplit('/', 1)[1]}": b"Mac" for name in files}
            litter |= {f"{name.rsplit('/', 1)[0]}/.DS_Store": b"" for name in files}
            litter |= {f"{name.rsplit('/', 1)[0]}/._{name.rsplit('/', 1)[1]}": b"Mac" for name in files}
            self.archives[part] = self.write_zip(f"litter_{part}.zip", {**files, **litter})
        self.pack()
        np.testing.assert_array_equal(self.packed()[0]["train"][0], expected)

    def test_drawings_saved_again(self):
        """In 16 bits, as palettes, with transparent paper: the same pictures."""
        self.pack()
        expected = self.packed()[0]["train"][0]

        def again(content, change):
            file = io.BytesIO()
            change(Image.open(io.BytesIO(content))).save(file, "PNG")
            return file.getvalue()

        def transparent(image):
            paper = image.convert("L")
            made = Image.new("RGBA", image.size)
            made.putalpha(paper.point(lambda value: 255 - value))
            return made

        for change in (lambda image: Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257), transparent,
                       lambda image: image.convert("P"), lambda image: image.convert("RGB")):
            for part in ALPHABETS:
                files = {name: again(content, change) for name, content in drawings(part).items()}
                self.archives[part] = self.write_zip(f"again_{part}.zip", files)
            self.pack()
            np.testing.assert_array_equal(self.packed()[0]["train"][0], expected)

    def test_blank_drawings_are_said(self):
        blank = image_file(np.full((105, 105), 255, np.uint8), "PNG")
        files = {name: blank if "character01" in name else content for name, content in drawings("background").items()}
        self.archives["background"] = self.write_zip("blank.zip", files)
        self.pack()
        self.assertIn("warning: 20 of 40 images of train are blank (all pixels alike), the first of them in the class "
                      "background/Greek/character01.", self.warnings)

    def test_outputs_that_are_inputs(self):
        self.out = self.archives["evaluation"]
        self.assertRaisesRegex(UsageError, "--out: .*evaluation.zip, which is read", self.pack)
        self.out = self.path("vinyals_test.json")
        self.assertRaisesRegex(UsageError, "--out: .*vinyals_test.json is the input", self.pack)

    def test_damage_is_never_a_bug(self):
        with open(self.archives["evaluation"], "rb") as file:
            whole = file.read()
        chance = np.random.default_rng(3)
        for _ in range(25):
            changed = bytearray(whole)
            for _ in range(chance.integers(1, 30)):
                changed[chance.integers(len(changed))] = chance.integers(256)
            self.archives["evaluation"] = self.write("changed.zip", bytes(changed))
            self.ends_well(pack_omniglot.main, *self.arguments("--out", self.out))

    def test_folder_of_the_result_is_missing(self):
        self.out = self.path("nowhere", "o.h5")
        with self.assertRaisesRegex(ScriptError, "o.h5 cannot be written"):
            self.pack()


if __name__ == "__main__":
    unittest.main()
