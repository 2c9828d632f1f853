"""data_scripts/command_line.py, through every script: help without packages, exit codes, streams, signals, outputs."""

import contextlib
import glob
import importlib
import io
import os
import signal
import subprocess
import sys
import types
import unittest
from unittest import mock

from packing import PackerTest

import command_line
from command_line import InputError, ScriptError, UsageError, decode_text, new_file, printable

SCRIPTS = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data_scripts"))
PROGRAMS = sorted(glob.glob(os.path.join(SCRIPTS, "pack_*.py"))) + [os.path.join(SCRIPTS, name) for name in (
    "convert_torch_checkpoint.py", "get_procgen.py", "plot.py")]
# As on a machine whose Python has no packages at all.
BARE = [sys.executable, "-E", "-s", "-S", "-B"]
# A command line of each that is right, but for the files.
CALLS = {"pack_idx.py": ["--idx", "{in}", "--out", "{out}.h5"],
         "pack_folder.py": ["{in}", "--size", "28", "--out", "{out}.h5"],
         "pack_omniglot.py": ["--background", "{in}", "--evaluation", "{in}", "--out", "{out}.h5"],
         "pack_miniimagenet.py": ["--images", "{in}", "--out", "{out}.h5"],
         "pack_cifar.py": ["--cifar100", "{in}", "--protocol", "fc100", "--out", "{out}.h5"],
         "pack_tieredimagenet.py": ["--pickles", "{in}", "--out", "{out}.h5"],
         "convert_torch_checkpoint.py": ["{in}", "{out}.h5", "--config", "{in}"],
         "get_procgen.py": ["--wheel", "{in}", "--out", "{out}"], "plot.py": ["curves", "{in}", "--out", "{out}.svg"]}


class Script(PackerTest):
    def call(self, program, *arguments, command=None, **options):
        return subprocess.run([*(command or [sys.executable, "-B"]), program, *arguments], capture_output=True, text=True,
                              check=False, timeout=60, **options)

    def arguments(self, program, given, out="out"):
        return [word.replace("{in}", given).replace("{out}", self.path(out)) for word in CALLS[os.path.basename(program)]]

    def inside(self, program, *arguments):
        """As call(), in this process, which is faster."""
        name = os.path.basename(program)
        main = importlib.import_module(name.removesuffix(".py")).main
        with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(io.StringIO()) as errors, \
                mock.patch("sys.argv", [name]):
            code = command_line._exit_code_of(lambda: main(list(arguments)), "It is on the moon.")
        return types.SimpleNamespace(returncode=code, stdout=printed.getvalue(), stderr=errors.getvalue())

    def refused(self, done, code, words):
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertRegex(done.stderr, rf"^\S+\.py: .*{words}")
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertEqual(done.stdout, "")


class EveryScript(Script):
    def test_help_and_usage_errors_need_no_packages(self):
        for program in PROGRAMS:
            with self.subTest(os.path.basename(program)):
                done = self.call(program, "--help", command=BARE)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn("Example", done.stdout)
                self.refused(self.call(program, command=BARE), 2, "required.*--help' lists what it takes")
                self.refused(self.call(program, *self.arguments(program, "x"), "--unknown", command=BARE), 2, "--unknown")
                empty = ["" if word == "x" else word for word in self.arguments(program, "x")]
                self.refused(self.call(program, *empty, command=BARE), 2, "the value is empty")

    def test_missing_packages_are_named(self):
        given = self.write("x", b"")
        for program in PROGRAMS:
            if not program.endswith("get_procgen.py"):
                with self.subTest(os.path.basename(program)):
                    done = self.call(program, *self.arguments(program, given), command=BARE)
                    self.refused(done, 4, "not installed for .*: apt-get install .*, or pip install")

    def test_inputs_that_are_not_there_or_something_else(self):
        inputs = {"missing": self.path("missing"), "empty": self.write("empty", b""), "text": self.write("text", b"hello\n"),
                  "page": self.write("page.html", b"<!DOCTYPE html>"), "folder": self.write_folder("folder", {"a/b": b"x"}),
                  "line": self.write("new\nline", b"\x80\x02"), "zip": self.write_zip("a.zip", {"a.txt": b"x"}),
                  "loop": self.path("loop"), "bytes": self.write("\udcff\udcfe", b"x")}
        os.symlink("loop", self.path("loop"))
        for program in PROGRAMS:
            for name, given in inputs.items():
                with self.subTest(os.path.basename(program), given=name):
                    done = self.inside(program, *self.arguments(program, given))
                    if done.returncode == 4 and program.endswith("plot.py"):
                        continue  # matplotlib is not installed
                    self.refused(done, 3, r"\S.*[.?]$")
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith(("out", ".srwm"))], [])

    def test_outputs_that_cannot_be_files(self):
        given = self.write("x", b"")
        os.mkfifo(self.path("fifo"))
        for program in PROGRAMS:
            name = os.path.basename(program)
            ending = "" if name == "get_procgen.py" else ".svg" if name == "plot.py" else ".h5"
            with self.subTest(name):
                for kind, out, code in (("link to a device", "null", 2), ("link to a pipe", "pipe", 2), ("device", "full", 2),
                                        ("link to the input", "same", 2), ("no folder", "nowhere/out", 3)):
                    target = {"null": os.devnull, "full": "/dev/full", "pipe": self.path("fifo"), "same": given}.get(out)
                    if target and not os.path.lexists(self.path(out + ending)):
                        os.symlink(target, self.path(out + ending))
                    if kind == "no folder" and name == "get_procgen.py":
                        continue  # makes it
                    self.refused(self.inside(program, *self.arguments(program, given, out)), code, "out|OUT|written")
        self.assertEqual(os.path.getsize(given), 0)


