"""The answers of a decoupled model, sent while its call still runs."""

import threading

from .memory import NoRoom

_LOOK_S = 0.05  # how often who waits for room looks whether the call is still there


class CallOver(Exception):
    pass


class Parts:
    """Of one call. The model may answer from any thread, even when it should not any more."""

    def __init__(self, send, memory):
        self._send = send
        self._memory = memory
        self.closed = False
        self._lock = threading.Lock()

    def give(self, results, last=False):
        """Sends one answer, outputs by name; waits until it fits into the memory. CallOver if the call takes none any more."""
        with self._lock:
            alone = False  # nothing else is in the memory
            while not self.closed:
                try:
                    self._send(results, last)
                    self.closed = last
                    return
                except NoRoom:
                    if alone:
                        raise
                    alone = not self._memory.await_freed(_LOOK_S)
            raise CallOver("the call is over: it takes no further answer")

    def close(self):
        self.closed = True
        with self._lock:  # what is being sent belongs to the call
            pass
