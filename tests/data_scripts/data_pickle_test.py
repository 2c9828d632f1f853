"""data_scripts/data_pickle.py: reads what Python and numpy write, refuses and never runs anything else."""

import base64
import builtins
import collections
import os
import pickle
import pickletools
import subprocess
import unittest

from packing import HTML, PackerTest, noise

import numpy as np

import data_pickle
from command_line import InputError

# Pickle protocol 2 of Python 2 and its numpy: strings are U and T, numpy 1.x as it named things then.
PYTHON2_HEAD = b"\x80\x02}q\x01(U\nimage_dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04" \
               b"K\x00\x85U\x01b\x87Rq\x05(K\x01K\x02K\x02\x86cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01\x87Rq\x07(K\x03U" \
               b"\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x04abcdtb"
PYTHON2_TAIL = b"U\nclass_dictq\x08}q\x09U\x03n01q\n]q\x0b(K\x00cnumpy.core.multiarray\nscalar\nq\x0c" \
               b"h\x07U\x01\x05\x86Res" + b"u."


# Of numpy 2.4 under Python 3.11: arrays that are transposed, in Fortran order, mapped from a file; scalars.
CURRENT_NUMPY = base64.b64decode(
    "gAWVrgEAAAAAAAB9lCiMAXSUjBNudW1weS5fY29yZS5udW1lcmljlIwLX2Zyb21idWZmZXKUk5QolhgAAAAAAAAAAAECAwQFBgcI"
    "CQoLDA0ODxAREhMUFRYXlIwFbnVtcHmUjAVkdHlwZZSTlIwCdTGUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LAHSUYksCSwNL"
    "BIeUjAFLlEsCSwBLAYeUdJRSlIwBa5RoBCiWGAAAAAAAAAAAAQIDBAUGBwgJCgsMDQ4PEBESExQVFheUaAtLAksDSwSHlGgPSwFL"
    "AEsCh5R0lFKUjAFmlGgEKJYYAAAAAAAAAAAMBBAIFAENBREJFQIOBhIKFgMPBxMLF5RoC0sCSwNLBIeUjAFGlHSUUpSMAXOUjBZu"
    "dW1weS5fY29yZS5tdWx0aWFycmF5lIwGc2NhbGFylJOUaAiMAmY0lImIh5RSlChLA4wBPJROTk5K/////0r/////SwB0lGJDBAAA"
    "IECUhpRSlIwBaZRoImgIjAJpOJSJiIeUUpQoSwNoJk5OTkr/////Sv////9LAHSUYkMIBwAAAAAAAACUhpRSlHUu")
MAPPED_NUMPY = base64.b64decode(
    "gASVQQEAAAAAAAB9lCiMAW2UjBZudW1weS5fY29yZS5tdWx0aWFycmF5lIwMX3JlY29uc3RydWN0lJOUjAVudW1weZSMBm1lbW1h"
    "cJSTlEsAhZRDAWKUh5RSlChLAUsCSwKGlGgFjAVkdHlwZZSTlIwCdTGUiYiHlFKUKEsDjAF8lE5OTkr/////Sv////9LAHSUYolD"
    "BAAAAAWUdJRijAFzlGgCjAZzY2FsYXKUk5RoEUMBBZSGlFKUjAFulGgYaA6MAnU4lImIh5RSlChLA4wBPJROTk5K/////0r/////"
    "SwB0lGJDCAUAAAAAAAAAlIaUUpSMAXqUaARoBYwHbmRhcnJheZSTlEsAhZRoCYeUUpQoSwEpaA6MAmk4lImIh5RSlChLA2ggTk5O"
    "Sv////9K/////0sAdJRiiUMIAwAAAAAAAACUdJRidS4=")