class Streams(Script):
    program = os.path.join(SCRIPTS, "pack_cifar.py")

    def through_shell(self, words):
        """Runs --help with the redirections `words`."""
        return subprocess.run(["bash", "-c", f'"$0" -B "$1" --help {words}', sys.executable, self.program], capture_output=True,
                              text=True, check=False, timeout=60)

    def test_closed_and_full(self):
        for words in ("<&- >&- 2>&-", ">&-", "2>&-"):
            done = self.through_shell(words)
            self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        done = self.through_shell(">/dev/full")
        self.assertEqual((done.returncode, done.stderr),
                         (3, "pack_cifar.py: Cannot write to standard output: No space left on device.\n"))
        done = self.through_shell("| true; exit ${PIPESTATUS[0]}")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_file_does_not_get_a_standard_stream(self):
        code = f"import sys; sys.path.insert(0, {SCRIPTS!r}); import command_line; " \
               "command_line.run(lambda _: (print(open(sys.argv[1], 'wb').fileno() > 2, file=open(sys.argv[2], 'w'))))"
        for words in ("<&-", "<&- >&-", "<&- >&- 2>&-"):
            subprocess.run(["bash", "-c", f'"$0" -B -c "$1" "$2" "$3" {words}', sys.executable, code, self.path("a"),
                            self.path("said")], check=True)
            with open(self.path("said"), encoding="utf-8") as file:
                self.assertEqual(file.read(), "True\n", words)


class Signals(Script):
    def test_end_without_a_traceback(self):
        os.mkfifo(self.path("pipe"))
        for program in PROGRAMS:
            if program.endswith(("plot.py", "pack_tieredimagenet.py")):
                continue  # these read files in folders
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if "cifar" in program else (signal.SIGINT,):
                with self.subTest(os.path.basename(program), number=number):
                    process = subprocess.Popen([sys.executable, "-B", program, *self.arguments(program, self.path("pipe"))],
                                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                    with open(self.path("pipe"), "wb"):  # it is there, and reads
                        process.send_signal(number)
                        out, err = process.communicate(timeout=60)
                    self.assertEqual((process.returncode, out, err), (128 + number, "", ""))

    def test_ignored_ones_stay_ignored(self):
        code = f"import os, signal, sys; sys.path.insert(0, {SCRIPTS!r}); import command_line; " \
               "command_line.run(lambda _: (os.kill(os.getpid(), signal.SIGHUP), print('alive')))"
        done = subprocess.run(["bash", "-c", 'trap "" HUP; exec "$0" -B -c "$1"', sys.executable, code], capture_output=True,
                              text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, "alive\n"))


class EndsOfRun(unittest.TestCase):
    def end(self, error):
        def work():
            raise error

        with mock.patch("sys.stderr", new_callable=io.StringIO) as errors:
            code = command_line._exit_code_of(work, "It is on the moon.")
        return code, errors.getvalue().split(": ", 1)[-1]

    def test_codes_and_sentences(self):
        self.assertEqual(self.end(InputError("It is torn.")), (3, "It is torn. It is on the moon.\n"))
        self.assertEqual(self.end(ScriptError("The disk is full.")), (3, "The disk is full.\n"))
        self.assertEqual(self.end(UsageError("No.")), (2, "No.\n"))
        self.assertEqual(self.end(OSError(28, "No space left on device", "a\nb")),
                         (3, "a\\x0ab: No space left on device.\n"))
        self.assertEqual(self.end(MemoryError())[0], 4)
        self.assertEqual(self.end(BrokenPipeError())[0], 0)
        code, said = self.end(ZeroDivisionError("x"))
        self.assertEqual(code, 70)
        self.assertRegex(said, r"^internal error: ZeroDivisionError: x \(command_line_test.py, line \d+\)\. This is a bug in the")


