#!/usr/bin/env python3
"""A file system that is lost while a run writes to it: FUSE, whose server dies. For hand use: needs /dev/fuse.

Usage: lost_disk.py SRWM [--times N] [--seed N]     (packages fuse3 and python3-fusepy)

The server passes everything on to a folder. It is killed at a random moment, after which the kernel answers ENOTCONN, or
told by SIGUSR1 to answer EIO or ESTALE from now on, as a network file system does. srwm has to end with exit code 3 and
one sentence; once the folder is mounted again, the resumed run has to end like one that never met a fault.
"""
import argparse
import errno
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

import fusepy as fuse

from kill_test import finish_and_compare
from small_run import Outcome, SmallRun

ERRORS = {"ENOTCONN": None, "EIO": errno.EIO, "ESTALE": errno.ESTALE}


class PassThrough(fuse.Operations):
    """The folder `root`, until `lost` is set to an error number."""

    def __init__(self, root):
        self.root, self.lost = root, 0

    def __call__(self, operation, path, *arguments):
        if self.lost:
            raise fuse.FuseOSError(self.lost)
        return super().__call__(operation, self.root + path, *arguments)

    def getattr(self, path, fh=None):
        status = os.lstat(path)
        return {key: getattr(status, key) for key in
                ("st_atime", "st_ctime", "st_gid", "st_mode", "st_mtime", "st_nlink", "st_size", "st_uid")}

    def readdir(self, path, fh):
        return [".", "..", *os.listdir(path)]

    def open(self, path, flags):
        return os.open(path, flags & ~os.O_APPEND)  # the kernel gives the offset

    def create(self, path, mode, fi=None):
        return os.open(path, os.O_RDWR | os.O_CREAT, mode)

    def read(self, path, size, offset, fh):
        return os.pread(fh, size, offset)

    def write(self, path, data, offset, fh):
        return os.pwrite(fh, data, offset)

    def truncate(self, path, length, fh=None):
        os.truncate(path, length)

    def fsync(self, path, datasync, fh):
        os.fsync(fh)

    def release(self, path, fh):
        os.close(fh)

    def rename(self, old, new):
        os.rename(old, self.root + new)

    def link(self, target, source):
        os.link(self.root + source, target)

    def mkdir(self, path, mode):
        os.mkdir(path, mode)

    def rmdir(self, path):
        os.rmdir(path)

    def unlink(self, path):
        os.unlink(path)


def serve(root, mount_point, error):
    operations = PassThrough(root)
    signal.signal(signal.SIGUSR1, lambda *_: setattr(operations, "lost", error))
    fuse.FUSE(operations, mount_point, foreground=True, nothreads=True, raw_fi=False, attr_timeout=0, entry_timeout=0)


class Mount:
    def __init__(self, root, mount_point, error):
        self.mount_point, self.error = mount_point, error
        self.server = subprocess.Popen([sys.executable, "-B", __file__, "--serve", root, mount_point, str(error or 0)])
        while not os.path.ismount(mount_point):
            time.sleep(0.01)

    def lose(self):
        self.server.send_signal(signal.SIGUSR1 if self.error else signal.SIGKILL)

    def unmount(self):
        subprocess.run(["fusermount3", "-u", "-z", self.mount_point], check=True)
        self.server.kill()
        self.server.wait()


def lose_once(small, whole, folder, name, delay):
    """Returns what srwm said, or None if it had finished before."""
    root, mount_point = os.path.join(folder, "root"), os.path.join(folder, "mount")
    run_folder = os.path.join(mount_point, "run")
    disk = Mount(root, mount_point, ERRORS[name])
    process = small.start(run_folder, "--resume")
    time.sleep(delay)
    disk.lose()
    _, err = process.communicate(timeout=120)
    disk.unmount()
    said = [line for line in err.splitlines() if line.startswith("srwm: ")]
    if process.returncode not in (0, 3) or (process.returncode == 3 and len(said) != 1):
        raise AssertionError(f"{name} after {delay:.3f} s: exit code {process.returncode}: {err}")
    disk = Mount(root, mount_point, None)
    finish_and_compare(small, run_folder, whole, f"{name} after {delay:.3f} s")
    disk.unmount()
    return said[0].replace(folder, "") if said else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("srwm")
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance, sentences = random.Random(options.seed), set()
    with tempfile.TemporaryDirectory(prefix="srwm_trust_") as folder:
        for name in ("root", "mount"):
            os.mkdir(os.path.join(folder, name))
        small = SmallRun(options.srwm, folder, steps=300)
        start = time.monotonic()
        assert small.finish(os.path.join(folder, "whole"))[0] == 0
        seconds, lost = time.monotonic() - start, 0
        whole = Outcome(os.path.join(folder, "whole"))
        for i in range(options.times):
            said = lose_once(small, whole, folder, list(ERRORS)[i % 3], chance.uniform(0, 1.2 * seconds))
            if said:
                lost += 1
                sentences.add(re.sub(r"step[ -][\d,]+", "step N", said))
    print(f"{lost} losses survived of {options.times} tried; what was said:", *sorted(sentences), sep="\n  ")


if __name__ == "__main__":
    if len(sys.argv) == 5 and sys.argv[1] == "--serve":
        serve(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        main()
