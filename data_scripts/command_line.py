"""What the scripts of this folder share: command lines, exit codes as srwm has them, texts, and files that are there
whole or not at all. Needs nothing but Python itself, so that --help and usage errors work everywhere.

Exit codes: 0 done, 2 command line, 3 files, 4 a missing package or too little memory, 5 numbers that are not finite,
70 a bug in the script, 128 + N signal N."""

import os
import signal
import sys

# Before run() there is nothing to clean up, and no traceback for a Ctrl-C while packages are imported.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler and os.path.dirname(os.path.realpath(sys.argv[0])) == \
        os.path.dirname(os.path.realpath(__file__)):
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import codecs
import contextlib
import errno
import importlib
import importlib.util
import re
import stat
import textwrap
import time
import traceback


class ScriptError(Exception):
    """What went wrong and what to do, in a sentence or two for the user."""
    exit_code = 3


class InputError(ScriptError):
    """The input is not what it should be, or not all of it is there. The message ends with where to get it."""


class UsageError(ScriptError):
    """The command line asks for something that cannot be."""
    exit_code = 2


class MissingPackage(ScriptError):
    """A package of Python is missing or does not work."""
    exit_code = 4


class NotFinite(ScriptError):
    """A model has numbers that are not finite."""
    exit_code = 5


class Stopped(BaseException):
    """A signal came that means "end"."""


ENDING = [getattr(signal, name) for name in ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGXCPU",
                                             "SIGALRM")]


# How a script runs and ends.

def run(main, source=None):
    """Calls main(arguments) and ends the process, with an exit code as above and a message instead of a traceback.
    `source` is a sentence that says where the input is to be had."""
    open_standard_streams()
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as after nohup
            signal.signal(number, _stop)
    try:
        code = _exit_code_of(lambda: main(sys.argv[1:]), source)
    except Stopped as stopped:  # while a message was printed
        code = 128 + stopped.args[0]
    with contextlib.suppress(Exception):
        sys.stderr.flush()
    os._exit(code)  # nothing that a package does at an ordinary exit may fail, or print


def _stop(number, _):
    raise Stopped(number)


def _exit_code_of(work, source):
    try:
        work()
        return _flush_output()
    except SystemExit as end:
        return _flush_output() or int(end.code or 0)
    except Stopped as stopped:
        return 128 + stopped.args[0]
    except ScriptError as error:
        complain(f"{error} {source}" if source and isinstance(error, InputError) else str(error))
        return error.exit_code
    except BrokenPipeError:
        return 0  # the reader has gone, as with | head
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) and not where:  # other outputs have a name
            where = "Cannot write to standard output: "
        complain(f"{where}{reason_of(error)}.")
        return 3
    except MemoryError:
        complain("Out of memory. Use a machine with more, or raise the limit (ulimit -v, that of the batch job).")
        return 4
    except Exception as error:  # whatever is left is a bug: one line that can be reported
        if os.environ.get("SRWM_TRACEBACK"):
            traceback.print_exc()
        place = traceback.extract_tb(error.__traceback__)[-1]
        complain(f"internal error: {type(error).__name__}: {error} ({os.path.basename(place.filename)}, line "
                 f"{place.lineno}). This is a bug in the script; please report it. SRWM_TRACEBACK=1 in the environment "
                 "shows more.")
        return 70


def _flush_output():
    try:
        sys.stdout.flush()
        return 0
    except BrokenPipeError:
        return 0
    except OSError as error:
        complain(f"Cannot write to standard output: {reason_of(error)}.")
        return 3


def open_standard_streams():
    """Descriptors 0 to 2 that are closed are opened on /dev/null, so that no file gets one of them and with it what is
    printed. Names print with the bytes that they have."""
    codecs.register_error("srwm_bytes", lambda error: codecs.lookup_error(
        "surrogateescape" if all("\udc80" <= c <= "\udcff" for c in error.object[error.start:error.end])
        else "backslashreplace")(error))
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest descriptor that is free
        if getattr(sys, name) is None:
            setattr(sys, name, open(descriptor, "w" if descriptor else "r", encoding="utf-8", closefd=False))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="srwm_bytes")


