import { kindOf } from "../../errors/excerpt.js";

const DEEPEST = 20;

/**
 * A value whose arrays are nobody else's: those on a SharedArrayBuffer are copied, since a message would share them, and who holds them
 * could change what a call works with. The value itself where there are none; what cannot be looked at goes as it is.
 */
export function unshared<T>(value: T): T {
  if (typeof SharedArrayBuffer === "undefined") return value;
  try {
    return within(value, new Map(), 0) as T;
  } catch {
    return value;
  }
}

function within(value: unknown, seen: Map<object, unknown>, depth: number): unknown {
  if (typeof value !== "object" || value === null || depth > DEEPEST) return value;
  if (ArrayBuffer.isView(value)) return kindOf(value.buffer) === "SharedArrayBuffer" ? copyOf(value) : value;
  if (seen.has(value)) return seen.get(value);
  seen.set(value, value);
  const list = Array.isArray(value);
  // An object of a class crosses as its fields.
  if (!list && kindOf(value) !== "Object") return value;
  const copy = (list ? [] : Object.create(null)) as Record<string, unknown>;
  let changed = false;
  // A list may have gaps, billions of them.
  for (const key of Object.keys(value)) {
    const inner = (value as Record<string, unknown>)[key];
    copy[key] = within(inner, seen, depth + 1);
    // A getter is read once: what it gave is what crosses.
    changed ||= copy[key] !== inner || Object.getOwnPropertyDescriptor(value, key)?.get !== undefined;
  }
  if (!changed) return value;
  if (list) copy["length"] = value.length;
  seen.set(value, copy);
  return copy;
}

function copyOf(view: ArrayBufferView): ArrayBufferView {
  const { buffer, byteOffset, byteLength } = view;
  const bytes = new Uint8Array(byteLength);
  bytes.set(new Uint8Array(buffer, byteOffset, byteLength));
  // The name of its own kind, also where its class is another: Node's Buffer crosses as a Uint8Array.
  const kind = (view as Uint8Array)[Symbol.toStringTag];
  const Kind = (globalThis as unknown as Record<string, new (buffer: ArrayBuffer) => ArrayBufferView>)[kind]!;
  return new Kind(bytes.buffer);
}
