#!/usr/bin/env python3
"""What the CUDA kernels take: prints a markdown table of registers, shared memory, stack and spills of every kernel, and
fails if one spills registers or has a stack frame.

  make ptxas-report
  scripts/ptxas_report.py BUILD_DIR [--jobs N]

BUILD_DIR is configured with CUDA; the commands of its compile_commands.json are run again, with their output thrown
away, so the figures are those of the library that it builds.
"""

import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "data_scripts"))
sys.dont_write_bytecode = True

from command_line import InputError, ScriptError, argument_parser, path, printable, read_text, run

ENTRY = re.compile(r"Compiling entry function '([^']+)' for '(sm_\w+)'")
FRAME = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
REGISTERS = re.compile(r"Used (\d+) registers")
SHARED = re.compile(r"(\d+) bytes smem")


class Usage:
    """Of one kernel on one architecture."""

    def __init__(self, source, kernel, arch):
        self.source, self.kernel, self.arch = source, kernel, arch
        self.registers = self.shared = self.stack = self.spilled = 0


def main(arguments):
    parser = argument_parser(__doc__)
    parser.add_argument("build", type=path)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args(arguments)
    commands = cuda_commands(options.build)
    with concurrent.futures.ThreadPoolExecutor(max(1, options.jobs)) as pool:
        usages = [usage for part in pool.map(compile_verbosely, commands) for usage in part]
    if not usages:
        raise ScriptError("The compiler reported no kernel at all.")
    demangle(usages)
    print_table(usages)
    bad = [usage for usage in usages if usage.stack or usage.spilled]
    for usage in bad:
        print(f"ptxas-report: {usage.kernel} on {usage.arch}: {usage.stack} bytes of stack, {usage.spilled} bytes spilled. "
              "An array indexed by a number that is known at run time only lies there, or too many registers are asked "
              "for.", file=sys.stderr)
    sys.exit(1 if bad else 0)


def cuda_commands(build):
    """(source, command, folder) of every CUDA source."""
    place = os.path.join(build, "compile_commands.json")
    try:
        entries = [entry for entry in json.loads(read_text(place)) if entry["file"].endswith(".cu") and "nvcc" in entry["command"]]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{place} is no list of commands: {error}. Configure the build again.") from error
    if not entries:
        raise InputError(f"{build} was configured without CUDA. Configure with SRWM_CUDA=ON; this needs nvcc.")
    return [(entry["file"], entry["command"], entry["directory"]) for entry in entries]


def compile_verbosely(entry):
    """Compiles one source to nowhere; a Usage per kernel and architecture."""
    source, command, folder = entry
    words = shlex.split(command)
    words[words.index("-o") + 1] = "/dev/null"
    if "-MF" in words:  # the build's own dependency file stays as it is
        words[words.index("-MF") + 1] = "/dev/null"
    done = subprocess.run(words + ["-Xptxas=-v"], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stderr, file=sys.stderr)
        raise ScriptError(f"{printable(source)} does not compile; what the compiler said is above.")
    return parse(os.path.basename(source), done.stdout + done.stderr)


def parse(source, report):
    usages = []
    for line in report.splitlines():
        if match := ENTRY.search(line):
            usages.append(Usage(source, *match.groups()))
        elif usages and (match := FRAME.search(line)):
            stack, stores, loads = map(int, match.groups())
            usages[-1].stack, usages[-1].spilled = max(usages[-1].stack, stack), usages[-1].spilled + stores + loads
        elif usages and (match := REGISTERS.search(line)):
            usages[-1].registers = int(match.group(1))
            if match := SHARED.search(line):
                usages[-1].shared = int(match.group(1))
    return usages


def demangle(usages):
    """Names as in the source, without namespaces and parameters."""
    names = subprocess.run(["c++filt"], input="\n".join(usage.kernel for usage in usages), capture_output=True, text=True,
                           check=True).stdout.splitlines()
    for usage, name in zip(usages, names):
        name = name.replace("(anonymous namespace)::", "").replace("srwm::cuda::", "").replace("srwm::", "")
        name = re.sub(r"\((?:int|bool|unsigned int|Precision)\)", "", name)  # template arguments: (int)16
        usage.kernel = name.split("(")[0].removeprefix("void ")


def print_table(usages):
    archs = sorted({usage.arch for usage in usages})
    rows = {}
    for usage in usages:
        rows.setdefault((usage.source, usage.kernel), {})[usage.arch] = usage
    print(f"{len(rows)} kernels for {' and '.join(archs)}; bytes of shared memory, stack and spills are the larger of the "
          "architectures', dynamic shared memory is not counted.\n")
    print("| source | kernel | " + " | ".join(f"registers {arch}" for arch in archs) + " | shared | stack | spilled |")
    print("|---|---|" + "---|" * (len(archs) + 3))
    for (source, kernel), by_arch in sorted(rows.items()):
        registers = " | ".join(str(by_arch[arch].registers) if arch in by_arch else "-" for arch in archs)
        shared, stack, spilled = (max(getattr(usage, name) for usage in by_arch.values())
                                  for name in ("shared", "stack", "spilled"))
        print(f"| {source} | `{kernel}` | {registers} | {shared} | {stack} | {spilled} |")


if __name__ == "__main__":
    run(main)
