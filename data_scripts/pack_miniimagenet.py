#!/usr/bin/env python3
"""Packs Mini-ImageNet into one class dataset for srwm: 100 classes x 600 images, 84 x 84 RGB, in the split of Ravi and
Larochelle (2017), 64 / 16 / 20 classes.

Either from the three pickles mini-imagenet-cache-{train,val,test}.pkl (validation instead of val will do), which are
read as data and never executed; or from images <wnid>/<file>.jpg, in folders or archives and however deep in them.
Images of other sizes are resized with Pillow's antialiasing bilinear filter. Lists of Ravi and Larochelle say which 600
images of a class are meant: needed where there are more, as in ImageNet itself (<wnid>_<number>.JPEG), of which the
lists give positions.

Example:
  pack_miniimagenet.py --pickles mini-imagenet --out data/miniimagenet.h5
  pack_miniimagenet.py --images train.zip val.zip test.zip --out data/miniimagenet.h5
  pack_miniimagenet.py --images ILSVRC2012/train --split-dir csv --out data/miniimagenet.h5
  pack_miniimagenet.py ... --size 32 --out data/miniimagenet32.h5         # the size of FC100, for a CPU
"""

import csv
import io
import os
import re

import data_pickle
import pictures
from command_line import InputError, Package, path, printable, read_text, run, warn
from file_tree import FileTree
from srwm_pack import SPLITS, begin, check_lists, check_sizes, class_lists, pack, packer_parser

np, Image = Package("numpy"), Package("PIL.Image")

SOURCE = ("The pickles are to be had from https://github.com/renmengye/few-shot-ssl-public, images from "
          "https://image-net.org (ILSVRC 2012), the lists {train,val,test}.csv from "
          "https://github.com/twitter-research/meta-learning-lstm, data/miniImagenet.")
SIZE = 84  # of the images in the pickles, and of those packed unless --size says otherwise
IMAGES = 600  # of each class
# ImageNet's usual ones, which the published code uses here too.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SPLIT_SIZES = {"train": 64, "val": 16, "test": 20}
PICKLE_NAMES = {"train": ["train"], "val": ["val", "validation"], "test": ["test"]}
WNID = re.compile(r"n\d{8}")


def parse(arguments):
    parser = packer_parser(__doc__, SOURCE)
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--pickles", type=path, metavar="DIR", help="folder with the three pickles")
    given.add_argument("--images", type=path, metavar="DIR|ARCHIVE", nargs="+", help="folders, zip or tar archives "
                                                                                     "with images")
    parser.add_argument("--split-dir", type=path, metavar="DIR", help="folder with train.csv, val.csv and test.csv "
                        "(columns filename, label) or with .txt lists of classes; without it Ravi and Larochelle's "
                        "classes")
    parser.add_argument("--size", type=int, default=SIZE, help=f"height and width of the images (default: {SIZE})")
    options = parser.parse_args(arguments)
    if not 8 <= options.size <= SIZE:
        parser.error(f"--size is {options.size}; it must be 8 to {SIZE}")
    return options


def read_split(folder):
    """{split: {class: names of its images, or none if all of them are meant}}, from three lists."""
    rows = {which: read_list(folder, which) for which in SPLITS}
    check_lists({which: [(file, place) for file, _, place in rows[which] if file] for which in SPLITS}, "image")
    split, places = {}, {}
    for which in SPLITS:
        split[which] = {}
        for file, name, place in rows[which]:
            if name not in split[which] or not file:
                places.setdefault(which, []).append((name, place))
            split[which].setdefault(name, []).extend([file] if file else [])
        check_counts(split[which], places[which])
    check_lists(places, "class")
    check_sizes(split, SPLIT_SIZES, "the split of Ravi and Larochelle")
    return split


def check_counts(classes, places):
    """Either all images of a class are meant, or as many as it has are listed."""
    for name, files in classes.items():
        if files and len(files) != IMAGES:
            place = next(place for other, place in places if other == name)
            raise InputError(f"The class {name} has {len(files)} images in the list, which starts with it in {place}; "
                             f"expected {IMAGES}.")


