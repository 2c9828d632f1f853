"""Shared by the pack_*.py scripts: refusals, and writing class datasets (docs/file_formats.md)."""

import argparse
import contextlib
import hashlib
import json
import math
import os
import re
import shutil
import signal
import sys
import textwrap

try:
    import h5py
    import numpy as np
    import PIL
except ImportError as missing:
    sys.exit(f"{os.path.basename(sys.argv[0])} needs the Python packages numpy, Pillow and h5py ({missing.name} is "
             "missing): apt-get install python3-numpy python3-pil python3-h5py, or pip install numpy Pillow h5py.")

SPLITS = ("train", "val", "test")
FORMAT_VERSION = 1


class PackError(Exception):
    """What went wrong, in one sentence for the user."""


class InputError(PackError):
    """The input is not what it should be, or not all of it is there. It helps to say where to get it."""


def run(main, source=None):
    """Calls main(arguments) and turns a PackError into its message and exit code 3, as srwm has for data files.
    `source` is a sentence that says where the input can be had."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except PackError as error:
        where = f" {source}" if source and isinstance(error, InputError) else ""
        print(f"{os.path.basename(sys.argv[0])}: {error}{where}", file=sys.stderr, flush=True)
        os._exit(3)  # HDF5 crashes at an ordinary exit where it could not write a file to its end


def argument_parser(description, source):
    """A parser with the option that all packers have; `source` as in run(). For `description` see the scripts."""
    summary, _, example = description.partition("\nExample")
    where = textwrap.fill(source, 118, break_on_hyphens=False, break_long_words=False)
    parser = argparse.ArgumentParser(description=f"{summary}\n{where}\n\nExample{example}",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, metavar="F.h5", help="file to write")
    return parser


def class_lists(name):
    """{split: class names} of a published split, from the folder splits/ beside this file."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "splits", name + ".json")
    with open(path, encoding="utf-8") as file:
        return json.load(file)


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


class Summary:
    """What was written: counts, and the SHA-256 of all pixels, train, val and test in this order."""

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
        return f"{self.path}: {classes} classes, {images} images of {size}\npixels sha256 {self.digest()}"


def write_class_dataset(path, name, splits, generator, mean=None, std=None):
    """Writes {split: (images u8 [N, H, W, C], labels [N], class names)} to `path`, whole or not at all, and returns a
    Summary. Images may also be an iterable of such arrays, and the content of a split a function that returns it: then
    no more is in memory than what comes at a time. `mean` and `std`, one number per channel, are those of the training
    images unless given."""
    summary, statistics = Summary(path), Statistics()
    with new_hdf5(path) as file:
        _introduce(file, name, generator)
        for split in SPLITS:
            images, labels, class_names = splits[split]() if callable(splits[split]) else splits[split]
            group = _describe(file, split, labels, class_names)
            for block in _write_images(group, images, len(labels), path):
                summary.add_pixels(block)
                if split == "train":
                    statistics.add(block)
            summary.classes.append(len(class_names))
            summary.images.append(len(labels))
        measured = statistics.mean_and_std()
        file.attrs["mean"] = np.array(measured[0] if mean is None else mean)
        file.attrs["std"] = np.array(measured[1] if std is None else std)
    return summary


@contextlib.contextmanager
def new_hdf5(path):
    """An HDF5 file to fill that appears as `path` when it is complete, or not at all."""
    temporary = f"{path}.tmp{os.getpid()}"
    try:
        with h5py.File(temporary, "w") as file:
            yield file
        os.replace(temporary, path)
    except OSError as error:
        raise PackError(f"{path} cannot be written: {reason_of(error)}.") from error
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)


def reason_of(error):
    """The system's words in what h5py says of a failed write."""
    inside = re.search(r"error message = '([^']*)'", str(error))
    return inside[1] if inside else error.strerror or str(error)


def check_space(path, needed):
    free = shutil.disk_usage(os.path.dirname(os.path.abspath(path))).free
    if needed > free:
        raise PackError(f"{path} cannot be written: {needed / 1e6:,.0f} MB are needed, {free / 1e6:,.0f} MB are free.")


def _introduce(file, name, generator):
    file.attrs["srwm_format"] = "classes"
    file.attrs["format_version"] = FORMAT_VERSION
    file.attrs["generator"] = f"{generator}, Pillow {PIL.__version__}"
    file.attrs["name"] = name


def _describe(file, split, labels, class_names):
    group = file.create_group(split)
    group.attrs["classes"] = len(class_names)
    group.attrs["images"] = len(labels)
    names = [text.encode() for text in class_names]
    kind = h5py.string_dtype("utf-8", max(map(len, names)))
    group.create_dataset("class_names", data=np.array(names, kind))
    group.create_dataset("labels", data=np.asarray(labels, np.int32))
    return group


def _write_images(group, images, count, path):
    """Writes blocks of images one after the other, and yields them."""
    dataset, begin = None, 0
    for block in [images] if isinstance(images, np.ndarray) else images:
        block = np.ascontiguousarray(block)
        if dataset is None:
            check_space(path, count * math.prod(block.shape[1:]))
            dataset = group.create_dataset("images", (count, *block.shape[1:]), np.uint8)
        end, size = begin + len(block), list(block.shape[1:])
        if block.dtype != np.uint8 or size != list(dataset.shape[1:]):
            raise InputError(f"{group.name[1:]}: images {begin} to {end - 1} are {block.dtype} {size}; "
                             f"expected uint8 {list(dataset.shape[1:])}.")
        if end > count:
            raise InputError(f"{group.name[1:]}: there are more than {count} images, one for each label.")
        dataset[begin:end] = block
        begin = end
        yield block
    if begin != count:
        raise InputError(f"{group.name[1:]}: there are {begin} images but {count} labels.")
