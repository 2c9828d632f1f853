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
        shapes = convert.shapes_of(json.dumps({**SPEC, "model": model}), "spec")
        self.assertEqual(len(shapes), 4 * len(NAMES))
        self.assertIn("sub_rnn_3.linear_1.b", shapes)

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