def complain(message, kind=""):
    """Prints a message on stderr, after the name of the script."""
    with contextlib.suppress(OSError, ValueError):
        print(f"{os.path.basename(sys.argv[0])}: {kind}{printable(message)}", file=sys.stderr, flush=True)


def warn(message):
    """Says something that the user should know of a result that is made all the same."""
    complain(message, "warning: ")


def printable(text):
    """Text for one line of a terminal, a picture or JSON: bytes that are not UTF-8 and control characters as \\xNN."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]|[\udc80-\udcff]", lambda match: f"\\x{ord(match[0]) & 0xff:02x}", str(text))


def reason_of(error):
    """The system's reason of an OSError."""
    return error.strerror or str(error) or type(error).__name__


# Command lines.

class Parser(argparse.ArgumentParser):
    """Usage errors are one sentence, and exit code 2."""

    def error(self, message):
        raise UsageError(f"{message[:1].upper()}{message[1:].rstrip('.')}. '{self.prog} --help' lists what it takes.")

    def _print_message(self, message, file=None):
        """As argparse has it, but for errors, which some of its versions ignore."""
        if message:
            (file or sys.stderr).write(message)
            (file or sys.stderr).flush()


def argument_parser(description, source=None):
    """A parser; `description` is a script's text with "\\nExample" in it, before which `source` is put."""
    summary, example, rest = description.partition("\nExample")
    where = textwrap.fill(source, 118, break_on_hyphens=False, break_long_words=False) + "\n" if source else ""
    return Parser(description=f"{summary}{chr(10) if where else ''}{where}{example}{rest}",
                  formatter_class=argparse.RawDescriptionHelpFormatter)


def path(text):
    """An argument that is a path. ~ is the home folder after an equals sign as well, where shells leave it."""
    if not text:
        raise argparse.ArgumentTypeError("the value is empty")
    return os.path.expanduser(text) if text.startswith("~") else text


class Package:
    """A package that is imported when it is first used: --help and usage errors work without it."""
    NAMES = {"numpy": ("numpy", "python3-numpy"), "h5py": ("h5py", "python3-h5py"), "PIL": ("Pillow", "python3-pil"),
             "matplotlib": ("matplotlib", "python3-matplotlib"), "torch": ("torch", "python3-torch")}

    def __init__(self, module):
        self._module = module

    def __getattr__(self, name):
        root = self._module.split(".")[0]
        try:
            module = importlib.import_module(self._module)
        except ImportError as error:
            require(root)
            raise MissingPackage(f"The Python package {self.NAMES[root][0]} does not load: {error}.") from error
        except ValueError as error:  # built for another numpy
            raise MissingPackage(f"The Python package {self.NAMES[root][0]} does not load: {error}. Install it again "
                                 "together with numpy.") from error
        value = getattr(module, name)
        setattr(self, name, value)
        return value


def require(*roots):
    """MissingPackage that names all of these packages that are not installed."""
    missing = [Package.NAMES[root] for root in roots if importlib.util.find_spec(root) is None]
    if missing:
        names = " and ".join(name for name, _ in missing)
        raise MissingPackage(f"The Python package{'s' * (len(missing) > 1)} {names} "
                             f"{'are' if len(missing) > 1 else 'is'} not installed for "
                             f"{sys.executable or 'this Python'}: apt-get install "
                             f"{' '.join(package for _, package in missing)} (and start the script with "
                             f"/usr/bin/python3), or pip install {' '.join(name for name, _ in missing)}.")


# Input.

