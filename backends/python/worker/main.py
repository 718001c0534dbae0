"""The program of a worker: loads one model and answers the server's calls, which come over a socket.

    python main.py SIZE [FOLDER]

Descriptor 3 is the socket and 4 the shared memory, two halves of SIZE bytes. With a FOLDER, the interpreter is that of an environment
in there that has what the model's requirements.txt asks for. Kept in a form that old interpreters can read, so that
they can say that they are too old.
"""

import os
import sys


def refusal():
    """Why this interpreter cannot be used, or nothing."""
    if sys.version_info < (3, 9):
        return "%s is Python %d.%d; 3.9 or newer is needed" % ((sys.executable,) + sys.version_info[:2])
    try:
        import numpy  # noqa: F401
    except ImportError as error:
        return "%s has no numpy (%s); install it there, or name another interpreter by the option python" % (sys.executable, error)
    return None


def limit_threads(count):
    """The libraries that numpy computes with look at these when they are loaded."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
        os.environ[variable] = count


def refusal_of_environment(folder):
    """Goes on in the environment, or says why not."""
    from plinth_worker import environment

    try:
        environment.enter(folder)
    except environment.NoEnvironment as error:
        return str(error)
    return None


def main():
    from plinth_worker.wire import INVALID_MODEL, UNAVAILABLE, Channel, settings_of

    problem = refusal_of_environment(sys.argv[2]) if len(sys.argv) > 2 else None
    channel = Channel(3)
    frame = channel.receive()
    if frame is None:
        return
    settings, reader = settings_of(frame)
    if settings["threads"] != "0":
        limit_threads(settings["threads"])
    if problem:
        channel.send_failure(0, INVALID_MODEL, problem)
        return
    problem = refusal()
    if problem:
        channel.send_failure(0, UNAVAILABLE, problem)
        return
    from plinth_worker.server import Server

    sys.argv = [settings["path"]]
    Server(channel, memory_file=4, half=int(half)).run(settings, reader)


# Not where multiprocessing imports this file into a process of the model's own.
if __name__ == "__main__":
    half = sys.argv[1]
    main()
