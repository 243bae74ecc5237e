import type { Choices } from "./random.js";

/** Places of a tree that are looked at. */
const MAX_PLACES = 3000;

type Container = Record<string, unknown> | unknown[];
type Place = readonly [container: Container, key: string];

const isContainer = (value: unknown): value is Container => typeof value === "object" && value !== null;

function places(root: unknown): Place[] {
  const found: Place[] = [];
  const waiting: unknown[] = [root];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (!isContainer(value)) continue;
    for (const key of Object.keys(value)) {
      if (found.length >= MAX_PLACES) return found;
      found.push([value, key]);
      waiting.push((value as Record<string, unknown>)[key]);
    }
  }
  return found;
}

function nested(depth: number, choices: Choices): unknown {
  let value: unknown = 1;
  const list = choices.happens(0.5);
  for (let i = 0; i < depth; i++) value = list ? [value] : { a: value };
  return value;
}

const parts = [
  "a",
  ".",
  "*",
  "+",
  "?",
  "|",
  "(",
  ")",
  "(?:",
  "[",
  "]",
  "{2}",
  "{1,}",
  "{1000}",
  "\\d",
  "\\",
  "^",
  "$",
  "(.+)+",
  "!",
  "(?=",
];

/** A value that a reader may not have thought of. */
function strange(choices: Choices): unknown {
  const sizes = [0, 1, 99, 101, 1000];
  return choices.pick<() => unknown>([
    () =>
      choices.pick([
        0,
        -1,
        -0,
        1,
        2,
        0.5,
        100,
        1e6,
        2 ** 31 - 1,
        2 ** 31,
        2 ** 32,
        2 ** 53,
        1e18,
        1e308,
        -1e308,
        5e-324,
      ]),
    () => choices.pick([null, true, false, "", [], {}, [null], [[]], [{}], { "": null }]),
    () =>
      choices.pick(["F32", "F16", "BF16", "I64", "F4", "BOOL", "C64", "f32", "LORA", "all-linear", "none", "Sequence"]),
    () =>
      choices.pick([
        "__proto__",
        "constructor",
        "toString",
        "hasOwnProperty",
        "\ud800",
        "\0",
        "\ufeff",
        "é\u0301",
        "中",
      ]),
    () => choices.pick(["x", "ab ", "(", "é", "\u0301", "[MASK]"]).repeat(choices.pick([1, 300, 5000, 100_000])),
    () => nested(choices.pick(sizes), choices),
    () => Array.from({ length: choices.pick(sizes) }, () => choices.pick([0, 1, "a", null])),
    () => Array.from({ length: choices.below(12) }, () => choices.pick(parts)).join(""),
    () => ({
      type: choices.pick(["NFC", "Replace", "Split", "BPE", "Unigram", "WordPiece", "Metaspace", "FixedLength", "X"]),
      length: choices.below(3),
      pattern: { Regex: choices.pick(parts) + choices.pick(parts) },
      content: "ab",
    }),
  ])();
}

function change(root: unknown, choices: Choices): unknown {
  const known = places(root);
  if (known.length === 0 || choices.happens(0.03)) return strange(choices);
  const [container, key] = choices.pick(known);
  const [other, otherKey] = choices.pick(known);
  const at = container as Record<string, unknown>;
  const set = (name: string, value: unknown) =>
    Object.defineProperty(at, name, { value, enumerable: true, configurable: true, writable: true });
  choices.pick([
    () => set(key, strange(choices)),
    () => set(key, strange(choices)),
    () => (Array.isArray(container) ? container.splice(Number(key), 1) : delete at[key]),
    () => !Array.isArray(container) && set(choices.pick(["__proto__", "constructor", "x", otherKey]), strange(choices)),
    () => set(key, structuredClone((other as Record<string, unknown>)[otherKey])),
    () => typeof at[key] === "number" && set(key, at[key] + choices.pick([1, -1, 0.5, 2 ** 32])),
    () => typeof at[key] === "string" && set(key, at[key] + choices.pick(parts)),
  ])();
  return root;
}

/** As JSON.stringify, which runs out of stack. */
function stringify(value: unknown): string {
  const pieces: string[] = [];
  const waiting: (string | { value: unknown })[] = [{ value }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next === "string") pieces.push(next);
    else if (Array.isArray(next.value)) {
      waiting.push("]");
      for (let i = next.value.length - 1; i >= 0; i--)
        waiting.push({ value: next.value[i] as unknown }, i > 0 ? "," : "");
      waiting.push("[");
    } else if (isContainer(next.value)) {
      waiting.push("}");
      const entries = Object.entries(next.value);
      for (let i = entries.length - 1; i >= 0; i--)
        waiting.push({ value: entries[i]![1] }, `${i > 0 ? "," : ""}${JSON.stringify(entries[i]![0])}:`);
      waiting.push("{");
    } else pieces.push(JSON.stringify(next.value) ?? "null");
  }
  return pieces.join("");
}

/** Damage that a tree cannot have: a key twice, numbers beyond all bounds, halves of characters. */
function damageText(text: string, choices: Choices): string {
  const at = choices.below(text.length + 1);
  const key = /"[^"\\]*":/.exec(text.slice(at));
  return choices.pick([
    () => (key ? `${text.slice(0, at + key.index)}${key[0]}0,${text.slice(at + key.index)}` : text),
    () => text.replace(/\d+/, choices.pick(["1e999", "-1", "1.5", "0x1", "NaN", "9".repeat(400)])),
    () =>
      `${text.slice(0, at)}${choices.pick(["\\ud800", '"', "\\", ",", "{", "[", "\0", "\u2028", "//"])}${text.slice(at)}`,
    () =>
      key
        ? `${text.slice(0, at + key.index)}"deep":${"[".repeat(20_000)}${"]".repeat(20_000)},${text.slice(at + key.index)}`
        : text,
    () => `\ufeff${text}`,
    () => text + choices.pick([" ", "}", "x", "\n{}"]),
  ])();
}

/** The text of a JSON value with a few changes. The value itself is kept. */
export function mutateJson(value: unknown, choices: Choices): string {
  let changed: unknown = structuredClone(value);
  for (let i = 0; i <= choices.below(3); i++) changed = change(changed, choices);
  const text = stringify(changed);
  return choices.happens(0.15) ? damageText(text, choices) : text;
}
