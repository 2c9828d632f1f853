"""The section on scripts of docs/errors.md: each entry is provoked, with its exit code, and what is provoked is there.

Usage: scripts_test.py SOURCE_DIR"""

import contextlib
import gzip
import importlib.util
import io
import os
import pickle
import re
import struct
import subprocess
import sys
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(sys.argv[1])
sys.path.insert(0, str(ROOT / "tests/data_scripts"))

from packing import HTML, PackerTest, image_file

import h5py
import numpy as np
from PIL import Image

import command_line
import convert_torch_checkpoint
import data_pickle
import pack_cifar
import pack_folder
import pack_idx
import pack_miniimagenet
import pictures
import rewrite_hdf5
import torch_files


def section(title):
    """[(pattern, exit code, length of its literal text)] of the entries of a section."""
    part = (ROOT / "docs/errors.md").read_text(encoding="utf-8").split(f"\n## {title}\n")[1].split("\n## ")[0]
    found = []
    for message, code in re.findall(r"^- `([^`]*)` \((\d+)\)\n  \S", part, re.MULTILINE):
        literals = re.split(r"<[^>]*>", " ".join(message.split()))
        found.append((re.compile(".*".join(map(re.escape, literals)), re.DOTALL), int(code), sum(map(len, literals))))
    assert len(found) == part.count("\n- `"), "an entry of the page has no exit code or no advice"
    return found


ENTRIES = section("Scripts")
PROVOKED = set()


