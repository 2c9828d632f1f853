#!/usr/bin/env python3
"""Packs CIFAR-100, 100 classes x 600 images, 32 x 32 RGB, into one class dataset for srwm, in one of two splits:

  fc100    FC100 (Oreshkin et al. 2018), by superclass: 60 / 20 / 20 classes
  cifarfs  CIFAR-FS (Bertinetto et al. 2019): 64 / 16 / 20 classes

From the python or the binary version of the archive, as it is or unpacked, or from a folder or archive of PNG files
<class>/<file>.png, however deep in it. Pickles are read as data and never executed.

Example:
  pack_cifar.py --protocol fc100 --cifar100 cifar-100-python.tar.gz --out data/fc100.h5
  pack_cifar.py --protocol cifarfs --cifar100 cifar-100-binary.tar.gz --out data/cifarfs.h5
"""

import data_pickle
import pictures
from command_line import InputError, Package, decode_text, path, printable, run
from file_tree import FileTree
from srwm_pack import SPLITS, begin, class_lists, pack, packer_parser

np = Package("numpy")

SOURCE = ("Both archives, cifar-100-python.tar.gz and cifar-100-binary.tar.gz, are to be had from "
          "https://www.cs.toronto.edu/~kriz/cifar.html.")
PROTOCOLS = ("fc100", "cifarfs")
SIZE = 32
IMAGES = 600  # of each class
PIXELS = 3 * SIZE * SIZE
# What the published FC100 code uses where it normalizes.
MEAN, STD = (0.507, 0.487, 0.441), (0.267, 0.256, 0.276)
PYTHON_FILES = ("meta", "train", "test")
BINARY_FILES = ("coarse_label_names.txt", "fine_label_names.txt", "train.bin", "test.bin")


def parse(arguments):
    parser = packer_parser(__doc__, SOURCE)
    parser.add_argument("--cifar100", required=True, type=path, metavar="ARCHIVE|DIR",
                        help="CIFAR-100: python or binary version, or PNG files in folders of their classes")
    parser.add_argument("--protocol", required=True, choices=PROTOCOLS, help="the split into classes")
    return parser.parse_args(arguments)


def read_classes(tree):
    """{superclass/class: function that gives its images u8 [n, 32, 32, 3]}, for whichever version `tree` holds."""
    for files, read in ((PYTHON_FILES, read_python), (BINARY_FILES, read_binary)):
        folders = folders_with(tree, files)
        if len(folders) > 1:
            raise InputError(f"{tree.path} holds {', '.join(files)} twice: in '{folders[0]}' and in '{folders[1]}'. "
                             "Give the one that is meant.")
        if folders:
            coarse_names, fine_names, parts = read(tree, [folders[0] + file for file in files])
            check_names(coarse_names, fine_names, folders[0] + files[0], tree)
            return classes_of_rows(coarse_names, fine_names, parts)
    if any(name.lower().endswith(".png") for name in tree.names):
        return classes_of_pictures(tree)
    raise InputError(f"{tree.path} holds neither {', '.join(PYTHON_FILES)} (python version) nor "
                     f"{', '.join(BINARY_FILES)} (binary version) nor PNG files.{tree.remark()}")


def folders_with(tree, files):
    """The folders of a tree that have all these files, each with a "/" at its end."""
    names = set(tree.names)
    folders = sorted({name[:len(name) - len(files[0])] for name in names if ("/" + name).endswith("/" + files[0])})
    return [folder for folder in folders if all(folder + file in names for file in files)]


def check_names(coarse, fine, place, tree):
    """The names are CIFAR-100's, in its order: labels count on it."""
    known = {name for names in class_lists("fc100").values() for name in names}
    for kind, names, position in (("superclass", coarse, 0), ("class", fine, 1)):
        expected = sorted({name.split("/")[position] for name in known})
        for at, (found, right) in enumerate(zip([*names, *[""] * len(expected)], expected)):
            if found != right:
                raise InputError(f"{place} in {tree.path}: the name of {kind} {at} is '{printable(found)}'; CIFAR-100 "
                                 f"has '{right}' there.")
        if len(names) != len(expected):
            raise InputError(f"{place} in {tree.path} has {len(names)} names of a {kind} instead of {len(expected)}.")


