// Errors as text, with positions in the files as they were written.

// In front of each module's code, on its first line.
const wrapperHead = "(function (exports, require, module, __awaited) {";
const modules = new Map(); // id -> {text, code, map, exports}

function lineStarts(text) {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

// The column in the source of a position in the code that was made of it. Lines are the same in both.
function sourceColumn(module, line, column) {
  if (line === 1) column -= wrapperHead.length;
  if (!module.map) return Math.max(column, 1);
  module.pairs ??= module.map.split(",").map(Number);
  const at = (lineStarts(module.code)[line - 1] ?? 0) + column - 1;
  let [low, high] = [0, module.pairs.length / 2];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (module.pairs[2 * middle] <= at) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return 1;
  const [made, source] = module.pairs.slice(2 * low - 2, 2 * low);
  return Math.max(source + (at - made) - (lineStarts(module.text)[line - 1] ?? 0) + 1, 1);
}

function framesOf(error) {
  const frames = [];
  for (const line of String(error.stack ?? "").split("\n")) {
    const match = /^(?:(.*)@)?(.+):(\d+):(\d+)$/.exec(line);
    const module = match && modules.get(match[2]);
    if (!module) continue;
    const column = sourceColumn(module, Number(match[3]), Number(match[4]));
    const place = `${match[2]}:${match[3]}:${column}`;
    frames.push(match[1] && match[1] !== "module code" ? `${match[1]} (${place})` : place);
  }
  return frames.slice(0, 10);
}

function excerpt(module, line) {
  const text = module.text.split("\n")[line - 1] ?? "";
  return text.trim() === "" ? "" : `: ${text.trim().slice(0, 200)}`;
}

function describe(error) {
  if (error === null || typeof error !== "object") return `${kindText(error)} was thrown; throw an Error, which says where`;
  if (error instanceof ModelError || error instanceof InvalidInput) return error.message;
  const head = error instanceof Error ? `${error.name}: ${error.message}` : formatValue(error);
  const module = error instanceof SyntaxError ? modules.get(error.sourceURL) : undefined;
  if (module && module.exports === undefined) return `${error.sourceURL}:${error.line}: ${head}${excerpt(module, error.line)}`;
  const frames = framesOf(error);
  return frames.length === 0 ? head : `${head}, at ${frames.join(", at ")}`;
}
