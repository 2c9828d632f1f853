#!/usr/bin/env python3
"""Draws curves of runs as SVG, reading metrics.jsonl. Needs nothing but Python.

    plot_curves.py --out curves.svg --metric accuracy --kind train runs/a runs/b
    plot_curves.py --out curves.svg --x seconds --chance 0.2 runs/a runs/b
"""
import argparse
import html
import json
import pathlib
import sys

WIDTH, HEIGHT = 860, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 230, 24, 48
COLOURS = ["#1b6ca8", "#d1495b", "#3a7d44", "#8d5a97", "#c77800", "#00798c", "#5c5c5c", "#b5179e", "#7f4f24", "#6a994e"]


def read_curve(run, kind, metric, x):
    """Points (x, metric) of one run; x is "step" or "seconds"."""
    path = pathlib.Path(run) / "metrics.jsonl"
    try:
        lines = [json.loads(line) for line in path.read_text().splitlines()]
    except (OSError, ValueError) as error:
        sys.exit(f"plot_curves.py: cannot read {path}: {error}. Is {run} the folder of a run?")
    points = [(line[x], line[metric]) for line in lines if line["kind"] == kind and line.get(metric) is not None]
    if not points:
        sys.exit(f'plot_curves.py: {path} has no "{metric}" in lines of kind "{kind}".')
    return points


def nice_step(span, ticks):
    """A round distance of grid lines, so that about `ticks` fit into `span`."""
    step = 10.0 ** len(str(int(span))) if span >= 1 else 1.0
    while span / step < ticks:
        for factor in (2, 2.5, 2):
            step /= factor
            if span / step >= ticks:
                break
    return step


class Canvas:
    def __init__(self, x_range, y_range):
        self.x_range, self.y_range = x_range, y_range
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        ]

    def x(self, value):
        low, high = self.x_range
        return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        low, high = self.y_range
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def text(self, x, y, text, anchor="start", colour="#333"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{html.escape(text)}</text>')

    def line(self, x1, y1, x2, y2, style):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {style}/>')

    def grid(self, x_label, y_label):
        for axis, (low, high) in (("x", self.x_range), ("y", self.y_range)):
            step = nice_step(high - low, 5)
            value = low - low % step
            while value <= high * 1.0001:
                if value >= low:
                    self.tick(axis, value)
                value += step
        self.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, x_label, "middle")
        self.text(LEFT, TOP - 8, y_label)

    def tick(self, axis, value):
        label = f"{value:,.6g}"
        if axis == "x":
            self.line(self.x(value), TOP, self.x(value), HEIGHT - BOTTOM, 'stroke="#eee"')
            self.text(self.x(value), HEIGHT - BOTTOM + 16, label, "middle")
        else:
            self.line(LEFT, self.y(value), WIDTH - RIGHT, self.y(value), 'stroke="#eee"')
            self.text(LEFT - 6, self.y(value) + 4, label, "end")

    def curve(self, index, name, points):
        colour = COLOURS[index % len(COLOURS)]
        dash = ' stroke-dasharray="5 3"' if index >= len(COLOURS) else ""
        path = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"{dash}/>')
        y = TOP + 12 + 18 * index
        self.line(WIDTH - RIGHT + 12, y - 4, WIDTH - RIGHT + 34, y - 4, f'stroke="{colour}" stroke-width="2.5"{dash}')
        self.text(WIDTH - RIGHT + 40, y, name)

    def save(self, path):
        pathlib.Path(path).write_text("\n".join(self.parts + ["</svg>"]) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", help="run folders")
    parser.add_argument("--out", required=True, help="SVG file to write")
    parser.add_argument("--kind", default="train", choices=["train", "validation"])
    parser.add_argument("--metric", default="accuracy")
    parser.add_argument("--x", default="step", choices=["step", "seconds"])
    parser.add_argument("--chance", type=float, help="draw a line at this value")
    options = parser.parse_args()

    curves = [(pathlib.Path(run).name, read_curve(run, options.kind, options.metric, options.x)) for run in options.runs]
    xs = [x for _, points in curves for x, _ in points]
    ys = [y for _, points in curves for _, y in points] + ([options.chance] if options.chance is not None else [])
    margin = (max(ys) - min(ys)) * 0.05 or 0.05
    canvas = Canvas((0, max(xs)), (max(0, min(ys) - margin), max(ys) + margin))
    canvas.grid(options.x, f"{options.kind} {options.metric}")
    if options.chance is not None:
        canvas.line(LEFT, canvas.y(options.chance), WIDTH - RIGHT, canvas.y(options.chance), 'stroke="#999" stroke-dasharray="4 4"')
        canvas.text(WIDTH - RIGHT - 4, canvas.y(options.chance) - 5, "chance", "end", "#777")
    for index, (name, points) in enumerate(curves):
        canvas.curve(index, name, points)
    canvas.save(options.out)


if __name__ == "__main__":
    main()
