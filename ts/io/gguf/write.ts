import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { sizeOf } from "../../values/shape.js";
import { ggmlTypes } from "./types.js";

/** Values of metadata that are written: text, and numbers by the type that readers expect. */
export type WrittenValue = string | { readonly float32: number } | { readonly uint32: number };

/** A tensor of a file that is to be written. */
export interface GgufPlan {
  readonly name: string;
  /** As ggml names it: "F32". */
  readonly type: string;
  /** Outermost first. */
  readonly shape: readonly number[];
}

/** Tensors begin at multiples of this. */
export const ALIGNMENT = 32;
const [UINT32, FLOAT32, STRING] = [4, 6, 8];

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

/** The header of a GGUF file of version 3, filled up to where the first tensor begins; tensors follow in this order, each filled up. */
function ggufHeader(metadata: ReadonlyMap<string, WrittenValue>, plans: readonly GgufPlan[]): Uint8Array {
  const out = new Writer();
  out.bytes(new TextEncoder().encode("GGUF"));
  out.u32(3);
  out.u64(plans.length);
  out.u64(metadata.size);
  for (const [key, value] of metadata) {
    out.text(key);
    if (typeof value === "string") {
      out.u32(STRING);
      out.text(value);
    } else if ("float32" in value) {
      out.u32(FLOAT32);
      out.f32(value.float32);
    } else {
      out.u32(UINT32);
      out.u32(value.uint32);
    }
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
  return out.done();
}

/** A GGUF file in memory. @param tensors each tensor's bytes, as many as `ggufBytes` says */
export function writeGguf(
  metadata: ReadonlyMap<string, WrittenValue>,
  tensors: readonly (GgufPlan & { readonly data: Uint8Array })[],
): Uint8Array<ArrayBuffer> {
  const header = ggufHeader(metadata, tensors);
  const file = new Uint8Array(tensors.reduce((sum, plan) => sum + aligned(ggufBytes(plan)), header.length));
  file.set(header);
  let at = header.length;
  for (const plan of tensors) {
    file.set(plan.data, at);
    at += aligned(ggufBytes(plan));
  }
  return file;
}

/** Little-endian values one behind the other. */
class Writer {
  private readonly parts: Uint8Array[] = [];
  private length = 0;

  bytes(part: Uint8Array): void {
    this.parts.push(part);
    this.length += part.length;
  }
  private number(size: number, set: (view: DataView) => void): void {
    const part = new Uint8Array(size);
    set(new DataView(part.buffer));
    this.bytes(part);
  }
  u32(value: number): void {
    this.number(4, (view) => view.setUint32(0, value, true));
  }
  u64(value: number): void {
    this.number(8, (view) => view.setBigUint64(0, BigInt(value), true));
  }
  f32(value: number): void {
    this.number(4, (view) => view.setFloat32(0, value, true));
  }
  text(text: string): void {
    const encoded = new TextEncoder().encode(text);
    this.u64(encoded.length);
    this.bytes(encoded);
  }
  done(): Uint8Array {
    const file = new Uint8Array(aligned(this.length));
    let at = 0;
    for (const part of this.parts) {
      file.set(part, at);
      at += part.length;
    }
    return file;
  }
}
