#!/usr/bin/env python3
"""Types unfinished srwm command lines and TAB into bash and zsh, each in a terminal of its own.

Usage: completion_shell_test.py SRWM BASH_SCRIPT ZSH_SCRIPT
Shells that are not installed are named and left out.
"""
import os
import pty
import re
import select
import shutil
import sys
import tempfile
import time
import unittest

SRWM, BASH_SCRIPT, ZSH_SCRIPT = sys.argv[1:4]

BASH_SETUP = r"""
PS1='ready> '; bind 'set enable-bracketed-paste off'; bind 'set show-all-if-ambiguous on'; bind 'set page-completions off'
show() { printf '\n<%s>\n' "$READLINE_LINE"; }; bind -x '"\C-t": show'
"""
ZSH_SETUP = r"""
PROMPT='ready> '; setopt no_beep no_prompt_cr no_prompt_sp; unsetopt always_last_prompt; LISTMAX=10000
zstyle ':completion:*' verbose no
show() { printf '\n<%s>\n' "$BUFFER"; zle reset-prompt }; zle -N show; bindkey '^T' show
"""


class Shell:
    """An interactive shell that sees only our completion."""

    def __init__(self, command, setup, folder):
        with open(os.path.join(folder, "setup"), "w", encoding="utf-8") as file:
            file.write(setup)
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.environ.update(PATH=os.path.dirname(SRWM) + ":" + os.environ["PATH"], TERM="dumb", COLUMNS="200",
                              HOME=folder, LC_ALL="C")
            os.execvp(command[0], command)
        os.write(self.terminal, b"source ./setup; echo set''up\n")
        self.read_until("setup\r?\n")

    def read_until(self, pattern, seconds=20.0):
        text, end = "", time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.terminal], [], [], 0.05)[0]:
                try:
                    text += os.read(self.terminal, 65536).decode(errors="replace")
                except OSError:
                    break
            if re.search(pattern, text):
                return text
        raise AssertionError(f"no /{pattern}/ in {text!r}")

    def press_tab(self, line):
        """What the line has become after TAB, and all that was printed on the way."""
        os.write(self.terminal, b"\x15" + line.encode() + b"\t\x14")
        printed = self.read_until(r"<[^>\n]*>\r?\n")
        return re.search(r"<([^>\n]*)>\r?\n", printed)[1], printed

    def close(self):
        os.close(self.terminal)
        os.waitpid(self.pid, 0)


class Completion:
    """The same expectations for every shell."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        for name in ("specs/one.json", "specs/two.json", "specs/notes.txt", "data/omniglot28.h5", "runs/first/DONE",
                     "tables/one/table.json"):
            path = os.path.join(self.folder.name, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, "w").close()
        self.shell = self.start()

    def tearDown(self):
        self.shell.close()
        self.folder.cleanup()

    def expect(self, line, completed):
        after, printed = self.shell.press_tab(line)
        self.assertEqual(after, completed, printed)

    def expect_choice(self, line, words, others=()):
        """TAB lists `words` and none of `others`."""
        printed = self.shell.press_tab(line)[1]
        for word in words:
            self.assertIn(word, printed)
        for word in others:
            self.assertNotIn(word, printed)

    def test_commands(self):
        self.expect("srwm ev", "srwm eval ")
        self.expect("srwm config exp", "srwm config explain ")
        self.expect_choice("srwm data ", ["glyphs", "inspect", "episodes"], ["bench"])

    def test_options_and_their_values(self):
        self.expect("srwm eval --num", "srwm eval --num-episodes ")
        self.expect("srwm eval --split v", "srwm eval --split val ")
        self.expect("srwm eval --split=v", "srwm eval --split=val ")
        self.expect("srwm data episodes --protocol d", "srwm data episodes --protocol delayed ")
        self.expect("srwm train-fewshot --set data.train_episodes= --res",
                    "srwm train-fewshot --set data.train_episodes= --resume ")

    def test_keys_and_their_values(self):
        self.expect("srwm train-fewshot --set train.st", "srwm train-fewshot --set train.steps=")
        self.expect("srwm train-fewshot --set model.core.kind=d", "srwm train-fewshot --set model.core.kind=delta_net ")
        self.expect("srwm train-fewshot --set data.normalize=t", "srwm train-fewshot --set data.normalize=true ")
        self.expect("srwm train-fewshot --set train.steps=5 --set train.b",
                    "srwm train-fewshot --set train.steps=5 --set train.batch=")
        self.expect_choice("srwm config explain model.core.h", ["model.core.heads", "model.core.hidden"])

    def test_files(self):
        self.expect("srwm train-fewshot --config specs/o", "srwm train-fewshot --config specs/one.json ")
        self.expect("srwm train-fewshot --config=specs/o", "srwm train-fewshot --config=specs/one.json ")
        self.expect("srwm config check specs/one.json specs/tw", "srwm config check specs/one.json specs/two.json ")
        self.expect_choice("srwm train-fewshot --config specs/", ["one.json", "two.json"], ["notes.txt"])
        self.expect("srwm eval --run runs/f", "srwm eval --run runs/first/")
        self.expect("srwm data episodes --dataset omni", "srwm data episodes --dataset omniglot28 ")
        self.expect("srwm sweep specs/tw", "srwm sweep specs/two.json ")
        self.expect("srwm report tables/o", "srwm report tables/one/")

    def test_folders_without_a_matching_file(self):
        self.expect("srwm train-fewshot --config sp", "srwm train-fewshot --config specs/")
        self.expect("srwm train-fewshot --config=sp", "srwm train-fewshot --config=specs/")
        self.expect("srwm data inspect da", "srwm data inspect data/")
        self.expect("srwm config check sp", "srwm config check specs/")
        self.expect("srwm env list --library da", "srwm env list --library data/")
        self.expect("srwm report tab", "srwm report tables/")

    def test_games_and_libraries(self):
        self.expect("srwm env watch --game sig", "srwm env watch --game signpost ")
        self.expect("srwm env watch --game=signpost,mel", "srwm env watch --game=signpost,melody ")
        self.expect("srwm env list --library pro", "srwm env list --library procgen ")
        self.expect("srwm env watch --library procgen --game star",
                    "srwm env watch --library procgen --game starpilot ")


@unittest.skipUnless(shutil.which("bash"), "bash is not installed")
class Bash(Completion, unittest.TestCase):
    def start(self):
        return Shell(["bash", "--norc", "--noprofile", "-i"], f"source '{BASH_SCRIPT}'\n{BASH_SETUP}", self.folder.name)


@unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
class Zsh(Completion, unittest.TestCase):
    def start(self):
        return Shell(["zsh", "-f", "-i"], f"autoload -U compinit\ncompinit -u\nsource '{ZSH_SCRIPT}'\n{ZSH_SETUP}",
                     self.folder.name)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
