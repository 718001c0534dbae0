"""A function in a process of its own: what crashes or hangs there ends nothing here."""

import os
import pickle
import signal
import traceback

from compare import Finding

TIMEOUT_S = 60


def isolated(function):
    """What `function` gives, or one finding of kind "crashed"."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            signal.alarm(TIMEOUT_S)
            result = pickle.dumps(function())
            with os.fdopen(writer, "wb") as out:
                out.write(result)
            status = 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as results:
        result = results.read()
    _, status = os.waitpid(child, 0)
    if status == 0:
        return pickle.loads(result)
    if os.WIFSIGNALED(status):
        why = "it took too long" if os.WTERMSIG(status) == signal.SIGALRM else signal.Signals(os.WTERMSIG(status)).name
    else:
        why = "the harness failed; the traceback is above"
    return [("", [Finding("", "crashed", why)])]
