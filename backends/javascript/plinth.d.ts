// What models in TypeScript and JavaScript find in their global scope, and the types of what they export. For editors: put this file
// beside the model, or name it in "include" of a tsconfig.json. Nothing of it is needed to serve.

type DType =
  | "bool" | "int8" | "int16" | "int32" | "int64" | "uint8" | "uint16" | "uint32" | "uint64"
  | "float16" | "bfloat16" | "float32" | "float64" | "string";

/** What holds the elements of each type: the bits of half floats are seen as Uint16Array. A string that is no UTF-8 comes as Uint8Array. */
interface DataOf {
  bool: Uint8Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  float32: Float32Array;
  float64: Float64Array;
  string: (string | Uint8Array)[];
}

/** A tensor: `data` in row-major order. `S` is for signatures in types: Tensor<"float32", [-1, 4]>. */
declare class Tensor<D extends DType = any, S extends readonly number[] = number[]> {
  constructor(data: DataOf[D], shape: number[], dtype: D, name?: string);
  name?: string;
  dtype: D;
  shape: number[];
  data: DataOf[D];
  /** The number of elements. */
  readonly size: number;
  /** Nested arrays; a scalar for rank 0. */
  toArray(): any;
}

type Nested = number | bigint | boolean | string | Uint8Array | Nested[];

/** Makes a tensor of a typed array, a number, a string or nested arrays; what is left out follows from `data`. */
declare function tensor(data: Nested | ArrayBufferView, shape?: number[], dtype?: DType): Tensor;

/** What predict() may return for one output. */
type Output = Tensor | { data: any; shape?: number[]; dtype?: DType } | ArrayBufferView | Nested;

interface TensorSpec {
  /** Left out or "any": whatever comes. */
  dtype?: DType | "any" | string;
  /** -1 where a size may vary; left out: any shape. */
  shape?: number[];
  /** Inputs only: a request may leave it out. */
  optional?: boolean;
}

interface Signature {
  inputs: Record<string, TensorSpec> | (TensorSpec & { name: string })[];
  outputs: Record<string, TensorSpec> | (TensorSpec & { name: string })[];
  /** Requests may be joined along the first dimension, where it is -1 everywhere. */
  batch?: boolean;
  /** The same inputs need not give the same outputs. */
  stateful?: boolean;
}

/** Another model of the server. */
interface RemoteModel {
  readonly name: string;
  predict(
    inputs: Record<string, Output>,
    options?: { version?: string; outputs?: string[]; timeoutMs?: number; parameters?: Record<string, unknown>; requestId?: string },
  ): Promise<Record<string, Tensor>>;
}

interface Context {
  readonly name: string;
  readonly version: string;
  /** The option "parameters", which is JSON. */
  readonly parameters: any;
  /** What the client says of the request beside its tensors: the id that it gives it, or "", and "parameters". */
  readonly request: { readonly id: string; readonly parameters: Record<string, any> };
  readonly log: Console;
  readonly models: { get(model: string, version?: string): RemoteModel };
}

type Answer = Output | Record<string, Output>;
/** A function* or async function* gives several answers, each sent as it is yielded. */
type Predict = (inputs: Record<string, Tensor>, ctx: Context) => Answer | Promise<Answer> | Generator<Answer> | AsyncGenerator<Answer>;
type Load = (ctx: Context) => void | Promise<void>;

/** Thrown by predict() when the caller has sent something wrong: answered with 400 and the message. */
declare class InvalidInput extends Error {}
