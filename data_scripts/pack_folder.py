#!/usr/bin/env python3
"""Packs a folder of pictures, a folder for each class, into one class dataset for srwm.

A class is a folder with pictures in it: DIR/cat/*.jpg, or DIR/animals/cat/*.jpg for the class animals/cat. PNG, JPEG, WebP
and whatever else Pillow reads, of any size: turned as EXIF says, palettes, CMYK and 16 bits a channel converted, transparent
pixels on a ground. Where DIR has the folders train, test and perhaps val, these are the splits; else --split shares out the
classes. What is no picture, or a broken one, is left out and counted. Train and test folders with the same classes make a
labeled dataset, for streams.

Example:
  pack_folder.py pictures --size 84 --out data/mine.h5
  pack_folder.py pictures --size 28 --channels 1 --split 20/5/10 --seed 2 --out data/mine.h5
  pack_folder.py pictures.zip --size 84 --lists lists --out data/mine.h5      # lists/train.txt, val.txt, test.txt
"""

import argparse
import collections
import os
import posixpath
import random
import re

import pictures
from command_line import InputError, Package, Progress, path, printable, read_text, run, warn
from file_tree import FileTree
from srwm_pack import SPLITS, begin, check_lists, pack, packer_parser

np, Image, ImageColor, ImageOps = (Package("numpy"), Package("PIL.Image"), Package("PIL.ImageColor"),
                                   Package("PIL.ImageOps"))

SOURCE = "The pictures are your own: a folder for each class."
ENDINGS = {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".jp2",
           ".heic", ".avif", ".tga", ".mpo"}
SHARES = re.compile(r"(\d+)/(?:(\d+)/)?(\d+)(%?)")
AT_A_TIME = 64


def parse(arguments):
    parser = packer_parser(__doc__, SOURCE)
    parser.add_argument("folder", type=path, metavar="DIR|ARCHIVE", help="the pictures: a folder, a zip or a tar archive")
    parser.add_argument("--size", type=int, help="height and width of the images; default: that of the pictures, if all "
                        "have the same")
    parser.add_argument("--fit", choices=["crop", "stretch", "pad"], default="crop", help="how a picture that is not square "
                        "becomes so: its middle, all of it with other proportions, or all of it on the ground (default: "
                        "crop)")
    parser.add_argument("--channels", type=int, choices=[1, 3], help="1: grey, 3: color (default: 3, or 1 if all pictures "
                        "are grey)")
    parser.add_argument("--ground", default="white", help="color behind transparent pixels: a name, or #rrggbb (default: "
                        "white)")
    parser.add_argument("--split", type=shares, metavar="T/V/E", help="classes of train, val and test, or of train and test; "
                        "with %% shares of all classes (default: 64/16/20%%)")
    parser.add_argument("--seed", type=int, help="which classes these are (default: 1)")
    parser.add_argument("--lists", type=path, metavar="DIR", help="folder with train.txt, test.txt and perhaps val.txt: a "
                        "class in each line")
    options = parser.parse_args(arguments)
    if options.lists and (options.split or options.seed is not None):
        parser.error("--lists says which classes are where: drop --split and --seed")
    if options.size is not None and not 8 <= options.size <= 1024:
        parser.error(f"--size is {options.size}; it must be 8 to 1024")
    options.ground = color(parser, options.ground)
    return options


def shares(text):
    """({split: number}, whether they are percent)."""
    match = SHARES.fullmatch(text)
    if not match:
        raise argparse.ArgumentTypeError(f"'{text}' is not as 64/16/20, 80/20 or 64/16/20%")
    numbers = {split: int(number) for split, number in zip(SPLITS, match.groups()) if number}
    if match[4] and sum(numbers.values()) != 100:
        raise argparse.ArgumentTypeError(f"the shares of '{text}' are {sum(numbers.values())}% together; they must be "
                                         "100%")
    return numbers, bool(match[4])


