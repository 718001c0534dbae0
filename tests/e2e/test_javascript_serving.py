"""TypeScript and JavaScript models in the server: options, calls of other models, instances, reloads."""

import json
import threading
import time

import numpy as np

from harness.javascript_models import ROWS, SIGNATURE, SOFTMAX, deploy, predict  # noqa: F401
from harness.server import ROOT, wait_for


def test_options(client, name, deploy, predict):
    source = """export const signatures = {twice: {inputs: {x: {dtype: "float32", shape: [-1]}}, outputs: {y: {dtype: "float32", shape: [-1]}}}};
    let ctx; export function load(given) { ctx = given; }
    export const twice = ({x}, mine) => mine === ctx ? x.data.map((v) => v * mine.parameters.factor) : 0;"""
    deploy.ok(source, config={"options": {"function": "twice", "parameters": json.dumps({"factor": 2})}})
    assert predict({"x": [1, 2]}).outputs == [2, 4]
    client.delete(f"/models/{name}")
    assert "it exports signatures, load, twice" in deploy.refused(source)["message"]
    error = deploy.refused(source, config={"options": {"function": "twice", "parameters": "{"}})
    assert error["code"] == "INVALID_ARGUMENT" and "'parameters' is no JSON" in error["message"]
    assert "memory_mb" in deploy.refused(source, config={"options": {"memory_mb": 1}})["message"]
    assert "this engine has no option 'memory'" in deploy.refused(source, config={"options": {"memory": 1}})["message"]


def test_the_signature_may_be_declared(deploy, predict):
    spec = {"datatype": "FP32", "shape": [-1]}
    deploy.ok("exports.predict = ({x}) => x;", "m.js", config={"inputs": [{"name": "x", **spec}], "outputs": [{"name": "y", **spec}]})
    assert predict({"x": [1]}).outputs == [1]


def test_what_the_language_has_beside_itself(deploy, predict):
    deploy.ok("""export const signature = {inputs: {x: {dtype: "string", shape: [-1]}}, outputs: {y: {dtype: "string", shape: [-1]}}};
    export async function predict({x}, ctx) {
      const bytes = new TextEncoder().encode(x.data[0]);
      const before = performance.now();
      const order = [];
      await new Promise((done) => { setTimeout(() => { order.push("b"); done(); }, 20); setTimeout((v) => order.push(v), 1, "a"); clearTimeout(setTimeout(() => order.push("never"), 2)); });
      const waited = performance.now() - before;
      const copy = structuredClone({a: [1, {b: new Map([[1, bytes]])}]});
      return [new TextDecoder().decode(bytes), atob(btoa("hal\\xff")), order.join(""), String(waited >= 19), String(copy.a[1].b.get(1).length),
        [typeof require, typeof process, typeof fetch, typeof Deno, typeof WebAssembly].join(), ctx.version];
    }""")
    assert predict({"x": ["grün"]}).outputs == ["grün", "hal\xff", "ab", "true", "5", "function,undefined,undefined,undefined,undefined", "v1"]


def test_models_call_models(client, deploy, predict, name, root):
    (root / "double.js").write_text("exports.signature = {inputs: {x: {dtype: 'float32', shape: [-1]}}, outputs: {y: {dtype: 'float32', shape: [-1]}}};\n"
                                    "exports.predict = async ({x}) => { await new Promise((r) => setTimeout(r, 100)); return x.data.map((v) => v * 2); };")
    other = name + "-double"
    client.deploy(other, root / "double.js", config={"instances": 4})
    try:
        deploy.ok("""export const signature = {inputs: {x: {dtype: "float32", shape: [-1]}}, outputs: {y: {dtype: "float32", shape: [-1]}, error: {dtype: "string", shape: [1]}}};
        export async function predict({x}, ctx) {
          const double = ctx.models.get("%s");
          const parts = await Promise.all([...x.data].map((v) => double.predict({x: [v]})));
          let error = "";
          try { await ctx.models.get("none").predict({x}); } catch (e) { error = e.code + " " + e.message; }
          try { await double.predict({x: new Float32Array(1)}, {timeoutMs: 10}); } catch (e) { error += " " + e.code; }
          return {y: parts.map(({y}) => y.data[0]), error};
        }""" % other)
        outputs = predict({"x": [1, 2, 3, 4]}).outputs
        assert outputs["y"] == [2, 4, 6, 8]
        assert outputs["error"][0].startswith("NOT_FOUND") and outputs["error"][0].endswith("DEADLINE_EXCEEDED")
        assert predict({"x": [1, 2, 3, 4]}, timeout_ms=30).status == 504
    finally:
        client.delete(f"/models/{other}")


