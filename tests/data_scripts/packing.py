"""What the tests of the packers share: a folder for input and result, archives, refusals that leave nothing behind."""

import contextlib
import io
import os
import sys
import tarfile
import tempfile
import unittest
import warnings
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data_scripts"))

import h5py
import numpy as np
from PIL import Image

import command_line
from command_line import InputError

HTML = b"<!DOCTYPE html>\n<html>Not found"


def image_file(pixels, kind):
    """The bytes of an image file from u8 [H, W] or [H, W, 3]."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


class PackerTest(unittest.TestCase):
    """`main` of a test is the packer's; the result is self.out in self.folder."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.out = self.path("packed.h5")
        warnings.simplefilter("ignore", ResourceWarning)  # archives stay open as long as the script runs

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, content):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def write_zip(self, name, files):
        """A zip archive of {path: bytes}."""
        path = self.path(name)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for inner, content in files.items():
                archive.writestr(inner, content)
        return path

    def write_tar(self, name, files):
        """A gzipped tar archive of {path: bytes}."""
        path = self.path(name)
        with tarfile.open(path, "w:gz") as archive:
            for inner, content in files.items():
                member = tarfile.TarInfo(inner)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return path

    def write_folder(self, name, files):
        for inner, content in files.items():
            self.write(os.path.join(name, inner), content)
        return self.path(name)

    def run_packer(self, main, *arguments):
        """Packs to self.out; what is printed."""
        with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(io.StringIO()) as warned:
            main([*arguments, "--out", self.out])
        self.warnings = warned.getvalue()
        return printed.getvalue()

    def results(self):
        """The result and what else might be left of writing it, with the time of its last change."""
        return {entry.name: entry.stat().st_mtime_ns for entry in os.scandir(self.folder)
                if entry.name.startswith(("packed.h5", ".srwm-"))}

    def refuses(self, pattern, main, *arguments):
        """Refuses in a sentence, leaves no result behind and an earlier one as it was."""
        before = self.results()
        with self.assertRaisesRegex(InputError, pattern) as refusal:
            self.run_packer(main, *arguments)
        self.assertEqual(self.results(), before)
        self.assertRegex(str(refusal.exception), r"^\S.*\.$")

    def ends_well(self, main, *arguments):
        """The exit code of a script, which is none of a bug."""
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as errors:
            code = command_line._exit_code_of(lambda: main(list(arguments)), None)
        self.assertIn(code, (0, 2, 3, 5), errors.getvalue())
        return code

    def packed(self):
        """{split: (images, labels, class names)} of the result, and its attributes."""
        with h5py.File(self.out) as file:
            splits = {split: (file[split]["images"][:], file[split]["labels"][:],
                              list(file[split]["class_names"].asstr())) for split in file}
            return splits, dict(file.attrs)


def noise(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)