def read_list(folder, which):
    """(file or "", class, place) of each line."""
    base = os.path.join(folder, which)
    place = next((base + ending for ending in (".csv", ".txt") if os.path.exists(base + ending)), None)
    if place is None:
        raise InputError(f"There is neither {base}.csv nor {base}.txt.")
    columns, rows = 2 if place.endswith(".csv") else 1, []
    reader = csv.reader(io.StringIO(read_text(place)))
    for row in reader:
        words = [word.strip() for word in row]
        if not any(words) or (reader.line_num == 1 and words == ["filename", "label"][2 - columns:]):
            continue
        if len(words) != columns or not all(words) or not WNID.fullmatch(words[-1]):
            raise InputError(f"{place}, line {reader.line_num}: '{printable(','.join(row)[:60])}' is not "
                             f"{'FILE,WNID' if columns == 2 else 'WNID'}, as n01532829 is one.")
        rows.append((words[0] if columns == 2 else "", words[-1], f"line {reader.line_num} of {place}"))
    if not rows:
        raise InputError(f"{place} lists no classes.")
    return rows


def class_of(name):
    """WordNet number of an image: the nearest folder that is one, or the start of its name (n0153282900000005.jpg)."""
    *folders, file = name.split("/")
    return next((folder for folder in reversed(folders) if WNID.fullmatch(folder)), file[:9])


def find_images(trees):
    """{class: {file name: (tree, path inside the tree)}}."""
    found = {}
    for tree in trees:
        for place in tree.names:
            if place.lower().endswith((".jpg", ".jpeg", ".png")):
                of_class, file = found.setdefault(class_of(place), {}), place.rsplit("/", 1)[-1]
                if of_class.setdefault(file, (tree, place)) != (tree, place):
                    raise InputError(f"The image {printable(file)} is there twice: in {tree.path} as "
                                     f"{printable(place)} and in {of_class[file][0].path} as "
                                     f"{printable(of_class[file][1])}.")
    return found


def choose(name, found, wanted, remark):
    """Places of the images of a class, in order of their names, or as the list has them."""
    if not wanted:
        if len(found) != IMAGES:
            more = "; give the lists that name those meant (--split-dir)" if len(found) > IMAGES else ""
            raise InputError(f"The class {name} has {len(found)} images instead of {IMAGES}{more}.{remark}")
        return [found[file] for file in sorted(found)]
    by_position = {f"{name}{at + 1:08}.jpg": found[file] for at, file in enumerate(in_order_of_numbers(name, found))}
    missing = [file for file in wanted if file not in found and file not in by_position]
    if missing:
        raise InputError(f"The class {name} lacks {len(missing)} of {len(wanted)} images, {printable(missing[0])} "
                         f"first.{remark}")
    return [found.get(file) or by_position[file] for file in wanted]


def in_order_of_numbers(name, found):
    """ImageNet's own files n01532829_1234.JPEG by their number; none if they have other names."""
    numbers = {file: re.fullmatch(name + r"_(\d+)\.JPEG", file) for file in found}
    return sorted((file for file, match in numbers.items() if match), key=lambda file: int(numbers[file][1]))


def from_images(split, paths, size):
    """What write_class_dataset() takes. All files are there before the first is decoded."""
    trees = [FileTree(path) for path in paths]
    found, remark = find_images(trees), "".join(tree.remark() for tree in trees)
    missing = [name for which in SPLITS for name in split[which] if name not in found]
    if missing:
        raise InputError(f"{len(missing)} of {sum(map(len, split.values()))} classes have no images in "
                         f"{' '.join(paths)}, {missing[0]} first.{remark}")
    return {which: from_places([choose(name, found[name], split[which][name], remark) for name in sorted(split[which])],
                               sorted(split[which]), size) for which in SPLITS}


