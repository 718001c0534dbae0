// What a model is given and gives back. `data` is a typed array, or an array of strings.
class Tensor {
  constructor(data, shape, dtype, name) {
    this.name = name;
    this.dtype = dtype;
    this.shape = shape;
    this.data = data;
  }

  get size() {
    return this.data.length;
  }

  // Nested arrays; a scalar for rank 0.
  toArray() {
    const nest = (axis, from, count) => {
      if (axis === this.shape.length) return this.data[from];
      const size = this.shape[axis];
      const step = size === 0 ? 0 : count / size;
      return Array.from({ length: size }, (_, i) => nest(axis + 1, from + i * step, step));
    };
    return nest(0, 0, this.data.length);
  }
}

function countOf(shape) {
  return shape.reduce((count, size) => count * size, 1);
}

function shapeText(shape) {
  return `[${shape.join(", ")}]`;
}

// tensor(data, shape?, dtype?): `data` is a typed array, a number, a string or nested arrays.
function tensor(data, shape, dtype) {
  const wanted = dtype === undefined ? anyDType : dtypeOf(dtype);
  if (!wanted) throw new TypeError(`'${dtype}' is no dtype; known are ${dtypeNames}`);
  const made = convert(data, { name: "tensor", dtype: wanted, shape: shape ?? null }, "tensor()");
  return new Tensor(made.data, made.shape, made.dtype.name);
}
