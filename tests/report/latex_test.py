#!/usr/bin/env python3
"""Typesets every table of experiments/ with pdflatex, in the class article, without runs and with made-up ones.

Usage: latex_test.py SRWM SOURCE_DIR
Nothing may be wider than the text or taller than a page, and every sign must have been set. Without pdflatex the test
is skipped, and says so."""
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SRWM, SOURCE = sys.argv[1], Path(sys.argv[2])
TABLES = sorted(path.parent for path in SOURCE.glob("experiments/*/table.json"))
SKIPPED = 77
DOCUMENT = r"""\documentclass{article}
\usepackage{array,booktabs}
\begin{document}
%s
\end{document}
"""
SIGNS = r"""|<>"`--''&%$#_{}~^\ ±–×→ <<?`!`"""


def srwm(*arguments):
    return subprocess.run([SRWM, *map(str, arguments)], check=True, capture_output=True, text=True).stdout


def option(words, name):
    return words[words.index(name) + 1]


def settings(words):
    return [part for at, word in enumerate(words) if word == "--set" for part in ("--set", words[at + 1])]


def agent_sections(spec):
    """Figures as wide as they come."""
    splits = ["train"] + [f"test{i + 1}" for i in range(len(spec["test"]["first_levels"]))]
    figures = {name: value for game in spec["env"]["games"] + ["mean_return"]
               for name, value in ((game, -12.34), (game + "_ci95", 1.23))}
    figures.update({name: value for constants, score in (("paper", 0.1234), ("code", 0.2345))
                    for name, value in ((f"normalised_{constants}", score), (f"normalised_{constants}_ci95", 0.0123))})
    return {split: figures for split in splits + ["test"]}


def fewshot_sections(spec):
    accuracy = {"accuracy": 0.9876, "ci95": 0.0123}
    test = dict(accuracy)
    if spec["protocol"]["kind"] == "sequential":
        first, second = spec["data"]["dataset"], spec["data"]["second_dataset"]
        test["tasks"] = [{"name": name, **accuracy} for name in (first, second)]
        test["orders"] = [{"name": f"{a}, then {b}", **accuracy,
                           "tasks": [{"name": name, **accuracy} for name in (a, b)]}
                          for a, b in ((first, second), (second, first))]
    return {"test": test, "validation": accuracy}


def vsml_sections(spec):
    accuracy = {"accuracy": 0.9876, "accuracy_ci95": 0.0123, "late_accuracy": 0.9876, "late_accuracy_ci95": 0.0123}
    datasets = [{"name": name, **accuracy} for name in spec["test"]["datasets"]]
    return {"test": {**accuracy, "datasets": datasets}, "validation": accuracy}


SECTIONS = {"fewshot": fewshot_sections, "rl": agent_sections, "vsml": vsml_sections}


def finish(command):
    """Makes the run that a line of `report --format commands` would make."""
    words = shlex.split(command)
    spec = json.loads(srwm("config", "show", option(words, "--config"), *settings(words), "--set",
                           "seed=" + option(words, "--seed")))
    sections = SECTIONS[spec["task"]](spec)
    folder = Path(option(words, "--run-dir"))
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps(
        {**sections, "wall_seconds": 123456 + 7 * int(option(words, "--seed")), "data_digest": "x", "spec": spec}))
    (folder / "DONE").touch()


class Latex(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.runs = Path(self.folder.name) / "runs"

    def tearDown(self):
        self.folder.cleanup()

    def typeset(self, name, text):
        """The log of pdflatex, without line breaks of its own."""
        (Path(self.folder.name) / f"{name}.tex").write_text(DOCUMENT % text, encoding="utf-8")
        result = subprocess.run(["pdflatex", "-interaction=nonstopmode", "-halt-on-error", f"{name}.tex"],
                                cwd=self.folder.name, capture_output=True, text=True, errors="replace",
                                env={"PATH": "/usr/bin:/bin", "HOME": self.folder.name, "max_print_line": "10000"})
        self.assertEqual(result.returncode, 0, result.stdout[-3000:])
        for fault in ("Overfull", "Float too large", "Missing character", "undefined"):
            lines = [line for line in result.stdout.splitlines() if fault in line]
            self.assertEqual(lines, [], f"{name}: {lines}")
        return result.stdout

    def report(self, table):
        return srwm("report", table, "--runs-dir", self.runs, "--format", "latex")

    def test_tables_without_runs(self):
        self.assertGreater(len(TABLES), 8)
        for table in TABLES:
            with self.subTest(table.name):
                self.typeset(table.name, self.report(table))

    def test_tables_with_all_runs(self):
        for table in TABLES:
            with self.subTest(table.name):
                for line in srwm("report", table, "--runs-dir", self.runs, "--format", "commands").splitlines():
                    finish(line)
                text = self.report(table)
                self.assertNotIn("not run", text)
                self.typeset(table.name, text)

    def test_signs(self):
        table = Path(self.folder.name) / "odd table"
        table.mkdir()
        (table / "a.json").write_text(json.dumps({"name": "a"}))
        (table / "b.json").write_text(json.dumps({"name": "b"}))
        (table / "table.json").write_text(json.dumps(
            {"title": SIGNS, "note": "A note: " + SIGNS, "others": {"*" + SIGNS: 0.5}, "others_source": SIGNS,
             "rows": {"a": "[a] " + SIGNS, "b": "a very long name of a model, " * 6}}))
        self.typeset("signs", self.report(table))
        if shutil.which("pdftotext") is None:
            print("pdftotext is not installed: what is on the page is not looked at", file=sys.stderr)
            return
        page = subprocess.run(["pdftotext", "-layout", "signs.pdf", "-"], cwd=self.folder.name, check=True,
                              capture_output=True, text=True).stdout
        for sign in "|<>\"&%$#{}\\±×→[*":  # \\_ is a rule, ~ and ^ are accents
            self.assertIn(sign, page)
        for ligature in "“”«»¿¡":
            self.assertNotIn(ligature, page)


if __name__ == "__main__":
    if shutil.which("pdflatex") is None:
        print("pdflatex is not installed (Debian and Ubuntu: apt-get install texlive-latex-recommended): skipped")
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1])
