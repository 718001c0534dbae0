"""Fixtures and helpers for models in TypeScript and JavaScript, for the modules that import them."""

import pytest

SIGNATURE = 'export const signature = {inputs: {x: {dtype: "float32", shape: [-1, 3]}}, outputs: {y: {dtype: "float32", shape: [-1, 3]}}};\n'
ROWS = [[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]

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
