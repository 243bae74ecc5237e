import { kindOf } from "../../errors/excerpt.js";

const DEEPEST = 20;

/**
 * Copies arrays on a SharedArrayBuffer: a message would share them, and others could change them during the call. Returns the value itself
 * if there are none, or if it cannot be inspected.
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
  // An object of a class is sent as its fields.
  if (!list && kindOf(value) !== "Object") return value;
  const copy = (list ? [] : Object.create(null)) as Record<string, unknown>;
  let changed = false;
  // A list may have billions of gaps.
  for (const key of Object.keys(value)) {
    const inner = (value as Record<string, unknown>)[key];
    copy[key] = within(inner, seen, depth + 1);
    // A getter is read once, and its value is sent.
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
  // The name of the built-in class: Node's Buffer is sent as a Uint8Array.
  const kind = (view as Uint8Array)[Symbol.toStringTag];
  const Kind = (globalThis as unknown as Record<string, new (buffer: ArrayBuffer) => ArrayBufferView>)[kind]!;
  return new Kind(bytes.buffer);
}
