"""The files of a folder or of an archive, for the pack_*.py scripts: missing and damaged ones are refused in words."""

import io
import os
import tarfile
import zipfile
import zlib

from srwm_pack import InputError

from PIL import Image

DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError)


def describe_start(start):
    """What a file that is not what it should be looks like, from its first bytes."""
    if not start:
        return "it is empty"
    line = start.decode("latin-1").splitlines()[0][:40]
    if start.lstrip()[:1] == b"<":
        return f"it starts with '{line}': probably a web page saved instead of the file"
    if start.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer; fetch the file itself with 'git lfs pull'"
    return f"it starts with '{line}'" if line.isprintable() else f"it starts with the bytes {start[:8].hex(' ')}"


def read_start(path, size=512):
    """The first bytes of a file."""
    try:
        with open(path, "rb") as file:
            return file.read(size)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


class FileTree:
    """The files of a folder, of a zip or of a tar archive (compressed or not), by their paths inside it, with '/'."""

    def __init__(self, path):
        self.path = path
        if os.path.isdir(path):
            self.names = sorted(os.path.relpath(os.path.join(folder, name), path).replace(os.sep, "/")
                                for folder, _, names in os.walk(path) for name in names)
            self._read = self._read_from_folder
        else:
            start = read_start(path)
            if start.startswith(b"PK"):
                self._open_zip()
            elif start.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")) or start[257:262] == b"ustar":
                self._open_tar()
            else:
                raise InputError(f"{path} is neither a folder nor a zip or tar archive: {describe_start(start)}.")

    def _open_zip(self):
        try:
            archive = zipfile.ZipFile(self.path)
        except zipfile.BadZipFile as error:
            raise InputError(f"{self.path} starts as a zip archive but has no end: it is truncated; download it "
                             "again.") from error
        self.names = sorted(name for name in archive.namelist() if not name.endswith("/"))
        self._read = archive.read

    def _open_tar(self):
        try:
            archive = tarfile.open(self.path)
            members = {member.name: member for member in archive.getmembers() if member.isfile()}
        except DAMAGE as error:
            raise InputError(f"{self.path} starts as a tar archive but cannot be read to its end ({error}): it is "
                             "truncated or damaged; download it again.") from error
        self.names = sorted(members)
        self._read = lambda name: archive.extractfile(members[name]).read()

    def _read_from_folder(self, name):
        with open(os.path.join(self.path, name), "rb") as file:
            return file.read()

    def read(self, name):
        """The bytes of one file."""
        try:
            return self._read(name)
        except DAMAGE as error:
            raise InputError(f"{name} in {self.path} cannot be read ({error}): the archive is damaged; download it "
                             "again.") from error

    def image(self, name):
        """One file as a Pillow image, decoded."""
        return decode_image(self.read(name), f"{name} in {self.path}")


def decode_image(content, name):
    """A Pillow image from the bytes of its file."""
    try:
        image = Image.open(io.BytesIO(content))
        image.load()
        return image
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{name} is not a whole image: {error}.") from error
