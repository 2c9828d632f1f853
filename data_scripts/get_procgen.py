#!/usr/bin/env python3
"""Unpacks ProcGen's library and images from its Python package into a folder that srwm plays from.

Python's version does not matter: the library in the package needs no Python. It is for x86-64 Linux, wants a processor
with AVX, and GLib 2 (Debian and Ubuntu: apt-get install libglib2.0-0).

Example:
  get_procgen.py --out data/procgen
  get_procgen.py --wheel procgen-0.10.7-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl --out data/procgen
"""

import glob
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

from command_line import InputError, ScriptError, UsageError, argument_parser, path, run
from file_tree import FileTree, read_start

VERSION = "0.10.7"
LIBRARY = "procgen/data/prebuilt/libenv.so"
IMAGES = "procgen/data/assets/"
LIST = "files.txt"  # "<size> <path>" of every file; srwm looks whether all are there
SOURCE = (f"The wheel is that of the package procgen {VERSION} on PyPI: pip download --no-deps --only-binary=:all: "
          f"--python-version 3.10 --implementation cp --platform manylinux2014_x86_64 procgen=={VERSION}")


def parse(arguments):
    parser = argument_parser(__doc__, SOURCE)
    parser.add_argument("--out", required=True, type=path, metavar="DIR", help="folder to make; one that is there is "
                        "replaced if this script made it")
    parser.add_argument("--wheel", type=path, metavar="F.whl", help="the package's file; without it pip downloads it")
    return parser.parse_args(arguments)


def download(folder):
    """The wheel, fetched by pip."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--python-version",
               "3.10", "--implementation", "cp", "--platform", "manylinux2014_x86_64", "--dest", folder,
               f"procgen=={VERSION}"]
    if subprocess.run(command, check=False).returncode != 0:
        raise ScriptError(f"pip could not download procgen {VERSION}; what it printed says why. Where there is no "
                          "network, fetch the file on another machine and give it with --wheel.")
    wheels = glob.glob(os.path.join(glob.escape(folder), "*.whl"))
    if not wheels:
        raise ScriptError(f"pip downloaded no wheel of procgen {VERSION}. Give the file with --wheel.")
    return wheels[0]


def members(tree):
    """{path in the folder: name in the wheel}."""
    found = {"libenv.so": LIBRARY} if LIBRARY in tree.names else {}
    found |= {"assets/" + name[len(IMAGES):]: name for name in tree.names if name.startswith(IMAGES)}
    if "libenv.so" not in found or len(found) < 2:
        raise InputError(f"{tree.path} has no {LIBRARY} or no images below {IMAGES}: it is not ProcGen's wheel for "
                         "Linux.")
    return found


def unpack(wheel, folder):
    """Fills the empty folder; the number of files."""
    if not read_start(wheel).startswith(b"PK"):
        raise InputError(f"{wheel} is not a whole wheel, which is a zip archive: download it again.")
    tree = FileTree(wheel, is_meant=lambda name: True)
    sizes = {}
    for name, place in members(tree).items():
        target, content = os.path.join(folder, name), tree.read(place)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(content)
        sizes[name] = len(content)
    with open(os.path.join(folder, LIST), "w", encoding="utf-8") as file:
        file.writelines(f"{size} {name}\n" for name, size in sorted(sizes.items()))
    return len(sizes)


def check_folder(out, wheel):
    """`out` may be missing, empty or made by this script, and the wheel is not in it."""
    if os.path.lexists(out) and not os.path.isdir(out):
        raise UsageError(f"--out: {out} is not a folder. Choose another name.")
    if wheel and os.path.commonpath([os.path.realpath(out), os.path.realpath(wheel)]) == os.path.realpath(out):
        raise UsageError(f"--out: the folder {out}, which is replaced, holds the wheel {wheel}. Choose another folder.")
    if os.path.isdir(out) and os.listdir(out) and not os.path.exists(os.path.join(out, LIST)):
        raise UsageError(f"--out: {out} is there already and holds something else. Choose another folder.")


def replace_folder(new, out):
    """`new` becomes `out`. What was there is removed only when the new folder has its place."""
    os.chmod(new, 0o755)
    old = new + ".old"
    if os.path.isdir(out):
        os.rename(out, old)
    os.rename(new, out)
    shutil.rmtree(old, ignore_errors=True)


def main(arguments):
    options = parse(arguments)
    out = os.path.realpath(options.out)
    check_folder(out, options.wheel)
    os.makedirs(os.path.dirname(out), exist_ok=True)
    with tempfile.TemporaryDirectory(dir=os.path.dirname(out), prefix=".procgen-") as temporary:
        wheel = options.wheel or download(temporary)
        new = os.path.join(temporary, "procgen")
        os.mkdir(new)
        count = unpack(wheel, new)
        replace_folder(new, out)
    print(f"{options.out}: libenv.so and {count - 1} images\n"
          f"Try: srwm env watch --library {shlex.quote(options.out)} --game starpilot --out starpilot.png")


if __name__ == "__main__":
    run(main, SOURCE)
