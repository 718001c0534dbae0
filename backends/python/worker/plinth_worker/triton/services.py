"""What else pb_utils offers: a log, metrics, the models' states."""

import sys
import threading

from .tensor import TritonModelException


class Logger:
    """Lines in the server's log, by way of the error output."""

    INFO, WARNING, ERROR, VERBOSE = range(4)
    _LETTERS = "IWEV"

    @classmethod
    def log(cls, message, level=INFO):
        print(f"[{cls._LETTERS[level]}] {message}", file=sys.stderr, flush=True)

    @classmethod
    def log_info(cls, message):
        cls.log(message, cls.INFO)

    @classmethod
    def log_warn(cls, message):
        cls.log(message, cls.WARNING)

    @classmethod
    def log_error(cls, message):
        cls.log(message, cls.ERROR)

    @classmethod
    def log_verbose(cls, message):
        pass  # as in Triton, where it is off unless asked for


class Metric:
    """A number that is kept, and exported nowhere."""

    def __init__(self):
        self._value = 0.0
        self._lock = threading.Lock()

    def increment(self, by):
        with self._lock:
            self._value += by

    def set(self, value):
        self._value = float(value)

    def observe(self, value):
        self.set(value)

    def value(self):
        return self._value


class MetricFamily:
    COUNTER, GAUGE, HISTOGRAM = range(3)

    def __init__(self, name="", description="", kind=COUNTER):
        self.name = name
        self.description = description
        self.kind = kind

    def Metric(self, labels=None, buckets=None):
        return Metric()


def load_model(model_name="", files=None, config=""):
    raise TritonModelException("models cannot load other models; deploy them by the server's API")


def unload_model(model_name="", unload_dependents=False):
    raise TritonModelException("models cannot unload other models; remove them by the server's API")
