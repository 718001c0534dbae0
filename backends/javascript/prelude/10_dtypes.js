// The element types: the ABI's number, the name, and the typed array that holds them. Strings have none.
class DType {
  constructor(code, name, array, aliases = []) {
    this.code = code;
    this.name = name;
    this.array = array;
    this.aliases = aliases;
  }
}

const dtypes = [
  new DType(1, "bool", Uint8Array, ["boolean"]),
  new DType(2, "int8", Int8Array),
  new DType(3, "int16", Int16Array),
  new DType(4, "int32", Int32Array),
  new DType(5, "int64", BigInt64Array),
  new DType(6, "uint8", Uint8Array),
  new DType(7, "uint16", Uint16Array),
  new DType(8, "uint32", Uint32Array),
  new DType(9, "uint64", BigUint64Array),
  new DType(10, "float16", Uint16Array, ["fp16", "half"]),
  new DType(11, "bfloat16", Uint16Array, ["bf16"]),
  new DType(12, "float32", Float32Array, ["fp32", "float"]),
  new DType(13, "float64", Float64Array, ["fp64", "double"]),
  new DType(14, "string", undefined, ["bytes", "str"]),
];
const anyDType = new DType(0, "any", undefined);

const dtypeByName = new Map();
const dtypeByCode = new Map([[0, anyDType]]);
for (const dtype of dtypes) {
  dtypeByCode.set(dtype.code, dtype);
  for (const name of [dtype.name, ...dtype.aliases]) dtypeByName.set(name, dtype);
}

// By any of its names, in either case, with or without Triton's TYPE_.
function dtypeOf(name) {
  if (typeof name !== "string") return undefined;
  return dtypeByName.get(name.toLowerCase().replace(/^type_/, ""));
}

// What a typed array holds if nothing else says so.
function dtypeOfArray(array) {
  if (array instanceof Uint8ClampedArray) return dtypeByName.get("uint8");
  if (typeof Float16Array === "function" && array instanceof Float16Array) return dtypeByName.get("float16");
  return dtypes.find((dtype) => dtype.array && dtype.name !== "bool" && array instanceof dtype.array);
}

const dtypeNames = dtypes.map((dtype) => dtype.name).join(", ");
