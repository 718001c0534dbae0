#!/usr/bin/env python3
"""Trains the digits models in five formats and records what their own frameworks answer.

The data is scikit-learn's load_digits: 1797 handwritten digits, 8x8 pixels with values 0..16. Every
model takes those raw pixels (the nets divide by 16 themselves), so one image serves all of them.

Writes beside itself (or into --out):
  test_images.json   64 held-out images with their labels
  cnn.pt, cnn.onnx, keras_savedmodel/, keras_frozen.pb, keras_model.tflite,
  pipeline.{joblib,pkl}, pipeline_strings.pkl, forest.{joblib,pkl}
  expected.json      each model's input, outputs and accuracy, as its own framework computes them

Running it again with the same requirements gives the same predictions: fixed seeds, one thread. It
says how far the new answers are from the expected.json that it replaces.
"""

import argparse
import json
import os
import pickle
import platform
import shutil
import sys
import tempfile
from pathlib import Path

# Read when the libraries load, so they come before the imports.
os.environ.update(
    CUDA_VISIBLE_DEVICES="-1",
    KERAS_BACKEND="tensorflow",
    OMP_NUM_THREADS="1",
    ORT_DISABLE_TELEMETRY="1",
    PYTHONHASHSEED="0",
    TF_CPP_MIN_LOG_LEVEL="3",
    TF_ENABLE_ONEDNN_OPTS="0",
)
# torch would load triton, whose LLVM ends any process that TensorFlow's is in too. Not needed here.
sys.modules["triton"] = None

import joblib
import keras
import numpy as np
import onnx
import onnxruntime
import openvino
import sklearn
import tensorflow as tf
import torch
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

SEED = 20260
HELD_OUT = 360  # images no model is trained on; accuracy is measured on all of them
RECORDED = 64  # the first of those are written to test_images.json
EPOCHS = 40
BATCH = 32
NET_TOLERANCE = 1e-5
SKLEARN_TOLERANCE = 1e-9
WORDS = np.array("zero one two three four five six seven eight nine".split())


# ---------------------------------------------------------------------------- training


class Cnn(torch.nn.Module):
    """Pixels 0..16 as float32 [N,1,8,8] -> logits [N,10]."""

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 12, 3, padding=1)
        self.conv2 = torch.nn.Conv2d(12, 24, 3, padding=1)
        self.classes = torch.nn.Linear(24 * 4 * 4, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.conv1(x / 16.0))
        y = torch.max_pool2d(torch.relu(self.conv2(y)), 2)
        return self.classes(torch.flatten(y, 1))


def train_torch(images, labels):
    torch.manual_seed(SEED)
    x = torch.from_numpy(images.astype(np.float32)).reshape(-1, 1, 8, 8)
    y = torch.from_numpy(labels.astype(np.int64))
    net = Cnn()
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3, weight_decay=1e-4)
    order = torch.Generator().manual_seed(SEED)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(x), generator=order).split(BATCH):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()
            optimizer.step()
    return net.eval()


def train_keras(images, labels):
    keras.utils.set_random_seed(SEED)
    net = keras.Sequential(
        [
            keras.Input((8, 8, 1), name="image", dtype="float32"),
            keras.layers.Rescaling(1 / 16),
            keras.layers.Conv2D(12, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(24, 3, padding="same", activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax", name="probabilities"),
        ]
    )
    net.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
    net.fit(images.reshape(-1, 8, 8, 1), labels, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    return net


def train_pipeline(images, labels):
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1)).fit(images, labels)


def train_forest(images, labels):
    # Small trees: a node costs 144 bytes in the file, and the files are committed.
    forest = RandomForestClassifier(n_estimators=10, max_leaf_nodes=64, random_state=SEED, n_jobs=1)
    return forest.fit(images, labels)


# ---------------------------------------------------------------------------- saving


def save_torch(net, out):
    save_torchscript(torch.jit.script(net), out / "cnn.pt")
    torch.onnx.export(
        net,
        (torch.zeros(2, 1, 8, 8),),
        str(out / "cnn.onnx"),
        input_names=["image"],
        output_names=["logits"],
        dynamic_shapes={"x": {0: torch.export.Dim("batch")}},
        opset_version=18,
        external_data=False,
        dynamo=True,
        verbose=False,
    )
    model = onnx.load(out / "cnn.onnx")
    strip_onnx_notes(model)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, out / "cnn.onnx")


