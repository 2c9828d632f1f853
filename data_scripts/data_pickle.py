"""Reads pickles that hold nothing but data, without the power to do anything else.

Python's own pickle module runs whatever functions a file names. Here the few instructions that data need are carried
out by a small machine of our own, for protocols 0 to 5, as Python 2 and 3 write them. It makes None, numbers, strings,
lists, tuples, dicts, sets and numpy arrays, and knows the handful of names under which Python and numpy store these.
Nothing that a file names is ever called: what has another name is refused with it, or, for those who ask (`others`),
becomes an Unknown, which does nothing.

Byte strings used as keys come out as str; elsewhere a string of Python 2 stays bytes (see text())."""

import io
import os
import re
import struct

from command_line import InputError, Package
from file_tree import describe_start, read_start

np = Package("numpy")

NUMBER_TYPE = re.compile(r"b1|\?|[iu][1248]|f[248]|c(8|16)|[SU][1-9]\d{0,5}")
# Longer strings are never referred to a second time by what writes data; to remember them would keep them in memory.
LONGEST_REMEMBERED = 4096
MARK, FORGOTTEN = object(), object()
# Only these are said to be no accident: data has no use for them.
PROGRAMS = {"os", "posix", "nt", "subprocess", "sys", "pty", "socket", "shutil", "runpy", "importlib", "ctypes", "code",
            "webbrowser", "multiprocessing", "pickle", "marshal", "types", "operator", "functools", "commands", "popen2"}
FUNCTIONS = {"eval", "exec", "execfile", "compile", "open", "getattr", "setattr", "__import__", "apply", "input", "file",
             "map", "globals"}


def load(path, others=None):
    """The object in the file."""
    with open_pickle(path) as file:
        return Machine(file, path, others).load()


def loads(content, name, others=None):
    """The object in the bytes of a file that is called `name` in messages."""
    return Machine(io.BytesIO(content), name, others).load()


def items(path):
    """The items of the list in the file, one after the other, without ever holding the whole list."""
    with open_pickle(path) as file:
        yield from Machine(file, path).items()


