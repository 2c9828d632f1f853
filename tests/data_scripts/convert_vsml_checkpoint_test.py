"""data_scripts/convert_vsml_checkpoint.py: there and back, and what it refuses."""

import contextlib
import io
import json
import os
import unittest

from packing import PackerTest

import h5py
import numpy as np

import convert_vsml_checkpoint as convert
from command_line import InputError, NotFinite, ScriptError

SPEC = {"task": "vsml", "name": "small", "model": {"message": 3, "state": 4, "layer_norm": True}}
NAMES = {"vsmlrnn/~/sub_rnn/~/custom_lstm/linear|w": (10, 16), "vsmlrnn/~/sub_rnn/~/custom_lstm/linear|b": (16,),
         "vsmlrnn/~/sub_rnn/~/linear|w": (4, 3), "vsmlrnn/~/sub_rnn/~/linear|b": (3,),
         "vsmlrnn/~/sub_rnn/~/linear_1|w": (4, 3), "vsmlrnn/~/sub_rnn/~/linear_1|b": (3,),
         "vsmlrnn/~/sub_rnn/~/layer_norm|scale": (3,), "vsmlrnn/~/sub_rnn/~/layer_norm|offset": (3,),
         "vsmlrnn/~/sub_rnn/~/layer_norm_1|scale": (3,), "vsmlrnn/~/sub_rnn/~/layer_norm_1|offset": (3,)}


class ConvertVsml(PackerTest):
    def setUp(self):
        super().setUp()
        chance = np.random.default_rng(1)
        self.arrays = {name: chance.standard_normal(shape).astype(np.float32) for name, shape in NAMES.items()}

    def convert(self, arrays=None, spec=SPEC):
        np.savez(self.path("in.npz"), **(self.arrays if arrays is None else arrays))
        with open(self.path("spec.json"), "w", encoding="utf-8") as file:
            json.dump(spec, file)
        with contextlib.redirect_stdout(io.StringIO()):
            convert.main([self.path("in.npz"), self.path("model.h5"), "--config", self.path("spec.json")])

    def refuses(self, pattern, error=InputError, **given):
        with self.assertRaisesRegex(error, pattern):
            self.convert(**given)
        self.assertFalse(os.path.exists(self.path("model.h5")))

    def test_there_and_back(self):
        self.convert()
        with h5py.File(self.path("model.h5")) as file:
            self.assertEqual(file.attrs["srwm_format"], "checkpoint")
            np.testing.assert_array_equal(file["model/sub_rnn.custom_lstm.linear.w"][()],
                                          self.arrays["vsmlrnn/~/sub_rnn/~/custom_lstm/linear|w"])
        with contextlib.redirect_stdout(io.StringIO()):
            convert.main(["--to-npz", self.path("model.h5"), self.path("out.npz")])
        with np.load(self.path("out.npz")) as back:
            self.assertEqual(set(back.files), set(self.arrays))
            for name, value in self.arrays.items():
                np.testing.assert_array_equal(back[name], value)

    def test_sets(self):
        model = {**SPEC["model"], "hidden": ["dense 5"], "layerwise": True, "backward_pass": True, "separate_backward": True}
        shapes = convert.shapes_of(convert.model_of(json.dumps({**SPEC, "model": model}), "spec"), {}, "in.npz")
        self.assertEqual(len(shapes), 4 * len(NAMES))
        self.assertIn("sub_rnn_3.linear_1.b", shapes)

    def baseline(self, kind, shapes, **model):
        """Converts made-up parameters there and back."""
        chance = np.random.default_rng(2)
        arrays = {name: chance.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
        self.convert(arrays, {"task": "vsml", "name": "small", "model": {"kind": kind, **model}})
        with contextlib.redirect_stdout(io.StringIO()):
            convert.main(["--to-npz", self.path("model.h5"), self.path("out.npz")])
        with np.load(self.path("out.npz")) as back:
            self.assertEqual(set(back.files), set(arrays))
            for name, value in arrays.items():
                np.testing.assert_array_equal(back[name], value)
                self.assertEqual(back[name].shape, value.shape)
        os.remove(self.path("model.h5"))
        os.remove(self.path("out.npz"))
        return arrays

    def test_baselines(self):
        linear = {"linear|w": (5, 3), "linear|b": (3,)}
        lstm = {"lstm/linear|w": (6 + 6 + 5, 20), "lstm/linear|b": (20,), **linear}
        named = lambda root, shapes: {f"{root}/~/{name}": shape for name, shape in shapes.items()}
        conv = {f"conv2_d{end}|{leaf}": shape for end, first in (("", 3), ("_1", 64), ("_2", 64))
                for leaf, shape in (("w", (3, 3, first, 64)), ("b", (64,)))}
        self.baseline("meta_rnn", named("meta_rnn", lstm), lstm_units=5)
        self.baseline("meta_rnn", named("meta_rnn", lstm | conv), lstm_units=5, convolutions=True)
        self.baseline("fw_memory", named("fw_memory", lstm | {
            "linear_1|w": (5, 7), "linear_1|b": (7,), "linear_2|w": (5, 4), "linear_2|b": (4,), "linear_3|w": (2, 5),
            "linear_3|b": (5,)}), lstm_units=5, memory=2)
        self.baseline("fwp", named("fwp", {"linear|w": (15, 12), "linear|b": (12,)}), fast_size=4)
        hebbian = self.baseline("hebbian", named("hebbian_fw", {
            "hebbian_linear|w": (12, 3), "hebbian_linear|coeff": (12, 3), "hebbian_linear|fw_lr": (),
            "hebbian_linear|b": (3,)}))
        spec = {"task": "vsml", "model": {"kind": "hebbian"}}
        self.refuses("lacks hebbian_fw/~/hebbian_linear.w", spec=spec)
        name = "hebbian_fw/~/hebbian_linear|coeff"
        self.refuses("needs", arrays={**hebbian, name: hebbian[name][:3]}, spec=spec)

    def test_refusals(self):
        name = next(iter(self.arrays))
        self.refuses("lacks vsmlrnn", arrays={other: self.arrays[other] for other in self.arrays if other != name})
        self.refuses("has more, which", arrays={**self.arrays, "more": np.zeros(1, np.float32)})
        self.refuses("needs", arrays={**self.arrays, name: np.zeros((10, 15), np.float32)})
        self.refuses("needs", arrays={**self.arrays, name: np.zeros((10, 16), np.int32)})
        self.refuses("nan", NotFinite, arrays={**self.arrays, name: np.full((10, 16), np.nan, np.float32)})
        self.refuses("not a spec of VSML", spec={"name": "x"})
        self.refuses("not a spec of VSML", spec={"task": "vsml", "model": {"kind": "sgd"}})
        self.convert()  # a spec that fits
        os.remove(self.path("model.h5"))
        with open(self.path("in.npz"), "w", encoding="utf-8") as file:
            file.write("<html>")
        with self.assertRaisesRegex(ScriptError, "is not an .npz"):
            convert.main([self.path("in.npz"), self.path("model.h5"), "--config", self.path("spec.json")])


if __name__ == "__main__":
    unittest.main()
