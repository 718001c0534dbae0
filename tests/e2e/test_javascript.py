"""TypeScript and JavaScript models: what the language may be, and what they are given and give back."""

import numpy as np
import pytest

from harness.javascript_models import ROWS, SIGNATURE, SOFTMAX, deploy, predict  # noqa: F401


def test_typescript_computes_as_numpy_does(deploy, predict):
    described = deploy.ok(SOFTMAX)
    assert (described["engine"], described["framework"]) == ("javascript", "javascript")
    rows = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    answer = np.asarray(predict({"x": rows.tolist()}).outputs)
    wanted = np.exp(rows) / np.exp(rows).sum(axis=1, keepdims=True)
    assert np.allclose(answer, wanted, atol=1e-6)


@pytest.mark.parametrize("file", ["m.js", "m.mjs", "m.ts"])
def test_modules_and_ways_to_export(deploy, predict, file):
    deploy.ok("const signature = {inputs: {x: 'float32'}, outputs: {y: 'float32'}};\n"
              "export default { signature, predict: ({x}) => x.data.map((v) => v + 1) };\n", file)
    assert predict({"x": [1, 2]}).outputs == [2, 3]


EXPORTS = {
    "function": "export default function predict({x}) { return {y: x}; }\npredict.signature = S;",
    "class": "export default class { static signature = S; load() { this.k = 1; } predict({x}) { return this.k === 1 ? {y: x} : 0; } }",
    "instance": "class M { signature = S; predict = ({x}) => ({y: x}) }\nexport default new M();",
    "names": "export const signature = S; export const predict = async ({x}) => ({y: x});",
    "commonjs": "module.exports = {signature: S, predict: ({x}) => ({y: x})};",
    "star": "export * from './other'; export {run as predict} from './other.js';",
}


@pytest.mark.parametrize("kind", EXPORTS)
def test_what_may_be_exported(deploy, predict, kind):
    head = "const S = {inputs: [{name: 'x', datatype: 'FP32', dims: [-1]}], outputs: [{name: 'y', datatype: 'FP32', shape: [-1]}]};\n"
    deploy.ok(head + EXPORTS[kind], "model.js", {"other.ts": head + "export const signature = S; export function run({x}: any) { return {y: x}; }"})
    assert predict({"x": [1.5]}).outputs == [1.5]


TYPED = {
    "literal": "export function predict({ x, mask }: { x: Tensor<'float32', [-1, 2]>, mask?: Tensor<'bool'> }, ctx?: Context): { y: Tensor<'float32', [-1, 2]> } { return { y: x }; }",
    "arrow": "export const predict = async ({ x }: { readonly x: Tensor<'float32', [number, 2]>; mask?: Tensor<'bool'> }): Promise<{ y: Tensor<'float32', [-1, 2]> }> => ({ y: x });",
    "interface": "interface In { x: Tensor<'float32', [-1, 2]>; mask?: Tensor<'bool'>; }\ntype Out = { y: Tensor<'float32', [-1, 2]> };\nexport default { async predict(inputs: In): Promise<Out> { return { y: inputs.x }; } };",
    "jsdoc": "/**\n * Gives it back.\n * @param {{x: Tensor<'float32', [-1, 2]>,\n *   mask?: Tensor<'bool'>}} inputs\n * @returns {{y: Tensor<'float32', [-1, 2]>}}\n */\nexport const predict = ({ x }) => ({ y: x });",
}


@pytest.mark.parametrize("kind", TYPED)
def test_types_tell_the_signature(deploy, predict, kind):
    described = deploy.ok(TYPED[kind], "m.js" if kind == "jsdoc" else "m.ts")
    tensors = {tensor["name"]: tensor for side in ("inputs", "outputs") for tensor in described[side]}
    assert tensors["x"]["shape"] == tensors["y"]["shape"] == [-1, 2] and tensors["x"]["datatype"] == "FP32"
    assert tensors["mask"]["datatype"] == "BOOL" and tensors["mask"]["optional"] is True
    assert predict({"x": [[1, 2]]}).outputs == [[1, 2]]


def test_a_folder_is_a_model_and_its_files_are_imported(client, name, root):
    (root / "lib").mkdir()
    (root / "index.ts").write_text(SIGNATURE + "import { scale } from './lib/scale';\nimport labels from './labels.json';\n"
                                   "export const predict = ({x}) => scale(x.data, labels.factor);\n")
    (root / "lib" / "scale.ts").write_text("import { one } from '..//lib/one.js';\nexport const scale = (d: Float32Array, f: number) => d.map((v) => v * f * one);\n")
    (root / "lib" / "one.ts").write_text("export const one: number = 1;\n")
    (root / "labels.json").write_text('{"factor": 2}')
    (root / "types.d.ts").write_text("declare const x: number;\n")
    client.deploy(name, root)
    assert client.predict(name, {"x": ROWS}).outputs == [[2, 4, 6], [0, 0, 0]]


TYPES = {
    "bool": [True, False, True],
    "int8": [-128, 0, 127],
    "int16": [-32768, 5, 32767],
    "int32": [-(2**31), 7, 2**31 - 1],
    "int64": [-(2**63), 2**53 + 1, 2**63 - 1],
    "uint8": [0, 5, 255],
    "uint16": [0, 1, 65535],
    "uint32": [0, 2, 2**32 - 1],
    "uint64": [0, 2**53 + 1, 2**64 - 1],
    "float16": [0.5, -2.0, 65504.0],
    "bfloat16": [0.5, -2.0, 1.0],
    "float32": [0.1, -1e30, 3.0],
    "float64": [0.1, -1e300, 3.0],
    "string": ["", "grün 🌱", "a\u0000b"],
}


