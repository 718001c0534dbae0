"""GET /metrics as values, and what `promtool check metrics` finds wrong with such a text."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from harness.client import Client

Labels = tuple[tuple[str, str], ...]

# What promtool takes for units that are not base units, or for short forms of units.
NOT_BASE = re.compile(
    r"(milli|micro|nano|kilo|mega|giga|kibi|mebi|gibi)(second|byte|meter|gram|volt|ampere|joule)s?"
    r"|minutes?|hours?|days?|weeks?|fahrenheit|bits?|percent"
)
SHORT = {"s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d"}
TYPES = {"counter", "gauge", "histogram", "summary", "untyped"}
SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{.*\})? \S+")


@dataclass
class Scrape:
    text: str
    types: dict[str, str]  # by the name after "# TYPE"
    samples: dict[tuple[str, Labels], float]

    def value(self, metric: str, **labels: str) -> float | None:
        """The sample with just these labels."""
        return self.samples.get((metric, tuple(sorted(labels.items()))))

    def having(self, **labels: str) -> list[tuple[str, dict[str, str]]]:
        """Names and labels of all samples that have these labels, and perhaps others."""
        return [(name, dict(all_labels)) for name, all_labels in self.samples if labels.items() <= dict(all_labels).items()]


def scrape(client: Client) -> Scrape:
    answer = client.get("/metrics")
    assert answer.status == 200, (answer.status, answer.body[:500])
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    text = answer.body.decode()
    return Scrape(text, types_of(text), dict(samples_of(text)))


def types_of(text: str) -> dict[str, str]:
    return dict(line.split(" ")[2:4] for line in text.splitlines() if line.startswith("# TYPE "))


def samples_of(text: str) -> Iterator[tuple[tuple[str, Labels], float]]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield (sample.name, tuple(sorted(sample.labels.items()))), sample.value


def problems(text: str) -> list[str]:
    """What a text has of faults in form, names, units and histograms. Raises ValueError for what does not parse at all."""
    found = []
    if not text.endswith("\n"):
        found.append("the last line does not end")
    seen = set()
    for key, value in samples_of(text):
        if key in seen:
            found.append(f"{key}: twice")
        seen.add(key)
        name, labels = key
        if "le" in dict(labels) and not name.endswith("_bucket") or "quantile" in dict(labels):
            found.append(f"{name}: a label that is kept for histograms and summaries")
        if math.isnan(value):
            found.append(f"{key}: is not a number")
    types = types_of(text)
    for name, kind in types.items():
        found += problems_of_name(name, kind)
    found += problems_of_order(text)
    for name, kind in types.items():
        if kind == "histogram":
            found += problems_of_histogram(name, dict(samples_of(text)))
        elif kind == "counter":
            found += [f"{key}: a counter below zero" for key, value in samples_of(text) if key[0] == name and value < 0]
    return found


def problems_of_name(name: str, kind: str) -> list[str]:
    words = name.split("_")
    rules = {
        "an unknown type": kind not in TYPES,
        "a counter must end in _total": kind == "counter" and words[-1] != "total",
        "only counters end in _total": kind != "counter" and words[-1] == "total",
        "a suffix that is kept for histograms": kind != "histogram" and words[-1] in ("bucket", "count", "sum"),
        "its type is in its name": bool(TYPES & set(words)),
        "not in lower case with underscores": re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) is None,
        "not in base units": any(NOT_BASE.fullmatch(word) for word in words),
        "a unit cut short": bool(SHORT & set(words)),
        "a unit stands last, but for _total": any(w in ("seconds", "bytes") for w in [w for w in words if w != "total"][:-1]),
    }
    return [f"{name}: {problem}" for problem, broken in rules.items() if broken]


def problems_of_order(text: str) -> list[str]:
    """HELP with words and then TYPE, once for each metric, and all of its samples right behind."""
    found = []
    helped, typed, current = set(), set(), ""
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name, _, words = line.removeprefix("# HELP ").partition(" ")
            if name in helped:
                found.append(f"{name}: HELP twice")
            if not words.strip():
                found.append(f"{name}: no help")
            helped.add(name)
        elif line.startswith("# TYPE "):
            current = line.split(" ")[2]
            if current in typed:
                found.append(f"{current}: TYPE twice")
            if current not in helped:
                found.append(f"{current}: no HELP before its TYPE")
            typed.add(current)
        elif match := SAMPLE.fullmatch(line):
            name = match[1]
            if name != current and name not in (f"{current}_bucket", f"{current}_sum", f"{current}_count"):
                found.append(f"{name}: not behind its own TYPE")
        else:
            found.append(f"a line of no known form: {line!r}")
    return found


def problems_of_histogram(name: str, samples: dict[tuple[str, Labels], float]) -> list[str]:
    series: dict[Labels, list[tuple[float, float]]] = {}
    for (sample, labels), value in samples.items():
        if sample == f"{name}_bucket":
            rest = tuple(label for label in labels if label[0] != "le")
            series.setdefault(rest, []).append((float(dict(labels)["le"]), value))
    found = []
    for labels, buckets in series.items():
        bounds, counts = zip(*buckets)
        if list(bounds) != sorted(set(bounds)):
            found.append(f"{name}{labels}: bounds that do not rise")
        if list(counts) != sorted(counts):
            found.append(f"{name}{labels}: buckets that are not cumulative")
        if bounds[-1] != math.inf or counts[-1] != samples.get((f"{name}_count", labels)):
            found.append(f"{name}{labels}: +Inf is not _count")
        if (f"{name}_sum", labels) not in samples:
            found.append(f"{name}{labels}: no _sum")
    return found