def test_instances_compute_at_once(server, deploy, predict, name):
    deploy.ok(SIGNATURE + "let busy = 0; export async function predict({x}) { busy++; await new Promise((r) => setTimeout(r, 300)); const y = [[busy, 0, 0]]; busy--; return y; }",
              config={"instances": 4})
    answers = []

    def ask():
        client = server.client()
        answers.append(client.predict(name, {"x": ROWS}).outputs)

    start = time.monotonic()
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [[[1, 0, 0]]] * 4
    assert time.monotonic() - start < 1.1


def test_a_file_dropped_into_the_models_folder_answers(start_server, tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    client = start_server("--models", folder).client()
    (folder / "plinth.d.ts").write_text("declare const x: number;")
    (folder / "softmax.ts").write_text(SOFTMAX)
    wait_for(lambda: client.predict("softmax", {"x": ROWS}).status == 200, "the model")
    assert len(client.get("/models").json["models"]) == 1
    (folder / "softmax.ts").write_text(SOFTMAX.replace("return { y }", "return { y: y.fill(7) }"))
    wait_for(lambda: client.predict("softmax", {"x": ROWS}).outputs[0][0] == 7, "the new code")


def test_the_example_around_a_network(start_server, tmp_path):
    """The network is itself in JavaScript: the mean of each colour."""
    (tmp_path / "network.js").write_text("""export const signature = {inputs: {image: {dtype: "float32", shape: [-1, 3, -1, -1]}}, outputs: {scores: {dtype: "float32", shape: [-1, -1]}}};
      export const predict = ({image: {data, shape: [n, , h, w]}}) => ({data: Float32Array.from({length: 3 * n}, (_, k) => data.subarray(k * h * w, (k + 1) * h * w).reduce((a, b) => a + b, 0) / (h * w)), shape: [n, 3]});""")
    example = ROOT / "examples" / "javascript"
    client = start_server(roots=[example, tmp_path]).client()
    pixels = np.random.default_rng(1).integers(0, 256, (2, 5, 7, 3), dtype=np.uint8)
    pixels[0, :, :, 2], pixels[1, :, :, 0] = 250, 251
    client.deploy("prepare", example / "vision.ts", config={"options": {"function": "prepare"}})
    image = np.asarray(client.predict("prepare", {"pixels": pixels.tolist()}).outputs)
    wanted = ((pixels / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]).transpose(0, 3, 1, 2)
    assert image.shape == wanted.shape and np.allclose(image, wanted, atol=1e-5)
    client.deploy("network", tmp_path / "network.js")
    client.deploy("classify", example)
    outputs = client.predict("classify", {"pixels": pixels.tolist()}).outputs
    scores = wanted.mean(axis=(2, 3))
    odds = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert [row[0] for row in outputs["label"]] == ["blue", "red"]
    assert np.allclose(outputs["probability"], -np.sort(-odds)[:, :2], atol=1e-5)


def test_reloading_leaves_nothing_behind(start_server, tmp_path):
    file = tmp_path / "m.ts"
    source = SIGNATURE + "const kept = new Float64Array(1e5).fill(%d);\nexport const predict = async ({x}) => { await 0; return new Float32Array(30000).fill(kept[0]); };\n"
    file.write_text(source % 0)
    server = start_server(roots=[tmp_path])
    client = server.client()
    client.deploy("m", file)
    sizes = []
    for i in range(1, 301):
        file.write_text(source % i)
        assert client.post("/models/m/reload", {}).status == 200
        if i % 30 == 0:
            assert client.predict("m", {"x": ROWS}).outputs[0] == [i] * 3
        if i % 100 == 0:
            sizes.append(server.resident_kb())
    # A virtual machine takes 2 MB: two hundred would be seen.
    assert sizes[2] - sizes[0] < 60_000, sizes
