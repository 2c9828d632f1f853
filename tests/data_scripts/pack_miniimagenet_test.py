"""data_scripts/pack_miniimagenet.py on small input with the layout of the real one. With SRWM_MINIIMAGENET naming a
folder that has the real train.zip, val.zip and test.zip, on them as well."""

import hashlib
import io
import os
import pickle
import unittest
from unittest import mock

from packing import HTML, PackerTest, image_file, noise

import numpy as np
from PIL import Image

import pack_miniimagenet
from command_line import UsageError
from srwm_pack import class_lists

CLASSES = {"train": ["n01532829", "n01558993", "n13133613"], "val": ["n01855672"], "test": ["n01930112", "n01981276"]}
IMAGES = 4


def jpeg(seed, size=84):
    return image_file(noise(seed, size, size, 3), "JPEG")


def name_of(wnid, number):
    return f"{wnid}{number:08}.jpg"


def pixels(content):
    return np.asarray(Image.open(io.BytesIO(content)))


class MiniImageNetTest(PackerTest):
    def setUp(self):
        super().setUp()
        patch = mock.patch.object(pack_miniimagenet, "IMAGES", IMAGES)
        patch.start()
        self.addCleanup(patch.stop)
        for split, names in CLASSES.items():
            self.write(f"lists/{split}.txt", "\n".join(names).encode())


