#!/usr/bin/env python3
"""Converts few-shot models between the PyTorch code of the SRWM papers and srwm.

  convert_torch_checkpoint.py best_model.pt model.h5 --config experiments/my.json
  convert_torch_checkpoint.py --to-torch runs/my-s1/checkpoints/best.h5 best_model.pt

The first makes a checkpoint for 'srwm eval --checkpoint' and 'srwm train-fewshot --init-from'; the spec says what model
the tensors are of. The second makes {'model_state_dict': ...}, as the authors' programs load it. Only this script needs
PyTorch; names and layouts are the same on both sides, so no number changes.
"""

import argparse
import importlib.util
import json
import pickle
import re

import h5py
import numpy as np

from file_tree import describe_start
from srwm_pack import PackError, new_hdf5, run

FORMAT_VERSION = 1
# What a model is made of where its spec does not say; docs/spec.md.
DEFAULTS = {"protocol": {"n_way": 5}, "vision": {"kind": "conv4", "channels": 64, "size": "base"},
            "core": {"kind": "srwm", "layers": 2, "heads": 16, "hidden": 256, "ff_factor": 4, "layer_norm": True}}
# PyTorch counts the batches of a batch-norm without using the count. Kept in /torch for the way back.
UNUSED = re.compile(r"(conv_layers\.\d+\.1|stem_resnet12\.layer\d+\.(bn\d+|downsample\.1))\.num_batches_tracked")