def save_torchscript(module, path):
    """Saves without the *.debug_pkl records, which hold the paths of the maker's files."""
    with tempfile.NamedTemporaryFile(suffix=".pt") as whole:
        module.save(whole.name)
        reader = torch._C.PyTorchFileReader(whole.name)
        writer = torch._C.PyTorchFileWriter(str(path))
        own = ("version", ".data/serialization_id")  # the writer adds them itself
        for name in reader.get_all_records():
            if name not in own and not name.endswith(".debug_pkl"):
                record = reader.get_record(name)
                writer.write_record(name, record, len(record))
        writer.write_end_of_file()


def strip_onnx_notes(model):
    """Drops the exporter's notes: stack traces with this machine's paths, of no use when served."""
    graph = model.graph
    del model.metadata_props[:]
    del graph.metadata_props[:]
    for item in [*graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer]:
        item.doc_string = ""
        del item.metadata_props[:]


def save_keras(net, out):
    saved = out / "keras_savedmodel"
    shutil.rmtree(saved, ignore_errors=True)
    net.export(str(saved), verbose=False)
    # What only re-loading for training or identifying a build needs.
    (saved / "fingerprint.pb").unlink(missing_ok=True)
    (saved / "assets").rmdir()

    loaded = tf.saved_model.load(str(saved))  # owns the variables: keep it
    serve = loaded.signatures["serving_default"]
    frozen = convert_variables_to_constants_v2(serve)
    (out / "keras_frozen.pb").write_bytes(frozen.graph.as_graph_def().SerializeToString())
    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved))
    (out / "keras_model.tflite").write_bytes(converter.convert())
    return frozen


def save_sklearn(models, out):
    """One of each pair is written as arrays in the stream, the other compressed or as a pickle."""
    joblib.dump(models["pipeline"], out / "pipeline.joblib")
    joblib.dump(models["forest"], out / "forest.joblib", compress=3)
    for name in ("pipeline", "pipeline_strings", "forest"):
        (out / f"{name}.pkl").write_bytes(pickle.dumps(models[name], protocol=4))


# ---------------------------------------------------------------------------- recording


def plain(array):
    """Nested lists; a float32 becomes the shortest decimal that reads back to the same float32."""
    array = np.asarray(array)
    if array.dtype == np.float32:
        return [plain(row) if row.ndim else float(str(row)) for row in array]
    return array.tolist()


def entry(framework, input_name, shape, outputs, labels, tolerance, datatype="FP32", note=""):
    """One model's record. `shape` is one image's, without the batch; outputs are for all held-out
    images, of which the first RECORDED are kept."""
    datatypes = {"f4": "FP32", "f8": "FP64", "i8": "INT64"}
    first = np.asarray(next(iter(outputs.values())))
    predicted = first if first.ndim == 1 else first.argmax(1)
    record = {
        "framework": framework,
        "input": {"name": input_name, "datatype": datatype, "shape": [-1, *shape]},
        "outputs": [
            {
                "name": name,
                "datatype": datatypes.get(np.asarray(value).dtype.str[1:], "BYTES"),
                "shape": [-1, *np.asarray(value).shape[1:]],
                "data": plain(np.asarray(value)[:RECORDED]),
            }
            for name, value in outputs.items()
        ],
        "tolerance": tolerance,
        "accuracy": round(float(np.mean(predicted == labels)), 4),
    }
    if note:
        record["note"] = note
    return record


