import { ConfigError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";

/** A structured clone. Throws `ConfigError` with the path of a value that cannot be cloned. */
export function copied<T>(what: string, name: string, value: T): T {
  try {
    return structuredClone(value);
  } catch (cause) {
    throw unsendable(what, [name], [value], cause);
  }
}

/** Why `postMessage` refused the arguments: the path of the first value that cannot be cloned, or the error of a getter. */
export function unsendable(
  what: string,
  names: readonly string[],
  values: readonly unknown[],
  cause: unknown,
): unknown {
  // An error of the caller's getter is passed on.
  if ((cause as Partial<DOMException> | null)?.name !== "DataCloneError" && !(cause instanceof RangeError))
    return cause;
  const { path, value } = find(names, values) ?? { path: "an argument", value: undefined };
  const got = shown(value);
  const message = `${what}: ${path} cannot be sent to a worker, got ${got}: only data can, and what this call names`;
  const details = { op: what, option: path, expected: "data that structuredClone copies", value: got };
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
/** Internal names in packed options, which paths leave out. */
const OWN = ["plain", "crossed", "other", "sent", "values"];

function within(value: unknown, path: string, depth: number): { path: string; value: unknown } | null {
  if (isCloneable(value)) return null;
  if (typeof value === "object" && value !== null && depth < DEEPEST) {
    for (const [key, inner] of entriesOf(value)) {
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

/** An object's entries; none if it cannot be inspected. */
function entriesOf(value: object): [string, unknown][] {
  try {
    return Object.entries(value);
  } catch {
    return [];
  }
}

function shown(value: unknown): string {
  try {
    return excerpt(value);
  } catch {
    return "an object that cannot be looked at";
  }
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
