// The signature that a model exports, as lists of {name, dtype, shape, optional}.

// What is wrong with the model's files rather than with a call.
class ModelError extends Error {}

const signatureExample =
  'export const signature = {inputs: {x: {dtype: "float32", shape: [-1, 4]}}, outputs: {y: {dtype: "float32", shape: [-1, 3]}}}';

function readSignature(given) {
  if (given === null || typeof given !== "object") {
    throw new ModelError(`'signature' is ${kindText(given)}; expected, for example: ${signatureExample}`);
  }
  for (const key of Object.keys(given)) {
    if (!["inputs", "outputs", "batch", "stateful"].includes(key)) {
      throw new ModelError(`'signature' has the unknown key '${key}'; known are inputs, outputs, batch, stateful`);
    }
  }
  return {
    inputs: readSpecs(given.inputs, "inputs"),
    outputs: readSpecs(given.outputs, "outputs"),
    batch: readFlag(given.batch, "batch"),
    stateful: readFlag(given.stateful, "stateful"),
  };
}

function readFlag(value, key) {
  if (value !== undefined && typeof value !== "boolean") {
    throw new ModelError(`'${key}' of 'signature' is ${kindText(value)}; expected true or false`);
  }
  return value === true;
}

// {x: spec}, or [{name: "x", ...spec}].
function readSpecs(list, what) {
  if (list === null || typeof list !== "object") {
    throw new ModelError(`'signature' has no '${what}'; expected, for example: ${signatureExample}`);
  }
  const pairs = Array.isArray(list) ? list.map((spec) => [spec?.name, spec]) : Object.entries(list);
  const seen = new Set();
  return pairs.map(([name, spec]) => {
    if (typeof name !== "string" || name === "") throw new ModelError(`an element of '${what}' has no name`);
    if (seen.has(name)) throw new ModelError(`'${what}' names '${name}' twice`);
    seen.add(name);
    return readSpec(name, typeof spec === "string" ? { dtype: spec } : spec, what);
  });
}

function readSpec(name, spec, what) {
  if (spec === null || typeof spec !== "object") {
    throw new ModelError(`'${name}' of '${what}' is ${kindText(spec)}; expected {dtype: "float32", shape: [-1, 4]}`);
  }
  const given = spec.dtype ?? spec.datatype ?? spec.data_type;
  const dtype = given === undefined || given === "any" ? anyDType : dtypeOf(given);
  if (!dtype) throw new ModelError(`'${name}' of '${what}' has the dtype '${given}'; known are ${dtypeNames}`);
  return { name, dtype, shape: readShape(name, spec.shape ?? spec.dims, what), optional: spec.optional === true };
}

function readShape(name, shape, what) {
  if (shape === undefined || shape === null) return null;
  const sizes = Array.isArray(shape) ? shape.map((size) => (size === null || typeof size === "string" ? -1 : size)) : [];
  const right = (size) => Number.isSafeInteger(size) && size >= -1;
  if (!Array.isArray(shape) || sizes.length > 16 || !sizes.every(right)) {
    throw new ModelError(`'${name}' of '${what}' has a wrong shape; expected at most 16 whole numbers, -1 where a size may vary`);
  }
  return sizes;
}