@pytest.mark.parametrize("dtype", TYPES)
def test_every_type_goes_both_ways(deploy, predict, dtype):
    body = """export function predict({x}) {
      const kind = Array.isArray(x.data) ? "Array" : x.data.constructor.name;
      return {same: x, copy: x.data.slice(), size: x.data.length, kind};
    }"""
    deploy.ok(f"""export const signature = {{inputs: {{x: {{dtype: "{dtype}", shape: [-1]}}}}, outputs: {{
        same: {{dtype: "{dtype}", shape: [-1]}}, copy: {{dtype: "{dtype}", shape: [-1]}}, size: {{dtype: "int32", shape: []}}, kind: {{dtype: "string", shape: []}}}}}};\n""" + body)
    values = TYPES[dtype]
    outputs = predict({"x": values}).outputs
    kinds = {"bool": "Uint8Array", "int64": "BigInt64Array", "uint64": "BigUint64Array", "float16": "Uint16Array", "bfloat16": "Uint16Array", "string": "Array"}
    assert outputs["kind"] == kinds.get(dtype, dtype.capitalize().replace("Uint", "Uint") + "Array")
    assert outputs["size"] == 3
    for side in ("same", "copy"):
        wanted = np.asarray(values, np.float32).tolist() if dtype == "float32" else values
        assert np.asarray(outputs[side], object).tolist() == pytest.approx(wanted) if dtype == "float32" else outputs[side] == wanted


def test_plain_values_become_tensors(deploy, predict):
    deploy.ok("""export const signature = {inputs: {x: {dtype: "float32", shape: [-1]}}, outputs: {
      label: {dtype: "string", shape: [1]}, scores: {dtype: "float32", shape: [-1, 2]}, n: {dtype: "int64", shape: []}, yes: {dtype: "bool", shape: [-1]},
      any: {}, given: {dtype: "uint8"}}};
    export const predict = ({x}) => ({label: "cat", scores: [[1, 2], [3, 4]], n: x.size, yes: [true, false], any: 0.5,
      given: tensor([[1], [2]], undefined, "uint8")});""")
    assert predict({"x": [1, 2, 3]}).outputs == {
        "label": ["cat"], "scores": [[1, 2], [3, 4]], "n": 3, "yes": [True, False], "any": 0.5, "given": [[1], [2]]}


def test_large_answers_are_moved_and_kept_ones_refused(deploy, predict):
    deploy.ok("""export const signature = {inputs: {x: {dtype: "float32", shape: [-1]}}, outputs: {y: {dtype: "float32", shape: [-1]}, z: {dtype: "float32", shape: [-1]}}};
    const kept = new Float32Array(100000);
    export function predict({x}) {
      const both = new Float32Array(20000).fill(x.data[0]);
      return x.data[0] === 0 ? {y: kept, z: [1]} : {y: both.subarray(0, 10000), z: both.subarray(10000)};
    }""")
    for k in range(1, 5):
        outputs = predict({"x": [k]}).outputs
        assert outputs["y"] == outputs["z"] == [k] * 10000
    assert len(predict({"x": [0]}).outputs["y"]) == 100000
    assert "an earlier call gave away" in predict({"x": [0]}).error["message"]


def test_inputs_that_are_kept_are_empty_afterwards(deploy, predict):
    deploy.ok(SIGNATURE + "let kept; export function predict({x}) { const before = kept ? kept.length : -1; kept = x.data;\n"
              "  const y = x.data.slice(); y[0] = before; x.data.fill(9); return {y}; }")
    assert predict({"x": ROWS}).outputs[0][0] == -1
    assert predict({"x": ROWS}).outputs == [[0, 2, 3], [0, 0, 0]]


def test_shared_inputs_are_gone_after_the_call(server, deploy, predict, name):
    deploy.ok("""export const signature = {inputs: {x: {dtype: "float32", shape: [-1]}}, outputs: {y: {dtype: "float32", shape: [-1]}, part: {dtype: "float32", shape: [-1]}, kept: {dtype: "int32", shape: [-1]}}};
    const kept = [];
    export async function predict({x}) {
      const lengths = kept.map((part) => { try { return part.byteLength; } catch { return 0; } }); // a DataView of nothing throws
      if (typeof x.data.buffer.transfer !== "undefined") throw new Error("transfer");
      kept.push(x.data, x.data.subarray(1000), new DataView(x.data.buffer, 8), x.data.buffer);
      if (x.data[0] === 1) for (;;) await 0;
      return {y: x, part: x.data.subarray(1), kept: lengths};
    }""", config={"options": {"share_inputs": True}})
    values = [float(i) for i in range(20000)]
    for round in range(5):
        outputs = predict({"x": values}).outputs
        assert outputs["y"] == values and outputs["part"] == values[1:]
        assert outputs["kept"] == [0] * len(outputs["kept"]) and len(outputs["kept"]) >= 4 * round
        assert predict({"x": [1.0] * 20000}, timeout_ms=100).status == 504
