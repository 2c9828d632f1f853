#!/usr/bin/env python3
"""Writes an HDF5 file again, compressed with gzip, which every HDF5 library reads.

For files whose datasets are compressed with a filter that srwm's HDF5 library lacks (lzf, zstd, blosc, ...). It reads what
the installed h5py reads: lzf always, most others if the package hdf5plugin is there (pip install hdf5plugin).

Example:
  data_scripts/rewrite_hdf5.py mine.h5 mine_gzip.h5
"""

import importlib
import os

from command_line import InputError, Package, argument_parser, check_output, path, require, run
from hdf5_file import new_hdf5

h5py = Package("h5py")

PIECE_BYTES = 64 << 20


def check_sources(dataset, path):
    """h5py, as HDF5 itself, reads zeros where a source of a virtual dataset is gone."""
    for source in dataset.virtual_sources() if dataset.is_virtual else ():
        file = os.path.join(os.path.dirname(path), source.file_name)
        if source.file_name != "." and not os.path.exists(file) and not os.path.exists(source.file_name):
            raise InputError(f"{path}: {dataset.name} is a virtual dataset, and its source file {source.file_name} is not "
                            "there. Put the file where it was.")


def copy_values(source, target, check):
    """In pieces along the first axis, so that a dataset may be larger than the memory."""
    if source.shape is None:
        return
    if source.ndim == 0 or source.size == 0:
        target[()] = source[()]
        return
    rows = max(1, PIECE_BYTES // max(1, source.nbytes // source.shape[0]))
    for begin in range(0, source.shape[0], rows):
        target[begin:begin + rows] = source[begin:begin + rows]
        check()


def copy_dataset(source, parent, name, path, check):
    check_sources(source, path)
    compressed = source.shape is not None and source.ndim > 0 and source.size > 0
    target = parent.create_dataset(name, shape=source.shape, dtype=source.dtype,
                                   **({"compression": "gzip", "chunks": source.chunks or True} if compressed else {}))
    try:
        copy_values(source, target, check)
    except OSError as error:
        raise InputError(f"{path}: {source.name} cannot be read: {error}. If a filter is missing, install the Python package "
                        "hdf5plugin and run this again.") from error
    target.attrs.update(source.attrs)


def copy_group(source, target, path, check):
    target.attrs.update(source.attrs)
    for name in source:
        item = source.get(name)
        if isinstance(item, h5py.Group):
            copy_group(item, target.create_group(name, track_order=True), path, check)
        elif isinstance(item, h5py.Dataset):
            copy_dataset(item, target, name, path, check)
        else:
            raise InputError(f"{path}: {source.name.rstrip('/')}/{name} is a link to something that is not there, or no "
                            "array. Put the file that it names where it was.")


def register_filters():
    """hdf5plugin, if it is installed, registers its filters with h5py."""
    try:
        importlib.import_module("hdf5plugin")
    except ImportError:
        pass


def main(arguments):
    parser = argument_parser(__doc__)
    parser.add_argument("input", metavar="IN.h5", type=path, help="file to read")
    parser.add_argument("output", metavar="OUT.h5", type=path, help="file to write")
    options = parser.parse_args(arguments)
    check_output("OUT.h5", options.output, [options.input])
    require("h5py")
    register_filters()
    try:
        source = h5py.File(options.input, "r", track_order=True)
    except OSError as error:
        raise InputError(f"{options.input} cannot be read as an HDF5 file: {error}.") from error
    with source, new_hdf5(options.output) as (target, check):
        copy_group(source, target, options.input, check)
    print(f"{options.output}: written with gzip.")


if __name__ == "__main__":
    run(main)
