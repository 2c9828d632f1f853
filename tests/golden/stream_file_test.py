"""The way to repeat a comparison with other code, from end to end: parameters under the authors' names -> checkpoint ->
srwm eval on a file of examples -> logits, against those that torch_vsml.py computed; and training from that checkpoint."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPTS = os.path.join(HERE, "..", "..", "data_scripts")
sys.path.insert(0, SCRIPTS)
import convert_vsml_checkpoint as convert

SRWM = sys.argv.pop(1) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else None
SMALL = {"message": 4, "state": 6}
MODELS = {  # the networks in data/vsml_given.h5 as specs have them
    "dense": {},
    "streams": {"feed_label": True},
    "deep": {**SMALL, "hidden": ["dense 3"], "layer_norm": True, "feed_label": True},
    "reverse": {**SMALL, "hidden": ["dense 3"], "backward_pass": True, "separate_backward": True, "layerwise": True},
    "conv": {**SMALL, "hidden": ["conv 2 2", "conv 1 1"], "layer_norm": True, "feed_label": True,
             "backward_pass": True},
}
GOLDEN = os.path.join(HERE, "data", "vsml_given.h5")
DATA = {"datasets": ["glyphs"], "tasks": 0, "project": 0, "sizes": [4], "glyph_classes": 2,
        "glyphs": {"train_classes": 4, "val_classes": 4, "test_classes": 4, "images_per_class": 4}}


def spec_of(model, streams=1):
    test = {"datasets": ["glyphs"], "sizes": [4], "length": 4, "episodes": 2}
    return {"task": "vsml", "name": "given", "data": DATA, "episode": {"length": 4, "streams": streams},
            "model": model,
            "train": {"steps": 1, "gradient": "backward", "batch": 1}, "optim": {"rate": 0.001},
            "validation": {"every": 0, **test}, "test": test}


class StreamFile(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = lambda name: os.path.join(folder.name, name)

    def srwm(self, *arguments):
        result = subprocess.run([SRWM, *arguments], capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def write_checkpoint(self, spec, theta):
        """As somebody with the authors' code would: an .npz, then the converter."""
        text, arrays, at = json.dumps(spec), {}, 0
        for name, shape in convert.shapes_of(text, "spec").items():
            size = int(np.prod(shape))
            arrays[convert.to_authors(name)] = theta[at:at + size].reshape(shape)
            at += size
        self.assertEqual(at, len(theta))
        np.savez(self.path("params.npz"), **arrays)
        with open(self.path("spec.json"), "w", encoding="utf-8") as file:
            file.write(text)
        subprocess.run([sys.executable, os.path.join(SCRIPTS, "convert_vsml_checkpoint.py"), self.path("params.npz"),
                        self.path("model.h5"), "--config", self.path("spec.json")], check=True, capture_output=True)

    def write_stream(self, golden):
        with h5py.File(self.path("stream.h5"), "w") as file:
            file.attrs.update({"srwm_format": "stream", "format_version": 1, "generator": "stream_file_test.py",
                               "classes": golden["logits"].shape[-1]})
            for name in ("inputs", "labels", "cells"):
                file[name] = golden[name][()]

    def test_logits_are_those_of_pytorch(self):
        for name, model in MODELS.items():
            with self.subTest(name), h5py.File(GOLDEN) as file:
                self.compare(file[name], model)

    def compare(self, golden, model):
        streams = len(golden["inputs"]) // len(golden["cells"])
        self.write_checkpoint(spec_of(model, streams), golden["theta"][()])
        self.write_stream(golden)
        out = self.srwm("eval", "--checkpoint", self.path("model.h5"), "--stream-file", self.path("stream.h5"),
                        "--logits", self.path("logits.h5"), "--json", "--device", "cpu")
        with h5py.File(self.path("logits.h5")) as file:
            logits, cells, hidden = file["logits"][()], file["cells"][()], file["hidden"][()]
            np.testing.assert_array_equal(file["labels"], golden["labels"])
        expected = golden["logits"][()]
        first = np.repeat(golden["cells"][()], streams, 0)
        self.assertEqual(cells.shape, first.shape)
        self.assertEqual(hidden.shape, cells.shape)
        self.assertGreater(np.abs(cells - first).max(), 1e-3)
        self.assertEqual(logits.shape, expected.shape)
        self.assertLessEqual(np.abs(logits - expected).max(), 1e-5 * max(1, np.abs(expected).max()))
        right = np.mean(np.argmax(logits, -1) == golden["labels"])
        self.assertAlmostEqual(json.loads(out)["accuracy"], right, places=12)
        for name in ("logits.h5", "model.h5"):
            os.remove(self.path(name))

    def refuses(self, code, pattern, *arguments):
        result = subprocess.run([SRWM, "eval", *arguments], capture_output=True, text=True)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertRegex(result.stderr, pattern)
        self.assertFalse(os.path.exists(self.path("out.h5")))

    def test_what_is_refused(self):
        with h5py.File(GOLDEN) as golden:
            self.write_checkpoint(spec_of({}), golden["dense/theta"][()])
            self.write_stream(golden["dense"])
        model, stream = ("--checkpoint", self.path("model.h5")), ("--stream-file", self.path("stream.h5"))
        self.refuses(2, "--logits", *model, "--logits", self.path("out.h5"))
        self.refuses(2, "--split", *model, *stream, "--split", "val")
        self.refuses(2, "stream.h5", *model, *stream, "--logits", self.path("stream.h5"))
        self.refuses(3, "missing.h5", *model, "--stream-file", self.path("missing.h5"))
        with h5py.File(self.path("stream.h5"), "r+") as file:
            file["labels"][1, 2] = 3
        self.refuses(3, "/labels has a 3 in sequence 1", *model, *stream, "--logits", self.path("out.h5"))

    def test_training_starts_from_there(self):
        with h5py.File(GOLDEN) as golden:
            theta = golden["dense/theta"][()]
        self.write_checkpoint(spec_of({}), theta)
        self.srwm("train-vsml", "--config", self.path("spec.json"), "--init-from", self.path("model.h5"), "--run-dir",
                  self.path("run"), "--device", "cpu", "--threads", "1")
        with h5py.File(self.path("run/checkpoints/latest.h5")) as file:
            trained = np.concatenate([file[f"model/{name}"][()].ravel()
                                      for name in convert.shapes_of(file["spec"][0], "spec")])
        moved = np.abs(trained - theta)
        self.assertLessEqual(moved.max(), 0.0011)  # a step of Adam is the rate, 0.001, or less
        self.assertGreater(moved.max(), 0.0005)


if __name__ == "__main__":
    unittest.main()
