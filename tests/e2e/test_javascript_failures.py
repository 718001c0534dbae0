"""TypeScript and JavaScript models that are wrong, fail, or misbehave."""

import time

import pytest

from harness.javascript_models import ROWS, SIGNATURE, deploy, predict  # noqa: F401

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
