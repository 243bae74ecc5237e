import { byName } from "../safetensors/write.js";

/** As Python's `json.dumps` escapes: everything outside ASCII. */
const quote = (text: string) =>
  JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);

/**
 * JSON text in the shape of Python's `json.dumps(value, indent=2, sort_keys=True)`, so that a file written here and one
 * written by PEFT differ only where their content does. Maps are written as objects. Whole numbers under the keys in
 * `floats` get the ".0" that Python gives a float.
 */
export function pythonJson(value: unknown, floats: ReadonlySet<string>, key = "", indent = "\n"): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "number")
    return floats.has(key) && Number.isInteger(value) ? `${value}.0` : JSON.stringify(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  const deeper = `${indent}  `;
  const list = Array.isArray(value);
  const items = list
    ? value.map((item) => pythonJson(item, floats, key, deeper))
    : [...(value instanceof Map ? value.entries() : Object.entries(value))]
        .sort(([a], [b]) => byName(a, b))
        .map(([name, item]) => `${quote(name)}: ${pythonJson(item, floats, name, deeper)}`);
  const [open, close] = list ? "[]" : "{}";
  return items.length === 0 ? `${open}${close}` : `${open}${deeper}${items.join(`,${deeper}`)}${indent}${close}`;
}
