// What a model finds in its global scope beside the language itself.

function formatValue(value, depth = 0) {
  if (typeof value === "string") return depth === 0 ? value : JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `[function ${value.name}]`;
  if (value === null || typeof value !== "object") return String(value);
  if (value instanceof Error) return describe(value);
  if (depth > 3) return "...";
  if (isTypedArray(value) || Array.isArray(value)) {
    const shown = Array.from(value.slice(0, 50), (item) => formatValue(item, depth + 1));
    if (value.length > 50) shown.push(`... ${value.length - 50} more`);
    return `${isTypedArray(value) ? value.constructor.name : ""}[${shown.join(", ")}]`;
  }
  if (value instanceof Map || value instanceof Set) return `${value.constructor.name} ${formatValue([...value], depth + 1)}`;
  return `{${Object.entries(value).slice(0, 50).map(([key, item]) => `${key}: ${formatValue(item, depth + 1)}`).join(", ")}}`;
}

const consoleLevels = { debug: 0, trace: 0, log: 1, info: 1, warn: 2, error: 3 };
const modelConsole = {};
for (const [name, level] of Object.entries(consoleLevels)) {
  modelConsole[name] = (...values) => native.log(level, values.map((value) => formatValue(value)).join(" ").slice(0, 8192));
}
modelConsole.assert = (condition, ...values) => {
  if (!condition) modelConsole.error("assertion failed:", ...values);
};

// Thrown by a model whose caller sent something wrong: answered as the caller's error.
class InvalidInput extends Error {
  get name() {
    return "InvalidInput";
  }
}

class TextEncoder {
  get encoding() {
    return "utf-8";
  }
  encode(text = "") {
    return native.encode(String(text));
  }
}

class TextDecoder {
  constructor(label = "utf-8", options = {}) {
    if (!["utf-8", "utf8"].includes(String(label).toLowerCase())) throw new RangeError(`'${label}' is not served; only utf-8 is`);
    this.fatal = options.fatal === true;
  }
  get encoding() {
    return "utf-8";
  }
  decode(bytes = new Uint8Array()) {
    const view = bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return native.decode(view, this.fatal);
  }
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function btoa(text) {
  const string = String(text);
  let coded = "";
  for (let i = 0; i < string.length; i += 3) {
    const bytes = [0, 1, 2].map((k) => string.charCodeAt(i + k) || 0);
    if (bytes.some((byte) => byte > 255)) throw new RangeError("btoa() takes characters up to U+00FF");
    const bits = (bytes[0] << 16) | (bytes[1] << 8) | bytes[2];
    for (let k = 0; k < 4; k++) coded += i + k > string.length ? "=" : base64Digits[(bits >> (18 - 6 * k)) & 63];
  }
  return coded;
}

function atob(text) {
  const digits = String(text).replace(/[\t\n\f\r ]/g, "").replace(/={1,2}$/, "");
  let [bits, held, decoded] = [0, 0, ""];
  for (const digit of digits) {
    const value = base64Digits.indexOf(digit);
    if (value < 0 || digits.length % 4 === 1) throw new RangeError("atob() takes base64");
    bits = ((bits << 6) | value) & 0xffffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      decoded += String.fromCharCode((bits >> held) & 255);
    }
  }
  return decoded;
}

// Timers: run by the call that waits, and gone when it ends.
const timers = new Map();
let lastTimer = 0;

function addTimer(callback, delay, values, every) {
  if (typeof callback !== "function") throw new TypeError("setTimeout() and setInterval() take a function");
  const wait = Math.min(Math.max(Number(delay) || 0, 0), 2147483647);
  timers.set(++lastTimer, { callback, values, due: native.now() + wait, every: every ? Math.max(wait, 1) : undefined });
  return lastTimer;
}

// Milliseconds until the next timer is due; -1 if there is none.
function nextTimer() {
  let due = Infinity;
  for (const timer of timers.values()) due = Math.min(due, timer.due);
  return due === Infinity ? -1 : Math.max(due - native.now(), 0);
}

function runTimers() {
  const now = native.now();
  const due = [...timers].filter(([, timer]) => timer.due <= now).sort(([, a], [, b]) => a.due - b.due);
  for (const [id, timer] of due) {
    if (!timers.has(id)) continue;
    if (timer.every === undefined) timers.delete(id);
    else timer.due = now + timer.every;
    try {
      timer.callback(...timer.values);
    } catch (error) {
      modelConsole.error("in a timer:", error);
    }
  }
}

function structuredClone(value) {
  const seen = new Map();
  const clone = (item) => {
    if (item === null || (typeof item !== "object" && typeof item !== "function" && typeof item !== "symbol")) return item;
    if (typeof item !== "object") throw new TypeError(`structuredClone() cannot copy a ${typeof item}`);
    if (seen.has(item)) return seen.get(item);
    if (item instanceof ArrayBuffer || isTypedArray(item)) return item.slice();
    if (item instanceof Date) return new Date(item);
    const copy = Array.isArray(item) ? [] : item instanceof Map ? new Map() : item instanceof Set ? new Set() : {};
    seen.set(item, copy);
    if (item instanceof Map) item.forEach((part, key) => copy.set(clone(key), clone(part)));
    else if (item instanceof Set) item.forEach((part) => copy.add(clone(part)));
    else for (const key of Object.keys(item)) copy[key] = clone(item[key]);
    return copy;
  };
  return clone(value);
}

Object.assign(globalThis, {
  console: modelConsole,
  Tensor,
  tensor,
  InvalidInput,
  TextEncoder,
  TextDecoder,
  btoa,
  atob,
  structuredClone,
  performance: { now: () => native.now() },
  queueMicrotask: (callback) => void Promise.resolve().then(() => callback()),
  setTimeout: (callback, delay, ...values) => addTimer(callback, delay, values, false),
  setInterval: (callback, delay, ...values) => addTimer(callback, delay, values, true),
  clearTimeout: (id) => void timers.delete(id),
  clearInterval: (id) => void timers.delete(id),
});
