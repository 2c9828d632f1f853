#!/usr/bin/env python3
"""Packs Omniglot's two archives into one class dataset for srwm.

The archives, images_background.zip and images_evaluation.zip, are in the folder python/ of
https://github.com/brendenlake/omniglot. The split of Vinyals et al. (2016), 1028 / 172 / 423 characters, is in the
torchmeta package: torchmeta/datasets/assets/omniglot/{train,val,test}.json. Drawings are inverted (strokes bright) and
resized with Pillow's antialiasing bilinear filter.

Example:
  pack_omniglot.py --background images_background.zip --evaluation images_evaluation.zip \\
      --split-dir torchmeta/datasets/assets/omniglot --out data/omniglot28.h5
"""

import argparse
import json
import os
import random
import re

from srwm_pack import SPLITS, FileTree, PackError, run, write_class_dataset

import numpy as np
from PIL import Image, ImageOps

PARTS = ("background", "evaluation")
DRAWINGS = 20
SPLIT_SIZES = {"train": 1028, "val": 172, "test": 423}
# What the published code subtracts and divides by; they belong to drawings that are not inverted, and it uses them all
# the same.
MEAN, STD = 0.922, 0.084
DRAWING = re.compile(r"(?:.*/)?([^/]+)/(character\d+)/[^/]+\.png$")


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--background", required=True, metavar="ZIP|DIR",
                        help="images_background, zipped or unpacked")
    parser.add_argument("--evaluation", required=True, metavar="ZIP|DIR",
                        help="images_evaluation, zipped or unpacked")
    parser.add_argument("--split-dir", metavar="DIR", help="folder with train.json, val.json and test.json, or "
                        "vinyals_train.json and so on; without it a random split of the same sizes is drawn")
    parser.add_argument("--seed", type=int, default=1, help="of the random split (default: 1)")
    parser.add_argument("--out", required=True, metavar="F.h5", help="file to write")
    parser.add_argument("--size", type=int, default=28, help="height and width of the images (default: 28)")
    parser.add_argument("--rgb", action="store_true",
                        help="three equal channels instead of one, for models made for RGB")
    options = parser.parse_args(arguments)
    if not 8 <= options.size <= 105:
        parser.error(f"--size is {options.size}; it must be 8 to 105, the size of the drawings")
    return options


def find_drawings(trees):
    """{"background/Alphabet/character01": [(part, path inside the tree), ...]}, drawings in the order of their names."""
    drawings = {}
    for part in PARTS:
        before = len(drawings)
        for name in trees[part].names:
            match = DRAWING.match(name.replace(os.sep, "/"))
            if match:
                drawings.setdefault(f"{part}/{match[1]}/{match[2]}", []).append((part, name))
        if len(drawings) == before:
            raise PackError(f"{trees[part].path} has no drawings: expected ALPHABET/characterNN/*.png in it.")
    return drawings


def read_split(folder):
    """Sorted class names of each split, from the three JSON lists {part: {alphabet: [character, ...]}}."""
    split = {}
    for which in SPLITS:
        candidates = [os.path.join(folder, prefix + which + ".json") for prefix in ("", "vinyals_")]
        path = next((p for p in candidates if os.path.exists(p)), None)
        if path is None:
            raise PackError(f"There is neither {candidates[0]} nor {candidates[1]}.")
        try:
            with open(path, encoding="utf-8") as file:
                parts = json.load(file)
            split[which] = sorted(f"{part}/{alphabet}/{character}" for part, alphabets in parts.items()
                                  for alphabet, characters in alphabets.items() for character in characters)
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise PackError(f"{path} is not a list of Omniglot characters "
                            f'({{"background": {{ALPHABET: [characterNN, ...]}}, ...}}): {error}.') from error
        if not split[which]:
            raise PackError(f"{path} lists no characters.")
    return split


def random_split(class_names, seed):
    """All characters, shuffled with a seed and cut to the sizes of Vinyals' split."""
    needed = sum(SPLIT_SIZES.values())
    if len(class_names) != needed:
        raise PackError(f"The archives hold {len(class_names)} characters; a random split needs all {needed}.")
    shuffled = sorted(class_names)
    random.Random(seed).shuffle(shuffled)
    split, begin = {}, 0
    for which in SPLITS:
        split[which] = sorted(shuffled[begin:begin + SPLIT_SIZES[which]])
        begin += SPLIT_SIZES[which]
    return split


def check(split, drawings, trees):
    """Every class is there with all its drawings, and in one split only."""
    seen = {}
    for which in SPLITS:
        for name in split[which]:
            if seen.setdefault(name, which) != which:
                raise PackError(f"The character {name} is in the splits {seen[name]} and {which}.")
            if name not in drawings:
                part = name.split("/")[0]
                place = trees[part].path if part in trees else "the archives"
                raise PackError(f"The character {name} of the split {which} is missing in {place}.")
            if len(drawings[name]) != DRAWINGS:
                raise PackError(f"The character {name} has {len(drawings[name])} drawings instead of {DRAWINGS}: "
                                "the archive is incomplete.")


def convert(drawing, size, channels):
    """Strokes bright on dark, u8 [size, size, channels]."""
    grey = ImageOps.invert(drawing.convert("L")).resize((size, size), Image.BILINEAR)
    return np.repeat(np.asarray(grey)[:, :, None], channels, axis=2)


def pack(class_names, drawings, trees, size, channels):
    images = np.empty((len(class_names) * DRAWINGS, size, size, channels), np.uint8)
    places = [place for name in class_names for place in drawings[name]]
    for row, (part, path) in enumerate(places):
        images[row] = convert(trees[part].image(path), size, channels)
    return images, np.repeat(np.arange(len(class_names)), DRAWINGS), class_names


def main(arguments):
    options = parse(arguments)
    trees = {"background": FileTree(options.background), "evaluation": FileTree(options.evaluation)}
    drawings = find_drawings(trees)
    split = read_split(options.split_dir) if options.split_dir else random_split(list(drawings), options.seed)
    check(split, drawings, trees)
    channels = 3 if options.rgb else 1
    splits = {which: pack(split[which], drawings, trees, options.size, channels) for which in SPLITS}
    name = os.path.splitext(os.path.basename(options.out))[0]
    write_class_dataset(options.out, name, splits, "pack_omniglot.py", [MEAN] * channels, [STD] * channels)
    print(f"{options.out}: {' / '.join(str(len(split[which])) for which in SPLITS)} characters x {DRAWINGS} drawings, "
          f"{options.size} x {options.size} x {channels}")


if __name__ == "__main__":
    run(main)
