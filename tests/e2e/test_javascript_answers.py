"""TypeScript models that give a request several answers, by a generator."""

import json
import time

import numpy as np
import pytest
import tritonclient.grpc as triton_grpc

from harness.javascript_models import deploy, predict  # noqa: F401
from harness.server import wait_for

SIGNATURE = "export const signature = {inputs: {n: 'int32'}, outputs: {i: 'int32', text: 'string'}};\n"
COUNTER = SIGNATURE + """
export %s predict({ n }) {
  if (n.data[0] < 0) throw new InvalidInput("n is negative");
  try {
    for (let i = 0; i < n.data[0]; i++) {
      if (i === 100) throw new Error("that is enough");
      yield { i, text: `row\\n${i}` };
    }
  } finally {
    console.log(`ended ${n.data[0]}`);
  }
}
"""


def events(server, name, n, **keys):
    """The answers as they come, and the client, which is to be closed."""
    client = server.client()
    connection = client._connection
    connection.request("POST", f"/predict/{name}", json.dumps({"inputs": {"n": n}, **keys}),
                       {"Content-Type": "application/json", "Accept": "text/event-stream"})
    response = connection.getresponse()

    def read():
        for line in response:
            if line.startswith(b"data: "):
                yield json.loads(line[6:])

    return response.status, read(), client


@pytest.mark.parametrize("kind", ["function*", "async function*"])
def test_each_yield_is_an_answer(server, client, name, deploy, predict, kind):
    described = deploy.ok(COUNTER % kind)
    assert described["state"] == "ready"
    status, answers, connection = events(server, name, 3)
    assert status == 200
    assert [answer["outputs"] for answer in answers] == [{"i": i, "text": f"row\n{i}"} for i in range(3)]
    connection.close()
    assert predict({"n": 1}).outputs == {"i": 0, "text": "row\n0"}
    assert predict({"n": 2}).status == 501
    refused = predict({"n": -1})
    assert refused.status == 400 and "n is negative" in refused.error["message"]


def test_what_is_thrown_later_ends_the_request(server, name, deploy):
    deploy.ok(COUNTER % "function*")
    _, answers, connection = events(server, name, 200)
    answers = list(answers)
    assert len(answers) == 101 and [answer["outputs"]["i"] for answer in answers[:-1]] == list(range(100))
    assert "that is enough" in answers[-1]["error"]["message"] and "model.ts:7" in answers[-1]["error"]["message"]
    connection.close()


def test_a_method_of_a_class_may_yield_and_await_others(server, client, name, root):
    (root / "inner.ts").write_text(
        "export const signature = {inputs: {x: 'float32'}, outputs: {y: 'float32'}};\nexport const predict = ({ x }) => x.data.map((v) => 2 * v);\n")
    (root / "outer.ts").write_text("""
        export default class {
          signature = {inputs: {n: "int32"}, outputs: {y: "float32"}};
          async *predict({ n }, ctx) {
            for (let i = 0; i < n.data[0]; i++) {
              const { y } = await ctx.models.get("NAME-inner").predict({ x: new Float32Array(100000).fill(i) });
              yield y;
            }
          }
        }
        """.replace("NAME", name))
    client.deploy(name + "-inner", root / "inner.ts")
    client.deploy(name, root / "outer.ts")
    _, answers, connection = events(server, name, 20)
    sums = [np.sum(answer["outputs"]) for answer in answers]
    assert sums == [2 * i * 100000 for i in range(20)]
    connection.close()
    client.delete(f"/models/{name}-inner")


def test_a_client_that_goes_ends_the_generator(server, client, name, deploy):
    deploy.ok(SIGNATURE + """
        export async function* predict({ n }) {
          try {
            for (let i = 0; ; i++) {
              await new Promise((done) => setTimeout(done, 5));
              yield { i, text: "x".repeat(1000) };
            }
          } finally {
            console.log("let go");
          }
        }
        """)
    _, answers, connection = events(server, name, 1)
    for _ in range(3):
        next(answers)
    connection.close()
    # Its one instance is free again.
    _, answers, connection = events(server, name, 1, timeout_ms=300)
    began = time.monotonic()
    answers = list(answers)
    assert time.monotonic() - began < 5
    assert 1 < len(answers) < 100 and answers[-1]["error"]["code"] == "DEADLINE_EXCEEDED"
    connection.close()


def test_the_stock_client_streams_them(server, client, name, deploy):
    deploy.ok(COUNTER % "function*")
    got = []
    triton = triton_grpc.InferenceServerClient(f"127.0.0.1:{server.port}")
    triton.start_stream(callback=lambda result, error: got.append(error or result.as_numpy("i")))
    tensor = triton_grpc.InferInput("n", [1], "INT32")
    tensor.set_data_from_numpy(np.array([4], np.int32))
    triton.async_stream_infer(name, [tensor])
    wait_for(lambda: len(got) == 4, "the answers")
    triton.stop_stream()
    triton.close()
    assert [int(np.ravel(i)[0]) for i in got] == [0, 1, 2, 3]
