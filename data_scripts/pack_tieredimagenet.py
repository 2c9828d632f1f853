#!/usr/bin/env python3
"""Packs tieredImageNet (Ren et al. 2018), 608 classes, 779,165 images, 84 x 84 RGB, into one class dataset for srwm:
351 / 97 / 160 classes in 20 / 6 / 8 categories.

From the pickles {train,val,test}_images_png.pkl and {train,val,test}_labels.pkl, which are read as data and never
executed, an image at a time. The result takes 16.5 GB.

Example:
  pack_tieredimagenet.py --pickles tiered-imagenet --out data/tieredimagenet.h5
"""

import itertools
import os

import data_pickle
import pictures
from command_line import InputError, Package, path, run
from srwm_pack import SPLITS, begin, pack, packer_parser

np = Package("numpy")

SOURCE = "The pickles, tiered-imagenet.tar, are to be had from https://github.com/renmengye/few-shot-ssl-public."
SIZE = 84
CLASSES = {"train": 351, "val": 97, "test": 160}
IMAGES = {"train": 448695, "val": 124261, "test": 206209}
AT_A_TIME = 256


def parse(arguments):
    parser = packer_parser(__doc__, SOURCE)
    parser.add_argument("--pickles", required=True, type=path, metavar="DIR", help="folder with the six pickles")
    return parser.parse_args(arguments)


def find_pickle(folder, which, kind):
    place = os.path.join(folder, f"{which}_{kind}.pkl")
    if not os.path.exists(place):
        raise InputError(f"There is no {place}.")
    return place


def read_labels(place, which):
    """(label of each image, class names)."""
    content = data_pickle.load(place)
    labels, names = (content.get(key) if isinstance(content, dict) else None
                     for key in ("label_specific", "label_specific_str"))
    if isinstance(labels, list):
        labels = np.array(labels)
    if not isinstance(labels, np.ndarray) or labels.ndim != 1 or labels.dtype.kind not in "iu" or \
            not isinstance(names, (list, np.ndarray)):
        raise InputError(f"{place} has no label_specific of integers and label_specific_str of names.")
    if len(names) != CLASSES[which] or len(labels) != IMAGES[which]:
        raise InputError(f"{place} has {len(names)} classes and {len(labels)} images; the split {which} has "
                         f"{CLASSES[which]} and {IMAGES[which]}.")
    if labels.min() < 0 or labels.max() >= len(names):
        raise InputError(f"{place}: labels go from {labels.min()} to {labels.max()}; expected 0 to {len(names) - 1}.")
    names = [data_pickle.text(name) for name in names]
    counts = np.bincount(labels, minlength=len(names))
    if not counts.all():
        raise InputError(f"{place}: the class {names[int(np.argmin(counts))]} has no image.")
    return labels, names


def read_images(place):
    """Blocks of images. Each is an array with the bytes of a PNG file."""
    images = (decode(item, f"image {row} in {place}") for row, item in enumerate(data_pickle.items(place)))
    while block := list(itertools.islice(images, AT_A_TIME)):
        yield np.stack(block)


def decode(item, name):
    if not isinstance(item, (np.ndarray, bytes)):
        raise InputError(f"{name} is not a PNG file.")
    image = pictures.rgb(item if isinstance(item, bytes) else item.tobytes(), name)
    if image.size != (SIZE, SIZE):
        raise InputError(f"{name} is {image.width} x {image.height} pixels; expected {SIZE} x {SIZE}.")
    return np.asarray(image)


def main(arguments):
    options = parse(arguments)
    begin(options, options.pickles)
    paths = {which: find_pickle(options.pickles, which, "images_png") for which in SPLITS}
    labels = {which: read_labels(find_pickle(options.pickles, which, "labels"), which) for which in SPLITS}
    pack(options, {which: (read_images(paths[which]), *labels[which]) for which in SPLITS}, "pack_tieredimagenet.py")


if __name__ == "__main__":
    run(main, SOURCE)
