"""The table of docs/sklearn.md: made of what a walk has found, between two markers of that page."""

import re
from collections import Counter

from backend import ROOT
from cases.unserved import REMARKS, UNSERVED

PAGE = ROOT / "docs" / "sklearn.md"
BEGIN, END = "<!-- made by tests/sklearn/coverage.py --update-docs -->", "<!-- end of the table -->"
METHODS = ("predict", "predict_proba", "decision_function", "transform", "score_samples")


def verdict(results):
    """What came of an estimator: the worst of its findings, "in part" where some are served and the others refused."""
    kinds = Counter(finding.kind for _, findings in results for finding in findings)
    worst = next((kind for kind in ("crashed", "broken", "differs", "refused", "served") if kinds[kind]), "broken")
    return "in part" if worst == "refused" and kinds["served"] else worst


def methods_of(results):
    served = {finding.method for _, findings in results for finding in findings if finding.kind == "served"}
    return [method for method in METHODS if method in served]


def make(newest, found, recorded):
    """`found`: of version `newest`, from name to results; `recorded`: the same of each older version."""
    versions = [newest, *sorted(recorded, key=_number, reverse=True)]
    by_version = {newest: found, **recorded}
    modules = _modules()
    rows, whole = [], 0
    for name in sorted(set(found) & set(modules), key=lambda name: (modules[name], name)):
        served = [v for v in versions if name in by_version[v] and verdict(by_version[v][name]) == "served"]
        known = [v for v in versions if name in by_version[v]]
        whole += served == known
        in_words = "all" if served == known and len(known) == len(versions) else ", ".join(map(_short, served)) or "none"
        remark = REMARKS.get(name, "") if served == known else "; ".join(_problems(name, by_version, known))
        methods = ", ".join(methods_of(found[name])) or "-"
        rows.append(f"| `{modules[name]}` | {name} | {methods} | {in_words} | {remark} |")
    head = (f"Of {len(rows)} estimators that answer for new rows, {whole} are served in every version that has them, all of their "
            f"methods: {', '.join(versions)}.")  # fmt: skip
    table = ["", head, "", "| module | estimator | methods | versions | remarks |", "|---|---|---|---|---|", *rows, "",
             "What has nothing to serve:", "", "| estimator | why |", "|---|---|"]  # fmt: skip
    table += [f"| {name} | {why} |" for name, why in sorted(UNSERVED.items())]
    return "\n".join([BEGIN, *table, "", END])


def _problems(name, by_version, known):
    for version in known:
        for case, findings in by_version[version][name]:
            for finding in findings:
                if finding.kind != "served":
                    detail = "" if finding.kind == "differs" else ": " + re.sub(r"[|\s]+", " ", finding.detail)[:100]
                    yield f"{_short(version)}, {case}: {finding.kind}{detail}"
                    return


def _modules():
    from sklearn.utils import all_estimators

    return {name: cls.__module__.split(".")[1] for name, cls in all_estimators()}


def _number(version):
    return [int(part) for part in version.split(".")]


def _short(version):
    return ".".join(version.split(".")[:2])


def on_page():
    text = PAGE.read_text()
    return text[text.index(BEGIN) : text.index(END) + len(END)]


def update(table):
    text = PAGE.read_text()
    PAGE.write_text(text.replace(on_page(), table))
