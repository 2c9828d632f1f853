#!/usr/bin/env python3
"""Packs Omniglot's two archives into one class dataset for srwm.

Drawings are inverted (strokes bright) and resized with Pillow's antialiasing bilinear filter; with --plain they stay as they
are (strokes dark) and are resized bilinearly without antialiasing, as TensorFlow does it and the published VSML uses them.

Example:
  pack_omniglot.py --background images_background.zip --evaluation images_evaluation.zip \\
      --split-dir torchmeta/datasets/assets/omniglot --out data/omniglot28.h5
  pack_omniglot.py ... --size 84 --rgb --out data/omniglot84rgb.h5    # with Mini-ImageNet
  pack_omniglot.py ... --split background --plain --out data/omniglot_background28.h5    # for VSML
"""

import json
import os
import random
import re

import pictures
from command_line import InputError, Package, path, printable, read_text, run
from file_tree import FileTree
from srwm_pack import SPLITS, begin, check_lists, check_sizes, pack, packer_parser

np, Image, ImageOps = Package("numpy"), Package("PIL.Image"), Package("PIL.ImageOps")

SOURCE = ("The archives are in the folder python/ of https://github.com/brendenlake/omniglot; the split of Vinyals et "
          "al. (2016), 1028 / 172 / 423 characters, is {train,val,test}.json in torchmeta/datasets/assets/omniglot of "
          "the torchmeta package, https://github.com/tristandeleu/pytorch-meta.")
PARTS = ("background", "evaluation")
DRAWINGS = 20
SPLIT_SIZES = {"train": 1028, "val": 172, "test": 423}
# What the published code subtracts and divides by; they belong to drawings that are not inverted, and it uses them all
# the same.
MEAN, STD = 0.922, 0.084
PLAIN_MEAN, PLAIN_STD = 0.92206031, 0.26807651  # what the published VSML takes, of drawings that are not inverted
DRAWING = re.compile(r"(?:.*/)?([^/]+)/(character\d+)/[^/]+\.png", re.IGNORECASE)


def parse(arguments):
    parser = packer_parser(__doc__, SOURCE)
    parser.add_argument("--background", required=True, type=path, metavar="ZIP|DIR",
                        help="images_background, zipped or unpacked")
    parser.add_argument("--evaluation", required=True, type=path, metavar="ZIP|DIR",
                        help="images_evaluation, zipped or unpacked")
    parser.add_argument("--split", choices=["background"], help="train is images_background, test images_evaluation (964 / "
                        "659 characters), and there is no val")
    parser.add_argument("--split-dir", type=path, metavar="DIR", help="folder with train.json, val.json and test.json, "
                        "or vinyals_train.json and so on; without it a random split of the same sizes is drawn")
    parser.add_argument("--seed", type=int, default=1, help="of the random split (default: 1)")
    parser.add_argument("--size", type=int, default=28, help="height and width of the images (default: 28)")
    parser.add_argument("--rgb", action="store_true",
                        help="three equal channels instead of one, for models made for RGB")
    parser.add_argument("--plain", action="store_true",
                        help="strokes dark, resized without antialiasing; mean and std of such drawings")
    options = parser.parse_args(arguments)
    if options.split and options.split_dir:
        parser.error("--split and --split-dir both say which characters are where: drop one")
    if not 8 <= options.size <= 105:
        parser.error(f"--size is {options.size}; it must be 8 to 105, the size of the drawings")
    return options


def find_drawings(trees):
    """{"background/Alphabet/character01": [(part, path inside the tree), ...]}, drawings in order of their names."""
    drawings = {}
    for part in PARTS:
        before = len(drawings)
        for name in trees[part].names:
            match = DRAWING.fullmatch(name)
            if match:
                drawings.setdefault(f"{part}/{match[1]}/{match[2]}", []).append((part, name))
        if len(drawings) == before:
            raise InputError(f"{trees[part].path} has no drawings: expected ALPHABET/characterNN/*.png in "
                             f"it.{trees[part].remark()}")
    return drawings


