import { listFrom } from "../../../arguments/collections.js";
import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import { byName } from "../../safetensors/write.js";

/** Maximum depth, as in `parseJson`: written files can be read again, and cycles end. */
const MAX_DEPTH = 100;

/** As Python's `json.dumps` escapes: everything outside ASCII. */
const quote = (text: string) =>
  JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Entries of a Map or an object. */
function namedItems(value: object): [string, unknown][] {
  const items: [unknown, unknown][] = value instanceof Map ? [...value.entries()] : Object.entries(value);
  const strange = items.find(([name]) => typeof name !== "string");
  if (strange === undefined) return items as [string, unknown][];
  throw new ConfigError(`writing JSON: a name is a string, got ${excerpt(strange[0])}`, {
    op: "writing JSON",
    expected: "a string",
    value: strange[0],
  });
}

/**
 * JSON text in the shape of Python's `json.dumps(value, indent=2, sort_keys=True)`, so that a file written here and one written by PEFT
 * differ only where their content does. Maps are written as objects. Whole numbers under the keys in `floats` get ".0" as Python's floats.
 * Throws `ConfigError` for values that JSON cannot represent.
 */
export function pythonJson(value: unknown, floats: ReadonlySet<string>, key = "", depth = 0): string {
  const fail = (problem: string) => new ConfigError(`writing JSON: ${excerpt(key)}: ${problem}`, { key });
  if (typeof value === "string") return quote(value);
  if (typeof value === "number" && !Number.isFinite(value)) throw fail(`expected a finite number, got ${value}`);
  if (typeof value === "number")
    return floats.has(key) && Number.isInteger(value) ? `${value}.0` : JSON.stringify(value);
  if (typeof value === "boolean") return String(value);
  if (value === null || value === undefined) return "null";
  if (typeof value !== "object") throw fail(`expected something that JSON can hold, got ${excerpt(value)}`);
  if (depth === MAX_DEPTH) throw fail(`expected objects and lists nested at most ${MAX_DEPTH} levels deep`);
  const indent = `\n${"  ".repeat(depth)}`;
  const deeper = `${indent}  `;
  const list = Array.isArray(value);
  const items = list
    ? listFrom("writing JSON: a list is expected", value, (item, place) => {
        if (place in value) return pythonJson(item, floats, key, depth + 1);
        throw fail("expected a list without gaps");
      })
    : namedItems(value)
        .sort(([a], [b]) => byName(a, b))
        .map(([name, item]) => `${quote(name)}: ${pythonJson(item, floats, name, depth + 1)}`);
  const [open, close] = list ? "[]" : "{}";
  return items.length === 0 ? `${open}${close}` : `${open}${deeper}${items.join(`,${deeper}`)}${indent}${close}`;
}
