"""The metrics parse, and count what happened."""

from prometheus_client.parser import text_string_to_metric_families

from harness.digits import inputs_for

THREE = inputs_for("pipeline.joblib", slice(0, 3))


def scrape(client):
    """Values by (sample name, labels)."""
    answer = client.get("/metrics")
    assert answer.status == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples, types = {}, {}
    for family in text_string_to_metric_families(answer.body.decode()):
        types[family.name] = family.type
        assert family.documentation, family.name
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in samples, f"twice: {key}"
            samples[key] = sample.value
    return samples, types


def value(samples, metric, **labels):
    return samples.get((metric, tuple(sorted(labels.items()))))


def test_types(client, pipeline):
    client.predict(pipeline, THREE)
    _, types = scrape(client)
    assert types["model_requests"] == "counter"
    assert types["model_request_duration_seconds"] == "histogram"
    assert types["model_cache_hits"] == "counter"
    assert types["model_batch_size"] == "histogram"


def test_counts(client, name):
    client.deploy(name, "pipeline.joblib", version="v1")
    client.deploy(name, "forest.joblib", version="v2")
    samples, _ = scrape(client)
    assert value(samples, "model_requests_total", model=name, version="v1") == 0, "there from the start"
    assert value(samples, "model_cache_hits_total", model=name) == 0
    for _ in range(5):
        client.predict(name, THREE, version="v1")
    for _ in range(2):
        client.predict(name, THREE)
    samples, _ = scrape(client)
    for version, count in (("v1", 5), ("v2", 2)):
        assert value(samples, "model_requests_total", model=name, version=version) == count
        assert value(samples, "model_request_duration_seconds_count", model=name, version=version) == count
        assert value(samples, "model_request_duration_seconds_bucket", model=name, version=version, le="+Inf") == count
        assert 0 < value(samples, "model_request_duration_seconds_sum", model=name, version=version) < 60 * count
    assert value(samples, "model_batch_size_count", model=name) == 7
    assert value(samples, "model_batch_size_sum", model=name) == 21
    assert value(samples, "model_cache_hits_total", model=name) == 0


def test_buckets_are_cumulative(client, pipeline):
    client.predict(pipeline, THREE)
    samples, _ = scrape(client)
    for metric, labels in (("model_request_duration_seconds_bucket", {"model": pipeline, "version": "v1"}),
                           ("model_batch_size_bucket", {"model": pipeline})):
        buckets = [(float(dict(key[1])["le"]), v) for key, v in samples.items()
                   if key[0] == metric and labels.items() <= dict(key[1]).items()]
        buckets.sort()
        assert len(buckets) > 3
        assert [v for _, v in buckets] == sorted(v for _, v in buckets)


def test_failed_requests_count(client, name):
    client.deploy(name, "pipeline.joblib")
    assert client.predict(name, [[1, 2, 3]]).status == 400
    assert client.predict(name, [[1] * 64, [1] * 63]).status == 400
    samples, _ = scrape(client)
    assert value(samples, "model_requests_total", model=name, version="v1") == 2
    assert value(samples, "model_errors_total", model=name, version="v1", code="INVALID_ARGUMENT") == 2


def test_removed_models_leave_the_metrics(client, name):
    client.deploy(name, "pipeline.joblib")
    client.predict(name, THREE)
    client.delete(f"/models/{name}")
    samples, _ = scrape(client)
    assert not [key for key in samples if dict(key[1]).get("model") == name]


def test_unknown_models_make_no_series(client):
    for i in range(50):
        client.predict(f"no-such-{i}", THREE)
    samples, _ = scrape(client)
    assert not [key for key in samples if dict(key[1]).get("model", "").startswith("no-such")]
