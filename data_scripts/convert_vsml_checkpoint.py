#!/usr/bin/env python3
"""Converts the parameters of VSML, and of the networks that it is compared with, between the authors' JAX code and srwm.

The authors' checkpoints are pickles that need JAX and optax to load. Make an .npz of one with Python of your own:

  params = pickle.load(open("model.chkp", "rb"))["params"]
  np.savez("params.npz", **{f"{module}|{name}": value for module, tree in params.items() for name, value in tree.items()})

The first form below makes a checkpoint for 'srwm eval --checkpoint' and 'srwm train-vsml --init-from'; the spec says what
model the parameters are of. The second makes such an .npz. Names are translated, no number and no layout changes.

Example:
  convert_vsml_checkpoint.py params.npz model.h5 --config experiments/vsml_figure6/evolution.json
  convert_vsml_checkpoint.py --to-npz runs/vsml_figure6_evolution-s1/checkpoints/best.h5 params.npz
"""

import json
import zipfile

from command_line import InputError, Package, argument_parser, check_output, new_file, path, printable, require, run
from convert_torch_checkpoint import check_finite, read_checkpoint, read_spec, some, write_checkpoint

np = Package("numpy")

DEFAULTS = {"kind": "vsml", "message": 8, "state": 16, "layer_norm": False, "layerwise": False,
            "separate_backward": False, "hidden": [], "lstm_units": 0, "memory": 16, "fast_size": 64,
            "convolutions": False}
ROOTS = {"vsml": "vsmlrnn", "meta_rnn": "meta_rnn", "hebbian": "hebbian_fw", "fw_memory": "fw_memory", "fwp": "fwp"}
NUMBERS = ("message", "state", "lstm_units", "memory", "fast_size")


def model_of(spec_text, name):
    """The group model of a spec, with defaults."""
    try:
        spec = json.loads(spec_text)
        model = {**DEFAULTS, **spec.get("model", {})}
        task = spec.get("task")
        model |= {key: int(model[key]) for key in NUMBERS}
        model["layers"] = len(model["hidden"]) + 1
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise InputError(f"{name} is not an experiment spec: {error}. Try 'srwm config check'.") from error
    if task != "vsml" or model["kind"] not in ROOTS:
        raise InputError(f"{name} is not a spec of VSML or of what it is compared with: its task is "
                         f"{printable(str(task))}, its model.kind {printable(str(model['kind']))}.")
    return model


def shapes_of(model, tensors, source):
    """{name in srwm: shape} of the parameters that a spec's model has. The weights of all but VSML depend on the numbers
    of inputs and classes, which those in `tensors` tell."""
    if model["kind"] != "vsml":
        return shapes_of_baseline(model, tensors, source)
    message, state, layers = model["message"], model["state"], model["layers"]
    sets = (layers if model["layerwise"] else 1) * (2 if model["separate_backward"] else 1)
    shapes = {}
    for number in range(sets):
        prefix = f"sub_rnn_{number}" if number else "sub_rnn"
        for module, rows, columns in (("custom_lstm.linear", 2 * message + state, 4 * state),
                                      ("linear", state, message), ("linear_1", state, message)):
            shapes |= {f"{prefix}.{module}.w": (rows, columns), f"{prefix}.{module}.b": (columns,)}
        for module in ("layer_norm", "layer_norm_1") if model["layer_norm"] else ():
            shapes |= {f"{prefix}.{module}.{leaf}": (message,) for leaf in ("scale", "offset")}
    return shapes


def shapes_of_baseline(model, tensors, source):
    kind, shapes = model["kind"], {}
    units = model["lstm_units"] or (128 if kind == "meta_rnn" else 32)
    first, bias = {"hebbian": ("hebbian_linear.w", "hebbian_linear.b"),
                   "fwp": ("linear.w", "linear.b")}.get(kind, ("lstm.linear.w", "linear.b"))
    missing = [name for name in (first, bias) if name not in tensors or not tensors[name].shape]
    if missing:
        raise InputError(f"{source} lacks {some([to_authors(kind, name) for name in missing])}. Is it the spec of this "
                         "model?")
    rows, classes = tensors[first].shape[0], tensors[bias].shape[0]
    if kind == "fwp":
        return {"linear.w": (rows, classes), "linear.b": (classes,)}
    if model["convolutions"]:
        channels = 64 if kind == "meta_rnn" else 8
        colors = tensors["conv2_d.w"].shape[2] if "conv2_d.w" in tensors and tensors["conv2_d.w"].ndim == 4 else 1
        for number, name in enumerate(("conv2_d", "conv2_d_1", "conv2_d_2")):
            shapes |= {f"{name}.w": (3, 3, channels if number else colors, channels), f"{name}.b": (channels,)}
    if kind == "hebbian":
        return shapes | {"hebbian_linear.w": (rows, classes), "hebbian_linear.coeff": (rows, classes),
                         "hebbian_linear.fw_lr": (1,), "hebbian_linear.b": (classes,)}
    linears = [("lstm.linear", rows, 4 * units), ("linear", units, classes)]
    if kind == "fw_memory":
        memory = model["memory"]
        linears += [("linear_1", units, 3 * memory + 1), ("linear_2", units, 2 * memory), ("linear_3", memory, units)]
    for name, inputs, outputs in linears:
        shapes |= {f"{name}.w": (inputs, outputs), f"{name}.b": (outputs,)}
    return shapes


