import { ConfigError } from "../../errors/errors.js";
import { kindOf } from "../../errors/excerpt.js";
import type { Crossing } from "../protocol/scope.js";

/** Options on the wire: those sent as they are, and those with their own crossing. */
interface SentOptions {
  readonly plain: unknown;
  readonly crossed: Readonly<Record<string, unknown>>;
}

/** Built-in objects that are no options; copying them by name would turn them into options. */
const OTHERS = /^(Date|RegExp|Map|Set|Weak\w+|Promise|(Shared)?ArrayBuffer)$/;
const isRecord = (value: unknown): value is object =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !ArrayBuffer.isView(value) &&
  !OTHERS.test(kindOf(value));

/**
 * Options by name, inherited ones too, each read once. Those in `fields` have their own crossing. Anything but an object is sent as it is,
 * for the call to refuse.
 */
export function options(fields: Readonly<Record<string, Crossing>>): Crossing {
  return {
    pack(value, scope): SentOptions {
      if (!isRecord(value)) return { plain: value, crossed: {} };
      const plain: Record<string, unknown> = {};
      for (const name in value) plain[name] = (value as Record<string, unknown>)[name];
      const all = { ...plain };
      const crossed: Record<string, unknown> = {};
      for (const [name, crossing] of Object.entries(fields)) {
        if (all[name] === undefined) continue;
        delete plain[name];
        crossed[name] = crossing.pack(all[name], scope, name, all);
      }
      return { plain, crossed };
    },
    unpack(wire, scope) {
      const { plain, crossed } = wire as SentOptions;
      const names = Object.keys(crossed).filter((name) => Object.hasOwn(fields, name));
      if (names.length === 0) return plain;
      const unpacked = names.map((name) => [name, fields[name]!.unpack(crossed[name], scope, name)] as const);
      return { ...(plain as Record<string, unknown>), ...Object.fromEntries(unpacked) };
    },
  };
}

/** The signal of a call: aborting sends a message. */
export const signal: Crossing = {
  pack(value, scope) {
    const { aborted, addEventListener, removeEventListener } = Object(value) as Partial<AbortSignal>;
    const listens = typeof addEventListener === "function" && typeof removeEventListener === "function";
    if (typeof aborted !== "boolean" || !listens) return { other: value };
    scope.signal = value as AbortSignal;
    return {};
  },
  // The call refuses anything but a signal.
  unpack: (wire, scope) => ("other" in (wire as object) ? (wire as { other: unknown }).other : scope.signal),
};

/** An option that is not available in a worker. */
export const refused = (why: string): Crossing => ({
  pack(value, { what }, name) {
    const expected = "left out in a worker";
    throw new ConfigError(`${what}: ${name} ${why}`, { op: what, option: name, expected, value });
  },
  unpack: () => undefined,
});

/** Maximum number of values that are computed in advance. */
const MOST_STEPS = 1e6;

/**
 * A function of the step that cannot be awaited within a step: its values are computed for all steps when the call begins. A list of values
 * is accepted too.
 */
export const tabulated: Crossing = {
  pack(value, { what }, name, { steps } = {}) {
    if (Array.isArray(value) || ArrayBuffer.isView(value)) return { values: value };
    if (typeof value !== "function") return { other: value };
    if (!Number.isSafeInteger(steps) || (steps as number) < 1 || (steps as number) > MOST_STEPS) {
      const advice = `give \`steps\` too, up to ${MOST_STEPS}, or a list of what ${name} gives for each`;
      const message = `${what}: ${name} is worked out for every step before it goes to the worker: ${advice}`;
      throw new ConfigError(message, { op: what, option: "steps", expected: "a number of steps", value: steps });
    }
    return { values: Array.from({ length: steps as number }, (_, step) => value(step) as unknown) };
  },
  unpack(wire) {
    const sent = wire as { values?: ArrayLike<unknown>; other?: unknown };
    const { values } = sent;
    return values === undefined ? sent.other : (step: number) => values[step];
  },
};
