import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { sizeOf } from "../../values/shape.js";
import type { ByteSink } from "../byte-source.js";
import { ggmlTypes } from "./types.js";
import { Writer, type WrittenValue } from "./write-values.js";

export type { WrittenValue } from "./write-values.js";

/** A tensor of a file that is to be written. */
export interface GgufPlan {
  readonly name: string;
  /** As ggml names it: "F32". */
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
