#!/usr/bin/env python3
"""Packs CIFAR-100 or CIFAR-10, 32 x 32 RGB, into one class dataset for srwm. CIFAR-100, 100 classes x 600 images, in one
of two splits:

  fc100    FC100 (Oreshkin et al. 2018), by superclass: 60 / 20 / 20 classes
  cifarfs  CIFAR-FS (Bertinetto et al. 2019): 64 / 16 / 20 classes

CIFAR-10 as a labeled dataset: 50,000 training and 10,000 test images of the same 10 classes, no val.

From the python or the binary version of the archive, as it is or unpacked, or (CIFAR-100) from a folder or archive of PNG
files <class>/<file>.png, however deep in it. Pickles are read as data and never executed.

Example:
  pack_cifar.py --protocol fc100 --cifar100 cifar-100-python.tar.gz --out data/fc100.h5
  pack_cifar.py --protocol cifarfs --cifar100 cifar-100-binary.tar.gz --out data/cifarfs.h5
  pack_cifar.py --cifar10 cifar-10-binary.tar.gz --out data/cifar10.h5
"""

import data_pickle
import pictures
from command_line import InputError, Package, decode_text, path, printable, run
from file_tree import FileTree
from srwm_pack import SPLITS, begin, class_lists, pack, packer_parser

np = Package("numpy")

SOURCE = ("The archives, cifar-100-python.tar.gz or -binary.tar.gz and cifar-10-python.tar.gz or -binary.tar.gz, are to be "
          "had from https://www.cs.toronto.edu/~kriz/cifar.html.")
PROTOCOLS = ("fc100", "cifarfs")
SIZE = 32
IMAGES = 600  # of each class
PIXELS = 3 * SIZE * SIZE
# What the published FC100 code uses where it normalizes.
MEAN, STD = (0.507, 0.487, 0.441), (0.267, 0.256, 0.276)
PYTHON_FILES = ("meta", "train", "test")
CIFAR10_NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
CIFAR10_IMAGES = {"train": 5000, "test": 1000}  # of each class
# What the published VSML code takes, one number for all channels.
CIFAR10_MEAN, CIFAR10_STD = 0.47336301, 0.25156894
BATCHES = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
BINARY_FILES = ("coarse_label_names.txt", "fine_label_names.txt", "train.bin", "test.bin")


def parse(arguments):
    parser = packer_parser(__doc__, SOURCE)
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--cifar100", type=path, metavar="ARCHIVE|DIR",
                       help="CIFAR-100: python or binary version, or PNG files in folders of their classes")
    given.add_argument("--cifar10", type=path, metavar="ARCHIVE|DIR", help="CIFAR-10: python or binary version")
    parser.add_argument("--protocol", choices=PROTOCOLS, help="the split of CIFAR-100 into classes")
    options = parser.parse_args(arguments)
    if options.cifar100 and not options.protocol:
        parser.error("--protocol is required with --cifar100")
    if options.cifar10 and options.protocol:
        parser.error("--protocol splits CIFAR-100, not CIFAR-10: drop it")
    return options


def read_classes(tree):
    """{superclass/class: function that gives its images u8 [n, 32, 32, 3]}, for whichever version `tree` holds."""
    for files, read in ((PYTHON_FILES, read_python), (BINARY_FILES, read_binary)):
        folder = folder_with(tree, files)
        if folder is not None:
            coarse_names, fine_names, parts = read(tree, [folder + file for file in files])
            check_names(coarse_names, fine_names, folder + files[0], tree)
            return classes_of_rows(coarse_names, fine_names, parts)
    if any(name.lower().endswith(".png") for name in tree.names):
        return classes_of_pictures(tree)
    raise InputError(f"{tree.path} holds neither {', '.join(PYTHON_FILES)} (python version) nor "
                     f"{', '.join(BINARY_FILES)} (binary version) nor PNG files.{tree.remark()}")


def folder_with(tree, files):
    """The folder of a tree that has all these files, with a "/" at its end, or None."""
    names = set(tree.names)
    folders = sorted({name[:len(name) - len(files[0])] for name in names if ("/" + name).endswith("/" + files[0])})
    folders = [folder for folder in folders if all(folder + file in names for file in files)]
    if len(folders) > 1:
        raise InputError(f"{tree.path} holds {', '.join(files)} twice: in '{folders[0]}' and in '{folders[1]}'. Give the one "
                         "that is meant.")
    return folders[0] if folders else None


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
    parts = [binary_rows(tree, file, 2) for file in files[2:]]
    return *names, [(rows[:, 0], rows[:, 1], rows[:, 2:]) for rows in parts]


