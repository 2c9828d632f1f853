"""Shared by the pack_*.py scripts: writing class datasets (docs/file_formats.md), and what all lists and pictures are
checked for."""

import hashlib
import json
import math
import os
import shutil

from command_line import (InputError, Package, Progress, ScriptError, argument_parser, check_output,
                          path, printable, read_text, require, warn)
from hdf5_file import new_hdf5

np, h5py, PIL = Package("numpy"), Package("h5py"), Package("PIL")

SPLITS = ("train", "val", "test")
FORMAT_VERSION = 1


# Command lines of the packers.

def packer_parser(description, source):
    """A parser with the option that all packers have; `description` and `source` as for argument_parser()."""
    parser = argument_parser(description, source)
    parser.add_argument("--out", required=True, type=path, metavar="F.h5", help="file to write")
    return parser


def begin(options, *inputs):
    """After the command line is read: the packages are there, and the output is none of the inputs."""
    check_output("--out", options.out, inputs)
    require("numpy", "PIL", "h5py")


def pack(options, splits, generator, mean=None, std=None):
    """Writes the dataset, named after its file, and prints what was written."""
    name = printable(os.path.splitext(os.path.basename(options.out))[0])
    print(write_class_dataset(options.out, name, splits, generator, mean, std))


# Lists.

def class_lists(name):
    """{split: class names} of a published split, from the folder splits/ next to this file."""
    place = os.path.join(os.path.dirname(os.path.abspath(__file__)), "splits", name + ".json")
    lists = json.loads(read_text(place))
    check_lists({split: [(item, f"{place}, {split}") for item in lists[split]] for split in SPLITS}, "class")
    return lists


def check_lists(lists, what):
    """Refuses lists {split: [(item, its place), ...]} that name an item twice, in one split or in two."""
    seen = {}
    for split, items in lists.items():
        for item, place in items:
            if item in seen:
                other, first = seen[item]
                where = f"twice: {first} and {place}" if other == split else \
                    f"in the splits {other} and {split}: {first} and {place}"
                raise InputError(f"The {what} {printable(item)} is {where}.")
            seen[item] = split, place


def check_sizes(lists, sizes, of_whom):
    """Warns of lists {split: classes} that have not as many classes as those of a published split."""
    found = [len(lists[split]) for split in SPLITS]
    if found != [sizes[split] for split in SPLITS]:
        warn(f"the lists name {' / '.join(map(str, found))} classes; {of_whom} has "
             f"{' / '.join(str(sizes[split]) for split in SPLITS)}.")


# What is written.

class Statistics:
    """Mean and standard deviation of pixels / 255 per channel, from exact sums over all images added."""

    def __init__(self):
        self._histograms = None

    def add(self, images):
        """u8 images [N, H, W, C]."""
        histograms = np.array([np.bincount(images[..., c].ravel(), minlength=256) for c in range(images.shape[3])])
        self._histograms = histograms if self._histograms is None else self._histograms + histograms

    def mean_and_std(self):
        values, count = np.arange(256), self._histograms.sum(axis=1)
        centre = self._histograms @ values / count
        variance = self._histograms @ (values * values) / count - centre * centre
        return centre / 255, np.sqrt(np.maximum(variance, 1.0)) / 255


