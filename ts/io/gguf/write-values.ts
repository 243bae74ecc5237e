import type { GgufNumbers } from "./metadata.js";

/** One number by the type that readers expect of it. */
type WrittenNumber =
  | { readonly uint32: number }
  | { readonly int32: number }
  | { readonly uint64: number }
  | { readonly float32: number }
  | { readonly float64: number };

/** A value copied from another file: its type, then its bytes. */
interface StoredValue {
  readonly stored: Uint8Array;
}

/** Values of metadata that are written; a list of numbers in the type that its array has. */
export type WrittenValue =
  string | boolean | WrittenNumber | GgufNumbers | readonly string[] | readonly boolean[] | StoredValue;

const [BOOL, STRING, ARRAY] = [7, 8, 9];

/** The format's number of each type of a number, its bytes, and how it is set. */
const numbers = {
  uint32: [4, 4, (view: DataView, value: number) => view.setUint32(0, value, true)],
  int32: [5, 4, (view: DataView, value: number) => view.setInt32(0, value, true)],
  float32: [6, 4, (view: DataView, value: number) => view.setFloat32(0, value, true)],
  uint64: [10, 8, (view: DataView, value: number) => view.setBigUint64(0, BigInt(value), true)],
  float64: [12, 8, (view: DataView, value: number) => view.setFloat64(0, value, true)],
} as const;
type NumberName = keyof typeof numbers;

const listTypes = [
  ...[Uint8Array, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array, Float32Array].entries(),
  [10, BigUint64Array],
  [11, BigInt64Array],
  [12, Float64Array],
] as const;

/** Consecutive little-endian values. */
export class Writer {
  private file = new Uint8Array(1 << 16);
  private length = 0;
  private readonly encoder = new TextEncoder();

  bytes(part: Uint8Array): void {
    this.room(part.length);
    this.file.set(part, this.length);
    this.length += part.length;
  }

  u32(value: number): void {
    this.number("uint32", value);
  }

  u64(value: number): void {
    this.number("uint64", value);
  }

  /** Its length, then UTF-8. */
  text(text: string): void {
    // Three bytes are the most that a UTF-16 unit takes.
    this.room(8 + 3 * text.length);
    const { written } = this.encoder.encodeInto(text, this.file.subarray(this.length + 8));
    this.u64(written);
    this.length += written;
  }

  /** A value with its type before it. */
  value(value: WrittenValue): void {
    if (typeof value === "string") {
      this.u32(STRING);
      this.text(value);
    } else if (typeof value === "boolean") {
      this.u32(BOOL);
      this.bytes(Uint8Array.of(value ? 1 : 0));
    } else if (Array.isArray(value)) {
      const items = value as readonly string[] | readonly boolean[];
      this.u32(ARRAY);
      this.u32(typeof items[0] === "boolean" ? BOOL : STRING);
      this.u64(items.length);
      for (const item of items) {
        if (typeof item === "string") this.text(item);
        else this.bytes(Uint8Array.of(item ? 1 : 0));
      }
    } else if (ArrayBuffer.isView(value)) this.list(value);
    else if ("stored" in value) this.bytes(value.stored);
    else {
      const [name, number] = Object.entries(value)[0] as [NumberName, number];
      this.u32(numbers[name][0]);
      this.number(name, number);
    }
  }

  /** The written bytes, padded to a multiple of `alignment`. */
  done(alignment: number): Uint8Array {
    const length = Math.ceil(this.length / alignment) * alignment;
    this.room(length - this.length);
    return this.file.slice(0, length);
  }

  private list(values: GgufNumbers): void {
    this.u32(ARRAY);
    this.u32(listTypes.find(([, type]) => values instanceof type)![0]);
    this.u64(values.length);
    this.bytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  private number(name: NumberName, value: number): void {
    const [, bytes, set] = numbers[name];
    this.room(bytes);
    set(new DataView(this.file.buffer, this.length), value);
    this.length += bytes;
  }

  /** So many more bytes fit. */
  private room(bytes: number): void {
    if (this.length + bytes <= this.file.length) return;
    const larger = new Uint8Array(Math.max(2 * this.file.length, this.length + bytes));
    larger.set(this.file.subarray(0, this.length));
    this.file = larger;
  }
}
