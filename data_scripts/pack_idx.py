#!/usr/bin/env python3
"""Packs IDX files, the format of MNIST and its kin, into one labeled class dataset for srwm: train and test have the same
classes, and there is no val.

The four files are <set>-images-idx3-ubyte and <set>-labels-idx1-ubyte, gzipped or not, in a folder or an archive. With
--dataset, classes have their published names, and mean and std are those that the published code for streams uses, which
takes MNIST's for Fashion-MNIST as well; without it, classes are named after their labels, and mean and std are measured.

Example:
  pack_idx.py --idx mnist --dataset mnist --out data/mnist.h5
  pack_idx.py --idx fashion_mnist --dataset fashion_mnist --out data/fashion_mnist.h5
  pack_idx.py --idx gzip.zip --part byclass --dataset emnist --out data/emnist.h5
"""

import gzip
import math
import re
import string
import zlib
from types import SimpleNamespace

from command_line import InputError, Package, path, run, warn
from file_tree import FileTree, describe_start
from srwm_pack import begin, pack, packer_parser

np = Package("numpy")

SOURCE = ("MNIST: https://yann.lecun.com/exdb/mnist; Fashion-MNIST: https://github.com/zalandoresearch/fashion-mnist; KMNIST: "
          "https://codh.rois.ac.jp/kmnist; EMNIST: https://www.nist.gov/itl/products-and-services/emnist-dataset.")


def known(classes, images, mean, std):
    return SimpleNamespace(classes=list(classes), images=images, mean=[mean], std=[std])


MNIST_STATISTICS = 0.13066047, 0.30810788
DATASETS = {
    "mnist": known(string.digits, (60000, 10000), *MNIST_STATISTICS),
    "fashion_mnist": known(["T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
                            "ankle boot"], (60000, 10000), *MNIST_STATISTICS),
    "kmnist": known(["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"], (60000, 10000), 0.19176216, 0.34834328),
    "emnist": known(string.digits + string.ascii_uppercase + string.ascii_lowercase, (697932, 116323), 0.17392044,
                    0.33190656),
}
PARTS = {"train": "train", "t10k": "test", "test": "test"}
FILE = re.compile(r"(?:.*/)?(?:(?P<part>[^/]+)-)?(?P<split>train|t10k|test)-(?P<kind>images|labels)[-.]idx[13]-ubyte(?:\.gz)?",
                  re.IGNORECASE)
BYTES = 8  # the type of IDX's elements that is read here
IMAGES_AT_ONCE = 10000


def parse(arguments):
    parser = packer_parser(__doc__, SOURCE)
    parser.add_argument("--idx", required=True, type=path, metavar="ARCHIVE|DIR", help="where the four files are")
    parser.add_argument("--dataset", choices=list(DATASETS), help="which one it is: names of its classes, mean and std")
    parser.add_argument("--part", metavar="NAME", help="the files whose names start with it and a hyphen, where there are "
                        "several sets: emnist-byclass, or byclass for short")
    parser.add_argument("--transpose", action="store_true", help="swap rows and columns: EMNIST as it was drawn. "
                        "Published code for streams leaves EMNIST transposed")
    return parser.parse_args(arguments)


def find_files(tree, part):
    """{(split, kind): name in the tree} of the four files of a set."""
    found = {}
    for name in tree.names:
        match = FILE.fullmatch(name)
        if match and (part is None or (match["part"] or "").split("-")[-1] == part or match["part"] == part):
            found.setdefault((PARTS[match["split"].lower()], match["kind"].lower()), []).append(name)
    for split, kind in ((split, kind) for split in ("train", "test") for kind in ("images", "labels")):
        names = found.get((split, kind), [])
        if not names:
            prefix = f"{part}-" if part else ""
            raise InputError(f"{tree.path} has no {prefix}{'train' if split == 'train' else 't10k'}-{kind}-idx"
                             f"{3 if kind == 'images' else 1}-ubyte, gzipped or not.{tree.remark()}")
        if len(names) > 1:
            raise InputError(f"{tree.path} has {len(names)} files of the {split} {kind}: {names[0]}, {names[1]}"
                             f"{', ...' if len(names) > 2 else ''}. Name one set with --part, or give its folder.")
    return {place: names[0] for place, names in found.items()}


