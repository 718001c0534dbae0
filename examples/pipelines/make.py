#!/usr/bin/env python3
"""Makes the parts of the example pipelines from the digits' convolutional net (examples/digits/cnn.onnx), and records what
the frameworks themselves compute with them.

Writes beside itself:
  digits-images/features.onnx        the net without its last layer: FP32 [N,1,8,8] -> FP32 [N,384]
  digits-images/classifier.joblib    a logistic regression of scikit-learn on these features
  triton/digits_features, triton/digits_classes   the net in two parts, as models of a Triton repository
  images.json                        the 64 held-out digits as PNG files, base64, and their labels
  expected.json                      what ONNX Runtime and scikit-learn answer to them
"""

import base64
import io
import json
from pathlib import Path

import joblib
import numpy as np
import onnx
import onnxruntime
from onnx.utils import Extractor
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

HERE = Path(__file__).parent
DIGITS = HERE.parent / "digits"
FEATURES = "view"  # what the last layer of the net takes
SCALE = 8  # a pixel of a digit is so many of the picture on a side


def split(model):
    """The net up to the features, and from there on."""
    extractor = Extractor(model)
    image, logits = model.graph.input[0].name, model.graph.output[0].name
    first = extractor.extract_model([image], [FEATURES])
    second = extractor.extract_model([FEATURES], [logits])
    for part in (first, second):
        for node in part.graph.node:
            node.input[:] = ["features" if name == FEATURES else name for name in node.input]
            node.output[:] = ["features" if name == FEATURES else name for name in node.output]
        for value in [*part.graph.input, *part.graph.output]:
            if value.name == FEATURES:
                value.name = "features"
                value.type.tensor_type.shape.dim[0].dim_param = "batch"
        del part.graph.value_info[:]
        onnx.checker.check_model(part)
    return first, second


def run(model, values):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: values})[0]


def png(pixels):
    """An 8x8 image of 0..16 as a PNG file."""
    image = Image.fromarray(np.rint(np.array(pixels) * 255 / 16).astype(np.uint8))
    file = io.BytesIO()
    image.resize((8 * SCALE, 8 * SCALE), Image.Resampling.NEAREST).save(file, "PNG", optimize=True)
    return base64.b64encode(file.getvalue()).decode()


def main():
    features, classes = split(onnx.load(DIGITS / "cnn.onnx"))
    held_out = json.loads((DIGITS / "test_images.json").read_text())
    images = np.array(held_out["images"], dtype=np.float32).reshape(-1, 1, 8, 8)

    digits = load_digits()
    known = {tuple(image.astype(int).ravel()) for image in images}
    training = [i for i, pixels in enumerate(digits.data) if tuple(pixels.astype(int)) not in known]
    taught = run(features, digits.data[training].astype(np.float32).reshape(-1, 1, 8, 8))
    classifier = LogisticRegression(max_iter=5000).fit(taught, digits.target[training])

    for folder, model in (("digits_features", features), ("digits_classes", classes)):
        (HERE / "triton" / folder / "1").mkdir(parents=True, exist_ok=True)
        onnx.save(model, HERE / "triton" / folder / "1" / "model.onnx")
    onnx.save(features, HERE / "digits-images" / "features.onnx")
    joblib.dump(classifier, HERE / "digits-images" / "classifier.joblib")

    (HERE / "images.json").write_text(json.dumps(
        {"images": [png(image) for image in held_out["images"]], "labels": held_out["labels"]}, indent=0) + "\n")
    answers = run(features, images)
    (HERE / "expected.json").write_text(json.dumps({
        "label": classifier.predict(answers).tolist(),
        "probabilities": classifier.predict_proba(answers).tolist(),
        "logits": run(classes, answers).astype(float).tolist(),
    }) + "\n")
    right = np.mean(classifier.predict(answers) == held_out["labels"])
    print(f"{len(training)} digits learnt; of {len(images)} held-out ones {right:.1%} are right")


if __name__ == "__main__":
    main()
