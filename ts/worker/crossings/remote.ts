import type { Call, Crossing } from "../protocol/scope.js";

/** An object with functions that the other side calls: a store, a source. */
export interface RemoteShape {
  /** Functions that the other side calls; `optional` ones may be missing. */
  readonly functions: Readonly<Record<string, Call>>;
  readonly optional?: Readonly<Record<string, Call>>;
  /** Fields that are sent with it. */
  readonly values: readonly string[];
  /** Names of its synchronous functions. */
  readonly needs?: readonly string[];
  /** Results of the synchronous functions, by name, computed in advance. */
  readonly beforehand?: (object: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  /** Makes the synchronous functions again, from the results. */
  readonly afterwards?: (known: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
}

/** What is sent for it. */
interface SentRemote {
  readonly values: Readonly<Record<string, unknown>>;
  readonly ids: Readonly<Record<string, number>>;
  readonly known: Readonly<Record<string, unknown>>;
}

/** Another value, as it is, for the call to refuse. */
interface SentOther {
  readonly other: unknown;
  /** Names of its functions, which cannot be sent, so that they are not reported as missing. */
  readonly functions?: readonly string[];
}

/** An object without the functions is sent as it is, for the call to refuse. */
export function remote({
  functions,
  optional = {},
  values,
  needs = [],
  beforehand,
  afterwards,
}: RemoteShape): Crossing {
  const calls: Readonly<Record<string, Call>> = { ...functions, ...optional };
  return {
    pack(value, scope): SentRemote | SentOther {
      if (typeof value !== "object" || value === null) return { other: value };
      const object = value as Record<string, unknown>;
      const missing = [...Object.keys(functions), ...needs].find((name) => typeof object[name] !== "function");
      if (missing !== undefined) return withoutFunctions(object);
      const ids: Record<string, number> = {};
      // They may be methods of a class and use `this`.
      for (const [name, call] of Object.entries(calls))
        if (typeof object[name] === "function")
          ids[name] = scope.root.expose(call, (...args) => (object[name] as (...args: unknown[]) => unknown)(...args));
      const read = Object.fromEntries(values.map((name) => [name, object[name]]));
      return { values: read, ids, known: beforehand?.(object) ?? {} };
    },
    unpack(wire, scope) {
      const sent = wire as SentRemote | SentOther;
      if ("other" in sent) return withFunctions(sent);
      const { root } = scope;
      const made = Object.entries(sent.ids)
        .filter(([name]) => Object.hasOwn(calls, name))
        .map(([name, id]) => [name, (...args: unknown[]) => root.side.ask(id, calls[name]!, args, root)] as const);
      return { ...sent.values, ...Object.fromEntries(made), ...afterwards?.(sent.known) };
    },
  };
}

function withoutFunctions(object: Readonly<Record<string, unknown>>): SentOther {
  const other: Record<string, unknown> = {};
  const functions: string[] = [];
  for (const name in object) {
    const value = object[name];
    if (typeof value === "function") functions.push(name);
    else other[name] = value;
  }
  return { other, functions };
}

function withFunctions({ other, functions = [] }: SentOther): unknown {
  const refuse = () => {
    throw new TypeError("a function of an object that is refused");
  };
  if (functions.length === 0) return other;
  return { ...(other as object), ...Object.fromEntries(functions.map((name) => [name, refuse])) };
}
