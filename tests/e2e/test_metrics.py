"""The metrics are what Prometheus and its linter expect, and count what happened."""

import os
import re
import time

import pytest

from harness.digits import inputs_for
from harness.metrics import problems, scrape

THREE = inputs_for("pipeline.joblib", slice(0, 3))
SECONDS = ("model_request_duration_seconds", "model_queue_duration_seconds", "model_execution_duration_seconds")
STATES = {"loading", "warming", "ready", "draining", "unloaded", "failed"}


def test_names_types_and_labels(client, name):
    client.deploy(name, "pipeline.joblib")
    got = scrape(client)
    by_version = {"model_requests_total": "counter", "model_requests_in_flight": "gauge", "model_queue_length": "gauge",
                  "model_instances": "gauge", "model_load_duration_seconds": "gauge", **dict.fromkeys(SECONDS, "histogram")}
    by_model = {"model_batch_size": "histogram", "model_cache_hits_total": "counter", "model_cache_misses_total": "counter",
                "model_cache_joins_total": "counter", "model_cache_evictions_total": "counter", "model_cache_entries": "gauge",
                "model_cache_bytes": "gauge"}
    for labels, metrics in (({"model": name, "version": "v1"}, by_version), ({"model": name}, by_model)):
        for metric, kind in metrics.items():
            assert got.types[metric] == kind
            sample = f"{metric}_count" if kind == "histogram" else metric
            assert got.value(sample, **labels) is not None, f"{sample} is there from the start"
    assert got.types["model_errors_total"] == "counter" and got.types["model_version_state"] == "gauge"


def test_the_whole_text_passes_the_linter(client, name):
    client.deploy(name, "pipeline.joblib", version="v1")
    client.deploy(name, "forest.joblib", version="v.2-x_y")
    client.predict(name, THREE)
    client.predict(name, [[1, 2, 3]])
    text = scrape(client).text
    assert problems(text) == []
    assert text.count(f'model="{name}"') > 100


@pytest.mark.parametrize("text, problem", [
    ("a_total 1\n", "not behind its own TYPE"),
    ("# HELP a_total \n# TYPE a_total counter\na_total 1\n", "no help"),
    ("# TYPE a_total counter\na_total 1\n", "no HELP before its TYPE"),
    ("# HELP a A.\n# TYPE a counter\na 1\n", "a counter must end in _total"),
    ("# HELP a_total A.\n# TYPE a_total counter\na_total -1\n", "a counter below zero"),
    ("# HELP a_total A.\n# TYPE a_total gauge\na_total 1\n", "only counters end in _total"),
    ("# HELP a_count A.\n# TYPE a_count gauge\na_count 1\n", "kept for histograms"),
    ("# HELP a A.\n# TYPE a gauge\na{le=\"1\"} 1\n", "a label that is kept"),
    ("# HELP a A.\n# TYPE a gauge\na 1\na 1\n", "twice"),
    ("# HELP a A.\n# TYPE a gauge\na{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 1\n", "twice"),
    ("# HELP a A.\n# TYPE a gauge\n# HELP b B.\n# TYPE b gauge\nb 1\na 1\n", "not behind its own TYPE"),
    ("# HELP a_gauge A.\n# TYPE a_gauge gauge\na_gauge 1\n", "its type is in its name"),
    ("# HELP aB A.\n# TYPE aB gauge\naB 1\n", "not in lower case"),
    ("# HELP a_milliseconds A.\n# TYPE a_milliseconds gauge\na_milliseconds 1\n", "not in base units"),
    ("# HELP a_ms A.\n# TYPE a_ms gauge\na_ms 1\n", "a unit cut short"),
    ("# HELP a_bytes_held A.\n# TYPE a_bytes_held gauge\na_bytes_held 1\n", "a unit stands last"),
    ("# HELP a A.\n# TYPE a gauge\na NaN\n", "is not a number"),
    ("# HELP a A.\n# TYPE a gauge\na 1", "the last line does not end"),
    ("# HELP a A.\n# TYPE a histogram\na_bucket{le=\"1\"} 2\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n", "not cumulative"),
    ("# HELP a A.\n# TYPE a histogram\na_bucket{le=\"2\"} 1\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 1\n",
     "do not rise"),
    ("# HELP a A.\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_bucket{le=\"+Inf\"} 1\na_sum 1\na_count 2\n", "+Inf is not _count"),
    ("# HELP a A.\n# TYPE a histogram\na_bucket{le=\"1\"} 1\na_sum 1\na_count 1\n", "+Inf is not _count"),
    ("# HELP a A.\n# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_count 1\n", "no _sum"),
])
def test_the_linter_sees(text, problem):
    assert any(problem in found for found in problems(text)), problems(text)


