"""data_scripts/file_tree.py: folders, zip and tar archives of all kinds, what does not count, links, damage."""

import bz2
import gzip
import io
import lzma
import os
import stat
import struct
import tarfile
import unittest
import zipfile
from unittest import mock

from packing import PackerTest

import numpy as np

from command_line import InputError, ScriptError
from file_tree import FileTree, is_litter

FILES = {"a/1.png": b"one", "a/2.png": b"two", "b/c d/3.png": b"three"}
LITTER = ["__MACOSX/a/._1.png", "a/._1.png", ".DS_Store", "a/.DS_Store", "a/Thumbs.db", "desktop.ini", "b/Desktop.ini",
          ".git/objects/ab/cd.png", "a/1.png~", ".ipynb_checkpoints/1.png", "@eaDir/1.png", "$RECYCLE.BIN/1.png", "a/Icon\r",
          "System Volume Information/x", "lost+found/1.png", "__pycache__/a.pyc"]


class FileTreeTest(PackerTest):
    def check(self, path, files=None):
        tree = FileTree(path)
        self.assertEqual({name: tree.read(name) for name in tree.names}, FILES if files is None else files)
        return tree

    def refused(self, path, pattern):
        with self.assertRaisesRegex(InputError, pattern):
            tree = FileTree(path)
            for name in tree.names:
                tree.read(name)

    def write_tar_of(self, name, members, mode="w", **options):
        """A tar archive of (TarInfo, content) pairs."""
        with tarfile.open(self.path(name), mode, **options) as archive:
            for member, content in members:
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        return self.path(name)

    def write_zip_of(self, name, entries, **options):
        with zipfile.ZipFile(self.path(name), "w", **options) as archive:
            for entry, content in entries:
                archive.writestr(entry, content)
        return self.path(name)


class WhatCounts(FileTreeTest):
    def test_litter(self):
        self.assertEqual([name for name in LITTER if not is_litter(name)], [])
        self.assertEqual([name for name in ("a.png", "a/b.PNG", "images/x.1.png", "Icon.png", "macosx/a") if is_litter(name)], [])
        files = {**FILES, **dict.fromkeys(LITTER, b"")}
        self.check(self.write_folder("folder", files))
        self.check(self.write_zip("a.zip", files))
        self.check(self.write_tar("a.tar.gz", files))

    def test_names_that_programs_write_in_their_own_way(self):
        self.check(self.write_zip("a.zip", {"./a/1.png": b"one", "a\\2.png": b"two", "/b/x/../c d/3.png": b"three"}))
        self.check(self.write_tar("a.tar", {"./a/1.png": b"one", "a//2.png": b"two", "/b/c d/3.png": b"three"}))

    def test_of_a_name_twice_the_last_counts(self):
        with self.assertWarns(UserWarning):
            self.check(self.write_zip_of("a.zip", [("a/1.png", b"old"), *FILES.items()]))
        self.check(self.write_tar_of("a.tar", [(tarfile.TarInfo("a/1.png"), b"old"),
                                               *((tarfile.TarInfo(name), content) for name, content in FILES.items())]))


