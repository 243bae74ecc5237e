import type { Call, Crossing } from "./crossing.js";

/** An object of functions, of the page's in the worker or the other way round: a store, a source. */
export interface RemoteShape {
  /** Functions that are called over there, and whether there may be none of that name. */
  readonly functions: Readonly<Record<string, Call>>;
  readonly optional?: Readonly<Record<string, Call>>;
  /** What is read of it as it is sent. */
  readonly values: readonly string[];
  /** Names of its functions that cannot be waited for. */
  readonly needs?: readonly string[];
  /** What its functions that cannot be waited for will give, by their name. */
  readonly beforehand?: (object: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  /** Those functions, of that. */
  readonly afterwards?: (known: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
}

/** What goes over for it. */
interface SentRemote {
  readonly values: Readonly<Record<string, unknown>>;
  readonly ids: Readonly<Record<string, number>>;
  readonly known: Readonly<Record<string, unknown>>;
}

/** What is none, as it is: for the call to refuse. */
interface SentOther {
  readonly other: unknown;
  /** Names of its functions, which cannot be sent: of those that it has, none is to be missed. */
  readonly functions?: readonly string[];
}

/** What has not the functions goes as it is, for the call to refuse. */
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
      // They may stand in a class, and use `this`.
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