class Scripts(PackerTest):
    def saw(self, message, code):
        fitting = [entry for entry in ENTRIES if entry[0].fullmatch(message.strip())]
        self.assertTrue(fitting, f"docs/errors.md has no entry for: {message}")
        best = max(fitting, key=lambda entry: entry[2])
        self.assertEqual(best[1], code, message)
        PROVOKED.add(best[0].pattern)

    def provoke(self, work):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as errors:
            code = command_line._exit_code_of(work, None)
        self.saw(errors.getvalue().splitlines()[-1].split(": ", 1)[1], code)

    def pack(self, main, *arguments, out=None):
        self.provoke(lambda: main([*arguments, "--out", out or self.out]))

    def cifar(self, given, **options):
        self.pack(pack_cifar.main, "--cifar100", given, "--protocol", "fc100", **options)

    def test_command_lines_and_outputs(self):
        given = self.write("given", b"x")
        self.provoke(lambda: pack_cifar.main(["--protocol", "x"]))
        self.cifar(given, out=given)
        self.write("folder/train", b"x")
        self.cifar(self.path("folder"), out=self.path("folder", "train"))
        self.cifar(given, out=self.folder)
        os.mkfifo(self.path("pipe"))
        self.cifar(given, out=self.path("pipe"))
        self.cifar(given, out=self.path("nowhere", "out.h5"))
        with mock.patch("importlib.util.find_spec", return_value=None):
            self.cifar(given)
        self.cifar(self.path("missing"))
        self.provoke(lambda: 1 / 0)

    def test_archives(self):
        self.cifar(self.write("page.zip", HTML))
        whole = Path(self.write_zip("a.zip", {"train.png": b"12345"})).read_bytes()
        self.cifar(self.write("cut.zip", whole[:-20]))

        def changed(offset, value):
            content = bytearray(whole)
            for magic, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
                struct.pack_into("<H", content, content.find(magic) + place + offset, value)
            return self.write("changed.zip", bytes(content))

        self.cifar(changed(2, 9))
        self.cifar(changed(0, 1))
        path = Path(self.write_zip("b.zip", {f"x/{name}": b"\x80\x02N." for name in ("meta", "train", "test")}))
        content = bytearray(path.read_bytes())
        content[content.find(b"x/meta") + 6] ^= 0xff
        self.cifar(self.write("b.zip", bytes(content)))

    def test_texts_and_lists(self):
        lists = {"train": "n01532829", "val": "n01558993", "test": "n01704323"}

        def pack(**changes):
            for split, content in {**lists, **changes}.items():
                self.write(f"lists/{split}.txt", content if isinstance(content, bytes) else content.encode())
            self.pack(pack_miniimagenet.main, "--images", self.folder, "--split-dir", self.path("lists"))

        pack(val=b"n01558993\n\xe9")
        pack(val="n01558993".encode("utf-16-le"))
        pack(val="n01532829")
        pack(val="n01558993\nn01558993")
        pack(val="<html>")
        self.write("lists/train.csv", b"filename,label\na.jpg,n01532829\n")
        pack()

    def test_idx_files(self):
        def idx(kind, *shape):
            return struct.pack(f">HBB{len(shape)}I", 0, kind, len(shape), *shape) + bytes(int(np.prod(shape)))

        names = {f"{split}-{kind}": f"{split}-{kind}-idx{axes}-ubyte" for split in ("train", "t10k")
                 for kind, axes in (("images", 3), ("labels", 1))}
        whole = {name: idx(8, 2, 3, 3) if "images" in name else idx(8, 2) for name in names.values()}

        def pack(changes, *leave_out):
            files = {name: content for name, content in {**whole, **changes}.items() if name not in leave_out}
            self.pack(pack_idx.main, "--idx", self.write_zip("idx.zip", files))

        images = names["train-images"]
        pack({images: HTML})
        pack({images: idx(13, 2, 3, 3)})
        pack({images: idx(8, 2)})
        pack({images: whole[images][:-1]})
        pack({images: gzip.compress(whole[images])[:-9]})
        pack({}, names["t10k-labels"])
        pack({images + ".gz": gzip.compress(whole[images])})
        pack({images: idx(8, 3, 3, 3)})

    def test_folders(self):
        def pack(changes, *options, keep=True):
            whole = {f"c{label}/{i}.png": image_file(np.full((8, 8), 40 * label + i, np.uint8), "PNG") for label in range(4)
                     for i in range(2)}
            given = self.write_zip("pictures.zip", {**(whole if keep else {}), **changes})
            self.pack(pack_folder.main, given, *options)

        one = image_file(np.zeros((9, 9), np.uint8), "PNG")
        pack({"a.png": one}, keep=False)
        splits = {f"{split}/c{label}/{i}.png": one for split in ("train", "test") for label in range(2) for i in range(2)}
        pack({**splits, "train/a.png": one}, keep=False)
        pack(splits, "--seed", "2", keep=False)
        for split, names in (("train", b"c0\nc9"), ("test", b"c2")):
            self.write(f"lists/{split}.txt", names)
        pack({}, "--lists", self.path("lists"))
        pack({}, "--split", "3/3/3")
        pack({}, "--split", "2/1/1")
        pack({"d/0.png": one}, "--split", "3/2")
        pack({"c0/9.png": one}, "--split", "2/2")

    def test_rewriting(self):
        def rewrite(source):
            self.provoke(lambda: rewrite_hdf5.main([source, self.out]))

        rewrite(self.write("page.h5", HTML))
        with h5py.File(self.path("virtual.h5"), "w") as file:
            layout = h5py.VirtualLayout((2,), np.uint8)
            layout[:] = h5py.VirtualSource("gone.h5", "x", (2,))
            file.create_virtual_dataset("x", layout)
        rewrite(self.path("virtual.h5"))
        with h5py.File(self.path("link.h5"), "w") as file:
            file["link"] = h5py.ExternalLink("gone.h5", "/x")
        rewrite(self.path("link.h5"))
        with h5py.File(self.path("filter.h5"), "w") as file:  # a filter that no plugin has
            properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            properties.set_chunk((2,))
            properties.set_filter(305, h5py.h5z.FLAG_OPTIONAL, ())
            dataset = h5py.h5d.create(file.id, b"x", h5py.h5t.STD_U8LE, h5py.h5s.create_simple((2,)), properties)
            dataset.write_direct_chunk((0,), b"ab", 0)
        rewrite(self.path("filter.h5"))

    def test_pictures(self):
        grey = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
        for image, options in ((grey.convert("F"), {}), (grey, {"save_all": True, "append_images": [grey.rotate(90)]})):
            file = io.BytesIO()
            image.save(file, "TIFF", **options)
            self.provoke(lambda content=file.getvalue(): pictures.rgb(content, "a.tif"))
        self.provoke(lambda: pictures.rgb(image_file(np.asarray(grey), "PNG")[:50], "a.png"))

    def test_pickles(self):
        class Calls:
            def __init__(self, function):
                self.function = function

            def __reduce__(self):
                return self.function, ("x",)

        self.provoke(lambda: data_pickle.loads(HTML, "a.pkl"))
        self.provoke(lambda: data_pickle.loads(pickle.dumps(Calls(os.path.join), 2), "a.pkl"))
        self.provoke(lambda: data_pickle.loads(pickle.dumps(Calls(os.system), 2), "a.pkl"))

    def test_models(self):
        spec = self.write("spec.json", b'{"protocol": {"n_way": 2}, "model": {"vision": {"channels": 2}, "core": '
                                       b'{"kind": "lstm", "layers": 1, "hidden": 4}}}')
        model = convert_torch_checkpoint.model_of(Path(spec).read_text(encoding="utf-8"), "spec")
        whole = {name: np.zeros(shape, np.float32) for name, shape in model.shapes({}).items()}

        def convert(state):
            torch_files.save({name: torch_files.Tensor(value) for name, value in state.items()}, self.path("in.pt"))
            self.provoke(lambda: convert_torch_checkpoint.main([self.path("in.pt"), self.out, "--config", spec]))

        convert({name: value for name, value in whole.items() if name != "out_layer.bias"})
        derived = self.write("derived.json", b'{"extends": "spec.json", "name": "derived"}')
        self.provoke(lambda: convert_torch_checkpoint.main([self.path("in.pt"), self.out, "--config", derived]))
        convert({"weight": np.zeros(3, np.float32)})
        convert({**whole, "out_layer.bias": np.array([np.nan, 0], np.float32)})

    def test_plots(self):
        if importlib.util.find_spec("matplotlib") is None:
            PROVOKED.update(entry[0].pattern for entry in ENTRIES if entry[0].pattern.startswith("None"))
            self.skipTest("matplotlib is not installed")
        import plot
        self.provoke(lambda: plot.main(["curves", self.folder, self.path("b"), "--out", self.path("a.svg")]))

    def shell(self, script, *arguments, **environment):
        done = subprocess.run([ROOT / "experiments" / script, *arguments], capture_output=True, text=True, check=False, cwd=self.folder,
                              env={**os.environ, "SRWM": "/bin/true", **environment})
        self.saw(done.stderr.splitlines()[-1].split(": ", 1)[1], done.returncode)

    def test_experiments(self):
        self.shell("run_table.sh", self.folder, SRWM="/nowhere/srwm")
        self.shell("run_table.sh", self.folder, "--", "--seed", "3")
        self.shell("slurm/submit.sh", self.folder, "--train", "'x")
        self.shell("run_table.sh", self.folder, "--seeds")
        for program in ("bash", "env", "dirname", "readlink", "basename"):
            self.write("bin/.keep", b"")
            os.symlink(next(p for p in (f"/usr/bin/{program}", f"/bin/{program}") if os.path.exists(p)), self.path("bin", program))
        self.shell("slurm/submit.sh", self.folder, PATH=self.path("bin"))
        self.write("variants.txt", b"a: a.json\nb\n")
        self.shell("run_variants.sh", self.folder)
        self.write("variants.txt", b"a: a.json\na: b.json\n")
        self.shell("run_variants.sh", self.folder)


class ZEveryEntry(unittest.TestCase):
    """Runs last: tests run in the order of their names."""

    def test_is_provoked(self):
        if len(PROVOKED) == 0:
            self.skipTest("the other tests did not run")
        self.assertEqual([entry[0].pattern for entry in ENTRIES if entry[0].pattern not in PROVOKED], [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
