"""The files of a folder or of an archive: what is not part of a dataset is left out, links are followed, and whatever
cannot be read is refused with what to do."""

import importlib
import os
import posixpath
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib

try:
    from lzma import LZMAError
except ImportError:
    LZMAError = EOFError

from command_line import InputError, ScriptError, printable, reason_of

# What archive programs, file managers and version control leave next to the files that were meant.
LITTER_FOLDERS = {"__macosx", "$recycle.bin", "system volume information", "lost+found", "@eadir", "__pycache__", "cvs"}
LITTER_FILES = {"thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r"}
OTHER_ARCHIVES = {b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive", b"Rar!": "a RAR archive", b"\x28\xb5\x2f\xfd": "compressed "
                  "with zstd", b"\x04\x22\x4d\x18": "compressed with lz4", b"\x1f\x9d": "compressed with compress",
                  b"LZIP": "compressed with lzip"}
METHODS = {1: "Shrink", 6: "Implode", 9: "Deflate64", 14: "LZMA", 93: "Zstandard", 95: "XZ", 96: "JPEG", 97: "WavPack",
           98: "PPMd", 99: "AES encryption"}
UNPACKERS = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ\0": "lzma"}  # modules, which a Python may lack
READABLE_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
DAMAGE = (zipfile.BadZipFile, tarfile.TarError, zlib.error, LZMAError, struct.error, EOFError, OSError, ValueError,
          RuntimeError, IndexError, KeyError, OverflowError)
MOST_LINKS = 40  # in a row, as Linux follows them


def describe_start(start):
    """What a file that is not what it should be looks like, from its first bytes."""
    if not start:
        return "it is empty"
    kind = next((kind for magic, kind in OTHER_ARCHIVES.items() if start.startswith(magic)), None)
    if kind:
        return f"it is {kind}, which is not read here; unpack it and give the folder"
    line = start.decode("latin-1").splitlines()[0][:40]
    if start.lstrip()[:1] == b"<":
        return f"it starts with '{printable(line)}': probably a web page saved instead of the file"
    if start.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer; fetch the file itself with 'git lfs pull'"
    return f"it starts with '{line}'" if line.isprintable() else f"it starts with the bytes {start[:8].hex(' ')}"


def read_start(path, size=512):
    """The first bytes of a file."""
    try:
        with open(path, "rb") as file:
            return file.read(size)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {reason_of(error)}.") from error


def is_litter(name):
    """Whether a path inside a folder or archive is no part of a dataset: hidden files and folders, and those that
    systems make by themselves."""
    *folders, file = name.split("/")
    return any(part.startswith(".") or part.lower() in LITTER_FOLDERS for part in folders) or \
        file.startswith(".") or file.endswith("~") or file.lower() in LITTER_FILES or file.lower() in LITTER_FOLDERS


