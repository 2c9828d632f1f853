"""data_scripts/get_procgen.py: unpacks a wheel whole or not at all, and refuses what is none."""

import contextlib
import io
import os
import sys
import tempfile
import unittest
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data_scripts"))

import get_procgen
from command_line import ScriptError

WHEEL = {get_procgen.LIBRARY: b"library", get_procgen.IMAGES + "misc/a.png": b"picture",
         get_procgen.IMAGES + "b c.png": b"", "procgen/env.py": b"not needed"}


class GetProcgenTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.out = os.path.join(self.folder, "data", "procgen")

    def wheel(self, files):
        path = os.path.join(self.folder, "procgen.whl")
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path

    def get(self, wheel):
        with contextlib.redirect_stdout(io.StringIO()):
            get_procgen.main(["--wheel", wheel, "--out", self.out])

    def read(self, name):
        with open(os.path.join(self.out, name), "rb") as file:
            return file.read()

    def refused(self, wheel, words):
        with self.assertRaisesRegex(ScriptError, words):
            self.get(wheel)
        self.assertNotIn("files.txt", os.listdir(self.out) if os.path.isdir(self.out) else [])

    def test_unpacks_library_images_and_their_list(self):
        self.get(self.wheel(WHEEL))
        self.assertEqual(sorted(os.listdir(self.out)), ["assets", "files.txt", "libenv.so"])
        self.assertEqual(self.read("libenv.so"), b"library")
        self.assertEqual(self.read("assets/misc/a.png"), b"picture")
        self.assertEqual(self.read("files.txt"), b"0 assets/b c.png\n7 assets/misc/a.png\n7 libenv.so\n")
        self.assertEqual(os.listdir(os.path.dirname(self.out)), ["procgen"])

    def test_replaces_what_it_has_made(self):
        self.get(self.wheel(WHEEL))
        self.get(self.wheel({**WHEEL, get_procgen.LIBRARY: b"newer"}))
        self.assertEqual(self.read("libenv.so"), b"newer")

    def test_keeps_folders_of_others(self):
        os.makedirs(self.out)
        with open(os.path.join(self.out, "mine"), "w", encoding="utf-8"):
            pass
        self.refused(self.wheel(WHEEL), "holds something else")
        self.assertEqual(os.listdir(self.out), ["mine"])

    def test_refuses_what_is_no_wheel_of_procgen(self):
        self.refused(self.wheel({"other/__init__.py": b""}), "not ProcGen's wheel for Linux")
        self.refused(self.wheel({get_procgen.LIBRARY: b"", get_procgen.IMAGES + "../../x": b""}), "no images below")
        self.refused(os.path.join(self.folder, "none.whl"), "none.whl cannot be read: No such file")
        page = os.path.join(self.folder, "page.whl")
        with open(page, "w", encoding="utf-8") as file:
            file.write("<html>")
        self.refused(page, "not a whole wheel")


if __name__ == "__main__":
    unittest.main()