def to_authors(kind, name):
    """"sub_rnn.custom_lstm.linear.w" -> "vsmlrnn/~/sub_rnn/~/custom_lstm/linear|w", "linear.b" -> "fwp/~/linear|b"."""
    *modules, leaf = name.split(".")
    first = f"{modules.pop(0)}/~/" if kind == "vsml" else ""
    return f"{ROOTS[kind]}/~/{first}{'/'.join(modules)}|{leaf}"


def from_authors(kind, name):
    """The name in srwm; as it is if it is none of the model's."""
    path, _, leaf = name.partition("|")
    prefix = f"{ROOTS[kind]}/~/"
    if not leaf or not path.startswith(prefix):
        return name
    return ".".join([*path[len(prefix):].replace("/~/", "/").split("/"), leaf])


def read_npz(source):
    """{name: array}"""
    try:
        with np.load(source, allow_pickle=False) as content:
            return {name: content[name] for name in content.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{source} is not an .npz of arrays: {error}.") from error


def check(tensors, shapes, source):
    """Refuses tensors that are not those of the spec's model, or not finite."""
    missing, more = ([name for name in a if name not in b] for a, b in ((shapes, tensors), (tensors, shapes)))
    if missing:
        raise InputError(f"{source} lacks {some(missing)}. It has {some(tensors)}. Is it the spec of this model?")
    if more:
        raise InputError(f"{source} has {some(more)}, which the model of the spec does not have.")
    for name, shape in shapes.items():
        found = tensors[name]
        if tuple(found.shape) != shape or found.dtype.kind != "f":
            raise InputError(f"{source}: {name} is {found.dtype} {list(found.shape)}; the model of the spec needs "
                             f"floating-point numbers {list(shape)}.")
    check_finite(tensors, source)


def from_npz(options):
    require("numpy", "h5py")
    spec_text = read_spec(options.config)
    model = model_of(spec_text, options.config)
    kind = model["kind"]
    tensors = read_npz(options.input)
    # A scalar in the authors' code is a list of one number here.
    tensors = {name: value.reshape(1) if name.endswith("|fw_lr") and value.size == 1 else value
               for name, value in tensors.items()}
    shapes = shapes_of(model, {from_authors(kind, name): value for name, value in tensors.items()}, options.input)
    check(tensors, {to_authors(kind, name): shape for name, shape in shapes.items()}, options.input)
    write_checkpoint(options.output, spec_text, {name: tensors[to_authors(kind, name)] for name in shapes}, {},
                     "convert_vsml_checkpoint.py")
    print(f"{options.output}: {len(shapes)} tensors, {sum(value.size for value in tensors.values())} numbers.")


def to_npz(options):
    require("numpy", "h5py")
    spec_text, tensors, _, _ = read_checkpoint(options.input)
    model = model_of(spec_text, f"the spec in {options.input}")
    check(tensors, shapes_of(model, tensors, options.input), options.input)
    arrays = {to_authors(model["kind"], name): value.reshape(()) if name.endswith(".fw_lr") else value
              for name, value in tensors.items()}
    with new_file(options.output) as name, open(name, "wb") as file:
        np.savez(file, **arrays)
    print(f"{options.output}: {len(tensors)} tensors.")


def parse(arguments):
    parser = argument_parser(__doc__)
    parser.add_argument("input", metavar="IN", type=path, help=".npz file; with --to-npz a checkpoint of srwm")
    parser.add_argument("output", metavar="OUT", type=path, help="checkpoint to write; with --to-npz an .npz file")
    parser.add_argument("--config", metavar="SPEC", type=path, help="experiment spec that the parameters belong to")
    parser.add_argument("--to-npz", action="store_true", help="convert a checkpoint of srwm to an .npz")
    options = parser.parse_args(arguments)
    if options.to_npz == bool(options.config):
        parser.error("give --config SPEC, or --to-npz for a checkpoint, which holds its spec")
    return options


def main(arguments):
    options = parse(arguments)
    check_output("OUT", options.output, [options.input, *([options.config] if options.config else [])])
    (to_npz if options.to_npz else from_npz)(options)


if __name__ == "__main__":
    run(main)