def color(parser, text):
    try:
        return ImageColor.getrgb(text)[:3]
    except ValueError:
        parser.error(f"--ground {text} is no color; give a name such as black, or #rrggbb")


class Skipped:
    """What is left out: how many files for which reason, and the first of each."""

    def __init__(self):
        self._found = {}

    def add(self, kind, name):
        count, first = self._found.get(kind, (0, name))
        self._found[kind] = count + 1, first

    def warn(self):
        for kind, (count, first) in self._found.items():
            warn(f"{count:,} file{'s are' if count > 1 else ' is'} left out, {kind}: {printable(first)}"
                 f"{' and others' if count > 1 else ''}.")


class Pictures:
    """The pictures of a folder or archive by class, once all of them have been decoded."""

    def __init__(self, tree, ground):
        self.tree, self.ground, self.skipped = tree, ground, Skipped()
        self.by_class, self.sizes, self.is_grey = collections.defaultdict(list), collections.Counter(), True
        with Progress("pictures", len(tree.names)) as progress:
            for name in tree.names:
                self._look_at(name)
                progress.add()
        if not self.by_class:
            raise InputError(f"{tree.path} has no pictures in folders: expected CLASS/*.png, *.jpg or *.webp in "
                             f"it.{tree.remark()}")

    def decode(self, name):
        return pictures.decode(self.tree.read(name), f"{name} in {self.tree.path}", self.ground)

    def _look_at(self, name):
        folder = posixpath.dirname(name)
        if posixpath.splitext(name)[1].lower() not in ENDINGS:
            return self.skipped.add("no pictures by their names", name)
        if not folder:
            return self.skipped.add("in no folder of a class", name)
        try:
            image = self.decode(name)
        except InputError as error:
            return self.skipped.add("broken or of a kind that is not read", f"{error}".rstrip("."))
        self.by_class[folder].append(name)
        self.sizes[image.size] += 1
        self.is_grey = self.is_grey and image.mode == "L"


def split_by_folders(class_names):
    """{split: class names} where the folders at the top are the splits; else None."""
    tops = {name.split("/")[0] for name in class_names}
    if not {"train", "test"} <= tops or not tops <= set(SPLITS):
        return None
    bare = sorted(name for name in class_names if "/" not in name)
    if bare:
        raise InputError(f"The folder {bare[0]} is a split, and has pictures that are in no folder of a class.")
    return {split: [name for name in class_names if name.startswith(split + "/")] for split in SPLITS if split in tops}


def split_by_lists(folder, class_names):
    lists = {}
    for split in SPLITS:
        place = os.path.join(folder, split + ".txt")
        if split == "val" and not os.path.exists(place):
            continue
        lines = [(line.strip(), number) for number, line in enumerate(read_text(place).split("\n"), 1) if line.strip()]
        lists[split] = [(line, f"{place}, line {number}") for line, number in lines]
    check_lists(lists, "class")
    for items in lists.values():
        for name, place in items:
            if name not in class_names:
                raise InputError(f"{place}: there are no pictures of the class {printable(name)}.")
    named = {name for items in lists.values() for name, _ in items}
    unnamed = [name for name in class_names if name not in named]
    if unnamed:
        warn(f"{len(unnamed)} classes are in no list and left out, {printable(unnamed[0])} first.")
    return {split: [name for name, _ in items] for split, items in lists.items()}


def split_by_shares(numbers, is_percent, seed, class_names):
    counts = dict(numbers)
    if is_percent:
        counts = {split: round(len(class_names) * share / 100) for split, share in numbers.items()}
        counts["train"] += len(class_names) - sum(counts.values())
    wanted = sum(counts.values())
    if wanted > len(class_names):
        raise InputError(f"--split asks for {wanted} classes; there are {len(class_names)} with pictures.")
    if wanted < len(class_names):
        warn(f"{len(class_names) - wanted} of {len(class_names)} classes are left out, as --split asks for {wanted}.")
    shuffled = sorted(class_names)
    random.Random(seed).shuffle(shuffled)
    chosen = iter(shuffled)
    return {split: sorted(next(chosen) for _ in range(count)) for split, count in counts.items()}