def text(value):
    """A string, whichever Python wrote it."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _word(value):
    if not isinstance(value, (str, bytes)):
        raise ValueError("there is something else where a word belongs")
    return text(value)


def open_pickle(path):
    read_start(path)
    return open(path, "rb")


class Unknown:
    """What a file calls by a name that is not known here: the name, and what it was to be made of."""

    def __init__(self, name, arguments=()):
        self.name, self.arguments, self.state = name, arguments, None


class _NumberType:
    """numpy.dtype, of plain numbers and strings."""

    def __init__(self, code="", *_):
        self.code, self.order = _word(code), "="
        if self.code != "O8" and not NUMBER_TYPE.fullmatch(self.code):
            raise ValueError(f"it has an array of the type '{self.code}', which is none of numbers")

    def set_state(self, state):
        self.order = _word(state[1])
        return self

    def array(self, content, shape, order="C", axes=None):
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        if any(extent < 0 for extent in shape):
            raise ValueError(f"it has an array of {shape}")
        if self.code == "O8":
            flat = _objects(content)
        else:
            kind = np.dtype(self.code).newbyteorder(self.order if self.order in ("<", ">") else "=")
            flat = np.frombuffer(content, kind) if len(content) else np.zeros(0, kind)
        if _word(order) == "K":  # the axes as they lie in memory
            return flat.reshape(shape) if axes is None else flat.reshape(shape).transpose(axes)
        return flat.reshape(shape, order=_word(order))


def _objects(content):
    if not isinstance(content, list):
        raise ValueError("it has an array of objects that is none of a list")
    flat = np.empty(len(content), object)
    flat[:] = content
    return flat


class _EmptyArray:
    """numpy.ndarray before its content is known."""

    def __init__(self):
        self.places = []  # in the memo

    def set_state(self, state):
        shape, number_type, is_fortran, content = state[-4:]
        return number_type.array(content, shape, "F" if is_fortran else "C")



def _new_array(kind, *_):
    if kind is not _EmptyArray:
        raise ValueError("it has an array of an unknown kind")
    return _EmptyArray()


def _number(number_type, content=None):
    if number_type.code == "O8":
        raise ValueError("it has a number that is an object")
    return number_type.array(content, (1,))[0].item() if content is not None else 0


def _from_buffer(content, kind, shape, order, axes=None):
    return kind.array(content, shape, order, axes)


def _encode(string, encoding="utf-8"):
    if _word(encoding).replace("-", "").lower() not in ("latin1", "utf8"):
        raise ValueError(f"it has bytes stored as {_word(encoding)}")
    return string.encode(_word(encoding))


def _bytes(*arguments):
    if not arguments:
        return b""
    if len(arguments) == 2 and isinstance(arguments[0], str):
        return _encode(*arguments)
    if len(arguments) == 1 and isinstance(arguments[0], (bytes, list)):
        return bytes(arguments[0])
    raise ValueError("it has bytes with arguments that are none of data")


def _container(kind):
    def make(*arguments):
        if len(arguments) > 1 or (arguments and not isinstance(arguments[0], (list, tuple, dict, set, bytes, str))):
            raise ValueError(f"it has a {kind.__name__} made of what is no data")
        return kind(*arguments)

    return make


def _default_dict(*_):
    return {}


def _complex(real, imaginary):
    return complex(float(real), float(imaginary))


def _known_names():
    names = {("numpy", "dtype"): _NumberType, ("_codecs", "encode"): _encode, ("collections", "OrderedDict"): _container(dict),
             ("collections", "defaultdict"): _default_dict, ("collections", "deque"): _container(list),
             ("collections", "Counter"): _container(dict)}
    for builtins in ("builtins", "__builtin__"):
        names |= {(builtins, "bytes"): _bytes, (builtins, "bytearray"): _bytes, (builtins, "complex"): _complex}
        names |= {(builtins, kind.__name__): _container(kind) for kind in (list, tuple, dict, set, frozenset)}
        names |= {(builtins, kind): kind for kind in ("int", "float", "str", "bool", "object")}  # as arguments only
    for core in ("numpy.core", "numpy._core"):
        names[core + ".multiarray", "_reconstruct"] = _new_array
        names[core + ".multiarray", "scalar"] = _number
        names[core + ".numeric", "_frombuffer"] = _from_buffer
        names[core + ".memmap", "memmap"] = _EmptyArray
    names |= {("numpy", kind): _EmptyArray for kind in ("ndarray", "memmap", "matrix")}
    names["numpy.matrixlib.defmatrix", "matrix"] = _EmptyArray
    return names


KNOWN_NAMES = _known_names()
# What may be called; numpy.ndarray and names of types are only ever arguments.
CALLABLE = {function for function in KNOWN_NAMES.values() if callable(function) and function is not _EmptyArray}
DAMAGE = (EOFError, IndexError, KeyError, TypeError, ValueError, AttributeError, OverflowError,
          RecursionError, struct.error)


class Machine:
    """A stack, a memo and the instructions. Each is a method in INSTRUCTIONS; a list is built in place. `others` is called
    with (module, name) for names that are not known, and `persistent` with what a file stores outside of itself."""

    def __init__(self, file, path, others=None, persistent=None):
        self.path, self.file, self.others, self.persistent = path, file, others, persistent
        begin = file.tell()
        self.size = file.seek(0, os.SEEK_END)
        file.seek(begin)
        self.begin = begin
        self.stack, self.memo, self.stopped, self.forgetful = [], {}, False, False

    def load(self):
        while not self.stopped:
            self.step()
        return self.stack[-1]

    def items(self):
        """Yields from the list at the bottom of the stack as often as something was added to it."""
        self.forgetful = True
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
                self.refuse_start(code)
                raise ValueError(f"the instruction {code.hex()} is none of data's" if code else "it ends early: it is "
                                 "truncated")
            instruction(self)
        except DAMAGE as error:
            if self.file.tell() < self.begin + 600:
                self.refuse_start(code, error)
            raise InputError(f"{self.path} is no pickle of plain data or is damaged, at byte {self.file.tell()} of "
                             f"{self.size}: {error}.") from error

    def refuse_start(self, code, error=None):
        """What starts as no pickle does is something else altogether."""
        at = self.file.tell()
        self.file.seek(self.begin)
        start = self.file.read(512)
        self.file.seek(at)
        looks_like_one = start[:1] == b"\x80" or start[:1] in b"(]}lcIFLSVN" and b"\n" in start and start.strip()[:1] != b"<"
        if not looks_like_one or not start:
            raise InputError(f"{self.path} is not a pickle: {describe_start(start)}.") from error

    def read(self, count):
        if count < 0 or count > self.size - self.file.tell():
            raise EOFError("it ends early: it is truncated")
        return self.file.read(count)

    def number(self, layout):
        return struct.unpack(layout, self.read(struct.calcsize(layout)))[0]

    def line(self, most=300):
        line = self.file.readline(most)
        if not line.endswith(b"\n"):
            raise EOFError("it ends early: it is truncated")
        return line[:-1].decode("latin-1").rstrip("\r")

    def push(self, value):
        self.stack.append(value)

    def pop(self):
        return self.take(1)[0]

    def take_to_mark(self):
        at = len(self.stack) - 1
        while at >= 0 and self.stack[at] is not MARK:
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
        is_text = isinstance(value, (str, bytes) if self.forgetful else str)
        large = self.forgetful and isinstance(value, (_EmptyArray, np.ndarray)) or \
            is_text and len(value) > LONGEST_REMEMBERED
        self.memo[place] = FORGOTTEN if large else value
        if isinstance(value, _EmptyArray):
            value.places.append(place)

    def recall(self, place):
        if self.memo[place] is FORGOTTEN:
            raise ValueError("it refers to the same large text or array twice; write it again without")
        self.push(self.memo[place])

    def name(self, module, name):
        if (module, name) in KNOWN_NAMES:
            self.push(KNOWN_NAMES[module, name])
        elif self.others is not None:
            self.push(self.others(module, name))
        elif module.split(".")[0] in PROGRAMS or module in ("builtins", "__builtin__") and name in FUNCTIONS:
            raise InputError(f"{self.path} is not data alone: it asks for {module}.{name}, which is not run here; this "
                             "is not the original file, do not load it with Python either.")
        else:
            raise InputError(f"{self.path} holds a {module}.{name}, which is not one of the kinds of plain data that "
                             "are read here. Write it again with numbers, texts, lists, dicts and numpy arrays of "
                             "numbers.")

    def call(self):
        function, arguments = self.take(2)
        if isinstance(function, Unknown):
            self.push(Unknown(function.name, arguments))
            return
        if function not in CALLABLE and not hasattr(function, "is_rebuilder"):
            raise ValueError("something is called that is no function")
        self.push(function(*arguments))

    def new_object(self, has_names=False):
        if has_names:
            self.pop()
        kind, arguments = self.take(2)
        if kind in CALLABLE and not arguments:
            self.push(kind())
        elif isinstance(kind, Unknown):
            self.push(Unknown(kind.name, arguments))
        else:
            raise ValueError("an object is made of what is no class of data")

    def build(self):
        target, state = self.take(2)
        if isinstance(target, Unknown):
            target.state = state
        elif isinstance(target, (_EmptyArray, _NumberType)):
            places = getattr(target, "places", ())
            target = target.set_state(state)
            for place in places:
                if self.memo[place] is not FORGOTTEN:
                    self.memo[place] = target
        elif not (self.others is not None and isinstance(target, dict)):  # attributes of an OrderedDict are not data
            raise ValueError("a state is set on something that has none")
        self.push(target)

    def append(self, values):
        target = self.stack[-1]
        if isinstance(target, set):
            target.update(values)
        elif isinstance(target, list):
            target.extend(values)
        elif not isinstance(target, Unknown):
            raise ValueError("something is appended to what is no list")

    def set_items(self, pairs):
        if isinstance(self.stack[-1], Unknown):
            return
        if not isinstance(self.stack[-1], dict):
            raise ValueError("an item is set in what is no dict")
        if len(pairs) % 2:
            raise ValueError("a key has no value")
        for key, value in zip(pairs[::2], pairs[1::2]):
            self.stack[-1][text(key) if isinstance(key, bytes) else key] = value

    def dict_of(self, pairs):
        self.push({})
        self.set_items(pairs)

    def check_protocol(self):
        protocol = self.number("B")
        if protocol > 5:
            raise ValueError(f"protocol {protocol} is newer than 5; write it with protocol=4")

    def from_outside(self, key):
        if self.persistent is None:
            raise ValueError("parts of it are stored outside of it")
        self.push(self.persistent(key))

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


def _whole_number(m):
    line = m.line(20000).rstrip("L")
    return {"00": False, "01": True}.get(line) if line in ("00", "01") else int(line)


def _quoted(m):
    """A string of protocol 0, as Python 2's repr() writes it."""
    line = m.line(1 << 31)
    if len(line) < 2 or line[0] != line[-1] or line[0] not in "'\"":
        raise ValueError("a string has no quotes")
    return line[1:-1].encode("latin-1").decode("unicode_escape").encode("latin-1")


