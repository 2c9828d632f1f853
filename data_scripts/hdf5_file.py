"""New HDF5 files that are there whole or not at all. The HDF5 library crashes, then or at the end of the process, when a
write fails that it does not expect to fail: on a full disk, for instance, or when a signal interrupts it. So it writes
through an object that always succeeds, remembers the first error, and is asked for it after each step."""

import contextlib
import os

from command_line import Package, new_file

h5py = Package("h5py")


@contextlib.contextmanager
def new_hdf5(output):
    """(an HDF5 file to fill, a function that raises what went wrong so far). The file appears as `output` when it is
    complete, or not at all."""
    with new_file(output) as name, _Output(name) as disk:
        with h5py.File(disk, "w") as file:
            try:
                yield file, disk.check
            except BaseException as error:
                disk.give_up(error)
        disk.check()


class _Output:
    """A file for h5py. After an error nothing more is written."""

    def __init__(self, name):
        self.file, self.error = open(name, "w+b", buffering=0), None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def check(self):
        if self.error is not None:
            raise self.error

    def give_up(self, error):
        self.error = self.error or error

    def _try(self, work, otherwise):
        if self.error is not None:
            return otherwise
        try:
            return work()
        except BaseException as error:
            self.give_up(error)
            return otherwise

    def write(self, content):
        view = memoryview(content).cast("B")

        def write_all():
            done = 0
            while done < len(view):
                done += self.file.write(view[done:])

        self._try(write_all, None)
        return len(view)

    def readinto(self, buffer):
        return self._try(lambda: self.file.readinto(buffer), len(buffer))

    def read(self, count=-1):
        return self._try(lambda: self.file.read(count), b"")

    def seek(self, offset, whence=os.SEEK_SET):
        return self._try(lambda: self.file.seek(offset, whence), 0)

    def tell(self):
        return self._try(self.file.tell, 0)

    def truncate(self, size=None):
        return self._try(lambda: self.file.truncate(size), 0)

    def flush(self):
        self._try(self.file.flush, None)
