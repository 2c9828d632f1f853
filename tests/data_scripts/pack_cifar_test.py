"""data_scripts/pack_cifar.py on small archives with the layout of the real ones: all 100 classes, 5 + 1 images each.
With SRWM_CIFAR100 naming a real archive, on it as well."""

import os
import pickle
import unittest
from unittest import mock

from packing import HTML, PackerTest, image_file, noise

import numpy as np

import pack_cifar
from command_line import UsageError
from srwm_pack import class_lists

ALL = sorted(name for names in class_lists("cifarfs").values() for name in names)
COARSE = sorted({name.split("/")[0] for name in ALL})
FINE = sorted(name.split("/")[1] for name in ALL)
COARSE_OF = {name.split("/")[1]: COARSE.index(name.split("/")[0]) for name in ALL}
PARTS = {"train": 5, "test": 1}
SIZES = {"fc100": [60, 20, 20], "cifarfs": [64, 16, 20]}


def part(name):
    """(superclass, class, pixels [3072] in planes R, G, B) of each image, classes mixed."""
    fine = np.random.default_rng(PARTS[name]).permutation(np.repeat(np.arange(100), PARTS[name]))
    return np.array([COARSE_OF[FINE[label]] for label in fine]), fine, noise(PARTS[name], len(fine), 3072)


def python_files(parts, protocol=2):
    files = {"meta": {b"fine_label_names": [name.encode() for name in FINE],
                      b"coarse_label_names": [name.encode() for name in COARSE]}}
    for name, (coarse, fine, pixels) in parts.items():
        files[name] = {b"data": pixels, b"fine_labels": fine.tolist(), b"coarse_labels": coarse.tolist(),
                       b"batch_label": b"batch 1 of 1", b"filenames": [b"a.png"] * len(fine)}
    return {f"cifar-100-python/{name}": pickle.dumps(content, protocol) for name, content in files.items()}


def binary_files(parts):
    files = {f"{name}.bin": np.column_stack([coarse, fine, pixels]).astype(np.uint8).tobytes()
             for name, (coarse, fine, pixels) in parts.items()}
    files |= {"fine_label_names.txt": "\n".join(FINE).encode() + b"\n\n",
              "coarse_label_names.txt": "\n".join(COARSE).encode() + b"\n\n"}
    return {f"cifar-100-binary/{name}": content for name, content in files.items()}


def planes_to_image(pixels):
    return pixels.reshape(3, 32, 32).transpose(1, 2, 0)


def png_files(parts):
    return {f"cifar100/data/{FINE[fine]}/{name}_{row:03}.png": image_file(planes_to_image(pixels), "PNG")
            for name, (_, fines, rows) in parts.items() for row, (fine, pixels) in enumerate(zip(fines, rows))}