def binary_rows(tree, file, labels):
    """An image in each row, after its `labels` labels."""
    content = tree.read(file)
    if not content or len(content) % (labels + PIXELS) != 0:
        raise InputError(f"{file} in {tree.path} has {len(content)} bytes, no multiple of {labels + PIXELS}: it is "
                         "truncated.")
    return np.frombuffer(content, np.uint8).reshape(-1, labels + PIXELS)


def classes_of_rows(coarse_names, fine_names, parts):
    def images(coarse, fine):
        chosen = [pixels[(coarse_labels == coarse) & (fine_labels == fine)]
                  for coarse_labels, fine_labels, pixels in parts]
        return channels_last(np.concatenate(chosen))

    return {f"{coarse_name}/{fine_name}": lambda coarse=coarse, fine=fine: images(coarse, fine)
            for coarse, coarse_name in enumerate(coarse_names) for fine, fine_name in enumerate(fine_names)}


def channels_last(rows):
    """u8 [n, 32, 32, 3] from rows of planes R, G, B."""
    return rows.reshape(-1, 3, SIZE, SIZE).transpose(0, 2, 3, 1)


def read_cifar10(tree):
    """{split: [(labels, pixels) of each of its files]}, from whichever version `tree` holds."""
    binary = [f"{batch}.bin" for batch in BATCHES]
    for files, names_file, read in ((BATCHES, "batches.meta", python_batch), (binary, "batches.meta.txt", binary_batch)):
        folder = folder_with(tree, [*files, names_file])
        if folder is None:
            continue
        check_cifar10_names(tree, folder + names_file)
        batches = [read(tree, folder + file) for file in files]
        return {"train": batches[:-1], "test": batches[-1:]}
    raise InputError(f"{tree.path} holds neither {BATCHES[0]}, ..., {BATCHES[-1]} and batches.meta (python version) nor "
                     f"{binary[0]}, ..., {binary[-1]} and batches.meta.txt (binary version).{tree.remark()}")


def check_cifar10_names(tree, file):
    """The names are CIFAR-10's, in its order."""
    if file.endswith(".txt"):
        names = decode_text(tree.read(file), f"{file} in {tree.path}").split()
    else:
        meta = data_pickle.loads(tree.read(file), f"{file} in {tree.path}")
        names = [data_pickle.text(name) for name in field(meta, "label_names", list, file, tree)]
    if names != CIFAR10_NAMES:
        raise InputError(f"{file} in {tree.path} names the classes {printable(', '.join(names))}; CIFAR-10's are "
                         f"{', '.join(CIFAR10_NAMES)}.")


def python_batch(tree, file):
    part = data_pickle.loads(tree.read(file), f"{file} in {tree.path}")
    pixels = field(part, "data", np.ndarray, file, tree)
    labels = np.array(field(part, "labels", (list, np.ndarray), file, tree))
    if pixels.shape[1:] != (PIXELS,) or pixels.dtype != np.uint8 or labels.shape != (len(pixels),):
        raise InputError(f"{file} in {tree.path} has data {pixels.dtype} {list(pixels.shape)} and {labels.size} labels; "
                         f"expected uint8 [N, {PIXELS}] and N labels.")
    return labels, pixels


def binary_batch(tree, file):
    rows = binary_rows(tree, file, 1)
    return rows[:, 0].astype(np.int64), rows[:, 1:]


def content_of_cifar10(split, parts, tree):
    """A split as write_class_dataset() takes it, in the order of its files."""
    labels = np.concatenate([labels for labels, _ in parts])
    for label, name in enumerate(CIFAR10_NAMES):
        found = int(np.count_nonzero(labels == label))
        if found != CIFAR10_IMAGES[split]:
            raise InputError(f"{tree.path} has {found} {split} images of {name} instead of "
                             f"{CIFAR10_IMAGES[split]}.{tree.remark()}")
    return (channels_last(pixels) for _, pixels in parts), labels, CIFAR10_NAMES


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
    given = options.cifar10 or options.cifar100
    begin(options, given)
    tree = FileTree(given)
    if options.cifar10:
        parts = read_cifar10(tree)
        splits = {split: content_of_cifar10(split, parts[split], tree) for split in parts}
        pack(options, splits, "pack_cifar.py", [CIFAR10_MEAN] * 3, [CIFAR10_STD] * 3)
        return
    classes, lists = read_classes(tree), class_lists(options.protocol)
    pack(options, {which: content_of(lists[which], classes, tree) for which in SPLITS}, "pack_cifar.py", MEAN, STD)


if __name__ == "__main__":
    run(main, SOURCE)
