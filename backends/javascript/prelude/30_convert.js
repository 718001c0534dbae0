// What a model returned, as a tensor of the type and shape that its signature says.

const arrayKinds = new Map([
  ["bool", [Uint8Array]],
  ["uint8", [Uint8Array, Uint8ClampedArray]],
  ["float16", typeof Float16Array === "function" ? [Uint16Array, Float16Array] : [Uint16Array]],
]);
const ranges = {
  int8: [-128, 127],
  int16: [-32768, 32767],
  int32: [-2147483648, 2147483647],
  uint8: [0, 255],
  uint16: [0, 65535],
  uint32: [0, 4294967295],
};

function isTypedArray(value) {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

function kindText(value) {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return `a ${value.constructor?.name ?? "object"}`;
  return typeof value === "undefined" ? "undefined" : `the ${typeof value} ${String(value).slice(0, 40)}`;
}

// {dtype, shape, data} of `value`. `what` names the value in errors.
function convert(value, spec, what) {
  let shape;
  if (value !== null && typeof value === "object" && !isTypedArray(value) && !Array.isArray(value)) {
    if (!("data" in value)) throw new TypeError(`${what} is ${kindText(value)}; expected a tensor, a typed array, an array or a number`);
    if (value.dtype !== undefined) checkDType(value.dtype, spec, what);
    if (spec.dtype === anyDType && value.dtype !== undefined) spec = { ...spec, dtype: dtypeOf(value.dtype) };
    shape = value.shape;
    if (shape !== undefined) shape = checkedShape(shape, what);
    value = value.data;
  }
  if (isTypedArray(value)) return convertTyped(value, shape, spec, what);
  return convertPlain(value, shape, spec, what);
}

function checkDType(name, spec, what) {
  const dtype = dtypeOf(name);
  if (!dtype) throw new TypeError(`${what} has the dtype '${name}'; known are ${dtypeNames}`);
  if (spec.dtype !== anyDType && dtype !== spec.dtype) {
    throw new TypeError(`${what} is ${dtype.name}; the signature says ${spec.dtype.name}`);
  }
}

function checkedShape(shape, what) {
  const sizes = Array.from(shape, Number);
  if (sizes.length > 16 || !sizes.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw new TypeError(`${what} has the shape ${shapeText(sizes.slice(0, 17))}; expected at most 16 whole numbers of 0 or more`);
  }
  return sizes;
}

function convertTyped(data, shape, spec, what) {
  const dtype = spec.dtype === anyDType ? dtypeOfArray(data) : spec.dtype;
  const kinds = arrayKinds.get(dtype.name) ?? [dtype.array];
  if (!kinds.some((kind) => kind && data instanceof kind)) {
    const expected = dtype.array ? `a ${dtype.array.name}` : "an array of strings or Uint8Arrays";
    throw new TypeError(`${what} is a ${data.constructor.name}; ${expected} is expected for ${dtype.name}`);
  }
  if (data.buffer.detached) {
    throw new TypeError(`${what} is an array that an earlier call gave away; make a new one for each call, or return a copy (slice())`);
  }
  // The bits of half floats, and bytes, whatever they were seen as.
  if (data instanceof dtype.array === false) data = new dtype.array(data.buffer, data.byteOffset, data.length);
  return fitted({ dtype, shape: shape ?? inferShape(data.length, spec, what), data }, spec, what);
}

// The shape of `count` elements where the signature leaves at most one dimension open.
function inferShape(count, spec, what) {
  if (spec.shape === null) return [count];
  const open = spec.shape.filter((size) => size < 0).length;
  const closed = countOf(spec.shape.filter((size) => size >= 0));
  if (open === 0) return [...spec.shape];
  if (open > 1) {
    throw new TypeError(`${what} has no shape, and ${shapeText(spec.shape)} leaves ${open} dimensions open; return {data, shape}`);
  }
  const size = closed === 0 ? 0 : count / closed;
  if (!Number.isInteger(size)) {
    throw new TypeError(`${what} has ${count} elements, which do not fit the shape ${shapeText(spec.shape)}`);
  }
  return spec.shape.map((known) => (known < 0 ? size : known));
}

function fitted(made, spec, what) {
  if (spec.shape !== null && (made.shape.length !== spec.shape.length ||
      !made.shape.every((size, axis) => spec.shape[axis] < 0 || spec.shape[axis] === size))) {
    throw new TypeError(`${what} has the shape ${shapeText(made.shape)}; the signature says ${shapeText(spec.shape)}`);
  }
  if (countOf(made.shape) !== made.data.length) {
    throw new TypeError(`${what} has ${made.data.length} elements; the shape ${shapeText(made.shape)} has ${countOf(made.shape)}`);
  }
  return made;
}

// Numbers, strings and nested arrays of them.
function convertPlain(value, shape, spec, what) {
  const elements = [];
  const nested = [];
  const visit = (item, axis) => {
    if (!Array.isArray(item)) {
      if (axis < nested.length) throw new TypeError(`${what} is a ragged array: not all its parts have the same length`);
      elements.push(item);
      return;
    }
    if (axis === 16) throw new TypeError(`${what} is nested more than 16 deep`);
    if (nested.length === axis && elements.length === 0) nested.push(item.length);
    else if (nested[axis] !== item.length) throw new TypeError(`${what} is a ragged array: not all its parts have the same length`);
    for (const part of item) visit(part, axis + 1);
  };
  visit(value, 0);
  const dtype = spec.dtype === anyDType ? dtypeOfElement(elements[0], what) : spec.dtype;
  let data = elements;
  if (dtype.name === "string") elements.forEach((element, i) => checkString(element, i, what));
  else data = numbersOf(elements, dtype, what);
  let found = shape ?? nested;
  // A number for [1] or [-1], a list for [1, n]: what is meant is clear.
  if (shape === undefined && spec.shape !== null && nested.length < spec.shape.length && nested.length < 2) {
    found = inferShape(elements.length, spec, what);
  }
  return fitted({ dtype, shape: found, data }, spec, what);
}

function dtypeOfElement(element, what) {
  // What most models take; who needs another type says so.
  if (typeof element === "number") return dtypeByName.get("float32");
  if (typeof element === "bigint") return dtypeByName.get("int64");
  if (typeof element === "boolean") return dtypeByName.get("bool");
  if (typeof element === "string" || element instanceof Uint8Array) return dtypeByName.get("string");
  throw new TypeError(`${what} is ${kindText(element)}; expected a tensor, a typed array, an array or a number`);
}

function checkString(element, i, what) {
  if (typeof element === "string" || element instanceof Uint8Array) return;
  throw new TypeError(`${what}, element ${i}, is ${kindText(element)}; expected a string or a Uint8Array`);
}

function numbersOf(elements, dtype, what) {
  const data = new dtype.array(elements.length);
  const halves = dtype.name === "float16" || dtype.name === "bfloat16";
  for (let i = 0; i < elements.length; i++) {
    const number = numberOf(elements[i], dtype);
    if (number === undefined) {
      const hint = halves ? "; return a Uint16Array of their bits" : "";
      throw new TypeError(`${what}, element ${i}, is ${kindText(elements[i])}, which is no ${dtype.name}${hint}`);
    }
    data[i] = number;
  }
  return data;
}

// `element` as the typed array takes it; undefined if it is no value of the type.
function numberOf(element, dtype) {
  switch (dtype.name) {
    case "bool":
      if (typeof element === "boolean") return element ? 1 : 0;
      return element === 0 || element === 1 ? element : undefined;
    case "float32":
    case "float64":
      return typeof element === "number" ? element : undefined;
    case "float16":
    case "bfloat16":
      return undefined;
    case "int64":
    case "uint64":
      if (typeof element === "number" && Number.isSafeInteger(element)) element = BigInt(element);
      if (typeof element !== "bigint") return undefined;
      return (dtype.name === "int64" ? BigInt.asIntN : BigInt.asUintN)(64, element) === element ? element : undefined;
    default: {
      const [least, most] = ranges[dtype.name];
      return Number.isInteger(element) && element >= least && element <= most ? element : undefined;
    }
  }
}
