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
BASELINES = {  # the networks in data/baselines.h5; the fast weights of fwp begin at random
    "meta_rnn": {"kind": "meta_rnn", "lstm_units": 5},
    "meta_rnn_conv": {"kind": "meta_rnn", "lstm_units": 5, "convolutions": True},
    "hebbian": {"kind": "hebbian"},
    "hebbian_conv": {"kind": "hebbian", "convolutions": True},
    "hebbian_plain": {"kind": "hebbian", "oja": False},
    "fw_memory": {"kind": "fw_memory", "lstm_units": 5, "memory": 3},
}
GOLDEN = os.path.join(HERE, "data", "vsml_given.h5")
DATA = {"datasets": ["glyphs"], "tasks": 0, "project": 0, "sizes": [4], "glyph_classes": 2,
        "glyphs": {"train_classes": 4, "val_classes": 4, "test_classes": 4, "images_per_class": 4}}


def shapes_of(spec_text):
    return convert.shapes_of(convert.model_of(spec_text, "spec"), {}, "spec")


def shapes_of_baseline(spec, inputs, classes):
    model = convert.model_of(json.dumps(spec), "spec")
    features = (64 if model["kind"] == "meta_rnn" else 8) if model["convolutions"] else inputs  # 7 x 7 end as 1 x 1
    rows = features + 2 * classes + (0 if model["kind"] == "hebbian" else model["lstm_units"])
    first, bias = ("hebbian_linear.w", "hebbian_linear.b") if model["kind"] == "hebbian" else ("lstm.linear.w", "linear.b")
    return convert.shapes_of(model, {first: np.zeros((rows, 1)), bias: np.zeros(classes)}, "spec")


def spec_of_baseline(model):
    test = {"datasets": ["glyphs"], "sizes": [4], "length": 4, "episodes": 2}
    return {"task": "vsml", "name": "given", "data": DATA, "model": model, "validation": {"every": 0, **test},
            "test": test}


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

    def write_checkpoint(self, spec, theta, shapes=None):
        """As somebody with the authors' code would: an .npz, then the converter."""
        text, arrays, at = json.dumps(spec), {}, 0
        for name, shape in (shapes or shapes_of(text)).items():
            size = int(np.prod(shape))
            arrays[convert.to_authors(spec["model"].get("kind", "vsml"), name)] = theta[at:at + size].reshape(shape)
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

    def test_logits_of_baselines_are_those_of_pytorch(self):
        for name, model in BASELINES.items():
            with self.subTest(name), h5py.File(os.path.join(HERE, "data", "baselines.h5")) as file:
                self.compare_baseline(file[name], model)

    def compare_baseline(self, golden, model):
        spec, classes = spec_of_baseline(model), int(golden.attrs["classes"])
        self.write_checkpoint(spec, golden["theta"][()], shapes_of_baseline(spec, int(golden.attrs["inputs"]), classes))
        with h5py.File(self.path("stream.h5"), "w") as file:
            file.attrs.update({"srwm_format": "stream", "format_version": 1, "generator": "stream_file_test.py",
                               "classes": classes})
            file["inputs"], file["labels"] = golden["x"][()][None], golden["labels"][()][None]
        self.srwm("eval", "--checkpoint", self.path("model.h5"), "--stream-file", self.path("stream.h5"), "--logits",
                  self.path("logits.h5"), "--device", "cpu")
        with h5py.File(self.path("logits.h5")) as file:
            logits = file["logits"][0]
            self.assertNotIn("cells", file)
        expected = golden["logits"][()]
        self.assertLessEqual(np.abs(logits - expected).max(), 1e-4 * np.abs(expected).max())
        for file in ("logits.h5", "model.h5"):
            os.remove(self.path(file))

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
                                      for name in shapes_of(file["spec"][0])])
        moved = np.abs(trained - theta)
        self.assertLessEqual(moved.max(), 0.0011)  # a step of Adam is the rate, 0.001, or less
        self.assertGreater(moved.max(), 0.0005)


if __name__ == "__main__":
    unittest.main()
