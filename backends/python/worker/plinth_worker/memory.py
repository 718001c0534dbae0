"""The memory shared with the server: inputs in its first half, which can only be read here, outputs in the second."""

import bisect
import mmap
import threading

import numpy as np

_ALIGNMENT = 64


def _locked(method):
    def call(self, *arguments):
        with self._lock:
            return method(self, *arguments)

    return call


class NoRoom(MemoryError):
    pass


class Memory:
    def __init__(self, descriptor, half):
        self.inputs = mmap.mmap(descriptor, half, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ)
        self.outputs = mmap.mmap(descriptor, half, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ | mmap.PROT_WRITE, offset=half)
        self.half = half
        self.inputs_begin = np.frombuffer(self.inputs, np.uint8).__array_interface__["data"][0]
        self.outputs_begin = np.frombuffer(self.outputs, np.uint8).__array_interface__["data"][0]
        self._free = [(0, half)]  # begin and size, by begin; no two touch
        self._taken = {}  # begin: size
        self._lock = threading.Condition()  # calls of other models come from any thread of the program's

    @_locked
    def allocate(self, size):
        """Where a new block begins; NoRoom if there is none."""
        size = max(-(-size // _ALIGNMENT) * _ALIGNMENT, _ALIGNMENT)
        for i, (begin, room) in enumerate(self._free):
            if room < size:
                continue
            if room == size:
                del self._free[i]
            else:
                self._free[i] = (begin + size, room - size)
            self._taken[begin] = size
            return begin
        raise NoRoom(f"the outputs do not fit into the {self.half >> 20} MB that are shared with the server; set the option shm_mb")

    @_locked
    def free(self, begin):
        size = self._taken.pop(begin)
        i = bisect.bisect(self._free, (begin, 0))
        if i < len(self._free) and self._free[i][0] == begin + size:
            size += self._free.pop(i)[1]
        if i > 0 and sum(self._free[i - 1]) == begin:
            begin, before = self._free.pop(i - 1)
            size += before
            i -= 1
        self._free.insert(i, (begin, size))
        self._lock.notify_all()

    @_locked
    def await_freed(self, seconds):
        """Waits until a block has been freed, or the time is over. False: none is taken, so none will be."""
        return bool(self._taken) and (self._lock.wait(seconds) or True)

    def free_all(self, begins):
        for begin in begins:
            self.free(begin)
