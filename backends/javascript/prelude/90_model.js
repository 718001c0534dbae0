// The model itself: loaded once, called many times.

const model = { ctx: undefined, self: undefined, predict: undefined, inputs: [], outputs: [] };

// What `predict` and `load` are called on, from what the file exports: its functions, or its default export.
function findModel(exported, wanted) {
  if (typeof exported === "function") exported = { default: exported };
  let main = exported?.default;
  if (typeof main === "function" && /^class\b/.test(Function.prototype.toString.call(main))) main = new main();
  const holders = [exported, main].filter((holder) => holder !== null && holder !== undefined);
  for (const self of holders) {
    if (typeof self[wanted] === "function") return { self, predict: self[wanted], holders };
  }
  if (wanted === "predict" && typeof main === "function") return { self: undefined, predict: main, holders };
  const names = holders.flatMap((holder) => Object.keys(holder)).filter((name) => name !== "default");
  const found = names.length === 0 ? "it exports nothing" : `it exports ${names.join(", ")}`;
  throw new ModelError(`the file exports no function '${wanted}'; ${found}`);
}

function signatureOf(found, wanted) {
  const places = [found.predict.signature, ...found.holders.map((holder) => holder.signatures?.[wanted])];
  if (wanted === "predict") {
    places.push(...found.holders.flatMap((holder) => [holder.signature, holder.constructor?.signature]));
  }
  return places.find((place) => place !== undefined);
}

// `setup`: {entry, function, name, version, parameters, shareInputs, inputs, outputs}. Gives what start() gives; its value is the signature.
function loadModel(setup) {
  return start(async () => {
    const parameters = parseParameters(setup.parameters);
    if (setup.shareInputs) {
      // By these, code could keep the host's memory.
      delete ArrayBuffer.prototype.transfer;
      delete ArrayBuffer.prototype.transferToFixedLength;
    }
    const exported = load("", setup.entry);
    if (setup.function === pipelineFunction) return loadPipeline(exported, setup.entry);
    const found = findModel(exported, setup.function);
    const given = signatureOf(found, setup.function) ?? signatureInTypes(modules.get(native.resolve("", setup.entry)).text, setup.function);
    const signature = given === undefined ? { batch: false, stateful: false } : readSignature(given);
    if (setup.inputs.length > 0) signature.inputs = readSpecs(setup.inputs, "inputs");
    if (setup.outputs.length > 0) signature.outputs = readSpecs(setup.outputs, "outputs");
    if (!signature.inputs || !signature.outputs) {
      throw new ModelError(`nothing says what '${setup.function}' takes and gives; write, for example: ${signatureExample}`);
    }
    signature.decoupled = yields(found.predict);
    model.ctx = { name: setup.name, version: setup.version, parameters, log: modelConsole, models, request: requestOf("", "") };
    Object.assign(model, { self: found.self, predict: found.predict, inputs: signature.inputs, outputs: signature.outputs });
    const loader = found.holders.find((holder) => typeof holder.load === "function");
    if (loader && setup.function !== "load") await loader.load(model.ctx);
    return signature;
  });
}

function parseParameters(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidInput(`option 'parameters' is no JSON: ${error.message}`);
  }
}

// Runs `work` and says how it stands: {done, value, failed, error}.
function start(work) {
  const state = { done: false, value: undefined, failed: false, error: undefined };
  const finish = (value) => {
    state.value = value;
    state.done = true;
  };
  const fail = (error) => {
    state.error = error;
    state.failed = true;
    state.done = true;
  };
  try {
    const result = work();
    if (result !== null && typeof result === "object" && typeof result.then === "function") result.then(finish).then(undefined, fail);
    else finish(result);
  } catch (error) {
    fail(error);
  }
  return state;
}

function tensorsOf(list) {
  const tensors = {};
  for (const [name, code, shape, data] of list) tensors[name] = new Tensor(data, shape, dtypeByCode.get(code).name, name);
  return tensors;
}

// Whether it gives several answers, one by one.
function yields(predict) {
  return /Generator/.test(Object.prototype.toString.call(predict));
}

// What the client says of a request; `parameters` is JSON or empty.
function requestOf(id, parameters) {
  return { id, parameters: parameters === "" ? {} : JSON.parse(parameters) };
}

// `list`: the inputs as [name, dtype, shape, data]. Of a model that yields the value is what nextAnswer() takes.
function runModel(list, id, parameters) {
  return start(() => {
    model.ctx.request = requestOf(id, parameters);
    return model.predict.call(model.self, tensorsOf(list), model.ctx);
  });
}

// The value is {done, value}.
function nextAnswer(answers) {
  return start(() => answers.next());
}

// Nobody wants another.
function endAnswers(answers) {
  return start(() => answers.return());
}

const transfer = ArrayBuffer.prototype.transfer;

// The answer as [name, dtype, shape, data] for each wanted output.
function answerOf(value, wanted) {
  const single = model.outputs.length === 1 && !hasOutput(value, model.outputs[0].name);
  return wanted.map((i) => {
    const spec = model.outputs[i];
    const part = single ? value : value?.[spec.name];
    if (part === undefined || part === null || (single && isNamed(value))) throw new TypeError(missing(value, spec.name));
    const { dtype, shape, data } = convert(part, spec, `the output '${spec.name}'`);
    return [spec.name, dtype.code, shape, data];
  });
}

function hasOutput(value, name) {
  return isNamed(value) && value[name] !== undefined;
}

// Whether it is {name: tensor} rather than one tensor.
function isNamed(value) {
  return value !== null && typeof value === "object" && !isTypedArray(value) && !Array.isArray(value) &&
    !(value instanceof Tensor) && !("data" in value && "shape" in value);
}

function missing(value, name) {
  if (!isNamed(value)) return `it returned ${kindText(value)}; expected an object with the output '${name}'`;
  const names = Object.keys(value).map((key) => `'${key}'`).join(", ");
  return `it returned no output '${name}', only ${names === "" ? "an empty object" : names}`;
}

// What belongs to the call is gone from here on: its timers, its calls of other models, and its inputs, for a model that has kept
// them too.
function endCall(list) {
  timers.clear();
  callsInFlight.clear();
  for (const [, , , data] of list) {
    if (!isTypedArray(data) || data.buffer.detached) continue;
    try {
      transfer.call(data.buffer, 0);
    } catch {
      // It was small and returned: its bytes are looked at and stay. It is garbage like any other.
    }
  }
}

// Statuses of the ABI. What another model answered is passed on where the same request may work later.
const statuses = { INVALID_ARGUMENT: 1, INVALID_MODEL: 3, RESOURCE_EXHAUSTED: 5, OUT_OF_MEMORY: 5, INTERNAL: 6, DEADLINE_EXCEEDED: 8, UNAVAILABLE: 9 };

function failureOf(error) {
  const message = describe(error);
  if (error instanceof InvalidInput) return { status: statuses.INVALID_ARGUMENT, message };
  if (error instanceof ModelError) return { status: statuses.INVALID_MODEL, message };
  const passedOn = error instanceof CallError && error.code !== "INVALID_ARGUMENT" ? statuses[error.code] : undefined;
  return { status: passedOn ?? statuses.INTERNAL, message };
}

return { loadModel, runModel, nextAnswer, endAnswers, answerOf, endCall, failureOf, nextTimer, runTimers, settleCall, transfer };
