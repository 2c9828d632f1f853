"""Shared by the pack_*.py scripts: reading folders and zip archives, writing class datasets (docs/file_formats.md)."""

import contextlib
import io
import os
import sys
import zipfile
import zlib

try:
    import h5py
    import numpy as np
    import PIL
    from PIL import Image
except ImportError as missing:
    sys.exit(f"{os.path.basename(sys.argv[0])} needs the Python packages numpy, Pillow and h5py ({missing.name} is "
             "missing): apt-get install python3-numpy python3-pil python3-h5py, or pip install numpy Pillow h5py.")

SPLITS = ("train", "val", "test")
FORMAT_VERSION = 1


class PackError(Exception):
    """What went wrong, in one sentence for the user."""


def run(main):
    """Calls main(arguments) and turns a PackError into its message and exit code 3, as srwm has for data files."""
    try:
        main(sys.argv[1:])
    except PackError as error:
        print(f"{os.path.basename(sys.argv[0])}: {error}", file=sys.stderr)
        sys.exit(3)


def describe_start(start):
    """What a file that is not what it should be looks like, from its first bytes."""
    if not start:
        return "it is empty"
    line = start.decode("latin-1").splitlines()[0][:40] if start else ""
    if start.lstrip()[:1] == b"<":
        return f"it starts with '{line}': probably a web page saved instead of the file"
    if start.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer; fetch the file itself with 'git lfs pull'"
    return f"it starts with '{line}'" if line.isprintable() else f"it starts with the bytes {start[:8].hex(' ')}"


class FileTree:
    """The files of a folder or of a zip archive, by their paths inside it."""

    def __init__(self, path):
        self.path = path
        self._zip = None
        if os.path.isdir(path):
            self.names = sorted(os.path.relpath(os.path.join(folder, name), path)
                                for folder, _, names in os.walk(path) for name in names)
        else:
            self._zip = self._open_zip(path)
            self.names = sorted(name for name in self._zip.namelist() if not name.endswith("/"))

    @staticmethod
    def _open_zip(path):
        try:
            with open(path, "rb") as file:
                start = file.read(64)
        except OSError as error:
            raise PackError(f"{path} cannot be read: {error.strerror}.") from error
        if not start.startswith(b"PK"):
            raise PackError(f"{path} is neither a folder nor a zip archive: {describe_start(start)}.")
        try:
            return zipfile.ZipFile(path)
        except zipfile.BadZipFile as error:
            raise PackError(f"{path} starts as a zip archive but has no end: it is truncated; download it again.") \
                from error

    def read(self, name):
        """The bytes of one file."""
        try:
            if self._zip is not None:
                return self._zip.read(name)
            with open(os.path.join(self.path, name), "rb") as file:
                return file.read()
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            raise PackError(f"{name} in {self.path} cannot be read ({error}): the archive is damaged; download it "
                            "again.") from error

    def image(self, name):
        """One file as a Pillow image, decoded."""
        try:
            image = Image.open(io.BytesIO(self.read(name)))
            image.load()
            return image
        except (OSError, SyntaxError, ValueError) as error:
            raise PackError(f"{name} in {self.path} is not a whole image: {error}.") from error


def statistics(images):
    """Mean and standard deviation of pixels / 255 per channel of u8 images [N, H, W, C], from exact sums."""
    count = images.shape[0] * images.shape[1] * images.shape[2]
    mean, std = [], []
    for channel in range(images.shape[3]):
        histogram = np.bincount(images[..., channel].ravel(), minlength=256)
        values = np.arange(256)
        centre = float((histogram * values).sum()) / count
        mean.append(centre / 255)
        std.append((max(float((histogram * values * values).sum()) / count - centre * centre, 1.0)) ** 0.5 / 255)
    return mean, std


def write_class_dataset(path, name, splits, generator, mean=None, std=None):
    """Writes {split: (images u8 [N, H, W, C], labels i32 [N], class names)} to `path`, whole or not at all. `mean` and
    `std`, one number per channel, are those of the training images unless given."""
    if mean is None or std is None:
        mean, std = statistics(splits["train"][0])
    with new_hdf5(path) as file:
        _introduce(file, name, generator, mean, std)
        for split in SPLITS:
            _fill(file.create_group(split), *splits[split])


@contextlib.contextmanager
def new_hdf5(path):
    """An HDF5 file to fill that appears as `path` when it is complete, or not at all."""
    temporary = f"{path}.tmp{os.getpid()}"
    try:
        with h5py.File(temporary, "w") as file:
            yield file
        os.replace(temporary, path)
    except OSError as error:
        raise PackError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        if os.path.exists(temporary):
            os.remove(temporary)


def _introduce(file, name, generator, mean, std):
    file.attrs["srwm_format"] = "classes"
    file.attrs["format_version"] = FORMAT_VERSION
    file.attrs["generator"] = f"{generator}, Pillow {PIL.__version__}"
    file.attrs["name"] = name
    file.attrs["mean"] = np.array(mean)
    file.attrs["std"] = np.array(std)


def _fill(group, images, labels, class_names):
    group.attrs["classes"] = len(class_names)
    group.attrs["images"] = len(images)
    longest = max(len(text.encode()) for text in class_names)
    group.create_dataset("class_names", data=class_names, dtype=h5py.string_dtype("utf-8", longest))
    group.create_dataset("labels", data=np.asarray(labels, np.int32))
    group.create_dataset("images", data=images)
