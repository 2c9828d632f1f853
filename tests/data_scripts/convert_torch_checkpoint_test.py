"""data_scripts/convert_torch_checkpoint.py there and back. Needs PyTorch; says so and passes without."""

import contextlib
import io
import json
import os
import re
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "data_scripts"))

import h5py
import numpy as np

import convert_torch_checkpoint as convert
from srwm_pack import PackError

try:
    import torch
except ImportError:
    torch = None

CORES = {"srwm": {"kind": "srwm", "layers": 2, "heads": 2, "hidden": 16},
         "delta_net": {"kind": "delta_net", "layers": 1, "heads": 2, "hidden": 16},
         "linear_transformer": {"kind": "linear_transformer", "layers": 1, "heads": 2, "hidden": 16},
         "transformer": {"kind": "transformer", "layers": 1, "heads": 2, "hidden": 16},
         "lstm": {"kind": "lstm", "layers": 2, "hidden": 16}}


AGENT = {"channels": [2, 3], "features": 5, "layers": 2, "heads": 2, "hidden": 8, "ff_inner": 6}
AGENTS = ("feed_forward", "feed_forward_deep", "lstm", "delta_net", "linear_transformer", "fake_sr", "srwm", "sr_delta")
SRWM_AGENTS = ("fake_sr", "srwm", "sr_delta")


def spec_of(core, vision="conv4"):
    if vision in ("agent", "agent_norm"):
        agent = {**AGENT, "core": core} | ({"layer_norm": True} if vision == "agent_norm" else {})
        return {"task": "rl", "name": "small", "env": {"games": ["melody"]}, "agent": agent}
    return {"name": "small", "protocol": {"n_way": 3},
            "model": {"vision": {"kind": vision, "channels": 4}, "core": CORES[core]}}


def random_state(core, vision, sizes):
    """Random tensors; `sizes` are shapes of those that tell what the spec does not."""
    model = convert.model_of(json.dumps(spec_of(core, vision)), "spec")
    torch.manual_seed(1)
    return {name: torch.randn(shape)
            for name, shape in model.shapes({name: np.empty(size) for name, size in sizes.items()}).items()}


def agent_state_of(core):
    """A state_dict for frames of 4 x 8 with 3 channels and 7 actions, as the authors' program has it."""
    state = random_state(core, "agent", {"feat_convs.0.0.weight": (2, 3, 3, 3), "fc.weight": (5, 3 * 2),
                                         "policy.bias": (7,)})
    for i in range(AGENT["layers"] if core in SRWM_AGENTS else 0):
        state |= {f"core.fwm_layers.{i}.layer_norm.{part}": torch.randn(AGENT["hidden"]) for part in ("weight", "bias")}
    return state


def state_of(core, vision="conv4"):
    """A state_dict with the features of 2 x 3 maps of 3-channel images."""
    first = "rnn.weight_ih_l0" if core == "lstm" else "input_proj.weight"
    state = random_state(core, vision, {convert.ENCODERS[vision][1]: (4, 3, 3, 3), first: (0, 4 * 6 + 3)})
    norms = [name.removesuffix("running_var") for name in state if name.endswith("running_var")]
    state |= {norm + "num_batches_tracked": torch.tensor(70 + i) for i, norm in enumerate(norms)}
    return state


class SpecDefaults(unittest.TestCase):
    def test_are_those_of_the_spec_reference(self):
        with open(os.path.join(HERE, "..", "..", "docs", "spec.md"), encoding="utf-8") as file:
            sections = dict(re.findall(r"### `([a-z.]+)`\n(.*?)(?=\n###|\Z)", file.read(), re.DOTALL))
        defaults = {"protocol": convert.DEFAULTS["protocol"], "model.vision": convert.DEFAULTS["vision"],
                    "model.core": convert.DEFAULTS["core"], "agent": convert.AGENT_DEFAULTS}
        for title, values in defaults.items():
            documented = dict(re.findall(r"^\| `(\w+)` \|.*?\| `([^`]*)` \|", sections[title], re.MULTILINE))
            for key, value in values.items():
                self.assertEqual(json.loads(documented[key]), value, f"{title}.{key}")


