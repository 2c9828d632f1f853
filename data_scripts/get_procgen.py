#!/usr/bin/env python3
"""Unpacks ProcGen's library and images from its Python package into a folder that srwm plays from.

Python's version does not matter: the library in the package needs no Python. It is for x86-64 Linux, wants a processor
with AVX, and GLib 2 (Debian and Ubuntu: apt-get install libglib2.0-0).

Example:
  get_procgen.py --out data/procgen
  get_procgen.py --wheel procgen-0.10.7-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl --out data/procgen
"""

import argparse
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib

VERSION = "0.10.7"
LIBRARY = "procgen/data/prebuilt/libenv.so"
IMAGES = "procgen/data/assets/"
LIST = "files.txt"  # "<size> <path>" of every file; srwm looks whether all are there
SOURCE = (f"The wheel is that of the package procgen {VERSION} on PyPI: pip download --no-deps --only-binary=:all: "
          f"--python-version 3.10 --implementation cp --platform manylinux2014_x86_64 procgen=={VERSION}")


class GetError(Exception):
    """What went wrong, in one sentence for the user."""


def parse(arguments):
    summary, _, example = __doc__.partition("\nExample")
    parser = argparse.ArgumentParser(description=f"{summary}\n{SOURCE}\n\nExample{example}",
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, metavar="DIR", help="folder to make; one that is there is replaced if "
                        "this script made it")
    parser.add_argument("--wheel", metavar="F.whl", help="the package's file; without it pip downloads it")
    return parser.parse_args(arguments)


def download(folder):
    """The wheel, fetched by pip."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--python-version",
               "3.10", "--implementation", "cp", "--platform", "manylinux2014_x86_64", "--dest", folder,
               f"procgen=={VERSION}"]
    if subprocess.run(command, check=False).returncode != 0:
        raise GetError(f"pip could not download procgen {VERSION}; what it printed says why. Where there is no network, "
                       "fetch the file on another machine and give it with --wheel.")
    return glob.glob(os.path.join(folder, "*.whl"))[0]


def members(archive, path):
    """{path in the folder: entry of the wheel}."""
    found = {}
    for entry in archive.infolist():
        if entry.filename == LIBRARY:
            found["libenv.so"] = entry
        elif entry.filename.startswith(IMAGES) and not entry.is_dir():
            found["assets/" + entry.filename[len(IMAGES):]] = entry
    if "libenv.so" not in found or len(found) < 2:
        raise GetError(f"{path} has no {LIBRARY} or no images below {IMAGES}: it is not ProcGen's wheel for Linux. "
                       f"{SOURCE}")
    if any(".." in name.split("/") for name in found):
        raise GetError(f"{path} has paths that lead out of the folder; it is not ProcGen's wheel.")
    return found


def unpack(path, folder):
    """Fills the empty folder; the number of files."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = members(archive, path)
            for name, entry in found.items():
                target = os.path.join(folder, name)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with archive.open(entry) as source, open(target, "wb") as file:
                    shutil.copyfileobj(source, file)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise GetError(f"{path} is not a whole wheel ({error}): download it again. {SOURCE}") from error
    with open(os.path.join(folder, LIST), "w", encoding="utf-8") as file:
        file.writelines(f"{entry.file_size} {name}\n" for name, entry in sorted(found.items()))
    return len(found)


def replace_folder(new, out):
    """`new` becomes `out`, which may be missing, empty or made by this script."""
    if os.path.isdir(out) and os.listdir(out) and not os.path.exists(os.path.join(out, LIST)):
        raise GetError(f"{out} is there already and holds something else; name another folder.")
    if os.path.isdir(out):
        shutil.rmtree(out)
    os.chmod(new, 0o755)
    os.rename(new, out)


def main(arguments):
    options = parse(arguments)
    out = os.path.abspath(options.out)
    try:
        os.makedirs(os.path.dirname(out), exist_ok=True)
        with tempfile.TemporaryDirectory(dir=os.path.dirname(out), prefix=".procgen-") as temporary:
            wheel = options.wheel or download(temporary)
            new = os.path.join(temporary, "procgen")
            os.mkdir(new)
            count = unpack(wheel, new)
            replace_folder(new, out)
    except OSError as error:
        raise GetError(f"{error.filename or out}: {error.strerror or error}.") from error
    print(f"{options.out}: libenv.so and {count - 1} images\n"
          f"Try: srwm env watch --library {options.out} --game starpilot --out starpilot.png")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except GetError as fault:
        print(f"get_procgen.py: {fault}", file=sys.stderr)
        sys.exit(3)
