"""sys.stdout and sys.stderr of models in the server's process: whole lines, in the log."""

import io
import threading


class Output(io.TextIOBase):
    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, real, write):
        self._real = real
        self._write = write
        self._here = threading.local()  # each thread's line
        self.unended = False  # whether any thread may have begun one
        self.buffer = _Bytes(self)

    def write(self, text):
        line = getattr(self._here, "line", "") + text
        whole, end, rest = line.rpartition("\n")
        self._here.line = rest
        if rest:
            self.unended = True
        if end:
            self._write(whole)
        return len(text)

    def end_line(self):
        line = getattr(self._here, "line", "")
        if line:
            self._here.line = ""
            self._write(line)

    def writable(self):
        return True

    def isatty(self):
        return False

    def fileno(self):
        """The server's own: for programs that a model starts."""
        return self._real.fileno()


class _Bytes(io.RawIOBase):
    def __init__(self, text):
        self._text = text

    def write(self, data):
        self._text.write(bytes(data).decode("utf-8", "backslashreplace"))
        return len(data)

    def writable(self):
        return True
