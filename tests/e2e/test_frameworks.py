"""Every framework's answers are the framework's own."""

import shutil

import numpy as np
import pytest

from harness.digits import ENGINES, IMAGES, MODELS, assert_recorded, by_name, inputs_for
from harness.server import DIGITS

FILES = sorted(MODELS)


@pytest.mark.parametrize("file", FILES)
def test_batch_of_all_images(client, name, file):
    described = client.deploy(name, file, framework=MODELS[file]["framework"])
    assert described["framework"] == MODELS[file]["framework"]
    assert described["engine"] == ENGINES[described["framework"]]
    assert described["state"] == "ready"
    answer = client.predict(name, inputs_for(file))
    assert_recorded(file, answer.outputs)
    assert (answer.json["model"], answer.json["version"]) == (name, "v1")
    assert answer.json["latency_ms"] >= 0


@pytest.mark.parametrize("file", FILES)
def test_one_image_at_a_time(client, name, file):
    client.deploy(name, file)
    for i in range(len(IMAGES)):
        image = slice(i, i + 1)
        assert_recorded(file, client.predict(name, inputs_for(file, image)).outputs, image)


@pytest.mark.parametrize("file", FILES)
def test_signature_is_the_models_own(client, name, file):
    described = client.deploy(name, file)
    recorded = MODELS[file]
    (given,) = described["inputs"]
    if recorded["framework"] != "pytorch":  # a scripted module does not tell
        assert given["datatype"] == recorded["input"]["datatype"]
        assert given["shape"] == recorded["input"]["shape"]
    if recorded["framework"] != "sklearn":  # its input has no name of its own
        assert given["name"] == recorded["input"]["name"]
    if recorded["framework"] != "pytorch":  # nor do a scripted module's outputs
        assert [(o["name"], o["datatype"]) for o in described["outputs"]] == [
            (o["name"], o["datatype"]) for o in recorded["outputs"]]


@pytest.mark.parametrize("file", FILES)
def test_framework_is_detected(client, name, file):
    described = client.deploy(name, file)
    assert (described["framework"], described["engine"]) == (
        MODELS[file]["framework"], ENGINES[MODELS[file]["framework"]])


@pytest.mark.parametrize("file", FILES)
def test_model_by_its_folder(client, name, root, file):
    """A folder that holds the model is as good a path as the model."""
    if (DIGITS / file).is_dir():
        shutil.copytree(DIGITS / file, root / file)
    else:
        shutil.copy(DIGITS / file, root / file)
    described = client.deploy(name, root)
    assert described["framework"] == MODELS[file]["framework"]
    assert_recorded(file, client.predict(name, inputs_for(file)).outputs)


def test_input_by_name(client, name):
    for file in ("cnn.onnx", "keras_savedmodel", "keras_model.tflite"):
        client.deploy(name, file, replace=True)
        inputs = {MODELS[file]["input"]["name"]: inputs_for(file)}
        assert_recorded(file, client.predict(name, inputs).outputs)


def test_absolute_path(client, name):
    client.deploy(name, DIGITS / "cnn.onnx")
    assert_recorded("cnn.onnx", client.predict(name, inputs_for("cnn.onnx")).outputs)


def test_onnx_by_openvino(client, name):
    described = client.deploy(name, "cnn.onnx", engine="openvino")
    assert (described["framework"], described["engine"]) == ("onnx", "openvino")
    assert_recorded("cnn.onnx", client.predict(name, inputs_for("cnn.onnx")).outputs)


def test_pytorch_model_exported_as_onnx(client, name):
    described = client.deploy(name, "cnn.onnx", framework="pytorch")
    assert (described["framework"], described["engine"]) == ("pytorch", "onnxruntime")
    assert_recorded("cnn.onnx", client.predict(name, inputs_for("cnn.onnx")).outputs)


@pytest.mark.parametrize("file", ["pipeline.joblib", "pipeline.pkl", "pipeline_strings.pkl", "forest.joblib", "forest.pkl"])
def test_probabilities_are_probabilities(client, name, file):
    client.deploy(name, file)
    outputs = by_name(file, client.predict(name, inputs_for(file)).outputs)
    assert np.allclose(np.sum(outputs["probabilities"], axis=1), 1, atol=1e-12)


def test_chosen_outputs_only(client, name):
    client.deploy(name, "forest.joblib")
    whole = client.predict(name, inputs_for("forest.joblib")).outputs
    answer = client.predict(name, inputs_for("forest.joblib"), outputs=["label"])
    assert answer.outputs == whole["label"]
    error = client.predict(name, inputs_for("forest.joblib"), outputs=["labels"]).error
    assert error["code"] == "INVALID_ARGUMENT" and "label" in error["message"]


def test_all_frameworks_in_one_process_in_turns(client, server):
    """The runtimes do not disturb each other: every model keeps its answers while the others run."""
    names = {}
    for file in FILES:
        names[file] = f"turns-{file}"
        client.deploy(names[file], file)
    try:
        for turn in range(3):
            for file in FILES if turn % 2 else reversed(FILES):
                assert_recorded(file, client.predict(names[file], inputs_for(file)).outputs)
    finally:
        for model in names.values():
            client.delete(f"/models/{model}")
