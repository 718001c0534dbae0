"""TypeScript and JavaScript models: what they are given, what they may give back, and what becomes of those that misbehave."""

import json
import threading
import time

import numpy as np
import pytest

from harness.server import ROOT, wait_for

SIGNATURE = 'export const signature = {inputs: {x: {dtype: "float32", shape: [-1, 3]}}, outputs: {y: {dtype: "float32", shape: [-1, 3]}}};\n'

SOFTMAX = """
interface Row { readonly values: Float32Array; size: number }
enum Kind { Soft = "soft", Hard = "hard" }
type Inputs = Record<"x", Tensor<"float32">>;

export const signature = {
  inputs: { x: { dtype: "float32", shape: [-1, 3] } },
  outputs: { y: { dtype: "float32", shape: [-1, 3] } },
} satisfies Signature;

abstract class Base<T extends Row = Row> {
  constructor(protected readonly kind: Kind, private rows?: T[]) {}
  abstract apply(row: T): void;
}
class Softmax extends Base {
  apply(row: Row): void {
    let sum = 0;
    for (let i = 0; i < row.size; i++) sum += row.values[i]! = Math.exp(row.values[i]);
    for (let i = 0; i < row.size; i++) row.values[i] /= sum as number;
    if (this.kind !== Kind.Soft) throw new Error(this.kind);
  }
}
function first<T>(list: ArrayLike<T>): T { return list[0]; }

export function predict({ x }: Inputs): { y: Float32Array } {
  const y = Float32Array.from(x.data);
  const [rows, size] = x.shape as [number, number];
  const softmax = new Softmax(Kind.Soft);
  for (let r = 0; r < rows; r++) softmax.apply({ values: y.subarray(r * size, (r + 1) * size), size });
  if (first([x.dtype]) !== ("float32" as const)) throw new TypeError();
  return { y };
}
"""


@pytest.fixture
def deploy(client, name, root):
    """Writes the files of a model, the first of which is named in the deployment, and deploys it."""

    def deploy(source, file="model.ts", others=None, **keys):
        (root / file).write_text(source)
        for other, text in (others or {}).items():
            (root / other).parent.mkdir(parents=True, exist_ok=True)
            (root / other).write_text(text)
        return client.try_deploy(name, root / file, **keys)

    def ok(*arguments, **keys):
        answer = deploy(*arguments, **keys)
        assert answer.status == 201, answer.body.decode()
        return answer.json

    deploy.ok = ok
    deploy.refused = lambda *arguments, **keys: deploy(*arguments, **keys).error
    return deploy


@pytest.fixture
def predict(client, name):
    return lambda inputs, **keys: client.predict(name, inputs, **keys)


