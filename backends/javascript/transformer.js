// Takes the types out of a file and turns its imports and exports into require() and exports. `modules` are sucrase's, by path.

// What the text that is transformed has more than the file: [{at, text}], by rising `at`.
let insertions = [];

function inFile(offset) {
  let more = 0;
  for (const { at, text } of insertions) {
    if (at + more >= offset) break;
    more += Math.min(text.length, offset - at - more);
  }
  return offset - more;
}

const stubs = {
  Options: { validateOptions() {} },
  // Instead of a source map: where each token of the result came from, as "result,source,result,source,...".
  computeSourceMap: {
    __esModule: true,
    default(result, file, options, source, tokens) {
      const pairs = [];
      result.mappings.forEach((at, i) => {
        if (at !== undefined && tokens[i] !== undefined) pairs.push(at, inFile(tokens[i].start));
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
const { parse } = load("", "./parser/index");

// `await x` becomes `await __awaited(x)`: the one place where a chain of promises without end can be noticed (see the prelude).
function watchAwaits(source, typescript) {
  const { tokens } = parse(source, false, typescript, false);
  insertions = [];
  tokens.forEach((token, i) => {
    if (token.operandEnd === undefined) return;
    insertions.push({ at: tokens[i + 1].start, text: "__awaited(" }, { at: token.operandEnd, text: ")" });
  });
  insertions.sort((a, b) => a.at - b.at);
  let [text, from] = ["", 0];
  for (const insertion of insertions) {
    text += source.slice(from, insertion.at) + insertion.text;
    from = insertion.at;
  }
  return text + source.slice(from);
}

return function (source, name, typescript) {
  try {
    const result = transform(watchAwaits(source, typescript), {
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
