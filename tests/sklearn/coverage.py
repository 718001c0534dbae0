#!/usr/bin/env python3
"""Which of scikit-learn's estimators Plinth serves, each with the same answers as scikit-learn itself.

    tests/sklearn/coverage.py [--only NAME ...] [--family FILE ...] [-v]

Trains each estimator that sklearn.utils.all_estimators() lists by the cases in cases/, and says of each method: served, refused
(with the reason), or differs. --only takes estimators, --family files of cases/ ("linear" for cases/linear.py). -v shows all cases,
not only those that are not served.
"""

import argparse
import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import importlib  # noqa: E402
import time  # noqa: E402
from collections import Counter  # noqa: E402

from backend import Backend  # noqa: E402
from cases import all_cases  # noqa: E402
from cases.default import default_cases  # noqa: E402
from cases.unserved import UNSERVED  # noqa: E402
from isolated import isolated  # noqa: E402
from live import run_case  # noqa: E402


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


def walk(backend, only=(), families=(), report=lambda name, results, seconds: None):
    """Maps each estimator to pairs of a case's name and its findings."""
    found = {}
    for name, cases in estimators(only, families):
        start = time.monotonic()
        found[name] = isolated(lambda: [run_case(backend, name, case) for case in cases if case.newest])
        report(name, found[name], time.monotonic() - start)
    return found


def verdict(results):
    """The worst of an estimator's findings."""
    kinds = {finding.kind for _, findings in results for finding in findings}
    if "served" in kinds and "refused" in kinds and len(kinds) == 2:
        return "in part"
    return next((kind for kind in ("crashed", "broken", "differs", "refused", "served") if kind in kinds), "broken")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", help="the shared object; default: that of the release build")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--family", nargs="+", default=[], metavar="FILE")
    parser.add_argument("-v", "--verbose", action="store_true")
    arguments = parser.parse_args()

    def report(name, results, seconds):
        print(f"{verdict(results):8} {name} ({seconds:.1f} s)", flush=True)
        lines = {}
        for case, findings in results:
            for finding in findings:
                if arguments.verbose or finding.kind != "served":
                    what = f"{finding.kind}: {finding.detail or 'equal'}"
                    lines.setdefault(what, []).append(f"{case} {finding.method}".strip())
        for what, where in lines.items():
            print(f"    {where[0]}{f' and {len(where) - 1} more' if where[1:] else ''}: {what}"[: 2000 if arguments.verbose else 300])

    start = time.monotonic()
    found = walk(Backend(arguments.backend), arguments.only, arguments.family, report)
    totals = Counter(verdict(results) for results in found.values())
    print(f"{len(found)} estimators in {time.monotonic() - start:.0f} s: "
          + ", ".join(f"{count} {kind}" for kind, count in totals.most_common()))  # fmt: skip
    return 0 if set(totals) <= {"served"} else 1


if __name__ == "__main__":
    sys.exit(main())
