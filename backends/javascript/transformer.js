// Takes the types out of a file and turns its imports and exports into require() and exports. `modules` are sucrase's, by path.

const stubs = {
  Options: { validateOptions() {} },
  // Instead of a source map: where each token of the result came from, as "result,source,result,source,...".
  computeSourceMap: {
    __esModule: true,
    default(result, file, options, source, tokens) {
      const pairs = [];
      result.mappings.forEach((at, i) => {
        if (at !== undefined && tokens[i] !== undefined) pairs.push(at, tokens[i].start);
      });
      return pairs.join(",");
    },
  },
  "util/formatTokens": {},
};
const loaded = new Map(Object.entries(stubs));

function load(from, path) {
  const parts = from.split("/").slice(0, -1);
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  let name = parts.join("/");
  if (!(name in modules) && !loaded.has(name)) name += "/index";
  if (!loaded.has(name)) {
    const exports = {};
    loaded.set(name, exports);
    modules[name](exports, (inner) => load(name, inner));
  }
  return loaded.get(name);
}

const { transform } = load("", "./index");

return function (source, name, typescript) {
  try {
    const result = transform(source, {
      transforms: typescript ? ["typescript", "imports"] : ["imports"],
      disableESTransforms: true,
      production: true,
      filePath: name,
      sourceMapOptions: {},
    });
    return { code: result.code, map: result.sourceMap };
  } catch (error) {
    const message = String(error.message)
      .replace(`Error transforming ${name}: `, "")
      .replace(/ \(\d+:\d+\)$/, "");
    return { error: message, line: error.loc?.line ?? 0, column: error.loc?.column ?? 0 };
  }
};
