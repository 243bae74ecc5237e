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
  if (ArrayBuffer.isView(value)) return value.buffer instanceof SharedArrayBuffer ? copyOf(value) : value;
  if (seen.has(value)) return seen.get(value);
  seen.set(value, value);
  const list = Array.isArray(value);
  if (!list && !isPlain(value)) return value;
  let copy: Record<string, unknown> | undefined;
  // A list may have gaps, billions of them. A getter is read once, by the message.
  for (const key in value) {
    const inner = list ? (value as unknown as Record<string, unknown>)[key] : own(value, key);
    const other = within(inner, seen, depth + 1);
    if (other === inner) continue;
    copy ??= (list ? [...(value as unknown[])] : { ...value }) as Record<string, unknown>;
    copy[key] = other;
  }
  if (copy !== undefined) seen.set(value, copy);
  return copy ?? value;
}

const own = (value: object, key: string): unknown => Object.getOwnPropertyDescriptor(value, key)?.value;

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
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
