"""How a call is ended that the server no longer wants: by an exception in the main thread, where models run."""

import signal
import struct
import threading
from contextlib import contextmanager

from .failures import Stopped


class Interrupts:
    def __init__(self, memory):
        self._memory = memory
        self._running = 0  # the number of the call that may be interrupted
        self._held = 0  # how many are in hold()
        self._pending = False
        signal.signal(signal.SIGINT, self._strike)

    def begin(self, call):
        self._pending = False
        self._running = call

    def end(self):
        self._running = 0

    @property
    def running(self):
        return self._running != 0

    def _strike(self, *_):
        """SIGINT: the server has written down which call it means."""
        (call,) = struct.unpack_from("<Q", self._memory.inputs, 0)
        if not self._running or self._running != call:
            return
        if self._held:
            self._pending = True
        else:
            self._stop()

    def _stop(self):
        self._running = 0  # once a call, so that none strikes while this one is handled
        raise Stopped("the call is not wanted any more")

    @contextmanager
    def hold(self):
        """Nothing strikes inside; only the main thread is ever struck."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
        if self._pending and not self._held and self._running:
            self._stop()
