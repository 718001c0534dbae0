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
    run.call(undefined, module.exports, (inner) => load(id, inner), module);
  } catch (error) {
    if (entry.exports !== undefined) throw error;
    throw new ModelError(describe(error));
  }
  return module.exports;
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
