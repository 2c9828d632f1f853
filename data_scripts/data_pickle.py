"""Reads pickles that hold nothing but data, without the power to do anything else.

Python's own pickle module runs whatever functions a file names. Here the few instructions that data need are carried
out by a small machine of our own: it makes None, numbers, strings, lists, tuples, dicts and numpy arrays of numbers,
knows the handful of names under which numpy stores an array, and refuses a file that names anything else. Protocols 2
to 5, as Python 2 and 3 write them. Byte strings used as keys come out as str; elsewhere a string of Python 2 stays
bytes (see text())."""

import io
import os
import struct

from file_tree import describe_start, read_start
from srwm_pack import InputError

import numpy as np

NUMBER_TYPES = {"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"}
# Longer strings are never referred to a second time by what writes data; to remember them would keep them in memory.
LONGEST_REMEMBERED = 4096
MARK, FORGOTTEN = object(), object()


def load(path):
    """The object in the file."""
    with open_pickle(path) as file:
        return _Machine(file, path).load()


def loads(content, name):
    """The object in the bytes of a file that is called `name` in messages."""
    check_start(content[:512], name)
    return _Machine(io.BytesIO(content), name).load()


def items(path):
    """The items of the list in the file, one after the other, without ever holding the whole list."""
    with open_pickle(path) as file:
        yield from _Machine(file, path).items()