class FileTree:
    """The files of a folder, of a zip or of a tar archive (compressed or not), by their paths inside it, with '/', sorted.
    Symbolic links are followed in all three."""

    def __init__(self, path, is_meant=lambda name: not is_litter(name)):
        self.path, self.is_meant, self.broken_links = path, is_meant, []
        if os.path.isdir(path):
            files = self._files_of_folder()
            self._read = lambda name: read_whole(files[name])
        else:
            files = self._files_of_archive()
        self.names = sorted(files)

    def read(self, name):
        """The bytes of one file."""
        try:
            return self._read(name)
        except DAMAGE as error:
            reason = reason_of(error) if isinstance(error, OSError) else error
            advice = "" if os.path.isdir(self.path) else ": the archive is damaged; download it again"
            raise InputError(f"{name} in {self.path} cannot be read ({reason}){advice}.") from error

    def remark(self):
        """A sentence about links that lead nowhere, to end a message about something missing; often empty."""
        if not self.broken_links:
            return ""
        count = len(self.broken_links)
        return f" {self.broken_links[0]}{f' So it is with {count - 1} more.' if count > 1 else ''}"

    def _files_of_folder(self):
        """{path inside: path}."""
        files, waiting = {}, [("", self.path, (_identity(self.path),))]
        while waiting:
            inside, folder, above = waiting.pop()
            try:
                with os.scandir(folder) as found:
                    entries = sorted(found, key=lambda entry: entry.name)
            except OSError as error:
                raise InputError(f"The folder {folder} cannot be read: {reason_of(error)}.") from error
            for entry in entries:
                name = inside + entry.name
                if not self.is_meant(name):
                    continue
                if entry.is_symlink() and not os.path.exists(entry.path):
                    self.broken_links.append(f"{entry.path} is a symbolic link to {os.readlink(entry.path)}, which is "
                                             "not there.")
                elif entry.is_file():
                    files[name] = entry.path
                elif entry.is_dir() and _identity(entry.path) not in above:
                    waiting.append((name + "/", entry.path, (*above, _identity(entry.path))))
                elif entry.is_dir() and entry.is_symlink():
                    self.broken_links.append(f"{entry.path} is a symbolic link to a folder that it is in; it was not "
                                             "followed.")
        return files

    def _files_of_archive(self):
        """{path inside: what the archive calls it}."""
        start = read_start(self.path)
        if start.startswith(b"PK") or zipfile.is_zipfile(self.path):
            files, links = self._open_zip()
        else:
            files, links = self._open_tar(start)
        for name, found in self._follow(files, links).items():
            files.setdefault(name, found)
        return {name: found for name, found in files.items() if self.is_meant(name)}

    def _open_zip(self):
        try:
            archive = zipfile.ZipFile(self.path)
        except DAMAGE as error:
            is_cut = "not a zip file" in str(error).lower()
            what = "has no end: it is truncated" if is_cut else f"cannot be read ({error}): it is damaged or in parts"
            raise InputError(f"{self.path} starts as a zip archive but {what}; download it again.") from error
        files, links = {}, {}
        for entry in archive.infolist():  # of a name that is there twice the last one counts, as where it is unpacked
            name = _clean(entry.filename)
            if entry.filename.endswith("/") or not self.is_meant(name):
                continue
            self._check_entry(entry)
            if stat.S_ISLNK(entry.external_attr >> 16):
                links[name] = archive.read(entry).decode("utf-8", "surrogateescape")
            else:
                files[name] = entry
        self._read = lambda name: archive.read(files[name])
        return files, links

    def _check_entry(self, entry):
        if entry.flag_bits & 0x1:
            raise InputError(f"{entry.filename} in {self.path} is encrypted. Unpack the archive with its password and "
                             "give the folder.")
        if entry.compress_type not in READABLE_METHODS:
            method = METHODS.get(entry.compress_type, "unknown")
            raise InputError(f"{entry.filename} in {self.path} is compressed by method {entry.compress_type} "
                             f"({method}), which Python does not read. Unpack the archive (7z x) and give the folder.")

    def _open_tar(self, start):
        try:
            archive = tarfile.open(fileobj=self._unpacked(start))
            members = archive.getmembers()
            self._check_end(archive)
        except tarfile.ReadError as error:
            if not start.startswith(tuple(UNPACKERS)) and start[257:262] != b"ustar":
                raise InputError(f"{self.path} is neither a folder nor a zip or tar archive: "
                                 f"{describe_start(start)}.") \
                    from error
            raise self._damaged_tar(error) from error
        except DAMAGE as error:
            raise self._damaged_tar(error) from error
        files = {_clean(member.name): member for member in members if member.isreg()}
        links = {_clean(member.name): member.linkname for member in members if member.issym()}
        links |= {_clean(member.name): "/" + member.linkname for member in members if member.islnk()}
        self._read = lambda name: archive.extractfile(files[name]).read()
        return files, {name: target for name, target in links.items() if self.is_meant(name)}

    def _unpacked(self, start):
        """The archive, open. A compressed one is unpacked into a file without a name, since its files are not read in their
        order, and each step back would unpack it again from its start."""
        module = next((name for magic, name in UNPACKERS.items() if start.startswith(magic)), None)
        if module is None:
            return open(self.path, "rb")
        try:
            unpack = importlib.import_module(module).open
        except ImportError as error:
            raise ScriptError(f"{self.path} cannot be read: this Python has no module {module}. Unpack it and give the "
                              "folder.") from error
        whole = tempfile.TemporaryFile()
        with unpack(self.path) as source:
            while block := source.read(1 << 20):
                try:
                    whole.write(block)
                except OSError as error:
                    raise ScriptError(f"{self.path} cannot be unpacked in {tempfile.gettempdir()}: {reason_of(error)}. "
                                      "Name a folder with room in the variable TMPDIR, or unpack it and give the "
                                      "folder.") from error
        whole.seek(0)
        return whole

    def _damaged_tar(self, error):
        return InputError(f"{self.path} starts as a tar archive but cannot be read to its end ({error}): it is "
                          "truncated or damaged, or something else in a compressed file; download it again.")

    @staticmethod
    def _check_end(archive):
        """tarfile takes a header that it cannot read for the end."""
        archive.fileobj.seek(archive.offset)
        if archive.fileobj.read(tarfile.BLOCKSIZE).strip(b"\0"):
            raise tarfile.ReadError(f"the header at byte {archive.offset} is damaged")

    def _follow(self, files, links):
        """{path: entry} of what the links of an archive lead to. A target that begins with "/" counts from its root."""
        found = {}
        for name, target in links.items():
            place, steps = self._target(name, target), 1
            while place in links and steps < MOST_LINKS:
                place, steps = self._target(place, links[place]), steps + 1
            inside = [other for other in files if other.startswith(place + "/")] if place not in files else []
            if place in files:
                found[name] = files[place]
            elif inside and not f"{name}/".startswith(place + "/"):
                found |= {name + other[len(place):]: files[other] for other in inside}
            else:
                self.broken_links.append(f"{name} in {self.path} is a symbolic link to {target}, which is not in the "
                                         "archive.")
        return found

    @staticmethod
    def _target(name, target):
        return _clean(target if target.startswith("/") else posixpath.join(posixpath.dirname(name), target))


def _identity(path):
    status = os.stat(path)
    return status.st_dev, status.st_ino


def _clean(name):
    """A path in an archive without './', '..', a leading '/' and the backslashes of some programs."""
    return posixpath.normpath("/" + name.replace("\\", "/")).lstrip("/")


def read_whole(path):
    with open(path, "rb") as file:
        return file.read()