def read_python(tree, files):
    """(names of superclasses, of classes, [(superclass, class, pixels) of each image, for train and test])."""
    meta, *parts = (data_pickle.loads(tree.read(file), f"{file} in {tree.path}") for file in files)
    names = (field(meta, key, list, files[0], tree) for key in ("coarse_label_names", "fine_label_names"))
    return *([data_pickle.text(name) for name in some] for some in names), \
        [python_part(part, file, tree) for file, part in zip(files[1:], parts)]


def python_part(part, file, tree):
    pixels = field(part, "data", np.ndarray, file, tree)
    coarse, fine = (np.array(field(part, key, (list, np.ndarray), file, tree)) for key in ("coarse_labels", "fine_labels"))
    if pixels.shape[1:] != (PIXELS,) or pixels.dtype != np.uint8 or not (len(pixels),) == coarse.shape == fine.shape:
        raise InputError(f"{file} in {tree.path} has data {pixels.dtype} {list(pixels.shape)}, {coarse.size} and "
                         f"{fine.size} labels; expected uint8 [N, {PIXELS}] and N labels of either kind.")
    return coarse, fine, pixels


def field(content, key, kind, file, tree):
    value = content.get(key) if isinstance(content, dict) else None
    if not isinstance(value, kind):
        raise InputError(f"{file} in {tree.path} has no {key}.")
    return value


def read_binary(tree, files):
    """As read_python(). An image is a byte for its superclass, one for its class, and its pixels."""
    names = [decode_text(tree.read(file), f"{file} in {tree.path}").split() for file in files[:2]]
    parts = []
    for file in files[2:]:
        content = tree.read(file)
        if not content or len(content) % (2 + PIXELS) != 0:
            raise InputError(f"{file} in {tree.path} has {len(content)} bytes, no multiple of {2 + PIXELS}: it is "
                             "truncated.")
        rows = np.frombuffer(content, np.uint8).reshape(-1, 2 + PIXELS)
        parts.append((rows[:, 0], rows[:, 1], rows[:, 2:]))
    return *names, parts


def classes_of_rows(coarse_names, fine_names, parts):
    def images(coarse, fine):
        chosen = [pixels[(coarse_labels == coarse) & (fine_labels == fine)]
                  for coarse_labels, fine_labels, pixels in parts]
        return np.concatenate(chosen).reshape(-1, 3, SIZE, SIZE).transpose(0, 2, 3, 1)

    return {f"{coarse_name}/{fine_name}": lambda coarse=coarse, fine=fine: images(coarse, fine)
            for coarse, coarse_name in enumerate(coarse_names) for fine, fine_name in enumerate(fine_names)}


def classes_of_pictures(tree):
    """Files come in order of their paths; the folder of a picture is its class."""
    full_names = {name.split("/")[1]: name for names in class_lists("fc100").values() for name in names}
    files = {}
    for name in tree.names:
        folder = name.split("/")[-2] if "/" in name else ""
        if name.lower().endswith(".png") and folder in full_names:
            files.setdefault(full_names[folder], []).append(name)
    return {name: lambda names=names: np.stack([picture(tree, name) for name in names])
            for name, names in files.items()}


def picture(tree, name):
    image = pictures.rgb(tree.read(name), f"{name} in {tree.path}")
    if image.size != (SIZE, SIZE):
        raise InputError(f"{name} in {tree.path} is {image.width} x {image.height} pixels; expected {SIZE} x {SIZE}.")
    return np.asarray(image)


def content_of(names, classes, tree):
    """A split as write_class_dataset() takes it, a class at a time."""
    missing = [name for name in names if name not in classes]
    if missing:
        raise InputError(f"{tree.path} lacks {len(missing)} classes of {len(names)}, {missing[0]} "
                         f"first.{tree.remark()}")
    return (all_images(name, classes[name](), tree) for name in names), np.repeat(np.arange(len(names)), IMAGES), names


def all_images(name, images, tree):
    if len(images) != IMAGES:
        raise InputError(f"{tree.path} has {len(images)} images of {name} instead of {IMAGES}.{tree.remark()}")
    return images


def main(arguments):
    options = parse(arguments)
    begin(options, options.cifar100)
    tree = FileTree(options.cifar100)
    classes, lists = read_classes(tree), class_lists(options.protocol)
    pack(options, {which: content_of(lists[which], classes, tree) for which in SPLITS}, "pack_cifar.py", MEAN, STD)


if __name__ == "__main__":
    run(main, SOURCE)