@unittest.skipIf(torch is None, "PyTorch is not installed")
class ConvertTorchCheckpoint(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.out = self.path("out.h5")
        self.vision = "conv4"

    def path(self, name):
        return os.path.join(self.folder, name)

    def convert(self, state, core="srwm", *more):
        torch.save(state, self.path("in.pt"))
        with open(self.path("spec.json"), "w", encoding="utf-8") as file:
            json.dump(spec_of(core, self.vision), file)
        self.run_script(self.path("in.pt"), self.out, "--config", self.path("spec.json"), *more)

    def back(self, *more):
        self.run_script("--to-torch", self.out, self.path("back.pt"), *more)
        return torch.load(self.path("back.pt"))["model_state_dict"]

    def run_script(self, *arguments):
        with contextlib.redirect_stdout(io.StringIO()):
            convert.main(arguments)

    def refused(self, pattern, state, *more):
        with self.assertRaisesRegex(PackError, pattern):
            self.convert(state, *more)
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith("out.h5")], [])

    def same(self, found, expected):
        self.assertEqual(sorted(found), sorted(expected))
        for name, value in expected.items():
            self.assertTrue(torch.equal(found[name], value), name)
            self.assertEqual(found[name].dtype, value.dtype, name)

    def test_there_and_back(self):
        for self.vision in convert.ENCODERS:
            for core in CORES:
                with self.subTest(vision=self.vision, core=core):
                    self.convert({"model_state_dict": state_of(core, self.vision), "epoch": 3}, core)
                    self.same(self.back(), state_of(core, self.vision))

    def test_agents_there_and_back(self):
        self.vision = "agent"
        for core in AGENTS:
            with self.subTest(core=core):
                self.convert({"model_state_dict": agent_state_of(core), "flags": {"unroll_length": 50}}, core)
                self.same(self.back(), agent_state_of(core))

    def test_norms_that_agents_never_apply(self):
        self.vision = "agent"
        for core in SRWM_AGENTS:
            with self.subTest(core=core):
                self.convert(agent_state_of(core), core)
                with h5py.File(self.out, "r+") as file:
                    self.assertFalse([name for name in file["model"] if "fwm_layers" in name and "norm" in name])
                    del file["torch"]  # as in a checkpoint of srwm's own
                back = self.back()
                self.assertEqual(sorted(back), sorted(agent_state_of(core)))
                for i in range(AGENT["layers"]):
                    norm = f"core.fwm_layers.{i}.layer_norm."
                    self.assertTrue(torch.equal(back[norm + "weight"], torch.ones(8)))
                    self.assertTrue(torch.equal(back[norm + "bias"], torch.zeros(8)))

    def test_norms_that_agents_apply(self):
        self.vision = "agent_norm"
        for core in SRWM_AGENTS:
            with self.subTest(core=core):
                self.convert(agent_state_of(core), core)
                with h5py.File(self.out) as file:
                    weights = [file[f"model/core.fwm_layers.{i}.layer_norm.weight"][:] for i in range(AGENT["layers"])]
                for i, weight in enumerate(weights):
                    self.assertTrue(np.array_equal(weight, agent_state_of(core)[f"core.fwm_layers.{i}.layer_norm.weight"]))
                self.same(self.back(), agent_state_of(core))

    def test_agents_that_are_others(self):
        self.vision = "agent"
        self.refused(r"fwm_layers\.0\.slow_net\.weight \[26, 8\]", agent_state_of("srwm"), "delta_net")
        self.refused(r"a tensor core\.fwm_layers\.0\.layer_norm\.weight \[8\], which",
                     agent_state_of("feed_forward") | {"core.fwm_layers.0.layer_norm.weight": torch.ones(8)},
                     "feed_forward")
        self.refused(r"fc\.weight is \[5, 7\]; the model of the spec needs \[5, 6\]",
                     agent_state_of("lstm") | {"fc.weight": torch.zeros(5, 7)}, "lstm")
        self.refused(r"agent\.core is 'gru'; expected feed_forward,", agent_state_of("lstm"), "gru")

    def test_checkpoint_content(self):
        self.convert(state_of("srwm"))
        with h5py.File(self.out) as file:
            self.assertEqual(json.loads(file["spec"].asstr()[0]), spec_of("srwm"))
            self.assertEqual(file["model/layers.2.W_q"].dtype, np.float32)
            self.assertTrue(np.array_equal(file["model/layers.2.W_q"], state_of("srwm")["layers.2.W_q"].numpy()))
            self.assertNotIn("conv_layers.0.1.num_batches_tracked", file["model"])

    def test_data_parallel_prefix(self):
        self.convert({"module." + name: value for name, value in state_of("srwm").items()})
        self.same(self.back(), state_of("srwm"))

    def test_bootstrapped_names(self):
        state = {convert.to_bootstrapped_name(name): value for name, value in state_of("srwm").items()}
        self.assertIn("fw_layers.1.W_y", state)
        self.assertIn("ff_layers.1.ff_layers.3.weight", state)
        self.convert(state)
        self.same(self.back(), state_of("srwm"))
        self.same(self.back("--bootstrapped"), state)

    def test_double_becomes_single(self):
        self.convert({name: value.double() if value.is_floating_point() else value
                      for name, value in state_of("srwm").items()})
        self.same(self.back(), state_of("srwm"))

    def test_missing_tensor(self):
        state = state_of("srwm")
        del state["layers.2.W_k"]
        self.refused(r"no tensor layers\.2\.W_k \[1, 2, 8, 8\]", state)

    def test_extra_tensor(self):
        self.refused(r"a tensor layers\.4\.W_y \[2\], which", state_of("srwm") | {"layers.4.W_y": torch.zeros(2)})

    def test_misshapen_tensor(self):
        wrong = {"out_layer.weight": torch.zeros(5, 16)}
        self.refused(r"out_layer\.weight is \[5, 16\]; the model of the spec needs \[3, 16\]", state_of("srwm") | wrong)

    def test_features_that_no_image_gives(self):
        wrong = {"input_proj.weight": torch.zeros(16, 26)}
        self.refused(r"input_proj\.weight is \[16, 26\]; .* needs \[16, 27\]", state_of("srwm") | wrong)

    def test_integers(self):
        wrong = {"out_layer.bias": torch.zeros(3, dtype=torch.int64)}
        self.refused(r"out_layer\.bias is int64; expected floating", state_of("srwm") | wrong)

    def test_another_model(self):
        self.refused("no tensor rnn.weight_ih_l0", state_of("srwm"), "lstm")

    def test_objects_need_trust(self):
        state = {"model_state_dict": state_of("srwm"), "args": unittest.TestCase}
        self.refused("give --trust", state)
        self.convert(state, "srwm", "--trust")
        self.same(self.back(), state_of("srwm"))

    def test_no_state_dict(self):
        self.refused("no state_dict of tensors", {"epoch": 3})
        self.refused("no state_dict of tensors", [torch.zeros(2)])

    def test_other_files(self):
        self.convert(state_of("srwm"))
        for start, pattern in ((b"<html>", "probably a web page"), (b"version https://git-lfs", "Git LFS pointer"),
                               (b"", "it is empty")):
            with self.subTest(pattern):
                with open(self.path("in.pt"), "wb") as file:
                    file.write(start)
                with self.assertRaisesRegex(PackError, pattern):
                    self.run_script(self.path("in.pt"), self.out, "--config", self.path("spec.json"))
        with self.assertRaisesRegex(PackError, "cannot be read"):
            self.run_script(self.path("none.pt"), self.out, "--config", self.path("spec.json"))

    def test_truncated_file(self):
        self.convert(state_of("srwm"))
        with open(self.path("in.pt"), "r+b") as file:
            file.truncate(2000)
        with self.assertRaisesRegex(PackError, "no whole PyTorch file"):
            self.run_script(self.path("in.pt"), self.out, "--config", self.path("spec.json"))

    def test_something_else_than_a_checkpoint(self):
        with h5py.File(self.out, "w") as file:
            file.attrs["srwm_format"] = "classes"
        with self.assertRaisesRegex(PackError, "is classes, format version 0; expected checkpoint"):
            self.back()

    def test_texts_of_fixed_length_as_srwm_writes_them(self):
        self.convert(state_of("srwm"))
        with h5py.File(self.out, "r+") as file:
            file.attrs["srwm_format"] = np.bytes_("checkpoint")
        self.same(self.back(), state_of("srwm"))


if __name__ == "__main__":
    if torch is None:
        print("The conversions are skipped: PyTorch is not installed (apt-get install python3-torch).")
    unittest.main(verbosity=1)
