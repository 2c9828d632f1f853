import io
import os
import unittest

from packing import PackerTest, image_file, noise

import numpy as np
from PIL import Image, features

import pack_folder
from command_line import UsageError


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def picture(seed, size=16, kind="PNG"):
    return image_file(noise(seed, size, size, 3), kind)


class PackFolderTest(PackerTest):
    def classes(self, count, images=3, prefix=""):
        """{path: picture} of classes c00, c01, ..., all pictures different."""
        return {f"{prefix}c{label:02}/{i}.png": picture(hash((prefix, label, i)) % 2**32)
                for label in range(count) for i in range(images)}

    def pack(self, files, *arguments):
        folder = self.write_folder(f"given{len(os.listdir(self.folder))}", files)
        return self.run_packer(pack_folder.main, folder, *arguments)

    def refused(self, pattern, files, *arguments):
        folder = self.write_folder(f"given{len(os.listdir(self.folder))}", files)
        self.refuses(pattern, pack_folder.main, folder, *arguments)

    def one(self, content, *arguments, name="c00/0.png"):
        """Packs two classes of equal pictures in each split; the first image."""
        files = self.classes(4)
        files.pop("c00/0.png")
        files[name] = content
        self.pack(files, "--lists", self.lists(train="c00 c01", test="c02 c03"), "--size", "16", *arguments)
        images, _, names = self.packed()[0]["train"]
        self.assertEqual(names, ["c00", "c01"])
        return images[0]

    def lists(self, **splits):
        for split, names in splits.items():
            self.write(f"lists/{split}.txt", names.replace(" ", "\n").encode())
        return self.path("lists")

    def test_classes_are_shared_out(self):
        printed = self.pack(self.classes(10), "--split", "5/2/3")
        splits, attributes = self.packed()
        self.assertIn("5 / 2 / 3 classes, 15 / 6 / 9 images of 16 x 16 x 3", printed)
        names = [name for split in ("train", "val", "test") for name in splits[split][2]]
        self.assertEqual(sorted(names), [f"c{label:02}" for label in range(10)])
        self.assertNotEqual(names, sorted(names))  # they were shuffled
        self.assertTrue(attributes["generator"].startswith("pack_folder.py"))
        for images, labels, class_names in splits.values():
            np.testing.assert_array_equal(labels, np.repeat(np.arange(len(class_names)), 3))
        self.assertEqual(self.warnings, "")

    def test_the_seed_chooses(self):
        files = self.classes(10)

        def train_of(*arguments):
            self.pack(files, "--split", "4/2/4", *arguments)
            return self.packed()[0]["train"][2]

        self.assertEqual(train_of(), train_of("--seed", "1"))
        self.assertNotEqual(train_of(), train_of("--seed", "2"))

    def test_shares(self):
        self.pack(self.classes(25, images=2))
        self.assertEqual([len(self.packed()[0][split][2]) for split in ("train", "val", "test")], [16, 4, 5])
        self.pack(self.classes(10), "--split", "80/20%")
        self.assertEqual([len(content[2]) for content in self.packed()[0].values()], [2, 8])  # test, train
        self.pack(self.classes(10), "--split", "3/2/3")
        self.assertIn("2 of 10 classes are left out, as --split asks for 8.", self.warnings)
        self.refused("--split asks for 11 classes; there are 10 with pictures", self.classes(10), "--split", "7/2/2")
        for wrong in ("5", "a/b", "50/20/20%", "1/2/3/4"):
            with self.assertRaisesRegex(UsageError, "--split"):
                self.pack(self.classes(4), "--split", wrong)

    def test_a_folder_for_each_split(self):
        files = self.classes(3, prefix="train/") | {name.replace("/c", "/d"): content for name, content in
                                                   self.classes(2, prefix="test/").items()}
        self.pack(files)
        splits, _ = self.packed()
        self.assertEqual(set(splits), {"train", "test"})
        self.assertEqual(splits["train"][2], ["c00", "c01", "c02"])
        self.assertEqual(splits["test"][2], ["d00", "d01"])
        self.refused("drop --split and --seed", files, "--seed", "2")
        self.refused("The folder train is a split, and has pictures", files | {"train/1.png": picture(0)})

    def test_the_same_classes_in_both_make_a_labeled_dataset(self):
        self.pack(self.classes(2, prefix="train/") | self.classes(2, prefix="test/"))
        splits, _ = self.packed()
        self.assertEqual(splits["train"][2], splits["test"][2])
        self.assertEqual(self.warnings, "")

    def test_a_class_called_train_is_no_split(self):
        files = self.classes(4) | {f"train/{i}.png": picture(i) for i in range(2)}
        self.pack(files, "--split", "3/2")
        self.assertIn("train", self.packed()[0]["train"][2] + self.packed()[0]["test"][2])

    def test_lists(self):
        files = self.classes(6)
        self.pack(files, "--lists", self.lists(train="c05 c01", val="c00 c02", test="c03 c04"))
        self.assertEqual(self.packed()[0]["train"][2], ["c05", "c01"])
        os.remove(self.path("lists/val.txt"))
        self.pack(files, "--lists", self.path("lists"))
        self.assertEqual(set(self.packed()[0]), {"train", "test"})
        self.assertIn("2 classes are in no list and left out, c00 first.", self.warnings)
        self.refused("train.txt, line 2: there are no pictures of the class c09.", files, "--lists",
                     self.lists(train="c05 c09"))
        self.refused("The class c03 is in the splits train and test", files, "--lists", self.lists(train="c03 c01"))
        with self.assertRaisesRegex(UsageError, "drop --split and --seed"):
            self.pack(files, "--lists", self.path("lists"), "--seed", "3")

    def test_deep_folders_and_archives(self):
        files = {f"deep/{name}": content for name, content in self.classes(4).items()}
        archive = self.write_zip("pictures.zip", files)
        self.run_packer(pack_folder.main, archive, "--split", "2/2")
        self.assertIn("deep/c00", self.packed()[0]["train"][2] + self.packed()[0]["test"][2])

    def test_what_is_left_out_is_counted(self):
        files = self.classes(4)
        files |= {"notes.txt": b"x", "c00/list.csv": b"x", "top.png": picture(1), "c01/broken.jpg": b"\xff\xd8\xff",
                  "c02/page.png": b"<html>", "c03/film.gif": saved(Image.new("L", (16, 16)), "GIF", save_all=True,
                                                                   append_images=[Image.new("L", (16, 16), 9)])}
        self.pack(files, "--split", "2/2")
        self.assertIn("2 files are left out, no pictures by their names: c00/list.csv and others.", self.warnings)
        self.assertIn("1 file is left out, in no folder of a class: top.png.", self.warnings)
        self.assertIn("3 files are left out, broken or of a kind that is not read: c01/broken.jpg in ", self.warnings)
        self.assertEqual(sum(len(labels) for _, labels, _ in self.packed()[0].values()), 12)

    def test_equal_pictures_in_two_splits_are_found(self):
        files = self.classes(4)
        files["c00/9.png"] = files["c01/9.png"] = files["c02/9.png"] = files["c03/9.png"] = picture(77)
        self.pack(files, "--split", "2/2")
        self.assertIn("4 images have the pixels of an image in another of the splits", self.warnings)

    def test_what_cannot_make_an_episode_is_refused(self):
        self.refused("has no pictures in folders", {"a.png": picture(1), "b/x.txt": b""})
        self.refused("The split val has 1 class, and an episode needs 2", self.classes(5), "--split", "2/1/2")
        self.refused("The split val has 0 classes", self.classes(5), "--split", "2/0/2")
        files = self.classes(4)
        del files["c01/1.png"], files["c01/2.png"]
        self.refused("The class c01 of the split (train|test) has 1 picture; an episode needs 2", files, "--split", "2/2")

    def test_sizes(self):
        files = self.classes(4)
        self.pack(files, "--split", "2/2", "--size", "9")
        self.assertEqual(self.packed()[0]["train"][0].shape[1:], (9, 9, 3))
        files["c00/0.png"] = picture(1, 20)
        self.refused("The pictures have 2 sizes, 16 x 16 most often", files, "--split", "2/2")
        wide = {name: image_file(noise(5, 8, 16, 3), "PNG") for name in files}
        self.refused("The pictures have 1 size, 16 x 8 most often", wide, "--split", "2/2")
        with self.assertRaisesRegex(UsageError, "--size is 4; it must be 8 to 1024"):
            self.pack(files, "--size", "4")

    def test_pictures_that_are_not_square(self):
        pixels = np.zeros((16, 32, 3), np.uint8)
        pixels[:, 8:24] = 200  # a bright square in the middle of a dark strip
        wide = image_file(pixels, "PNG")
        np.testing.assert_array_equal(self.one(wide), np.full((16, 16, 3), 200))
        padded = self.one(wide, "--fit", "pad", "--ground", "#010203")
        np.testing.assert_array_equal(padded[0, 0], [1, 2, 3])
        np.testing.assert_array_equal(padded[8, 0], [0, 0, 0])
        np.testing.assert_array_equal(padded[8, 8], [200, 200, 200])
        stretched = self.one(wide, "--fit", "stretch")
        np.testing.assert_array_equal(stretched[8, [0, 8, 15]], [[0] * 3, [200] * 3, [0] * 3])

    def test_channels(self):
        grey = {name: image_file(noise(i, 16, 16), "PNG") for i, name in enumerate(self.classes(4))}
        self.pack(grey, "--split", "2/2")
        self.assertEqual(self.packed()[0]["train"][0].shape[3], 1)
        self.pack(grey, "--split", "2/2", "--channels", "3")
        images = self.packed()[0]["train"][0]
        self.assertEqual(images.shape[3], 3)
        np.testing.assert_array_equal(images[..., 0], images[..., 2])
        self.pack(self.classes(4), "--split", "2/2", "--channels", "1")
        self.assertEqual(self.packed()[0]["train"][0].shape[3], 1)
        mixed = grey | {"c00/0.png": picture(1)}
        self.pack(mixed, "--split", "2/2")
        self.assertEqual(self.packed()[0]["train"][0].shape[3], 3)

    def test_every_kind_of_picture_keeps_its_pixels(self):
        pixels = np.repeat(np.repeat(noise(3, 2, 2, 3), 8, axis=0), 8, axis=1)
        image = Image.fromarray(pixels)
        np.testing.assert_array_equal(self.one(saved(image, "PNG")), pixels)
        np.testing.assert_array_equal(self.one(saved(image.convert("P", palette=Image.ADAPTIVE), "PNG")), pixels)
        np.testing.assert_array_equal(self.one(saved(image.convert("RGBA"), "PNG")), pixels)
        grey = image.convert("L")
        sixteen = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
        np.testing.assert_array_equal(self.one(saved(sixteen, "PNG"))[..., 1], np.asarray(grey))
        for content in (saved(image, "JPEG", quality=100, subsampling=0),
                        saved(image.convert("CMYK"), "JPEG", quality=100, subsampling=0)):
            difference = self.one(content, name="c00/0.jpg").astype(int) - pixels
            self.assertLess(abs(difference).max(), 8)
        if features.check("webp"):
            np.testing.assert_array_equal(self.one(saved(image, "WEBP", lossless=True), name="c00/0.webp"), pixels)
        turned = saved(image.transpose(Image.ROTATE_90), "JPEG", quality=100, subsampling=0,
                       exif=bytes.fromhex("45786966000049492a00080000000100120103000100000006000000"))
        difference = self.one(turned, name="c00/0.jpg").astype(int) - pixels
        self.assertLess(abs(difference).max(), 8)

    def test_transparent_pixels_show_the_ground(self):
        clear = np.zeros((16, 16, 4), np.uint8)
        clear[:8] = [10, 20, 30, 255]
        content = saved(Image.fromarray(clear), "PNG")
        self.assertEqual(self.one(content)[15, 0].tolist(), [255, 255, 255])
        colored = self.one(content, "--ground", "#0a0b0c")
        self.assertEqual(colored[15, 0].tolist(), [10, 11, 12])
        self.assertEqual(colored[0, 0].tolist(), [10, 20, 30])
        half = Image.fromarray(np.full((16, 16, 2), 128, np.uint8), "LA")
        self.assertEqual(self.one(saved(half, "PNG"), "--ground", "black")[0, 0].tolist(), [64, 64, 64])
        palette = Image.fromarray(np.zeros((16, 16), np.uint8), "P")
        palette.putpalette([200, 100, 50] + [0] * 765)
        self.assertEqual(self.one(saved(palette, "PNG", transparency=0), "--ground", "red")[0, 0].tolist(), [255, 0, 0])
        with self.assertRaisesRegex(UsageError, "--ground mauvish is no color"):
            self.pack(self.classes(4), "--ground", "mauvish")

    def test_damage_is_never_a_bug(self):
        folder = self.write_folder("damaged", self.classes(4))
        chance = np.random.default_rng(7)
        whole = picture(1)
        for _ in range(40):
            changed = bytearray(whole)
            for _ in range(chance.integers(1, 20)):
                changed[chance.integers(len(changed))] = chance.integers(256)
            self.write("damaged/c00/9.png", bytes(changed[:chance.integers(1, len(changed) + 1)]))
            self.ends_well(pack_folder.main, folder, "--split", "2/2", "--size", "16", "--out", self.out)


if __name__ == "__main__":
    unittest.main()