def test_counts(client, name):
    client.deploy(name, "pipeline.joblib", version="v1")
    client.deploy(name, "forest.joblib", version="v2")
    assert scrape(client).value("model_requests_total", model=name, version="v1") == 0
    for _ in range(5):
        client.predict(name, THREE, version="v1")
    for _ in range(2):
        client.predict(name, THREE)
    got = scrape(client)
    for version, count in (("v1", 5), ("v2", 2)):
        assert got.value("model_requests_total", model=name, version=version) == count
        assert got.value("model_request_duration_seconds_count", model=name, version=version) == count
        assert got.value("model_request_duration_seconds_bucket", model=name, version=version, le="+Inf") == count
        assert 0 < got.value("model_request_duration_seconds_sum", model=name, version=version) < 60 * count
    assert got.value("model_batch_size_count", model=name) == 7
    assert got.value("model_batch_size_sum", model=name) == 21
    assert got.value("model_batch_size_bucket", model=name, le="2") == 0
    assert got.value("model_batch_size_bucket", model=name, le="4") == 7
    assert got.value("model_cache_hits_total", model=name) == 0


def test_durations_resolve_from_50_microseconds_to_10_seconds(client, pipeline):
    got = scrape(client)
    for metric in SECONDS:
        bounds = sorted(float(labels["le"]) for name, labels in got.having(model=pipeline) if name == f"{metric}_bucket")
        assert bounds[0] < 50e-6 and {50e-6, 10.0} <= set(bounds)
        assert all(upper <= 2.5 * lower * 1.0001 for lower, upper in zip(bounds, bounds[1:-1]))


def test_failed_requests_count(client, name):
    client.deploy(name, "pipeline.joblib")
    assert client.predict(name, [[1, 2, 3]]).status == 400
    assert client.predict(name, [[1] * 64, [1] * 63]).status == 400
    got = scrape(client)
    assert got.value("model_requests_total", model=name, version="v1") == 2
    assert got.value("model_errors_total", model=name, version="v1", code="INVALID_ARGUMENT") == 2
    assert got.value("model_errors_total", model=name, version="v1", code="INTERNAL") is None


def test_removed_models_leave_the_metrics(client, name):
    client.deploy(name, "pipeline.joblib")
    client.predict(name, THREE)
    client.delete(f"/models/{name}")
    assert scrape(client).having(model=name) == []


def test_unknown_models_make_no_series(client):
    for i in range(50):
        client.predict(f"no-such-{i}", THREE)
    assert 'model="no-such' not in scrape(client).text


def test_the_process_is_measured(server, client):
    got = scrape(client)
    assert {metric: kind for metric, kind in got.types.items() if metric.startswith("process_")} == {
        "process_cpu_seconds_total": "counter", "process_resident_memory_bytes": "gauge",
        "process_virtual_memory_bytes": "gauge", "process_threads": "gauge", "process_start_time_seconds": "gauge",
        "process_open_fds": "gauge", "process_max_fds": "gauge"}
    status = open(f"/proc/{server.process.pid}/status", encoding="ascii").read()
    resident = int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024
    assert got.value("process_resident_memory_bytes") == pytest.approx(resident, rel=0.5)
    assert got.value("process_virtual_memory_bytes") > got.value("process_resident_memory_bytes")
    assert got.value("process_threads") >= 3
    # The clock of the machine may be set, by little, after it has booted.
    assert time.time() - 6 * 3600 < got.value("process_start_time_seconds") < time.time() + 60
    assert got.value("process_max_fds") >= got.value("process_open_fds")
    spent = got.value("process_cpu_seconds_total")
    assert 0 < spent <= scrape(client).value("process_cpu_seconds_total")


def test_open_files_are_counted(server, client):
    before = scrape(client).value("process_open_fds")
    clients = [server.client() for _ in range(10)]
    for other in clients:
        assert other.get("/health").status == 200
    assert scrape(client).value("process_open_fds") >= before + 10
    assert scrape(client).value("process_open_fds") == pytest.approx(len(os.listdir(f"/proc/{server.process.pid}/fd")), abs=3)
    for other in clients:
        other.close()
