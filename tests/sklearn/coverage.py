#!/usr/bin/env python3
"""Which of scikit-learn's estimators Plinth serves, each with the same answers as scikit-learn itself.

    tests/sklearn/coverage.py [--only NAME ...] [--family FILE ...] [--recorded [VERSION ...]] [-v]

Trains each estimator that sklearn.utils.all_estimators() lists by the cases in cases/, and says of each method: served, refused
(with the reason), or differs. --only takes estimators, --family files of cases/ ("linear" for cases/linear.py). --recorded checks
the models that older versions have left instead (all of them, or those named). -v shows what is served, too. --update-docs walks
through all of both and writes the table of docs/sklearn.md.
"""

import argparse
import importlib
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):  # before NumPy is read: threads cost more than they give here
    os.environ.setdefault(_variable, "1")

import recorded  # noqa: E402
import table  # noqa: E402
from backend import Backend  # noqa: E402
from cases import all_cases  # noqa: E402
from cases.default import default_cases  # noqa: E402
from cases.unserved import UNSERVED  # noqa: E402
from compare import check  # noqa: E402
from feed import alone  # noqa: E402
from isolated import isolated  # noqa: E402
from live import run_case  # noqa: E402


def quiet(name, results, seconds):
    """What a walk tells as it goes: nothing."""


def estimators(only=(), families=()):
    """Pairs of name and cases."""
    from sklearn.utils import all_estimators

    cases = all_cases()
    names = dict(all_estimators())
    wanted = set(only)
    for family in families:
        wanted |= set(importlib.import_module("cases." + family).CASES)
    unknown = wanted - set(names) - set(cases)
    if unknown:
        sys.exit(f"there is no estimator {', '.join(sorted(unknown))}")
    for name in sorted(set(names) | set(cases)):
        if (wanted and name not in wanted) or (not wanted and name in UNSERVED):
            continue
        yield name, cases.get(name) or default_cases(names[name])


def walk(backend, only=(), families=(), report=quiet):
    """Maps each estimator to pairs of a case's name and its findings."""
    found = {}
    for name, cases in estimators(only, families):
        start = time.monotonic()
        found[name] = isolated(lambda: [run_case(backend, name, case) for case in cases if case.newest])
        report(name, found[name], time.monotonic() - start)
    return found


def walk_recorded(backend, archive, only=(), report=quiet):
    """The same for the models of an older version."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for case in recorded.read(archive, Path(folder)):
            name = case["estimator"]
            if case["name"] in recorded.TIED:
                continue
            if name not in UNSERVED and (not only or name in only):
                found.setdefault(name, []).append(case)
        for name, cases in found.items():
            start = time.monotonic()
            found[name] = isolated(lambda: [_check_recorded(backend, case) for case in cases])
            report(name, found[name], time.monotonic() - start)
    return found


def _check_recorded(backend, case):
    rows = alone(case["x"], case["answers"]) if case["alone"] else ()
    return case["name"], check(backend, case["path"], case["x"], case["answers"], rows, case["tolerance"])


def everything(backend, report=quiet):
    """The newest version's findings, and those of each older one by version."""
    return walk(backend, report=report), {version: walk_recorded(backend, path, report=report) for version, path in recorded.archives().items()}


def reporter(verbose):
    def report(name, results, seconds):
        print(f"{table.verdict(results):8} {name} ({seconds:.1f} s)", flush=True)
        lines = {}
        for case, findings in results:
            for finding in findings:
                if verbose or finding.kind != "served":
                    what = f"{finding.kind}: {finding.detail or 'equal'}"
                    lines.setdefault(what, []).append(f"{case} {finding.method}".strip())
        for what, where in lines.items():
            more = f" and {len(where) - 1} more" if where[1:] else ""
            print(f"    {where[0]}{more}: {what}"[: 2000 if verbose else 300])

    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", help="the shared object; default: that of the release build")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--family", nargs="+", default=[], metavar="FILE")
    parser.add_argument("--recorded", nargs="*", metavar="VERSION")
    parser.add_argument("--update-docs", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    arguments = parser.parse_args()
    backend, report = Backend(arguments.backend), reporter(arguments.verbose)

    if arguments.update_docs:
        import sklearn

        table.update(table.make(sklearn.__version__, *everything(backend, report)))
        return 0
    good = True
    if arguments.recorded is None:
        good = total("", lambda: walk(backend, arguments.only, arguments.family, report))
    else:
        for version in arguments.recorded or recorded.archives():
            archive = recorded.archives()[version]
            good &= total(version + ": ", lambda: walk_recorded(backend, archive, arguments.only, report))
    return 0 if good else 1


def total(what, function):
    start = time.monotonic()
    totals = Counter(map(table.verdict, function().values()))
    counts = ", ".join(f"{count} {kind}" for kind, count in totals.most_common())
    print(f"{what}{sum(totals.values())} estimators in {time.monotonic() - start:.0f} s: {counts}")
    return set(totals) <= {"served"}


if __name__ == "__main__":
    sys.exit(main())