ENCODINGS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
             (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read_text(name):
    """The text of a file, as decode_text()."""
    try:
        with open(name, "rb") as file:
            return decode_text(file.read(), name)
    except OSError as error:
        raise InputError(f"{name} cannot be read: {reason_of(error)}.") from error


def decode_text(content, name):
    """Text from bytes: UTF-8, or UTF-16 and UTF-32 with a byte order mark, which is left out. Ends of lines are \\n."""
    encoding = next((encoding for mark, encoding in ENCODINGS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[:error.start].count(b"\n") + 1
        raise InputError(f"{name} is not text in UTF-8 (line {line} has the byte 0x{content[error.start]:02x}). Save "
                         "it as UTF-8.") from error
    if "\0" in text:
        raise InputError(f"{name} has zero bytes: it is not text, or UTF-16 without a byte order mark. Save it as "
                         "UTF-8.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


# Output.

def check_output(option, output, inputs=()):
    """Refuses an output that cannot be a file, or that is one of the inputs, files or folders, by whatever name."""
    try:
        known = os.stat(output)
    except OSError:
        known = None
    if known and stat.S_ISDIR(known.st_mode):
        raise UsageError(f"{option}: {output} is a folder. Add the name of a file.")
    if known and not stat.S_ISREG(known.st_mode):
        raise UsageError(f"{option}: {output} is a device or a pipe, and the output is a file. Choose another name.")
    for name in inputs if known else ():
        inside = find_same(name, known)
        if inside:
            raise UsageError(f"{option}: {output} is {name if inside == name else f'the input {inside}'}, which is "
                             "read. Choose another name.")
    folder = os.path.dirname(os.path.realpath(output))
    if not os.path.isdir(folder):
        raise ScriptError(f"{output} cannot be written: there is no folder {folder}.")


def find_same(name, known):
    """The path of the file with the device and inode of `known`: `name` itself, or one in the folder `name`, where a file
    .h5 is an earlier output and no input."""
    def same(status):
        return (status.st_dev, status.st_ino) == (known.st_dev, known.st_ino)

    if not os.path.isdir(name):
        return name if os.path.exists(name) and same(os.stat(name)) else None
    seen, folders = set(), [name]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir():
                        status = entry.stat()
                        if (status.st_dev, status.st_ino) not in seen:
                            seen.add((status.st_dev, status.st_ino))
                            folders.append(entry.path)
                    elif (entry.inode() == known.st_ino or entry.is_symlink()) and entry.is_file() and same(entry.stat()) \
                            and not entry.name.endswith(".h5"):
                        return entry.path
        except OSError:
            continue  # those who read it say so
    return None


@contextlib.contextmanager
def new_file(output):
    """The name of a file to fill, which becomes `output` when all is done, or is removed. Where `output` is a symbolic
    link, the file that it leads to is replaced."""
    target = os.path.realpath(output)
    temporary = os.path.join(os.path.dirname(target), f".srwm-{os.getpid()}.tmp")
    try:
        yield temporary
        descriptor = os.open(temporary, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, target)
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.filename and error.filename not in (temporary, target):
            raise
        raise ScriptError(f"{output} cannot be written: {reason_of(error)}.") from error
    finally:
        with held_signals(), contextlib.suppress(OSError):
            os.remove(temporary)


@contextlib.contextmanager
def held_signals():
    """Signals that end the script wait until this is done."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Progress:
    """How far something long is, on stderr, if that is a terminal; used in a with statement."""

    def __init__(self, what, total):
        self.what, self.total, self.done, self.shown = what, total, 0, 0.0
        self.is_terminal = sys.stderr is not None and sys.stderr.isatty()

    def __enter__(self):
        return self

    def add(self, count=1):
        self.done += count
        if self.is_terminal and time.monotonic() - self.shown > 0.2:
            self.shown = time.monotonic()
            self._print(f"{self.what}: {self.done:,} of {self.total:,}")

    def __exit__(self, *_):
        if self.is_terminal and self.shown:
            self._print("")

    def _print(self, text):
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"\r\x1b[K{printable(text)}")
            sys.stderr.flush()
