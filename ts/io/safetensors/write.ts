import { checkRecord, oneOf } from "../../arguments/settings.js";
import { ConfigError, MemoryError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { checkOptions } from "../../arguments/options.js";
import { isBytes } from "../../arguments/typed-array.js";
import { checkTensor, formatShape, type Tensor } from "../../values/tensor.js";
import type { ByteSink } from "../byte-source.js";
import { byteLength, dtypeBits, type FloatDtype, MAX_HEADER_LENGTH, PREFIX_LENGTH, type TensorInfo } from "./header.js";
import { encodeTensor } from "./convert.js";

/** `__metadata__` of a file. */
export type Metadata = Readonly<Record<string, string>> | ReadonlyMap<string, string>;

/** The contents of a file without data: name, element type and shape of each tensor. */
export interface TensorPlan extends TensorInfo {
  readonly name: string;
}

/** A tensor's bytes, or pieces of them in order. */
export type TensorBytes = Uint8Array | AsyncIterable<Uint8Array>;

/** The pairs of a record, a Map or an iterable, in order; stops at the first item that is no pair. */
function pairs<T>(expected: string, values: unknown, take: (name: string, value: unknown) => T): T[] {
  const taken: T[] = [];
  if (typeof values === "object" && values !== null && Symbol.iterator in values) {
    for (const pair of values as Iterable<unknown>) {
      const [name, value]: unknown[] = Array.isArray(pair) ? pair : [];
      if (typeof name !== "string")
        throw new ConfigError(`${expected}, got ${excerpt(pair)} among them`, { expected, value: pair });
      taken.push(take(name, value));
    }
    return taken;
  }
  checkRecord(expected, values);
  for (const [name, value] of Object.entries(values)) taken.push(take(name, value));
  return taken;
}

/** Order by UTF-16 units, independent of the locale. */
export const byName = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Wide elements first, so that every tensor is aligned to its element; by name among equals. The reference's own order. */
const inFileOrder = (a: TensorPlan, b: TensorPlan) => dtypeBits[b.dtype] - dtypeBits[a.dtype] || byName(a.name, b.name);

function checkPlan({ name, dtype, shape }: TensorPlan, seen: Set<string>): void {
  if (name === "__metadata__") throw new ConfigError(`safetensors: a tensor cannot be called "__metadata__"`, { name });
  if (seen.has(name)) throw new ConfigError(`safetensors: two tensors called "${clip(name)}"`, { name });
  seen.add(name);
  const whole = shape.every((length) => Number.isSafeInteger(length) && length >= 0);
  if (!whole || !Number.isSafeInteger(byteLength(dtype, shape)))
    throw new ConfigError(
      `safetensors: tensor "${clip(name)}": ${formatShape(shape)} of ${dtype} is not a shape that can be written`,
      { name, shape, dtype },
    );
}

const METADATA = "safetensors: metadata are strings by name";

function metadataPair(key: string, text: unknown): readonly [string, string] {
  if (typeof text === "string") return [key, text];
  throw new ConfigError(`safetensors: metadata "${clip(key)}" must be a string, got ${typeof text}`, { key });
}

/** Length prefix and header, padded with spaces so that the data starts at a multiple of 8. */
function buildHeader(ordered: readonly TensorPlan[], metadata?: Metadata): Uint8Array {
  const seen = new Set<string>();
  const parts: string[] = [];
  const texts = metadata === undefined ? [] : pairs(METADATA, metadata, metadataPair);
  // Built from parts: an object literal would lose the key "__proto__" and reorder numeric names.
  const member = (key: string, value: unknown) => `${JSON.stringify(key)}:${JSON.stringify(value)}`;
  if (texts.length > 0) parts.push(`"__metadata__":{${texts.map(([key, text]) => member(key, text)).join(",")}}`);
  let position = 0;
  for (const plan of ordered) {
    checkPlan(plan, seen);
    const { name, dtype, shape } = plan;
    const end = position + byteLength(dtype, shape);
    parts.push(member(name, { dtype, shape, data_offsets: [position, end] }));
    position = end;
  }
  const json = new TextEncoder().encode(`{${parts.join(",")}}`);
  const length = Math.ceil(json.length / 8) * 8;
  if (length > MAX_HEADER_LENGTH)
    throw new ConfigError(
      `safetensors: the header would take ${length} bytes, more than the ${MAX_HEADER_LENGTH} that readers accept`,
      { op: "safetensors", requested: length, maximum: MAX_HEADER_LENGTH },
    );
  const header = new Uint8Array(PREFIX_LENGTH + length).fill(0x20, PREFIX_LENGTH);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, PREFIX_LENGTH);
  return header;
}