class PixelCheck:
    """Counts images that are blank (all pixels alike) and images whose pixels are there again, in another class or another
    split. Blank images are not counted as equal ones."""

    def __init__(self):
        self._digests, self._classes, self._splits, self._blank = [], [], [], {}
        self._split_names, self._names = [], []

    def begin(self, split, class_names):
        """The next images are of another split, with these classes."""
        self._split_names.append(split)
        self._names.append(class_names)

    def add(self, images, labels):
        split = len(self._names) - 1
        flat = images.reshape(len(images), -1, images.shape[3])
        blank = (flat[:, ::37] == flat[:, :1]).all(axis=(1, 2))  # most are none at the first look
        blank[blank] = (flat[blank] == flat[blank][:, :1]).all(axis=(1, 2))
        if blank.any():
            count, first = self._blank.get(split, (0, labels[int(np.argmax(blank))]))
            self._blank[split] = count + int(blank.sum()), first
        kept = [(image, label) for image, label, is_blank in zip(images, labels, blank) if not is_blank]
        self._digests.append(np.array([int.from_bytes(hashlib.blake2b(image, digest_size=8).digest(), "little")
                                       for image, _ in kept], np.uint64))
        self._classes.append(np.array([label for _, label in kept], np.int64))
        self._splits.append(np.full(len(kept), split, np.int64))

    def remarks(self, counts):
        """Sentences about what was found; `counts` are those of the images of each split."""
        return [*self._about_blank(counts), *self._about_equal()]

    def _about_blank(self, counts):
        for split, (count, first) in sorted(self._blank.items()):
            yield (f"{count:,} of {counts[split]:,} images of {self._split_names[split]} are blank (all pixels alike), the first "
                   f"of them in the class {printable(self._names[split][first])}. Look at them: srwm data inspect FILE "
                   "--sheet F.png.")

    def _about_equal(self):
        digests, classes, splits = (np.concatenate(parts) if parts else np.zeros(0, np.int64)
                                    for parts in (self._digests, self._classes, self._splits))
        order = np.lexsort((classes, splits, digests))
        digests, classes, splits = digests[order], classes[order], splits[order]
        starts = np.flatnonzero(np.concatenate(([True], digests[1:] != digests[:-1]))) if len(digests) else np.zeros(0, int)
        ends = np.append(starts[1:], len(digests)).astype(int)
        across_splits = across_classes = 0
        example = {}
        for begin_at, end in zip(starts[ends - starts > 1], ends[ends - starts > 1]):
            places = sorted({(int(splits[i]), int(classes[i])) for i in range(begin_at, end)})
            if places[0][0] != places[-1][0]:
                across_splits += end - begin_at
                example.setdefault("splits", (places[0], places[-1]))
            elif len(places) > 1:
                across_classes += end - begin_at
                example.setdefault("classes", (places[0], places[1]))
        for kind, count in (("classes", across_classes), ("splits", across_splits)):
            if count:
                first, second = (f"{self._split_names[split]}/{printable(self._names[split][label])}"
                                 for split, label in example[kind])
                yield (f"{count:,} images have the pixels of an image in another of the {kind}: in {first} and "
                       f"{second}, say.")


class Summary:
    """What was written: counts, and the SHA-256 of all pixels, train, val if there is one, and test, in this order."""

    def __init__(self, path):
        self.path, self.classes, self.images, self.size, self._digest = path, [], [], (), hashlib.sha256()

    def add_pixels(self, block):
        self.size = block.shape[1:]
        self._digest.update(block)

    def digest(self):
        return self._digest.hexdigest()

    def __str__(self):
        classes, images = (" / ".join(map(str, counts)) for counts in (self.classes, self.images))
        size = " x ".join(map(str, self.size))
        return f"{printable(self.path)}: {classes} classes, {images} images of {size}\npixels sha256 {self.digest()}"


def write_class_dataset(path, name, splits, generator, mean=None, std=None):
    """Writes {split: (images u8 [N, H, W, C], labels [N], class names)} to `path`, whole or not at all, and returns a
    Summary. Images may also be an iterable of such arrays, and the content of a split a function that returns it: then
    no more is in memory than what comes at a time. `mean` and `std`, one number per channel, are those of the training
    images unless given. There may be no val. Warns of images that are blank or there twice, and of classes that are in
    some splits but not in all."""
    summary, statistics, pixels = Summary(path), Statistics(), PixelCheck()
    with new_hdf5(path) as (file, check):
        _introduce(file, name, generator)
        names = {}
        for split in splits_of(splits):
            images, labels, class_names = splits[split]() if callable(splits[split]) else splits[split]
            labels = check_labels(split, labels, class_names)
            names[split] = list(class_names)
            group = _describe(file, split, labels, class_names)
            pixels.begin(split, class_names)
            begin_at = 0
            with Progress(f"{split} images", len(labels)) as progress:
                for block in _write_images(group, images, len(labels), path):
                    check()
                    summary.add_pixels(block)
                    pixels.add(block, labels[begin_at:begin_at + len(block)])
                    begin_at += len(block)
                    progress.add(len(block))
                    if split == "train":
                        statistics.add(block)
            summary.classes.append(len(class_names))
            summary.images.append(len(labels))
        for kind, given, measured in zip(("mean", "std"), (mean, std), statistics.mean_and_std()):
            file.attrs[kind] = measured if given is None else check_statistic(kind, given, len(measured))
    warn_of_names(names)
    for remark in pixels.remarks(summary.images):
        warn(remark)
    return summary


