import type { Engine } from "../../../engine/running.js";
import type { GgufFile } from "../../../io/gguf/index.js";
import { transpose } from "../../../io/peft/conv1d.js";
import { decodeTensor, type Dtype, dtypeBits, type OpenTensorFile } from "../../../io/safetensors/index.js";
import type { Change } from "../../../merging/merge-plan.js";
import { mergedValues } from "../../../merging/merged-pieces.js";
import type { Pause } from "../../../merging/stored-tensor.js";
import { sizeOf } from "../../../values/tensor.js";
import { type GgufArchitecture, tensorName } from "../names.js";
import { columnsOrdered, conversionOf, convolutionShape, rowsOrdered, type TensorOrders } from "../rows.js";
import { mergedText } from "../tensors.js";
import { isTurned } from "./written-types.js";

const plain: readonly string[] = ["F32", "F16", "BF16"] satisfies readonly Dtype[];

/** Rows of a tensor, all dimensions but the last together, and bytes of one. */
export function rowsOf(file: Pick<GgufFile, "info">, name: string) {
  const { shape, bytes } = file.info(name);
  const width = shape.at(-1) ?? 1;
  const rows = shape.slice(0, -1).reduce((product, length) => product * length, 1);
  return { width, rows, bytes: bytes / Math.max(1, rows) };
}

/**
 * A GGUF file's tensors by Hugging Face's names, in the file's layout: its order of rows, linear weights `[out, in]`; quantised ones as
 * dequantised float32 values.
 */
export function storedView(file: GgufFile, architecture: GgufArchitecture): OpenTensorFile & OwnNames {
  const own = new Map<string, string>();
  for (const name of file.names) {
    const other = tensorName(architecture, name);
    if (other !== null) own.set(other, name);
  }
  const isPlain = (name: string) => plain.includes(file.info(own.get(name)!).type);
  const info: OpenTensorFile["info"] = (name) => {
    const { type, shape } = file.info(own.get(name)!);
    return { dtype: isPlain(name) ? (type as Dtype) : "F32", shape: convolutionShape(name, shape) };
  };
  const raw: OpenTensorFile["raw"] = async (name, begin = 0, end, into) => {
    const stored = own.get(name)!;
    if (isPlain(name)) return placed(await file.raw(stored, begin, end), into);
    const { width, rows, bytes } = rowsOf(file, stored);
    const last = end ?? 4 * rows * width;
    const [first, behind] = [Math.floor(begin / (4 * width)), Math.ceil(last / (4 * width))];
    const { buffer } = file.decode(stored, await file.raw(stored, first * bytes, behind * bytes));
    return placed(new Uint8Array(buffer, begin - 4 * width * first, last - begin), into);
  };
  return {
    names: [...own.keys()],
    ownName: (name) => own.get(name),
    metadata: new Map(mergedText(file)),
    has: (name) => own.has(name),
    info,
    raw,
    tensor: async (name) => ({
      shape: info(name).shape,
      data: await file.tensor(own.get(name)!).then(({ data }) => data),
    }),
    close: file.close,
  };
}

/** Names of a view's tensors in their file. */
interface OwnNames {
  readonly ownName: (name: string) => string | undefined;
}

/** Copies bytes into the given memory, if any. */
function placed(bytes: Uint8Array, into: Uint8Array | undefined): Uint8Array {
  if (into === undefined) return bytes;
  into.set(bytes);
  return into.subarray(0, bytes.byteLength);
}

/** Values that are read at a time. */
const PIECE = 1 << 18;

/** A tensor's values in order, dequantised if necessary, with an adapter's update if there is one. */
export async function* valuesOf(
  engine: Engine,
  file: OpenTensorFile,
  name: string,
  change: Change | undefined,
  pause: Pause,
): AsyncGenerator<Float32Array> {
  if (change !== undefined) {
    for await (const { values } of mergedValues(engine, file, name, change, pause)) yield values;
    return;
  }
  const { dtype, shape } = file.info(name);
  const bytes = dtypeBits[dtype] / 8;
  const size = sizeOf(shape);
  for (let at = 0; at < size; at += PIECE) {
    await pause();
    yield decodeTensor(await file.raw(name, at * bytes, Math.min(size, at + PIECE) * bytes), dtype, name);
  }
}

/** How Hugging Face's values of a tensor become a GGUF file's. */
interface Arrangement extends TensorOrders {
  readonly architecture: GgufArchitecture;
}

/** A tensor's values in a GGUF file's order. Tensors with another order there are held in memory as a whole. */
export async function* arranged(
  values: AsyncIterable<Float32Array>,
  name: string,
  shape: readonly number[],
  how: Arrangement,
): AsyncGenerator<Float32Array> {
  const [rows, width] = [shape[0] ?? 1, shape.at(-1) ?? 1];
  const [order, columns] = [how.rows(name, rows), how.columns(name, width)];
  const [conversion, turned] = [conversionOf(how.architecture, name), isTurned(how.architecture, name)];
  if (order === null && columns === null && conversion === null && !turned) return yield* values;
  let all = new Float32Array(sizeOf(shape));
  let at = 0;
  for await (const part of values) {
    all.set(part, at);
    at += part.length;
  }
  if (conversion !== null) all = all.map(conversion.toFile);
  if (columns !== null) all = columnsOrdered(all, width, columns);
  if (order !== null) all = rowsOrdered(all, rows, order);
  yield turned ? transpose({ shape, data: all }).data : all;
}

/** Divides values into pieces of whole rows. */
export async function* inRows(values: AsyncIterable<Float32Array>, width: number): AsyncGenerator<Float32Array> {
  const most = Math.max(1, Math.floor(PIECE / width)) * width;
  let rest = new Float32Array(0);
  for await (const part of values) {
    let from = 0;
    if (rest.length > 0) {
      from = Math.min(part.length, (width - (rest.length % width)) % width);
      const joined = new Float32Array(rest.length + from);
      joined.set(rest);
      joined.set(part.subarray(0, from), rest.length);
      rest = joined;
      if (rest.length % width !== 0) continue;
      yield rest;
    }
    const whole = part.length - ((part.length - from) % width);
    for (; from < whole; from += most) yield part.subarray(from, Math.min(whole, from + most));
    rest = part.slice(whole);
  }
}
