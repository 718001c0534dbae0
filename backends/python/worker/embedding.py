"""Says whether an interpreter can be embedded in the server, and where its shared library is.

    python embedding.py

Prints lines of a key and a value; "refusal" says why not. Nothing but the standard library, in a form that old interpreters can read.
"""

import os
import sys
import sysconfig


def loaded_library():
    """The library that this very program runs from, if it does."""
    try:
        with open("/proc/self/maps") as maps:
            for line in maps:
                path = line.rstrip("\n").partition("/")[2]
                if os.path.basename(path).startswith("libpython%d.%d" % sys.version_info[:2]):
                    return "/" + path
    except OSError:
        pass
    return None


def folders():
    libdir = sysconfig.get_config_var("LIBDIR") or ""
    multiarch = sysconfig.get_config_var("MULTIARCH") or ""
    base = os.path.join(sys.base_prefix, "lib")
    found = [libdir, os.path.join(libdir, multiarch), base, os.path.join(base, multiarch)]
    return [folder for i, folder in enumerate(found) if folder and folder not in found[:i]]


def library():
    """Its path, or the names and the folders where it was looked for."""
    names = [sysconfig.get_config_var(key) for key in ("INSTSONAME", "LDLIBRARY")]
    names += ["libpython%d.%d%s" % (sys.version_info[0], sys.version_info[1], ending) for ending in (".so.1.0", ".so")]
    names = [name for i, name in enumerate(names) if name and ".so" in name and name not in names[:i]]
    there = [os.path.join(folder, name) for folder in folders() for name in names]
    found = [loaded_library()] + [path for path in there if os.path.isfile(path)]
    return next((path for path in found if path), None), names


def refusal():
    if sys.version_info < (3, 11):
        return "%s is Python %d.%d, and isolation 'thread' needs 3.11 or newer" % ((sys.executable,) + sys.version_info[:2])
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "%s is a Python without the global lock, which isolation 'thread' cannot run" % sys.executable
    path, names = library()
    if path is None:
        return ("isolation 'thread' needs the shared library of Python, %s, and %s has none in %s: install it (Debian: libpython%d.%d), "
                "build Python with --enable-shared" % (names[0], sys.executable, ", ".join(folders()), *sys.version_info[:2]))
    try:
        import numpy  # noqa: F401
    except ImportError as error:
        return "%s has no numpy (%s): install it there, name another interpreter by the option python" % (sys.executable, error)
    return None


def main():
    problem = refusal()
    if problem:
        print("refusal", problem + ", or leave isolation at 'process'")
        return
    print("library", library()[0])
    for path in sys.path[1:]:
        print("path", path)


main()