def read_idx(tree, name, kind):
    """Images u8 [N, H, W] or labels u8 [N]."""
    place = f"{name} in {tree.path}"
    content = unpacked(tree.read(name), place)
    if len(content) < 4 or content[:2] != b"\0\0":
        raise InputError(f"{place} is not an IDX file: {describe_start(content[:512])}.")
    if content[2] != BYTES:
        raise InputError(f"{place} holds numbers of type 0x{content[2]:02x}; expected bytes, 0x{BYTES:02x}.")
    axes = content[3]
    if axes != (3 if kind == "images" else 1):
        swapped = {("images", 1): ": these are labels", ("labels", 3): ": these are images"}.get((kind, axes), "")
        raise InputError(f"{place} has arrays of {axes} axes, where {kind} have {3 if kind == 'images' else 1}{swapped}.")
    begin_at = 4 + 4 * axes
    shape = np.frombuffer(content[4:begin_at].ljust(4 * axes, b"\0"), ">u4").tolist()
    expected = begin_at + math.prod(shape)
    if len(content) != expected:
        fault = "truncated" if len(content) < expected else "damaged"
        raise InputError(f"{place} has {len(content)} bytes instead of the {expected} of {' x '.join(map(str, shape))} {kind}: "
                         f"it is {fault}.")
    if expected == begin_at:
        raise InputError(f"{place} holds no {kind}.")
    return np.frombuffer(content, np.uint8, offset=begin_at).reshape(shape)


def unpacked(content, place):
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{place} cannot be unpacked ({error}): it is truncated or damaged; download it again.") from error


def class_names(labels, dataset):
    """(names, {split: labels counted from 0}): those of the dataset, or the labels that occur, in order."""
    if dataset:
        return DATASETS[dataset].classes, labels
    values = {split: np.unique(some) for split, some in labels.items()}
    if not np.array_equal(values["train"], values["test"]):
        only = sorted(set(values["train"].tolist()) ^ set(values["test"].tolist()))
        raise InputError(f"The label {only[0]} is in one of train and test only; the splits of a labeled dataset have the "
                         "same classes.")
    return [str(value) for value in values["train"]], \
        {split: np.searchsorted(values["train"], some) for split, some in labels.items()}


def check(images, labels, tree):
    for split in images:
        if len(images[split]) != len(labels[split]):
            raise InputError(f"{tree.path} has {len(images[split])} {split} images but {len(labels[split])} labels of them.")
    sizes = [" x ".join(map(str, images[split].shape[1:])) for split in ("train", "test")]
    if sizes[0] != sizes[1]:
        raise InputError(f"{tree.path} has train images of {sizes[0]} pixels but test images of {sizes[1]}.")


def check_counts(images, dataset):
    """A warning where a published dataset has another number of images."""
    found = tuple(len(images[split]) for split in ("train", "test"))
    if dataset and found != DATASETS[dataset].images:
        warn(f"there are {found[0]} / {found[1]} images; {dataset} as published has "
             f"{' / '.join(map(str, DATASETS[dataset].images))}.")


def blocks(images, transpose):
    """Images as write_class_dataset() takes them, u8 [n, H, W, 1]."""
    for first in range(0, len(images), IMAGES_AT_ONCE):
        block = images[first:first + IMAGES_AT_ONCE]
        yield (block.transpose(0, 2, 1) if transpose else block)[..., None]


def main(arguments):
    options = parse(arguments)
    begin(options, options.idx)
    tree = FileTree(options.idx)
    contents = {place: read_idx(tree, name, place[1]) for place, name in find_files(tree, options.part).items()}
    images, labels = ({split: contents[split, kind] for split in ("train", "test")} for kind in ("images", "labels"))
    check(images, labels, tree)
    check_counts(images, options.dataset)
    names, labels = class_names(labels, options.dataset)
    published = DATASETS.get(options.dataset, SimpleNamespace(mean=None, std=None))
    pack(options, {split: (blocks(images[split], options.transpose), labels[split], names) for split in images},
         "pack_idx.py", published.mean, published.std)


if __name__ == "__main__":
    run(main, SOURCE)
