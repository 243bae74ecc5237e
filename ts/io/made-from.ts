/** Kinds of objects that another thread of the same page can recreate from data. */
export type MadeKind = "cached model" | "OPFS store" | "kept sources";

const made = new WeakMap<object, { readonly kind: MadeKind; readonly from: unknown }>();

/** Records the data from which an object was made; returns the object. Copies of it are not recorded. */
export function remember<T extends object>(object: T, kind: MadeKind, from: unknown): T {
  made.set(object, { kind, from });
  return object;
}

/** The data from which an object of that kind was made; null for other objects. */
export function madeFrom(kind: MadeKind, object: unknown): { readonly from: unknown } | null {
  const found = typeof object === "object" && object !== null ? made.get(object) : undefined;
  return found?.kind === kind ? found : null;
}