def _raw_unicode(m):
    return m.line(1 << 31).encode("latin-1").decode("raw_unicode_escape")


def _called_name(m):
    """INST: a class by name and its arguments."""
    module, name = m.line(), m.line()
    arguments = m.take_to_mark()
    m.name(module, name)
    m.push(tuple(arguments))
    m.call()


def _called_class(m):
    """OBJ: the same, with the class on the stack."""
    kind, *arguments = m.take_to_mark()
    m.push(kind)
    m.push(tuple(arguments))
    m.call()


INSTRUCTIONS = {
    b"\x80": Machine.check_protocol,
    b"\x95": lambda m: m.read(8),  # the length of a frame: of no use here
    b".": Machine.stop,
    b"(": lambda m: m.push(MARK),
    b"0": Machine.pop,
    b"1": Machine.take_to_mark,
    b"2": lambda m: m.push(m.stack[-1]),
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"I": _pushes(_whole_number), b"L": _pushes(_whole_number),
    b"F": _pushes(lambda m: float(m.line())),
    b"S": _pushes(_quoted), b"V": _pushes(_raw_unicode),
    b"J": _pushes(lambda m: m.number("<i")),
    b"K": _pushes(lambda m: m.number("<B")),
    b"M": _pushes(lambda m: m.number("<H")),
    b"\x8a": _pushes(lambda m: int.from_bytes(m.read(m.number("<B")), "little", signed=True)),
    b"\x8b": _pushes(lambda m: int.from_bytes(m.read(m.number("<i")), "little", signed=True)),
    b"G": _pushes(lambda m: m.number(">d")),
    b"U": _bytes_of("<B"), b"T": _bytes_of("<i"),
    b"C": _bytes_of("<B"), b"B": _bytes_of("<I"), b"\x8e": _bytes_of("<Q"), b"\x96": _bytes_of("<Q"),
    b"\x8c": _text_of("<B"), b"X": _text_of("<I"), b"\x8d": _text_of("<Q"),
    b"]": lambda m: m.push([]),
    b"}": lambda m: m.push({}),
    b")": lambda m: m.push(()),
    b"\x8f": lambda m: m.push(set()),
    b"\x91": _pushes(lambda m: frozenset(m.take_to_mark())),
    b"l": _pushes(Machine.take_to_mark),
    b"d": lambda m: m.dict_of(m.take_to_mark()),
    b"\x85": _pushes(lambda m: m.take(1)),
    b"\x86": _pushes(lambda m: m.take(2)),
    b"\x87": _pushes(lambda m: m.take(3)),
    b"t": _pushes(lambda m: tuple(m.take_to_mark())),
    b"a": lambda m: m.append(m.take(1)),
    b"e": lambda m: m.append(m.take_to_mark()),
    b"\x90": lambda m: m.append(m.take_to_mark()),
    b"s": lambda m: m.set_items(m.take(2)),
    b"u": lambda m: m.set_items(m.take_to_mark()),
    b"p": lambda m: m.remember(int(m.line())),
    b"q": lambda m: m.remember(m.number("<B")),
    b"r": lambda m: m.remember(m.number("<I")),
    b"\x94": lambda m: m.remember(len(m.memo)),
    b"g": lambda m: m.recall(int(m.line())),
    b"h": lambda m: m.recall(m.number("<B")),
    b"j": lambda m: m.recall(m.number("<I")),
    b"c": lambda m: m.name(m.line(), m.line()),
    b"\x93": lambda m: m.name(*map(_word, m.take(2))),
    b"i": _called_name,
    b"o": _called_class,
    b"\x81": Machine.new_object,
    b"\x92": lambda m: m.new_object(has_names=True),
    b"P": lambda m: m.from_outside(m.line()),
    b"Q": lambda m: m.from_outside(m.pop()),
    b"\x98": lambda m: None,  # a buffer is read-only
    b"R": Machine.call,
    b"b": Machine.build,
}