class Images(MiniImageNetTest):
    def setUp(self):
        super().setUp()
        numbers = enumerate(name for names in CLASSES.values() for name in names)
        self.files = {name: {name_of(name, 7 * i + 3): jpeg(10 * c + i) for i in range(IMAGES)} for c, name in numbers}

    def archives(self, splits=("train", "val", "test")):
        return [self.write_zip(f"{split}.zip", {f"{split}/{name}/{file}": content for name in CLASSES[split]
                                               for file, content in self.files[name].items()}) for split in splits]

    def pack_images(self, *paths, lists="lists"):
        return self.run_packer(pack_miniimagenet.main, "--images", *paths, "--split-dir", self.path(lists))

    def refuses_images(self, pattern, *paths, lists="lists"):
        self.refuses(pattern, pack_miniimagenet.main, "--images", *paths, "--split-dir", self.path(lists))

    def write_csv(self, folder, rows):
        """rows: {split: [(file, class)]}"""
        for split in CLASSES:
            lines = ["filename,label"] + [",".join(row) for row in rows[split]]
            self.write(f"{folder}/{split}.csv", "\r\n".join(lines).encode() + b"\r\n")

    def check_images(self):
        splits, attributes = self.packed()
        np.testing.assert_allclose(attributes["mean"], [0.485, 0.456, 0.406])
        for split, names in CLASSES.items():
            images, labels, class_names = splits[split]
            expected = [pixels(content) for name in names for _, content in sorted(self.files[name].items())]
            np.testing.assert_array_equal(images, expected)
            self.assertEqual(class_names, names)
            self.assertEqual(list(labels), [c for c in range(len(names)) for _ in range(IMAGES)])

    def test_split_is_64_16_20(self):
        lists = class_lists("miniimagenet")
        self.assertEqual([len(lists[split]) for split in CLASSES], [64, 16, 20])
        self.assertEqual(len(set(sum(lists.values(), []))), 100)
        self.assertTrue(all(pack_miniimagenet.WNID.fullmatch(name) for name in sum(lists.values(), [])))

    def test_archives(self):
        printed = self.pack_images(*self.archives())
        self.check_images()
        self.assertIn("3 / 1 / 2 classes, 12 / 4 / 8 images of 84 x 84 x 3\n", printed)
        splits, _ = self.packed()
        digest = hashlib.sha256(b"".join(splits[split][0].tobytes() for split in CLASSES)).hexdigest()
        self.assertIn(f"pixels sha256 {digest}\n", printed)

    def test_other_layouts(self):
        deep = {f"data/a b/{name}/images/{file}": content for name, files in self.files.items()
                for file, content in files.items()}
        flat = {f"images/{file}": content for files in self.files.values() for file, content in files.items()}
        for path in (self.write_folder("deep", deep), self.write_tar("deep.tar.gz", deep),
                     self.write_zip("flat.zip", flat)):
            self.pack_images(path)
            self.check_images()

    def test_lists_of_files(self):
        chosen = {split: [(file, name) for name in names for file in sorted(self.files[name])][::-1]
                  for split, names in CLASSES.items()}
        self.write_csv("csv", chosen)
        for name in self.files:  # further images that the lists do not name
            self.files[name][name_of(name, 999)] = jpeg(1)
        self.refuses_images("n01532829 has 5 images instead of 4; give the lists", *self.archives())
        self.pack_images(*self.archives(), lists="csv")
        images, labels, names = self.packed()[0]["train"]
        self.assertEqual(names, CLASSES["train"])
        np.testing.assert_array_equal(images[0], pixels(self.files["n01532829"][name_of("n01532829", 24)]))
        self.assertEqual(list(labels), [0] * 4 + [1] * 4 + [2] * 4)

    def test_positions_in_imagenet(self):
        rows = {split: [(name_of(name, at), name) for name in names for at in (1, 2, 3, 5)]
                for split, names in CLASSES.items()}
        self.write_csv("csv", rows)
        contents = {name: {number: jpeg(number, 90) for number in (10, 9, 100, 20, 1000)} for name in self.files}
        self.write_folder("imagenet", {f"{name}/{name}_{number}.JPEG": content for name, files in contents.items()
                                       for number, content in files.items()})
        self.pack_images(self.path("imagenet"), lists="csv")
        images, _, _ = self.packed()[0]["val"]
        for image, number in zip(images, (9, 10, 20, 1000)):
            expected = Image.open(io.BytesIO(jpeg(number, 90))).resize((84, 84), Image.BILINEAR)
            np.testing.assert_array_equal(image, np.asarray(expected))
        os.remove(self.path("imagenet", "n01855672", "n01855672_20.JPEG"))
        self.refuses_images("n01855672 lacks 1 of 4 images, n0185567200000005.jpg first", self.path("imagenet"),
                            lists="csv")

    def test_grey_and_larger_images(self):
        self.files["n01855672"] = {name_of("n01855672", i): image_file(np.full((120, 60), 50 * i, np.uint8), "JPEG")
                                   for i in range(IMAGES)}
        self.pack_images(*self.archives())
        images, _, _ = self.packed()[0]["val"]
        np.testing.assert_array_equal(images, np.broadcast_to(np.arange(4)[:, None, None, None] * 50, (4, 84, 84, 3)))

    def test_size(self):
        archives = self.archives()
        self.pack_images(*archives, "--size", "32")
        images, _, _ = self.packed()[0]["val"]
        first = Image.open(io.BytesIO(self.files["n01855672"][name_of("n01855672", 3)]))
        self.assertEqual(images.shape, (IMAGES, 32, 32, 3))
        np.testing.assert_array_equal(images[0], np.asarray(first.resize((32, 32), Image.BILINEAR)))
        for size in ("7", "85"):
            with self.assertRaisesRegex(UsageError, f"--size is {size}; it must be 8 to 84"):
                self.pack_images(*archives, "--size", size)

    def test_incomplete_images(self):
        train, val, _ = self.archives()
        self.refuses_images("2 of 6 classes have no images in .*val.zip, n01930112 first", train, val)
        del self.files["n01930112"][name_of("n01930112", 10)]
        self.refuses_images("The class n01930112 has 3 images instead of 4", *self.archives())
        self.files["n01930112"][name_of("n01930112", 10)] = jpeg(3)[:-700]
        self.refuses_images("n0193011200000010.jpg in .*test.zip is not a whole image", *self.archives())
        self.refuses_images("n0153282900000003.jpg is there twice", *self.archives(), self.write_folder("again", {
            "n01532829/" + name_of("n01532829", 3): jpeg(3)}))
        self.refuses_images("it starts with '<!DOCTYPE html>'", self.write("page.zip", HTML))

    def test_wrong_lists(self):
        archives = self.archives()
        self.refuses_images("There is neither .*train.csv nor .*train.txt", *archives, lists="nowhere")
        self.write("lists/val.txt", b"n01532829\n")
        self.refuses_images("The class n01532829 is in the splits train and val: line 1 of .*train.txt and line 1 of "
                            ".*val",
                            *archives)
        self.write("lists/val.txt", b"n01855672\nn01855672\n")
        self.refuses_images("The class n01855672 is twice: line 1 of .*val.txt and line 2 of .*val.txt", *archives)
        self.write("lists/val.txt", b"<html>\n")
        self.refuses_images("val.txt, line 1: '<html>' is not WNID", *archives)
        self.write("lists/val.txt", b"")
        self.refuses_images("val.txt lists no classes", *archives)

    def rows(self):
        return {split: [(file, name) for name in names for file in sorted(self.files[name])]
                for split, names in CLASSES.items()}

    def test_lists_of_files_that_are_wrong(self):
        archives = self.archives()
        first, second, last = (name_of("n01532829", n) for n in (3, 10, 24))
        for change, pattern in (
                (lambda rows: rows["train"].__setitem__(1, rows["train"][0]),
                 f"The image {first} is twice: line 2 of .*train.csv and line 3 of .*train.csv"),
                (lambda rows: rows["test"].append(rows["train"][1]),
                 f"The image {second} is in the splits train and test: line 3 of .*train.csv and line 10 of "
                 ".*test.csv"),
                (lambda rows: rows["train"].pop(), "n13133613 has 3 images in the list, which starts with it in line "
                                                   "10 of"),
                (lambda rows: rows["train"].append((last, "n01532829", "more")), "train.csv, line 14: '.*,more' is not "
                                                                                 "FILE,W"),
                (lambda rows: rows["val"].append(("n01532829",)), "val.csv, line 6: 'n01532829' is not FILE,WNID"),
                (lambda rows: rows["val"].append(("x.jpg", "n01")), "val.csv, line 6: 'x.jpg,n01' is not FILE,WNID")):
            rows = self.rows()
            change(rows)
            self.write_csv("csv", rows)
            self.refuses_images(pattern, *archives, lists="csv")

    def test_lists_as_other_systems_save_them(self):
        archives, text = self.archives(), {}
        for split, rows in self.rows().items():
            text[split] = "".join(f"{file},{name}\n" for file, name in [("filename", "label"), *rows])
        for encode in (lambda s: s.encode("utf-8-sig"), lambda s: s.replace("\n", "\r\n").encode("utf-16"),
                       lambda s: s.replace("\n", "\r").encode(), lambda s: s.rstrip().encode("utf-16-be").join([b"\xfe\xff", b""])):
            for split, content in text.items():
                self.write(f"csv/{split}.csv", encode(content))
            self.pack_images(*archives, lists="csv")
            self.check_images()
        self.write("csv/val.csv", text["val"].encode() + b"\xe9\n")
        self.refuses_images("val.csv is not text in UTF-8 .line 6 has the byte 0xe9", *archives, lists="csv")
        self.write("csv/val.csv", text["val"].encode("utf-16-le"))
        self.refuses_images("val.csv has zero bytes", *archives, lists="csv")

    def test_lists_of_another_size(self):
        self.pack_images(*self.archives())
        self.assertIn("warning: the lists name 3 / 1 / 2 classes; the split of Ravi and Larochelle has 64 / 16 / 20.",
                      self.warnings)

    def test_litter_and_links(self):
        files = {f"{name}/{file}": content for name, of_class in self.files.items() for file, content in of_class.items()}
        litter = {"__MACOSX/" + name.replace("/", "/._"): b"Mac" for name in files}
        litter |= {f"{name}/.DS_Store": b"" for name in self.files} | {f"{name}/Thumbs.db.jpg/Thumbs.db": b"" for name in ["x"]}
        self.pack_images(self.write_zip("litter.zip", {**files, **litter}))
        self.check_images()
        folder = self.write_folder("real", {**files, **litter})
        os.mkdir(self.path("linked"))
        for name in self.files:
            os.symlink(os.path.join(folder, name), self.path("linked", name))
        self.pack_images(self.path("linked"))
        self.check_images()
        os.remove(self.path("linked", "n01855672"))
        os.symlink("../gone", self.path("linked", "n01855672"))
        self.refuses_images("1 of 6 classes have no images in .*n01855672 first. .*n01855672 is a symbolic link to "
                            "../gone, which is not there", self.path("linked"))

    def test_published_classes_without_lists(self):
        self.refuses("94 of 100 classes have no images", pack_miniimagenet.main, "--images", *self.archives())