class Links(FileTreeTest):
    def test_in_folders(self):
        self.write_folder("elsewhere", FILES)
        os.mkdir(self.path("folder"))
        os.symlink("../elsewhere/a", self.path("folder", "a"))
        os.symlink(self.path("elsewhere", "b"), self.path("folder", "b"))
        self.assertEqual(self.check(self.path("folder")).remark(), "")
        os.symlink("..", self.path("elsewhere", "a", "up"))
        tree = self.check(self.path("folder"), {**FILES, **{f"a/up/b/{name[2:]}": FILES[name] for name in FILES if name[0] == "b"}})
        self.assertIn("a/up/a is a symbolic link to a folder that it is in" if 0 else "", tree.remark())

    def test_loops(self):
        self.write_folder("folder", FILES)
        os.symlink(".", self.path("folder", "a", "again"))
        os.symlink("../b", self.path("folder", "b", "round"))
        os.symlink("loop", self.path("folder", "loop"))
        tree = self.check(self.path("folder"))
        self.assertEqual(len(tree.broken_links), 3)
        self.assertRegex(tree.remark(), "is a symbolic link to .* So it is with 2 more.")

    def test_dangling_ones_are_named(self):
        self.write_folder("folder", FILES)
        os.symlink("/gone/n01", self.path("folder", "n01"))
        os.symlink("/gone", self.path("folder", ".#lock"))  # as editors leave them
        self.assertEqual(self.check(self.path("folder")).remark(),
                         f" {self.path('folder', 'n01')} is a symbolic link to /gone/n01, which is not there.")

    @unittest.skipIf(os.getuid() == 0, "root may read everything")
    def test_folders_that_may_not_be_read(self):
        self.write_folder("folder", FILES)
        os.chmod(self.path("folder", "a"), 0)
        self.addCleanup(os.chmod, self.path("folder", "a"), 0o700)
        self.refused(self.path("folder"), "The folder .*a cannot be read: Permission denied")

    def links(self, make):
        """(entry, content) of an archive with a linked file, a linked folder, a link to a link and broken ones."""
        links = {"b/c d/3.png": "../../a/1.png", "linked": "a", "again": "./linked", "gone": "nowhere", "loop": "loop",
                 "a/up": ".."}
        return [make(name, target) for name, target in links.items()]

    EXPECTED = {"a/1.png": b"one", "a/2.png": b"two", "b/c d/3.png": b"one", "linked/1.png": b"one", "linked/2.png": b"two",
                "again/1.png": b"one", "again/2.png": b"two"}

    def test_in_tar(self):
        def make(name, target):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            return member, b""

        members = [(tarfile.TarInfo(name), FILES[name]) for name in ("a/1.png", "a/2.png")]
        hard = tarfile.TarInfo("hard.png")
        hard.type, hard.linkname = tarfile.LNKTYPE, "a/2.png"
        tree = self.check(self.write_tar_of("a.tar", [*members, *self.links(make), (hard, b"")]),
                          {**self.EXPECTED, "hard.png": b"two"})
        self.assertIn("gone in .*a.tar is a symbolic link to nowhere, which is not in the archive".replace(".*", self.folder + "/"),
                      tree.remark())

    def test_in_zip(self):
        def make(name, target):
            entry = zipfile.ZipInfo(name)
            entry.create_system, entry.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
            return entry, target

        tree = self.check(self.write_zip_of("a.zip", [("a/1.png", b"one"), ("a/2.png", b"two"), *self.links(make)]),
                          self.EXPECTED)
        self.assertEqual(len(tree.broken_links), 3)


class Zips(FileTreeTest):
    def test_methods(self):
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
            self.check(self.write_zip_of("a.zip", FILES.items(), compression=method))

    def changed(self, change):
        """A zip archive of FILES whose headers `change` has changed: it gets the bytes, and where a header's flags are."""
        with open(self.write_zip("a.zip", FILES), "rb") as file:
            content = bytearray(file.read())
        at = 0
        for magic, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            at = content.find(magic)
            while at >= 0:
                change(content, at + flags)
                at = content.find(magic, at + 4)
        return self.write("changed.zip", bytes(content))

    def test_methods_that_python_does_not_read(self):
        for method, name in ((9, "Deflate64"), (93, "Zstandard"), (98, "PPMd"), (77, "unknown")):
            path = self.changed(lambda content, at, method=method: struct.pack_into("<H", content, at + 2, method))
            self.refused(path, rf"a/1.png in .*changed.zip is compressed by method {method} \({name}\), which Python "
                                "does not read. "
                               r"Unpack the archive \(7z x\) and give the folder.")

    def test_encrypted(self):
        self.refused(self.changed(lambda content, at: struct.pack_into("<H", content, at, 1)),
                     "a/1.png in .* is encrypted. Unpack the archive with its password and give the folder")

    def test_wrong_check_sum(self):
        with open(self.write_zip_of("a.zip", FILES.items()), "rb") as file:
            content = file.read().replace(b"three", b"thr33")
        self.refused(self.write("a.zip", content), r"3.png in .* cannot be read \(Bad CRC-32.*: the archive is damaged")

    def test_large_ones_with_something_before(self):
        with zipfile.ZipFile(self.path("a.zip"), "w") as archive:
            for name, content in FILES.items():
                with archive.open(name, "w", force_zip64=True) as file:
                    file.write(content)
        self.check(self.path("a.zip"))
        with open(self.path("a.zip"), "rb") as file:
            self.check(self.write("selfextracting.exe", b"MZ" + bytes(1000) + file.read()))

    def test_truncated(self):
        with open(self.write_zip("a.zip", FILES), "rb") as file:
            whole = file.read()
        self.refused(self.write("cut.zip", whole[:-30]), "cut.zip starts as a zip archive but has no end: it is "
                                                         "truncated")