ROWS = [[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]


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


WRONG = {
    "return;": "it returned undefined; expected an object with the output 'y'",
    "return {z: x};": "it returned no output 'y', only 'z'",
    "return {y: 'text'};": "the output 'y', element 0, is the string text, which is no float32",
    "return {y: new Float64Array(3)};": "the output 'y' is a Float64Array; a Float32Array is expected for float32",
    "return {y: new Float32Array(4)};": "the output 'y' has 4 elements, which do not fit the shape [-1, 3]",
    "return {y: {data: new Float32Array(6), shape: [3, 2]}};": "the output 'y' has the shape [3, 2]; the signature says [-1, 3]",
    "return {y: {data: new Float32Array(6), shape: [1, 3]}};": "the output 'y' has 6 elements; the shape [1, 3] has 3",
    "return {y: {data: new Float32Array(3), shape: [1, 3], dtype: 'int8'}};": "the output 'y' is int8; the signature says float32",
    "return {y: [[1, 2, 3], [4]]};": "the output 'y' is a ragged array",
    "return {y: {data: [1], shape: [-1, 1e300]}};": "the output 'y' has the shape",
}


@pytest.mark.parametrize("body", WRONG)
def test_wrong_answers_say_what_was_expected(deploy, predict, body):
    deploy.ok(SIGNATURE + f"export function predict({{x}}) {{ {body} }}")
    answer = predict({"x": ROWS})
    assert answer.status == 500 and WRONG[body] in answer.error["message"], answer.body


def test_an_exception_says_where_in_the_source(deploy, predict):
    deploy.ok(SIGNATURE + """
interface Wide { a: string; b: string }

export function predict({ x }: { x: Tensor }): any {
  const helper = (value: number): number => { const n: number | undefined = undefined; return (n as any).größe; };
  return helper(x.size);
}
""")
    message = predict({"x": ROWS}).error["message"]
    assert "TypeError" in message and "größe" in message
    assert "helper (model.ts:6:" in message and "predict (model.ts:7:" in message, message
    column = int(message.split("helper (model.ts:6:")[1].split(")")[0])
    line = "  const helper = (value: number): number => { const n: number | undefined = undefined; return (n as any).größe; };"
    assert line.index("(n as any)") < column <= line.index("größe") + 7, (column, message)


def test_await_in_every_place(deploy, predict):
    deploy.ok(SIGNATURE + """type Box<T> = { value: T; await?: number };
const box = async <T,>(value: T): Promise<Box<T>> => ({ value, await: 1 });
const one = async () => (await (await box(await box(1))).value!).value;
async function* count() { for (let i = 0; i < 3; i++) yield await i as number; }
export async function predict({ x }) {
  let sum = await one() + (await <Promise<number>>one()) * -await one(), text = `${await one()} await ${'await '}`;
  for await (const i of count()) sum += i; // await
  const { value: [first], ...rest } = await box([await one() ? await one() : 2]), f = async v => await v, g = async () => await new Promise<void>((r) => setTimeout(r));
  await g(), await f(1);
  if (x.data[0] === 1) { const none = await box(undefined); await 0; none.value.nothing; }
  return [[sum, first, text.length + (rest.await as number)]];
}
""")
    assert predict({"x": [[0, 0, 0]]}).outputs == [[3, 1, 15]]
    message = predict({"x": ROWS}).error["message"]
    assert "predict (model.ts:11:80)" in message, message  # nothing, in the file as it is


def test_unicode_in_exceptions_and_log(server, deploy, predict, name):
    deploy.ok(SIGNATURE + "export function predict() { console.warn('schräg', {a: [1, 'ä']}); throw new RangeError('Über 🌱 \\ud800 hinaus'); }")
    answer = predict({"x": ROWS})
    assert answer.status == 500 and "RangeError: Über 🌱 � hinaus, at predict (model.ts:2:" in answer.error["message"]
    assert f"{name}/v1: schräg {{a: [1, \"ä\"]}}" in server.log()


def test_one_call_does_not_flood_the_log(server, deploy, predict, name):
    deploy.ok(SIGNATURE + "export function predict({x}) { for (let i = 0; i < 5000; i++) console.log('line', i, 'of\\nmany'); return x; }")
    assert predict({"x": ROWS}).status == 200
    lines = [line for line in server.log().splitlines() if f"{name}/v1: " in line]
    assert len(lines) == 1001 and lines[-1].endswith("more is not logged of this call")


def test_the_caller_is_told_what_is_wrong_with_his_input(deploy, predict):
    deploy.ok(SIGNATURE + "export function predict({x}) { throw new InvalidInput('x must be positive'); }")
    answer = predict({"x": ROWS})
    assert answer.status == 400 and "x must be positive" in answer.error["message"]


@pytest.mark.parametrize("thrown", ["null", "42", "{toString() { throw 1; }}", "{get name() { throw 1; }, message: {}}", "Symbol('s')", "new Proxy({}, {get() { throw 1; }})"])
def test_whatever_is_thrown_is_one_failed_request(deploy, predict, thrown):
    deploy.ok(SIGNATURE + f"export function predict({{x}}) {{ if (x.data[0] === 1) throw {thrown}; return {{y: x}}; }}")
    assert predict({"x": ROWS}).status == 500
    assert predict({"x": [[0, 0, 0]]}).outputs == [[0, 0, 0]]


BROKEN = {
    "let a = 1;\nlet b = (2 + ;\n": "model.ts:2:14: SyntaxError",
    "\n\nconst x: = 3;": "model.ts:3:",
    "export const predict = ({x}) => x;": "nothing says what 'predict' takes and gives",
    SIGNATURE: "the file exports no function 'predict'; it exports signature",
    SIGNATURE + "export const predict = 1; throw new Error('at the top');": "Error: at the top, at model.ts:2:",
    SIGNATURE + "export const predict = 1;\nexport function load() {}": "exports no function 'predict'",
    SIGNATURE + "export function predict() {}\nexport async function load() { await 0; throw new Error('no weights'); }": "no weights, at",
    "import './none';\n" + SIGNATURE: "model.ts:1:15: model.ts imports './none', which is not there",
    "import fs from 'fs';\nfs.readFileSync('x');\n" + SIGNATURE: "only files beside the model can be imported",
    "import '../../../../../../etc/hostname.js';\n": "imports",
    "export const predict = () => 0; export const signature = {inputs: {x: {dtype: 'float33'}}, outputs: {}};": "'x' of 'inputs' has the dtype 'float33'; known are",
    "export const predict = () => 0; export const signature = {inputs: {}, outputs: {y: {shape: [-2]}}};": "'y' of 'outputs' has a wrong shape",
    "export const predict = () => 0; export const signature = {inputs: {}, outputs: {}, bacth: true};": "unknown key 'bacth'",
    "let a = 1;\nfor (;;) { a++ }": "did not finish loading in time",
    "const a = [];\nfor (;;) a.push(new Float64Array(1e5).fill(1));": "memory_mb",
    "await fetch('x');": "model.ts:1:",
    "\ufeff" + SIGNATURE: "the file exports no function 'predict'",
}


@pytest.mark.parametrize("source", BROKEN, ids=range(len(BROKEN)))
def test_broken_models_are_refused_with_the_place(deploy, source):
    error = deploy.refused(source, config={"options": {"load_timeout_ms": 1500}})
    assert error["code"] == "INVALID_MODEL" and BROKEN[source] in error["message"], error


def test_links_do_not_lead_out_of_the_folder(deploy, root, tmp_path):
    (tmp_path / "secret.json").write_text("[1]")
    (root / "secret.json").symlink_to(tmp_path / "secret.json")
    error = deploy.refused("import s from './secret.json';\n" + SIGNATURE + "export const predict = () => s;")
    assert "lies outside of the model's folder" in error["message"]


def test_a_loop_without_end_is_ended(deploy, predict):
    deploy.ok(SIGNATURE + """let calls = 0;
    export async function predict({x}) {
      calls++;
      if (x.data[0] === 1) for (;;) {}
      if (x.data[0] === 2) { await 0; try { for (;;) {} } finally { for (;;) {} } }
      if (x.data[0] === 3) await new Promise(() => setInterval(() => {}, 1));
      if (x.data[0] === 4) await new Promise(() => {});
      if (x.data[0] === 5) for (;;) await 0;
      if (x.data[0] === 6) { const poll = async () => { await null; return poll(); }; await poll(); }
      if (x.data[0] === 7) { while (!(await Promise.resolve(false)) as boolean) try { await 1; } catch { } }
      return [[calls, 0, 0]];
    }""")
    for kind in (1, 2, 3, 5, 6, 7):
        start = time.monotonic()
        answer = predict({"x": [[kind, 0, 0]]}, timeout_ms=300)
        assert answer.status == 504, (kind, answer.body)
        assert time.monotonic() - start < 20
    assert "promise that nothing settles" in predict({"x": [[4, 0, 0]]}).error["message"]
    # The same code goes on, with what it remembers.
    assert predict({"x": [[0, 0, 0]]}).outputs == [[8, 0, 0]]


BOMBS = [
    "const a = []; for (;;) a.push(new Float64Array(1e6));",
    "const a = []; for (let i = 0; ; i++) a.push({i, b: [i]});",
    "const m = new Map(); for (let i = 0; ; i++) m.set(i, String(i));",
    "let s = 'x'; for (;;) s += s + 'y';",
    "kept.push(new Float64Array(1e7).fill(1)); for (;;) kept.push(new Float64Array(1e5).fill(1));",
    "const f = () => f() + 1; f();",
]


@pytest.mark.parametrize("bomb", BOMBS, ids=range(len(BOMBS)))
def test_a_memory_bomb_fails_one_request(server, deploy, predict, bomb):
    deploy.ok(SIGNATURE + f"const kept: any[] = [];\nexport function predict({{x}}) {{ if (x.data[0] === 1) {{ {bomb} }} return {{y: x}}; }}",
              config={"options": {"memory_mb": 128}})
    answer = predict({"x": ROWS})
    assert answer.status in (500, 503), answer.body
    assert "memory_mb" in answer.error["message"] or "RangeError" in answer.error["message"], answer.body
    assert predict({"x": [[0, 1, 2]]}).outputs == [[0, 1, 2]]


def test_what_leaks_is_started_again(deploy, predict):
    deploy.ok(SIGNATURE + "const kept = []; export function predict() { for (let i = 0; i < 10; i++) kept.push(new Float64Array(1e5).fill(1)); return [[kept.length, 0, 0]]; }",
              config={"options": {"memory_mb": 64}})
    sizes = []
    for _ in range(60):
        answer = predict({"x": ROWS})
        if answer.status == 200:
            sizes.append(answer.outputs[0][0])
        time.sleep(0.02)
    assert max(sizes) < 600 and sizes.count(10) > 1, sizes


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