def record_torch(out, images, labels):
    x = images.reshape(-1, 1, 8, 8).astype(np.float32)
    with torch.inference_mode():
        logits = torch.jit.load(str(out / "cnn.pt"))(torch.from_numpy(x)).numpy()
    session = onnxruntime.InferenceSession(out / "cnn.onnx", providers=["CPUExecutionProvider"])
    onnx_logits = session.run(["logits"], {"image": x})[0]
    shape = (1, 8, 8)
    return {
        "cnn.pt": entry("pytorch", "x", shape, {"logits": logits}, labels, NET_TOLERANCE,
                        note="TorchScript does not name its outputs"),
        "cnn.onnx": entry("onnx", "image", shape, {"logits": onnx_logits}, labels, NET_TOLERANCE),
    }  # fmt: skip


def record_keras(out, frozen, images, labels):
    x = images.reshape(-1, 8, 8, 1).astype(np.float32)
    loaded = tf.saved_model.load(str(out / "keras_savedmodel"))
    serve = loaded.signatures["serving_default"]
    (saved_input,) = serve.structured_input_signature[1]
    ((saved_output, saved),) = serve(**{saved_input: tf.constant(x)}).items()

    (frozen_answer,) = frozen(tf.constant(x))
    frozen_input = frozen.inputs[0].name.split(":")[0]
    frozen_output = frozen.outputs[0].name.split(":")[0]

    interpreter = tf.lite.Interpreter(model_path=str(out / "keras_model.tflite"), num_threads=1)
    lite_input = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(lite_input["index"], x.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(lite_input["index"], x)
    interpreter.invoke()
    lite_output = interpreter.get_output_details()[0]
    lite = interpreter.get_tensor(lite_output["index"])

    def keras_entry(input_name, output_name, answer):
        outputs = {output_name: np.asarray(answer)}
        return entry("tensorflow", input_name, (8, 8, 1), outputs, labels, NET_TOLERANCE)

    return {
        "keras_savedmodel": keras_entry(saved_input, saved_output, saved),
        "keras_frozen.pb": keras_entry(frozen_input, frozen_output, frozen_answer),
        "keras_model.tflite": keras_entry(lite_input["name"], lite_output["name"], lite),
    }


def record_sklearn(out, images, labels):
    def answers(model, truth):
        outputs = {"label": model.predict(images), "probabilities": model.predict_proba(images)}
        return entry("sklearn", "input", (64,), outputs, truth, SKLEARN_TOLERANCE, "FP64")

    return {
        "pipeline.joblib": answers(joblib.load(out / "pipeline.joblib"), labels),
        "pipeline.pkl": answers(pickle.loads((out / "pipeline.pkl").read_bytes()), labels),
        "pipeline_strings.pkl": answers(
            pickle.loads((out / "pipeline_strings.pkl").read_bytes()), WORDS[labels]
        ),
        "forest.joblib": answers(joblib.load(out / "forest.joblib"), labels),
        "forest.pkl": answers(pickle.loads((out / "forest.pkl").read_bytes()), labels),
    }


def check_openvino(out, records, images):
    """OpenVINO serves the TensorFlow files, so it must agree with TensorFlow here already."""
    core = openvino.Core()
    x = images[:RECORDED].reshape(-1, 8, 8, 1).astype(np.float32)
    for name in ("keras_savedmodel", "keras_frozen.pb", "keras_model.tflite", "cnn.onnx"):
        compiled = core.compile_model(out / name, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        answer = compiled(x.reshape(-1, 1, 8, 8) if name == "cnn.onnx" else x)[0]
        want = np.array(records[name]["outputs"][0]["data"])
        worst = float(np.max(np.abs(answer - want) / np.maximum(1, np.abs(want))))
        names = [sorted(port.names) for port in (*compiled.inputs, *compiled.outputs)]
        print(f"  OpenVINO on {name}: off by {worst:.1e}, names {names}")
        if worst > NET_TOLERANCE:
            raise SystemExit(f"OpenVINO's answers for {name} are not the framework's")


def largest_change(old, new):
    """The largest difference between two expected.json's numbers; labels that differ count as 1."""
    worst = 0.0
    for name, record in new["models"].items():
        for was, now in zip(old["models"].get(name, {}).get("outputs", []), record["outputs"]):
            was, now = np.array(was["data"]), np.array(now["data"])
            if now.dtype.kind in "US" or was.shape != now.shape:
                worst = max(worst, 1.0 if was.tolist() != now.tolist() else 0.0)
            else:
                worst = max(worst, float(np.max(np.abs(was - now))))
    return worst


# ---------------------------------------------------------------------------- main


def make(out):
    digits = load_digits()
    images, labels = digits.data, digits.target
    x, test_x, y, test_y = train_test_split(
        images, labels, test_size=HELD_OUT, random_state=SEED, stratify=labels
    )

    print("training ...", flush=True)
    save_torch(train_torch(x, y), out)
    frozen = save_keras(train_keras(x, y), out)
    sklearn_models = {
        "pipeline": train_pipeline(x, y),
        "pipeline_strings": train_pipeline(x, WORDS[y]),
        "forest": train_forest(x, y),
    }
    save_sklearn(sklearn_models, out)

    print("recording ...", flush=True)
    records = {
        **record_torch(out, test_x, test_y),
        **record_keras(out, frozen, test_x, test_y),
        **record_sklearn(out, test_x, test_y),
    }
    check_openvino(out, records, test_x)

    test_images = {
        "images": test_x[:RECORDED].astype(int).reshape(-1, 8, 8).tolist(),
        "labels": test_y[:RECORDED].tolist(),
    }
    expected = {
        "made_with": {
            "python": platform.python_version(),
            "keras": keras.__version__,
            "numpy": np.__version__,
            "onnxruntime": onnxruntime.__version__,
            "scikit-learn": sklearn.__version__,
            "tensorflow": tf.__version__,
            "torch": torch.__version__.split("+")[0],
        },
        "models": records,
    }
    return test_images, expected


def write_json(path, value, depth):
    """Indented down to `depth`, one line a value below: a diff shows the image."""

    def lines(value, level):
        containers = (dict, list)
        flat = not value or not isinstance(value, containers)
        flat = flat or isinstance(value, list) and not isinstance(value[0], containers)
        if flat or level >= depth:
            return json.dumps(value, separators=(",", ":"))
        pad, end = "\n" + " " * (level + 1), "\n" + " " * level
        if isinstance(value, dict):
            body = [f"{json.dumps(key)}: {lines(item, level + 1)}" for key, item in value.items()]
            return "{" + pad + ("," + pad).join(body) + end + "}"
        return "[" + pad + ("," + pad).join(lines(item, level + 1) for item in value) + end + "]"

    path.write_text(lines(value, 0) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    here = Path(__file__).resolve().parent
    parser.add_argument("--out", type=Path, default=here, help="where to write (default: here)")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()

    # Made aside and moved at the end: a run that breaks leaves the old files whole.
    with tempfile.TemporaryDirectory() as work:
        test_images, expected = make(Path(work))
        if (here / "expected.json").exists():
            change = largest_change(json.loads((here / "expected.json").read_text()), expected)
            print(f"largest change against {here.name}/expected.json: {change:.1e}")
        write_json(Path(work) / "test_images.json", test_images, 2)
        write_json(Path(work) / "expected.json", expected, 6)
        for made in sorted(Path(work).iterdir()):
            target = out / made.name
            if target.is_dir():
                shutil.rmtree(target)
            shutil.move(made, target)
            parts = target.rglob("*") if target.is_dir() else [target]
            size = sum(part.stat().st_size for part in parts if part.is_file())
            record = expected["models"].get(made.name)
            accuracy = f"{100 * record['accuracy']:.1f} % right" if record else ""
            print(f"  {made.name:<22}{size:>9,} bytes  {accuracy}")


if __name__ == "__main__":
    main()
