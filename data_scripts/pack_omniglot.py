#!/usr/bin/env python3
"""Packs Omniglot's two archives into one class dataset for srwm.

Drawings are inverted (strokes bright) and resized with Pillow's antialiasing bilinear filter.

Example:
  pack_omniglot.py --background images_background.zip --evaluation images_evaluation.zip \\
      --split-dir torchmeta/datasets/assets/omniglot --out data/omniglot28.h5
  pack_omniglot.py ... --size 84 --rgb --out data/omniglot84rgb.h5    # beside Mini-ImageNet
"""

import json
import os
import random
import re

from file_tree import FileTree
from srwm_pack import SPLITS, InputError, argument_parser, run, write_class_dataset

import numpy as np
from PIL import Image, ImageOps

SOURCE = ("The archives are in the folder python/ of https://github.com/brendenlake/omniglot; the split of Vinyals et "
          "al. (2016), 1028 / 172 / 423 characters, is {train,val,test}.json in torchmeta/datasets/assets/omniglot of "
          "the torchmeta package, https://github.com/tristandeleu/pytorch-meta.")
PARTS = ("background", "evaluation")
DRAWINGS = 20
SPLIT_SIZES = {"train": 1028, "val": 172, "test": 423}
# What the published code subtracts and divides by; they belong to drawings that are not inverted, and it uses them all
# the same.
MEAN, STD = 0.922, 0.084
DRAWING = re.compile(r"(?:.*/)?([^/]+)/(character\d+)/[^/]+\.png$")


def parse(arguments):
    parser = argument_parser(__doc__, SOURCE)
    parser.add_argument("--background", required=True, metavar="ZIP|DIR",
                        help="images_background, zipped or unpacked")
    parser.add_argument("--evaluation", required=True, metavar="ZIP|DIR",
                        help="images_evaluation, zipped or unpacked")
    parser.add_argument("--split-dir", metavar="DIR", help="folder with train.json, val.json and test.json, or "
                        "vinyals_train.json and so on; without it a random split of the same sizes is drawn")
    parser.add_argument("--seed", type=int, default=1, help="of the random split (default: 1)")
    parser.add_argument("--size", type=int, default=28, help="height and width of the images (default: 28)")
    parser.add_argument("--rgb", action="store_true",
                        help="three equal channels instead of one, for models made for RGB")
    options = parser.parse_args(arguments)
    if not 8 <= options.size <= 105:
        parser.error(f"--size is {options.size}; it must be 8 to 105, the size of the drawings")
    return options


def find_drawings(trees):
    """{"background/Alphabet/character01": [(part, path inside the tree), ...]}, drawings in order of their names."""
    drawings = {}
    for part in PARTS:
        before = len(drawings)
        for name in trees[part].names:
            match = DRAWING.match(name)
            if match:
                drawings.setdefault(f"{part}/{match[1]}/{match[2]}", []).append((part, name))
        if len(drawings) == before:
            raise InputError(f"{trees[part].path} has no drawings: expected ALPHABET/characterNN/*.png in it.")
    return drawings


def read_split(folder):
    """Sorted class names of each split, from the three JSON lists {part: {alphabet: [character, ...]}}."""
    split = {}
    for which in SPLITS:
        candidates = [os.path.join(folder, prefix + which + ".json") for prefix in ("", "vinyals_")]
        path = next((p for p in candidates if os.path.exists(p)), None)
        if path is None:
            raise InputError(f"There is neither {candidates[0]} nor {candidates[1]}.")
        try:
            with open(path, encoding="utf-8") as file:
                parts = json.load(file)
            split[which] = sorted(f"{part}/{alphabet}/{character}" for part, alphabets in parts.items()
                                  for alphabet, characters in alphabets.items() for character in characters)
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise InputError(f"{path} is not a list of Omniglot characters "
                            f'({{"background": {{ALPHABET: [characterNN, ...]}}, ...}}): {error}.') from error
        if not split[which]:
            raise InputError(f"{path} lists no characters.")
    return split


def random_split(class_names, seed):
    """All characters, shuffled with a seed and cut to the sizes of Vinyals' split."""
    needed = sum(SPLIT_SIZES.values())
    if len(class_names) != needed:
        raise InputError(f"The archives hold {len(class_names)} characters; a random split needs all {needed}.")
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
                raise InputError(f"The character {name} is in the splits {seen[name]} and {which}.")
            if name not in drawings:
                part = name.split("/")[0]
                place = trees[part].path if part in trees else "the archives"
                raise InputError(f"The character {name} of the split {which} is missing in {place}.")
            if len(drawings[name]) != DRAWINGS:
                raise InputError(f"The character {name} has {len(drawings[name])} drawings instead of {DRAWINGS}: "
                                "the archive is incomplete.")


def convert(drawing, size, channels):
    """Strokes bright on dark, u8 [size, size, channels]."""
    grey = ImageOps.invert(drawing.convert("L")).resize((size, size), Image.BILINEAR)
    return np.repeat(np.asarray(grey)[:, :, None], channels, axis=2)


def pack(class_names, drawings, trees, size, channels):
    """A split as write_class_dataset() takes it, a character at a time."""
    images = (np.stack([convert(trees[part].image(path), size, channels) for part, path in drawings[name]])
              for name in class_names)
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
    print(write_class_dataset(options.out, name, splits, "pack_omniglot.py", [MEAN] * channels, [STD] * channels))


if __name__ == "__main__":
    run(main, SOURCE)