/**
 * Writes tensors to a safetensors file in memory.
 * @param tensors by name: a record, a Map or any iterable of pairs
 * @param metadata the file's `__metadata__`; PEFT and transformers write `{ format: "pt" }`
 * @param options.dtype element type of every tensor; default "F32"; narrower ones are rounded to nearest, ties to even
 * @throws `ShapeError` for a shape that does not match its data; `ConfigError` for a duplicate name and for other input; `FormatError` for
 *   a value too large for `dtype`
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, Tensor>> | Iterable<readonly [string, Tensor]>,
  metadata?: Metadata,
  options: { dtype?: FloatDtype } = {},
): Uint8Array<ArrayBuffer> {
  checkOptions("writeSafetensors", options, ["dtype"]);
  const { dtype = "F32" } = options;
  oneOf("writeSafetensors", "dtype", dtype, ["F32", "F16", "BF16"]);
  const ordered = pairs("writeSafetensors: tensors by name are expected", tensors, (name, value) => ({
    name,
    dtype,
    ...checkTensor(`safetensors: tensor "${clip(name)}"`, value as Tensor),
  }));
  return fillSafetensors(ordered, ({ data, name }, into) => into.set(encodeTensor(data, dtype, name)), metadata);
}

/** A safetensors file in memory, of tensors whose bytes `fill` writes, in file order. */
export function fillSafetensors<T extends TensorPlan>(
  plans: readonly T[],
  fill: (plan: T, into: Uint8Array) => void,
  metadata?: Metadata,
): Uint8Array<ArrayBuffer> {
  const ordered = [...plans].sort(inFileOrder);
  const header = buildHeader(ordered, metadata);
  const lengths = ordered.map(({ dtype, shape }) => byteLength(dtype, shape));
  const file = emptyFile(lengths.reduce((sum, length) => sum + length, header.length));
  file.set(header);
  let position = header.length;
  for (const [i, plan] of ordered.entries()) fill(plan, file.subarray(position, (position += lengths[i]!)));
  return file;
}

function emptyFile(length: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw new MemoryError(`safetensors: there is no memory for a file of ${length} bytes`, { length }, { cause });
  }
}

/**
 * Writes a safetensors file tensor by tensor, so that a large model is never in memory as a whole.
 * @param sink destination of the bytes
 * @param plans the tensors, in any order
 * @param bytesOf returns the bytes of one tensor (`encodeTensor`, or another file's `raw`), as a whole or in pieces; called once for
 *   each, in file order
 * @throws `ConfigError` for a duplicate name, or a number of bytes that does not match the plan
 */
export async function streamSafetensors(
  sink: ByteSink,
  plans: readonly TensorPlan[],
  bytesOf: (plan: TensorPlan) => TensorBytes | Promise<TensorBytes>,
  metadata?: Metadata,
): Promise<void> {
  const ordered = [...plans].sort(inFileOrder);
  await sink.write(buildHeader(ordered, metadata));
  for (const plan of ordered) {
    const given = await bytesOf(plan);
    const expected = byteLength(plan.dtype, plan.shape);
    let length = 0;
    for await (const bytes of isBytes(given) ? [given] : given) {
      length += bytes.byteLength;
      // The next tensor's range must not receive the rest of this one.
      if (length > expected) break;
      await sink.write(bytes);
    }
    if (length !== expected)
      throw new ConfigError(
        `safetensors: tensor "${clip(plan.name)}": ${formatShape(plan.shape)} of ${plan.dtype} takes ${expected} bytes, got ${length > expected ? "at least " : ""}${length}`,
        { name: plan.name },
      );
  }
}
