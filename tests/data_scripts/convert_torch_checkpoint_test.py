"""data_scripts/convert_torch_checkpoint.py: the way to srwm, which needs no PyTorch, and there and back, which does: then
these tests say so and are skipped."""

import collections
import contextlib
import io
import json
import os
import pickle
import re
import unittest
from unittest import mock

from packing import PackerTest

import h5py
import numpy as np

import convert_torch_checkpoint as convert
import torch_file
import torch_files
from command_line import InputError, NotFinite, ScriptError, UsageError

try:
    import torch
except ImportError:
    torch = None

HERE = os.path.dirname(os.path.abspath(__file__))
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
    chance = np.random.default_rng(1)
    return {name: chance.standard_normal(shape).astype(np.float32)
            for name, shape in model.shapes({name: np.empty(size) for name, size in sizes.items()}).items()}


def agent_state_of(core):
    """A state_dict for frames of 4 x 8 with 3 channels and 7 actions, as the authors' program has it."""
    state = random_state(core, "agent", {"feat_convs.0.0.weight": (2, 3, 3, 3), "fc.weight": (5, 3 * 2),
                                         "policy.bias": (7,)})
    for i in range(AGENT["layers"] if core in SRWM_AGENTS else 0):
        state |= {f"core.fwm_layers.{i}.layer_norm.{part}": np.full(AGENT["hidden"], i + 0.5, np.float32) for part in ("weight", "bias")}
    return state


def state_of(core, vision="conv4"):
    """A state_dict with the features of 2 x 3 maps of 3-channel images."""
    first = "rnn.weight_ih_l0" if core == "lstm" else "input_proj.weight"
    state = random_state(core, vision, {convert.ENCODERS[vision][1]: (4, 3, 3, 3), first: (0, 4 * 6 + 3)})
    norms = [name.removesuffix("running_var") for name in state if name.endswith("running_var")]
    state |= {norm + "num_batches_tracked": np.array(70 + i) for i, norm in enumerate(norms)}
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


def tensors(value):
    """The same with a stand-in of a tensor for each array."""
    if isinstance(value, dict):
        return type(value)((name, tensors(part)) for name, part in value.items())
    return torch_files.Tensor(value) if isinstance(value, np.ndarray) else value


class ConvertTest(PackerTest):
    def setUp(self):
        super().setUp()
        self.out, self.input, self.vision = self.path("out.h5"), self.path("in.pt"), "conv4"

    def save(self, content):
        torch_files.save(tensors(content), self.input)

    def convert(self, content, core="srwm", *more):
        self.save(content)
        return self.convert_saved(core, *more)

    def convert_saved(self, core="srwm", *more):
        self.write("spec.json", json.dumps(spec_of(core, self.vision)).encode())
        return self.run_script(self.input, self.out, "--config", self.path("spec.json"), *more)

    def run_script(self, *arguments):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            convert.main(arguments)
        return printed.getvalue()

    def refused(self, pattern, content, *more, kind=InputError):
        self.save(content)
        self.refused_saved(pattern, *more, kind=kind)

    def refused_saved(self, pattern, *more, kind=InputError):
        with self.assertRaisesRegex(kind, pattern):
            self.convert_saved(*more)
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith(("out.h5", ".srwm"))], [])

    def converted(self):
        """All that the checkpoint holds of the state_dict."""
        with h5py.File(self.out) as file:
            return {name: value[()] for group in ("model", "torch") for name, value in file.get(group, {}).items()}

    def same(self, found, expected):
        self.assertEqual(sorted(found), sorted(expected))
        for name, value in expected.items():
            np.testing.assert_array_equal(found[name], value, name)
            self.assertEqual(found[name].dtype, value.dtype, name)


