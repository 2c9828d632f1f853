"""data_scripts/plot.py: what is drawn, and how it refuses. Needs matplotlib; says so and passes without."""

import contextlib
import importlib.util
import io
import json
import math
import os
import sys
import tempfile
import types
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data_scripts"))

WITH_MATPLOTLIB = importlib.util.find_spec("matplotlib") is not None
if WITH_MATPLOTLIB:
    import plot
    import plotting
    from command_line import ScriptError, UsageError

TRAIN = [{"step": 10 * i, "kind": "train", "loss": 2 - 0.1 * i, "accuracy": 0.2 + 0.01 * i, "seconds": 1.5 * i}
         for i in range(1, 6)]
VALIDATION = [{"step": 25, "kind": "validation", "loss": 1.7, "accuracy": 0.4, "ci95": 0.02, "seconds": 4.0},
              {"step": 50, "kind": "validation", "loss": 1.5, "accuracy": 0.5, "ci95": 0.01, "seconds": 8.0}]
TASKS = [{"name": "omniglot84rgb", "positions": 3}, {"name": "miniimagenet", "positions": 2}]
RESULT = {"test": {"accuracy": 0.6, "accuracy_by_position": [0.2, 0.4, 0.6, 0.3, None],
                   "ci95_by_position": [0.01, 0.02, 0.03, 0.04, None], "tasks": TASKS,
                   "orders": [{"name": "Omniglot first", "tasks": TASKS,
                               "accuracy_by_position": [0.1, 0.2, 0.3, 0.4, 0.5]},
                              {"name": "Mini-ImageNet first", "accuracy_by_shot": [0.2, 0.5]}]}}