class Shell:
    """Unpickled by Python, it runs a command."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


class Calls:
    def __init__(self, function, *arguments):
        self.called = function, arguments

    def __reduce__(self):
        return self.called


class DataPickle(PackerTest):
    def load(self, content):
        return data_pickle.loads(content, "x.pkl")

    def refused(self, content, pattern):
        with self.assertRaisesRegex(InputError, pattern):
            self.load(content)

    def test_reads_what_python_and_numpy_write(self):
        data = {"image_data": noise(1, 7, 5, 5, 3), "empty": np.zeros((0, 3), np.uint8), "none": None, "yes": True,
                "fortran": np.asfortranarray(noise(2, 3, 4).astype(">i4")), "half": 0.5, "large": -10 ** 30,
                "numpy": np.int64(-7), "text": "Dürer", "bytes": b"\x00\xff", "nothing": b"",
                "members": {"n01": list(range(2000)), "n02": (1, 2, 3, 4, ())}, "long": "x" * 70000,
                "ints": [-1, 300, 70000]}
        for protocol in range(6):
            with self.subTest(protocol=protocol):
                found = self.load(pickle.dumps(data, protocol))
                self.assertEqual(list(found), list(data))
                for key, value in data.items():
                    np.testing.assert_array_equal(found[key], value, key)
                self.assertEqual(found["image_data"].dtype, np.uint8)

    def test_reads_python_2(self):
        found = data_pickle.load(self.write("x.pkl", PYTHON2_HEAD + PYTHON2_TAIL))
        np.testing.assert_array_equal(found["image_data"], [[97, 98], [99, 100]])
        self.assertEqual(found["class_dict"], {"n01": [0, 5]})

    def test_reads_current_numpy(self):
        expected = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
        found = self.load(CURRENT_NUMPY)
        for name, array in (("t", expected.transpose(2, 0, 1)), ("k", expected.transpose(1, 0, 2)), ("f", expected)):
            np.testing.assert_array_equal(found[name], array)
        self.assertEqual((found["s"], found["i"]), (2.5, 7))
        found = self.load(MAPPED_NUMPY)
        np.testing.assert_array_equal(found["m"], [[0, 0], [0, 5]])
        self.assertEqual((found["s"], found["n"], found["z"].shape, int(found["z"])), (5, 5, (), 3))

    def test_reads_arrays_of_any_layout(self):
        chance = np.random.default_rng(4)
        for kind in ("u1", ">i2", "f2", "f4", ">f8", "?", "c16", "U3", "S4"):
            array = noise(5, 2, 3, 4, 2).astype(kind)
            for _ in range(3):
                turned = array.transpose(chance.permutation(4))[..., ::int(chance.choice([1, -1, 2]))]
                for protocol in range(6):
                    np.testing.assert_array_equal(self.load(pickle.dumps(turned, protocol)), turned)

    def test_reads_the_usual_containers(self):
        array = noise(6, 3, 2)
        data = {"ordered": collections.OrderedDict([("b", 1), ("a", array)]), "default": collections.defaultdict(list, x=[1]),
                "set": {1, 2}, "frozen": frozenset("ab"), "bytearray": bytearray(b"xy"), "complex": 1 + 2j, "bytes": b"z" * 5000,
                "counter": collections.Counter("aab"), "deque": collections.deque([1, 2]), "memmap": array.view(np.memmap),
                "again": array, "matrix": np.asmatrix(array), "long": 10 ** 700, "text": "ü" * 9000}
        for protocol in range(6):
            with self.subTest(protocol=protocol):
                found = self.load(pickle.dumps(data, protocol))
                self.assertEqual(sorted(found), sorted(data))
                for name in ("default", "set", "frozen", "bytearray", "complex", "bytes", "counter", "long", "text"):
                    self.assertEqual(found[name], data[name], name)
                self.assertEqual(list(found["ordered"]), ["b", "a"])
                self.assertEqual(list(found["deque"]), [1, 2])
                for name in ("memmap", "again", "matrix"):
                    np.testing.assert_array_equal(found[name], array)

    def test_others_are_named_and_not_called_malicious(self):
        with self.assertRaises(InputError) as refusal:
            self.load(pickle.dumps(Calls(os.path.join, "a"), 2))
        self.assertRegex(str(refusal.exception), "holds a posixpath.join, which is not one of the kinds of plain data")
        self.assertNotIn("do not load", str(refusal.exception))
        unknown = data_pickle.loads(pickle.dumps({"a": Shell("true"), "b": 3}, 4), "x", others=lambda module, name:
                                    data_pickle.Unknown(f"{module}.{name}"))
        self.assertEqual((unknown["a"].name, unknown["b"]), ("posix.system", 3))

    def test_items_one_after_the_other(self):
        arrays = [noise(seed, seed % 50 + 1, 1) for seed in range(2300)]
        for protocol in (2, 3, 4, 5):
            path = self.write("list.pkl", pickle.dumps(arrays, protocol))
            found = list(data_pickle.items(path))
            self.assertEqual(len(found), len(arrays))
            self.assertTrue(all(np.array_equal(a, b) for a, b in zip(arrays, found)))
        with self.assertRaisesRegex(InputError, "holds no list"):
            list(data_pickle.items(self.write("dict.pkl", pickle.dumps({}, 2))))

    def test_items_do_not_pile_up(self):
        path = self.write("list.pkl", pickle.dumps([noise(1, 5000, 1) for _ in range(4000)], 2))
        with data_pickle.open_pickle(path) as file:
            machine = data_pickle.Machine(file, path)
            self.assertEqual(sum(1 for _ in machine.items()), 4000)
            kept = [value for value in machine.memo.values() if isinstance(value, (bytes, str, np.ndarray))]
            self.assertLess(sum(len(value) for value in kept), 1000)

    def test_runs_nothing(self):
        trace = self.path("trace")
        hostile = [Shell(f"touch {trace}"), [1, {"image_data": Shell(f"touch {trace}")}],
                   Calls(subprocess.check_call, ["touch", trace]), Calls(builtins.eval, f"open({trace!r}, 'w')"),
                   Calls(builtins.getattr, 1, "real"), Calls(np.load, trace), Calls(builtins.bytes, 1 << 60)]
        for protocol in (2, 3, 4, 5):
            for thing in hostile:
                self.refused(pickle.dumps(thing, protocol), "is not data alone: it asks for|bytes with arguments|"
                             "holds a numpy")
        self.assertFalse(os.path.exists(trace))

    def test_names_what_was_asked_for(self):
        self.refused(pickle.dumps(Shell("true"), 4), r"it asks for posix\.system, which is not run here")

    def test_other_ways_to_call(self):
        trace = self.path("trace")
        call = f"(S'touch {trace}'\n".encode()
        self.refused(b"\x80\x02" + call + b"ios\nsystem\n.", "asks for os.system")  # INST
        self.refused(b"\x80\x02(cos\nsystem\nX\x04\x00\x00\x00trueo.", "asks for os.system")  # OBJ
        self.refused(b"\x80\x02cos\nsystem\n)\x81.", "asks for os.system")  # NEWOBJ
        self.refused(b"\x80\x02cnumpy\nndarray\nK\x03\x85\x81.", "no class of data")
        self.refused(b"\x80\x02\x82\x01.", "none of data's")  # EXT1
        self.refused(b"\x80\x02X\x01\x00\x00\x00xQ.", "stored outside of it")  # BINPERSID
        self.refused(b"\x80\x04\x8c\x02os\x8c\x06system\x93.", "asks for os.system")  # STACK_GLOBAL
        self.refused(b"\x80\x02cnumpy\nndarray\nK\x03\x85R.", "called that is no function")
        self.refused(b"\x80\x02K\x03)R.", "called that is no function")
        self.refused(b"\x80\x02])R.", "no pickle of plain data")
        self.refused(b"\x80\x02c_codecs\nencode\n}X\x01\x00\x00\x00aK\x01sb.", "a state is set on something")
        self.assertFalse(os.path.exists(trace))

    def test_arrays_of_objects(self):
        for thing in (np.array([1, "a", None], object), np.array([["ab", "c"]]), np.array([b"x"]), np.array(2, object)):
            np.testing.assert_array_equal(self.load(pickle.dumps(thing, 2)), thing)
        for thing in (np.zeros(2, [("a", "u1")]), np.zeros(2, "M8[s]")):
            self.refused(pickle.dumps(thing, 2), "none of numbers")
        self.refused(pickle.dumps(np.zeros(3, np.uint8), 2).replace(b"X\x02\x00\x00\x00u1", b"X\x02\x00\x00\x00O8"),
                     "none of a list")
        self.refused(pickle.dumps(np.ma.zeros(3), 2), "holds a numpy.ma.core._mareconstruct, which is not one of the "
                                                      "kinds")

    def test_lies_about_sizes(self):
        whole = pickle.dumps(np.zeros(40, np.uint8), 3)
        self.refused(whole.replace(b"K(\x85", b"K)\x85"), "no pickle of plain data or is damaged")
        self.refused(b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f.", "truncated")
        self.refused(b"\x80\x02T\xff\xff\xff\xff.", "no pickle of plain data")

    def test_every_truncation_and_many_changes(self):
        whole = pickle.dumps({"a": noise(1, 3, 3), "b": [1, "x", b"y", (1.5, None)]}, 2)
        for end in range(len(whole)):
            self.refused(whole[:end], "no pickle|not a pickle")
        changes = np.random.default_rng(3)
        for _ in range(2000):
            changed = bytearray(whole)
            changed[changes.integers(len(changed))] = changes.integers(256)
            try:
                self.load(bytes(changed))
            except InputError:
                pass

    def test_deep_nesting(self):
        depth = 100000
        found = self.load(b"\x80\x02" + b"]" * depth + b"a" * (depth - 1) + b".")
        self.assertEqual(len(found), 1)
        while found:  # taken apart here: Python's own way to free it is recursive
            found = found.pop()

    def test_things_that_are_no_pickle(self):
        self.refused(HTML, "x.pkl is not a pickle: it starts with '<!DOCTYPE html>': probably a web")
        self.refused(b"", "it is empty")
        self.refused(b"\x80\x06N.", "protocol 6")
        with self.assertRaisesRegex(InputError, "nowhere.pkl cannot be read: No such file"):
            data_pickle.load(self.path("nowhere.pkl"))

    def test_knows_no_instruction_that_python_does_not(self):
        known = {opcode.code.encode("latin-1") for opcode in pickletools.opcodes}
        self.assertLessEqual(set(data_pickle.INSTRUCTIONS), known)


if __name__ == "__main__":
    unittest.main()