class PackCifar(PackerTest):
    def setUp(self):
        super().setUp()
        patch = mock.patch.object(pack_cifar, "IMAGES", sum(PARTS.values()))
        patch.start()
        self.addCleanup(patch.stop)
        self.parts = {name: part(name) for name in PARTS}

    def pack(self, path, protocol="fc100"):
        return self.run_packer(pack_cifar.main, "--cifar100", path, "--protocol", protocol)

    def refused(self, pattern, path):
        self.refuses(pattern, pack_cifar.main, "--cifar100", path, "--protocol", "fc100")

    def check(self, protocol, order=("train", "test")):
        splits, _ = self.packed()
        lists = class_lists(protocol)
        for split in lists:
            images, labels, names = splits[split]
            self.assertEqual(names, lists[split])
            for c, name in enumerate(names):
                of_class = FINE.index(name.split("/")[1])
                expected = [planes_to_image(pixels) for part_name in order
                            for _, fine, pixels in zip(*self.parts[part_name]) if fine == of_class]
                np.testing.assert_array_equal(images[labels == c], expected)

    def test_splits(self):
        for protocol, sizes in SIZES.items():
            lists = class_lists(protocol)
            self.assertEqual([len(lists[split]) for split in ("train", "val", "test")], sizes)
            self.assertEqual(sorted(sum(lists.values(), [])), ALL)
        self.assertEqual((len(ALL), len(COARSE), len(set(FINE))), (100, 20, 100))
        superclasses = {split: {name.split("/")[0] for name in names} for split, names in class_lists("fc100").items()}
        self.assertEqual([len(superclasses[split]) for split in ("train", "val", "test")], [12, 4, 4])
        self.assertEqual(superclasses["test"], {"aquatic_mammals", "insects", "medium_mammals", "people"})
        self.assertIn("large_carnivores/leopard", class_lists("cifarfs")["test"])

    def test_python_version(self):
        archive = self.write_tar("cifar-100-python.tar.gz", python_files(self.parts))
        for protocol, sizes in SIZES.items():
            counts = " / ".join(map(str, sizes))
            self.assertIn(f"{counts} classes, {' / '.join(str(6 * n) for n in sizes)} images of 32 x 32 x 3",
                          self.pack(archive, protocol))
            self.check(protocol)
        self.pack(self.write_folder("folder", python_files(self.parts, 4)))
        self.check("fc100")

    def test_binary_version_is_the_same(self):
        printed = self.pack(self.write_tar("python.tar.gz", python_files(self.parts)))
        self.assertEqual(self.pack(self.write_tar("binary.tar.gz", binary_files(self.parts))), printed)
        self.check("fc100")

    def test_pictures(self):
        for path in (self.write_zip("png.zip", png_files(self.parts)), self.write_folder("png", png_files(self.parts))):
            self.pack(path, "cifarfs")
            self.check("cifarfs", order=("test", "train"))  # test_... stands before train_...

    def test_statistics_are_the_published_ones(self):
        self.pack(self.write_tar("binary.tar.gz", binary_files(self.parts)))
        np.testing.assert_allclose(self.packed()[1]["mean"], [0.507, 0.487, 0.441])

    def test_hostile_pickle(self):
        files = python_files(self.parts)
        files["cifar-100-python/test"] = b"\x80\x02cos\nsystem\nU\x05touchU\x01x\x86R."
        self.refused("test in .* is not data alone: it asks for os.system", self.write_tar("a.tar.gz", files))

    def test_incomplete(self):
        fewer = {name: tuple(column[1:] for column in columns) for name, columns in self.parts.items()}
        for write in (python_files, binary_files, png_files):
            self.refused("has [345] images of .*/.* instead of 6", self.write_zip("fewer.zip", write(fewer)))
        without = {name: content for name, content in png_files(self.parts).items() if "/rocket/" not in name}
        self.refused("lacks 1 classes of 60, vehicles_2/rocket first", self.write_zip("without.zip", without))
        files = binary_files(self.parts)
        files["cifar-100-binary/train.bin"] = files["cifar-100-binary/train.bin"][:-1]
        self.refused("train.bin in .* has 1536999 bytes, no multiple of 3074: it is truncated",
                     self.write_tar("cut.tar.gz", files))
        files = binary_files(self.parts)
        del files["cifar-100-binary/test.bin"]
        self.refused("holds neither meta, train, test", self.write_tar("b.tar.gz", files))

    def test_names_in_another_order(self):
        files = binary_files(self.parts)
        names = "cifar-100-binary/fine_label_names.txt"
        for change, pattern in ((lambda text: text.replace("bed", "apple", 1), "the name of class 5 is 'apple'; "
                                                                               "CIFAR-100 has 'bed'"),
                                (lambda text: text.replace("boy\n", ""), "the name of class 11 is 'bridge'; CIFAR-100 "
                                                                         "has 'boy'"),
                                (lambda text: text + "zebra\n", "has 101 names of a class instead of 100")):
            changed = {**files, names: change(files[names].decode()).encode()}
            self.refused(pattern, self.write_tar("a.tar.gz", changed))
        for encoding in ("utf-8-sig", "utf-16"):
            self.pack(self.write_tar("a.tar.gz", {**files, names: files[names].decode().replace("\n", "\r\n").encode(encoding)}))
            self.check("fc100")

    def test_two_copies_in_one_folder(self):
        files = python_files(self.parts)
        litter = {f"__MACOSX/cifar-100-python/._{name}": b"Mac" for name in ("meta", "train", "test")}
        self.pack(self.write_zip("a.zip", {**files, **litter, "other/train": b"x"}))
        self.check("fc100")
        copies = {f"copy/{name}": content for name, content in files.items()}
        self.refused("holds meta, train, test twice: in 'cifar-100-python/' and in 'copy/cifar-100-python/'",
                     self.write_zip("a.zip", {**files, **copies}))

    def test_damaged_archive(self):
        path = self.write_tar("cut.tar.gz", python_files(self.parts))
        os.truncate(path, os.path.getsize(path) // 2)
        self.refused("cut.tar.gz starts as a tar archive but cannot be read to its end", path)
        self.refused("it starts with '<!DOCTYPE html>': probably a web page", self.write("page.tar.gz", HTML))

    def test_other_data(self):
        files = python_files(self.parts)
        files["cifar-100-python/train"] = pickle.dumps({"data": 3}, 2)
        self.refused("cifar-100-python/train in .* has no data", self.write_tar("a.tar.gz", files))
        columns = self.parts["train"]
        files = python_files({**self.parts, "train": (*columns[:2], columns[2][:, :3000])})
        self.refused(r"train in .* has data uint8 \[500, 3000\], 500 and 500 labels", self.write_tar("a.tar.gz", files))
        pictures = png_files(self.parts)
        pictures[next(name for name in pictures if "/bowl/" in name)] = image_file(noise(1, 31, 32, 3), "PNG")
        self.refused("/bowl/.*.png in .* is 32 x 31 pixels; expected 32 x 32", self.write_zip("png.zip", pictures))


def cifar10_batches():
    """{file: (labels, pixels [3072] in planes R, G, B)}: 3 training images of each class over five files, 1 to test."""
    labels = np.random.default_rng(5).permutation(np.repeat(np.arange(10), 3))
    batches = {f"data_batch_{number + 1}": (labels[number::5], noise(number, 6, 3072)) for number in range(5)}
    return batches | {"test_batch": (np.arange(10)[::-1], noise(9, 10, 3072))}


def cifar10_python(batches, names=tuple(pack_cifar.CIFAR10_NAMES)):
    files = {"batches.meta": {b"num_cases_per_batch": 6, b"label_names": [name.encode() for name in names]}}
    files |= {file: {b"batch_label": b"x", b"labels": labels.tolist(), b"data": pixels, b"filenames": [b"a"] * len(labels)}
              for file, (labels, pixels) in batches.items()}
    return {f"cifar-10-batches-py/{name}": pickle.dumps(content, 2) for name, content in files.items()}


def cifar10_binary(batches):
    files = {f"{name}.bin": np.column_stack([labels, pixels]).astype(np.uint8).tobytes()
             for name, (labels, pixels) in batches.items()}
    return {f"cifar-10-batches-bin/{name}": content for name, content in files.items()} | {
        "cifar-10-batches-bin/batches.meta.txt": "\n".join(pack_cifar.CIFAR10_NAMES).encode() + b"\n\n"}


class PackCifar10(PackerTest):
    def setUp(self):
        super().setUp()
        patch = mock.patch.object(pack_cifar, "CIFAR10_IMAGES", {"train": 3, "test": 1})
        patch.start()
        self.addCleanup(patch.stop)
        self.batches = cifar10_batches()

    def pack(self, path):
        return self.run_packer(pack_cifar.main, "--cifar10", path)

    def refused(self, pattern, path):
        self.refuses(pattern, pack_cifar.main, "--cifar10", path)

    def test_both_versions(self):
        printed = self.pack(self.write_tar("python.tar.gz", cifar10_python(self.batches)))
        self.assertIn("10 / 10 classes, 30 / 10 images of 32 x 32 x 3", printed)
        self.assertEqual(self.warnings, "")
        splits, attributes = self.packed()
        self.assertEqual(sorted(splits), ["test", "train"])
        images, labels, names = splits["train"]
        self.assertEqual(names, pack_cifar.CIFAR10_NAMES)
        np.testing.assert_array_equal(labels, np.concatenate([self.batches[f"data_batch_{i}"][0] for i in range(1, 6)]))
        np.testing.assert_array_equal(images[6 + 2], planes_to_image(self.batches["data_batch_2"][1][2]))
        np.testing.assert_array_equal(splits["test"][1], np.arange(10)[::-1])
        np.testing.assert_allclose(attributes["mean"], [0.47336301] * 3, rtol=1e-12)
        self.assertEqual(self.pack(self.write_tar("binary.tar.gz", cifar10_binary(self.batches))), printed)
        self.assertEqual(self.pack(self.write_folder("folder", cifar10_binary(self.batches))), printed)

    def test_incomplete(self):
        for write, end in ((cifar10_python, ""), (cifar10_binary, ".bin")):
            files = write(self.batches)
            name = next(name for name in files if name.endswith("data_batch_3" + end))
            self.refused("holds neither data_batch_1, ..., test_batch and batches.meta",
                         self.write_zip("a.zip", {other: files[other] for other in files if other != name}))
            fewer = {**self.batches, "data_batch_3": tuple(column[1:] for column in self.batches["data_batch_3"])}
            self.refused("has 2 train images of .* instead of 3", self.write_zip("a.zip", write(fewer)))
        files = cifar10_binary(self.batches)
        files["cifar-10-batches-bin/test_batch.bin"] = files["cifar-10-batches-bin/test_batch.bin"][1:]
        self.refused("test_batch.bin in .* has 30729 bytes, no multiple of 3073: it is truncated", self.write_zip("a.zip", files))

    def test_other_data(self):
        self.refused("names the classes cat, dog; CIFAR-10's are airplane",
                     self.write_zip("a.zip", cifar10_python(self.batches, ("cat", "dog"))))
        files = cifar10_python({**self.batches, "test_batch": (np.arange(9), noise(9, 10, 3072))})
        self.refused(r"test_batch in .* has data uint8 \[10, 3072\] and 9 labels", self.write_zip("a.zip", files))
        self.refused("it starts with '<!DOCTYPE html>': probably a web page", self.write("page.tar.gz", HTML))

    def test_options(self):
        for arguments, pattern in ((["--cifar100", "x"], "--protocol is required with --cifar100"),
                                   (["--cifar10", "x", "--protocol", "fc100"], "--protocol splits CIFAR-100, not CIFAR-10"),
                                   (["--cifar10", "x", "--cifar100", "x"], "not allowed with")):
            with self.assertRaisesRegex(UsageError, pattern):
                pack_cifar.parse([*arguments, "--out", self.out])


@unittest.skipUnless(os.environ.get("SRWM_CIFAR100"), "SRWM_CIFAR100 names no real archive")
class RealArchive(PackerTest):
    def test_counts(self):
        printed = self.run_packer(pack_cifar.main, "--cifar100", os.environ["SRWM_CIFAR100"], "--protocol", "fc100")
        self.assertIn("60 / 20 / 20 classes, 36000 / 12000 / 12000 images of 32 x 32 x 3", printed)


if __name__ == "__main__":
    unittest.main()