class Texts(unittest.TestCase):
    def test_encodings_and_ends_of_lines(self):
        text = "é, ü\n2\n"
        for content in (text.encode(), text.encode("utf-8-sig"), text.encode("utf-16"), text.encode("utf-32"),
                        b"\xfe\xff" + text.encode("utf-16-be"), text.replace("\n", "\r\n").encode(),
                        text.replace("\n", "\r").encode(), text.replace("\n", "\r\n").encode("utf-16")):
            self.assertEqual(decode_text(content, "a.txt"), text)
        with self.assertRaisesRegex(InputError, r"a.txt is not text in UTF-8 \(line 2 has the byte 0xe9\)"):
            decode_text(b"a\n\xe9", "a.txt")
        with self.assertRaisesRegex(InputError, "a.txt has zero bytes"):
            decode_text("ab".encode("utf-16-le"), "a.txt")

    def test_printable(self):
        self.assertEqual(printable("a\n\x1b[1m\x9b\udcff é"), "a\\x0a\\x1b[1m\\x9b\\xff é")


class Paths(PackerTest):
    def test_home_after_an_equals_sign(self):
        with mock.patch.dict(os.environ, {"HOME": "/home/x"}):
            self.assertEqual(command_line.path("~/a b"), "/home/x/a b")
        self.assertEqual(command_line.path("a~"), "a~")

    def check(self, out, *inputs):
        command_line.check_output("--out", out, inputs)

    def test_outputs_that_are_inputs(self):
        given = self.write("folder/deep/train.csv", b"x")
        os.symlink(self.path("folder"), self.path("linked"))
        os.link(given, self.path("hard"))
        os.symlink(given, self.path("soft"))
        os.symlink(self.path("folder"), self.path("folder", "deep", "loop"))
        for out in (given, self.path("hard"), self.path("soft"), self.path("linked", "deep", "..", "deep", "train.csv")):
            for source in (given, self.path("folder"), self.path("linked")):
                with self.assertRaisesRegex(UsageError, "--out: .* is .*train.csv, which is read|is the input"):
                    self.check(out, self.path("nowhere"), source)
        self.check(self.write("other", b"x"), given, self.path("folder"))
        self.check(self.write("folder/earlier.h5", b"x"), self.path("folder"))
        with self.assertRaisesRegex(UsageError, "folder is a folder. Add the name of a file"):
            self.check(self.path("folder"))

    def test_new_file_follows_links_and_is_whole_or_not_there(self):
        target = self.write("target", b"old")
        os.symlink(target, self.path("link"))
        with self.assertRaises(KeyError), new_file(self.path("link")) as name:
            with open(name, "wb") as file:
                file.write(b"half")
            raise KeyError
        with open(target, "rb") as file:
            self.assertEqual(file.read(), b"old")
        with new_file(self.path("link")) as name, open(name, "wb") as file:
            file.write(b"new")
        self.assertTrue(os.path.islink(self.path("link")))
        with open(target, "rb") as file:
            self.assertEqual(file.read(), b"new")
        self.assertEqual(sorted(os.listdir(self.folder)), ["link", "target"])

    def test_names_of_any_length_and_bytes(self):
        for name in ("x" * 255, "a\nb", "\udcff", "-v"):
            with new_file(self.path(name)) as temporary, open(temporary, "wb"):
                pass
            self.assertIn(name, os.listdir(self.folder))


class ProgressTest(unittest.TestCase):
    def test_only_on_a_terminal(self):
        for is_terminal in (False, True):
            with mock.patch("sys.stderr", new_callable=io.StringIO) as errors:
                errors.isatty = lambda is_terminal=is_terminal: is_terminal
                with command_line.Progress("images", 12345) as progress:
                    progress.add(1234)
            self.assertEqual(errors.getvalue(), "\r\x1b[Kimages: 1,234 of 12,345\r\x1b[K" if is_terminal else "")


if __name__ == "__main__":
    unittest.main()