class Tars(FileTreeTest):
    def members(self):
        return [(tarfile.TarInfo(name), content) for name, content in FILES.items()]

    def test_variants(self):
        for mode in ("w", "w:gz", "w:bz2", "w:xz"):
            for kind in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
                self.check(self.write_tar_of("a.tar", self.members(), mode, format=kind))
        long = "x" * 120 + "/" + "y" * 120 + ".png"
        for kind in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
            self.check(self.write_tar_of("a.tar", [(tarfile.TarInfo(long), b"x")], format=kind), {long: b"x"})

    def test_the_oldest(self):
        """Without the word ustar."""
        with open(self.write_tar_of("a.tar", self.members()), "rb") as file:
            content = bytearray(file.read())
        for at in (0, 1024, 2048):
            content[at + 257:at + 265] = bytes(8)
            content[at + 148:at + 156] = b" " * 8
            content[at + 148:at + 156] = b"%06o\0 " % sum(content[at:at + 512])
        self.check(self.write("v7.tar", bytes(content)))

    def test_damaged_headers_are_no_end(self):
        with open(self.write_tar_of("a.tar", self.members()), "rb") as file:
            content = bytearray(file.read())
        content[1024 + 150] ^= 1
        self.refused(self.write("a.tar", bytes(content)), "a.tar starts as a tar archive but cannot be read to its end "
                                                          ".the header at byte 1024 is damaged")

    def test_truncated(self):
        with open(self.write_tar_of("a.tar", self.members()), "rb") as file:
            whole = file.read()
        self.refused(self.write("cut.tar", whole[:1024 + 700]), "cut.tar starts as a tar archive but cannot be read")
        for compress in (gzip.compress, bz2.compress, lzma.compress):
            packed = compress(whole)
            self.refused(self.write("cut.tar.x", packed[:len(packed) // 2]), "starts as a tar archive but cannot be "
                                                                             "read")
            self.refused(self.write("other.x", compress(b"something else")), "or something else in a compressed file")

    def test_compressed_ones_are_unpacked_once(self):
        """However the files lie in them: reading in the order of names must not begin again for each."""
        members = [(tarfile.TarInfo(f"{n:03}.png"), os.urandom(2000)) for n in np.random.default_rng(1).permutation(300)]
        path = self.write_tar_of("a.tar.gz", members, "w:gz")
        with mock.patch("gzip.open", side_effect=gzip.open) as unpack:
            self.check(path, {member.name: content for member, content in members})
        self.assertEqual(unpack.call_count, 1)
        with mock.patch.dict("sys.modules", {"gzip": None}), self.assertRaisesRegex(ScriptError, "has no module gzip. "
                                                                                                 "Unpack it"):
            FileTree(path)

    def test_no_room_to_unpack(self):
        path = self.write_tar("a.tar.gz", {"a": bytes(100000)})
        with mock.patch("tempfile.TemporaryFile", side_effect=lambda: open("/dev/full", "wb", buffering=0)), \
                self.assertRaisesRegex(ScriptError, "a.tar.gz cannot be unpacked in .*: No space left on device. Name "
                                                    "a folder with"):
            FileTree(path)

    def test_other_archives_are_named(self):
        for start, name in ((b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"), (b"Rar!\x1a\x07", "a RAR archive"),
                            (b"\x28\xb5\x2f\xfd", "compressed with zstd")):
            self.refused(self.write("a", start + bytes(600)), f"it is {name}, which is not read here; unpack it")


class Damage(FileTreeTest):
    def test_is_refused_or_read_and_nothing_else(self):
        """Whatever the change, an InputError or files: anything else ends the test."""
        chance = np.random.default_rng(1)
        self.write_zip("a.zip", FILES)
        self.write_tar_of("a.tar", [(tarfile.TarInfo(name), content) for name, content in FILES.items()])
        self.write_tar("a.tar.gz", FILES)
        for name in ("a.zip", "a.tar", "a.tar.gz"):
            with open(self.path(name), "rb") as file:
                whole = file.read()
            for _ in range(400):
                content = bytearray(whole[:chance.integers(1, len(whole)) if chance.integers(3) == 0 else None])
                for _ in range(chance.integers(1, 5)):
                    content[chance.integers(len(content))] = chance.integers(256)
                try:
                    tree = FileTree(self.write("changed", bytes(content)))
                    for file in tree.names:
                        tree.read(file)
                except InputError:
                    pass


if __name__ == "__main__":
    unittest.main()
