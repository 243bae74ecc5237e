import { ConfigError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import { isRecord } from "./collections.js";

/** Maximum nesting of lists and objects. */
const DEEPEST = 100;

/** A deep copy of JSON data. Undefined fields are left out. Throws `ConfigError` for anything else in it. */
export function plainCopy(what: string, name: string, value: unknown, depth = 0): unknown {
  if (value === null || ["string", "number", "boolean"].includes(typeof value)) return value;
  const expected = "data as JSON has it";
  if (depth > DEEPEST)
    throw new ConfigError(`${what}: ${name} is ${expected}, no more than ${DEEPEST} deep`, {
      op: what,
      option: name,
      expected,
    });
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    // A gap ends the loop, however many there are.
    for (let i = 0; i < value.length; i++) items.push(plainCopy(what, `${name}[${i}]`, value[i], depth + 1));
    return items;
  }
  if (isRecord(value)) {
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return Object.fromEntries(
      fields.map(([key, field]) => [key, plainCopy(what, `${name}.${key.slice(0, 40)}`, field, depth + 1)]),
    );
  }
  throw new ConfigError(`${what}: ${name} is ${expected}, got ${excerpt(value)}`, {
    op: what,
    option: name,
    expected,
    value,
  });
}
