import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { sizeOf } from "../../values/tensor.js";
import type { ByteSink } from "../byte-source.js";
import { ggmlTypes } from "./header.js";
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
class Writer {
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

  /** Writes a text: its length, then UTF-8. */
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

  /** Makes room for this many more bytes. */
  private room(bytes: number): void {
    if (this.length + bytes <= this.file.length) return;
    const larger = new Uint8Array(Math.max(2 * this.file.length, this.length + bytes));
    larger.set(this.file.subarray(0, this.length));
    this.file = larger;
  }
}

/** A tensor of a file that is to be written. */
export interface GgufPlan {
  readonly name: string;
  /** Name in ggml: "F32". */
  readonly type: string;
  /** Outermost first. */
  readonly shape: readonly number[];
}

/** Tensors begin at multiples of this. */
const ALIGNMENT = 32;

const aligned = (length: number) => Math.ceil(length / ALIGNMENT) * ALIGNMENT;

/** Bytes of a tensor, without what fills up to the next. Throws `ConfigError` for a type that there is not, and rows of broken blocks. */
function ggufBytes({ name, type, shape }: GgufPlan): number {
  const found = [...ggmlTypes.values()].find((known) => known.name === type);
  const width = shape.at(-1) ?? 1;
  if (found === undefined || width % found.elements !== 0)
    throw new ConfigError(`GGUF: tensor ${excerpt(name)} cannot be ${excerpt(type)} with rows of ${width}`, {
      tensor: name,
      dtype: type,
    });
  return (sizeOf(shape) / found.elements) * found.bytes;
}

/** The header of a GGUF file of version 3, padded to the start of the first tensor; tensors follow in this order, each padded. */
export function ggufHeader(metadata: ReadonlyMap<string, WrittenValue>, plans: readonly GgufPlan[]): Uint8Array {
  const out = new Writer();
  out.bytes(new TextEncoder().encode("GGUF"));
  out.u32(3);
  out.u64(plans.length);
  out.u64(metadata.size);
  for (const [key, value] of metadata) {
    out.text(key);
    out.value(value);
  }
  let offset = 0;
  for (const plan of plans) {
    out.text(plan.name);
    out.u32(plan.shape.length);
    for (const length of [...plan.shape].reverse()) out.u64(length);
    out.u32([...ggmlTypes].find(([, { name }]) => name === plan.type)?.[0] ?? 0);
    out.u64(offset);
    offset += aligned(ggufBytes(plan));
  }
  return out.done(ALIGNMENT);
}

/** Bytes of a file's tensors, each filled up to the next. */
export const ggufDataLength = (plans: readonly GgufPlan[]) =>
  plans.reduce((sum, plan) => sum + aligned(ggufBytes(plan)), 0);

/** A GGUF file in memory. @param tensors each tensor's bytes, as many as `ggufBytes` says */
export function writeGguf(
  metadata: ReadonlyMap<string, WrittenValue>,
  tensors: readonly (GgufPlan & { readonly data: Uint8Array })[],
): Uint8Array<ArrayBuffer> {
  const header = ggufHeader(metadata, tensors);
  const file = new Uint8Array(header.length + ggufDataLength(tensors));
  file.set(header);
  let at = header.length;
  for (const plan of tensors) {
    file.set(plan.data, at);
    at += aligned(ggufBytes(plan));
  }
  return file;
}

/**
 * Writes a GGUF file tensor by tensor, so that a large model is never in memory as a whole.
 * @param bytesOf returns a tensor's bytes in pieces; called once for each, in order
 * @throws `ConfigError` for a number of bytes that does not match the plan
 */
export async function streamGguf<Plan extends GgufPlan>(
  sink: ByteSink,
  metadata: ReadonlyMap<string, WrittenValue>,
  plans: readonly Plan[],
  bytesOf: (plan: Plan) => AsyncIterable<Uint8Array>,
): Promise<void> {
  await sink.write(ggufHeader(metadata, plans));
  for (const plan of plans) {
    const expected = ggufBytes(plan);
    let length = 0;
    for await (const bytes of bytesOf(plan)) {
      length += bytes.byteLength;
      // The next tensor's place is no place for the rest of this one.
      if (length > expected) break;
      await sink.write(bytes);
    }
    if (length !== expected)
      throw new ConfigError(`GGUF: tensor ${excerpt(plan.name)} takes ${expected} bytes, got ${length}`, {
        tensor: plan.name,
      });
    await sink.write(new Uint8Array(aligned(expected) - expected));
  }
}