def splits_of(splits):
    """The names of the splits of a dataset, in order: val is one that it need not have."""
    for split in ("train", "test"):
        if split not in splits:
            raise ScriptError(f"There is no split {split}; a class dataset has train and test, and may have val.")
    return [split for split in SPLITS if split in splits]


def check_labels(split, labels, class_names):
    """Labels as an array, after a look at whether every class has an image and every image a class."""
    labels = np.asarray(labels)
    if labels.ndim != 1 or not len(labels) or labels.dtype.kind not in "iu":
        raise InputError(f"{split}: labels are {labels.dtype} {list(labels.shape)}; expected whole numbers, one for "
                         "each image.")
    if labels.min() < 0 or labels.max() >= len(class_names):
        raise InputError(f"{split}: labels go from {labels.min()} to {labels.max()}; expected 0 to "
                         f"{len(class_names) - 1}, as there are {len(class_names)} class names.")
    counts = np.bincount(labels, minlength=len(class_names))
    if not counts.all():
        raise InputError(f"{split}: the class {printable(class_names[int(np.argmin(counts))])} has no images.")
    return labels.astype(np.int32)


def check_statistic(kind, given, channels):
    """`mean` or `std` as an array of a number for each channel."""
    numbers = np.asarray(given, np.float64)
    if numbers.shape != (channels,) or not np.isfinite(numbers).all() or kind == "std" and numbers.min() <= 0:
        raise ScriptError(f"{kind} is {given}; expected {channels} finite "
                          f"number(s){' above 0' if kind == 'std' else ''}, one for each channel.")
    return numbers


def warn_of_names(names):
    """Says which names of classes {split: names} are there twice. Splits that have all the same are a labeled dataset."""
    seen = {}
    is_labeled = all(others == names["train"] for others in names.values())
    for split, class_names in names.items():
        twice = [] if is_labeled else [name for name in class_names if seen.setdefault(name, split) != split]
        if twice:
            warn(f"{split} and {seen[twice[0]]} have {len(twice)} class names in common, {printable(twice[0])} first. Are "
                 "they the same classes?")
        if len(set(class_names)) != len(class_names):
            first = next(name for at, name in enumerate(class_names) if name in class_names[:at])
            warn(f"two classes of {split} have the name {printable(first)}.")


def check_space(output, needed):
    free = shutil.disk_usage(os.path.dirname(os.path.realpath(output))).free
    if needed > free:
        raise ScriptError(f"{output} cannot be written: {needed / 1e6:,.0f} MB are needed, {free / 1e6:,.0f} MB are "
                          "free.")


def _introduce(file, name, generator):
    file.attrs["srwm_format"] = "classes"
    file.attrs["format_version"] = FORMAT_VERSION
    file.attrs["generator"] = f"{generator}, Pillow {PIL.__version__}"
    file.attrs["name"] = name


def _describe(file, split, labels, class_names):
    group = file.create_group(split)
    group.attrs["classes"] = len(class_names)
    group.attrs["images"] = len(labels)
    names = [text.encode("utf-8", "backslashreplace") for text in class_names]
    kind = h5py.string_dtype("utf-8", max(1, *map(len, names)))
    group.create_dataset("class_names", data=np.array(names, kind))
    group.create_dataset("labels", data=labels)
    return group


def _write_images(group, images, count, path):
    """Writes blocks of images one after the other, and yields them."""
    dataset, begin_at = None, 0
    for block in [images] if isinstance(images, np.ndarray) else images:
        block = np.ascontiguousarray(block)
        if dataset is None:
            if block.ndim != 4:
                raise InputError(f"{group.name[1:]}: images are {list(block.shape)}; expected [N, H, W, C].")
            check_space(path, count * math.prod(block.shape[1:]))
            dataset = group.create_dataset("images", (count, *block.shape[1:]), np.uint8)
        end, size = begin_at + len(block), list(block.shape[1:])
        if block.dtype != np.uint8 or size != list(dataset.shape[1:]):
            raise InputError(f"{group.name[1:]}: images {begin_at} to {end - 1} are {block.dtype} {size}; "
                             f"expected uint8 {list(dataset.shape[1:])}.")
        if end > count:
            raise InputError(f"{group.name[1:]}: there are more than {count} images, one for each label.")
        dataset[begin_at:end] = block
        begin_at = end
        yield block
    if begin_at != count:
        raise InputError(f"{group.name[1:]}: there are {begin_at} images but {count} labels.")