def read_split(folder):
    """Sorted class names of each split, from the three JSON lists {part: {alphabet: [character, ...]}}."""
    lists = {}
    for which in SPLITS:
        candidates = [os.path.join(folder, prefix + which + ".json") for prefix in ("", "vinyals_")]
        place = next((p for p in candidates if os.path.exists(p)), None)
        if place is None:
            raise InputError(f"There is neither {candidates[0]} nor {candidates[1]}.")
        lists[which] = [(name, place) for name in read_list(place)]
    check_lists(lists, "character")
    split = {which: sorted(name for name, _ in lists[which]) for which in SPLITS}
    check_sizes(split, SPLIT_SIZES, "the split of Vinyals et al.")
    return split


def read_list(place):
    """Class names in a JSON list."""
    try:
        parts = json.loads(read_text(place), object_pairs_hook=without_repeats)
        for part, alphabets in parts.items():
            for alphabet, characters in alphabets.items():
                if not isinstance(characters, list) or not all(isinstance(name, str) for name in characters):
                    raise ValueError(f"{part}/{alphabet} has something else than a list of names")
        names = [f"{part}/{alphabet}/{character}" for part, alphabets in parts.items()
                 for alphabet, characters in alphabets.items() for character in characters]
    except (ValueError, AttributeError, RecursionError) as error:
        raise InputError(f"{place} is not a list of Omniglot characters "
                         f'({{"background": {{ALPHABET: [characterNN, ...]}}, ...}}): {error}.') from error
    if not names:
        raise InputError(f"{place} lists no characters.")
    return names


def without_repeats(pairs):
    """A dict of JSON, which would hold no more than the last of equal keys."""
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"'{next(key for key in keys if keys.count(key) > 1)}' is there twice")
    return found


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


def split_of_archives(drawings):
    """The background's characters to train on, the evaluation's to test."""
    return {which: sorted(name for name in drawings if name.startswith(part + "/"))
            for which, part in (("train", "background"), ("test", "evaluation"))}


def check(split, drawings, trees):
    """Every class is there with all its drawings."""
    for which in split:
        for name in split[which]:
            part = name.split("/")[0]
            place, remark = (trees[part].path, trees[part].remark()) if part in trees else ("the archives", "")
            if name not in drawings:
                raise InputError(f"The character {printable(name)} of the split {which} is missing in {place}.{remark}")
            if len(drawings[name]) != DRAWINGS:
                is_short = len(drawings[name]) < DRAWINGS
                kind = "incomplete" if is_short else "not the original one, or holds drawings twice"
                raise InputError(f"The character {printable(name)} has {len(drawings[name])} drawings instead of "
                                 f"{DRAWINGS} in {place}: the archive is {kind}.{remark}")


def convert(tree, name, options):
    """Strokes bright on dark, or as they were drawn, u8 [size, size, channels]."""
    drawing = pictures.grey(tree.read(name), f"{name} in {tree.path}")
    size = (options.size, options.size)
    if options.plain:
        steps = [drawing.width / options.size, drawing.height / options.size]
        grey = drawing.transform(size, Image.AFFINE, (steps[0], 0, 0, 0, steps[1], 0), Image.BILINEAR)
    else:
        grey = ImageOps.invert(drawing).resize(size, Image.BILINEAR)
    return np.repeat(np.asarray(grey)[:, :, None], channels_of(options), axis=2)


def channels_of(options):
    return 3 if options.rgb else 1


def content_of(class_names, drawings, trees, options):
    """A split as write_class_dataset() takes it, a character at a time."""
    images = (np.stack([convert(trees[part], name, options) for part, name in drawings[class_name]])
              for class_name in class_names)
    return images, np.repeat(np.arange(len(class_names)), DRAWINGS), class_names


def choose_split(options, drawings):
    if options.split:
        return split_of_archives(drawings)
    return read_split(options.split_dir) if options.split_dir else random_split(list(drawings), options.seed)


def main(arguments):
    options = parse(arguments)
    begin(options, options.background, options.evaluation, *([options.split_dir] if options.split_dir else []))
    trees = {"background": FileTree(options.background), "evaluation": FileTree(options.evaluation)}
    drawings = find_drawings(trees)
    split = choose_split(options, drawings)
    check(split, drawings, trees)
    splits = {which: content_of(split[which], drawings, trees, options) for which in split}
    mean, std = (PLAIN_MEAN, PLAIN_STD) if options.plain else (MEAN, STD)
    pack(options, splits, "pack_omniglot.py", [mean] * channels_of(options), [std] * channels_of(options))


if __name__ == "__main__":
    run(main, SOURCE)
