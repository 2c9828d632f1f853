#!/usr/bin/env python3
"""Converts the parameters of VSML between the authors' JAX code and srwm.

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

from command_line import InputError, Package, argument_parser, check_output, new_file, path, printable, read_text, require, run
from convert_torch_checkpoint import check_finite, read_checkpoint, some, write_checkpoint

np = Package("numpy")

DEFAULTS = {"kind": "vsml", "message": 8, "state": 16, "layer_norm": False, "layerwise": False,
            "separate_backward": False, "hidden": []}
ROOT = "vsmlrnn"


def shapes_of(spec_text, name):
    """{name in srwm: shape} of the parameters that a spec's model has."""
    try:
        spec = json.loads(spec_text)
        model = {**DEFAULTS, **spec.get("model", {})}
        task = spec.get("task")
        message, state, layers = int(model["message"]), int(model["state"]), len(model["hidden"]) + 1
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise InputError(f"{name} is not an experiment spec: {error}. Try 'srwm config check'.") from error
    if task != "vsml" or model["kind"] != "vsml":
        raise InputError(f"{name} is not a spec of VSML: its task is {printable(str(task))}, its model.kind "
                         f"{printable(str(model['kind']))}.")
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


def to_authors(name):
    """"sub_rnn.custom_lstm.linear.w" -> "vsmlrnn/~/sub_rnn/~/custom_lstm/linear|w"."""
    sub_rnn, *module, leaf = name.split(".")
    return f"{ROOT}/~/{sub_rnn}/~/{'/'.join(module)}|{leaf}"


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
    spec_text = read_text(options.config)
    shapes = shapes_of(spec_text, options.config)
    tensors = read_npz(options.input)
    check(tensors, {to_authors(name): shape for name, shape in shapes.items()}, options.input)
    write_checkpoint(options.output, spec_text, {name: tensors[to_authors(name)] for name in shapes}, {},
                     "convert_vsml_checkpoint.py")
    print(f"{options.output}: {len(shapes)} tensors, {sum(value.size for value in tensors.values())} numbers.")


def to_npz(options):
    require("numpy", "h5py")
    spec_text, tensors, _, _ = read_checkpoint(options.input)
    check(tensors, shapes_of(spec_text, f"the spec in {options.input}"), options.input)
    with new_file(options.output) as name, open(name, "wb") as file:
        np.savez(file, **{to_authors(name): value for name, value in tensors.items()})
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