def from_places(places, names, size):
    """A split as write_class_dataset() takes it, from the places of the images of each class."""
    return decode(places, size), np.repeat(np.arange(len(names)), [len(of_class) for of_class in places]), names


def decode(classes, size):
    """Images u8 [n, size, size, 3], a class at a time."""
    for places in classes:
        yield np.stack([convert(pictures.rgb(tree.read(name), f"{name} in "
                                                              f"{tree.path}"), size) for tree, name in places])


def convert(image, size):
    return np.asarray(image if image.size == (size, size) else image.resize((size, size), Image.BILINEAR))


def from_pickles(split, folder, size):
    """What write_class_dataset() takes: one pickle after the other."""
    if any(files for classes in split.values() for files in classes.values()):
        warn("the pickles do not say which files their images are from, so of the lists only the classes count.")
    paths = {which: find_pickle(folder, which) for which in SPLITS}
    return {which: lambda which=which: read_pickle(paths[which], which, split[which], size) for which in SPLITS}


def find_pickle(folder, which):
    candidates = [os.path.join(folder, f"mini-imagenet-cache-{name}.pkl") for name in PICKLE_NAMES[which]]
    found = next((p for p in candidates if os.path.exists(p)), None)
    if found is None:
        raise InputError(f"There is no {' or '.join(candidates)}.")
    return found


def read_pickle(place, which, classes, size):
    images, members = content_of(data_pickle.load(place), place)
    if sorted(members) != sorted(classes):
        different = sorted(set(members) ^ set(classes))
        raise InputError(f"{place} holds {len(members)} classes, not the {len(classes)} of the split {which}: "
                         f"{', '.join(map(printable, different[:3]))} differ.")
    owner = {}
    for name, rows in members.items():
        if len(set(rows)) != IMAGES or len(rows) != IMAGES or not 0 <= min(rows) <= max(rows) < len(images):
            raise InputError(f"{place}: the class {name} has {len(rows)} images of {len(images)} in the file; expected "
                             f"{IMAGES} different ones.")
        for row in rows:
            if owner.setdefault(int(row), name) != name:
                raise InputError(f"{place}: image {row} is in two classes, {owner[int(row)]} and {name}.")
    names = sorted(members)
    return decode_rows(images, [members[name] for name in names], size), np.repeat(np.arange(len(names)), IMAGES), names


def decode_rows(images, classes, size):
    """Images u8 [n, size, size, 3], a class at a time."""
    for rows in classes:
        yield np.stack([convert(Image.fromarray(image), size) for image in images[rows]])


def content_of(content, place):
    """(images u8 [N, 84, 84, 3], {class: indices of its images}) of a pickle."""
    images, members = (content.get(key) if isinstance(content, dict) else None for key in ("image_data", "class_dict"))
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8 or images.shape[1:] != (SIZE, SIZE, 3):
        raise InputError(f"{place} has no image_data of bytes [N, {SIZE}, {SIZE}, 3].")
    if not isinstance(members, dict) or not all(isinstance(name, str) for name in members):
        raise InputError(f"{place} has no class_dict of class names.")
    members = {name: list(rows) if isinstance(rows, (list, np.ndarray)) else [] for name, rows in members.items()}
    if not all(isinstance(row, (int, np.integer)) for rows in members.values() for row in rows):
        raise InputError(f"{place}: class_dict holds other things than the numbers of images.")
    return images, members


def main(arguments):
    options = parse(arguments)
    begin(options, *(options.images or [options.pickles]), *([options.split_dir] if options.split_dir else []))
    split = read_split(options.split_dir) if options.split_dir else \
        {which: {name: [] for name in names} for which, names in class_lists("miniimagenet").items()}
    read, source = (from_pickles, options.pickles) if options.pickles else (from_images, options.images)
    pack(options, read(split, source, options.size), "pack_miniimagenet.py", MEAN, STD)


if __name__ == "__main__":
    run(main, SOURCE)