@unittest.skipUnless(WITH_MATPLOTLIB, "matplotlib is not installed")
class Plot(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.out = self.path("picture.svg")

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, content):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(content)

    def write_run(self, name, lines, torn=""):
        self.write(f"{name}/metrics.jsonl", "".join(json.dumps(line) + "\n" for line in lines) + torn)
        return self.path(name)

    def write_result(self, name, result):
        self.write(f"{name}/result.json", json.dumps(result))
        return self.path(name)

    def picture(self, *arguments):
        plot.main([*arguments, "--out", self.out])
        with open(self.out, "rb") as file:
            return file.read()

    def axes(self, command, *runs, **options):
        """The axes of the figure, and the labels of its legend."""
        defaults = {"metric": "accuracy", "kind": None, "x": "step", "chance": None, "title": "", "mean": False, "group": False}
        given = types.SimpleNamespace(**{**defaults, **options}, runs=list(runs), draw=getattr(plot, f"draw_{command}"))
        figure = plot.picture(given)
        self.addCleanup(plot.pyplot.close, figure)
        return figure.axes[0], [text.get_text() for text in figure.axes[0].get_legend().get_texts()]

    def refuses(self, pattern, *arguments):
        with self.assertRaisesRegex(ScriptError, pattern):
            self.picture(*arguments)
        self.assertFalse(os.path.exists(self.out))

    def test_curves(self):
        axes, labels = self.axes("curves", self.write_run("a-s1", TRAIN + VALIDATION), self.write_run("b-s1", TRAIN))
        self.assertEqual(labels, ["a-s1", "b-s1"])
        train, validation, other = axes.lines
        self.assertEqual(list(train.get_xdata()), [10, 20, 30, 40, 50])
        self.assertEqual([round(y, 9) for y in train.get_ydata()], [21, 22, 23, 24, 25])
        self.assertEqual(list(validation.get_ydata()), [40, 50])
        self.assertLess(train.get_linewidth(), validation.get_linewidth())
        self.assertEqual(train.get_linewidth(), other.get_linewidth())
        self.assertEqual(train.get_color(), validation.get_color())
        self.assertNotEqual(train.get_color(), other.get_color())
        band = axes.collections[1].get_paths()[0].get_extents()
        self.assertAlmostEqual(band.y0, 38)
        self.assertAlmostEqual(band.y1, 51)

    def rules(self):
        """Results of two rules on two datasets, one with two seeds."""
        def result(shift):
            return {"datasets": [{"name": name, "accuracy": accuracy + shift, "window": 5,
                                  "accuracy_by_window": [accuracy + shift - 0.1, accuracy + shift + 0.1, None]}
                                 for name, accuracy in (("mnist", 0.5), ("sum", 0.7))]}
        return [self.write_result("vsml-s1", {"test": result(0)}), self.write_result("vsml-s2", {"test": result(0.1)}),
                self.write_result("sgd", result(-0.2))]

    def test_online(self):
        axes, labels = self.axes("online", *self.rules(), mean=True)
        self.assertEqual(labels, ["vsml (2 seeds): mnist", "vsml (2 seeds): sum", "sgd: mnist", "sgd: sum"])
        self.assertEqual(list(axes.lines[0].get_xdata()), [2.5, 7.5, 12.5])
        self.assertEqual([round(y, 6) for y in axes.lines[0].get_ydata()][:2], [45, 65])
        self.assertEqual([round(y, 6) for y in axes.lines[3].get_ydata()][:2], [40, 60])
        self.assertTrue(math.isnan(axes.lines[0].get_ydata()[2]))
        self.refuses("accuracy_by_window", "online", self.write_result("other", RESULT))

    def test_matrix(self):
        runs = self.rules()
        options = types.SimpleNamespace(runs=runs, mean=True, group=False, title="")
        figure = plot.matrix_picture(options)
        self.addCleanup(plot.pyplot.close, figure)
        axes = figure.axes[0]
        self.assertEqual([text.get_text() for text in axes.get_xticklabels()], ["mnist", "sum"])
        self.assertEqual([text.get_text() for text in axes.get_yticklabels()], ["vsml (2 seeds)", "sgd"])
        self.assertEqual([text.get_text() for text in axes.texts], ["55.0", "75.0", "30.0", "50.0"])
        self.refuses("no test of a learning rule", "matrix", self.write_result("other", RESULT))
        self.assertTrue(self.picture("matrix", *runs).startswith(b"<?xml"))

    def probes(self, cells):
        """A result of --probes on two datasets."""
        def part(name, shift):
            series = {"probability": [0.1 + shift, 0.5 + shift], "ci95": [0.1, None], "accuracy": [0, 1]}
            swap = {"probability": [0.2] * 4 + [0.1] * 4, "ci95": [None] * 8, "accuracy": [0] * 8,
                    "old_probability": [0.2] * 4 + [0.6] * 4}
            found = {"name": name, "episodes": 2, "new_class": series, "other_classes": series, "swap": swap}
            if cells:
                found["cells"] = {"change": [0.1 * t for t in range(8)], "change_of_step": [0.1] * 8, "labels": [0, 1] * 4,
                                  "components": [[t, -t, 0] for t in range(8)], "explained": [0.7, 0.2, 0.1]}
            return found
        return {"probes": {"step": 4, "length": 8, "datasets": [part("mnist", 0), part("sum", 0.2)]}}

    def probes_axes(self, *runs, dataset=None):
        figure = plot.probes_picture(types.SimpleNamespace(runs=list(runs), dataset=dataset, title=""))
        self.addCleanup(plot.pyplot.close, figure)
        return figure.axes

    def test_probes(self):
        vsml, sgd = self.write_result("vsml", self.probes(True)), self.write_result("sgd", self.probes(False))
        late, swap, change, components = self.probes_axes(vsml, sgd)
        self.assertEqual([line.get_label() for line in late.lines][::2], ["vsml", "sgd"])
        self.assertEqual([round(y, 6) for y in late.lines[0].get_ydata()], [10, 50])
        self.assertEqual(list(late.lines[0].get_xdata()), [1, 2])
        right, old, line = swap.lines[:3]
        self.assertEqual([round(y, 6) for y in right.get_ydata()][:4], [20] * 4)
        self.assertEqual([round(y, 6) for y in old.get_ydata()], [60] * 4)
        self.assertEqual(list(old.get_xdata()), [5, 6, 7, 8])
        self.assertEqual(list(line.get_xdata()), [4.5, 4.5])
        self.assertEqual([round(y, 6) for y in change.lines[0].get_ydata()][:3], [0, 0.1, 0.2])
        self.assertEqual(len(change.lines), 1)
        self.assertIn("70 %", components.get_xlabel())
        self.assertEqual(len(components.collections[0].get_offsets()), 8)
        of_sum = self.probes_axes(sgd, dataset="sum")
        self.assertEqual(len(of_sum), 2)
        self.assertEqual([round(y, 6) for y in of_sum[0].lines[0].get_ydata()], [30, 70])
        self.assertTrue(self.picture("probes", vsml, sgd).startswith(b"<?xml"))
        os.remove(self.out)
        self.refuses("no probes of other", "probes", vsml, "--dataset", "other")
        self.refuses("eval --probes --json", "probes", self.write_result("other", RESULT))

    def test_choices(self):
        run = self.write_run("a", TRAIN + VALIDATION)
        axes, labels = self.axes("curves", run, kind="validation", metric="loss", x="seconds", chance=0.2)
        curve, chance = axes.lines
        self.assertEqual(list(axes.texts), [])  # in the legend, where it hides nothing
        self.assertEqual(labels[-1], "chance (20 %)")
        self.assertEqual((list(curve.get_xdata()), list(curve.get_ydata())), ([4, 8], [1.7, 1.5]))
        self.assertEqual(list(chance.get_ydata()), [20, 20])
        self.assertEqual((axes.get_xlabel(), axes.get_ylabel()), ("seconds of wall time", "validation loss"))

    def test_a_run_that_goes_on(self):
        lines = TRAIN[:2] + [{**TRAIN[2], "loss": None}] + TRAIN[3:]
        axes, _ = self.axes("curves", self.write_run("a", lines, torn='{"step":60,"ki'), metric="loss")
        values = axes.lines[0].get_ydata()
        self.assertEqual(len(values), 5)
        self.assertEqual([math.isnan(value) for value in values], [False, False, True, False, False])

    def test_runs_of_equal_name(self):
        runs = [self.write_run(f"{name}/s1", TRAIN) for name in "ab"]
        _, labels = self.axes("curves", *runs)
        self.assertEqual(labels, runs)

    def test_positions(self):
        axes, labels = self.axes("positions", self.write_result("seq", RESULT))
        self.assertEqual(labels, ["seq", "Omniglot first"])
        pieces = [(list(line.get_xdata()), list(line.get_ydata())) for line in axes.lines]
        self.assertEqual(pieces[0], ([1, 2, 3], [20, 40, 60]))
        self.assertEqual(pieces[1][0], [4, 5])
        self.assertEqual(pieces[1][1][0], 30)
        self.assertTrue(math.isnan(pieces[1][1][1]))
        self.assertEqual(pieces[4][0], [3.5, 3.5])  # the task switch
        _, labels = self.axes("positions", self.path("seq"), self.write_result("other", RESULT))
        self.assertEqual(labels[:3], ["seq", "seq: Omniglot first", "other"])

    def test_shots(self):
        self.write("eval.json", json.dumps(RESULT["test"]))
        axes, labels = self.axes("shots", self.path("eval.json"))
        self.assertEqual(labels, ["Mini-ImageNet first"])
        self.assertEqual(list(axes.lines[0].get_ydata()), [20, 50])

    def write_agent(self, name, core, returns, spec_name="a"):
        self.write(f"{name}/spec.json", json.dumps({"name": spec_name, "agent": {"core": core}}))
        return self.write_run(name, [{"step": 100 * i, "kind": "train", "entropy": 1.5 - 0.1 * i, **line}
                                     for i, line in enumerate(returns)])

    def agents(self, *runs, **options):
        figure = plot.agents_picture(types.SimpleNamespace(**{"smooth": 1, "memoryless": [], "title": "",
                                                                 "mean": False, "group": False, **options},
                                                           runs=list(runs)))
        self.addCleanup(plot.pyplot.close, figure)
        return figure.axes

    def test_agents(self):
        both = [{"return_melody": 1, "return_signpost": 2}, {"return_melody": None, "return_signpost": 4},
                {"return_melody": 3, "return_signpost": 9}]
        runs = [self.write_agent("a", "srwm", both), self.write_agent("b", "srwm", both),
                self.write_agent("c", "lstm", [{"return_signpost": 1}, {"return_signpost": 2}])]
        melody, signpost, entropy = self.agents(*runs, memoryless=[("signpost", 5)])
        self.assertEqual([axes.get_title() for axes in (melody, signpost, entropy)],
                         ["melody", "signpost", "policy entropy"])
        self.assertEqual([math.isnan(y) for y in melody.lines[0].get_ydata()], [False, True, False])
        first, second, other, limit = signpost.lines
        self.assertEqual((list(first.get_xdata()), list(first.get_ydata())), ([0, 100, 200], [2, 4, 9]))
        self.assertEqual(first.get_color(), second.get_color())
        self.assertNotEqual(first.get_color(), other.get_color())
        self.assertEqual((list(limit.get_ydata()), limit.get_linestyle()), ([5, 5], "--"))
        self.assertEqual([text.get_text() for text in entropy.get_legend().get_texts()], ["srwm", "lstm"])

    def test_agents_of_one_core(self):
        runs = [self.write_agent(name, "srwm", [{"return_maze": 1}] * 3, spec_name=name) for name in "ab"]
        maze, entropy = self.agents(*runs, smooth=2)
        self.assertEqual([text.get_text() for text in entropy.get_legend().get_texts()], ["srwm, a", "srwm, b"])
        self.assertEqual(len(maze.lines), 4)  # each smoothed, and thin as it is
        self.assertEqual(plotting.smooth([1, math.nan, 3, 5], 2), [1, 1, 3, 4])

    def test_refusals_of_agents(self):
        agent = self.write_agent("a", "srwm", [{"return_maze": 1}])
        self.refuses("--memoryless signpost: no run plays", "agents", agent, "--memoryless", "signpost=5")
        self.refuses("no returns of games yet", "agents", self.write_agent("b", "srwm", [{}]))
        self.write("few/spec.json", "{}")
        self.refuses("few is no run of srwm train-rl", "agents", self.path("few"))
        self.picture("agents", agent, "--memoryless", "maze=2.5", "--smooth", "3")
        for option, words in (("--smooth=0", "'0' is not a whole number above 0"), ("--memoryless=maze", "'maze' is "
                                                                                                         "not GAME=R"),
                              ("--memoryless=maze=x", "'x' is not a number"), ("--out=a.txt", "must end in")):
            with self.assertRaisesRegex(UsageError, words):
                plot.main(["agents", agent, *([] if option.startswith("--out") else ["--out", self.out]), option])

    def test_pictures(self):
        run = self.write_run("a <&> b", TRAIN + VALIDATION)
        first = self.picture("curves", run, "--title", "Accuracy of a run")
        self.assertIn(b"a &lt;&amp;&gt; b", first)
        self.assertIn(b"Accuracy of a run", first)
        self.assertEqual(self.picture("curves", run, "--title", "Accuracy of a run"), first)
        self.out = self.path("picture.png")
        self.assertEqual(self.picture("curves", run)[:8], b"\x89PNG\r\n\x1a\n")

    def test_all_that_is_in_the_folder_of_runs(self):
        runs = [self.write_run("a-s1", TRAIN), self.write_agent("agent-s1", "srwm", [{"return_maze": 1}]),
                self.write_run("new-s1", []), self.path("slurm-1.txt")]
        self.write("slurm-1.txt", "said")
        with contextlib.redirect_stderr(io.StringIO()) as warned:
            self.assertIn(b"a-s1", self.picture("curves", *runs))
            self.assertIn(b"return", self.picture("agents", *runs))
        for words in ('left out: .*agent-s1: metrics.jsonl has no "accuracy"', "left out: .*new-s1: ",
                      "left out: .*slurm-1.txt/metrics.jsonl cannot be read", "left out: .*a-s1/spec.json cannot be "
                                                                              "read"):
            self.assertRegex(warned.getvalue(), words)
        os.remove(self.out)
        self.refuses("None of 3 can be drawn. The first: .*agent-s1: metrics.jsonl has no", "curves", *runs[1:])

    def test_fifty_runs_are_told_apart(self):
        runs = [self.write_run(f"run{i}", TRAIN) for i in range(50)]
        axes, labels = self.axes("curves", *runs)
        self.assertEqual(len(labels), 50)
        self.assertEqual(len({(line.get_color(), str(line._dash_pattern)) for line in axes.lines}), 50)
        figure = axes.figure
        figure.canvas.draw()
        legend = axes.get_legend().get_window_extent()
        self.assertLess(legend.height, 1.3 * axes.get_window_extent().height)

    def test_mean_of_seeds(self):
        for seed, more in enumerate((0, 0.1, 0.2), 1):
            self.write_run(f"a-s{seed}", [{**line, "accuracy": line["accuracy"] + more} for line in VALIDATION])
        self.write_run("a-s3", [{**line, "accuracy": line["accuracy"] + 0.2} for line in VALIDATION[:1]])  # goes on
        runs = [self.path(f"a-s{seed}") for seed in (1, 2, 3)]
        axes, labels = self.axes("curves", *runs, self.write_run("b-s1", TRAIN), mean=True)
        self.assertEqual(labels, ["a (3 seeds)", "b-s1"] if "b-s1" in labels else ["a (3 seeds)", "b"])
        mean = axes.lines[0]
        self.assertEqual(list(mean.get_xdata()), [25])
        self.assertAlmostEqual(mean.get_ydata()[0], 50)
        band = axes.collections[0].get_paths()[0].get_extents()
        self.assertAlmostEqual(band.y0, 40)
        self.assertAlmostEqual(band.y1, 60)
        self.assertIn("band: standard deviation", axes.get_legend().get_title().get_text())
        self.write_run("a-s2", [{**VALIDATION[0], "step": 7}])
        self.refuses("have no step in common", "curves", *runs, "--mean")

    def write_spec(self, name, **settings):
        spec = {"name": name, "seed": 1, "comment": name, "model": {"core": {"kind": "srwm", "heads": 4}}, "optim": {"rate": 0.1}}
        spec |= settings
        self.write(f"{name}/spec.json", json.dumps(spec))
        return self.write_run(name, VALIDATION)

    def test_groups_by_spec(self):
        def core(**options):
            return {"core": {"kind": "srwm", "heads": 4, **options}}

        runs = [self.write_spec("first", seed=1), self.write_spec("second", seed=2, checkpoint={"every": 3}),
                self.write_spec("wide", model=core(heads=8)), self.write_spec("wide2", seed=7, model=core(heads=8)),
                self.write_spec("fast", optim={"rate": 0.5}), self.write_spec("lstm", model={"core": {"kind": "lstm"}})]
        axes, labels = self.axes("curves", *runs, group=True)
        self.assertEqual(labels, ["kind=srwm heads=4 rate=0.1 (2 seeds)", "kind=srwm heads=8 rate=0.1 (2 seeds)",
                                  "kind=srwm heads=4 rate=0.5", "kind=lstm rate=0.1"])
        _, labels = self.axes("curves", *runs[:2], group=True)
        self.assertEqual(labels, ["first (2 seeds)"])
        self.write_spec("both", vision={"kind": "x"})
        _, labels = self.axes("curves", self.path("lstm"), self.path("both"), group=True)
        self.assertEqual(labels, ["model.core.kind=lstm", "model.core.kind=srwm heads=4 vision.kind=x"])
        os.remove(self.path("wide", "spec.json"))
        self.refuses("spec.json cannot be read", "curves", *runs, "--group")

    def test_mean_of_results_and_agents(self):
        for seed in (1, 2):
            self.write_result(f"r-s{seed}", {"test": {"accuracy_by_shot": [0.1 * seed, 0.3 * seed, None]}})
        axes, labels = self.axes("shots", self.path("r-s1"), self.path("r-s2"), mean=True)
        self.assertEqual(labels, ["r (2 seeds)"])
        self.assertEqual([round(y, 9) for y in axes.lines[0].get_ydata()[:2]], [15, 45])
        agents = [self.write_agent(f"m-s{seed}", "lstm", [{"return_maze": seed * i} for i in range(4)]) for seed in (1, 3)]
        maze, entropy = self.agents(*agents, mean=True)
        self.assertEqual(list(maze.lines[0].get_ydata()), [0, 2, 4, 6])
        self.assertEqual([text.get_text() for text in entropy.get_legend().get_texts()], ["lstm (2 seeds)"])

    def test_names_are_no_formulas_and_always_shown(self):
        names = ["a $x_1$ b", "_hidden", "c\nd", "e\udcfff", "g%h", "~"]
        runs = [self.write_run(name, TRAIN) for name in names]
        _, labels = self.axes("curves", *runs)
        self.assertEqual(labels, ["a \\$x_1\\$ b", " _hidden", "c\\x0ad", "e\\xfff", "g%h", "~"])
        svg = self.picture("curves", *runs)
        for shown in (b">a $x_1$ b<", b"_hidden<", b">c\\x0ad<", b">e\\xfff<"):
            self.assertIn(shown, svg)
        with self.assertRaisesRegex(UsageError, "--title: the text between dollar signs is not a formula"):
            self.picture("curves", runs[0], "--title", r"$\nothing$")
        self.assertIn(b"costs $5<", self.picture("curves", runs[0], "--title", "costs $5"))

    def test_an_output_that_is_an_input(self):
        run = self.write_run("a", TRAIN)
        os.symlink("a/metrics.jsonl", self.out)
        with self.assertRaisesRegex(UsageError, "picture.svg is .*a/metrics.jsonl, which is read"):
            self.picture("curves", run)

    def test_numbers_that_are_none(self):
        odd = [None, "x", 10 ** 400, [1], True, 1e999]
        run = self.write_run("a", [{**line, "accuracy": value} for line, value in zip(TRAIN + TRAIN, odd)] + TRAIN)
        self.picture("curves", run)
        self.write_run("a", TRAIN, torn='{"name": "\u00fc'.encode().decode("utf-8")[:-1])
        with open(self.path("a", "metrics.jsonl"), "ab") as file:
            file.write(b"\xc3")  # cut within a letter
        self.picture("curves", run)
        for result in ({"test": []}, {"accuracy_by_shot": [[1]], "tasks": {"positions": 3}}, {"accuracy_by_shot": [],
                       "ci95_by_shot": 3, "tasks": [1, {"positions": "x"}]}, {"accuracy_by_shot": [0.5], "tasks": [{"positions": 9}] * 3}):
            with contextlib.suppress(ScriptError):
                self.picture("shots", self.write_result("r", result))

    def test_refusals(self):
        run = self.write_run("a", TRAIN)
        self.refuses("nowhere/metrics.jsonl cannot be read: No such file or directory", "curves", self.path("nowhere"))
        self.refuses('has no "loss" in lines of kind validation', "curves", run, "--metric", "loss",
                     "--kind", "validation")
        self.refuses('has no "colour"', "curves", run, "--metric", "colour")
        self.refuses("a/result.json cannot be read", "positions", run)
        untested = self.write_result("b", {"test": {"accuracy": 1}})
        self.refuses("has no accuracy_by_shot: its protocol", "shots", untested)
        self.write("a/metrics.jsonl", "<html>\n")
        self.refuses("metrics.jsonl, line 1 is not JSON", "curves", run)
        self.write_run("a", TRAIN)
        self.write("a/metrics.jsonl", "[1]\n")
        self.refuses("metrics.jsonl, line 1 is not JSON of a run", "curves", run)
        self.write_run("a", TRAIN)
        for chance in ("x", "nan", "20"):
            with self.assertRaisesRegex(UsageError, "--chance"):
                self.picture("curves", run, "--chance", chance)
        self.out = self.path("nowhere", "picture.svg")
        self.refuses("picture.svg cannot be written: there is no folder", "curves", run)


if __name__ == "__main__":
    unittest.main()
