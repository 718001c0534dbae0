// ctx.models: calls of other models in the server. native.call() begins one, settleCall() ends it.

class CallError extends Error {
  get name() {
    return "CallError";
  }
}

const callsInFlight = new Map();
let lastCall = 0;

function callModel(model, version, inputs, options) {
  if (inputs === null || typeof inputs !== "object") {
    throw new TypeError(`predict() of '${model}' takes the inputs as {name: tensor}, not ${kindText(inputs)}`);
  }
  const tensors = Object.entries(inputs).map(([name, value]) => {
    const made = convert(value, { name, dtype: anyDType, shape: null }, `the input '${name}' of '${model}'`);
    // A copy: what the other model, or its cache, sees must not change with this model's arrays.
    return [name, made.dtype.code, made.shape, isTypedArray(made.data) ? made.data.slice() : made.data];
  });
  const parameters = options.parameters === undefined ? "" : JSON.stringify(options.parameters);
  const timeout = options.timeoutMs === undefined ? -1 : Number(options.timeoutMs);
  const asked = options.version ?? version;
  return new Promise((resolve, reject) => {
    const id = ++lastCall;
    callsInFlight.set(id, { resolve, reject, where: new CallError() });
    try {
      native.call(id, model, asked === undefined ? null : String(asked), tensors, options.outputs?.map(String) ?? [], timeout,
        String(options.requestId ?? ""), parameters);
    } catch (error) {
      callsInFlight.delete(id);
      reject(error);
    }
  });
}

// `code` is "OK" or the error's name; `outputs` are [name, dtype, shape, data].
function settleCall(id, code, message, outputs) {
  const call = callsInFlight.get(id);
  if (!call) return;
  callsInFlight.delete(id);
  if (code === "OK") return call.resolve(tensorsOf(outputs));
  call.where.message = message;
  call.where.code = code;
  call.reject(call.where);
}

const models = {
  get(model, version) {
    if (typeof model !== "string" || model === "") throw new TypeError("models.get() takes the name of a model");
    return { name: model, predict: (inputs, options = {}) => callModel(model, version, inputs, options) };
  },
};
