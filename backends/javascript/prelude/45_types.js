// The signature that a function's types tell, in TypeScript or in JSDoc: {x: Tensor<"float32", [-1, 4]>}. Types are gone where the code
// runs, so they are read from the text; what is not written like this is passed over.

function pattern(name) {
  return name.replace(/[^\w]/g, "\\$&");
}

// The end of what begins with a bracket at `from`.
function closingOf(text, from) {
  const open = [];
  for (let i = from; i < text.length; i++) {
    const c = text[i];
    if (c === '"' || c === "'") {
      const end = text.indexOf(c, i + 1);
      if (end > 0) i = end;
    } else if ("([{<".includes(c)) {
      open.push(c);
    } else if (")]}>".includes(c) && text[i - 1] !== "=") {
      open.pop();
      if (open.length === 0) return i;
    }
  }
  return text.length;
}

// Where `char` first stands outside of brackets; -1 if nowhere.
function outside(text, char, from = 0) {
  for (let i = from; i < text.length; i++) {
    if (text[i] === char) return i;
    if ("([{<".includes(text[i])) i = closingOf(text, i);
  }
  return -1;
}

// The type that begins at `from`: in brackets, or a name and what it is given.
function typeAt(text, from) {
  const start = from + /^\s*/.exec(text.slice(from))[0].length;
  if (text[start] === "{") return text.slice(start, closingOf(text, start) + 1);
  const name = /^[\w$]*/.exec(text.slice(start))[0];
  const end = start + name.length;
  const given = text[end] === "<" ? text.slice(end, closingOf(text, end) + 1) : "";
  if (name === "Promise") return typeAt(given, 1);
  return name + given;
}

// Of the function's first parameter, and of what it gives back; "" where nothing is said.
function typesOf(text, name) {
  const head = new RegExp(String.raw`(?:^|[^\w$.])(?:function\s*)?${pattern(name)}\s*(?:=\s*(?:async\s*)?(?:function\s*[\w$]*\s*)?)?\(`).exec(text);
  if (!head) return ["", ""];
  const comment = /\/\*\*((?:[^*]|\*(?!\/))*)\*\/\s*(?:export\s+)?(?:default\s+)?(?:const\s+|let\s+|async\s+)*$/.exec(text.slice(0, head.index + 1));
  if (comment) {
    const doc = comment[1].replace(/^\s*\*/gm, "");
    const tagged = (tag) => {
      const at = new RegExp(String.raw`@${tag}\s*\{`).exec(doc);
      return at ? typeAt(doc, at.index + at[0].length) : "";
    };
    if (tagged("param") !== "") return [tagged("param"), tagged("returns?")];
  }
  const open = head.index + head[0].length - 1;
  const close = closingOf(text, open);
  const parameters = text.slice(open + 1, close);
  const colon = outside(parameters, ":");
  const comma = outside(parameters, ",");
  const typed = colon >= 0 && (comma < 0 || colon < comma);
  const after = /^\s*:/.exec(text.slice(close + 1));
  return [typed ? typeAt(parameters, colon + 1) : "", after ? typeAt(text, close + 1 + after[0].length) : ""];
}

const tensorType = String.raw`Tensor\s*<\s*["'](\w+)["']\s*(?:,\s*\[([^\]]*)\]\s*)?>`;

function specOf(name, optional, dtype, sizes) {
  const shape = sizes?.split(",").filter((size) => size.trim() !== "").map((size) => (size.trim() === "number" ? -1 : Number(size)));
  return { name, dtype, shape, optional };
}

// The tensors of a type: of its fields, or one called "output".
function specsOfType(text, type) {
  if (/^[\w$]+$/.test(type)) {
    const declared = new RegExp(String.raw`(?:interface\s+${pattern(type)}\s*|type\s+${pattern(type)}\s*=\s*)(?=\{)`).exec(text);
    if (!declared) return [];
    return specsOfType(text, typeAt(text, declared.index + declared[0].length));
  }
  const whole = new RegExp(`^${tensorType}$`).exec(type);
  if (whole) return [specOf("output", false, whole[1], whole[2])];
  const field = new RegExp(String.raw`(?:readonly\s+)?["']?([\w$]+)["']?(\??)\s*:\s*` + tensorType, "g");
  return [...type.matchAll(field)].map(([, name, optional, dtype, sizes]) => specOf(name, optional === "?", dtype, sizes));
}

// What is written about `name` in the text, as `signature` would say it; undefined where it does not say both sides.
function signatureInTypes(text, name) {
  const [inputs, outputs] = typesOf(text, name).map((type) => specsOfType(text, type));
  return inputs.length > 0 && outputs.length > 0 ? { inputs, outputs } : undefined;
}