class Pickles(MiniImageNetTest):
    def contents(self):
        """{split: what its pickle holds}; the images of a class do not stand together."""
        contents = {}
        for split, names in CLASSES.items():
            images = noise(len(names), IMAGES * len(names), 84, 84, 3)
            order = np.random.default_rng(1).permutation(len(images)).tolist()
            contents[split] = {"image_data": images, "class_dict": {name: order[IMAGES * c:IMAGES * (c + 1)]
                                                                   for c, name in reversed(list(enumerate(names)))}}
        return contents

    def write_pickles(self, contents, protocol=2, val="val"):
        for split, content in contents.items():
            name = val if split == "val" else split
            self.write(f"pickles/mini-imagenet-cache-{name}.pkl", pickle.dumps(content, protocol))

    def options(self):
        return "--pickles", self.path("pickles"), "--split-dir", self.path("lists")

    def refuses_pickles(self, pattern, contents):
        self.write_pickles(contents)
        self.refuses(pattern, pack_miniimagenet.main, *self.options())

    def test_pickles(self):
        contents = self.contents()
        for protocol, val in ((2, "val"), (3, "validation"), (4, "val"), (5, "val")):
            self.write_pickles(contents, protocol, val)
            self.run_packer(pack_miniimagenet.main, *self.options())
            splits, _ = self.packed()
            for split, names in CLASSES.items():
                images, labels, class_names = splits[split]
                self.assertEqual(class_names, names)
                members = contents[split]["class_dict"]
                for c, name in enumerate(names):
                    np.testing.assert_array_equal(images[labels == c], contents[split]["image_data"][members[name]])
            for file in os.listdir(self.path("pickles")):
                os.remove(self.path("pickles", file))

    def test_size_of_pickles(self):
        contents = self.contents()
        self.write_pickles(contents)
        self.run_packer(pack_miniimagenet.main, *self.options(), "--size", "32")
        images, labels, names = self.packed()[0]["train"]
        originals = contents["train"]["image_data"][contents["train"]["class_dict"][names[1]]]
        expected = [Image.fromarray(image).resize((32, 32), Image.BILINEAR) for image in originals]
        np.testing.assert_array_equal(images[labels == 1], np.stack(expected))

    def test_hostile_pickle(self):
        class Shell:
            def __reduce__(shell):
                return os.system, (f"touch {self.path('trace')}",)

        contents = self.contents()
        contents["test"]["class_dict"]["n01930112"] = Shell()
        self.refuses_pickles("cache-test.pkl is not data alone: it asks for posix.system, which is not run", contents)
        self.assertFalse(os.path.exists(self.path("trace")))

    def test_incomplete_pickles(self):
        contents = self.contents()
        del contents["train"]["class_dict"]["n13133613"]
        self.refuses_pickles("train.pkl holds 2 classes, not the 3 of the split train: n13133613 differ", contents)
        for rows in ([0, 1, 2], [0, 1, 2, 2], [0, 1, 2, 99], [-1, 0, 1, 2]):
            contents = self.contents()
            contents["val"]["class_dict"]["n01855672"] = rows
            self.refuses_pickles("the class n01855672 has . images of 4 in the file; expected 4 different", contents)
        contents = self.contents()
        contents["train"]["class_dict"]["n01558993"] = contents["train"]["class_dict"]["n01532829"]
        self.refuses_pickles("train.pkl: image . is in two classes, n01", contents)
        os.remove(self.path("pickles", "mini-imagenet-cache-val.pkl"))
        self.refuses("There is no .*cache-val.pkl or .*cache-validation.pkl", pack_miniimagenet.main, *self.options())

    def test_other_data(self):
        for content in ([1, 2], {}, {"image_data": noise(1, 4, 28, 28), "class_dict": {}}):
            self.refuses_pickles(r"cache-train.pkl has no image_data of bytes \[N, 84, 84, 3\]",
                                 {**self.contents(), "train": content})
        for members, reason in (({1: [2]}, "has no class_dict"), ({"n01532829": [0, "a"]}, "other things than the "
                                                                                           "numbers")):
            content = {"image_data": noise(1, 4, 84, 84, 3), "class_dict": members}
            self.refuses_pickles(reason, {**self.contents(), "train": content})

    def test_truncated_pickle(self):
        self.write_pickles(self.contents())
        path = self.path("pickles", "mini-imagenet-cache-train.pkl")
        os.truncate(path, os.path.getsize(path) // 2)
        self.refuses("cache-train.pkl .* is truncated", pack_miniimagenet.main, *self.options())


class Source(PackerTest):
    def test_refusal_says_where_the_data_is(self):
        self.refuses("There is no", pack_miniimagenet.main, "--pickles", self.folder)
        self.assertIn("https://", pack_miniimagenet.SOURCE)


@unittest.skipUnless(os.environ.get("SRWM_MINIIMAGENET"), "SRWM_MINIIMAGENET names no folder with the real images")
class RealImages(PackerTest):
    def test_digest(self):
        folder = os.environ["SRWM_MINIIMAGENET"]
        archives = [os.path.join(folder, f"{split}.zip") for split in CLASSES]
        printed = self.run_packer(pack_miniimagenet.main, "--images", *archives)
        self.assertIn("64 / 16 / 20 classes, 38400 / 9600 / 12000 images of 84 x 84 x 3\n", printed)
        self.assertIn("pixels sha256 6b563e20ef1dddd152488b25241e6536", printed)


if __name__ == "__main__":
    unittest.main()