class ToSrwm(ConvertTest):
    def test_every_model(self):
        for self.vision in convert.ENCODERS:
            for core in CORES:
                with self.subTest(vision=self.vision, core=core):
                    self.convert({"model_state_dict": state_of(core, self.vision), "epoch": 3}, core)
                    self.same(self.converted(), state_of(core, self.vision))

    def test_every_agent(self):
        self.vision = "agent"
        for core in AGENTS:
            with self.subTest(core=core):
                self.convert({"model_state_dict": agent_state_of(core), "flags": {"unroll_length": 50}}, core)
                self.same(self.converted(), agent_state_of(core))

    def test_norms_that_agents_apply(self):
        self.vision = "agent_norm"
        for core in SRWM_AGENTS:
            with self.subTest(core=core):
                self.convert(agent_state_of(core), core)
                with h5py.File(self.out) as file:
                    for i in range(AGENT["layers"]):
                        name = f"core.fwm_layers.{i}.layer_norm.weight"
                        np.testing.assert_array_equal(file["model/" + name][:], agent_state_of(core)[name])

    def test_agents_that_are_others(self):
        self.vision = "agent"
        self.refused(r"fwm_layers\.0\.slow_net\.weight \[26, 8\]", agent_state_of("srwm"), "delta_net")
        self.refused(r"a tensor core\.fwm_layers\.0\.layer_norm\.weight \[8\], which",
                     agent_state_of("feed_forward") | {"core.fwm_layers.0.layer_norm.weight": np.ones(8)},
                     "feed_forward")
        self.refused(r"fc\.weight is \[5, 7\]; the model of the spec needs \[5, 6\]",
                     agent_state_of("lstm") | {"fc.weight": np.zeros((5, 7))}, "lstm")
        self.refused(r"agent\.core is 'gru'; expected feed_forward,", agent_state_of("lstm"), "gru")

    def test_checkpoint_content(self):
        self.convert(state_of("srwm"))
        with h5py.File(self.out) as file:
            self.assertEqual(json.loads(file["spec"].asstr()[0]), spec_of("srwm"))
            self.assertEqual(file["model/layers.2.W_q"].dtype, np.float32)
            self.assertNotIn("conv_layers.0.1.num_batches_tracked", file["model"])

    def test_names_of_wrappers(self):
        state = state_of("srwm")
        more = {"optimizer": {"state": {0: {"exp_avg": np.zeros(3)}}, "param_groups": [{"lr": 0.1}]}}

        def renamed(change):
            return {change(name): value for name, value in state.items()}

        for name, content in {
                "DataParallel": renamed(lambda name: "module." + name),
                "torch.compile": renamed(lambda name: "_orig_mod." + name),
                "both": renamed(lambda name: "module._orig_mod." + name),
                "the other way round": renamed(lambda name: "_orig_mod.module." + name),
                "a compiled part": renamed(lambda name: name.replace("layers.0.", "layers.0._orig_mod.", 1)),
                "FSDP": renamed(lambda name: "_fsdp_wrapped_module." + name.replace("layers.2.", "layers.2._fsdp_wrapped_module.")),
                "Lightning": {"state_dict": renamed(lambda name: "model." + name) | {"loss.weight": np.ones(2)},
                              "epoch": 3, "pytorch-lightning_version": "2.5"},
                "Lightning, compiled": {"state_dict": renamed(lambda name: "learner.model._orig_mod." + name), **more},
                "nested": {"checkpoint": {"net": {"weights": state}}, **more},
                "averaged": renamed(lambda name: "module." + name) | {"n_averaged": np.array(7)},
                "beside an average": {"model_ema": {name: value + 1 for name, value in state.items()
                                                    if value.dtype == np.float32}, "model": state}}.items():
            with self.subTest(name):
                self.convert(content)
                self.same(self.converted(), state)

    def test_says_where_it_was_found(self):
        self.assertNotIn("taken", self.convert(state_of("srwm")))
        self.assertIn("taken from state_dict, names after model.\n",
                      self.convert({"state_dict": {"model." + name: value for name, value in state_of("srwm").items()}}))

    def test_bootstrapped_names(self):
        state = {convert.to_bootstrapped_name(name): value for name, value in state_of("srwm").items()}
        self.assertIn("fw_layers.1.W_y", state)
        self.assertIn("ff_layers.1.ff_layers.3.weight", state)
        self.convert({"_orig_mod." + name: value for name, value in state.items()})
        self.same(self.converted(), state_of("srwm"))

    def test_names_of_both_sides(self):
        self.refused(r"no tensor that the model of the spec has\. The model has conv_layers\.0\.0\.weight, .* and \d+ more; "
                     r"the file has weight, bias\. Is it the spec", {"weight": np.zeros(2), "bias": np.zeros(1)})
        state = state_of("srwm")
        state["layers.2.W_keys"] = state.pop("layers.2.W_k")
        self.refused(r"no tensor layers\.2\.W_k \[1, 2, 8, 8\], which the model of the spec needs\. It has layers\.2\.W_keys,",
                     state)

    def test_two_tensors_of_one_name(self):
        state = state_of("srwm")
        state["module.out_layer.bias"] = state["out_layer.bias"]
        self.refused("has two tensors for out_layer.bias", state)

    def test_numbers_of_other_types(self):
        state = state_of("srwm")
        for kind in ("float64", "float16"):
            self.convert({name: value.astype(kind) if value.dtype == np.float32 else value for name, value in state.items()})
            expected = {name: value.astype(kind).astype(value.dtype) for name, value in state.items()}
            self.same(self.converted(), expected)
        torch_files.save({name: torch_files.Tensor(value, bfloat16=value.dtype == np.float32) for name, value in state.items()},
                         self.input)
        self.convert_saved()
        np.testing.assert_allclose(self.converted()["out_layer.weight"], state["out_layer.weight"], rtol=1 / 128)

    def test_tensors_that_lie_in_another_order(self):
        state = state_of("srwm")
        self.convert({name: value.swapaxes(0, -1).copy().swapaxes(0, -1) if value.ndim > 1 else value
                      for name, value in state.items()})
        self.same(self.converted(), state)

    def test_files_of_before_1_6(self):
        torch_files.save_legacy(tensors({"model_state_dict": state_of("srwm")}), self.input)
        self.convert_saved()
        self.same(self.converted(), state_of("srwm"))
        with open(self.input, "r+b") as file:
            file.truncate(os.path.getsize(self.input) - 5)
        os.remove(self.out)
        self.refused_saved("ends early: it is truncated")

    def test_a_model_saved_as_a_whole(self):
        state = state_of("srwm")
        root = {}
        for name, value in state.items():
            *folders, last = name.split(".")
            place = root
            for part in folders:
                place = place.setdefault("modules", {}).setdefault(part, {})
            place.setdefault("parameters", {})[last] = value

        def build(place):
            return torch_files.module(tensors(place.get("parameters", {})), {},
                                      {name: build(part) for name, part in place.get("modules", {}).items()})

        torch_files.save(build(root), self.input)
        self.convert_saved()
        self.same(self.converted(), state)

    def test_objects_are_left_out_and_not_run(self):
        class Hostile:
            def __reduce__(hostile):
                return os.system, (f"touch {self.path('trace')}",)

        for objects in (collections.Counter("a"), Hostile(), torch_files.module(), unittest.TestCase, ScriptError("x")):
            self.convert({"model_state_dict": state_of("srwm"), "args": objects})
            self.same(self.converted(), state_of("srwm"))
        self.assertFalse(os.path.exists(self.path("trace")))
        self.convert({"model_state_dict": state_of("srwm")}, "srwm", "--trust")  # understood, and of no use

    def test_numbers_that_are_not_finite(self):
        for value, words in ((np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")):
            state = state_of("srwm")
            state["layers.2.W_k"][0, 1, 2, 3] = value
            state["out_layer.bias"][0] = value
            self.refused(rf"the tensor layers\.2\.W_k holds {words} \(1 of its 128 numbers", state, kind=NotFinite)
        state = state_of("srwm")
        state["layers.0.W_k"] = state["layers.0.W_k"].astype(np.float64)
        state["layers.0.W_k"][0, 0, 0, 0] = 1e39
        self.refused(r"layers\.0\.W_k holds 1e\+39, too large for float32", state, kind=NotFinite)

    def test_missing_tensor(self):
        state = state_of("srwm")
        del state["layers.2.W_k"]
        self.refused(r"no tensor layers\.2\.W_k \[1, 2, 8, 8\]", state)

    def test_extra_tensor(self):
        self.refused(r"a tensor layers\.4\.W_y \[2\], which", state_of("srwm") | {"layers.4.W_y": np.zeros(2)})

    def test_misshapen_tensor(self):
        wrong = {"out_layer.weight": np.zeros((5, 16))}
        self.refused(r"out_layer\.weight is \[5, 16\]; the model of the spec needs \[3, 16\]", state_of("srwm") | wrong)

    def test_features_that_no_image_gives(self):
        wrong = {"input_proj.weight": np.zeros((16, 26))}
        self.refused(r"input_proj\.weight is \[16, 26\]; .* needs \[16, 27\]", state_of("srwm") | wrong)

    def test_integers(self):
        wrong = {"out_layer.bias": np.zeros(3, np.int64)}
        self.refused(r"out_layer\.bias is int64; expected floating", state_of("srwm") | wrong)

    def test_another_model(self):
        self.refused("no tensor rnn.weight_ih_l0", state_of("srwm"), "lstm")

    def test_no_state_dict(self):
        self.refused("holds no tensors", {"epoch": 3})
        self.refused("holds no tensors", [1, 2])

    def test_other_files(self):
        for start, pattern in ((b"<html>", "probably a web page"), (b"version https://git-lfs", "Git LFS pointer"),
                               (b"", "it is empty"), (b"\x89HDF\r\n", "checkpoints are .those take --to-torch"),
                               (b"\x28\0\0\0\0\0\0\0{\"a\":", "safetensors"), (b"7z\xbc\xaf\x27\x1c", "7-Zip archive"),
                               (pickle.dumps({"a": 1}, 2), "not written by torch.save")):
            with self.subTest(pattern):
                self.write("in.pt", start)
                self.refused_saved(pattern)
        self.write_zip("in.pt", {"readme.txt": b"x"})
        self.refused_saved("a zip archive without one data.pkl")
        self.write_zip("in.pt", {"net/data.pkl": b"x", "net/constants.pkl": b""})
        self.refused_saved("TorchScript program")
        self.input = self.path("none.pt")
        self.refused_saved("cannot be read: No such file")

    def test_specs_of_other_systems_and_no_specs(self):
        self.save(state_of("srwm"))
        for content in (json.dumps(spec_of("srwm")).encode("utf-8-sig"), json.dumps(spec_of("srwm")).encode("utf-16")):
            self.run_script(self.input, self.out, "--config", self.write("other.json", content))
            with h5py.File(self.out) as file:
                self.assertEqual(json.loads(file["spec"].asstr()[0]), spec_of("srwm"))
        os.remove(self.out)
        spec = spec_of("srwm")
        for change in ([], {"model": 3}, spec | {"model": {"core": {"hidden": "x"}}}, spec | {"model": {"core": {"heads": 0}}},
                       spec | {"protocol": {"n_way": 1.5}}, spec | {"model": {"vision": {"kind": ["conv4"]}}},
                       {"task": "rl", "agent": {"channels": 3}}, {"task": "rl", "agent": {"channels": [3, True]}}):
            with self.assertRaisesRegex(InputError, "other.json"):
                self.run_script(self.input, self.out, "--config", self.write("other.json", json.dumps(change).encode()))

    def test_outputs_that_are_inputs(self):
        self.save(state_of("srwm"))
        os.link(self.input, self.path("hard.pt"))
        os.symlink("in.pt", self.path("soft.pt"))
        spec = self.write("spec.json", json.dumps(spec_of("srwm")).encode())
        for out in ("in.pt", "hard.pt", "soft.pt", "spec.json"):
            with self.assertRaisesRegex(UsageError, "OUT: .* which is read. Choose another name"):
                self.run_script(self.input, self.path(out), "--config", spec)

    def test_damage_is_never_a_bug(self):
        torch_files.save_legacy(tensors(state_of("lstm")), self.path("legacy.pt"))
        self.save({"model": state_of("lstm")})
        spec = self.write("spec.json", json.dumps(spec_of("lstm")).encode())
        chance = np.random.default_rng(2)
        for name in ("in.pt", "legacy.pt"):
            with open(self.path(name), "rb") as file:
                whole = file.read()
            for _ in range(150):
                changed = bytearray(whole[:chance.integers(len(whole)) if chance.integers(4) == 0 else None])
                for _ in range(min(len(changed), chance.integers(1, 6))):
                    changed[chance.integers(len(changed))] = chance.integers(256)
                self.ends_well(convert.main, self.write("changed.pt", bytes(changed)), self.out, "--config", spec)
            pickled = torch_files.dumps(tensors({"model": state_of("lstm")}))[0]
            for _ in range(150):
                changed = bytearray(pickled)
                changed[chance.integers(len(changed))] = chance.integers(256)
                self.ends_well(convert.main, self.write_zip("changed.pt", {"a/data.pkl": bytes(changed)}), self.out, "--config",
                               spec)


class Tensors(unittest.TestCase):
    def test_shapes_beyond_the_storage(self):
        def tensor(*place):
            return torch_file.Tensor(torch_file._Storage("f4", lambda: bytes(24)), *place)

        self.assertEqual(tensor(1, (2, 2), (2, 1)).array().shape, (2, 2))
        for place in ((3, (2, 2), (2, 1)), (0, (7,), (1,)), (0, (2,), (-1,)), (-1, (2,), (1,)), (0, (2, 2), (1,)),
                      (0, (1 << 20, 1 << 20), (0, 0))):
            with self.assertRaises(ValueError):
                tensor(*place).array()


@unittest.skipIf(torch is None, "PyTorch is not installed")
class ThereAndBack(ConvertTest):
    def save(self, content):
        def of_torch(value):
            if isinstance(value, dict):
                return type(value)((name, of_torch(part)) for name, part in value.items())
            return torch.from_numpy(np.array(value)) if isinstance(value, np.ndarray) else value

        torch.save(of_torch(content), self.input)

    def back(self, *more):
        self.run_script("--to-torch", self.out, self.path("back.pt"), *more)
        return {name: value.numpy() for name, value in torch.load(self.path("back.pt"))["model_state_dict"].items()}

    def test_there_and_back(self):
        for self.vision in convert.ENCODERS:
            for core in CORES:
                with self.subTest(vision=self.vision, core=core):
                    self.convert({"model_state_dict": state_of(core, self.vision), "epoch": 3}, core)
                    self.same(self.back(), state_of(core, self.vision))
        self.vision = "agent"
        for core in AGENTS:
            with self.subTest(core=core):
                self.convert({"model_state_dict": agent_state_of(core)}, core)
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
                    np.testing.assert_array_equal(back[norm + "weight"], np.ones(8))
                    np.testing.assert_array_equal(back[norm + "bias"], np.zeros(8))

    def test_bootstrapped_names(self):
        state = {convert.to_bootstrapped_name(name): value for name, value in state_of("srwm").items()}
        self.convert(state)
        self.same(self.back("--bootstrapped"), state)

    def test_what_pytorch_itself_saves(self):
        """A compiled name, a parameter, a model as a whole, and the format of before 1.6."""
        state = state_of("srwm")
        parameters = collections.OrderedDict((f"_orig_mod.{name}", torch.nn.Parameter(torch.from_numpy(np.array(value)),
                                                                                      requires_grad=value.dtype == np.float32))
                                             for name, value in state.items())
        parameters._metadata = {"": {"version": 1}}
        root = torch.nn.Module()
        for name, value in state.items():
            *folders, last = name.split(".")
            place = root
            for part in folders:
                if part not in place._modules:
                    place.add_module(part, torch.nn.Module())
                place = place._modules[part]
            place.register_buffer(last, torch.from_numpy(np.array(value)))
        optimizer = torch.optim.Adam([torch.nn.Parameter(torch.zeros(2))])
        for content, options in ((parameters, {}), ({"net": parameters, "optimizer": optimizer.state_dict()}, {}),
                                 (parameters, {"_use_new_zipfile_serialization": False}), (root, {}),
                                 ({"model": root, "optimizer": optimizer}, {})):
            torch.save(content, self.input, **options)
            self.convert_saved()
            self.same(self.converted(), state)

    def test_numbers_that_are_not_finite(self):
        self.convert(state_of("srwm"))
        with h5py.File(self.out, "r+") as file:
            file["model/layers.0.W_q"][0, 0, 0, 0] = np.nan
        with self.assertRaisesRegex(NotFinite, r"the tensor layers\.0\.W_q holds nan"):
            self.back()
        self.assertFalse(os.path.exists(self.path("back.pt")))

    def test_something_else_than_a_checkpoint(self):
        with h5py.File(self.out, "w") as file:
            file.attrs["srwm_format"] = "classes"
        with self.assertRaisesRegex(InputError, "is classes, format version 0; expected checkpoint"):
            self.back()
        with h5py.File(self.out, "w") as file:
            file.attrs.update({"srwm_format": "checkpoint", "format_version": 1})
            file.create_group("model/inner")
        with self.assertRaisesRegex(InputError, "is not a whole checkpoint"):
            self.back()

    def test_numbers_in_another_file(self):
        self.convert(state_of("srwm"))
        with h5py.File(self.path("other.h5"), "w") as other:
            other["x"] = np.zeros((3, 16), np.float32)
        layout = h5py.VirtualLayout((3, 16), np.float32)
        layout[:] = h5py.VirtualSource(self.path("other.h5"), "x", (3, 16))
        with h5py.File(self.out, "r+") as file:
            del file["model/out_layer.weight"]
            file.create_virtual_dataset("model/out_layer.weight", layout)
        with self.assertRaisesRegex(InputError, "the numbers of out_layer.weight are in another file"):
            self.back()

    def test_texts_of_fixed_length_as_srwm_writes_them(self):
        self.convert(state_of("srwm"))
        with h5py.File(self.out, "r+") as file:
            file.attrs["srwm_format"] = np.bytes_("checkpoint")
        self.same(self.back(), state_of("srwm"))


class WithoutPyTorch(ConvertTest):
    def test_the_way_back_says_what_to_install(self):
        with mock.patch("importlib.util.find_spec", side_effect=lambda name: None if name == "torch" else True), \
                self.assertRaisesRegex(ScriptError, "The Python package torch is not installed for .*: apt-get "
                                                    "install"):
            self.run_script("--to-torch", self.write("a.h5", b""), self.path("back.pt"))


if __name__ == "__main__":
    if torch is None:
        print("The ways back are skipped: PyTorch is not installed (apt-get install python3-torch).")
    unittest.main(verbosity=1)
