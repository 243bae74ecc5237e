/** What can be made again in another thread of the same page, from data. */
export type MadeKind = "kept model" | "OPFS store" | "kept sources";

const made = new WeakMap<object, { readonly kind: MadeKind; readonly from: unknown }>();

/** Remembers what an object was made from; gives the object. One that a caller makes of its parts is another one. */
export function remember<T extends object>(object: T, kind: MadeKind, from: unknown): T {
  made.set(object, { kind, from });
  return object;
}

/** What an object of that kind was made from; null for any other. */
export function madeFrom(kind: MadeKind, object: unknown): { readonly from: unknown } | null {
  const found = typeof object === "object" && object !== null ? made.get(object) : undefined;
  return found?.kind === kind ? found : null;
}
