// require(), which imports have become.

function load(from, specifier) {
  const id = orModelError(() => native.resolve(from, specifier));
  const known = modules.get(id);
  if (known) return known.module.exports;
  const source = orModelError(() => native.source(id));
  if (source.json) {
    const module = { exports: parseJson(source.text, id) };
    modules.set(id, { ...source, module, exports: module.exports });
    return module.exports;
  }
  const module = { exports: {} };
  const entry = { ...source, module, exports: undefined };
  modules.set(id, entry);
  try {
    const run = native.compile(`${wrapperHead}${source.code}\n})`, id);
    if (typeof run !== "function") throw run;
    entry.exports = module.exports;
    run.call(undefined, module.exports, (inner) => load(id, inner), module, awaited);
  } catch (error) {
    if (entry.exports !== undefined) throw error;
    throw new ModelError(describe(error));
  }
  return module.exports;
}

// Sees every value that a model awaits. The engine looks at its bounds only in a job that takes long, and a chain of promises without
// end is of short ones: it is made to take long when its time is over.
let awaits = 0;
function awaited(value) {
  if ((++awaits & 63) === 0 && native.isOver()) for (;;);
  return value;
}

// What is wrong with a file is the model's fault; says which line wanted it.
function orModelError(call) {
  try {
    return call();
  } catch (error) {
    const [place] = framesOf(error);
    throw new ModelError(place === undefined ? error.message : `${place}: ${error.message}`);
  }
}

function parseJson(text, id) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ModelError(`${id} is no JSON: ${error.message}`);
  }
}