def read_text(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise PackError(f"{path} cannot be read: {error}.") from error


def options_of(spec_text, path):
    """The keys of a spec that decide about shapes, defaults filled in."""
    try:
        spec = json.loads(spec_text)
        model = spec.get("model", {})
        given = {"protocol": spec.get("protocol", {}), "vision": model.get("vision", {}), "core": model.get("core", {})}
        options = {group: {**DEFAULTS[group], **given[group]} for group in DEFAULTS}
    except (json.JSONDecodeError, AttributeError, TypeError) as error:
        raise PackError(f"{path} is not an experiment spec: {error}. Try 'srwm config check'.") from error
    for group, kinds in (("vision", ENCODERS), ("core", CORES)):
        if options[group]["kind"] not in kinds:
            raise PackError(f"{path}: model.{group}.kind is '{options[group]['kind']}'; expected {', '.join(kinds)}.")
    return options


def linear(name, rows, columns, bias=True):
    return {name + ".weight": (rows, columns), **({name + ".bias": (rows,)} if bias else {})}


def norm(name, width):
    return {name + ".weight": (width,), name + ".bias": (width,)}


def fast_weight_layers(core, inputs):
    """The layers of all cores but the LSTM."""
    hidden, heads = core["hidden"], core["heads"]
    size, inner = hidden // heads, core["ff_factor"] * hidden
    shapes = linear("input_proj", hidden, inputs)
    for i in range(core["layers"]):
        fast, ff = f"layers.{2 * i}", f"layers.{2 * i + 1}"
        if core["kind"] == "srwm":
            shapes |= {f"{fast}.W_{part}": (1, heads, size, size) for part in "yqk"}
            shapes |= {f"{fast}.w_b": (1, heads, size, 4)}
        else:
            betas = heads if core["kind"] == "delta_net" else 0
            shapes |= linear(fast + ".slow_net", 3 * hidden + betas, hidden, bias=False)
        if core["kind"] != "srwm" or core["layer_norm"]:
            shapes |= norm(fast + ".layer_norm", hidden)
        shapes |= linear(fast + ".out_linear", hidden, hidden, bias=False)
        shapes |= linear(ff + ".ff_layers.0", inner, hidden) | linear(ff + ".ff_layers.3", hidden, inner)
        shapes |= norm(ff + ".layer_norm", hidden)
    return shapes


def lstm_layers(core, inputs):
    hidden, shapes = core["hidden"], {}
    for i in range(core["layers"]):
        shapes |= {f"rnn.weight_ih_l{i}": (4 * hidden, hidden if i else inputs),
                   f"rnn.weight_hh_l{i}": (4 * hidden, hidden),
                   f"rnn.bias_ih_l{i}": (4 * hidden,), f"rnn.bias_hh_l{i}": (4 * hidden,)}
    return shapes


CORES = {"srwm": fast_weight_layers, "delta_net": fast_weight_layers, "linear_transformer": fast_weight_layers,
         "transformer": fast_weight_layers, "lstm": lstm_layers}


def batch_norm(name, channels):
    return {**norm(name, channels), name + ".running_mean": (channels,), name + ".running_var": (channels,)}


def conv4(vision, image_channels):
    channels, shapes = vision["channels"], {}
    for i in range(4):
        shapes[f"conv_layers.{i}.0.weight"] = (channels, channels if i else image_channels, 3, 3)
        shapes |= {f"conv_layers.{i}.0.bias": (channels,), **batch_norm(f"conv_layers.{i}.1", channels)}
    return shapes


def res12_channels(vision):
    first = vision["channels"]
    return [first * factor // 2 for factor in ((2, 4, 8, 16) if vision["size"] == "big" else (2, 3, 4, 8))]


def res12(vision, image_channels):
    shapes, inputs = {}, image_channels
    for number, channels in enumerate(res12_channels(vision), 1):
        block = f"stem_resnet12.layer{number}"
        for i in range(1, 4):
            shapes[f"{block}.conv{i}.weight"] = (channels, inputs if i == 1 else channels, 3, 3)
            shapes |= batch_norm(f"{block}.bn{i}", channels)
        shapes |= {f"{block}.downsample.0.weight": (channels, inputs, 1, 1),
                   **batch_norm(f"{block}.downsample.1", channels)}
        inputs = channels
    return shapes


# Shapes of an encoder, and the name of the weights that see the image.
ENCODERS = {"conv4": (conv4, "conv_layers.0.0.weight"), "res12": (res12, "stem_resnet12.layer1.conv1.weight")}


def expected_shapes(options, tensors):
    """Shapes of all tensors of the model. A spec does not tell the size of the images: their channels and the number of
    features are taken from the tensors, as far as they can be right."""
    core, vision, n_way = options["core"], options["vision"], options["protocol"]["n_way"]
    encoder, sees_image = ENCODERS[vision["kind"]]

    def columns(name, otherwise):
        shape = tensors[name].shape if name in tensors else ()
        return shape[1] if len(shape) > 1 else otherwise

    image_channels = columns(sees_image, 1)
    first = "rnn.weight_ih_l0" if core["kind"] == "lstm" else "input_proj.weight"
    if vision["kind"] == "res12":
        features = res12_channels(vision)[-1]
    else:
        features = vision["channels"] * max(1, round((columns(first, 0) - n_way) / vision["channels"]))
    return (encoder(vision, image_channels) | CORES[core["kind"]](core, features + n_way)
            | linear("out_layer", n_way, core["hidden"]))


def check(tensors, options, path):
    """Refuses a model that is not the one of the spec."""
    shapes = expected_shapes(options, tensors)
    for name, shape in shapes.items():
        if name not in tensors:
            raise PackError(f"{path} has no tensor {name} {list(shape)}, which the model of the spec needs.")
        found = tensors[name]
        if tuple(found.shape) != tuple(shape):
            raise PackError(f"{path}: the tensor {name} is {list(found.shape)}; the model of the spec needs "
                            f"{list(shape)}.")
        if found.dtype.kind != "f":
            raise PackError(f"{path}: the tensor {name} is {found.dtype}; expected floating-point numbers.")
    for name in tensors:
        if name not in shapes:
            raise PackError(f"{path} has a tensor {name} {list(tensors[name].shape)}, which the model of the spec does "
                            "not have.")


def to_srwm_name(name):
    """Undoes DataParallel's prefix and the two lists of layers of the bootstrapped models."""
    name = name.removeprefix("module.")
    for part, offset in (("fw_layers", 0), ("ff_layers", 1)):
        name = re.sub(rf"^{part}\.(\d+)\.", lambda match: f"layers.{2 * int(match[1]) + offset}.", name)
    return name


def to_bootstrapped_name(name):
    match = re.match(r"layers\.(\d+)\.(.*)", name)
    if not match:
        return name
    number = int(match[1])
    return f"{'ff' if number % 2 else 'fw'}_layers.{number // 2}.{match[2]}"


def unpickle(path, trust):
    """What torch.save wrote."""
    import torch
    try:
        with open(path, "rb") as file:
            start = file.read(64)
    except OSError as error:
        raise PackError(f"{path} cannot be read: {error.strerror}.") from error
    if start[:2] not in (b"PK", b"\x80\x02"):  # zip archive, pickle
        raise PackError(f"{path} is no PyTorch file: {describe_start(start)}.")
    try:
        return torch.load(path, map_location="cpu", **({} if trust else {"weights_only": True}))
    except pickle.UnpicklingError as error:
        raise PackError(f"{path} holds Python objects besides tensors, or is damaged. If you trust where it is from, "
                        "give --trust: loading runs what is in it.") from error
    except (RuntimeError, EOFError, ValueError) as error:
        raise PackError(f"{path} is no whole PyTorch file: {next(iter(str(error).splitlines()), 'it ends early')}.") \
            from error


def load_torch(path, trust):
    """Names and arrays of the model in a PyTorch file."""
    import torch
    state = content = unpickle(path, trust)
    if isinstance(content, dict):
        state = next((content[key] for key in ("model_state_dict", "state_dict") if key in content), content)
    if not isinstance(state, dict) or not state or not all(torch.is_tensor(value) for value in state.values()):
        raise PackError(f"{path} is no state_dict of tensors, nor a dict with one as 'model_state_dict'.")
    return {to_srwm_name(name): value.numpy() for name, value in state.items()}


def write_checkpoint(path, spec_text, tensors, unused):
    """Writes a checkpoint without optimizer, whole or not at all."""
    with new_hdf5(path) as file:
        file.attrs.update({"srwm_format": "checkpoint", "format_version": FORMAT_VERSION, "version": "",
                           "generator": "convert_torch_checkpoint.py", "commit": "", "data_digest": "",
                           "device": "cpu", "threads": 0})
        file.create_dataset("spec", data=[spec_text],
                            dtype=h5py.string_dtype("utf-8", max(1, len(spec_text.encode()))))
        file.create_group("progress").attrs.update({"step": 0, "best_step": 0, "counters": "", "reals": ""})
        for name, value in tensors.items():
            file.create_dataset("model/" + name, data=value.astype(np.float32))
        for name, value in unused.items():
            file.create_dataset("torch/" + name, data=value)


def text(value):
    """An attribute of text: h5py gives bytes where the length is fixed, as in files of srwm."""
    return value.decode() if isinstance(value, bytes) else str(value)


def read_checkpoint(path):
    """(spec, tensors, unused tensors, step) of a checkpoint."""
    try:
        with h5py.File(path) as file:
            kind, version = text(file.attrs.get("srwm_format", "another file")), file.attrs.get("format_version", 0)
            if kind != "checkpoint" or version > FORMAT_VERSION:
                raise PackError(f"{path} is {kind}, format version {version}; expected checkpoint, format version "
                                f"{FORMAT_VERSION}.")
            groups = [{name: value[()] for name, value in file.get(group, {}).items()} for group in ("model", "torch")]
            return file["spec"].asstr()[0], *groups, int(file["progress"].attrs["step"])
    except (OSError, KeyError) as error:
        raise PackError(f"{path} is not a whole checkpoint: {error}.") from error


def from_torch(arguments):
    spec_text = read_text(arguments.config)
    options = options_of(spec_text, arguments.config)
    state = load_torch(arguments.input, arguments.trust)
    unused = {name: value for name, value in state.items() if UNUSED.fullmatch(name)}
    tensors = {name: value for name, value in state.items() if name not in unused}
    check(tensors, options, arguments.input)
    write_checkpoint(arguments.output, spec_text, tensors, unused)
    print(f"{arguments.output}: {len(tensors)} tensors, {sum(value.size for value in tensors.values())} numbers.")


def to_torch(arguments):
    import torch
    spec_text, tensors, unused, step = read_checkpoint(arguments.input)
    check(tensors, options_of(spec_text, f"the spec in {arguments.input}"), arguments.input)
    for name in [name for name in tensors if name.endswith(".running_var")]:
        tensors[name.replace("running_var", "num_batches_tracked")] = np.array(step, np.int64)
    rename = to_bootstrapped_name if arguments.bootstrapped else str
    state = {rename(name): torch.from_numpy(np.asarray(value)) for name, value in sorted((tensors | unused).items())}
    torch.save({"model_state_dict": state}, arguments.output)
    print(f"{arguments.output}: {len(state)} tensors.")


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", metavar="IN", help="PyTorch file; with --to-torch a checkpoint of srwm")
    parser.add_argument("output", metavar="OUT", help="checkpoint to write; with --to-torch a PyTorch file")
    parser.add_argument("--config", metavar="SPEC", help="experiment spec that the PyTorch model belongs to")
    parser.add_argument("--trust", action="store_true", help="load a PyTorch file with more in it than tensors")
    parser.add_argument("--to-torch", action="store_true", help="convert a checkpoint of srwm to PyTorch")
    parser.add_argument("--bootstrapped", action="store_true",
                        help="with --to-torch: the names of the authors' bootstrapped models (fw_layers, ff_layers)")
    arguments = parser.parse_args(argv)
    if arguments.to_torch == bool(arguments.config):
        parser.error("give --config SPEC, or --to-torch for a checkpoint, which holds its spec.")
    if importlib.util.find_spec("torch") is None:  # imported where it is used: --help works without
        raise PackError("PyTorch is missing: apt-get install python3-torch, or pip install torch.")
    (to_torch if arguments.to_torch else from_torch)(arguments)


if __name__ == "__main__":
    run(main)
