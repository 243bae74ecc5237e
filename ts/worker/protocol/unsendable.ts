import { ConfigError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";

/** Why `postMessage` refused some arguments: the first value that cannot be copied, by its place. */
export function unsendable(
  what: string,
  names: readonly string[],
  values: readonly unknown[],
  cause: unknown,
): ConfigError {
  const { path, value } = find(names, values) ?? { path: "an argument", value: undefined };
  const message = `${what}: ${path} cannot be sent to a worker, got ${excerpt(value)}: only data can, and what this call names`;
  const details = { op: what, option: path, expected: "data that structuredClone copies", value: excerpt(value) };
  return new ConfigError(`${message} (${clip(String(cause))})`, details, { cause });
}

function find(names: readonly string[], values: readonly unknown[]): { path: string; value: unknown } | null {
  for (const [i, value] of values.entries()) {
    const found = within(value, names[i] ?? `argument ${i}`, 0);
    if (found !== null) return found;
  }
  return null;
}

const DEEPEST = 20;
/** How options stand in a message: their places are of no interest to whoever gave them. */
const OWN = ["plain", "crossed", "other", "sent", "values"];

function within(value: unknown, path: string, depth: number): { path: string; value: unknown } | null {
  if (isCloneable(value)) return null;
  if (typeof value === "object" && value !== null && depth < DEEPEST) {
    for (const [key, inner] of Object.entries(value)) {
      const at = Array.isArray(value)
        ? `${path}[${key}]`
        : OWN.includes(key) && depth < 3
          ? path
          : `${path}.${clip(key)}`;
      const found = within(inner, at, depth + 1);
      if (found !== null) return found;
    }
  }
  return { path, value };
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