def text(value):
    """A string, whichever Python wrote it."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def open_pickle(path):
    check_start(read_start(path), path)
    return open(path, "rb")


def check_start(start, name):
    if start[:1] != b"\x80":
        raise InputError(f"{name} is not a pickle of protocol 2 to 5: {describe_start(start)}.")


class _NumberType:
    """numpy.dtype, of plain numbers."""

    def __init__(self, code, *_):
        self.code, self.order = text(code), "="
        if self.code not in NUMBER_TYPES:
            raise ValueError(f"an array of '{self.code}' is none of numbers")

    def set_state(self, state):
        self.order = text(state[1])
        return self

    def array(self, content, shape, order="C"):
        if any(extent < 0 for extent in shape):
            raise ValueError(f"an array of {shape}")
        return np.frombuffer(content, np.dtype(self.code).newbyteorder(self.order)).reshape(shape, order=text(order))


class _EmptyArray:
    """numpy.ndarray before its content is known."""

    def set_state(self, state):
        _, shape, number_type, is_fortran, content = state
        return number_type.array(content, shape, "F" if is_fortran else "C")


def _new_array(kind, *_):
    if kind is not _EmptyArray:
        raise ValueError("an array of an unknown kind")
    return _EmptyArray()


def _number(number_type, content):
    return number_type.array(content, (1,))[0].item()


def _encode(string, encoding):
    if text(encoding) not in ("latin1", "latin-1"):
        raise ValueError(f"bytes stored as {encoding}")
    return string.encode("latin-1")


def _known_names():
    names = {("numpy", "ndarray"): _EmptyArray, ("numpy", "dtype"): _NumberType, ("_codecs", "encode"): _encode,
             ("builtins", "bytes"): bytes, ("__builtin__", "bytes"): bytes}
    for core in ("numpy.core", "numpy._core"):
        names[core + ".multiarray", "_reconstruct"] = _new_array
        names[core + ".multiarray", "scalar"] = _number
        names[core + ".numeric", "_frombuffer"] = lambda content, kind, shape, order: kind.array(content, shape, order)
    return names


KNOWN_NAMES = _known_names()
# What may be called; numpy.ndarray is only ever an argument.
CALLABLE = set(KNOWN_NAMES.values()) - {_EmptyArray}
DAMAGE = (EOFError, IndexError, KeyError, TypeError, ValueError, AttributeError, OverflowError, MemoryError,
          struct.error)


class _Machine:
    """A stack, a memo and the instructions. Each is a method in INSTRUCTIONS; a list is built in place."""

    def __init__(self, file, path):
        self.path, self.file = path, file
        self.size = file.seek(0, os.SEEK_END)
        file.seek(0)
        self.stack, self.memo, self.stopped = [], {}, False

    def load(self):
        while not self.stopped:
            self.step()
        return self.stack[-1]

    def items(self):
        """Yields from the list at the bottom of the stack as often as something was added to it."""
        while not self.stopped:
            self.step()
            if len(self.stack) == 1 and isinstance(self.stack[0], list) and self.stack[0]:
                yield from self.stack[0]
                self.stack[0].clear()
        if not isinstance(self.stack[-1], list):
            raise InputError(f"{self.path} holds no list.")

    def step(self):
        code = self.file.read(1)
        try:
            instruction = INSTRUCTIONS.get(code)
            if instruction is None:
                raise ValueError(f"the instruction {code.hex()} is none of data's" if code else "it ends early")
            instruction(self)
        except DAMAGE as error:
            raise InputError(f"{self.path} is no pickle of plain data or is damaged, at byte {self.file.tell()} of "
                             f"{self.size}: {error}.") from error

    def read(self, count):
        if count > self.size - self.file.tell():
            raise EOFError("it ends early: it is truncated")
        return self.file.read(count)

    def number(self, layout):
        return struct.unpack(layout, self.read(struct.calcsize(layout)))[0]

    def line(self):
        line = self.file.readline(300)
        if not line.endswith(b"\n"):
            raise EOFError("it ends early: it is truncated")
        return line[:-1].decode()

    def push(self, value):
        self.stack.append(value)

    def take_to_mark(self):
        at = len(self.stack) - 1
        while self.stack[at] is not MARK:
            at -= 1
            if at < 0:
                raise ValueError("a mark is missing")
        taken = self.stack[at + 1:]
        del self.stack[at:]
        return taken

    def take(self, count):
        if count > len(self.stack):
            raise ValueError("the stack is too short")
        taken = tuple(self.stack[len(self.stack) - count:])
        del self.stack[len(self.stack) - count:]
        return taken

    def remember(self, place):
        value = self.stack[-1]
        large = isinstance(value, (_EmptyArray, np.ndarray)) or (isinstance(value, (bytes, str)) and
                                                                 len(value) > LONGEST_REMEMBERED)
        self.memo[place] = FORGOTTEN if large else value

    def recall(self, place):
        if self.memo[place] is FORGOTTEN:
            raise ValueError("it refers to the same array twice")
        self.push(self.memo[place])

    def name(self, module, name):
        if (module, name) not in KNOWN_NAMES:
            raise InputError(f"{self.path} is not data alone: it asks for {module}.{name}, which is not run here; this "
                             "is not the original file, do not load it with Python either.")
        self.push(KNOWN_NAMES[module, name])

    def call(self):
        function, arguments = self.take(2)
        if function not in CALLABLE:
            raise ValueError("something is called that is no function")
        if function is bytes and arguments != ():
            raise ValueError("bytes with arguments")
        self.push(function(*arguments))

    def build(self):
        target, state = self.take(2)
        if not isinstance(target, (_EmptyArray, _NumberType)):
            raise ValueError("a state is set on something that has none")
        self.push(target.set_state(state))

    def append(self, values):
        if not isinstance(self.stack[-1], list):
            raise ValueError("something is appended to what is no list")
        self.stack[-1].extend(values)

    def set_items(self, pairs):
        if not isinstance(self.stack[-1], dict):
            raise ValueError("an item is set in what is no dict")
        for key, value in zip(pairs[::2], pairs[1::2]):
            self.stack[-1][text(key) if isinstance(key, bytes) else key] = value

    def check_protocol(self):
        protocol = self.number("B")
        if not 2 <= protocol <= 5:
            raise ValueError(f"protocol {protocol}")

    def stop(self):
        if len(self.stack) != 1:
            raise ValueError("it ends with more than one object")
        self.stopped = True


def _pushes(function):
    return lambda machine: machine.push(function(machine))


def _bytes_of(layout):
    return _pushes(lambda m: m.read(m.number(layout)))


def _text_of(layout):
    return _pushes(lambda m: m.read(m.number(layout)).decode("utf-8", "surrogatepass"))


INSTRUCTIONS = {
    b"\x80": _Machine.check_protocol,
    b"\x95": lambda m: m.read(8),  # the length of a frame: of no use here
    b".": _Machine.stop,
    b"(": lambda m: m.push(MARK),
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"J": _pushes(lambda m: m.number("<i")),
    b"K": _pushes(lambda m: m.number("<B")),
    b"M": _pushes(lambda m: m.number("<H")),
    b"\x8a": _pushes(lambda m: int.from_bytes(m.read(m.number("<B")), "little", signed=True)),
    b"G": _pushes(lambda m: m.number(">d")),
    b"U": _bytes_of("<B"), b"T": _bytes_of("<i"),
    b"C": _bytes_of("<B"), b"B": _bytes_of("<I"), b"\x8e": _bytes_of("<Q"), b"\x96": _bytes_of("<Q"),
    b"\x8c": _text_of("<B"), b"X": _text_of("<I"), b"\x8d": _text_of("<Q"),
    b"]": lambda m: m.push([]),
    b"}": lambda m: m.push({}),
    b")": lambda m: m.push(()),
    b"\x85": _pushes(lambda m: m.take(1)),
    b"\x86": _pushes(lambda m: m.take(2)),
    b"\x87": _pushes(lambda m: m.take(3)),
    b"t": _pushes(lambda m: tuple(m.take_to_mark())),
    b"a": lambda m: m.append(m.take(1)),
    b"e": lambda m: m.append(m.take_to_mark()),
    b"s": lambda m: m.set_items(m.take(2)),
    b"u": lambda m: m.set_items(m.take_to_mark()),
    b"q": lambda m: m.remember(m.number("<B")),
    b"r": lambda m: m.remember(m.number("<I")),
    b"\x94": lambda m: m.remember(len(m.memo)),
    b"h": lambda m: m.recall(m.number("<B")),
    b"j": lambda m: m.recall(m.number("<I")),
    b"c": lambda m: m.name(m.line(), m.line()),
    b"\x93": lambda m: m.name(*map(text, m.take(2))),
    b"R": _Machine.call,
    b"b": _Machine.build,
}