def choose_split(options, class_names):
    """{split: class names}, of which each can make episodes."""
    by_folders = split_by_folders(class_names)
    if options.lists:
        return split_by_lists(options.lists, class_names)
    if by_folders is not None and (options.split or options.seed is not None):
        raise InputError("The folders train and test say which classes are where: drop --split and --seed, or give a "
                         "folder of classes alone.")
    if by_folders is not None:
        return by_folders
    numbers, is_percent = options.split or shares("64/16/20%")
    return split_by_shares(numbers, is_percent, 1 if options.seed is None else options.seed, class_names)


def check_episodes(split, by_class):
    """An episode takes two classes at least, and of each an image to learn from and one to ask for."""
    for which, class_names in split.items():
        if len(class_names) < 2:
            raise InputError(f"The split {which} has {len(class_names)} class{'es' * (len(class_names) != 1)}, and an "
                             "episode needs 2 at least. Add classes, or share them out otherwise with --split.")
        for name in class_names:
            if len(by_class[name]) < 2:
                raise InputError(f"The class {printable(name)} of the split {which} has "
                                 f"{len(by_class[name])} picture{'s' * (len(by_class[name]) != 1)}; an "
                                 "episode needs 2 at least, one to learn from and one to ask for. Add pictures, or "
                                 "take the folder away.")


def size_of(options, found):
    """Height and width of the images."""
    if options.size:
        return options.size
    (width, height), _ = found.sizes.most_common(1)[0]
    if len(found.sizes) > 1 or width != height:
        raise InputError(f"The pictures have {len(found.sizes)} size{'s' * (len(found.sizes) > 1)}, {width} x {height} most "
                         "often; the images of a dataset are squares of one size. Give it with --size.")
    return width


def fitted(image, size, fit, ground):
    """A square image, downsized with antialiasing."""
    square = (size, size)
    if fit == "stretch" or image.width == image.height:
        return image.resize(square, Image.BICUBIC) if image.size != square else image
    if fit == "crop":
        return ImageOps.fit(image, square, Image.BICUBIC)
    return ImageOps.pad(image, square, Image.BICUBIC, color=ground)


def images_of(found, names, size, channels, options):
    """Blocks u8 [N, size, size, channels]."""
    mode = "L" if channels == 1 else "RGB"
    ground = Image.new("RGB", (1, 1), options.ground).convert(mode).getpixel((0, 0))
    for begin_at in range(0, len(names), AT_A_TIME):
        block = [np.asarray(fitted(found.decode(name).convert(mode), size, options.fit, ground))
                 for name in names[begin_at:begin_at + AT_A_TIME]]
        yield np.stack(block).reshape(-1, size, size, channels)


def main(arguments):
    options = parse(arguments)
    begin(options, options.folder, *([options.lists] if options.lists else []))
    found = Pictures(FileTree(options.folder), options.ground)
    found.skipped.warn()
    split = choose_split(options, sorted(found.by_class))
    check_episodes(split, found.by_class)
    size, channels = size_of(options, found), options.channels or (1 if found.is_grey else 3)

    def content_of(which):
        folders = split[which]
        names = [name for folder in folders for name in found.by_class[folder]]
        labels = np.repeat(np.arange(len(folders)), [len(found.by_class[folder]) for folder in folders])
        is_by_folders = all(folder.startswith(which + "/") for folder in folders)
        class_names = [folder[len(which) + 1:] if is_by_folders else folder for folder in folders]
        return images_of(found, names, size, channels, options), labels, class_names

    pack(options, {which: content_of(which) for which in split}, "pack_folder.py")


if __name__ == "__main__":
    run(main)
